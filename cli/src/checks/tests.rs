//! A sound evening passes every check; each broken one fails the check that is there for it.

use std::collections::HashMap;
use std::sync::Arc;

use baize_domain::Event;
use baize_domain::device::{DesireReason, DeviceEvent, Driver, LightChannel};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{DeviceId, HoldId, MemberId, SessionId, TableId};
use baize_domain::journal::{Account, Entry, JournalEvent, Source};
use baize_domain::money::Fen;
use baize_domain::payment::{Channel, Order, OrderNo, Paid, PaymentEvent, Presentation, Use};
use baize_domain::session::{Bill, BillLine, BillingStartCause, CloseCause, SessionMode, TableSessionEvent};
use baize_domain::table::TableEvent;
use baize_domain::tariff::{self, Days, PinnedTariff, Stretch, Tariff};
use baize_domain::wallet::{Split, TopUpChannel, WalletEvent};
use baize_eventlog::{META_REQUEST_ID, RecordedEvent, StreamId};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Book, Check, of_the_log};

const PLAYED_MINUTES: i64 = 30;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn tariff() -> Tariff {
    Tariff {
        name: "Flat".to_owned(),
        price_per_hour: Fen(3_600),
        bands: Vec::new(),
        step_minutes: 1,
        minimum: Fen::ZERO,
        cap: None,
        grace_seconds: 0,
        ..Tariff::default()
    }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn pinned() -> PinnedTariff {
    PinnedTariff {
        plan_id: id(8).into(),
        version: 1,
        tariff: tariff(),
        days: Days::default(),
    }
}

fn bill() -> Bill {
    let played = Stretch {
        prices: &pinned(),
        from: at(2),
        to: at(2 + PLAYED_MINUTES * 60),
    };
    tariff::bill(&TimeZone::UTC, &[played], None, &[])
}

/// One postpaid session from top-up to settlement, with the streams of its events.
fn evening() -> Vec<(Uuid, Event)> {
    let (table, session, member, device) = (TableId(id(1)), SessionId(id(2)), MemberId(id(3)), DeviceId(id(4)));
    let (hold_id, light) = (
        HoldId(id(5)),
        LightChannel {
            device_id: device,
            channel: 1,
        },
    );
    let closed_at = at(2 + PLAYED_MINUTES * 60);
    let paid = bill().total;
    let split = |principal| Split {
        principal,
        bonus: Fen::ZERO,
    };
    let post = |number, source, entries: &[(Account, Fen)]| {
        let entries = entries
            .iter()
            .map(|&(account, amount)| Entry { account, amount })
            .collect();
        let posted = JournalEvent::TransactionPosted {
            transaction_id: id(number).into(),
            hall_id: None,
            member_id: member,
            source,
            entries,
            at: at(0),
        };
        (id(number), Event::Journal(posted))
    };
    let desired = |rev, on, not_after, issued_at| DeviceEvent::LightDesired {
        channel: 1,
        rev,
        on,
        session_id: Some(session),
        not_after,
        reason: DesireReason::SessionOpened,
        issued_at,
    };
    let confirmed = |rev, on, at| DeviceEvent::LightConfirmed {
        channel: 1,
        rev,
        session_id: Some(session),
        on,
        latency_ms: 900,
        attempts: 1,
        at,
    };
    let mode = SessionMode::Postpaid {
        hold_id,
        held: Fen(3_600),
        covered_until: at(3600),
    };
    let opened = TableSessionEvent::SessionOpened {
        session_id: session,
        table_id: table,
        hall_id: id(9).into(),
        member_id: member,
        mode,
        light,
        tariff: Arc::new(pinned()),
        discount: None,
        time_zone: "UTC".to_owned(),
        policy: HallPolicy::default(),
        opened_at: at(1),
    };
    let closed = TableSessionEvent::SessionClosed {
        at: closed_at,
        cause: CloseCause::Customer,
        reason: None,
        bill: bill(),
        light,
        light_until: closed_at,
    };
    let billing = TableSessionEvent::BillingStarted {
        at: at(2),
        cause: BillingStartCause::LightConfirmed,
        covered_until: at(3602),
    };
    let registered = DeviceEvent::DeviceRegistered {
        device_id: device,
        hall_id: id(9).into(),
        driver: Driver::Tasmota,
        topic: "lamp".to_owned(),
        channels: 1,
    };
    let top_up = WalletEvent::TopUpCredited {
        top_up_id: id(6).into(),
        channel: TopUpChannel::Counter,
        amount: split(Fen(10_000)),
        at: at(0),
    };
    vec![
        (device.0, Event::Device(registered)),
        (
            member.0,
            Event::Wallet(WalletEvent::WalletOpened {
                member_id: member,
                at: at(0),
            }),
        ),
        (member.0, Event::Wallet(top_up)),
        post(
            20,
            Source::TopUp(id(6).into()),
            &[
                (Account::CounterClearing, Fen(10_000)),
                (Account::MemberPrincipal, Fen(-10_000)),
            ],
        ),
        (
            table.0,
            Event::Table(TableEvent::TableOccupied {
                session_id: session,
                at: at(1),
            }),
        ),
        (
            member.0,
            Event::Wallet(WalletEvent::FundsHeld {
                hold_id,
                session_id: session,
                amount: Fen(3_600),
                at: at(1),
            }),
        ),
        (session.0, Event::TableSession(opened)),
        (device.0, Event::Device(desired(1, true, Some(at(3700)), at(1)))),
        (device.0, Event::Device(confirmed(1, true, at(2)))),
        (session.0, Event::TableSession(billing)),
        (session.0, Event::TableSession(closed)),
        (
            table.0,
            Event::Table(TableEvent::TableReleased {
                session_id: session,
                at: closed_at,
            }),
        ),
        (device.0, Event::Device(desired(2, false, None, closed_at))),
        (device.0, Event::Device(confirmed(2, false, closed_at))),
        (
            member.0,
            Event::Wallet(WalletEvent::HoldCaptured {
                hold_id,
                session_id: session,
                captured: split(paid),
                released: Fen(3_600) - paid,
                at: closed_at,
            }),
        ),
        post(
            21,
            Source::Settlement(session),
            &[(Account::MemberPrincipal, paid), (Account::Revenue, -paid)],
        ),
        (
            session.0,
            Event::TableSession(TableSessionEvent::SessionSettled {
                paid,
                outstanding: Fen::ZERO,
                at: closed_at,
            }),
        ),
    ]
}

fn recorded(events: Vec<(Uuid, Event)>) -> Vec<RecordedEvent> {
    let mut sequences: HashMap<(&str, Uuid), u64> = HashMap::new();
    let mut log = Vec::new();
    for (position, (stream, event)) in (1..).zip(events) {
        let sequence = sequences.entry((event.aggregate_type(), stream)).or_default();
        *sequence += 1;
        log.push(RecordedEvent {
            position,
            stream: StreamId::new(event.aggregate_type(), stream.to_string()),
            sequence: *sequence,
            event_type: event.event_type().to_owned(),
            event_version: "1.0.0".to_owned(),
            payload: serde_json::to_string(&event).unwrap().into(),
            metadata: Arc::new([(META_REQUEST_ID.to_owned(), id(77).to_string())].into()),
            recorded_at: at(0),
        });
    }
    log
}

/// The names of the checks that fail.
fn failing(log: &[RecordedEvent]) -> Vec<String> {
    let mut book = Book::new(Timestamp::MAX);
    for event in log {
        book.take(event).unwrap();
    }
    of_the_log(&book)
        .into_iter()
        .filter(|check| !check.ok())
        .map(|check| check.name)
        .collect()
}

/// Breaks one event of the evening, the first that `pick` takes.
fn broken(mut pick: impl FnMut(&mut Event) -> bool) -> Vec<String> {
    let mut events = evening();
    assert!(events.iter_mut().any(|(_, event)| pick(event)), "nothing was broken");
    failing(&recorded(events))
}

/// The evening without the first event that `pick` takes.
fn without(pick: impl Fn(&Event) -> bool) -> Vec<String> {
    let mut events = evening();
    let found = events.iter().position(|(_, event)| pick(event)).unwrap();
    events.remove(found);
    failing(&recorded(events))
}

/// The evening with the first event that `pick` takes twice.
fn twice(pick: impl Fn(&Event) -> bool) -> Vec<String> {
    let mut events = evening();
    let found = events.iter().position(|(_, event)| pick(event)).unwrap();
    let again = events[found].clone();
    events.push(again);
    failing(&recorded(events))
}

#[track_caller]
fn fails(failing: &[String], check: &str) {
    assert!(
        failing.iter().any(|name| name == check),
        "{check:?} passed; failed: {failing:?}"
    );
}

#[test]
fn a_sound_evening_passes() {
    assert!(bill().total > Fen::ZERO);
    assert_eq!(failing(&recorded(evening())), Vec::<String>::new());
}

#[test]
fn a_gap_in_the_positions_fails() {
    let mut log = recorded(evening());
    log.remove(3);
    fails(&failing(&log), "positions are dense, 1 to N");
}

#[test]
fn a_gap_in_a_stream_fails() {
    let mut log = recorded(evening());
    log[2].sequence = 3;
    fails(&failing(&log), "streams count 1, 2, 3, …");
}

#[test]
fn a_second_session_at_a_taken_table_fails() {
    let mut events = evening();
    let occupied = Event::Table(TableEvent::TableOccupied {
        session_id: SessionId(id(99)),
        at: at(3),
    });
    events.insert(9, (id(1), occupied));
    fails(&failing(&recorded(events)), "one session at a time has a table");
}

#[test]
fn a_session_that_closes_twice_fails() {
    let closed = |event: &Event| matches!(event, Event::TableSession(TableSessionEvent::SessionClosed { .. }));
    fails(&twice(closed), "sessions begin, bill and end once");
}

#[test]
fn a_light_that_comes_late_fails() {
    let late = broken(|event| match event {
        Event::Device(DeviceEvent::LightConfirmed {
            at: confirmed,
            on: true,
            ..
        }) => {
            *confirmed = at(1) + SignedDuration::from_secs(31);
            true
        }
        _ => false,
    });
    fails(&late, "each session has light within its limit, or is cancelled");
}

#[test]
fn a_session_without_light_fails() {
    let confirmed = |event: &Event| matches!(event, Event::Device(DeviceEvent::LightConfirmed { on: true, .. }));
    fails(
        &without(confirmed),
        "each session has light within its limit, or is cancelled",
    );
}

#[test]
fn a_bill_whose_lines_do_not_sum_fails() {
    let wrong = broken(|event| match event {
        Event::TableSession(TableSessionEvent::SessionClosed { bill, .. }) => {
            bill.lines.push(BillLine::MinimumCharge { amount: Fen(1) });
            true
        }
        _ => false,
    });
    fails(&wrong, "the lines of every bill sum to its total");
}

#[test]
fn a_bill_of_a_fen_too_much_fails() {
    let wrong = broken(|event| match event {
        Event::TableSession(TableSessionEvent::SessionClosed { bill, .. }) => {
            bill.lines.push(BillLine::MinimumCharge { amount: Fen(1) });
            bill.total += Fen(1);
            true
        }
        _ => false,
    });
    fails(&wrong, "every bill equals its tariff");
    fails(&wrong, "paid + owed = billed, and paid = what the wallet gave");
}

#[test]
fn a_session_that_is_never_settled_fails_and_so_does_one_that_is_settled_twice() {
    let settled = |event: &Event| matches!(event, Event::TableSession(TableSessionEvent::SessionSettled { .. }));
    fails(&without(settled), "every closed session is settled exactly once");
    fails(&twice(settled), "every closed session is settled exactly once");
    fails(&twice(settled), "settled sessions = revenue in the journal");
}

#[test]
fn a_settlement_that_the_wallet_did_not_pay_fails() {
    let captured = |event: &Event| matches!(event, Event::Wallet(WalletEvent::HoldCaptured { .. }));
    let unpaid = without(captured);
    fails(&unpaid, "paid + owed = billed, and paid = what the wallet gave");
    fails(&unpaid, "principal in wallets = in the journal");
}

#[test]
fn money_that_is_not_there_fails() {
    let top_up = |event: &Event| matches!(event, Event::Wallet(WalletEvent::TopUpCredited { .. }));
    fails(&without(top_up), "no wallet is ever negative");
}

#[test]
fn a_hold_that_vanishes_in_part_fails() {
    let wrong = broken(|event| match event {
        Event::Wallet(WalletEvent::HoldCaptured { released, .. }) => {
            *released -= Fen(1);
            true
        }
        _ => false,
    });
    fails(&wrong, "no wallet is ever negative");
}

#[test]
fn a_transaction_that_does_not_balance_fails() {
    let wrong = broken(|event| match event {
        Event::Journal(JournalEvent::TransactionPosted { entries, .. }) => {
            entries[0].amount += Fen(1);
            true
        }
        _ => false,
    });
    fails(&wrong, "each transaction sums to zero");
    fails(&wrong, "journal: debits = credits");
}

#[test]
fn revenue_that_no_session_brought_in_fails() {
    let posted = |event: &Event| {
        matches!(
            event,
            Event::Journal(JournalEvent::TransactionPosted {
                source: Source::Settlement(_),
                ..
            })
        )
    };
    fails(&twice(posted), "settled sessions = revenue in the journal");
}

#[test]
fn what_is_still_under_way_is_not_judged_by_what_it_lacks() {
    let mut events = evening();
    events.retain(|(_, event)| !matches!(event, Event::TableSession(TableSessionEvent::SessionSettled { .. })));
    let mut book = Book::new(at(0) - SignedDuration::from_secs(1));
    for event in recorded(events) {
        book.take(&event).unwrap();
    }
    let settled = of_the_log(&book)
        .into_iter()
        .find(|check| check.name == "every closed session is settled exactly once");
    assert!(settled.is_some_and(|check| check.ok() && check.expected == "0"));
}

#[test]
fn an_event_that_nobody_knows_is_an_error() {
    let mut log = recorded(evening());
    log[0].payload = r#"{"SomethingElse":{}}"#.into();
    assert!(Book::new(Timestamp::MAX).take(&log[0]).is_err());
}

#[test]
fn figures_that_differ_fail() {
    assert!(Check::equal("x", 1, 1).ok());
    assert!(!Check::equal("x", 1, 2).ok());
    assert!(!Check::all("x", 2, vec!["one".to_owned()]).ok());
}

/// An order of WeChat Pay that was paid, and its posting.
fn order_paid() -> Vec<(Uuid, Event)> {
    let payment = id(50);
    let order = Order {
        channel: Channel::WechatPay,
        order_no: OrderNo::new(payment.into(), 1).unwrap(),
        amount: Fen(500),
        description: "会员充值".to_owned(),
        presentation: Presentation::InApp,
        payer: id(3).into(),
        expires_at: at(900),
    };
    let paid = Paid {
        transaction_id: "4200000000".to_owned(),
        amount: Fen(500),
        paid_at: at(1),
    };
    let entry = |account, amount| Entry {
        account,
        amount: Fen(amount),
    };
    let posted = JournalEvent::TransactionPosted {
        transaction_id: id(51).into(),
        hall_id: None,
        member_id: id(3).into(),
        source: Source::Order(order.order_no),
        entries: vec![
            entry(Account::WechatPayClearing, 500),
            entry(Account::RefundsPayable, -500),
        ],
        at: at(2),
    };
    let asked = PaymentEvent::AttemptAsked {
        attempt: 1,
        order,
        at: at(0),
    };
    let paid = PaymentEvent::AttemptPaid {
        attempt: 1,
        paid,
        used: Use::Returned,
        at: at(2),
    };
    vec![
        (payment, Event::Payment(asked)),
        (payment, Event::Payment(paid)),
        (id(51), Event::Journal(posted)),
    ]
}

#[test]
fn what_a_provider_took_and_nobody_posted_fails() {
    assert_eq!(failing(&recorded(order_paid())), Vec::<String>::new());
    let mut events = order_paid();
    events.pop();
    let check = "WeChat Pay: captured - refunded = in the journal";
    fails(&failing(&recorded(events)), check);
}

#[test]
fn a_payment_that_is_taken_in_twice_fails() {
    let mut events = order_paid();
    events.push(events[1].clone());
    fails(
        &failing(&recorded(events)),
        "each payment of a provider is taken in once",
    );
}
