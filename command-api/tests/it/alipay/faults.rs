//! What goes wrong on the way to Alipay and back.

use std::time::Duration;

use baize_command_api::payments::alipay::Alipay;
use baize_command_api::payments::provider::Provider as _;
use baize_domain::payment::{Decline, OrderState, Presentation, ProviderAnswer};
use baize_simulators::alipay::Fault;

use super::orders::declined;
use super::stage::{Stage, options_for, order, refund_of};

#[tokio::test]
async fn what_fails_once_is_asked_again_and_done_once() {
    let stage = Stage::new().await;
    for fault in [Fault::ReplyLost, Fault::ServerError, Fault::Busy, Fault::AnswerForged] {
        let order = order(Presentation::InApp, 8_888);
        let order_no = order.order_no.to_string();
        stage.alipay.fault(&order_no, &[fault]);
        stage.made(&order).await;
        stage.alipay.pay(&order_no).unwrap();
        stage.alipay.fault(&order_no, &[fault]);
        let paid = OrderState::Paid(stage.payment(&order));
        assert_eq!(
            stage.client.query(order.order_no).await,
            ProviderAnswer::Order(paid),
            "{fault:?}"
        );
        stage.alipay.fault(&order_no, &[fault]);
        let refunded = stage.client.refund(&refund_of(&order, 8_888)).await;
        assert!(matches!(refunded, ProviderAnswer::Refund(_)), "{fault:?}: {refunded:?}");
        let book = stage.alipay.book();
        let trade = book.iter().find(|trade| trade.order_no == order_no).unwrap();
        assert_eq!(trade.refunds.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn what_fails_every_time_is_unknown_and_the_number_tells_later() {
    let stage = Stage::new().await;
    let order = order(Presentation::InApp, 8_888);
    stage.alipay.fault(&order.order_no.to_string(), &[Fault::ReplyLost; 3]);
    let answer = stage.client.create(&order, Some("payer-1")).await;
    assert!(matches!(answer, ProviderAnswer::Unknown { .. }), "{answer:?}");
    let found = stage.client.query(order.order_no).await;
    assert_eq!(found, ProviderAnswer::Order(OrderState::Waiting));
}

#[tokio::test]
async fn an_answer_that_is_slower_than_our_patience_is_asked_for_again() {
    let stage = Stage::new().await;
    let mut options = options_for(&stage.alipay, &stage.inbox);
    options.timeout = Duration::from_millis(500);
    let client = Alipay::new(options).unwrap();
    let order = order(Presentation::InApp, 8_888);
    stage.alipay.fault(&order.order_no.to_string(), &[Fault::Slow]);
    let answer = client.create(&order, Some("payer-1")).await;
    assert!(matches!(answer, ProviderAnswer::Created(_)), "{answer:?}");
    assert_eq!(stage.alipay.book().len(), 1);
}

#[tokio::test]
async fn a_payment_that_we_never_heard_the_order_of_is_found_by_its_number() {
    let stage = Stage::new().await;
    let order = order(Presentation::InApp, 8_888);
    stage
        .alipay
        .fault(&order.order_no.to_string(), &[Fault::ChargedReplyLost]);
    let answer = stage.client.create(&order, Some("payer-1")).await;
    assert_eq!(declined(&answer), Some(Decline::WrongState));
    let paid = OrderState::Paid(stage.payment(&order));
    assert_eq!(stage.client.query(order.order_no).await, ProviderAnswer::Order(paid));
}

#[tokio::test]
async fn who_pays_while_we_close_has_paid() {
    let stage = Stage::new().await;
    let order = order(Presentation::InApp, 8_888);
    stage.made(&order).await;
    stage
        .alipay
        .fault(&order.order_no.to_string(), &[Fault::PaysWhileClosing]);
    let answer = stage.client.close(order.order_no).await;
    assert_eq!(answer, ProviderAnswer::Order(OrderState::Paid(stage.payment(&order))));
}

#[tokio::test]
async fn nobody_there_is_unknown() {
    let stage = Stage::new().await;
    let mut options = options_for(&stage.alipay, &stage.inbox);
    options.gateway_url = "http://127.0.0.1:1/gateway.do".to_owned();
    let client = Alipay::new(options).unwrap();
    let answer = client.query(order(Presentation::InApp, 1).order_no).await;
    assert!(matches!(answer, ProviderAnswer::Unknown { .. }), "{answer:?}");
}
