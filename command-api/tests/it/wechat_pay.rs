//! The client of WeChat Pay against the simulated provider, over HTTP, with everything that goes wrong on the way.

use std::sync::Arc;
use std::time::Duration;

use baize_command_api::payments::provider::{BillError, BillKind, BillRow, Forged, Notice, PaySheet, Provider as _};
use baize_command_api::payments::wechat_pay::{WechatPay, WechatPayKey, WechatPayOptions};
use baize_domain::Fen;
use baize_domain::ids::{MemberId, PaymentIntentId, RefundId};
use baize_domain::payment::{
    Channel, Decline, Order, OrderNo, OrderState, Presentation, Presented, ProviderAnswer, RefundNo, RefundOrder,
    RefundState,
};
use baize_eventlog::Clock;
use baize_simulators::provider::{
    DeskOptions, Fault, Inbox, OrderState as BookState, Reach, RefundState as BookRefund, Seeded,
};
use baize_simulators::wechat_pay as simulated;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Twenty o'clock in Beijing.
const EVENING: &str = "2026-11-22T12:00:00Z";
const OPENID: &str = "oUpF8uMuAJO";
const AMOUNT: Fen = Fen(3_250);

/// A merchant, its provider, and where notifications come in.
struct Shop {
    provider: simulated::WechatPay,
    client: Arc<WechatPay>,
    options: WechatPayOptions,
    notices: mpsc::UnboundedReceiver<Result<Notice, Forged>>,
    _inbox: Inbox,
}

impl Shop {
    async fn open() -> Self {
        Self::with(1.0, |_| {}).await
    }

    /// The client and the provider go by the same clock.
    async fn with(speed: f64, set: impl FnOnce(&mut WechatPayOptions)) -> Self {
        Self::with_faults(speed, None, set).await
    }

    async fn with_faults(speed: f64, faults: Option<Seeded>, set: impl FnOnce(&mut WechatPayOptions)) -> Self {
        let clock = Clock::scaled(Timestamp::now(), EVENING.parse().unwrap(), speed);
        let desk = DeskOptions {
            clock: clock.clone(),
            slow: Duration::from_secs(3),
            refund_takes: Duration::from_millis(50),
            faults,
            ..DeskOptions::default()
        };
        let merchant = simulated::Merchant::default();
        let provider = simulated::WechatPay::start(merchant.clone(), desk).await.unwrap();
        let (told, notices) = mpsc::unbounded_channel();
        let (known, door) = (Arc::new(std::sync::OnceLock::<Arc<WechatPay>>::new()), clock.clone());
        let taker = Arc::clone(&known);
        let inbox = Inbox::open(move |headers, body| {
            let client = taker.get().unwrap();
            let notice = client.notice(headers, body, door.now());
            let answer = client.acknowledgement(notice.is_ok());
            // Whoever looks at notifications may be gone before the last one.
            let _ = told.send(notice);
            (answer.status, answer.body.to_owned())
        });
        let inbox = inbox.await.unwrap();
        let mut options = WechatPayOptions {
            base_url: provider.base_url(),
            backup_url: None,
            app_id: merchant.app_id,
            mch_id: merchant.mch_id,
            merchant_serial: simulated::MERCHANT_SERIAL.to_owned(),
            merchant_key: simulated::MERCHANT_KEY.to_owned(),
            platform_keys: vec![
                WechatPayKey::PublicKey {
                    id: simulated::PLATFORM_KEY_ID.to_owned(),
                    pem: simulated::PLATFORM_PUBLIC_KEY.to_owned(),
                },
                WechatPayKey::Certificate(simulated::PLATFORM_CERTIFICATE.to_owned()),
            ],
            api_v3_key: merchant.api_v3_key,
            notify_url: inbox.url(),
            timeout: Duration::from_secs(2),
            clock,
        };
        set(&mut options);
        let client = Arc::new(WechatPay::new(options.clone()).unwrap());
        known.set(Arc::clone(&client)).ok().unwrap();
        Self {
            provider,
            client,
            options,
            notices,
            _inbox: inbox,
        }
    }

    async fn create(&self, order: &Order) -> Presented {
        match self.client.create(order, Some(OPENID)).await {
            ProviderAnswer::Created(presented) => presented,
            other => panic!("{other:?}"),
        }
    }

