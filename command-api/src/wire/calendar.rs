//! `hall.calendar.v1`.

use baize_domain::Command;
use baize_domain::calendar::decide::{DAYS_MAX, NAME_CHARS_MAX, SOURCE_CHARS_MAX, YEARS};
use baize_domain::calendar::{CalendarYear, DayKind, SpecialDay};
use baize_proto::hall::calendar::v1::{self, PublishCalendarYearRequest, PublishCalendarYearResponse};
use jiff::civil::Date;

use super::tariff::day_kind;
use super::{Fields, Mutation};
use crate::dispatch::Reply;

impl Mutation for PublishCalendarYearRequest {
    const METHOD: &'static str = "hall.calendar.v1.CalendarService/PublishCalendarYear";
    type Response = PublishCalendarYearResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let year = i16::try_from(self.year).ok().filter(|year| YEARS.contains(year));
        if year.is_none() {
            fields.refuse(
                "year",
                format!("is {}, not {} to {}", self.year, YEARS.start(), YEARS.end()),
            );
        }
        if self.days.is_empty() || self.days.len() > DAYS_MAX {
            fields.refuse("days", format!("has not 1 to {DAYS_MAX} entries"));
        }
        let days = self.days.into_iter().take(DAYS_MAX).enumerate();
        let days = days.map(|(index, sent)| fields.item("days", index, |fields| day(fields, sent)));
        let days = days.collect();
        Command::PublishCalendarYear {
            calendar_id: fields.new_id("calendar_id", &self.calendar_id),
            year: year.unwrap_or_default(),
            content: CalendarYear {
                source: fields.text("source", self.source, SOURCE_CHARS_MAX),
                days,
            },
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::CalendarPublished { calendar_id } = reply else {
            return None;
        };
        Some(PublishCalendarYearResponse {
            calendar_id: calendar_id.to_string(),
            position,
        })
    }
}

fn day(fields: &mut Fields, sent: v1::SpecialDay) -> SpecialDay {
    let kind = day_kind(sent.kind());
    let date = sent.date.parse::<Date>();
    if date.is_err() {
        fields.refuse("date", "is not a date such as 2026-10-01");
    }
    SpecialDay {
        date: date.unwrap_or_default(),
        kind: fields.choice("kind", kind, DayKind::Holiday),
        name: fields.text("name", sent.name, NAME_CHARS_MAX),
    }
}
