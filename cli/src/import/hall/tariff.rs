//! A tariff as the document tells it: prices by the hour, of nights and of packages.

use baize_proto::hall::venue::v1::package::Time;
use baize_proto::hall::venue::v1::{Band, DayKind, Hours, Overnight, Package, Tariff, Weekday};
use toml::de::DeValue;
use uuid::Uuid;

use super::document::{Faults, Fields};
use super::read::{AMOUNT_FEN_MAX, chosen, limited, whole};

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];
const DAY_KINDS: [(&str, DayKind); 2] = [
    ("holiday", DayKind::Holiday),
    ("adjusted_workday", DayKind::AdjustedWorkday),
];
const PRICE_FEN_MAX: i64 = 1_000_000;
const BANDS_MAX: usize = 32;
const OVERNIGHTS_MAX: usize = 8;
const PACKAGES_MAX: usize = 32;
const GRACE_SECONDS: u32 = 180;

/// The tariff of one `[[tariffs]]`, but for its code.
pub fn tariff(fields: &mut Fields<'_, '_>, faults: &mut Faults<'_>) -> Tariff {
    let name = limited(fields, faults, "name", 50);
    let calendar_id = calendar_id(fields, faults);
    // Whether or not it is a good one: one fault is enough.
    let has_calendar = fields.has("calendar_id");
    let bands = fields.tables(faults, "bands").into_iter();
    let bands = bands.map(|fields| band(fields, faults, has_calendar)).collect();
    let overnights = fields.tables(faults, "overnights").into_iter();
    let overnights = overnights
        .map(|fields| overnight(fields, faults, has_calendar))
        .collect();
    let packages = packages(fields, faults, has_calendar);
    let tariff = Tariff {
        name,
        price_per_hour_fen: fields.number(faults, "price_per_hour_fen", 0..=PRICE_FEN_MAX),
        bands,
        step_minutes: whole(fields, faults, "step_minutes", 1, 60),
        minimum_fen: fields
            .optional_number(faults, "minimum_fen", 0..=AMOUNT_FEN_MAX)
            .unwrap_or(0),
        cap_fen: fields.optional_number(faults, "cap_fen", 0..=AMOUNT_FEN_MAX),
        grace_seconds: fields
            .optional_number(faults, "grace_seconds", 0..=3_600)
            .and_then(|seconds| u32::try_from(seconds).ok())
            .unwrap_or(GRACE_SECONDS),
        calendar_id,
        overnights,
        packages,
    };
    for (field, entries, max) in [
        ("bands", tariff.bands.len(), BANDS_MAX),
        ("overnights", tariff.overnights.len(), OVERNIGHTS_MAX),
        ("packages", tariff.packages.len(), PACKAGES_MAX),
    ] {
        if entries > max {
            fields.refuse(faults, field, format!("has more than {max} entries"));
        }
    }
    if tariff.cap_fen.is_some_and(|cap| cap < tariff.minimum_fen) {
        fields.refuse(faults, "cap_fen", "is less than minimum_fen");
    }
    tariff
}

fn calendar_id(fields: &mut Fields<'_, '_>, faults: &mut Faults<'_>) -> String {
    let Some(text) = fields.optional_text(faults, "calendar_id") else {
        return String::new();
    };
    match Uuid::try_parse(&text) {
        Ok(id) if !id.is_nil() => id.to_string(),
        _ => {
            fields.refuse(faults, "calendar_id", "is not a UUID");
            String::new()
        }
    }
}

fn band(mut fields: Fields<'_, '_>, faults: &mut Faults<'_>, has_calendar: bool) -> Band {
    let hours = hours(&mut fields, faults, has_calendar);
    let band = Band {
        name: limited(&mut fields, faults, "name", 50),
        weekdays: hours.weekdays,
        from_minute: hours.from_minute,
        to_minute: hours.to_minute,
        price_per_hour_fen: fields.number(faults, "price_per_hour_fen", 0..=PRICE_FEN_MAX),
        day_kinds: hours.day_kinds,
    };
    fields.end(faults);
    band
}

