//! What a session is.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::hall::{HallPolicy, time_zone_or_utc};
use crate::ids::{HallId, MemberId, SessionId, TableId};
use crate::money::Fen;
use crate::tariff::{Course, Discount, PinnedTariff, SoldPackage, Tariff};

use super::goods;
use super::{
    Awaited, Bill, BillingStartCause, GoodsLine, Leg, Pause, Place, Played, SessionMode, TableSessionEvent, Warning,
};

/// A session, opened or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSession {
    /// What was asked for, if it had to wait for its payment.
    pub awaited: Option<Arc<Awaited>>,
    /// How it was opened; nothing before.
    pub opening: Option<Arc<Opening>>,
    /// How far it is.
    pub phase: Phase,
    /// Since when time is billed; nothing before.
    pub billing: Option<Billing>,
    /// Until when play is paid for or secured.
    pub covered_until: Timestamp,
    /// Postpaid: the whole hold.
    pub held: Fen,
    /// What was put on the bill beside play.
    pub goods: Vec<GoodsLine>,
    /// Prepaid: what was bought, at opening and by extension.
    pub purchases: Vec<Purchase>,
    /// Prepaid: by which prices it was bought.
    pub legs: Vec<Leg>,
    /// Where it is played, once it was moved.
    pub moved_to: Option<Arc<Place>>,
    /// Since when the present stretch is played, if it is not the first.
    pub since: Option<Timestamp>,
    /// The stretches that are over.
    pub played: Vec<Played>,
    /// The pause that it is in.
    pub pause: Option<Pause>,
    /// Warnings given for the present end.
    pub warned: Vec<Warning>,
    /// How it was closed; nothing before.
    pub closing: Option<Arc<Closing>>,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Not opened.
    #[default]
    Unopened,
    /// Waiting for its payment; the table is kept.
    Awaiting,
    /// Not paid in time, and so never begun.
    Lapsed,
    /// Being played.
    Open,
    /// Over, and not yet paid.
    Closed,
    /// Over and settled.
    Settled,
    /// Came to nothing.
    Cancelled,
}

/// What was fixed at opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The session.
    pub session_id: SessionId,
    /// The table.
    pub table_id: TableId,
    /// The hall.
    pub hall_id: HallId,
    /// Who plays and pays.
    pub member_id: MemberId,
    /// How it is paid.
    pub mode: SessionMode,
    /// The light over the table.
    pub light: LightChannel,
    /// The prices.
    pub tariff: Arc<PinnedTariff>,
    /// What the person's level takes off the price of play.
    pub discount: Option<Discount>,
    /// The hall's time zone (IANA).
    pub time_zone: String,
    /// The hall's policy.
    pub policy: HallPolicy,
    /// When.
    pub opened_at: Timestamp,
}

/// Since when time is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billing {
    /// Since when.
    pub from: Timestamp,
    /// Why since then.
    pub cause: BillingStartCause,
}

/// A purchase of prepaid time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Minutes bought.
    pub minutes: u32,
    /// What they cost.
    pub price: Fen,
}

/// How a session was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// When play ended.
    pub at: Timestamp,
    /// What it costs.
    pub bill: Bill,
}

impl Opening {
    /// The prices.
    pub fn prices(&self) -> &Tariff {
        &self.tariff.tariff
    }

    /// The hall's time zone.
    pub fn zone(&self) -> TimeZone {
        time_zone_or_utc(&self.time_zone)
    }

    /// The session's course, counted from the opening.
    pub fn course<'a>(&'a self, zone: &'a TimeZone) -> Course<'a> {
        Course {
            zone,
            past: &[],
            prices: &self.tariff,
            from: self.opened_at,
            discount: self.discount.as_ref(),
            goods: &[],
        }
    }

    /// Whether time is bought first.
    pub const fn is_prepaid(&self) -> bool {
        matches!(self.mode, SessionMode::Prepaid { .. })
    }

    /// The package that it began with.
    pub const fn package(&self) -> Option<&SoldPackage> {
        match &self.mode {
            SessionMode::Prepaid { package, .. } => package.as_ref(),
            SessionMode::Postpaid { .. } | SessionMode::Deposit { .. } => None,
        }
    }

    /// How long play may go on, free of charge, when the time that was bought is over.
    pub const fn courtesy_minutes(&self) -> u32 {
        if self.is_prepaid() {
            self.policy.auto_close_minutes
        } else {
            0
        }
    }
}

impl TableSession {
    /// Prepaid minutes bought so far.
    pub fn bought_minutes(&self) -> u32 {
        self.purchases
            .iter()
            .fold(0, |sum, purchase| sum.saturating_add(purchase.minutes))
    }

