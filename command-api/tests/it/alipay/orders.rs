//! Orders: made, paid, closed, ended; and who is trusted.

use baize_command_api::payments::alipay::{Alipay, AlipayTrust};
use baize_command_api::payments::provider::{Notice, PaySheet, Provider as _};
use baize_domain::Fen;
use baize_domain::payment::{Decline, OrderState, Presentation, Presented, ProviderAnswer};
use baize_eventlog::Clock;
use baize_simulators::alipay::keys;
use jiff::{SignedDuration, Timestamp};

use super::stage::{Stage, options_for, order};

pub fn declined(answer: &ProviderAnswer) -> Option<Decline> {
    match answer {
        ProviderAnswer::Declined { why, .. } => Some(*why),
        _ => None,
    }
}

#[tokio::test]
async fn an_order_in_the_app_is_made_paid_and_told() {
    let stage = Stage::new().await;
    let order = order(Presentation::InApp, 8_888);
    let ProviderAnswer::Created(presented) = stage.client.create(&order, Some("payer-1")).await else {
        panic!("not made");
    };
    let Presented::TradeNo(trade_no) = presented.clone() else {
        panic!("{presented:?}");
    };
    let sheet = stage.client.sheet(&presented, Timestamp::now()).unwrap();
    assert!(
        sheet
            == PaySheet::Alipay {
                trade_no: trade_no.clone()
            }
    );
    let waiting = stage.client.query(order.order_no).await;
    assert_eq!(waiting, ProviderAnswer::Order(OrderState::Waiting));

    stage.alipay.pay(&order.order_no.to_string()).unwrap();
    let paid = stage.payment(&order);
    assert_eq!((&paid.transaction_id, paid.amount), (&trade_no, Fen(8_888)));
    let state = OrderState::Paid(paid);
    assert_eq!(
        stage.client.query(order.order_no).await,
        ProviderAnswer::Order(state.clone())
    );
    let told = stage.inbox.arrived(1).await;
    let order_no = order.order_no;
    assert_eq!(stage.read(&told[0]), Ok(Notice::Order { order_no, state }));
}

#[tokio::test]
async fn a_code_is_no_order_until_somebody_scans_it() {
    let stage = Stage::new().await;
    let order = order(Presentation::QrCode, 100);
    let ProviderAnswer::Created(Presented::Code(code)) = stage.client.create(&order, None).await else {
        panic!("no code");
    };
    let not_found = ProviderAnswer::Order(OrderState::NotFound);
    assert_eq!(stage.client.query(order.order_no).await, not_found);
    assert_eq!(stage.client.close(order.order_no).await, not_found);

    assert_eq!(stage.alipay.scan(&code), Ok(order.order_no.to_string()));
    let waiting = stage.client.query(order.order_no).await;
    assert_eq!(waiting, ProviderAnswer::Order(OrderState::Waiting));
    stage.alipay.pay(&order.order_no.to_string()).unwrap();
    let paid = OrderState::Paid(stage.payment(&order));
    assert_eq!(stage.client.query(order.order_no).await, ProviderAnswer::Order(paid));
}

#[tokio::test]
async fn one_number_is_one_order() {
    let stage = Stage::new().await;
    let order = order(Presentation::InApp, 8_888);
    let first = stage.client.create(&order, Some("payer-1")).await;
    assert_eq!(
        stage.client.create(&order, Some("payer-1")).await,
        first,
        "asked twice, made once"
    );
    let mut other = order.clone();
    other.amount = Fen(8_889);
    let answer = stage.client.create(&other, Some("payer-1")).await;
    assert_eq!(declined(&answer), Some(Decline::NumberUsed));
    assert_eq!(stage.alipay.book().len(), 1);
}

#[tokio::test]
async fn an_order_that_nobody_paid_in_time_is_closed() {
    let stage = Stage::new().await;
    let order = order(Presentation::InApp, 8_888);
    stage.made(&order).await;
    stage.alipay.advance(SignedDuration::from_mins(10));
    let client = stage.client_now();
    assert_eq!(
        client.query(order.order_no).await,
        ProviderAnswer::Order(OrderState::Closed)
    );
    assert!(stage.alipay.pay(&order.order_no.to_string()).is_err());
    let again = client.create(&order, Some("payer-1")).await;
    assert_eq!(declined(&again), Some(Decline::WrongState));
}

