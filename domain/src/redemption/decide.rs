//! What a redemption decides.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Redemption, RedemptionCommand, RedemptionError, RedemptionEvent, RedemptionPhase, RedemptionTerms};

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(redemption: &Redemption, command: RedemptionCommand) -> Result<Vec<RedemptionEvent>, RedemptionError> {
    match command {
        RedemptionCommand::Make { terms, at } => make(redemption, terms, at),
        RedemptionCommand::HandOver { pick_up_code, at } => hand_over(redemption, &pick_up_code, at),
        RedemptionCommand::Cancel { at } => cancel(redemption, at),
    }
}

/// Makes a redemption; the same again changes nothing.
///
/// # Errors
/// [`RedemptionError::Exists`].
pub fn make(
    redemption: &Redemption,
    terms: RedemptionTerms,
    at: Timestamp,
) -> Result<Vec<RedemptionEvent>, RedemptionError> {
    match &redemption.terms {
        None => Ok(vec![RedemptionEvent::RedemptionMade { terms, at }]),
        Some(made) if (made.member_id, made.gift_id) == (terms.member_id, terms.gift_id) => Ok(Vec::new()),
        Some(made) => Err(RedemptionError::Exists(made.redemption_id)),
    }
}

/// Hands the piece over; one that was handed over stays so.
///
/// # Errors
/// [`RedemptionError::NotFound`], [`RedemptionError::WrongCode`], [`RedemptionError::Cancelled`].
pub fn hand_over(
    redemption: &Redemption,
    pick_up_code: &str,
    at: Timestamp,
) -> Result<Vec<RedemptionEvent>, RedemptionError> {
    if made(redemption)?.pick_up_code != pick_up_code {
        return Err(RedemptionError::WrongCode);
    }
    match redemption.phase {
        RedemptionPhase::Waiting => Ok(vec![RedemptionEvent::RedemptionHandedOver { at }]),
        RedemptionPhase::HandedOver => Ok(Vec::new()),
        RedemptionPhase::Cancelled => Err(RedemptionError::Cancelled),
    }
}

/// Undoes a redemption; one that was cancelled stays so.
///
/// # Errors
/// [`RedemptionError::NotFound`], [`RedemptionError::HandedOver`].
pub fn cancel(redemption: &Redemption, at: Timestamp) -> Result<Vec<RedemptionEvent>, RedemptionError> {
    made(redemption)?;
    match redemption.phase {
        RedemptionPhase::Waiting => Ok(vec![RedemptionEvent::RedemptionCancelled { at }]),
        RedemptionPhase::Cancelled => Ok(Vec::new()),
        RedemptionPhase::HandedOver => Err(RedemptionError::HandedOver),
    }
}

/// What was agreed.
///
/// # Errors
/// [`RedemptionError::NotFound`].
pub fn made(redemption: &Redemption) -> Result<&Arc<RedemptionTerms>, RedemptionError> {
    redemption.terms.as_ref().ok_or(RedemptionError::NotFound)
}
