//! Given a session, when it is asked, then … (What a session does together with its wallet and light is tested with the units.)

use std::sync::Arc;

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::device::LightChannel;
use crate::hall::HallPolicy;
use crate::ids::{DeviceId, HallId, HoldId, MemberId, SessionId, TableId, TariffPlanId};
use crate::money::Fen;
use crate::tariff::{Days, PinnedTariff, Tariff};

use super::{
    Bill, BillLine, BillingStartCause, CancelReason, CloseCause, Opening, SessionMode, TableSession,
    TableSessionCommand, TableSessionError, TableSessionEvent, Warning,
};

const ID: SessionId = SessionId(Uuid::from_u128(1));

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a timestamp")
}

/// Two fen a second, so that bills are easily told.
fn opening(mode: SessionMode) -> Opening {
    Opening {
        session_id: ID,
        table_id: TableId(Uuid::from_u128(2)),
        hall_id: HallId(Uuid::from_u128(3)),
        member_id: MemberId(Uuid::from_u128(4)),
        mode,
        light: LightChannel {
            device_id: DeviceId(Uuid::from_u128(5)),
            channel: 1,
        },
        tariff: Arc::new(PinnedTariff {
            plan_id: TariffPlanId(Uuid::from_u128(6)),
            version: 1,
            tariff: Tariff {
                name: "日场".into(),
                price_per_hour: Fen(7_200),
                bands: Vec::new(),
                step_minutes: 1,
                minimum: Fen::ZERO,
                cap: None,
                grace_seconds: 0,
                ..Tariff::default()
            },
            days: Days::default(),
        }),
        discount: None,
        time_zone: "Asia/Shanghai".into(),
        policy: HallPolicy::default(),
        opened_at: at(0),
    }
}

fn postpaid() -> SessionMode {
    SessionMode::Postpaid {
        hold_id: HoldId::default(),
        held: Fen(7_200),
        covered_until: at(3_600),
    }
}

fn prepaid() -> SessionMode {
    SessionMode::Prepaid {
        minutes: 60,
        price: Fen(7_200),
        ends_at: at(3_600),
        package: None,
    }
}

fn opened(mode: SessionMode) -> TableSessionEvent {
    let opening = opening(mode);
    TableSessionEvent::SessionOpened {
        session_id: opening.session_id,
        table_id: opening.table_id,
        hall_id: opening.hall_id,
        member_id: opening.member_id,
        mode: opening.mode,
        light: opening.light,
        tariff: opening.tariff,
        discount: opening.discount,
        time_zone: opening.time_zone,
        policy: opening.policy,
        opened_at: opening.opened_at,
    }
}

fn billed(second: i64, cause: BillingStartCause) -> TableSessionEvent {
    TableSessionEvent::BillingStarted {
        at: at(second),
        cause,
        covered_until: at(3_600 + second),
    }
}

fn closed(second: i64, cause: CloseCause, lines: Vec<BillLine>, light: i64) -> TableSessionEvent {
    TableSessionEvent::SessionClosed {
        at: at(second),
        cause,
        reason: None,
        bill: Bill {
            total: lines.iter().map(BillLine::amount).sum(),
            lines,
        },
        light: opening(postpaid()).light,
        light_until: at(light),
    }
}

fn played(from: i64, minutes: u32) -> BillLine {
    BillLine::Time {
        band: "日场".into(),
        from: at(from),
        to: at(from + i64::from(minutes) * 60),
        minutes,
        price_per_hour: Fen(7_200),
        amount: Fen(i64::from(minutes) * 120),
    }
}

fn cancelled() -> TableSessionEvent {
    TableSessionEvent::SessionCancelled {
        reason: CancelReason::LightNotConfirmed,
        at: at(30),
    }
}

fn settled() -> TableSessionEvent {
    TableSessionEvent::SessionSettled {
        paid: Fen(120),
        outstanding: Fen::ZERO,
        at: at(70),
    }
}

