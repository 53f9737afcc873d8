//! The levels of customers: what each is called and what it takes off.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::level::LevelCode;
use crate::refusal::InvalidField;

/// Levels of a chain, at most.
pub const LEVELS_MAX: usize = 16;
/// Characters of a level's name, at most.
const NAME_CHARS_MAX: usize = 50;
/// Decimals of a discount, at most: hundredths of a per cent.
const DISCOUNT_DECIMALS_MAX: u32 = 4;

/// A level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// How programs name it.
    pub code: LevelCode,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// The part of the price of play that is taken off, 0 to 1: 0.12 is 12 % off (八八折).
    pub discount: Decimal,
}

/// The levels that every chain begins with.
pub(super) fn defaults() -> Vec<Level> {
    let level = |code, name_zh: &str, name_en: &str| Level {
        code,
        name_zh: name_zh.to_owned(),
        name_en: name_en.to_owned(),
        discount: Decimal::ZERO,
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
    )
}
