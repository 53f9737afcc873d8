//! Receipts: as a message, and as a page that only its ticket shows.

use baize_projections::Projections;
use baize_proto::hall::view::v1::bill_service_client::BillServiceClient;
use baize_proto::hall::view::v1::payment::Kind;
use baize_proto::hall::view::v1::{GetReceiptRequest, GetReceiptResponse};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::evening::{Session, Table, bill, hall, topped_up, wallet_opened};
use crate::queries::Client;
use crate::stage::{Stage, reach};
use crate::web::get;

async fn receipt(service: &Projections, session_id: Uuid, min_position: u64) -> Result<GetReceiptResponse, Status> {
    let client = Client::connect(service).await;
    let request = GetReceiptRequest {
        session_id: session_id.to_string(),
        min_position,
    };
    let answer = BillServiceClient::new(client.channel).get_receipt(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn scene() -> (Stage, Projections, Session) {
    let stage = Stage::new().await;
    let table = Table {
        hall_id: Uuid::new_v4(),
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    };
    let session = Session {
        table,
        session_id: Uuid::new_v4(),
        member_id: Uuid::new_v4(),
    };
    let head = stage
        .append(vec![
            hall(table.hall_id, "东门<b>球厅"),
            table.registered("A1"),
            wallet_opened(session.member_id, 0),
            topped_up(session.member_id, Uuid::new_v4(), 5_000, 100, 0),
            session.held(4_000, 0),
            session.opened_postpaid(4_000, 0),
            session.billing_started(5),
        ])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    (stage, service, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_shows_what_was_played_paid_and_is_still_owed() {
    let (stage, service, session) = scene().await;
    let early = receipt(&service, session.session_id, 0).await.unwrap_err();
    let reason = |status: &Status| {
        status
            .get_details_error_info()
            .map(|info| info.reason)
            .unwrap_or_default()
    };
    assert_eq!(
        (early.code(), &*reason(&early)),
        (Code::FailedPrecondition, "SESSION_STILL_OPEN")
    );

    let closed = stage.append(vec![session.closed(bill(90, 6_000), 5_400)]).await;
    let closing = receipt(&service, session.session_id, closed).await.unwrap_err();
    assert_eq!(reason(&closing), "SESSION_NOT_SETTLED");

    let settled = stage
        .append(vec![
            session.captured(5_000, 100, 0, 5_400),
            session.owes(900, 5_400),
            session.settled(5_100, 900, 5_400),
        ])
        .await;
    let answer = receipt(&service, session.session_id, settled).await.unwrap();
    let owed = answer.receipt.unwrap();
    assert_eq!((&*owed.table_label, &*owed.hall_name), ("A1", "东门<b>球厅"));
    // The hall's day begins at six: 20:30 in Shanghai belongs to the day of the calendar.
    assert_eq!((&*owed.business_date, &*owed.tariff_name), ("2026-11-20", "标准"));
    let shown = owed.bill.unwrap();
    assert_eq!(
        (shown.paid_fen, shown.outstanding_fen, shown.tariff_version),
        (5_100, 900, 3)
    );

    let paid = stage.append(vec![session.debt_paid(900, 0, 6_000)]).await;
    let paid = receipt(&service, session.session_id, paid)
        .await
        .unwrap()
        .receipt
        .unwrap();
    let payments: Vec<_> = paid
        .payments
        .iter()
        .map(|payment| (payment.kind(), payment.principal_fen, payment.bonus_fen))
        .collect();
    assert_eq!(payments, [(Kind::Settlement, 5_000, 100), (Kind::Debt, 900, 0)]);
    assert_eq!(paid.bill.unwrap().outstanding_fen, 0);
    stage.verify("bills").await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prepaid_money_is_on_the_receipt_also_when_it_went_back() {
    let (stage, service, session) = scene().await;
    let unknown = receipt(&service, Uuid::new_v4(), 0).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let other = Session {
        session_id: Uuid::new_v4(),
        ..session
    };
    // What pays for an opening is recorded before it.
    let settled = stage
        .append(vec![
            other.prepaid(2_000, 10),
            other.opened_prepaid(60, 10),
            other.prepaid_back(2_000, 30),
            other.closed(bill(0, 0), 30),
            other.settled(0, 0, 30),
        ])
        .await;
    let shown = receipt(&service, other.session_id, settled)
        .await
        .unwrap()
        .receipt
        .unwrap();
    let payments: Vec<_> = shown
        .payments
        .iter()
        .map(|paid| (paid.kind(), paid.principal_fen))
        .collect();
    assert_eq!(payments, [(Kind::Prepaid, 2_000), (Kind::Refund, -2_000)]);
    let cancelled = Session {
        session_id: Uuid::new_v4(),
        ..session
    };
    let head = stage
        .append(vec![cancelled.opened_postpaid(100, 40), cancelled.cancelled(70)])
        .await;
    let none = receipt(&service, cancelled.session_id, head).await.unwrap_err();
    assert_eq!(none.get_details_error_info().unwrap().reason, "SESSION_CANCELLED");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipts_page_is_printed_in_both_languages_and_on_both_papers() {
    let (stage, service, session) = scene().await;
    let head = stage
        .append(vec![
            session.closed(bill(90, 6_000), 5_400),
            session.captured(5_000, 100, 0, 5_400),
            session.settled(5_100, 900, 5_400),
        ])
        .await;
    let path = receipt(&service, session.session_id, head).await.unwrap().page_path;
    let chinese = get(&service, &path, &[]).await;
    assert_eq!(chinese.status, 200, "{}", chinese.body);
    for text in [
        "消费小票",
        "A1",
        "夜场 &#60;late&#62;",
        "¥60.00",
        "余额结算",
        "待付",
        "¥9.00",
        "size: A4",
    ] {
        assert!(chinese.body.contains(text), "{text} is not in {}", chinese.body);
    }
    assert!(!chinese.body.contains("<b>球厅"), "{}", chinese.body);
    let till = get(&service, &format!("{path}&lang=en&paper=80mm"), &[]).await;
    for text in [
        "Receipt",
        "Still owed",
        "From the balance",
        "size: 80mm auto",
        "lang=\"en\"",
    ] {
        assert!(till.body.contains(text), "{text} is not in {}", till.body);
    }
    assert!(
        chinese.headers.contains("cache-control: no-store"),
        "{}",
        chinese.headers
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_own_ticket_no_receipt_is_shown_to_anybody() {
    let (stage, service, session) = scene().await;
    let other = Session {
        session_id: Uuid::new_v4(),
        ..session
    };
    let head = stage
        .append(vec![
            session.closed(bill(90, 100), 5_400),
            session.settled(100, 0, 5_400),
            other.opened_postpaid(0, 5_500),
            other.closed(bill(1, 50), 5_600),
            other.settled(50, 0, 5_600),
        ])
        .await;
    let path = receipt(&service, session.session_id, head).await.unwrap().page_path;
    let ticket = path.split_once('?').unwrap().1;
    for refused in [
        format!("/receipts/{}", session.session_id),
        format!("/receipts/{}?ticket=", session.session_id),
        format!("/receipts/{}?{ticket}", other.session_id),
        format!("/receipts/{}?{ticket}x", session.session_id),
        format!("/receipts/no-uuid?{ticket}"),
    ] {
        let answer = get(&service, &refused, &[]).await;
        assert_eq!(answer.status, 403, "{refused}");
        assert!(answer.body.contains("这个地址已失效"), "{}", answer.body);
    }
    assert_eq!(get(&service, &path, &[]).await.status, 200);
    service.stop().await;
}
