//! What a tariff may say.

use std::ops::RangeInclusive;

use crate::money::Fen;
use crate::refusal::InvalidField;

use super::{Band, Hours, Overnight, Package, PackageTime, Tariff};

/// Characters of a tariff's or band's name, at most.
const NAME_CHARS_MAX: usize = 50;
/// Bands of a tariff, at most.
const BANDS_MAX: usize = 32;
/// Price per hour: up to ¥10,000.
const PRICE_PER_HOUR: RangeInclusive<i64> = 0..=1_000_000;
/// Overnight prices of a tariff, at most.
const OVERNIGHTS_MAX: usize = 8;
/// Packages of a tariff, at most.
const PACKAGES_MAX: usize = 32;
/// Minutes of a package, at most.
const PACKAGE_MINUTES_MAX: u32 = 1440;
/// Seconds of grace, at most.
const GRACE_SECONDS_MAX: u32 = 3600;

/// Checks a tariff before it is published.
///
/// # Errors
/// The first field that is out of its range.
pub fn validate(tariff: &Tariff) -> Result<(), InvalidField> {
    let unless = InvalidField::unless;
    InvalidField::unless_text(&tariff.name, NAME_CHARS_MAX, "tariff.name")?;
    price(tariff.price_per_hour, "tariff.price_per_hour")?;
    unless(
        (1..=60).contains(&tariff.step_minutes),
        "tariff.step_minutes",
        "must be 1 to 60",
    )?;
    unless(
        (0..=Fen::MAX_INPUT.0).contains(&tariff.minimum.0),
        "tariff.minimum",
        "must be 0 to 1000000000 fen",
    )?;
    unless(
        tariff
            .cap
            .is_none_or(|cap| (tariff.minimum..=Fen::MAX_INPUT).contains(&cap)),
        "tariff.cap",
        "must be at least the minimum, and at most 1000000000 fen",
    )?;
    unless(
        tariff.grace_seconds <= GRACE_SECONDS_MAX,
        "tariff.grace_seconds",
        "must be 0 to 3600",
    )?;
    unless(tariff.bands.len() <= BANDS_MAX, "tariff.bands", "must be at most 32")?;
    for (index, band) in tariff.bands.iter().enumerate() {
        validate_band(tariff, band, &format!("tariff.bands[{index}]"))?;
    }
    unless(
        tariff.overnights.len() <= OVERNIGHTS_MAX,
        "tariff.overnights",
        "must be at most 8",
    )?;
    for (index, overnight) in tariff.overnights.iter().enumerate() {
        validate_overnight(tariff, overnight, &format!("tariff.overnights[{index}]"))?;
    }
    unless(
        tariff.packages.len() <= PACKAGES_MAX,
        "tariff.packages",
        "must be at most 32",
    )?;
    for (index, package) in tariff.packages.iter().enumerate() {
        validate_package(tariff, index, package, &format!("tariff.packages[{index}]"))?;
    }
    Ok(())
}

fn validate_band(tariff: &Tariff, band: &Band, path: &str) -> Result<(), InvalidField> {
    InvalidField::unless_text(&band.name, NAME_CHARS_MAX, &format!("{path}.name"))?;
    validate_hours(tariff, &band.hours, path)?;
    price(band.price_per_hour, &format!("{path}.price_per_hour"))
}

fn validate_overnight(tariff: &Tariff, overnight: &Overnight, path: &str) -> Result<(), InvalidField> {
    InvalidField::unless_text(&overnight.name, NAME_CHARS_MAX, &format!("{path}.name"))?;
    validate_hours(tariff, &overnight.hours, path)?;
    whole_price(overnight.price, &format!("{path}.price"))
}

fn validate_package(tariff: &Tariff, index: usize, package: &Package, path: &str) -> Result<(), InvalidField> {
    let unless = InvalidField::unless;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    unless(
        (1..=32).contains(&package.code.len()) && package.code.bytes().all(plain),
        &format!("{path}.code"),
        "must be 1 to 32 of a-z, 0-9 and _",
    )?;
    let before = &tariff.packages[..index];
    unless(
        before.iter().all(|other| other.code != package.code),
        &format!("{path}.code"),
        "must be another package's",
    )?;
    InvalidField::unless_text(&package.name, NAME_CHARS_MAX, &format!("{path}.name"))?;
    whole_price(package.price, &format!("{path}.price"))?;
    match &package.time {
        PackageTime::Minutes { minutes, sold } => {
            unless(
                (1..=PACKAGE_MINUTES_MAX).contains(minutes),
                &format!("{path}.minutes"),
                "must be 1 to 1440",
            )?;
            sold.iter()
                .try_for_each(|hours| validate_hours(tariff, hours, &format!("{path}.sold")))
        }
        PackageTime::Window(hours) => validate_hours(tariff, hours, &format!("{path}.window")),
    }
}

fn validate_hours(tariff: &Tariff, hours: &Hours, path: &str) -> Result<(), InvalidField> {
    let path = |field: &str| format!("{path}.{field}");
    let unless = InvalidField::unless;
    unless(
        !hours.weekdays.is_empty() || !hours.day_kinds.is_empty(),
        &path("weekdays"),
        "must name at least one day, or else day_kinds must",
    )?;
    unless(!repeats(&hours.weekdays), &path("weekdays"), "must name each day once")?;
    unless(
        !repeats(&hours.day_kinds),
        &path("day_kinds"),
        "must name each kind once",
    )?;
    unless(
        hours.day_kinds.is_empty() || tariff.calendar_id.is_some(),
        &path("day_kinds"),
        "must be empty unless the tariff names a calendar",
    )?;
    unless(hours.from_minute < 1440, &path("from_minute"), "must be 0 to 1439")?;
    unless(
        (1..=1440).contains(&hours.to_minute),
        &path("to_minute"),
        "must be 1 to 1440",
    )
}

fn repeats<T: PartialEq>(items: &[T]) -> bool {
    (1..items.len()).any(|i| items[..i].contains(&items[i]))
}

fn price(amount: Fen, field: &str) -> Result<(), InvalidField> {
    InvalidField::unless(PRICE_PER_HOUR.contains(&amount.0), field, "must be 0 to 1000000 fen")
}

fn whole_price(amount: Fen, field: &str) -> Result<(), InvalidField> {
    InvalidField::unless(
        (0..=Fen::MAX_INPUT.0).contains(&amount.0),
        field,
        "must be 0 to 1000000000 fen",
    )
}
