//! Notifications: which are believed, and what comes of those that go wrong.

use baize_command_api::payments::provider::{Forged, Notice, Provider as _};
use baize_domain::Fen;
use baize_domain::payment::{Order, OrderState, Paid, Presentation};
use baize_simulators::alipay::Fault;
use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::stage::{Stage, order, refund_of, until};

async fn told(faults: &[Fault], count: usize) -> (Stage, Order, Vec<Result<Notice, Forged>>) {
    let stage = Stage::new().await;
    let order = order(Presentation::InApp, 8_888);
    stage.alipay.fault(&order.order_no.to_string(), faults);
    stage.made(&order).await;
    // With some faults the payer has paid by now.
    let _ = stage.alipay.pay(&order.order_no.to_string());
    let bodies = stage.inbox.arrived(count).await;
    let notices = bodies.iter().map(|body| stage.read(body)).collect();
    (stage, order, notices)
}

fn paid(stage: &Stage, order: &Order) -> Result<Notice, Forged> {
    let state = OrderState::Paid(stage.payment(order));
    let order_no = order.order_no;
    Ok(Notice::Order { order_no, state })
}

#[tokio::test]
async fn a_notification_may_come_before_the_reply_late_or_twice() {
    for (fault, count) in [
        (Fault::NotificationFirst, 1),
        (Fault::NotificationLate, 1),
        (Fault::NotificationDoubled, 2),
    ] {
        let (stage, order, notices) = told(&[fault], count).await;
        for notice in notices {
            assert_eq!(notice, paid(&stage, &order), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn an_older_state_that_comes_later_is_told_as_it_is() {
    let (stage, order, notices) = told(&[Fault::NotificationsOutOfOrder], 2).await;
    let order_no = order.order_no;
    let waiting = Notice::Order {
        order_no,
        state: OrderState::Waiting,
    };
    assert_eq!(notices, [paid(&stage, &order), Ok(waiting)]);
}

#[tokio::test]
async fn what_alipay_did_not_sign_is_forged_and_what_is_for_others_is_none_of_ours() {
    let (_, _, notices) = told(&[Fault::NotificationForged], 1).await;
    assert_eq!(notices, [Err(Forged::Signature)]);
    let (_, _, notices) = told(&[Fault::NotificationOtherMerchant], 1).await;
    assert_eq!(notices, [Err(Forged::OtherMerchant)]);
}

#[tokio::test]
async fn a_wrong_amount_is_told_as_alipay_tells_it() {
    let (stage, order, notices) = told(&[Fault::NotificationWrongAmount], 1).await;
    let payment = stage.payment(&order);
    let state = OrderState::Paid(Paid {
        amount: Fen(8_889),
        ..payment
    });
    let order_no = order.order_no;
    assert_eq!(notices, [Ok(Notice::Order { order_no, state })]);
}

#[tokio::test]
async fn a_notification_that_is_not_taken_comes_eight_times_in_25_hours() {
    let mut stage = Stage::new().await;
    stage.inbox = super::stage::Inbox::start(false).await;
    let client = stage.client_now();
    let order = order(Presentation::InApp, 8_888);
    client.create(&order, Some("payer-1")).await;
    stage.alipay.pay(&order.order_no.to_string()).unwrap();
    for (sends, minutes) in [(1, 4), (2, 10), (3, 10), (4, 60), (5, 120), (6, 360), (7, 900)] {
        let body = stage.inbox.arrived(sends).await.pop().unwrap();
        assert_eq!(stage.read(&body), paid(&stage, &order), "send {sends}");
        until("it waits for its next send", || stage.alipay.notifications() == 1).await;
        stage.alipay.advance(SignedDuration::from_mins(minutes));
    }
    stage.inbox.arrived(8).await;
    until("it has given up", || stage.alipay.notifications() == 0).await;
}

#[tokio::test]
async fn a_notification_that_was_dropped_leaves_the_query() {
    let stage = Stage::new().await;
    let order = order(Presentation::InApp, 8_888);
    stage
        .alipay
        .fault(&order.order_no.to_string(), &[Fault::NotificationDropped]);
    stage.made(&order).await;
    stage.alipay.pay(&order.order_no.to_string()).unwrap();
    assert_eq!(stage.alipay.notifications(), 0);
    let state = OrderState::Paid(stage.payment(&order));
    let answer = stage.client.query(order.order_no).await;
    assert_eq!(answer, baize_domain::payment::ProviderAnswer::Order(state));
}

#[tokio::test]
async fn the_notification_of_a_refund_says_that_the_order_was_paid() {
    let stage = Stage::new().await;
    let order = stage.paid().await;
    stage.client.refund(&refund_of(&order, 8_888)).await;
    for body in stage.inbox.arrived(2).await {
        assert_eq!(stage.read(&body), paid(&stage, &order));
    }
}

#[tokio::test]
async fn an_old_notification_is_refused() {
    let stage = Stage::new().await;
    stage.paid().await;
    let body = stage.inbox.arrived(1).await.remove(0);
    stage.alipay.advance(SignedDuration::from_hours(27));
    assert_eq!(stage.read(&body), Err(Forged::Skew));
}

/// What a form says, in any spelling.
fn said(body: &[u8]) -> Vec<(String, String)> {
    let mut said: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
    said.sort();
    said
}

#[tokio::test]
async fn of_ten_thousand_altered_notifications_none_is_believed() {
    let stage = Stage::new().await;
    stage.paid().await;
    let body = stage.inbox.arrived(1).await.remove(0);
    let mut random = StdRng::seed_from_u64(4);
    for _ in 0..10_000 {
        let mut altered = body.clone();
        match random.random_range(0..4) {
            0 => altered[random.random_range(0..body.len())] = random.random(),
            1 => altered.truncate(random.random_range(0..body.len())),
            2 => drop(altered.remove(random.random_range(0..body.len()))),
            _ => altered = (0..random.random_range(0..200)).map(|_| random.random()).collect(),
        }
        let believed = stage.read(&altered).is_ok();
        assert!(
            !believed || said(&altered) == said(&body),
            "{}",
            String::from_utf8_lossy(&altered)
        );
    }
    let twice = [body.as_slice(), b"&total_amount=0.01"].concat();
    assert!(matches!(stage.read(&twice), Err(Forged::Malformed(_))));
    assert_eq!(stage.client.acknowledgement(true).body, "success");
    assert_ne!(stage.client.acknowledgement(false).status, 200);
}
