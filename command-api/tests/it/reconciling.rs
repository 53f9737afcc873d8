//! Bills of both simulated providers, reconciled by the running service the morning after.

use std::sync::Arc;
use std::time::Duration;

use baize_command_api::payments::alipay::{Alipay, AlipayOptions, AlipayTrust};
use baize_command_api::payments::provider::{BillKind, BillRow, Provider};
use baize_command_api::payments::wechat_pay::{WechatPay, WechatPayKey, WechatPayOptions};
use baize_command_api::{CommandApi, Options, PaymentOptions};
use baize_domain::ids::reconciliation_id;
use baize_domain::journal::{Account, JournalEvent, Source};
use baize_domain::payment::{Channel, OrderNo};
use baize_domain::reconciliation::{DifferenceKind, Numbered, ReconciliationEvent};
use baize_domain::{Event, Fen};
use baize_eventlog::Clock;
use baize_proto::hall::payment::v1::get_pay_sheet_response::Sheet;
use baize_proto::hall::payment::v1::start_payment_request::Purpose;
use baize_proto::hall::payment::v1::{
    Channel as Named, CloseDifferenceRequest, Closing, ExplainDifferenceRequest, GetPaySheetRequest, Presentation,
    RerunReconciliationRequest, StartPaymentRequest, TopUp,
};
use baize_simulators::alipay as other;
use baize_simulators::provider::{DeskOptions, Fault};
use baize_simulators::wechat_pay as simulated;
use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, offset};
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use super::payments::Till;
use super::world::{Clients, KEYS, PATIENCE, World, database, refused, request_id, until};

const COMPARED: &str = "SELECT count(*) FROM events WHERE event_type = 'BillCompared'";
const PAID: &str = "SELECT count(*) FROM events WHERE event_type = 'AttemptPaid'";

/// What is wrong with the bill.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Missing,
    Extra,
    Fee,
}

enum Simulated {
    WechatPay(simulated::WechatPay),
    Alipay(other::Alipay),
}

impl Simulated {
    /// At noon of a day, Beijing's.
    async fn wechat_pay() -> Self {
        let noon: Timestamp = "2026-11-20T04:00:00Z".parse().unwrap();
        let desk = DeskOptions {
            clock: Clock::scaled(Timestamp::now(), noon, 1.0),
            ..DeskOptions::default()
        };
        let provider = simulated::WechatPay::start(simulated::Merchant::default(), desk).await;
        Self::WechatPay(provider.unwrap())
    }

    /// At noon of a day, Beijing's.
    async fn alipay() -> Self {
        let options = other::AlipayOptions {
            app_id: "2021000000000001".to_owned(),
            seller_id: "2088000000000001".to_owned(),
            certificates: false,
            ..other::AlipayOptions::default()
        };
        let alipay = other::Alipay::start(options).await.unwrap();
        let noon = day_of(alipay.now()).tomorrow().unwrap().at(12, 0, 0, 0);
        alipay.advance(
            noon.to_zoned(beijing())
                .unwrap()
                .timestamp()
                .duration_since(alipay.now()),
        );
        Self::Alipay(alipay)
    }

    fn now(&self) -> Timestamp {
        match self {
            Self::WechatPay(provider) => provider.desk().now(),
            Self::Alipay(alipay) => alipay.now(),
        }
    }

    fn channel(&self) -> (Channel, Named) {
        match self {
            Self::WechatPay(_) => (Channel::WechatPay, Named::WechatPay),
            Self::Alipay(_) => (Channel::Alipay, Named::Alipay),
        }
    }

    /// Twenty past ten of the next morning.
    fn next_morning(&self) {
        let morning = day_of(self.now()).tomorrow().unwrap().at(10, 20, 0, 0);
        let by = morning
            .to_zoned(beijing())
            .unwrap()
            .timestamp()
            .duration_since(self.now());
        match self {
            Self::WechatPay(provider) => provider.desk().skew(by),
            Self::Alipay(alipay) => alipay.advance(by),
        }
    }

    fn fault(&self, order_no: &str, wrong: Wrong) {
        match self {
            Self::WechatPay(provider) => provider.desk().fault(
                order_no,
                match wrong {
                    Wrong::Missing => Fault::BillMissing,
                    Wrong::Extra => Fault::BillExtra,
                    Wrong::Fee => Fault::BillOtherFee,
                },
            ),
            Self::Alipay(alipay) => alipay.fault(
                order_no,
                &[match wrong {
                    Wrong::Missing => other::Fault::BillRowMissing,
                    Wrong::Extra => other::Fault::BillRowExtra,
                    Wrong::Fee => other::Fault::BillOtherFee,
                }],
            ),
        }
    }

