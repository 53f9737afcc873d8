//! The levels of customers: what each is called, what it takes off, and by what spending it is reached.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::level::LevelCode;
use crate::money::Fen;
use crate::refusal::InvalidField;

/// Levels of a chain, at most.
pub const LEVELS_MAX: usize = 16;
/// Characters of a level's name, at most.
const NAME_CHARS_MAX: usize = 50;
/// Points of a gift pack, at most.
const GIFT_POINTS_MAX: u64 = 1_000_000;
/// Days for which spending is remembered, at most.
pub const SPENDING_DAYS_MAX: u16 = 366;
/// Decimals of a discount, at most: hundredths of a per cent.
const DISCOUNT_DECIMALS_MAX: u32 = 4;

/// A level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Level {
    /// How programs name it.
    pub code: LevelCode,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// The part of the price of play that is taken off, 0 to 1: 0.12 is 12 % off (八八折).
    pub discount: Decimal,
    /// Who has spent so much principal within the window is put on this level, > 0; nothing: it is given by hand alone.
    #[serde(default)]
    pub upgrade_from: Option<Fen>,
    /// Points that a member gets on reaching the level for the first time, 0–1,000,000.
    #[serde(default)]
    pub gift_points: u64,
}

/// How long spending counts for levels, and how long a level lasts that was reached by it (⚙ in the business rules, 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LevelPolicy {
    /// Spending counts for so many days, the day it is looked at included, 1–366.
    pub window_days: u16,
    /// A level lasts so many months before it is looked at again, 1–36.
    pub period_months: u16,
}

impl Default for LevelPolicy {
    /// A year and a year.
    fn default() -> Self {
        Self {
            window_days: 365,
            period_months: 12,
        }
    }
}

impl LevelPolicy {
    /// Whether every field is in its range.
    ///
    /// # Errors
    /// The first field that is not.
    pub(super) fn validate(self) -> Result<(), InvalidField> {
        InvalidField::unless(
            (1..=SPENDING_DAYS_MAX).contains(&self.window_days),
            "policy.window_days",
            "must be 1 to 366",
        )?;
        InvalidField::unless(
            (1..=36).contains(&self.period_months),
            "policy.period_months",
            "must be 1 to 36",
        )
    }

    /// When a level ends that was reached at `at`.
    pub fn period_end(self, at: Timestamp) -> Timestamp {
        let end = at
            .to_zoned(TimeZone::UTC)
            .checked_add(Span::new().months(self.period_months));
        end.map_or(Timestamp::MAX, |end| end.timestamp())
    }
}

/// Which level a member's spending is worth.
pub fn earned_by(levels: &[Level], spent: Fen) -> Option<&Level> {
    let reached = |level: &&Level| level.upgrade_from.is_some_and(|from| spent >= from);
    levels.iter().rev().find(reached)
}

/// The levels that every chain begins with.
pub(super) fn defaults() -> Vec<Level> {
    let level = |code, name_zh: &str, name_en: &str| Level {
        code,
        name_zh: name_zh.to_owned(),
        name_en: name_en.to_owned(),
        discount: Decimal::ZERO,
        upgrade_from: None,
        gift_points: 0,
    };
    vec![
        level(LevelCode::guest(), "散客", "Guest"),
        level(LevelCode::member(), "普通会员", "Member"),
    ]
}

/// Whether `levels` may replace `before`.
pub(super) fn validate(levels: &[Level], before: &[Level]) -> Result<(), InvalidField> {
    InvalidField::unless(
        levels.len() <= LEVELS_MAX,
        "levels",
        &format!("must be at most {LEVELS_MAX}"),
    )?;
    let has = |code: &LevelCode| levels.iter().any(|level| level.code == *code);
    for needed in [LevelCode::guest(), LevelCode::member()] {
        InvalidField::unless(has(&needed), "levels", &format!("must hold the level {needed}"))?;
    }
    for kept in before {
        let problem = format!("must keep the level {}, which members may have", kept.code);
        InvalidField::unless(has(&kept.code), "levels", &problem)?;
    }
    for (index, level) in levels.iter().enumerate() {
        validate_level(level, &format!("levels[{index}]"))?;
        let again = levels[..index].iter().any(|other| other.code == level.code);
        InvalidField::unless(!again, &format!("levels[{index}].code"), "is there twice")?;
    }
    validate_thresholds(levels)
}

/// Spending leads upwards: each threshold is above those of the levels below.
fn validate_thresholds(levels: &[Level]) -> Result<(), InvalidField> {
    let mut below = Fen::ZERO;
    for (index, level) in levels.iter().enumerate() {
        let Some(from) = level.upgrade_from else { continue };
        let path = format!("levels[{index}].upgrade_from_fen");
        let begins = [LevelCode::GUEST, LevelCode::MEMBER].contains(&level.code.as_str());
        InvalidField::unless(!begins, &path, "is not for levels that everybody begins on")?;
        InvalidField::unless(from > below, &path, "must be more than that of the levels before")?;
        below = from;
    }
    Ok(())
}

fn validate_level(level: &Level, path: &str) -> Result<(), InvalidField> {
    LevelCode::try_new(level.code.as_str(), &format!("{path}.code"))?;
    InvalidField::unless_text(&level.name_zh, NAME_CHARS_MAX, &format!("{path}.name_zh"))?;
    InvalidField::unless_text(&level.name_en, NAME_CHARS_MAX, &format!("{path}.name_en"))?;
    let in_range = (Decimal::ZERO..=Decimal::ONE).contains(&level.discount);
    InvalidField::unless(
        in_range && level.discount.normalize().scale() <= DISCOUNT_DECIMALS_MAX,
        &format!("{path}.discount"),
        "must be 0 to 1 with at most 4 decimals",
    )?;
    InvalidField::unless(
        level.gift_points <= GIFT_POINTS_MAX,
        &format!("{path}.gift_points"),
        "must be at most 1000000",
    )
}
