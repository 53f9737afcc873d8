//! Links to wall screens: a ticket that is good for one hall's screen, as long as its link is.
//!
//! The ticket says only whose link it is and until when; whether that was revoked is asked of the view, with every answer.

use jiff::Timestamp;
use uuid::Uuid;

use super::{IssueError, Signer};

/// What a link's ticket is good for.
pub fn display_subject(hall_id: Uuid, display_id: Uuid) -> String {
    format!("/screen/{hall_id}/{display_id}")
}

/// Path and query of the wall screen that a link shows, until `expires_at` in whole seconds.
///
/// # Errors
/// No key signs.
pub fn display_link(
    signer: &Signer,
    hall_id: Uuid,
    display_id: Uuid,
    expires_at: Timestamp,
) -> Result<String, IssueError> {
    let ticket = signer.ticket_until(&display_subject(hall_id, display_id), expires_at)?;
    Ok(format!("/screen?hall={hall_id}&display={display_id}&ticket={ticket}"))
}
