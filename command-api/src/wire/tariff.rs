//! Tariffs in `hall.venue.v1`.

use std::ops::RangeInclusive;

use baize_domain::calendar::DayKind;
use baize_domain::ids::CalendarId;
use baize_domain::tariff::{Band, Hours, Overnight, Package, PackageTime, Tariff, Weekday};
use baize_domain::{Command, Fen};
use baize_proto::hall::venue::v1::package::Time;
use baize_proto::hall::venue::v1::{self, PublishTariffRequest, PublishTariffResponse};

use super::{Fields, Mutation};
use crate::dispatch::Reply;

const NAME_CHARS_MAX: usize = 50;
const CODE_CHARS_MAX: usize = 32;
const BANDS_MAX: usize = 32;
const OVERNIGHTS_MAX: usize = 8;
const PACKAGES_MAX: usize = 32;
const DAY_MINUTES: u32 = 1_440;
const HOUR_SECONDS: u32 = 3_600;
const PRICE_PER_HOUR: RangeInclusive<i64> = 0..=1_000_000;
const PRICE: RangeInclusive<i64> = 0..=Fen::MAX_INPUT.0;

impl Mutation for PublishTariffRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/PublishTariff";
    type Response = PublishTariffResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        if self.tariff.is_none() {
            fields.refuse("tariff", "is required");
        }
        Command::PublishTariff {
            plan_id: fields.new_id("plan_id", &self.plan_id),
            hall_id: fields.id("hall_id", &self.hall_id),
            tariff: match self.tariff {
                Some(sent) => fields.within("tariff", |fields| tariff(fields, sent)),
                None => Tariff::default(),
            },
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::TariffPublished { plan_id, version } = reply else {
            return None;
        };
        Some(PublishTariffResponse {
            plan_id: plan_id.to_string(),
            version,
            position,
        })
    }
}

/// A tariff. What fields say together is looked at by the domain.
fn tariff(fields: &mut Fields, sent: v1::Tariff) -> Tariff {
    let tariff = Tariff {
        name: fields.text("name", sent.name, NAME_CHARS_MAX),
        price_per_hour: fields.fen("price_per_hour_fen", sent.price_per_hour_fen, PRICE_PER_HOUR),
        bands: list(fields, "bands", BANDS_MAX, sent.bands, band),
        step_minutes: fields.uint("step_minutes", sent.step_minutes, 1..=60),
        minimum: fields.fen("minimum_fen", sent.minimum_fen, PRICE),
        cap: sent.cap_fen.map(|cap| fields.fen("cap_fen", cap, PRICE)),
        grace_seconds: fields.uint("grace_seconds", sent.grace_seconds, 0..=HOUR_SECONDS),
        calendar_id: calendar_id(fields, &sent.calendar_id),
        overnights: list(fields, "overnights", OVERNIGHTS_MAX, sent.overnights, overnight),
        packages: list(fields, "packages", PACKAGES_MAX, sent.packages, package),
    };
    if tariff.cap.is_some_and(|cap| cap < tariff.minimum) {
        fields.refuse("cap_fen", "is less than minimum_fen");
    }
    tariff
}

/// At most `max` items of the repeated field `name`.
fn list<S, T>(
    fields: &mut Fields,
    name: &'static str,
    max: usize,
    sent: Vec<S>,
    read: fn(&mut Fields, S) -> T,
) -> Vec<T> {
    if sent.len() > max {
        fields.refuse(name, format!("has more than {max} entries"));
    }
    let sent = sent.into_iter().take(max).enumerate();
    sent.map(|(index, item)| fields.item(name, index, |fields| read(fields, item)))
        .collect()
}

fn calendar_id(fields: &mut Fields, sent: &str) -> Option<CalendarId> {
    (!sent.is_empty()).then(|| fields.id("calendar_id", sent))
}

fn band(fields: &mut Fields, sent: v1::Band) -> Band {
    let hours_sent = v1::Hours {
        weekdays: sent.weekdays,
        day_kinds: sent.day_kinds,
        from_minute: sent.from_minute,
        to_minute: sent.to_minute,
    };
    Band {
        hours: hours(fields, &hours_sent),
        name: fields.text("name", sent.name, NAME_CHARS_MAX),
        price_per_hour: fields.fen("price_per_hour_fen", sent.price_per_hour_fen, PRICE_PER_HOUR),
    }
}