    /// What prepaid time cost so far.
    pub fn bought_price(&self) -> Fen {
        self.purchases.iter().map(|purchase| purchase.price).sum()
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &TableSessionEvent) {
        match event {
            TableSessionEvent::OpeningAwaited { awaited, .. } => {
                self.phase = Phase::Awaiting;
                self.awaited = Some(Arc::clone(awaited));
            }
            TableSessionEvent::OpeningLapsed { .. } => self.phase = Phase::Lapsed,
            TableSessionEvent::SessionOpened { .. } => self.open(event),
            TableSessionEvent::BillingStarted {
                at,
                cause,
                covered_until,
            } => {
                self.billing = Some(Billing {
                    from: *at,
                    cause: *cause,
                });
                self.covered_until = *covered_until;
            }
            TableSessionEvent::SessionExtended {
                minutes,
                price,
                ends_at,
                ..
            } => {
                self.buy(*minutes, *price);
                self.covered_until = *ends_at;
                self.warned.clear();
            }
            TableSessionEvent::HoldRenewed {
                held, covered_until, ..
            } => {
                self.held = *held;
                self.covered_until = *covered_until;
                self.warned.clear();
            }
            TableSessionEvent::GoodsAdded { line, .. } => goods::put(&mut self.goods, line),
            TableSessionEvent::GoodsRemoved { code, quantity, .. } => goods::take(&mut self.goods, code, *quantity),
            TableSessionEvent::SessionTransferred { .. } => self.transfer(event),
            TableSessionEvent::SessionPaused { until, at, .. } => {
                self.end_stretch(*at);
                self.pause = Some(Pause { at: *at, until: *until });
            }
            TableSessionEvent::SessionResumed { covered_until, at, .. } => {
                self.pause = None;
                self.since = Some(*at);
                self.covered_until = *covered_until;
            }
            TableSessionEvent::CustomerWarned { warning, .. } => self.warned.push(*warning),
            TableSessionEvent::SessionClosed { at, bill, .. } => {
                self.phase = Phase::Closed;
                self.closing = Some(Arc::new(Closing {
                    at: *at,
                    bill: bill.clone(),
                }));
            }
            TableSessionEvent::SessionSettled { .. } => self.phase = Phase::Settled,
            TableSessionEvent::SessionCancelled { .. } => self.phase = Phase::Cancelled,
        }
    }

    fn open(&mut self, event: &TableSessionEvent) {
        let TableSessionEvent::SessionOpened {
            session_id,
            table_id,
            hall_id,
            member_id,
            mode,
            light,
            tariff,
            discount,
            time_zone,
            policy,
            opened_at,
        } = event
        else {
            return;
        };
        match mode {
            SessionMode::Postpaid {
                held, covered_until, ..
            }
            | SessionMode::Deposit {
                held, covered_until, ..
            } => {
                self.held = *held;
                self.covered_until = *covered_until;
            }
            SessionMode::Prepaid {
                minutes,
                price,
                ends_at,
                package,
            } => {
                // What is bought on top of a package is time by the tariff, from the end of the package on.
                let after_package = package.is_some();
                if after_package {
                    self.buy(*minutes, *price);
                }
                self.legs.push(Leg {
                    tariff: tariff.clone(),
                    from: if after_package { *ends_at } else { *opened_at },
                    carried: 0,
                    minutes: 0,
                    first_purchase: self.purchases.len(),
                    after_package,
                });
                if !after_package {
                    self.buy(*minutes, *price);
                }
                self.covered_until = *ends_at;
            }
        }
        self.phase = Phase::Open;
        self.opening = Some(Arc::new(Opening {
            session_id: *session_id,
            table_id: *table_id,
            hall_id: *hall_id,
            member_id: *member_id,
            mode: mode.clone(),
            light: *light,
            tariff: tariff.clone(),
            discount: discount.clone(),
            time_zone: time_zone.clone(),
            policy: policy.clone(),
            opened_at: *opened_at,
        }));
    }

    fn transfer(&mut self, event: &TableSessionEvent) {
        let TableSessionEvent::SessionTransferred {
            table_id,
            light,
            tariff,
            held,
            surcharge,
            minutes_left,
            covered_until,
            at,
            ..
        } = event
        else {
            return;
        };
        self.end_stretch(*at);
        self.moved_to = Some(Arc::new(Place {
            table_id: *table_id,
            light: *light,
            tariff: tariff.clone(),
        }));
        self.held = *held;
        if !self.legs.is_empty() {
            self.legs.push(Leg {
                tariff: tariff.clone(),
                from: *at,
                carried: *minutes_left,
                minutes: *minutes_left,
                first_purchase: self.purchases.len(),
                after_package: false,
            });
        }
        if surcharge.is_positive() {
            self.buy(0, *surcharge);
        }
        if *covered_until > self.covered_until {
            self.warned.clear();
        }
        self.covered_until = *covered_until;
    }

    fn buy(&mut self, minutes: u32, price: Fen) {
        self.purchases.push(Purchase { minutes, price });
        if let Some(leg) = self.legs.last_mut() {
            leg.minutes = leg.minutes.saturating_add(minutes);
        }
    }

    fn end_stretch(&mut self, at: Timestamp) {
        if let Some(opening) = self.opening.clone() {
            let (from, tariff) = (self.from(&opening), self.place(&opening).tariff);
            self.played.push(Played { tariff, from, to: at });
        }
        self.since = Some(at);
    }
}
