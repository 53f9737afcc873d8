//! What customers are not content with, and what the staff say to it.

use baize_domain::Fen;
use baize_domain::complaint::{self, Category, Complaint, ComplaintError, Grievance, Promised, decide};
use baize_domain::hall::{Hall, HallError};
use baize_domain::ids::{ComplaintId, HallId, MemberId, complaint_compensation, staff_id};
use baize_domain::member::Member;
use baize_domain::personal::Sealed;
use baize_domain::session::{TableSession, TableSessionError};
use baize_domain::staff::{Staff, StaffRole};
use baize_domain::units::{CompensationAsked, ComplainInput, complaint_terms};
use uuid::Uuid;

use super::work::{Held, Work};
use super::{CommandError, Reply, compensation};

/// What a player reads who is given something back with an answer.
const GIVEN_FOR: &str = "投诉补偿";

/// Takes a complaint in.
pub async fn file(
    work: &Work<'_>,
    member_id: MemberId,
    about: Grievance,
    category: Category,
    words: &Sealed,
) -> Result<Reply, CommandError> {
    let (session, hall_id) = match about {
        Grievance::Hall { hall_id } => (None, hall_id),
        Grievance::Session { session_id } => {
            let session = work.read::<TableSession>(session_id).await?;
            let opening = session.opening.as_ref();
            let opening = opening.ok_or_else(|| CommandError::refuse(TableSessionError::NotFound))?;
            work.of_session(session_id);
            let hall_id = opening.hall_id;
            (Some(session), hall_id)
        }
    };
    work.in_hall(hall_id);
    let (hall, member) = tokio::try_join!(work.read::<Hall>(hall_id), work.read::<Member>(member_id))?;
    let input = ComplainInput {
        session: session.as_deref(),
        hall: &hall,
        member: &member,
        now: work.now,
    };
    let terms = complaint_terms(input, category, words.clone())?;
    let complaint_id = terms.complaint_id;
    let complaint = work.read::<Complaint>(complaint_id).await?;
    let events = decide::file(&complaint, terms, work.now).map_err(CommandError::refuse)?;
    work.write(&complaint, events)?;
    Ok(Reply::ComplaintFiled { complaint_id })
}

/// Lets somebody see to it.
pub async fn assign(
    work: &Work<'_>,
    complaint_id: ComplaintId,
    to: Option<MemberId>,
    by: Uuid,
) -> Result<Reply, CommandError> {
    let (complaint, hall_id) = filed(work, complaint_id).await?;
    let to = match to {
        Some(member_id) => works_there(work, hall_id, member_id).await?,
        None => by,
    };
    let events = decide::assign(&complaint, to, by, work.now).map_err(CommandError::refuse)?;
    work.write(&complaint, events)?;
    Ok(Reply::Done)
}

/// Answers it, and gives something back with the answer.
pub async fn answer(
    work: &Work<'_>,
    complaint_id: ComplaintId,
    words: &Sealed,
    give_back: Fen,
    by: Uuid,
) -> Result<Reply, CommandError> {
    let (complaint, _) = filed(work, complaint_id).await?;
    let promised = give_back.is_positive().then(|| Promised {
        compensation_id: complaint_compensation(complaint_id, complaint.answers()),
        amount: give_back,
    });
    let events = decide::answer(&complaint, words.clone(), promised, by, work.now).map_err(CommandError::refuse)?;
    work.write(&complaint, events)?;
    let session_id = complaint.terms.as_ref().and_then(|terms| terms.session_id);
    let (Some(promised), Some(session_id)) = (promised, session_id) else {
        return Ok(Reply::ComplaintAnswered {
            compensation_id: None,
            needs_approval: false,
        });
    };
    let asked = CompensationAsked {
        compensation_id: promised.compensation_id,
        amount: promised.amount,
        by,
        reason: GIVEN_FOR.to_owned(),
    };
    match compensation::compensate(work, session_id, asked).await? {
        Reply::Compensated {
            compensation_id,
            needs_approval,
        } => Ok(Reply::ComplaintAnswered {
            compensation_id: Some(compensation_id),
            needs_approval,
        }),
        other => Ok(other),
    }
}

/// Lays it to rest.
pub async fn close(work: &Work<'_>, complaint_id: ComplaintId, by: Uuid) -> Result<Reply, CommandError> {
    let (complaint, _) = filed(work, complaint_id).await?;
    let events = decide::close(&complaint, by, work.now).map_err(CommandError::refuse)?;
    work.write(&complaint, events)?;
    Ok(Reply::Done)
}

/// Opens it again.
pub async fn reopen(work: &Work<'_>, complaint_id: ComplaintId, words: &Sealed) -> Result<Reply, CommandError> {
    let (complaint, _) = filed(work, complaint_id).await?;
    let events = decide::reopen(&complaint, words.clone(), work.now).map_err(CommandError::refuse)?;
    work.write(&complaint, events)?;
    Ok(Reply::Done)
}

async fn filed(work: &Work<'_>, complaint_id: ComplaintId) -> Result<(Held<Complaint>, HallId), CommandError> {
    let complaint = work.read::<Complaint>(complaint_id).await?;
    let terms = complaint::decide::filed(&complaint).map_err(CommandError::refuse)?;
    let (hall_id, session_id) = (terms.hall_id, terms.session_id);
    work.in_hall(hall_id);
    if let Some(session_id) = session_id {
        work.of_session(session_id);
    }
    Ok((complaint, hall_id))
}

/// The one to see to it, who works in the hall or owns its chain.
async fn works_there(work: &Work<'_>, hall_id: HallId, member_id: MemberId) -> Result<Uuid, CommandError> {
    let hall = work.read::<Hall>(hall_id).await?;
    let chain_id = hall.profile.as_ref().map(|hall| hall.chain_id);
    let chain_id = chain_id.ok_or_else(|| CommandError::refuse(HallError::NotFound))?;
    let staff = work.read::<Staff>(staff_id(member_id, chain_id)).await?;
    let there = staff
        .roles
        .get(&StaffRole::Staff)
        .is_some_and(|halls| halls.contains(&hall_id));
    if there || staff.roles.contains_key(&StaffRole::Owner) {
        return Ok(member_id.0);
    }
    Err(CommandError::refuse(ComplaintError::NotOfTheHall))
}