#[tokio::test]
async fn an_order_that_was_closed_cannot_be_paid_and_one_that_was_paid_cannot_be_closed() {
    let stage = Stage::new().await;
    let closed = order(Presentation::InApp, 8_888);
    stage.made(&closed).await;
    for time in ["first", "second"] {
        let answer = stage.client.close(closed.order_no).await;
        assert_eq!(answer, ProviderAnswer::Order(OrderState::Closed), "the {time} time");
    }
    assert!(stage.alipay.pay(&closed.order_no.to_string()).is_err());

    let paid = stage.paid().await;
    let state = OrderState::Paid(stage.payment(&paid));
    assert_eq!(stage.client.close(paid.order_no).await, ProviderAnswer::Order(state));
}

#[tokio::test]
async fn a_payer_with_too_little_there_is_told_apart_from_our_mistakes() {
    let stage = Stage::new().await;
    stage.alipay.poor("poor-payer");
    let order = order(Presentation::InApp, 8_888);
    let poor = stage.client.create(&order, Some("poor-payer")).await;
    assert_eq!(declined(&poor), Some(Decline::PayerCannot));
    let nobody = stage.client.create(&order, None).await;
    assert_eq!(declined(&nobody), Some(Decline::Merchant));
}

#[tokio::test]
async fn alipay_is_known_by_its_certificate_too() {
    let stage = Stage::with(true).await;
    let order = stage.paid().await;
    let paid = OrderState::Paid(stage.payment(&order));
    assert_eq!(stage.client.query(order.order_no).await, ProviderAnswer::Order(paid));
    let told = stage.inbox.arrived(1).await;
    assert!(stage.read(&told[0]).is_ok());
    // Who names no certificate is refused there.
    let answer = stage.client_now().query(order.order_no).await;
    assert_eq!(declined(&answer), Some(Decline::Merchant));
}

#[tokio::test]
async fn who_is_not_alipay_is_not_believed_and_who_is_not_the_application_is_refused() {
    let stage = Stage::new().await;
    let order = stage.paid().await;
    let mut options = options_for(&stage.alipay, &stage.inbox);
    options.trust =
        AlipayTrust::PublicKey(include_str!("../../../../tests/simulators/src/alipay/keys/app.pub.pem").to_owned());
    let answer = Alipay::new(options).unwrap().query(order.order_no).await;
    assert!(matches!(answer, ProviderAnswer::Unknown { .. }), "{answer:?}");

    let mut options = options_for(&stage.alipay, &stage.inbox);
    options.app_private_key = include_str!("../../../../tests/simulators/src/alipay/keys/alipay.pem").to_owned();
    let answer = Alipay::new(options).unwrap().query(order.order_no).await;
    assert_eq!(declined(&answer), Some(Decline::Merchant));
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_an_hour_is_our_mistake() {
    let stage = Stage::new().await;
    let order = stage.paid().await;
    let mut options = options_for(&stage.alipay, &stage.inbox);
    let now = Timestamp::now();
    options.clock = Clock::scaled(now, now - SignedDuration::from_hours(1), 1.0);
    let answer = Alipay::new(options).unwrap().query(order.order_no).await;
    assert_eq!(declined(&answer), Some(Decline::Merchant));
}

#[tokio::test]
async fn settings_that_alipay_would_refuse_are_refused_at_start_by_name() {
    let stage = Stage::new().await;
    let good = options_for(&stage.alipay, &stage.inbox);
    let with = |name: &str| {
        let mut options = good.clone();
        match name {
            "gateway_url" => options.gateway_url = "openapi.alipay.com".to_owned(),
            "app_id" => options.app_id = "2021".to_owned(),
            "seller_id" => options.seller_id = "1088000000000001".to_owned(),
            "notify_url" => options.notify_url += "?a=b",
            "app_private_key" => options.app_private_key = keys::ALIPAY_PUBLIC.to_owned(),
            "alipay_public_key" => options.trust = AlipayTrust::PublicKey("no key".to_owned()),
            _ => panic!("{name}"),
        }
        Alipay::new(options)
    };
    for name in [
        "gateway_url",
        "app_id",
        "seller_id",
        "notify_url",
        "app_private_key",
        "alipay_public_key",
    ] {
        let error = with(name).err().unwrap();
        assert!(format!("{error:#}").starts_with(name), "{name}: {error:#}");
    }
}
