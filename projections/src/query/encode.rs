//! Rows as messages.

use baize_domain::session::{BillLine, GoodsLine};
use baize_proto::hall::table::v1 as table;
use baize_proto::hall::venue::v1 as venue;
use baize_proto::hall::view::v1 as view;
use prost_types::Timestamp;

use crate::store::Instant;
use crate::views::bills::{BillRow, BillStatus};
use crate::views::board::{LightStatus, TableClass, TableRow, TableStatus};
use crate::views::wallets::{EntryKind, EntryRow, WalletRow};

pub(crate) fn timestamp(instant: jiff::Timestamp) -> Timestamp {
    // The protocol counts nanoseconds forward, also before 1970.
    let nanos = instant.as_nanosecond();
    Timestamp {
        seconds: nanos.div_euclid(1_000_000_000) as i64,
        nanos: nanos.rem_euclid(1_000_000_000) as i32,
    }
}

pub(super) fn stored(instant: Option<Instant>) -> Option<Timestamp> {
    instant.map(|instant| timestamp(instant.timestamp()))
}

pub(crate) fn table_status(status: TableStatus) -> view::TableStatus {
    match status {
        TableStatus::Idle => view::TableStatus::Idle,
        TableStatus::Occupied => view::TableStatus::Occupied,
        TableStatus::Maintenance => view::TableStatus::Maintenance,
        TableStatus::Retired => view::TableStatus::Retired,
    }
}

pub(crate) fn table_class(class: TableClass) -> venue::TableClass {
    match class {
        TableClass::ChineseEightBall => venue::TableClass::ChineseEightBall,
        TableClass::Snooker => venue::TableClass::Snooker,
        TableClass::NineBall => venue::TableClass::NineBall,
    }
}

pub(crate) fn board_table(row: TableRow) -> view::BoardTable {
    let light = match row.light {
        LightStatus::Off => view::LightStatus::Off,
        LightStatus::TurningOn => view::LightStatus::TurningOn,
        LightStatus::On => view::LightStatus::On,
        LightStatus::TurningOff => view::LightStatus::TurningOff,
        LightStatus::Failed => view::LightStatus::Failed,
    };
    view::BoardTable {
        table_id: row.table_id.to_string(),
        hall_id: row.hall_id.to_string(),
        label: row.label,
        status: table_status(row.status).into(),
        light: light.into(),
        session_id: row.session_id.map(|id| id.to_string()).unwrap_or_default(),
        opened_at: stored(row.opened_at),
        billing_started_at: stored(row.billing_started_at),
        secured_until: stored(row.secured_until),
        prepaid: row.prepaid,
        maintenance_reason: row.maintenance_reason.unwrap_or_default(),
        maintenance_expected_end: stored(row.maintenance_expected_end),
        table_class: table_class(row.class).into(),
    }
}

pub(crate) fn session_bill(row: BillRow) -> view::SessionBill {
    let status = match row.status {
        BillStatus::Running => view::BillStatus::Running,
        BillStatus::Closed => view::BillStatus::Closed,
        BillStatus::Paid => view::BillStatus::Paid,
        BillStatus::Outstanding => view::BillStatus::Outstanding,
        BillStatus::Cancelled => view::BillStatus::Cancelled,
    };
    // Before its end a session has no bill, and one that came to nothing never gets one.
    let bill = match row.status {
        BillStatus::Running | BillStatus::Cancelled => None,
        BillStatus::Closed | BillStatus::Paid | BillStatus::Outstanding => Some(table::Bill {
            lines: row.lines.0.iter().map(bill_line).collect(),
            total_fen: row.total_fen,
        }),
    };
    view::SessionBill {
        session_id: row.session_id.to_string(),
        hall_id: row.hall_id.to_string(),
        table_id: row.table_id.to_string(),
        member_id: row.member_id.to_string(),
        status: status.into(),
        opened_at: stored(Some(row.opened_at)),
        billing_started_at: stored(row.billing_started_at),
        closed_at: stored(row.closed_at),
        bill,
        paid_fen: row.paid_fen,
        outstanding_fen: row.outstanding_fen,
        tariff_plan_id: row.tariff_plan_id.to_string(),
        tariff_version: u32::try_from(row.tariff_version).unwrap_or_default(),
        goods: row.goods.0.iter().map(goods).collect(),
    }
}