    async fn paid(&self, order: &Order) {
        self.create(order).await;
        self.provider.desk().pay(&order.order_no.to_string(), OPENID).unwrap();
    }

    /// The next notification that was delivered.
    async fn notice(&mut self) -> Result<Notice, Forged> {
        tokio::time::timeout(Duration::from_secs(60), self.notices.recv())
            .await
            .unwrap()
            .unwrap()
    }

    fn fault(&self, order: &Order, fault: Fault) {
        self.provider.desk().fault(&order.order_no.to_string(), fault);
    }
}

fn order(presentation: Presentation) -> Order {
    let start: Timestamp = EVENING.parse().unwrap();
    Order {
        channel: Channel::WechatPay,
        order_no: OrderNo::new(PaymentIntentId(Uuid::now_v7()), 1).unwrap(),
        amount: AMOUNT,
        description: "白泽台球 3号台, 台费".to_owned(),
        presentation,
        payer: MemberId(Uuid::now_v7()),
        expires_at: start + SignedDuration::from_hours(12),
    }
}

fn refund(order: &Order, amount: i64) -> RefundOrder {
    RefundOrder {
        channel: Channel::WechatPay,
        order_no: order.order_no,
        refund_no: RefundNo(RefundId(Uuid::now_v7())),
        amount: Fen(amount),
        paid: order.amount,
        reason: "未开台".to_owned(),
    }
}

fn is_paid(answer: &ProviderAnswer) -> bool {
    matches!(answer, ProviderAnswer::Order(OrderState::Paid(paid)) if paid.amount == AMOUNT)
}

fn declined(answer: &ProviderAnswer) -> Option<Decline> {
    match answer {
        ProviderAnswer::Declined { why, .. } => Some(*why),
        _ => None,
    }
}

#[tokio::test]
async fn an_order_in_the_app_is_paid_by_its_payer_and_told_as_a_question_would_tell_it() {
    let mut shop = Shop::open().await;
    let order = order(Presentation::InApp);
    let presented = shop.create(&order).await;
    let Presented::PrepayId(prepay_id) = &presented else {
        panic!("{presented:?}")
    };
    let sheet = shop.client.sheet(&presented, shop.options.clock.now()).unwrap();
    assert!(matches!(sheet, PaySheet::WechatPay { package, .. } if package == format!("prepay_id={prepay_id}")));
    assert_eq!(
        shop.client.query(order.order_no).await,
        ProviderAnswer::Order(OrderState::Waiting)
    );

    assert!(shop.provider.desk().pay(prepay_id, "somebody else").is_err());
    shop.provider.desk().pay(prepay_id, OPENID).unwrap();
    let Ok(Notice::Order { order_no, state }) = shop.notice().await else {
        panic!("another notice")
    };
    assert_eq!(order_no, order.order_no);
    let answer = ProviderAnswer::Order(state);
    assert!(is_paid(&answer), "{answer:?}");
    assert_eq!(shop.client.query(order.order_no).await, answer);
}

#[tokio::test]
async fn a_code_can_be_paid_by_whoever_scans_it() {
    let mut shop = Shop::open().await;
    let order = order(Presentation::QrCode);
    let Presented::Code(code) = shop.create(&order).await else {
        panic!("no code")
    };
    shop.provider.desk().pay(&code, "whoever").unwrap();
    assert!(matches!(shop.notice().await, Ok(Notice::Order { order_no, .. }) if order_no == order.order_no));
}

#[tokio::test]
async fn one_number_stands_for_one_order() {
    let shop = Shop::open().await;
    let first = order(Presentation::InApp);
    let presented = shop.create(&first).await;
    assert_eq!(shop.create(&first).await, presented);
    let dearer = Order {
        amount: Fen(3_251),
        ..first.clone()
    };
    assert_eq!(
        declined(&shop.client.create(&dearer, Some(OPENID)).await),
        Some(Decline::NumberUsed)
    );
    shop.provider.desk().pay(&first.order_no.to_string(), OPENID).unwrap();
    assert_eq!(
        declined(&shop.client.create(&first, Some(OPENID)).await),
        Some(Decline::WrongState)
    );
    let nobody = shop.client.create(&order(Presentation::InApp), None).await;
    assert_eq!(declined(&nobody), Some(Decline::PayerCannot));
}