    fn pay(&self, order_no: &str, code: &str) {
        match self {
            Self::WechatPay(provider) => drop(provider.desk().pay(order_no, "payer").unwrap()),
            Self::Alipay(alipay) => {
                assert_eq!(alipay.scan(code).unwrap(), order_no);
                alipay.pay(order_no).unwrap();
            }
        }
    }

    /// How the service is run on `url` at the provider's time.
    fn options(&self, url: &str) -> Options {
        let clock = Clock::scaled(Timestamp::now(), self.now(), 1.0);
        let listen = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let notify_url = format!("http://{listen}/callbacks/{}", self.channel().0.code());
        let provider: Arc<dyn Provider> = match self {
            Self::WechatPay(provider) => {
                let merchant = simulated::Merchant::default();
                let options = WechatPayOptions {
                    base_url: provider.base_url(),
                    backup_url: None,
                    app_id: merchant.app_id,
                    mch_id: merchant.mch_id,
                    merchant_serial: simulated::MERCHANT_SERIAL.to_owned(),
                    merchant_key: simulated::MERCHANT_KEY.to_owned(),
                    platform_keys: vec![WechatPayKey::PublicKey {
                        id: simulated::PLATFORM_KEY_ID.to_owned(),
                        pem: simulated::PLATFORM_PUBLIC_KEY.to_owned(),
                    }],
                    api_v3_key: merchant.api_v3_key,
                    notify_url,
                    timeout: Duration::from_secs(10),
                    clock: clock.clone(),
                };
                Arc::new(WechatPay::new(options).unwrap())
            }
            Self::Alipay(alipay) => {
                let options = AlipayOptions {
                    gateway_url: alipay.gateway_url(),
                    app_id: "2021000000000001".to_owned(),
                    seller_id: "2088000000000001".to_owned(),
                    app_private_key: other::keys::APP_PRIVATE.to_owned(),
                    trust: AlipayTrust::PublicKey(other::keys::ALIPAY_PUBLIC.to_owned()),
                    notify_url,
                    timeout: Duration::from_secs(10),
                    clock: clock.clone(),
                };
                Arc::new(Alipay::new(options).unwrap())
            }
        };
        let mut payments = PaymentOptions::new(vec![provider]);
        payments.callbacks.listen = listen;
        payments.reconcile.interval = Duration::from_millis(50);
        let mut options = Options::new(url);
        options.clock = clock;
        options.payments = Some(payments);
        options.keys = KEYS.clone();
        options
    }

    /// Orders of ¥88.88 that are paid, each with what will be wrong with it in the bill.
    async fn sell(&self, url: &str, wrongs: &[Option<Wrong>]) {
        let world = World::on(self.options(url)).await;
        let mut clients = world.clients.clone();
        let member_id = clients.newcomer().await;
        for wrong in wrongs {
            let start = StartPaymentRequest {
                request_id: request_id(),
                member_id: member_id.clone(),
                purpose: Some(Purpose::TopUp(TopUp { amount_fen: 8_888 })),
                channel: self.channel().1.into(),
                presentation: Presentation::QrCode.into(),
                ..StartPaymentRequest::default()
            };
            let intent_id = clients
                .payment
                .start_payment(start)
                .await
                .unwrap()
                .into_inner()
                .intent_id;
            let order_no = OrderNo::new(intent_id.parse().unwrap(), 1).unwrap().to_string();
            let code = presented(&mut clients, &intent_id).await;
            if let Some(wrong) = wrong {
                self.fault(&order_no, *wrong);
            }
            self.pay(&order_no, &code);
        }
        let paid = wrongs.len() as i64;
        until(url, PAID, |number| number == paid).await;
        world.api.stop().await;
    }
}