fn bill_line(line: &BillLine) -> table::BillLine {
    use table::bill_line::Kind;

    let of = |kind: Kind| table::BillLine {
        kind: kind.into(),
        amount_fen: line.amount().0,
        ..table::BillLine::default()
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
            from: Some(timestamp(*from)),
            to: Some(timestamp(*to)),
            minutes: *minutes,
            price_per_hour_fen: price_per_hour.0,
            ..of(Kind::Time)
        },
        BillLine::MinimumCharge { .. } => of(Kind::MinimumCharge),
        BillLine::Cap { .. } => of(Kind::Cap),
        BillLine::Surcharge { .. } => of(Kind::Surcharge),
        BillLine::Prepaid { minutes, .. } => table::BillLine {
            minutes: *minutes,
            ..of(Kind::Prepaid)
        },
        BillLine::Discount { level, rate, .. } => table::BillLine {
            level: level.to_string(),
            rate: rate.normalize().to_string(),
            ..of(Kind::Discount)
        },
        BillLine::Overnight { name, .. } => table::BillLine {
            band: name.clone(),
            ..of(Kind::Overnight)
        },
        BillLine::Package {
            code, name, from, to, ..
        } => table::BillLine {
            band: name.clone(),
            package_code: code.clone(),
            from: Some(timestamp(*from)),
            to: Some(timestamp(*to)),
            ..of(Kind::Package)
        },
        BillLine::Goods(line) => table::BillLine {
            goods: Some(goods(line)),
            ..of(Kind::Goods)
        },
    }
}

fn goods(line: &GoodsLine) -> table::Goods {
    table::Goods {
        code: line.code.clone(),
        name_zh: line.name_zh.clone(),
        name_en: line.name_en.clone(),
        quantity: line.quantity,
        price_fen: line.price.0,
    }
}

pub(crate) fn wallet(row: &WalletRow) -> view::Wallet {
    view::Wallet {
        member_id: row.member_id.to_string(),
        principal_fen: row.principal_fen,
        bonus_fen: row.bonus_fen,
        held_fen: row.held_fen,
        available_fen: row.available_fen(),
        owed_fen: row.owed_fen,
    }
}

pub(crate) fn wallet_entry(row: EntryRow) -> view::WalletEntry {
    use view::wallet_entry::Kind;

    let kind = match row.kind {
        EntryKind::TopUp => Kind::TopUp,
        EntryKind::Hold => Kind::Hold,
        EntryKind::Release => Kind::Release,
        EntryKind::Capture => Kind::Capture,
        EntryKind::Prepaid => Kind::Prepaid,
        EntryKind::Goods => Kind::Goods,
        EntryKind::PrepaidRefund => Kind::PrepaidRefund,
        EntryKind::Debt => Kind::Debt,
        EntryKind::DebtPaid => Kind::DebtPaid,
        EntryKind::Refund => Kind::Refund,
        EntryKind::RefundRejected => Kind::RefundRejected,
        EntryKind::Share => Kind::Share,
        EntryKind::ShareReturned => Kind::ShareReturned,
        EntryKind::ShareReceived => Kind::ShareReceived,
        EntryKind::HandedOver => Kind::HandedOver,
        EntryKind::TakenOver => Kind::TakenOver,
        EntryKind::Compensation => Kind::Compensation,
    };
    view::WalletEntry {
        kind: kind.into(),
        principal_fen: row.principal_fen,
        bonus_fen: row.bonus_fen,
        held_fen: row.held_fen,
        owed_fen: row.owed_fen,
        reference: row.reference.to_string(),
        at: stored(Some(row.at)),
        position: row.position as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_count_forward_before_1970_too() {
        let before = timestamp(jiff::Timestamp::from_nanosecond(-1).unwrap());
        assert_eq!((before.seconds, before.nanos), (-1, 999_999_999));
    }
}
