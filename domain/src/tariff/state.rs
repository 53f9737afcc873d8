//! What a tariff plan is: its newest version.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::ids::HallId;

use super::{Days, PinnedTariff, TariffPlanEvent};

/// Days before the opening whose night may still go on.
const DAYS_BEFORE: i64 = 1;
/// Days after the opening that a session can reach: a day of play, its pauses, and what zones differ by.
const DAYS_AFTER: i64 = 7;

/// A tariff plan, published or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TariffPlan {
    /// The newest version; nothing before the first.
    pub published: Option<Arc<PublishedTariff>>,
}

/// A published version of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedTariff {
    /// The hall it is for.
    pub hall_id: HallId,
    /// What a session opened now keeps.
    pub pinned: Arc<PinnedTariff>,
}

impl PublishedTariff {
    /// What a session opened at `at` keeps: this version, and the special days that the session can reach.
    pub fn pin(&self, calendar: &Calendar, zone: &TimeZone, at: Timestamp) -> Arc<PinnedTariff> {
        if self.pinned.tariff.calendar_id.is_none() {
            return Arc::clone(&self.pinned);
        }
        let today = at.to_zoned(zone.clone()).date();
        let first = today.saturating_sub(DAYS_BEFORE.days());
        let days = calendar.days(&(first..=today.saturating_add(DAYS_AFTER.days())));
        if days.is_empty() {
            return Arc::clone(&self.pinned);
        }
        Arc::new(PinnedTariff {
            days,
            ..PinnedTariff::clone(&self.pinned)
        })
    }
}

impl TariffPlan {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &TariffPlanEvent) {
        match event {
            TariffPlanEvent::TariffPublished {
                plan_id,
                hall_id,
                version,
                tariff,
                ..
            } => {
                self.published = Some(Arc::new(PublishedTariff {
                    hall_id: *hall_id,
                    pinned: Arc::new(PinnedTariff {
                        plan_id: *plan_id,
                        version: *version,
                        tariff: tariff.clone(),
                        days: Days::default(),
                    }),
                }));
            }
        }
    }
}
