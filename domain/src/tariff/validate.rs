//! What a tariff may say.

use std::ops::RangeInclusive;

use crate::money::Fen;
use crate::refusal::InvalidField;

use super::{Band, Tariff};

/// Characters of a tariff's or band's name, at most.
const NAME_CHARS_MAX: usize = 50;
/// Bands of a tariff, at most.
const BANDS_MAX: usize = 32;
/// Price per hour: up to ¥10,000.
const PRICE_PER_HOUR: RangeInclusive<i64> = 0..=1_000_000;
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
        validate_band(band, index)?;
    }
    Ok(())
}

fn validate_band(band: &Band, index: usize) -> Result<(), InvalidField> {
    let path = |field: &str| format!("tariff.bands[{index}].{field}");
    let unless = InvalidField::unless;
    InvalidField::unless_text(&band.name, NAME_CHARS_MAX, &path("name"))?;
    unless(
        !band.weekdays.is_empty(),
        &path("weekdays"),
        "must name at least one day",
    )?;
    let repeated = (1..band.weekdays.len()).any(|i| band.weekdays[..i].contains(&band.weekdays[i]));
    unless(!repeated, &path("weekdays"), "must name each day once")?;
    unless(band.from_minute < 1440, &path("from_minute"), "must be 0 to 1439")?;
    unless(
        (1..=1440).contains(&band.to_minute),
        &path("to_minute"),
        "must be 1 to 1440",
    )?;
    price(band.price_per_hour, &path("price_per_hour"))
}

fn price(amount: Fen, field: &str) -> Result<(), InvalidField> {
    InvalidField::unless(PRICE_PER_HOUR.contains(&amount.0), field, "must be 0 to 1000000 fen")
}