#[tokio::test]
async fn what_is_closed_or_was_never_there_cannot_be_paid() {
    let shop = Shop::open().await;
    let order = order(Presentation::InApp);
    for answer in [
        shop.client.query(order.order_no).await,
        shop.client.close(order.order_no).await,
    ] {
        assert_eq!(answer, ProviderAnswer::Order(OrderState::NotFound));
    }
    shop.create(&order).await;
    for answer in [
        shop.client.close(order.order_no).await,
        shop.client.close(order.order_no).await,
        shop.client.query(order.order_no).await,
    ] {
        assert_eq!(answer, ProviderAnswer::Order(OrderState::Closed));
    }
    assert!(shop.provider.desk().pay(&order.order_no.to_string(), OPENID).is_err());
}

#[tokio::test]
async fn who_pays_while_the_order_is_closed_has_paid() {
    let shop = Shop::open().await;
    let racing = order(Presentation::InApp);
    shop.create(&racing).await;
    shop.fault(&racing, Fault::PaidWhileClosing);
    assert!(is_paid(&shop.client.close(racing.order_no).await));
    let before = order(Presentation::InApp);
    shop.paid(&before).await;
    assert!(is_paid(&shop.client.close(before.order_no).await));
}

#[tokio::test]
async fn money_goes_back_once_per_number_and_never_more_than_was_paid() {
    let mut shop = Shop::open().await;
    let order = order(Presentation::InApp);
    shop.create(&order).await;
    let first = refund(&order, 2_000);
    assert_eq!(declined(&shop.client.refund(&first).await), Some(Decline::WrongState));
    assert_eq!(
        shop.client.query_refund(order.order_no, first.refund_no).await,
        ProviderAnswer::Refund(RefundState::NotFound)
    );
    shop.provider.desk().pay(&order.order_no.to_string(), OPENID).unwrap();
    assert!(matches!(shop.notice().await, Ok(Notice::Order { .. })));

    assert_eq!(
        shop.client.refund(&first).await,
        ProviderAnswer::Refund(RefundState::Processing)
    );
    let Ok(Notice::Refund { refund_no, state }) = shop.notice().await else {
        panic!("another notice")
    };
    assert_eq!(refund_no, first.refund_no);
    assert!(matches!(state, RefundState::Succeeded { amount: Fen(2_000), .. }));
    assert_eq!(shop.client.refund(&first).await, ProviderAnswer::Refund(state.clone()));
    assert_eq!(
        shop.client.query_refund(order.order_no, first.refund_no).await,
        ProviderAnswer::Refund(state)
    );

    let changed = RefundOrder {
        amount: Fen(1_000),
        ..first.clone()
    };
    assert_eq!(declined(&shop.client.refund(&changed).await), Some(Decline::NumberUsed));
    assert_eq!(
        declined(&shop.client.refund(&refund(&order, 1_251)).await),
        Some(Decline::TooMuch)
    );
    assert_eq!(shop.provider.desk().book().refunds.len(), 1);
    assert!(
        is_paid(&shop.client.query(order.order_no).await),
        "refunded in part, and paid all the same"
    );
}

#[tokio::test]
async fn a_refund_that_cannot_be_paid_out_says_so() {
    let mut shop = Shop::open().await;
    for (fault, end) in [
        (Fault::RefundAbnormal, RefundState::Abnormal),
        (Fault::RefundClosed, RefundState::Closed),
    ] {
        let order = order(Presentation::InApp);
        shop.paid(&order).await;
        assert!(matches!(shop.notice().await, Ok(Notice::Order { .. })));
        shop.fault(&order, fault);
        let refund = refund(&order, 3_250);
        assert_eq!(
            shop.client.refund(&refund).await,
            ProviderAnswer::Refund(RefundState::Processing)
        );
        assert_eq!(
            shop.notice().await,
            Ok(Notice::Refund {
                refund_no: refund.refund_no,
                state: end.clone()
            })
        );
        assert_eq!(
            shop.client.query_refund(order.order_no, refund.refund_no).await,
            ProviderAnswer::Refund(end)
        );
    }
}

