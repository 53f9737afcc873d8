//! Refunds and the bill.

use baize_command_api::payments::provider::{BillError, BillKind, Provider as _};
use baize_domain::Fen;
use baize_domain::payment::{Decline, OrderState, Presentation, ProviderAnswer, RefundState};
use baize_simulators::alipay::Fault;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::orders::declined;
use super::stage::{Stage, order, refund_of};

fn succeeded(answer: &ProviderAnswer) -> Option<Fen> {
    match answer {
        ProviderAnswer::Refund(RefundState::Succeeded { amount, .. }) => Some(*amount),
        _ => None,
    }
}

#[tokio::test]
async fn one_number_refunds_once() {
    let stage = Stage::new().await;
    let order = stage.paid().await;
    let refund = refund_of(&order, 888);
    for time in 1..=3 {
        let answer = stage.client.refund(&refund).await;
        assert_eq!(succeeded(&answer), Some(Fen(888)), "time {time}");
    }
    let asked = stage.client.query_refund(order.order_no, refund.refund_no).await;
    assert_eq!(succeeded(&asked), Some(Fen(888)));
    let mut other = refund.clone();
    other.amount = Fen(889);
    assert_eq!(declined(&stage.client.refund(&other).await), Some(Decline::NumberUsed));
    assert_eq!(stage.alipay.book()[0].refunds.len(), 1);
}

#[tokio::test]
async fn an_order_that_went_back_wholly_is_still_paid_and_nothing_more_goes_back() {
    let stage = Stage::new().await;
    let order = stage.paid().await;
    for fen in [8_000, 888] {
        assert_eq!(
            succeeded(&stage.client.refund(&refund_of(&order, fen)).await),
            Some(Fen(fen))
        );
    }
    let paid = OrderState::Paid(stage.payment(&order));
    assert_eq!(stage.client.query(order.order_no).await, ProviderAnswer::Order(paid));
    let more = stage.client.refund(&refund_of(&order, 1)).await;
    assert_eq!(declined(&more), Some(Decline::TooMuch));
}

#[tokio::test]
async fn a_refund_that_alipay_refuses_says_why() {
    let stage = Stage::new().await;
    let unpaid = order(Presentation::InApp, 8_888);
    stage.made(&unpaid).await;
    assert_eq!(
        declined(&stage.client.refund(&refund_of(&unpaid, 1)).await),
        Some(Decline::WrongState)
    );
    let unknown = order(Presentation::InApp, 8_888);
    assert_eq!(
        declined(&stage.client.refund(&refund_of(&unknown, 1)).await),
        Some(Decline::WrongState)
    );

    let paid = stage.paid().await;
    assert_eq!(
        declined(&stage.client.refund(&refund_of(&paid, 8_889)).await),
        Some(Decline::TooMuch)
    );
    stage.alipay.merchant_short(true);
    let refund = refund_of(&paid, 8_888);
    assert_eq!(
        declined(&stage.client.refund(&refund).await),
        Some(Decline::MerchantShort)
    );
    let none = stage.client.query_refund(paid.order_no, refund.refund_no).await;
    assert_eq!(none, ProviderAnswer::Refund(RefundState::NotFound));
    stage.alipay.merchant_short(false);
    stage.alipay.finish(&paid.order_no.to_string());
    assert_eq!(declined(&stage.client.refund(&refund).await), Some(Decline::WrongState));
}

#[tokio::test]
async fn a_refund_can_be_under_way_and_fail() {
    let stage = Stage::new().await;
    let order = stage.paid().await;
    stage.alipay.fault(&order.order_no.to_string(), &[Fault::RefundFails]);
    let refund = refund_of(&order, 888);
    let first = stage.client.refund(&refund).await;
    assert_eq!(first, ProviderAnswer::Refund(RefundState::Processing));
    let then = stage.client.query_refund(order.order_no, refund.refund_no).await;
    assert_eq!(then, ProviderAnswer::Refund(RefundState::Abnormal));
}

fn beijing(at: Timestamp) -> Date {
    Offset::constant(8).to_datetime(at).date()
}

#[tokio::test]
async fn the_bill_of_a_day_has_what_the_book_has() {
    let stage = Stage::new().await;
    let kept = stage.paid().await;
    let order = stage.paid().await;
    let refund = refund_of(&order, 5_000);
    stage.client.refund(&refund).await;
    let day = beijing(stage.alipay.now());
    assert!(matches!(stage.client.bill(day).await, Err(BillError::NotYet)));

    stage.alipay.advance(SignedDuration::from_hours(48));
    let client = stage.client_now();
    let rows = client.bill(day).await.unwrap();
    let payments: Vec<_> = rows.iter().filter(|row| row.kind == BillKind::Payment).collect();
    assert_eq!(payments.len(), 2);
    for (wanted, row) in [&kept, &order].into_iter().map(|order| {
        let no = order.order_no.to_string();
        (
            stage.payment(order),
            *payments.iter().find(|row| row.order_no == no).unwrap(),
        )
    }) {
        assert_eq!(
            (&row.transaction_id, row.amount, row.at),
            (&wanted.transaction_id, wanted.amount, wanted.paid_at)
        );
        assert_eq!(row.fee, Fen(53), "0.6 %");
    }
    let back = rows.iter().find(|row| row.kind != BillKind::Payment).unwrap();
    assert_eq!((back.amount, back.fee), (Fen(5_000), Fen(-30)));
    let BillKind::Refund { refund_no, state } = &back.kind else {
        panic!("{back:?}");
    };
    assert_eq!(*refund_no, refund.refund_no.to_string());
    assert!(matches!(state, RefundState::Succeeded { amount: Fen(5_000), .. }));

    let quiet = day.yesterday().unwrap();
    assert!(matches!(client.bill(quiet).await, Err(BillError::Empty)));
}

#[tokio::test]
async fn a_bill_can_lack_a_row_have_one_too_many_or_another_fee() {
    let stage = Stage::new().await;
    let mut orders = Vec::new();
    for fault in [Fault::BillRowMissing, Fault::BillRowExtra, Fault::BillOtherFee] {
        let order = stage.paid().await;
        stage.alipay.fault(&order.order_no.to_string(), &[fault]);
        orders.push(order.order_no.to_string());
    }
    let day = beijing(stage.alipay.now());
    stage.alipay.advance(SignedDuration::from_hours(48));
    let rows = stage.client_now().bill(day).await.unwrap();
    let of = |no: &str| rows.iter().filter(|row| row.order_no == no).collect::<Vec<_>>();
    assert!(of(&orders[0]).is_empty());
    assert_eq!((of(&orders[1]).len(), of(&format!("EXTRA{}", orders[1])).len()), (1, 1));
    assert_eq!(of(&orders[2])[0].fee, Fen(54));
}
