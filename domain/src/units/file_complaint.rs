//! Somebody complains: what the complaint is about, and under which id.

use jiff::Timestamp;

use crate::complaint::{Category, ComplaintError, ComplaintTerms};
use crate::hall::{Hall, HallError, business_date, time_zone_or_utc};
use crate::ids::{hall_complaint, session_complaint};
use crate::member::{Member, MemberError};
use crate::personal::Sealed;
use crate::refusal::Refusal;
use crate::session::{TableSession, TableSessionError};

/// What it is decided from.
#[derive(Clone, Copy, Debug)]
pub struct ComplainInput<'a> {
    /// The session, if it is about one; then `hall` is that session's.
    pub session: Option<&'a TableSession>,
    /// The hall.
    pub hall: &'a Hall,
    /// Who complains.
    pub member: &'a Member,
    /// When.
    pub now: Timestamp,
}

/// What a complaint is about, who complains and under which id: only who played complains about a session.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `OTHER_CHAIN`, `HALL_NOT_FOUND`, `SESSION_NOT_FOUND`, `NOT_THE_PLAYER`.
pub fn complaint_terms(input: ComplainInput<'_>, category: Category, words: Sealed) -> Result<ComplaintTerms, Refusal> {
    let member = input.member.active()?;
    let member_id = member.member_id;
    let hall = input.hall.profile.as_ref().ok_or(HallError::NotFound)?;
    if member.chain_id != hall.chain_id {
        return Err(MemberError::OtherChain.into());
    }
    let (session_id, complaint_id) = match input.session {
        Some(session) => {
            let opening = session.opening.as_ref().ok_or(TableSessionError::NotFound)?;
            if opening.member_id != member_id {
                return Err(ComplaintError::NotThePlayer.into());
            }
            (Some(opening.session_id), session_complaint(opening.session_id))
        }
        None => {
            let zone = time_zone_or_utc(&hall.time_zone);
            let date = business_date(&zone, hall.business_day_cutoff_minutes, input.now);
            (None, hall_complaint(hall.hall_id, member_id, date))
        }
    };
    Ok(ComplaintTerms {
        complaint_id,
        hall_id: hall.hall_id,
        chain_id: hall.chain_id,
        session_id,
        member_id,
        category,
        words,
    })
}