#[tokio::test]
async fn a_call_that_goes_wrong_once_is_repeated_and_done_once() {
    let shop = Shop::open().await;
    for fault in [Fault::ErrorFirst, Fault::ReplyLost, Fault::SlowReply, Fault::DoneLate] {
        let order = order(Presentation::InApp);
        shop.fault(&order, fault);
        shop.create(&order).await;
        shop.fault(&order, fault);
        assert_eq!(
            shop.client.query(order.order_no).await,
            ProviderAnswer::Order(OrderState::Waiting),
            "{fault:?}"
        );
        shop.provider.desk().pay(&order.order_no.to_string(), OPENID).unwrap();
        shop.fault(&order, fault);
        assert!(is_paid(&shop.client.close(order.order_no).await), "{fault:?}");
        shop.fault(&order, fault);
        let answer = shop.client.refund(&refund(&order, 3_250)).await;
        let back = matches!(
            answer,
            ProviderAnswer::Refund(RefundState::Processing | RefundState::Succeeded { .. })
        );
        assert!(back, "{fault:?}: {answer:?}");
        assert_eq!(
            shop.provider
                .desk()
                .book()
                .refunds_of(&order.order_no.to_string())
                .count(),
            1
        );
    }
    assert_eq!(shop.provider.desk().book().orders.len(), 4);
}