fn start(cause: BillingStartCause, second: i64) -> TableSessionCommand {
    TableSessionCommand::StartBilling { cause, at: at(second) }
}

fn close(cause: CloseCause, second: i64) -> TableSessionCommand {
    TableSessionCommand::Close {
        cause,
        reason: None,
        at: at(second),
    }
}

fn warn(warning: Warning) -> TableSessionCommand {
    TableSessionCommand::Warn { warning, at: at(50) }
}

fn warned(warning: Warning) -> TableSessionEvent {
    TableSessionEvent::CustomerWarned { warning, at: at(50) }
}

fn cancel() -> TableSessionCommand {
    TableSessionCommand::Cancel {
        reason: CancelReason::LightNotConfirmed,
        at: at(30),
    }
}

fn settle() -> TableSessionCommand {
    TableSessionCommand::Settle {
        paid: Fen(120),
        outstanding: Fen::ZERO,
        at: at(70),
    }
}

fn given(events: Vec<TableSessionEvent>) -> AggregateTestExecutor<TableSession> {
    TestFramework::<TableSession>::with(()).given(events)
}

#[test]
fn a_session_opens_once() {
    let command = || TableSessionCommand::Open(Box::new(opening(postpaid())));
    given(vec![])
        .when(command())
        .then_expect_events(vec![opened(postpaid())]);
    given(vec![opened(postpaid())])
        .when(command())
        .then_expect_error(TableSessionError::Exists(ID));
}

#[test]
fn billing_starts_once_within_the_delay_of_the_policy_and_moves_the_end() {
    use BillingStartCause::{Deadline, LightConfirmed};
    for (asked, started) in [(-5, 0), (0, 0), (4, 4), (10, 10), (25, 10)] {
        given(vec![opened(prepaid())])
            .when(start(LightConfirmed, asked))
            .then_expect_events(vec![billed(started, LightConfirmed)]);
    }
    given(vec![opened(prepaid()), billed(10, Deadline)])
        .when(start(LightConfirmed, 12))
        .then_expect_events(vec![]);
    for (over, error) in [
        (closed(5, CloseCause::Customer, vec![], 185), TableSessionError::Closed),
        (cancelled(), TableSessionError::Cancelled),
    ] {
        given(vec![opened(prepaid()), over])
            .when(start(LightConfirmed, 12))
            .then_expect_error(error);
    }
    given(vec![])
        .when(start(LightConfirmed, 12))
        .then_expect_error(TableSessionError::NotFound);
}

#[test]
fn a_close_bills_from_the_start_of_billing() {
    let playing = || given(vec![opened(postpaid()), billed(2, BillingStartCause::LightConfirmed)]);
    playing()
        .when(close(CloseCause::Customer, 123))
        .then_expect_events(vec![closed(123, CloseCause::Customer, vec![played(2, 3)], 303)]);
    // By itself it ends when its time was over, however late that is noticed; then nothing lingers any more.
    playing()
        .when(close(CloseCause::HoldExhausted, 3_602))
        .then_expect_events(vec![closed(
            3_602,
            CloseCause::HoldExhausted,
            vec![played(2, 60)],
            3_782,
        )]);
    playing()
        .when(close(CloseCause::HoldExhausted, 9_999))
        .then_expect_events(vec![closed(
            3_602,
            CloseCause::HoldExhausted,
            vec![played(2, 60)],
            3_602,
        )]);
    playing()
        .when(close(CloseCause::HoldExhausted, 3_601))
        .then_expect_error(TableSessionError::NotOver { until: at(3_602) });
    playing()
        .when(close(CloseCause::PrepaidEnd, 3_602))
        .then_expect_error(TableSessionError::OtherMode { prepaid: false });
}

#[test]
fn a_close_before_billing_starts_and_ends_it_at_once() {
    given(vec![opened(postpaid())])
        .when(close(CloseCause::Staff, 7))
        .then_expect_events(vec![
            billed(7, BillingStartCause::Closed),
            closed(7, CloseCause::Staff, vec![], 187),
        ]);
}

