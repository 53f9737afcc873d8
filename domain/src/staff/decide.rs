//! What is decided about a person's roles in a chain.

use std::collections::BTreeSet;

use crate::ids::{ChainId, HallId, MemberId};
use crate::refusal::InvalidField;

use super::{Staff, StaffCommand, StaffError, StaffEvent, StaffRole};

/// Halls of one role, at most: a token names them all.
pub const HALLS_MAX: usize = 256;
/// Characters of a reason, at most.
const REASON_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(staff: &Staff, command: StaffCommand) -> Result<Vec<StaffEvent>, StaffError> {
    match command {
        StaffCommand::Grant {
            member_id,
            chain_id,
            role,
            halls,
        } => grant(staff, member_id, chain_id, role, halls),
        StaffCommand::Revoke { role, reason } => revoke(staff, role, reason),
    }
}

/// Gives a role; the same role in the same halls again changes nothing.
///
/// # Errors
/// [`StaffError::Invalid`].
pub fn grant(
    staff: &Staff,
    member_id: MemberId,
    chain_id: ChainId,
    role: StaffRole,
    halls: BTreeSet<HallId>,
) -> Result<Vec<StaffEvent>, StaffError> {
    match role {
        StaffRole::Staff => InvalidField::unless(
            (1..=HALLS_MAX).contains(&halls.len()),
            "hall_ids",
            &format!("must be 1 to {HALLS_MAX}"),
        )?,
        StaffRole::Owner => InvalidField::unless(halls.is_empty(), "hall_ids", "must be empty for an owner")?,
    }
    if staff.roles.get(&role) == Some(&halls) {
        return Ok(Vec::new());
    }
    Ok(vec![StaffEvent::RoleGranted {
        member_id,
        chain_id,
        role,
        halls,
    }])
}

/// Takes a role; one that they do not have changes nothing.
///
/// # Errors
/// [`StaffError::NotFound`] if they never had any, [`StaffError::Invalid`].
pub fn revoke(staff: &Staff, role: StaffRole, reason: String) -> Result<Vec<StaffEvent>, StaffError> {
    staff.person.ok_or(StaffError::NotFound)?;
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    if !staff.roles.contains_key(&role) {
        return Ok(Vec::new());
    }
    Ok(vec![StaffEvent::RoleRevoked { role, reason }])
}
