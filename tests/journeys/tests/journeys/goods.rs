//! Something to drink at the table.

use baize_domain::Event;
use baize_domain::session::TableSessionEvent;
use baize_journeys::clients::{Refusal, new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::table::v1::bill_line::Kind;
use baize_proto::hall::table::v1::{AddGoodsRequest, Bill, OrderGoodsRequest, OrderGoodsResponse, RemoveGoodsRequest};
use baize_proto::hall::venue::v1::{DefineGoodsRequest, Goods};
use baize_proto::hall::view::v1::directory_service_client::DirectoryServiceClient;
use baize_proto::hall::view::v1::{BillStatus, GetReceiptRequest, ListGoodsRequest};
use baize_proto::hall::wallet::v1::{PayBillRequest, PayBillResponse};

use crate::{all_is_well, lamp_is, patient_policy, recorded};

const COLA_FEN: i64 = 600;

/// The hall sells cola, and chalk no more.
pub async fn sells_cola(world: &World, hall: &Hall) -> anyhow::Result<u64> {
    let goods = |code: &str, price_fen, retired| Goods {
        code: code.to_owned(),
        name_zh: "可乐".to_owned(),
        name_en: "Cola".to_owned(),
        price_fen,
        retired,
    };
    let define = DefineGoodsRequest {
        request_id: new_id(),
        hall_id: hall.hall_id.clone(),
        goods: vec![goods("cola", COLA_FEN, false), goods("chalk", 100, true)],
    };
    let defined = world.clients.venue.clone().define_goods(timed(define)).await?;
    Ok(defined.into_inner().position)
}

pub async fn order(world: &World, session_id: &str, code: &str, quantity: u32) -> Result<OrderGoodsResponse, Refusal> {
    let order = OrderGoodsRequest {
        request_id: new_id(),
        session_id: session_id.to_owned(),
        code: code.to_owned(),
        quantity,
    };
    Ok(world
        .clients
        .tables
        .clone()
        .order_goods(timed(order))
        .await?
        .into_inner())
}

async fn pay(world: &World, session_id: &str) -> Result<PayBillResponse, Refusal> {
    let pay = PayBillRequest {
        request_id: new_id(),
        session_id: session_id.to_owned(),
    };
    Ok(world.clients.wallets.clone().pay_bill(timed(pay)).await?.into_inner())
}

async fn billing(world: &World, session_id: &str) -> anyhow::Result<()> {
    let session = session_id.to_owned();
    let started = recorded(world, "billing", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::BillingStarted { .. }))
    });
    anyhow::ensure!(started.await?.aggregate_id == session, "billing of another session");
    Ok(())
}

/// Play, and goods.
fn parts(bill: &Bill) -> (i64, i64) {
    let (goods, play): (Vec<_>, Vec<_>) = bill.lines.iter().partition(|line| line.kind() == Kind::Goods);
    let sum = |lines: Vec<&baize_proto::hall::table::v1::BillLine>| lines.iter().map(|line| line.amount_fen).sum();
    (sum(play), sum(goods))
}