fn overnight(fields: &mut Fields, sent: v1::Overnight) -> Overnight {
    if sent.hours.is_none() {
        fields.refuse("hours", "is required");
    }
    let night = sent.hours.unwrap_or_default();
    Overnight {
        name: fields.text("name", sent.name, NAME_CHARS_MAX),
        hours: fields.within("hours", |fields| hours(fields, &night)),
        price: fields.fen("price_fen", sent.price_fen, PRICE),
    }
}

fn package(fields: &mut Fields, sent: v1::Package) -> Package {
    let sold = sent.sold.as_ref();
    let time = match sent.time {
        Some(Time::Minutes(minutes)) => PackageTime::Minutes {
            minutes: fields.uint("minutes", minutes, 1..=DAY_MINUTES),
            sold: sold.map(|sold| fields.within("sold", |fields| hours(fields, sold))),
        },
        Some(Time::Window(window)) => {
            if sold.is_some() {
                fields.refuse("sold", "belongs to minutes: a window is sold within itself");
            }
            PackageTime::Window(fields.within("window", |fields| hours(fields, &window)))
        }
        None => {
            fields.refuse("time", "is required: minutes or window");
            PackageTime::Minutes { minutes: 1, sold: None }
        }
    };
    Package {
        code: fields.text("code", sent.code, CODE_CHARS_MAX),
        name: fields.text("name", sent.name, NAME_CHARS_MAX),
        price: fields.fen("price_fen", sent.price_fen, PRICE),
        time,
    }
}

fn hours(fields: &mut Fields, sent: &v1::Hours) -> Hours {
    if sent.weekdays.is_empty() && sent.day_kinds.is_empty() {
        fields.refuse("weekdays", "is required, or else day_kinds is");
    }
    if repeats(&sent.weekdays) {
        fields.refuse("weekdays", "names a day twice");
    }
    if repeats(&sent.day_kinds) {
        fields.refuse("day_kinds", "names a kind twice");
    }
    // Not the generated iterators, which pass over what they do not know.
    let day = |number: &i32| weekday(v1::Weekday::try_from(*number).ok()?);
    let kind = |number: &i32| day_kind(v1::DayKind::try_from(*number).ok()?);
    let weekdays: Option<Vec<_>> = sent.weekdays.iter().map(day).collect();
    let day_kinds: Option<Vec<_>> = sent.day_kinds.iter().map(kind).collect();
    Hours {
        weekdays: fields.choice("weekdays", weekdays, Vec::new()),
        day_kinds: fields.choice("day_kinds", day_kinds, Vec::new()),
        from_minute: fields.uint("from_minute", sent.from_minute, 0..=DAY_MINUTES - 1),
        to_minute: fields.uint("to_minute", sent.to_minute, 1..=DAY_MINUTES),
    }
}

fn repeats(numbers: &[i32]) -> bool {
    (1..numbers.len()).any(|n| numbers[..n].contains(&numbers[n]))
}

/// A kind of special days.
pub(super) fn day_kind(kind: v1::DayKind) -> Option<DayKind> {
    match kind {
        v1::DayKind::Unspecified => None,
        v1::DayKind::Holiday => Some(DayKind::Holiday),
        v1::DayKind::AdjustedWorkday => Some(DayKind::AdjustedWorkday),
    }
}

fn weekday(day: v1::Weekday) -> Option<Weekday> {
    match day {
        v1::Weekday::Unspecified => None,
        v1::Weekday::Monday => Some(Weekday::Monday),
        v1::Weekday::Tuesday => Some(Weekday::Tuesday),
        v1::Weekday::Wednesday => Some(Weekday::Wednesday),
        v1::Weekday::Thursday => Some(Weekday::Thursday),
        v1::Weekday::Friday => Some(Weekday::Friday),
        v1::Weekday::Saturday => Some(Weekday::Saturday),
        v1::Weekday::Sunday => Some(Weekday::Sunday),
    }
}
