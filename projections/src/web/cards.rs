//! A table as a card: drawn once here, for the page and for every update of it.

use askama::Template;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::language::Language;
use super::texts::Texts;
use crate::store::Instant;
use crate::views::board::{LightStatus, TableClass, TableRow, TableStatus};

/// How a hall's cards are drawn.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) language: Language,
    pub(crate) zone: TimeZone,
}

#[derive(Template)]
#[template(path = "card.html")]
pub(crate) struct Card {
    pub(super) t: &'static Texts,
    pub(super) id: Uuid,
    pub(super) label: String,
    pub(super) class: &'static str,
    /// A word of the style sheet.
    pub(super) status: &'static str,
    pub(super) status_text: &'static str,
    pub(super) light: &'static str,
    pub(super) light_text: &'static str,
    /// Since when play is timed, in milliseconds since 1970.
    pub(super) since_ms: Option<i64>,
    pub(super) prepaid: bool,
    /// Local time of day.
    pub(super) until: Option<String>,
    pub(super) maintenance_reason: Option<String>,
    pub(super) back_at: Option<String>,
}

impl Card {
    pub(crate) fn new(row: TableRow, style: &Style) -> Self {
        let t = style.language.texts();
        let until = row
            .secured_until
            .filter(|_| row.prepaid)
            .map(|until| style.time_of_day(until));
        Self {
            t,
            id: row.table_id,
            label: row.label,
            class: class(t, row.class),
            status: row.status.as_str(),
            status_text: match row.status {
                TableStatus::Idle => t.idle,
                TableStatus::Occupied => t.occupied,
                TableStatus::Maintenance => t.maintenance,
                TableStatus::Retired => t.retired,
            },
            light: row.light.as_str(),
            light_text: match row.light {
                LightStatus::Off => t.light_off,
                LightStatus::TurningOn => t.light_turning_on,
                LightStatus::On => t.light_on,
                LightStatus::TurningOff => t.light_turning_off,
                LightStatus::Failed => t.light_failed,
            },
            since_ms: row.billing_started_at.map(|at| at.timestamp().as_millisecond()),
            prepaid: row.prepaid,
            until,
            maintenance_reason: row.maintenance_reason,
            back_at: row.maintenance_expected_end.map(|at| style.date_and_time(at)),
        }
    }

    pub(crate) fn html(&self) -> String {
        self.render().unwrap_or_else(|error| {
            tracing::error!(%error, "a card could not be drawn");
            String::new()
        })
    }
}

impl Style {
    fn time_of_day(&self, at: Instant) -> String {
        at.timestamp().to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }

    fn date_and_time(&self, at: Instant) -> String {
        at.timestamp()
            .to_zoned(self.zone.clone())
            .strftime("%m-%d %H:%M")
            .to_string()
    }
}

fn class(t: &'static Texts, class: TableClass) -> &'static str {
    match class {
        TableClass::ChineseEightBall => t.chinese_eight_ball,
        TableClass::Snooker => t.snooker,
        TableClass::NineBall => t.nine_ball,
    }
}