#[tokio::test]
async fn drinks_are_ordered_at_the_table_and_are_on_the_bill_and_the_receipt() -> anyhow::Result<()> {
    let world = World::start(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(5_000, 0).await?;
    let min_position = sells_cola(&world, &hall).await?;
    let list = ListGoodsRequest {
        hall_id: hall.hall_id.clone(),
        with_retired: false,
        min_position,
    };
    let mut directory = DirectoryServiceClient::new(world.queries.clone());
    let listed = directory.list_goods(timed(list)).await?.into_inner();
    let codes: Vec<_> = listed.goods.iter().map(|goods| goods.code.as_str()).collect();
    assert_eq!((codes.as_slice(), listed.version), (["cola"].as_slice(), 1));

    let opened = hall.open_postpaid(&table, &member).await?;
    let session_id = opened.session_id.as_str();
    lamp_is(&fleet, "a1", true).await?;
    billing(&world, session_id).await?;
    assert_eq!(
        order(&world, session_id, "chalk", 1).await.unwrap_err().reason,
        "GOODS_NOT_FOUND"
    );
    let ordered = order(&world, session_id, "cola", 2).await?;
    assert_eq!(ordered.total_fen, 2 * COLA_FEN);
    let running = hall.bill(session_id, ordered.position).await?;
    let shown: Vec<_> = running
        .goods
        .iter()
        .map(|goods| (&*goods.code, goods.quantity))
        .collect();
    assert_eq!((running.status(), shown), (BillStatus::Running, vec![("cola", 2)]));
    let wallet = hall.wallet(&member, ordered.position).await?;
    assert_eq!(
        wallet.held_fen,
        opened.secured_fen + 2 * COLA_FEN,
        "set aside with play"
    );
    let short = order(&world, session_id, "cola", 99).await.unwrap_err();
    assert_eq!(short.reason, "TOP_UP_REQUIRED");
    let shortfall: i64 = short.facts["shortfall_fen"].parse()?;
    assert_eq!(shortfall, 99 * COLA_FEN - wallet.available_fen);

    // The staff put one more on the bill, and take off what was not drunk.
    let mut tables = world.clients.tables.clone();
    let add = AddGoodsRequest {
        request_id: new_id(),
        session_id: session_id.to_owned(),
        code: "cola".to_owned(),
        quantity: 1,
    };
    assert_eq!(tables.add_goods(timed(add)).await?.into_inner().total_fen, 3 * COLA_FEN);
    let remove = RemoveGoodsRequest {
        request_id: new_id(),
        session_id: session_id.to_owned(),
        code: "cola".to_owned(),
        quantity: 2,
        reason: "没有开瓶".to_owned(),
    };
    let left = tables.remove_goods(timed(remove)).await?.into_inner();
    assert_eq!(left.total_fen, COLA_FEN);

    let closed = hall.close(session_id).await?;
    let bill = closed.bill.unwrap_or_default();
    let (play, goods) = parts(&bill);
    assert_eq!((goods, play + goods), (COLA_FEN, bill.total_fen));
    let (paid, position) = hall.bill_until(session_id, closed.position, BillStatus::Paid).await?;
    assert_eq!(paid.paid_fen, bill.total_fen);
    let receipt = GetReceiptRequest {
        session_id: session_id.to_owned(),
        min_position: position,
    };
    let receipt = world.clients.bills.clone().get_receipt(timed(receipt)).await?;
    let receipt = receipt.into_inner().receipt.unwrap_or_default();
    let printed = receipt.bill.and_then(|bill| bill.bill).unwrap_or_default();
    let line = printed
        .lines
        .iter()
        .find_map(|line| line.goods.clone())
        .unwrap_or_default();
    assert_eq!((&*line.name_zh, line.quantity, line.price_fen), ("可乐", 1, COLA_FEN));
    let given: i64 = receipt.payments.iter().map(|payment| payment.principal_fen).sum();
    assert_eq!(given, bill.total_fen);
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn drinks_that_prepaid_play_leaves_unpaid_keep_the_customer_out_until_their_bill_is_paid() -> anyhow::Result<()> {
    let world = World::start(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(1_800, 0).await?;
    sells_cola(&world, &hall).await?;

    let opened = hall.open_prepaid(&table, &member, 60).await?;
    let session_id = opened.session_id.as_str();
    lamp_is(&fleet, "a1", true).await?;
    billing(&world, session_id).await?;
    order(&world, session_id, "cola", 1).await?;
    // The money for the drink goes into more play.
    hall.extend(session_id, 20).await?;
    let closed = hall.close(session_id).await?;
    let (bill, position) = hall
        .bill_until(session_id, closed.position, BillStatus::Outstanding)
        .await?;
    assert_eq!((bill.paid_fen, bill.outstanding_fen), (1_600 + 200, 400));

    let refused = hall.open_prepaid(&table, &member, 60).await.unwrap_err();
    assert_eq!(
        (refused.reason.as_str(), refused.facts.get("session_id")),
        ("UNPAID_BILL", Some(&opened.session_id))
    );
    let short = pay(&world, session_id).await.unwrap_err();
    assert_eq!(
        (&*short.reason, &*short.facts["shortfall_fen"]),
        ("TOP_UP_REQUIRED", "400")
    );
    let brought = hall.top_up(&member, 1_600, 0).await?;
    assert!(brought.position > position);
    let paid = pay(&world, session_id).await?;
    assert_eq!(paid.paid_fen, 0, "the top-up has paid it");
    let bill = hall.bill(session_id, brought.position).await?;
    assert_eq!((bill.status(), bill.outstanding_fen), (BillStatus::Paid, 0));
    let again = hall.open_prepaid(&table, &member, 60).await?;
    hall.close(&again.session_id).await?;
    hall.bill_until(&again.session_id, again.position, BillStatus::Paid)
        .await?;
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}
