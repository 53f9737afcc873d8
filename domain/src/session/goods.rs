//! What is put on the bill beside play.

use jiff::Timestamp;

use crate::money::Fen;
use crate::refusal::InvalidField;

use super::decide::playing;
use super::{GoodsLine, TableSession, TableSessionError, TableSessionEvent};

/// Goods of one kind that are put on a bill at once, at most.
pub const QUANTITY_MAX: u32 = 99;
/// Lines of goods on one bill, at most.
const LINES_MAX: usize = 50;
/// Characters of a reason, at most.
const REASON_CHARS_MAX: usize = 200;

impl TableSession {
    /// What the goods on the bill cost together.
    pub fn goods_total(&self) -> Fen {
        self.goods.iter().map(GoodsLine::amount).sum()
    }
}

/// Puts goods on a list of lines: alike ones, at one price, stand in one line.
pub fn put(lines: &mut Vec<GoodsLine>, line: &GoodsLine) {
    let alike = |other: &&mut GoodsLine| {
        (&other.code, other.price, &other.name_zh, &other.name_en)
            == (&line.code, line.price, &line.name_zh, &line.name_en)
    };
    match lines.iter_mut().find(alike) {
        Some(same) => same.quantity = same.quantity.saturating_add(line.quantity),
        None => lines.push(line.clone()),
    }
}

/// Takes goods off a list of lines. The dearest of a kind that changed its price meanwhile go first: nobody pays for a mistake.
pub fn take(lines: &mut Vec<GoodsLine>, code: &str, quantity: u32) {
    let mut left = quantity;
    let mut found: Vec<_> = lines.iter_mut().filter(|line| line.code == code).collect();
    found.sort_by_key(|line| std::cmp::Reverse(line.price));
    for line in found {
        let taken = line.quantity.min(left);
        line.quantity -= taken;
        left -= taken;
    }
    lines.retain(|line| line.quantity > 0);
}

/// Puts goods on the bill, once billing has begun. `line.quantity` is 1–99.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`], [`TableSessionError::Starting`],
/// [`TableSessionError::TooManyGoods`], [`TableSessionError::Invalid`].
pub fn add(
    session: &TableSession,
    line: GoodsLine,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    playing(session)?;
    check_quantity(line.quantity)?;
    if session.billing.is_none() {
        return Err(TableSessionError::Starting);
    }
    let mut after = session.goods.clone();
    put(&mut after, &line);
    if after.len() > LINES_MAX {
        return Err(TableSessionError::TooManyGoods { lines_max: LINES_MAX });
    }
    Ok(vec![TableSessionEvent::GoodsAdded { line, at }])
}

/// Takes goods off the bill, for a reason of 1–200 characters.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`], [`TableSessionError::NotOnBill`],
/// [`TableSessionError::Invalid`].
pub fn remove(
    session: &TableSession,
    code: &str,
    quantity: u32,
    reason: &str,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    playing(session)?;
    check_quantity(quantity)?;
    InvalidField::unless_text(reason, REASON_CHARS_MAX, "reason")?;
    let there = session.goods.iter().filter(|line| line.code == code);
    let on_bill = there.fold(0_u32, |sum, line| sum.saturating_add(line.quantity));
    if on_bill < quantity {
        return Err(TableSessionError::NotOnBill {
            code: code.to_owned(),
            on_bill,
        });
    }
    Ok(vec![TableSessionEvent::GoodsRemoved {
        code: code.to_owned(),
        quantity,
        reason: reason.to_owned(),
        at,
    }])
}

fn check_quantity(quantity: u32) -> Result<(), InvalidField> {
    InvalidField::unless((1..=QUANTITY_MAX).contains(&quantity), "quantity", "must be 1 to 99")
}
