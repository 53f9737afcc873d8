//! The views, asked through gRPC, against the events added up by this crate.

use std::collections::BTreeMap;

use baize_domain::Fen;
use baize_domain::ids::{HallId, MemberId, SessionId};
use baize_domain::session::BillLine;
use baize_domain::table::TableClass;
use baize_proto::access::Bearing;
use baize_proto::hall::table::v1 as table;
use baize_proto::hall::venue::v1 as venue;
use baize_proto::hall::view::v1 as view;
use jiff::Timestamp;
use view::bill_service_client::BillServiceClient;
use view::board_service_client::BoardServiceClient;
use view::statement_service_client::StatementServiceClient;

use super::Broken;
use crate::log::Log;
use crate::model::{Light, Model, Session, Wallet};

/// Every row of every view is what the events up to the log's end amount to.
///
/// # Errors
/// A query fails.
pub async fn equal_the_fold(queries: &Bearing, log: &Log) -> anyhow::Result<Broken> {
    let model = Model::at(log, log.head());
    let mut broken = board(queries, &model, log.head()).await?;
    broken.extend(bills(queries, &model, log.head()).await?);
    broken.extend(wallets(queries, &model, log.head()).await?);
    Ok(broken)
}

async fn board(queries: &Bearing, model: &Model, min_position: u64) -> anyhow::Result<Broken> {
    let mut client = BoardServiceClient::new(queries.clone());
    let mut halls: BTreeMap<HallId, Vec<String>> = BTreeMap::new();
    for (id, table) in &model.tables {
        let session = table
            .session
            .and_then(|session| Some((session, model.sessions.get(&session)?)));
        let status = match (session, &table.maintenance) {
            (Some(_), _) => view::TableStatus::Occupied,
            (None, Some(_)) => view::TableStatus::Maintenance,
            (None, None) => view::TableStatus::Idle,
        };
        let row = view::BoardTable {
            table_id: id.to_string(),
            hall_id: table.hall_id.to_string(),
            label: table.label.clone(),
            table_class: class(table.class).into(),
            status: status.into(),
            light: light(model.light(table)).into(),
            session_id: session.map(|(id, _)| id.to_string()).unwrap_or_default(),
            opened_at: session.map(|(_, session)| wire(session.opened_at)),
            billing_started_at: session.and_then(|(_, session)| session.billed_from).map(wire),
            secured_until: session.map(|(_, session)| wire(session.covered_until)),
            prepaid: session.is_some_and(|(_, session)| session.prepaid),
            maintenance_reason: table.maintenance.clone().unwrap_or_default(),
            maintenance_expected_end: table.expected_end.map(wire),
        };
        halls.entry(table.hall_id).or_default().push(format!("{row:?}"));
    }
    let mut broken = Broken::new();
    for (hall_id, mut expected) in halls {
        let request = view::GetBoardRequest {
            hall_id: hall_id.to_string(),
            min_position,
        };
        let answer = client.get_board(request).await?.into_inner();
        let mut shown: Vec<_> = answer.tables.iter().map(|row| format!("{row:?}")).collect();
        shown.sort();
        expected.sort();
        differences(&mut broken, "board", &shown, &expected);
    }
    Ok(broken)
}

async fn bills(queries: &Bearing, model: &Model, min_position: u64) -> anyhow::Result<Broken> {
    let mut client = BillServiceClient::new(queries.clone());
    let mut broken = Broken::new();
    for (id, session) in &model.sessions {
        let request = view::GetBillRequest {
            session_id: id.to_string(),
            min_position,
        };
        let bill = client.get_bill(request).await?.into_inner().bill.unwrap_or_default();
        let lines = bill.bill.as_ref().map(|bill| bill.lines.as_slice()).unwrap_or_default();
        let total = bill.bill.as_ref().map_or(0, |bill| bill.total_fen);
        if lines.iter().map(|line| line.amount_fen).sum::<i64>() != total {
            broken.push(format!("bill {id}: the lines do not sum to {total}"));
        }
        let shown = format!(
            "{:?}",
            (
                bill.status(),
                bill.bill.is_some(),
                total,
                bill.paid_fen,
                bill.outstanding_fen,
                bill.tariff_version,
                lines
            )
        );
        differences(&mut broken, "bill", &[shown], &[expected_bill(model, id, session)]);
    }
    Ok(broken)
}

fn expected_bill(model: &Model, id: &SessionId, session: &Session) -> String {
    let total = session.bill.as_ref().map_or(Fen::ZERO, |bill| bill.total);
    let wallet = model.wallets.get(&session.member_id);
    let owed = wallet
        .and_then(|wallet| wallet.owed.get(id))
        .copied()
        .unwrap_or_default();
    let (status, paid, outstanding) = match (session.settled, &session.bill) {
        _ if session.cancelled => (view::BillStatus::Cancelled, Fen::ZERO, Fen::ZERO),
        (Some(_), _) if owed.is_positive() => (view::BillStatus::Outstanding, total - owed, owed),
        (Some(_), _) => (view::BillStatus::Paid, total, Fen::ZERO),
        (None, Some(_)) => (view::BillStatus::Closed, Fen::ZERO, Fen::ZERO),
        (None, None) => (view::BillStatus::Running, Fen::ZERO, Fen::ZERO),
    };
    let lines: Vec<_> = session.bill.iter().flat_map(|bill| &bill.lines).map(line).collect();
    format!(
        "{:?}",
        (
            status,
            session.bill.is_some(),
            total.0,
            paid.0,
            outstanding.0,
            session.tariff_version,
            lines.as_slice()
        )
    )
}

