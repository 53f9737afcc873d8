//! What a hall sells beside play: drinks, snacks, chalk.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::money::Fen;
use crate::refusal::InvalidField;

/// Characters of a code, at most.
const CODE_CHARS_MAX: usize = 32;
/// Characters of a name, at most.
const NAME_CHARS_MAX: usize = 50;
/// Kinds of goods of a hall, at most, with those that are no longer sold.
const GOODS_MAX: usize = 500;

/// Goods of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Goods {
    /// Unique in the hall: 1–32 of `a`–`z`, `0`–`9` and `_`.
    pub code: String,
    /// What customers read in Chinese, 1–50 characters.
    pub name_zh: String,
    /// What customers read in English, 1–50 characters.
    pub name_en: String,
    /// Price of one.
    pub price: Fen,
    /// Not sold any more.
    pub retired: bool,
}

/// Whether `listed` can take the place of `before`: what was ever on the list stays on it, for it stands on bills.
///
/// # Errors
/// The field that is out of its range.
pub(super) fn validate(listed: &[Goods], before: &[Goods]) -> Result<(), InvalidField> {
    InvalidField::unless(listed.len() <= GOODS_MAX, "goods", "must be at most 500")?;
    let mut codes = BTreeSet::new();
    for (n, goods) in listed.iter().enumerate() {
        let field = |name: &str| format!("goods[{n}].{name}");
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        InvalidField::unless(
            (1..=CODE_CHARS_MAX).contains(&goods.code.len()) && goods.code.bytes().all(plain),
            &field("code"),
            "must be 1 to 32 of a-z, 0-9 and _",
        )?;
        InvalidField::unless(codes.insert(&goods.code), &field("code"), "is listed twice")?;
        InvalidField::unless_text(&goods.name_zh, NAME_CHARS_MAX, &field("name_zh"))?;
        InvalidField::unless_text(&goods.name_en, NAME_CHARS_MAX, &field("name_en"))?;
        InvalidField::unless(
            (Fen::ZERO..=Fen::MAX_INPUT).contains(&goods.price),
            &field("price"),
            "must be 0 to 1000000000 fen",
        )?;
    }
    match before.iter().find(|goods| !codes.contains(&goods.code)) {
        Some(gone) => Err(InvalidField::new(
            "goods",
            format!("must keep {}: retire it instead", gone.code),
        )),
        None => Ok(()),
    }
}