#[tokio::test]
async fn what_goes_wrong_every_time_leaves_everything_open_and_a_question_closes_it() {
    let shop = Shop::open().await;
    for (fault, state) in [
        (Fault::ErrorFirst, OrderState::NotFound),
        (Fault::ReplyLost, OrderState::Waiting),
    ] {
        let order = order(Presentation::InApp);
        for _ in 0..3 {
            shop.fault(&order, fault);
        }
        let answer = shop.client.create(&order, Some(OPENID)).await;
        assert!(matches!(answer, ProviderAnswer::Unknown { .. }), "{answer:?}");
        assert_eq!(shop.client.query(order.order_no).await, ProviderAnswer::Order(state));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_signed_rightly_is_no_answer() {
    let shop = Shop::open().await;
    let order = order(Presentation::InApp);
    shop.paid(&order).await;
    shop.provider.forge_answers(1);
    assert!(
        is_paid(&shop.client.query(order.order_no).await),
        "the second one is signed rightly"
    );
    shop.provider.forge_answers(3);
    let answer = shop.client.query(order.order_no).await;
    assert!(
        matches!(&answer, ProviderAnswer::Unknown { why } if why.contains("wrong signature")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn while_keys_change_both_are_believed_and_no_third() {
    let shop = Shop::open().await;
    let order = order(Presentation::InApp);
    shop.create(&order).await;
    for (serial, known) in [
        (simulated::PLATFORM_SERIAL, true),
        ("5157F09EFDC096DE", false),
        (simulated::PLATFORM_KEY_ID, true),
    ] {
        shop.provider.sign_as(serial);
        let answer = shop.client.query(order.order_no).await;
        assert_eq!(
            answer == ProviderAnswer::Order(OrderState::Waiting),
            known,
            "{serial}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_request_of_another_merchant_or_time_gets_nowhere() {
    let shop = Shop::with(1.0, |options| options.merchant_serial = "0123456789ABCDEF".to_owned()).await;
    let answer = shop.client.create(&order(Presentation::InApp), Some(OPENID)).await;
    assert_eq!(
        answer,
        ProviderAnswer::Declined {
            why: Decline::Merchant,
            code: "SIGN_ERROR".to_owned()
        }
    );

    let shop = Shop::open().await;
    let order = order(Presentation::InApp);
    for minutes in [10, -10] {
        shop.provider.desk().skew(SignedDuration::from_mins(minutes));
        let answer = shop.client.create(&order, Some(OPENID)).await;
        assert!(matches!(answer, ProviderAnswer::Unknown { .. }), "{answer:?}");
    }
    shop.provider.desk().skew(SignedDuration::from_mins(4));
    shop.create(&order).await;
    assert!(shop.provider.refused_calls() >= 6);
}

#[tokio::test]
async fn the_backup_host_is_asked_when_the_first_is_away() {
    let shop = Shop::with(1.0, |options| {
        let there = std::mem::replace(&mut options.base_url, "http://127.0.0.1:9".to_owned());
        options.backup_url = Some(there);
    });
    let shop = shop.await;
    let order = order(Presentation::QrCode);
    shop.create(&order).await;
    assert_eq!(
        shop.client.query(order.order_no).await,
        ProviderAnswer::Order(OrderState::Waiting)
    );
}

#[tokio::test]
async fn a_notification_that_is_not_believed_comes_again_rightly() {
    let mut shop = Shop::with(60.0, |_| {}).await;
    for (fault, error) in [
        (Fault::NoticeForged, Forged::Signature),
        (Fault::NoticeOtherMerchant, Forged::OtherMerchant),
    ] {
        let order = order(Presentation::InApp);
        shop.create(&order).await;
        shop.fault(&order, fault);
        shop.provider.desk().pay(&order.order_no.to_string(), OPENID).unwrap();
        assert_eq!(shop.notice().await, Err(error));
        let again = shop.notice().await;
        assert!(
            matches!(&again, Ok(Notice::Order { order_no, .. }) if *order_no == order.order_no),
            "{again:?}"
        );
    }
}

#[tokio::test]
async fn a_notification_may_come_twice_with_another_amount_late_or_before_the_answer() {
    let mut shop = Shop::with(60.0, |_| {}).await;
    let amount = |notice: Result<Notice, Forged>| match notice {
        Ok(Notice::Order {
            state: OrderState::Paid(paid),
            ..
        }) => paid.amount,
        other => panic!("{other:?}"),
    };
    for (fault, amounts) in [
        (Fault::NoticeDoubled, vec![AMOUNT, AMOUNT]),
        (Fault::NoticeWrongAmount, vec![Fen(3_251)]),
        (Fault::NoticeLate, vec![AMOUNT]),
    ] {
        let order = order(Presentation::InApp);
        shop.create(&order).await;
        shop.fault(&order, fault);
        shop.provider.desk().pay(&order.order_no.to_string(), OPENID).unwrap();
        for expected in amounts {
            assert_eq!(amount(shop.notice().await), expected, "{fault:?}");
        }
    }
    let order = order(Presentation::InApp);
    shop.fault(&order, Fault::NoticeBeforeReply);
    shop.create(&order).await;
    assert_eq!(
        amount(shop.notices.try_recv().unwrap()),
        AMOUNT,
        "it was there before the answer"
    );
}

#[tokio::test]
async fn notifications_may_come_in_any_order_or_not_at_all() {
    let mut shop = Shop::with(60.0, |_| {}).await;
    let (first, second) = (order(Presentation::InApp), order(Presentation::InApp));
    shop.create(&first).await;
    shop.fault(&first, Fault::NoticeReordered);
    shop.provider.desk().pay(&first.order_no.to_string(), OPENID).unwrap();
    shop.client.refund(&refund(&first, 3_250)).await;
    assert!(matches!(shop.notice().await, Ok(Notice::Refund { .. })));
    assert!(matches!(shop.notice().await, Ok(Notice::Order { order_no, .. }) if order_no == first.order_no));

    shop.create(&second).await;
    shop.fault(&second, Fault::NoticeDropped);
    shop.provider.desk().pay(&second.order_no.to_string(), OPENID).unwrap();
    assert!(
        is_paid(&shop.client.query(second.order_no).await),
        "asking finds out what nobody told"
    );
}

#[tokio::test]
async fn the_bill_of_a_day_is_the_book_of_the_provider() {
    let shop = Shop::open().await;
    let date = "2026-11-22".parse().unwrap();
    let orders: Vec<_> = (0..4).map(|_| order(Presentation::InApp)).collect();
    for order in &orders {
        shop.paid(order).await;
    }
    let back = refund(&orders[0], 1_000);
    shop.client.refund(&back).await;
    assert!(
        matches!(shop.client.bill(date).await, Err(BillError::Failed(_))),
        "the day is not over"
    );

    // The next morning; the client's clock is set as the provider's.
    let next_day = |hours: i64| {
        let off = SignedDuration::from_hours(hours);
        shop.provider.desk().skew(off);
        let start: Timestamp = EVENING.parse().unwrap();
        let clock = Clock::scaled(Timestamp::now(), start + off, 1.0);
        WechatPay::new(WechatPayOptions {
            clock,
            ..shop.options.clone()
        })
        .unwrap()
    };
    assert!(
        matches!(next_day(13).bill(date).await, Err(BillError::NotYet)),
        "nine o'clock"
    );
    let client = next_day(15);
    let bill = client.bill(date).await.unwrap();
    let book = shop.provider.desk().book();
    for order in &orders {
        let BookState::Paid(payment) = &book.orders[&order.order_no.to_string()].state else {
            panic!("not paid")
        };
        let row = BillRow {
            order_no: order.order_no.to_string(),
            transaction_id: payment.transaction_id.clone(),
            kind: BillKind::Payment,
            amount: AMOUNT,
            fee: Fen(20),
            at: Timestamp::from_second(payment.at.as_second()).unwrap(),
        };
        assert!(bill.contains(&row), "{bill:?}");
    }
    let refunds: Vec<_> = bill
        .iter()
        .filter(
            |row| matches!(&row.kind, BillKind::Refund { refund_no, .. } if *refund_no == back.refund_no.to_string()),
        )
        .collect();
    assert_eq!(
        refunds.iter().map(|row| (row.amount, row.fee)).collect::<Vec<_>>(),
        [(Fen(1_000), Fen(-6))]
    );
    assert_eq!(bill.len(), 5);

    shop.fault(&orders[1], Fault::BillMissing);
    shop.fault(&orders[2], Fault::BillOtherFee);
    shop.fault(&orders[3], Fault::BillExtra);
    let other = client.bill(date).await.unwrap();
    let number = |order: &Order| order.order_no.to_string();
    assert!(other.iter().all(|row| row.order_no != number(&orders[1])));
    assert!(
        other
            .iter()
            .any(|row| row.order_no == number(&orders[2]) && row.fee == Fen(21))
    );
    assert!(other.iter().any(|row| row.order_no.starts_with("EXTRA")));
    assert_eq!(other.len(), 5);
    assert!(matches!(
        client.bill("2026-11-21".parse().unwrap()).await,
        Err(BillError::Empty)
    ));
}

/// Goes through an order's life with whatever fault it meets, asking wherever an answer is missing.
async fn live(client: Arc<WechatPay>, desk: Arc<baize_simulators::provider::Desk>, order: Order) {
    let number = order.order_no.to_string();
    while !desk.book().orders.contains_key(&number) {
        client.create(&order, Some(OPENID)).await;
    }
    // Some faults make the payer faster.
    let _ = desk.pay(&number, OPENID);
    let mut closed = client.close(order.order_no).await;
    while matches!(closed, ProviderAnswer::Unknown { .. }) {
        closed = client.query(order.order_no).await;
    }
    assert!(is_paid(&closed), "{closed:?}");
    let refund = refund(&order, AMOUNT.0);
    client.refund(&refund).await;
    loop {
        match client.query_refund(order.order_no, refund.refund_no).await {
            ProviderAnswer::Refund(RefundState::Succeeded { amount, .. }) => break assert_eq!(amount, AMOUNT),
            ProviderAnswer::Refund(RefundState::NotFound) => drop(client.refund(&refund).await),
            _ => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_each_order_is_paid_once_and_refunded_once() {
    let faults = Some(Seeded {
        seed: 20_261_122,
        rate: 1.0,
        reach: Reach::Healing,
    });
    let shop = Shop::with_faults(1.0, faults, |_| {}).await;
    let mut lives = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let desk = Arc::clone(shop.provider.desk());
        lives.spawn(live(Arc::clone(&shop.client), desk, order(Presentation::InApp)));
    }
    let ended = tokio::time::timeout(Duration::from_secs(120), lives.join_all()).await;
    assert!(ended.is_ok(), "each comes to an end");
    let book = shop.provider.desk().book();
    assert_eq!((book.orders.len(), book.refunds.len()), (40, 40));
    assert!(
        book.orders
            .values()
            .all(|order| matches!(order.state, BookState::Paid(_)))
    );
    assert!(
        book.refunds
            .values()
            .all(|refund| matches!(refund.state, BookRefund::Succeeded(_)))
    );
}
