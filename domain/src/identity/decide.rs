//! What an identity decides.

use jiff::Timestamp;

use crate::ids::MemberId;

use super::{Identity, IdentityCommand, IdentityError, IdentityEvent, IdentityKind};

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(identity: &Identity, command: IdentityCommand) -> Result<Vec<IdentityEvent>, IdentityError> {
    match command {
        IdentityCommand::Claim { kind, member_id, at } => claim(identity, kind, member_id, at),
        IdentityCommand::Release { member_id, at } => Ok(release(identity, member_id, at)),
    }
}

/// Gives it to somebody; to its owner it changes nothing.
///
/// # Errors
/// [`IdentityError::Taken`].
pub fn claim(
    identity: &Identity,
    kind: IdentityKind,
    member_id: MemberId,
    at: Timestamp,
) -> Result<Vec<IdentityEvent>, IdentityError> {
    match identity.owner {
        Some(owner) if owner == member_id => Ok(Vec::new()),
        Some(_) => Err(IdentityError::Taken(kind)),
        None => Ok(vec![IdentityEvent::IdentityClaimed { kind, member_id, at }]),
    }
}

/// Takes it back; from somebody who does not have it there is nothing to take.
pub fn release(identity: &Identity, member_id: MemberId, at: Timestamp) -> Vec<IdentityEvent> {
    match identity.owner {
        Some(owner) if owner == member_id => vec![IdentityEvent::IdentityReleased { member_id, at }],
        _ => Vec::new(),
    }
}