async fn wallets(queries: &Bearing, model: &Model, min_position: u64) -> anyhow::Result<Broken> {
    let mut client = StatementServiceClient::new(queries.clone());
    let mut broken = Broken::new();
    for (member_id, wallet) in &model.wallets {
        let request = view::GetWalletRequest {
            member_id: member_id.to_string(),
            min_position,
        };
        let shown = client
            .get_wallet(request)
            .await?
            .into_inner()
            .wallet
            .unwrap_or_default();
        differences(
            &mut broken,
            "wallet",
            &[format!("{shown:?}")],
            &[format!("{:?}", expected_wallet(*member_id, wallet))],
        );
        let mut sum = [0; 4];
        for entry in statement(&mut client, *member_id, min_position).await? {
            let changes = [entry.principal_fen, entry.bonus_fen, entry.held_fen, entry.owed_fen];
            sum.iter_mut().zip(changes).for_each(|(sum, change)| *sum += change);
        }
        if sum != [shown.principal_fen, shown.bonus_fen, shown.held_fen, shown.owed_fen] {
            broken.push(format!(
                "wallet {member_id}: its entries sum to {sum:?}, it says {shown:?}"
            ));
        }
    }
    Ok(broken)
}

/// Every page of a wallet's statement; small pages, so that there are several.
async fn statement(
    client: &mut StatementServiceClient<Bearing>,
    member_id: MemberId,
    min_position: u64,
) -> anyhow::Result<Vec<view::WalletEntry>> {
    let mut entries = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = view::ListWalletEntriesRequest {
            member_id: member_id.to_string(),
            page_size: 3,
            page_token,
            min_position,
        };
        let page = client.list_wallet_entries(request).await?.into_inner();
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(entries);
        }
    }
}

fn expected_wallet(member_id: MemberId, wallet: &Wallet) -> view::Wallet {
    view::Wallet {
        member_id: member_id.to_string(),
        principal_fen: wallet.balance.principal.0,
        bonus_fen: wallet.balance.bonus.0,
        held_fen: wallet.held().0,
        available_fen: wallet.available().0,
        owed_fen: wallet.owed().0,
    }
}

fn class(class: TableClass) -> venue::TableClass {
    match class {
        TableClass::ChineseEightBall => venue::TableClass::ChineseEightBall,
        TableClass::Snooker => venue::TableClass::Snooker,
        TableClass::NineBall => venue::TableClass::NineBall,
    }
}

fn light(light: Light) -> view::LightStatus {
    match (light.failed, light.desired, light.lit) {
        (true, ..) => view::LightStatus::Failed,
        (false, true, true) => view::LightStatus::On,
        (false, true, false) => view::LightStatus::TurningOn,
        (false, false, true) => view::LightStatus::TurningOff,
        (false, false, false) => view::LightStatus::Off,
    }
}

fn line(line: &BillLine) -> table::BillLine {
    let amount_fen = line.amount().0;
    let blank = |kind: table::bill_line::Kind| table::BillLine {
        kind: kind.into(),
        amount_fen,
        ..Default::default()
    };
    match line {
        BillLine::Time {
            band,
            from,
            to,
            minutes,
            price_per_hour,
            ..
        } => table::BillLine {
            band: band.clone(),
            from: Some(wire(*from)),
            to: Some(wire(*to)),
            minutes: *minutes,
            price_per_hour_fen: price_per_hour.0,
            ..blank(table::bill_line::Kind::Time)
        },
        BillLine::MinimumCharge { .. } => blank(table::bill_line::Kind::MinimumCharge),
        BillLine::Cap { .. } => blank(table::bill_line::Kind::Cap),
        BillLine::Surcharge { .. } => blank(table::bill_line::Kind::Surcharge),
        BillLine::Prepaid { minutes, .. } => table::BillLine {
            minutes: *minutes,
            ..blank(table::bill_line::Kind::Prepaid)
        },
        BillLine::Discount { level, rate, .. } => table::BillLine {
            level: level.to_string(),
            rate: rate.normalize().to_string(),
            ..blank(table::bill_line::Kind::Discount)
        },
        BillLine::Overnight { name, .. } => table::BillLine {
            band: name.clone(),
            ..blank(table::bill_line::Kind::Overnight)
        },
        BillLine::Package {
            code, name, from, to, ..
        } => table::BillLine {
            band: name.clone(),
            package_code: code.clone(),
            from: Some(wire(*from)),
            to: Some(wire(*to)),
            ..blank(table::bill_line::Kind::Package)
        },
        BillLine::Goods(line) => table::BillLine {
            goods: Some(table::Goods {
                code: line.code.clone(),
                name_zh: line.name_zh.clone(),
                name_en: line.name_en.clone(),
                quantity: line.quantity,
                price_fen: line.price.0,
            }),
            ..blank(table::bill_line::Kind::Goods)
        },
    }
}

fn wire(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }
}

fn differences(broken: &mut Broken, what: &str, shown: &[String], expected: &[String]) {
    for row in shown.iter().filter(|row| !expected.contains(row)) {
        broken.push(format!("{what} shows       {row}"));
    }
    for row in expected.iter().filter(|row| !shown.contains(row)) {
        broken.push(format!("{what} should show {row}"));
    }
}
