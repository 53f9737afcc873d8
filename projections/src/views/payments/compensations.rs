//! How events change what is given back for sessions.

use baize_domain::compensation::CompensationEvent;
use baize_domain::ids::CompensationId;
use uuid::Uuid;

use crate::engine::Contradiction;
use crate::store::Instant;

use super::rows::{CompensationRow, CompensationStatus};
use super::state::PaymentsState;

/// The compensation that an event is about: its stream is the session's.
pub(super) fn compensation_id(event: &CompensationEvent) -> Uuid {
    let CompensationId(id) = match event {
        CompensationEvent::CompensationAsked { terms, .. } => terms.compensation_id,
        CompensationEvent::CompensationApproved { compensation_id, .. }
        | CompensationEvent::CompensationRejected { compensation_id, .. } => *compensation_id,
    };
    id
}

pub(super) fn compensation(
    state: &mut PaymentsState,
    event: &CompensationEvent,
    position: i64,
) -> Result<(), Contradiction> {
    let id = compensation_id(event);
    let (status, by, decision, at) = match event {
        CompensationEvent::CompensationAsked {
            terms,
            needs_approval,
            at,
        } => {
            state.compensations.put(CompensationRow {
                compensation_id: id,
                session_id: terms.session_id.0,
                hall_id: terms.hall_id.0,
                chain_id: terms.chain_id.0,
                member_id: terms.member_id.0,
                amount_fen: terms.amount.0,
                reason: terms.reason.clone(),
                status: match needs_approval {
                    true => CompensationStatus::Waiting,
                    false => CompensationStatus::Given,
                },
                asked_by: terms.asked_by,
                asked_at: (*at).into(),
                decided_by: None,
                decision: None,
                decided_at: None,
                asked: position,
                position,
            });
            return Ok(());
        }
        CompensationEvent::CompensationApproved { by, at, .. } => (CompensationStatus::Given, by, None, at),
        CompensationEvent::CompensationRejected { by, reason, at, .. } => {
            (CompensationStatus::Rejected, by, Some(reason.clone()), at)
        }
    };
    let waiting = state.compensations.change(id);
    let Some(row) = waiting.filter(|row| row.status == CompensationStatus::Waiting) else {
        return Err(Contradiction(format!(
            "compensation {id} is {} and was not waiting",
            status.as_str()
        )));
    };
    row.status = status;
    row.decided_by = Some(*by);
    row.decision = decision;
    row.decided_at = Some(Instant::from(*at));
    row.position = position;
    Ok(())
}
