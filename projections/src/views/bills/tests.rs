//! The fold of bills, without a database.

use std::sync::Arc;

use baize_domain::device::LightChannel;
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{HallId, MemberId, SessionId, TableId, TariffPlanId};
use baize_domain::session::{Bill, BillLine, CancelReason, CloseCause, GoodsLine, SessionMode, TableSessionEvent};
use baize_domain::tariff::{Days, PinnedTariff, Tariff};
use baize_domain::wallet::{Split, WalletEvent};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{BillRow, BillStatus, Bills, PaymentKind};
use crate::engine::{Contradiction, View as _, fold_all};

const SESSION: Uuid = Uuid::from_u128(1);
const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn opened() -> TableSessionEvent {
    let tariff = Tariff {
        name: "标准".to_owned(),
        price_per_hour: Fen(4_000),
        bands: Vec::new(),
        step_minutes: 1,
        minimum: Fen(0),
        cap: None,
        grace_seconds: 0,
        ..Tariff::default()
    };
    TableSessionEvent::SessionOpened {
        session_id: SessionId(SESSION),
        table_id: TableId(Uuid::from_u128(2)),
        hall_id: HallId(Uuid::from_u128(3)),
        member_id: MemberId(Uuid::from_u128(4)),
        mode: SessionMode::Prepaid {
            minutes: 60,
            price: Fen(1_000),
            ends_at: AT,
            package: None,
        },
        light: LightChannel::default(),
        tariff: Arc::new(PinnedTariff {
            plan_id: TariffPlanId(Uuid::from_u128(5)),
            version: 7,
            tariff,
            days: Days::default(),
        }),
        discount: None,
        time_zone: "Asia/Shanghai".to_owned(),
        policy: HallPolicy::default(),
        opened_at: AT,
    }
}

fn closed() -> TableSessionEvent {
    let lines = vec![BillLine::Prepaid {
        minutes: 60,
        amount: Fen(1_000),
    }];
    TableSessionEvent::SessionClosed {
        at: AT,
        cause: CloseCause::PrepaidEnd,
        reason: None,
        bill: Bill {
            lines,
            total: Fen(1_000),
        },
        light: LightChannel::default(),
        light_until: AT,
    }
}

fn settled(paid: i64, outstanding: i64) -> TableSessionEvent {
    TableSessionEvent::SessionSettled {
        paid: Fen(paid),
        outstanding: Fen(outstanding),
        at: AT,
    }
}

fn debt_paid(amount: i64, outstanding: i64) -> (Uuid, Event) {
    let paid = Split {
        principal: Fen(amount),
        bonus: Fen(0),
    };
    let (session_id, outstanding) = (SessionId(SESSION), Fen(outstanding));
    (
        Uuid::from_u128(4),
        Event::Wallet(WalletEvent::DebtPaid {
            session_id,
            paid,
            outstanding,
            at: AT,
        }),
    )
}

fn session(events: Vec<TableSessionEvent>) -> Vec<(Uuid, Event)> {
    events
        .into_iter()
        .map(|event| (SESSION, Event::TableSession(event)))
        .collect()
}

fn fold(happened: Vec<(Uuid, Event)>) -> Result<BillRow, Contradiction> {
    let state = fold_all::<Bills>(happened)?;
    Ok(state.bills.get(SESSION).unwrap().clone())
}

#[test]
fn a_bill_goes_from_running_to_paid() {
    let events = [opened(), closed(), settled(1_000, 0)];
    for (count, expected) in [(1, BillStatus::Running), (2, BillStatus::Closed), (3, BillStatus::Paid)] {
        let row = fold(session(events[..count].to_vec())).unwrap();
        assert_eq!(row.status, expected);
        assert_eq!((row.opened_position, row.position), (1, count as i64));
    }
}

fn added(quantity: u32, price: i64) -> TableSessionEvent {
    TableSessionEvent::GoodsAdded {
        line: GoodsLine {
            code: "cola".to_owned(),
            name_zh: "可乐".to_owned(),
            name_en: "Cola".to_owned(),
            quantity,
            price: Fen(price),
        },
        at: AT,
    }
}

#[test]
fn what_is_ordered_shows_while_play_goes_on_and_what_is_taken_off_does_not() {
    let removed = TableSessionEvent::GoodsRemoved {
        code: "cola".to_owned(),
        quantity: 2,
        reason: "拿错了".to_owned(),
        at: AT,
    };
    let ordered = |events: &[TableSessionEvent]| {
        let row = fold(session([&[opened()], events].concat())).unwrap();
        let goods = row.goods.0.iter();
        let goods: Vec<_> = goods.map(|line| (line.quantity, line.price.0)).collect();
        (goods, row.position)
    };
    let events = [added(1, 600), added(2, 600), added(1, 700), removed];
    assert_eq!(ordered(&events[..2]), (vec![(3, 600)], 3), "alike goods are one line");
    assert_eq!(ordered(&events[..3]), (vec![(3, 600), (1, 700)], 4));
    assert_eq!(ordered(&events), (vec![(2, 600)], 5), "the dearest go first");
    let cancelled = TableSessionEvent::SessionCancelled {
        reason: CancelReason::LightNotConfirmed,
        at: AT,
    };
    assert_eq!(ordered(&[added(1, 600), cancelled]), (vec![], 3));
}

#[test]
fn goods_that_prepaid_play_is_charged_for_are_a_payment() {
    let charged = WalletEvent::GoodsCharged {
        session_id: SessionId(SESSION),
        amount: Split {
            principal: Fen(500),
            bonus: Fen(100),
        },
        at: AT,
    };
    let mut happened = session(vec![opened(), added(1, 600)]);
    happened.push((Uuid::from_u128(4), Event::Wallet(charged)));
    let state = fold_all::<Bills>(happened).unwrap();
    let payment = state.payments.get(3).unwrap();
    assert_eq!(
        (payment.kind, payment.principal_fen, payment.bonus_fen),
        (PaymentKind::Settlement, 500, 100)
    );
}

#[test]
fn what_is_owed_can_be_paid_in_parts() {
    let mut happened = session(vec![opened(), closed(), settled(300, 700)]);
    for (more, expected) in [
        (None, (BillStatus::Outstanding, 300, 700)),
        (Some(debt_paid(200, 500)), (BillStatus::Outstanding, 500, 500)),
        (Some(debt_paid(500, 0)), (BillStatus::Paid, 1_000, 0)),
    ] {
        happened.extend(more);
        let row = fold(happened.clone()).unwrap();
        assert_eq!((row.status, row.paid_fen, row.outstanding_fen), expected);
    }
}

#[test]
fn what_cannot_have_happened_is_said() {
    let twice = fold(session(vec![opened(), opened()])).unwrap_err();
    assert!(twice.to_string().contains("was opened before"), "{twice}");
    let never = fold(vec![debt_paid(1, 0)]).unwrap_err();
    assert!(never.to_string().contains("was never opened"), "{never}");
}

#[test]
fn an_unheard_of_event_of_a_session_concerns_bills() {
    assert!(Bills::concerns("TableSession", "SessionTeleported"));
    assert!(!Bills::concerns("TableSession", "CustomerWarned"));
    assert!(!Bills::concerns("Wallet", "FundsHeld"));
}