async fn presented(clients: &mut Clients, intent_id: &str) -> String {
    let presented = async {
        loop {
            let ask = GetPaySheetRequest {
                intent_id: intent_id.to_owned(),
            };
            let sheet = clients.payment.get_pay_sheet(ask).await.unwrap().into_inner();
            if let Some(Sheet::Code(code)) = sheet.sheet {
                return code;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, presented).await.expect("a code")
}

fn beijing() -> TimeZone {
    TimeZone::fixed(offset(8))
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(beijing()).date()
}

/// Everything that reconciling wrote: its events, and what it posted.
async fn written(world: &World) -> (Vec<ReconciliationEvent>, Vec<(Source, Vec<(Account, i64)>)>) {
    let last = world.count("SELECT max(position) FROM events").await;
    let mut history = world.history().await;
    history.read_to(last as u64).await;
    let (mut events, mut posted) = (Vec::new(), Vec::new());
    for event in history.events.iter().map(super::world::decoded) {
        match event {
            Event::Reconciliation(event) => events.push(event),
            Event::Journal(JournalEvent::TransactionPosted { source, entries, .. }) => {
                let entries = entries.iter().map(|entry| (entry.account, entry.amount.0));
                posted.push((source, entries.collect()));
            }
            _ => {}
        }
    }
    posted.retain(|(source, _)| matches!(source, Source::ProviderFees(_)));
    (events, posted)
}

fn opened(events: &[ReconciliationEvent]) -> Vec<Numbered> {
    let of = |event: &ReconciliationEvent| match event {
        ReconciliationEvent::DifferencesOpened { differences, .. } => differences.clone(),
        _ => Vec::new(),
    };
    events.iter().flat_map(of).collect()
}

/// A day with a row missing, a row too many and another fee: each is found, explained and closed; a rerun finds nothing new.
async fn a_day_with_every_fault(provider: Simulated) {
    let url = database().await;
    let day = day_of(provider.now());
    let (channel, named) = provider.channel();
    let wrongs = [None, Some(Wrong::Missing), Some(Wrong::Extra), Some(Wrong::Fee), None];
    provider.sell(&url, &wrongs).await;
    provider.next_morning();

    let world = World::on(provider.options(&url)).await;
    until(&url, COMPARED, |number| number == 1).await;
    let (events, posted) = written(&world).await;
    let ReconciliationEvent::BillCompared {
        bill,
        book,
        matched,
        fees,
        ..
    } = &events[1]
    else {
        panic!("{:?}", events[1]);
    };
    assert_eq!((bill.rows, book.rows, matched.rows), (5, 5, 3));
    assert_eq!((bill.amount, book.amount), (Fen(5 * 8_888), Fen(5 * 8_888)));
    let mut kinds: Vec<_> = opened(&events).iter().map(|found| found.difference.kind).collect();
    kinds.sort_by_key(|kind| format!("{kind:?}"));
    let expected = [
        DifferenceKind::FeeDiffers,
        DifferenceKind::MissingHere,
        DifferenceKind::MissingThere,
    ];
    assert_eq!(kinds, expected);
    assert_eq!((fees.expected.0, fees.billed.0), (5 * 53, 5 * 53 + 1));
    let id = reconciliation_id(channel, day);
    let entries = vec![
        (Account::ProviderFees, fees.billed.0),
        (Account::clearing(channel), -fees.billed.0),
    ];
    assert_eq!(posted, [(Source::ProviderFees(id), entries)]);

    let mut client = baize_proto::hall::payment::v1::reconciliation_service_client::ReconciliationServiceClient::new(
        world.clients.channel.clone(),
    );
    let close = |number| CloseDifferenceRequest {
        request_id: request_id(),
        reconciliation_id: id.to_string(),
        number,
        closing: Closing::Explained.into(),
    };
    let early = client.close_difference(close(1)).await;
    refused(early, Code::FailedPrecondition, "DIFFERENCE_NOT_EXPLAINED");
    for number in 1..=3 {
        let explain = ExplainDifferenceRequest {
            request_id: request_id(),
            reconciliation_id: id.to_string(),
            number,
            reason: "the provider was asked".to_owned(),
        };
        client.explain_difference(explain).await.unwrap();
        client.close_difference(close(number)).await.unwrap();
    }
    let finished = "SELECT count(*) FROM events WHERE event_type = 'ReconciliationFinished'";
    assert_eq!(world.count(finished).await, 1);

    let rerun = |date: Date| RerunReconciliationRequest {
        request_id: request_id(),
        channel: named.into(),
        date: date.to_string(),
    };
    let never = client.rerun_reconciliation(rerun(day.yesterday().unwrap())).await;
    refused(never, Code::NotFound, "RECONCILIATION_NOT_FOUND");
    client.rerun_reconciliation(rerun(day)).await.unwrap();
    until(&url, COMPARED, |number| number == 2).await;
    let (events, posted) = written(&world).await;
    assert_eq!((opened(&events).len(), posted.len()), (3, 1));
    assert!(matches!(
        events.last(),
        Some(ReconciliationEvent::BillCompared { run: 2, .. })
    ));
    world.api.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bill_of_wechat_pays_is_reconciled_the_next_morning_and_its_differences_are_closed() {
    a_day_with_every_fault(Simulated::wechat_pay().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bill_of_alipays_is_reconciled_the_next_morning_and_its_differences_are_closed() {
    a_day_with_every_fault(Simulated::alipay().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_reconciled_once_though_the_service_dies_in_the_middle_and_a_day_was_missed() {
    let provider = Simulated::wechat_pay().await;
    let url = database().await;
    provider.sell(&url, &[None, Some(Wrong::Missing)]).await;
    provider.next_morning();
    if let Simulated::WechatPay(provider) = &provider {
        // Nobody was there the next morning.
        let ahead = provider
            .desk()
            .now()
            .duration_since("2026-11-20T04:00:00Z".parse().unwrap());
        provider.desk().skew(ahead + SignedDuration::from_hours(24));
    }

    // From here on events can be read, but not written.
    let mut blocker = PgConnection::connect(&url).await.unwrap();
    let mut blocking = blocker.begin().await.unwrap();
    sqlx::query("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *blocking)
        .await
        .unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mortal = runtime
        .spawn(CommandApi::start(provider.options(&url)))
        .await
        .unwrap()
        .unwrap();
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'events'::regclass";
    until(&url, waits, |number| number >= 1).await;
    runtime.shutdown_background();
    drop(mortal);
    blocking.rollback().await.unwrap();

    let world = World::on(provider.options(&url)).await;
    until(&url, COMPARED, |number| number == 2).await;
    let (events, posted) = written(&world).await;
    assert_eq!(opened(&events).len(), 1);
    assert_eq!(posted.len(), 1, "the day without business has no fees");
    let dates: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ReconciliationEvent::ReconciliationStarted { date, .. } => Some(date.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(dates, ["2026-11-20", "2026-11-21"]);
    world.api.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_can_be_reconciled_by_hand_without_a_running_service() {
    let provider = Simulated::alipay().await;
    let url = database().await;
    let day = day_of(provider.now());
    provider.sell(&url, &[None, Some(Wrong::Missing)]).await;
    provider.next_morning();
    let options = provider.options(&url);
    for _ in 0..2 {
        let state = baize_command_api::reconcile(&options, Channel::Alipay, day)
            .await
            .unwrap();
        let compared = state.compared.as_ref().unwrap();
        assert_eq!((compared.run, compared.matched.rows, state.open()), (1, 1, 1));
    }
    let not_set_up = baize_command_api::reconcile(&options, Channel::WechatPay, day).await;
    assert!(not_set_up.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_paid_in_the_last_second_of_a_day_may_be_in_the_next_days_bill() {
    let (first, second) = (date(2026, 9, 20), date(2026, 9, 21));
    let midnight = second.to_zoned(beijing()).unwrap().timestamp();
    let mut till = Till::open().await;
    let intent_id = till.start(5_000).await.intent_id;
    assert_eq!(till.tell_at(&intent_id, 5_000, midnight.as_second() - 1).await, 200);
    let row = BillRow {
        order_no: OrderNo::new(intent_id.parse().unwrap(), 1).unwrap().to_string(),
        transaction_id: "4200001".to_owned(),
        kind: BillKind::Payment,
        amount: Fen(5_000),
        fee: Fen(30),
        at: midnight,
    };
    let provider: Arc<dyn Provider> = Arc::clone(&till.provider) as _;
    let mut options = Options::new(&till.world.url);
    options.payments = Some(PaymentOptions::new(vec![provider]));
    let reconciled = async |date| baize_command_api::reconcile(&options, Channel::WechatPay, date).await;

    assert!(reconciled(first).await.is_err(), "no bill was made yet");
    assert_eq!(till.world.count(COMPARED).await, 0);
    till.provider.bills(first, Vec::new());
    let state = reconciled(first).await.unwrap();
    assert_eq!((state.open(), state.finished), (1, false));
    till.provider.bills(second, vec![row]);
    let state = reconciled(first).await.unwrap();
    assert_eq!((state.open(), state.finished), (0, true));
    let state = reconciled(second).await.unwrap();
    let matched = state.compared.as_ref().unwrap().matched;
    assert_eq!((state.open(), matched.rows, matched.amount), (0, 1, Fen(5_000)));
}