#[test]
fn a_session_ends_in_one_way_only() {
    let over = || {
        vec![
            opened(postpaid()),
            billed(0, BillingStartCause::LightConfirmed),
            closed(60, CloseCause::Customer, vec![played(0, 1)], 240),
        ]
    };
    given(over())
        .when(close(CloseCause::HoldExhausted, 9_999))
        .then_expect_events(vec![]);
    given(over())
        .when(cancel())
        .then_expect_error(TableSessionError::Closed);
    given(vec![opened(postpaid()), cancelled()])
        .when(close(CloseCause::Customer, 40))
        .then_expect_error(TableSessionError::Cancelled);
    given(vec![opened(postpaid()), cancelled()])
        .when(cancel())
        .then_expect_events(vec![]);
}

#[test]
fn a_session_is_cancelled_unless_its_light_is_on() {
    use BillingStartCause::{Deadline, LightConfirmed};
    given(vec![opened(postpaid())])
        .when(cancel())
        .then_expect_events(vec![cancelled()]);
    given(vec![opened(postpaid()), billed(10, Deadline)])
        .when(cancel())
        .then_expect_events(vec![cancelled()]);
    given(vec![opened(postpaid()), billed(4, LightConfirmed)])
        .when(cancel())
        .then_expect_error(TableSessionError::LightConfirmed);
}

#[test]
fn a_warning_is_given_once_until_the_end_moves() {
    let five = Warning::PrepaidEnding { minutes: 5 };
    given(vec![opened(prepaid())])
        .when(warn(five))
        .then_expect_events(vec![warned(five)]);
    given(vec![opened(prepaid()), warned(five)])
        .when(warn(five))
        .then_expect_events(vec![]);
    given(vec![opened(prepaid()), warned(five)])
        .when(warn(Warning::PrepaidEnding { minutes: 1 }))
        .then_expect_events(vec![warned(Warning::PrepaidEnding { minutes: 1 })]);
    let extended = TableSessionEvent::SessionExtended {
        minutes: 10,
        price: Fen(1_200),
        ends_at: at(4_200),
        at: at(55),
    };
    given(vec![opened(prepaid()), warned(five), extended])
        .when(warn(five))
        .then_expect_events(vec![warned(five)]);
}

#[test]
fn a_closed_session_is_settled_once() {
    let over = || vec![opened(postpaid()), closed(60, CloseCause::Customer, vec![], 240)];
    given(over()).when(settle()).then_expect_events(vec![settled()]);
    let mut done = over();
    done.push(settled());
    given(done).when(settle()).then_expect_events(vec![]);
    given(vec![opened(postpaid())])
        .when(settle())
        .then_expect_error(TableSessionError::StillOpen);
    given(vec![])
        .when(settle())
        .then_expect_error(TableSessionError::NotFound);
}

#[test]
fn each_mode_has_its_own_way_of_going_on() {
    let extend = TableSessionCommand::Extend {
        minutes: 10,
        at: at(20),
    };
    let raise = TableSessionCommand::RaiseHold {
        held: Fen(8_000),
        covered_until: at(4_000),
        at: at(20),
    };
    given(vec![opened(prepaid())])
        .when(extend.clone())
        .then_expect_events(vec![TableSessionEvent::SessionExtended {
            minutes: 10,
            price: Fen(1_200),
            ends_at: at(4_200),
            at: at(20),
        }]);
    given(vec![opened(postpaid())])
        .when(extend)
        .then_expect_error(TableSessionError::OtherMode { prepaid: false });
    given(vec![opened(postpaid())])
        .when(raise.clone())
        .then_expect_events(vec![TableSessionEvent::HoldRenewed {
            held: Fen(8_000),
            covered_until: at(4_000),
            at: at(20),
        }]);
    given(vec![opened(prepaid())])
        .when(raise)
        .then_expect_error(TableSessionError::OtherMode { prepaid: true });
}