fn overnight(mut fields: Fields<'_, '_>, faults: &mut Faults<'_>, has_calendar: bool) -> Overnight {
    let overnight = Overnight {
        name: limited(&mut fields, faults, "name", 50),
        hours: Some(hours(&mut fields, faults, has_calendar)),
        price_fen: fields.number(faults, "price_fen", 0..=AMOUNT_FEN_MAX),
    };
    fields.end(faults);
    overnight
}

fn packages(fields: &mut Fields<'_, '_>, faults: &mut Faults<'_>, has_calendar: bool) -> Vec<Package> {
    let mut packages: Vec<Package> = Vec::new();
    for mut fields in fields.tables(faults, "packages") {
        let code = fields.text(faults, "code");
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if code.len() > 32 || !code.bytes().all(plain) {
            fields.refuse(faults, "code", "is not 1 to 32 of a-z, 0-9 and _");
        }
        if !code.is_empty() && packages.iter().any(|package| package.code == code) {
            fields.refuse(faults, "code", format!("is {code:?} again"));
        }
        packages.push(Package {
            code,
            name: limited(&mut fields, faults, "name", 50),
            price_fen: fields.number(faults, "price_fen", 0..=AMOUNT_FEN_MAX),
            ..time(&mut fields, faults, has_calendar)
        });
        fields.end(faults);
    }
    packages
}

/// With `minutes`, hours say when it is sold, and may be left out; without, they are what is bought.
fn time(fields: &mut Fields<'_, '_>, faults: &mut Faults<'_>, has_calendar: bool) -> Package {
    let says_hours = ["from", "to", "weekdays", "day_kinds"]
        .into_iter()
        .any(|field| fields.has(field));
    let minutes = fields.optional_number(faults, "minutes", 1..=1_440);
    let minutes = minutes.and_then(|minutes| u32::try_from(minutes).ok());
    if !fields.has("minutes") && !says_hours {
        fields.refuse(faults, "minutes", "is missing, or else from and to are");
        return Package::default();
    }
    let hours = says_hours.then(|| hours(fields, faults, has_calendar));
    match minutes {
        Some(minutes) => Package {
            time: Some(Time::Minutes(minutes)),
            sold: hours,
            ..Package::default()
        },
        None => Package {
            time: hours.map(Time::Window),
            ..Package::default()
        },
    }
}

/// Days and hours of what carries them; no days at all means every day.
fn hours(fields: &mut Fields<'_, '_>, faults: &mut Faults<'_>, has_calendar: bool) -> Hours {
    let day = |value: &DeValue<'_>| chosen(&WEEK, value.as_str()?);
    let mut weekdays = fields.list(faults, "weekdays", "mon, tue, wed, thu, fri, sat, sun", day);
    if repeats(&weekdays) {
        fields.refuse(faults, "weekdays", "names a day twice");
    }
    let kind = |value: &DeValue<'_>| chosen(&DAY_KINDS, value.as_str()?);
    let day_kinds = fields.list(faults, "day_kinds", "holiday, adjusted_workday", kind);
    if repeats(&day_kinds) {
        fields.refuse(faults, "day_kinds", "names a kind twice");
    }
    if !day_kinds.is_empty() && !has_calendar {
        fields.refuse(faults, "day_kinds", "needs a calendar_id in the tariff");
    }
    if weekdays.is_empty() && day_kinds.is_empty() {
        weekdays = WEEK.map(|(_, day)| day).to_vec();
    }
    let (from_minute, to_minute) = (fields.time(faults, "from"), fields.time(faults, "to"));
    if from_minute == 1_440 {
        fields.refuse(faults, "from", "is not before 24:00");
    }
    Hours {
        weekdays: weekdays.into_iter().map(Into::into).collect(),
        day_kinds: day_kinds.into_iter().map(Into::into).collect(),
        from_minute,
        // Midnight as an end is the end of the day.
        to_minute: if to_minute == 0 { 1_440 } else { to_minute },
    }
}

fn repeats<T: PartialEq>(items: &[T]) -> bool {
    (1..items.len()).any(|n| items[..n].contains(&items[n]))
}
