//! What a gift decides.

use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::{GiftId, HallId, RedemptionId};
use crate::refusal::InvalidField;

use super::{Gift, GiftCommand, GiftContent, GiftError, GiftEvent, GiftProfile};

/// Characters of a name, at most.
const NAME_CHARS_MAX: usize = 50;
/// Characters of a picture's address, at most.
const URL_CHARS_MAX: usize = 500;
/// What a gift costs, at most.
const POINTS_MAX: u64 = 10_000_000;
/// Pieces that come in at once, or are counted, at most.
const PIECES_MAX: u64 = 1_000_000;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(gift: &Gift, command: GiftCommand) -> Result<Vec<GiftEvent>, GiftError> {
    match command {
        GiftCommand::Register {
            gift_id,
            hall_id,
            content,
            at,
        } => register(gift, gift_id, hall_id, content, at),
        GiftCommand::Change { content, at } => change(gift, content, at),
        GiftCommand::Retire { at } => retire(gift, at),
        GiftCommand::Receive { pieces, at } => receive(gift, pieces, at),
        GiftCommand::Count { found, at } => count(gift, found, at),
        GiftCommand::Hold { redemption_id, at } => hold(gift, redemption_id, at),
        GiftCommand::Issue { redemption_id, at } => Ok(issue(gift, redemption_id, at)),
        GiftCommand::Release { redemption_id, at } => Ok(release(gift, redemption_id, at)),
    }
}

/// Puts a gift into a hall's catalogue; the same gift again changes nothing.
///
/// # Errors
/// [`GiftError::Exists`], [`GiftError::Invalid`].
pub fn register(
    gift: &Gift,
    gift_id: GiftId,
    hall_id: HallId,
    content: GiftContent,
    at: Timestamp,
) -> Result<Vec<GiftEvent>, GiftError> {
    if let Some(existing) = &gift.profile {
        return if (existing.hall_id, &existing.content) == (hall_id, &content) {
            Ok(Vec::new())
        } else {
            Err(GiftError::Exists(existing.gift_id))
        };
    }
    validate(&content)?;
    Ok(vec![GiftEvent::GiftRegistered {
        gift_id,
        hall_id,
        content,
        at,
    }])
}

/// Changes what the catalogue says; the same again changes nothing.
///
/// # Errors
/// [`GiftError::NotFound`], [`GiftError::Retired`], [`GiftError::Invalid`].
pub fn change(gift: &Gift, content: GiftContent, at: Timestamp) -> Result<Vec<GiftEvent>, GiftError> {
    let profile = in_catalogue(gift)?;
    validate(&content)?;
    if profile.content == content {
        return Ok(Vec::new());
    }
    Ok(vec![GiftEvent::GiftChanged { content, at }])
}

/// Takes a gift out of the catalogue; what is held is still handed out.
///
/// # Errors
/// [`GiftError::NotFound`].
pub fn retire(gift: &Gift, at: Timestamp) -> Result<Vec<GiftEvent>, GiftError> {
    if registered(gift)?.retired {
        return Ok(Vec::new());
    }
    Ok(vec![GiftEvent::GiftRetired { at }])
}

/// Takes pieces in.
///
/// # Errors
/// [`GiftError::NotFound`], [`GiftError::Retired`], [`GiftError::Invalid`].
pub fn receive(gift: &Gift, pieces: u32, at: Timestamp) -> Result<Vec<GiftEvent>, GiftError> {
    in_catalogue(gift)?;
    InvalidField::unless(
        (1..=PIECES_MAX).contains(&u64::from(pieces)),
        "pieces",
        "must be 1 to 1000000",
    )?;
    Ok(vec![GiftEvent::StockReceived { pieces, at }])
}

/// Corrects the books by what was counted; what they had already changes nothing.
///
/// # Errors
/// [`GiftError::NotFound`], [`GiftError::CountBelowHeld`], [`GiftError::Invalid`].
pub fn count(gift: &Gift, found: u64, at: Timestamp) -> Result<Vec<GiftEvent>, GiftError> {
    registered(gift)?;
    InvalidField::unless(found <= PIECES_MAX, "found", "must be 0 to 1000000")?;
    let held = gift.stock.held.len() as u64;
    if found < held {
        return Err(GiftError::CountBelowHeld { found, held });
    }
    let difference = i64::try_from(found).unwrap_or(i64::MAX) - i64::try_from(gift.stock.in_hall()).unwrap_or(i64::MAX);
    if difference == 0 {
        return Ok(Vec::new());
    }
    Ok(vec![GiftEvent::StockCounted { found, difference, at }])
}

/// Sets a piece aside, once for each redemption.
///
/// # Errors
/// [`GiftError::NotFound`], [`GiftError::Retired`], [`GiftError::OutOfStock`].
pub fn hold(gift: &Gift, redemption_id: RedemptionId, at: Timestamp) -> Result<Vec<GiftEvent>, GiftError> {
    in_catalogue(gift)?;
    if gift.stock.held.contains(&redemption_id) {
        return Ok(Vec::new());
    }
    if gift.stock.available() == 0 {
        return Err(GiftError::OutOfStock);
    }
    Ok(vec![GiftEvent::PieceHeld { redemption_id, at }])
}

/// Hands out what is held for a redemption; nothing held changes nothing.
pub fn issue(gift: &Gift, redemption_id: RedemptionId, at: Timestamp) -> Vec<GiftEvent> {
    match gift.stock.held.contains(&redemption_id) {
        true => vec![GiftEvent::PieceIssued { redemption_id, at }],
        false => Vec::new(),
    }
}

/// Puts back what is held for a redemption; nothing held changes nothing.
pub fn release(gift: &Gift, redemption_id: RedemptionId, at: Timestamp) -> Vec<GiftEvent> {
    match gift.stock.held.contains(&redemption_id) {
        true => vec![GiftEvent::PieceReleased { redemption_id, at }],
        false => Vec::new(),
    }
}

/// The gift, if it can be had.
///
/// # Errors
/// [`GiftError::NotFound`], [`GiftError::Retired`].
pub fn in_catalogue(gift: &Gift) -> Result<&Arc<GiftProfile>, GiftError> {
    let profile = registered(gift)?;
    match profile.retired {
        true => Err(GiftError::Retired),
        false => Ok(profile),
    }
}

fn registered(gift: &Gift) -> Result<&Arc<GiftProfile>, GiftError> {
    gift.profile.as_ref().ok_or(GiftError::NotFound)
}

fn validate(content: &GiftContent) -> Result<(), InvalidField> {
    InvalidField::unless_text(&content.name_zh, NAME_CHARS_MAX, "gift.name_zh")?;
    InvalidField::unless_text(&content.name_en, NAME_CHARS_MAX, "gift.name_en")?;
    let url = &content.picture_url;
    let plain = |byte: u8| byte.is_ascii_graphic();
    InvalidField::unless(
        url.is_empty() || (url.starts_with("https://") && url.len() <= URL_CHARS_MAX && url.bytes().all(plain)),
        "gift.picture_url",
        "must be an https address of at most 500 characters, or empty",
    )?;
    InvalidField::unless(
        (1..=POINTS_MAX).contains(&content.points),
        "gift.points",
        "must be 1 to 10000000",
    )
}
