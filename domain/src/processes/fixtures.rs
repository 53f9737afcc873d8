//! What the tests of the process managers share: a session opened at second 0, and short ways to feed a process.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::command::Command;
use crate::device::{DeviceEvent, LightChannel};
use crate::event::Event;
use crate::hall::HallPolicy;
use crate::ids::{HallId, HoldId, MemberId, SessionId, TableId, TariffPlanId};
use crate::money::Fen;
use crate::refusal::{Refusal, RefusalKind};
use crate::session::{Bill, BillingStartCause, CancelReason, CloseCause, SessionMode, TableSessionEvent};
use crate::tariff::{Days, PinnedTariff, Tariff};

use super::{Effect, Input, ProcessManager};

pub(super) const SESSION: SessionId = SessionId(Uuid::from_u128(7));
pub(super) const LIGHT: LightChannel = LightChannel {
    device_id: crate::ids::DeviceId(Uuid::from_u128(8)),
    channel: 3,
};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a timestamp")
}

pub(super) fn opened(mode: SessionMode) -> Event {
    Event::TableSession(TableSessionEvent::SessionOpened {
        session_id: SESSION,
        table_id: TableId::default(),
        hall_id: HallId::default(),
        member_id: MemberId::default(),
        mode,
        light: LIGHT,
        tariff: Arc::new(PinnedTariff {
            plan_id: TariffPlanId::default(),
            version: 1,
            tariff: Tariff {
                name: "日场".into(),
                price_per_hour: Fen(6_000),
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
    })
}

/// An opening that waits for its payment until `second`.
pub(super) fn awaited(second: i64) -> Event {
    let Event::TableSession(TableSessionEvent::SessionOpened { tariff, .. }) = prepaid(second) else {
        panic!("an opening");
    };
    let awaited = crate::session::Awaited {
        asked: crate::session::Asked {
            session_id: SESSION,
            table_id: TableId::default(),
            hall_id: HallId::default(),
            member_id: MemberId::default(),
            mode: crate::command::OpenMode::Deposit,
            light: LIGHT,
            tariff,
            discount: None,
            time_zone: "Asia/Shanghai".into(),
            policy: HallPolicy::default(),
        },
        due: Fen(10_000),
        shortfall: Fen(4_000),
        pay_by: at(second),
    };
    Event::TableSession(TableSessionEvent::OpeningAwaited {
        awaited: Arc::new(awaited),
        at: at(0),
    })
}

pub(super) fn credited() -> Event {
    Event::Wallet(crate::wallet::WalletEvent::TopUpCredited {
        top_up_id: crate::ids::TopUpId::default(),
        channel: crate::wallet::TopUpChannel::Counter,
        amount: crate::wallet::Split::default(),
        at: at(0),
    })
}

/// A move away from [`LIGHT`] at `second`, which lingers until `linger`; play is covered until `until`.
pub(super) fn transferred(second: i64, linger: i64, until: i64) -> Event {
    let Event::TableSession(TableSessionEvent::SessionOpened { tariff, .. }) = prepaid(until) else {
        panic!("an opening");
    };
    Event::TableSession(TableSessionEvent::SessionTransferred {
        from_table_id: TableId::default(),
        left_light: LIGHT,
        left_light_until: at(linger),
        table_id: TableId(Uuid::from_u128(9)),
        light: LightChannel { channel: 4, ..LIGHT },
        tariff,
        held: Fen::ZERO,
        surcharge: Fen::ZERO,
        minutes_left: 0,
        covered_until: at(until),
        at: at(second),
    })
}

pub(super) fn paused(second: i64, until: i64) -> Event {
    Event::TableSession(TableSessionEvent::SessionPaused {
        reason: "断电".into(),
        until: at(until),
        at: at(second),
    })
}

/// The clock goes on at `second` after it stood since `paused_at`.
pub(super) fn resumed(paused_at: i64, second: i64, until: i64) -> Event {
    Event::TableSession(TableSessionEvent::SessionResumed {
        paused_at: at(paused_at),
        cause: crate::session::ResumeCause::Staff,
        covered_until: at(until),
        at: at(second),
    })
}

/// Prepaid until `second`.
pub(super) fn prepaid(second: i64) -> Event {
    opened(SessionMode::Prepaid {
        minutes: 60,
        price: Fen(6_000),
        ends_at: at(second),
        package: None,
    })
}

/// Postpaid, covered until `second`.
pub(super) fn postpaid(second: i64) -> Event {
    opened(SessionMode::Postpaid {
        hold_id: HoldId::default(),
        held: Fen(6_000),
        covered_until: at(second),
    })
}

pub(super) fn billed(second: i64, covered_until: i64) -> Event {
    Event::TableSession(TableSessionEvent::BillingStarted {
        at: at(second),
        cause: BillingStartCause::Deadline,
        covered_until: at(covered_until),
    })
}

pub(super) fn extended(second: i64, ends_at: i64) -> Event {
    Event::TableSession(TableSessionEvent::SessionExtended {
        minutes: 1,
        price: Fen(100),
        ends_at: at(ends_at),
        at: at(second),
    })
}

pub(super) fn renewed(second: i64, covered_until: i64) -> Event {
    Event::TableSession(TableSessionEvent::HoldRenewed {
        held: Fen(9_000),
        covered_until: at(covered_until),
        at: at(second),
    })
}

pub(super) fn closed(second: i64, light_until: i64) -> Event {
    Event::TableSession(TableSessionEvent::SessionClosed {
        at: at(second),
        cause: CloseCause::Customer,
        reason: None,
        bill: Bill::default(),
        light: LIGHT,
        light_until: at(light_until),
    })
}

pub(super) fn settled() -> Event {
    Event::TableSession(TableSessionEvent::SessionSettled {
        paid: Fen::ZERO,
        outstanding: Fen::ZERO,
        at: at(0),
    })
}

pub(super) fn cancelled() -> Event {
    Event::TableSession(TableSessionEvent::SessionCancelled {
        reason: CancelReason::LightNotConfirmed,
        at: at(30),
    })
}

pub(super) fn lit(second: i64) -> Event {
    Event::Device(DeviceEvent::LightConfirmed {
        channel: LIGHT.channel,
        rev: 1,
        session_id: Some(SESSION),
        on: true,
        latency_ms: 0,
        attempts: 1,
        at: at(second),
    })
}

pub(super) fn refusal(reason: &str) -> Refusal {
    Refusal::new(RefusalKind::Precondition, reason, "", "")
}

/// An instance of a process, and what it is fed.
pub(super) struct Instance<P: ProcessManager>(pub P::State);

impl<P: ProcessManager> Instance<P> {
    pub(super) fn new() -> Self {
        Self(P::State::default())
    }

    /// Feeds an event at `second`; tells the effects.
    pub(super) fn event(&mut self, event: &Event, second: i64) -> Vec<Effect> {
        let input = Input::Event {
            aggregate_id: &SESSION.to_string(),
            event,
        };
        P::react(&mut self.0, &input, at(second))
    }

    /// Feeds events at `second`, whatever their effects.
    pub(super) fn after(mut self, events: &[Event], second: i64) -> Self {
        for event in events {
            self.event(event, second);
        }
        self
    }

    pub(super) fn timer(&mut self, name: &str, second: i64) -> Vec<Effect> {
        let due = at(second);
        P::react(&mut self.0, &Input::Timer { name, due }, due)
    }

    pub(super) fn accepted(&mut self, step: &str, second: i64) -> Vec<Effect> {
        P::react(&mut self.0, &Input::Accepted { step }, at(second))
    }

    pub(super) fn refused(&mut self, step: &str, refusal: &Refusal, second: i64) -> Vec<Effect> {
        P::react(&mut self.0, &Input::Refused { step, refusal }, at(second))
    }
}

/// The commands among effects, by step.
pub(super) fn dispatched(effects: &[Effect]) -> Vec<(&str, &Command)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Dispatch { step, command } => Some((step.as_str(), &**command)),
            _ => None,
        })
        .collect()
}

/// The steps among effects.
pub(super) fn steps(effects: &[Effect]) -> Vec<&str> {
    dispatched(effects).into_iter().map(|(step, _)| step).collect()
}
