//! What a calendar is.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{CalendarEvent, DayKind, SpecialDay};

/// A calendar, published or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// What was announced, by year; nothing before the first.
    pub years: BTreeMap<i16, Arc<CalendarYear>>,
}

/// What was announced for a year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CalendarYear {
    /// Where it was announced: 1–200 characters.
    pub source: String,
    /// Its special days, at most 366.
    pub days: Vec<SpecialDay>,
}

impl Calendar {
    /// The special days within `range`, as a session keeps them. Where two years name a day, the later one wins.
    pub fn days(&self, range: &RangeInclusive<Date>) -> BTreeMap<Date, DayKind> {
        let announced = self.years.values().flat_map(|year| &year.days);
        announced
            .filter(|day| range.contains(&day.date))
            .map(|day| (day.date, day.kind))
            .collect()
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &CalendarEvent) {
        match event {
            CalendarEvent::CalendarYearPublished { year, source, days, .. } => {
                let content = CalendarYear {
                    source: source.clone(),
                    days: days.clone(),
                };
                self.years.insert(*year, Arc::new(content));
            }
        }
    }
}
