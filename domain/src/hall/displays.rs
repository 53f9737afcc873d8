//! Links to a hall's wall screen. Whoever has one sees the screen without logging in, so each expires and can be revoked.

use jiff::{SignedDuration, Timestamp};

use crate::ids::DisplayId;
use crate::refusal::InvalidField;

use super::decide::open;
use super::{Hall, HallError, HallEvent};

/// Characters of a label, at most.
pub const LABEL_CHARS_MAX: usize = 100;
/// A screen that hangs longer gets a new link.
pub const DAYS_MAX: u16 = 400;
/// Links that are good at once, at most.
const LINKS_MAX: usize = 100;

/// Makes a link; the same again changes nothing.
///
/// # Errors
/// [`HallError::NotFound`], [`HallError::Retired`], [`HallError::Invalid`], [`HallError::Full`].
pub fn issue(
    hall: &Hall,
    display_id: DisplayId,
    label: String,
    days: u16,
    at: Timestamp,
) -> Result<Vec<HallEvent>, HallError> {
    open(hall)?;
    if hall.displays.contains_key(&display_id) {
        return Ok(Vec::new());
    }
    InvalidField::unless_text(&label, LABEL_CHARS_MAX, "label")?;
    InvalidField::unless((1..=DAYS_MAX).contains(&days), "days", "must be 1 to 400")?;
    let good = hall
        .displays
        .values()
        .filter(|link| !link.revoked && link.expires_at > at);
    if good.count() >= LINKS_MAX {
        let (what, max) = ("links to screens", LINKS_MAX);
        return Err(HallError::Full { what, max });
    }
    let expires_at = at
        .checked_add(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(Timestamp::MAX);
    Ok(vec![HallEvent::DisplayLinkIssued {
        display_id,
        label,
        expires_at,
        at,
    }])
}

/// Lets a link show nothing any more, also in a hall that closed; the same again changes nothing.
///
/// # Errors
/// [`HallError::DisplayNotFound`].
pub fn revoke(hall: &Hall, display_id: DisplayId, at: Timestamp) -> Result<Vec<HallEvent>, HallError> {
    let link = hall.displays.get(&display_id).ok_or(HallError::DisplayNotFound)?;
    if link.revoked {
        return Ok(Vec::new());
    }
    Ok(vec![HallEvent::DisplayLinkRevoked { display_id, at }])
}
