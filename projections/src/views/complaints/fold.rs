//! How events change a complaint.

use baize_domain::Event;
use baize_domain::complaint::{Category, ComplaintEvent, ComplaintTerms};
use jiff::Timestamp;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{ComplaintCategory, ComplaintRow, ComplaintStatus};
use super::state::ComplaintsState;

pub(super) fn fold(state: &mut ComplaintsState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let Event::Complaint(event) = &decoded.event else {
        return Ok(());
    };
    let (complaint_id, position) = (complaint_id(decoded)?, decoded.position());
    if let ComplaintEvent::ComplaintFiled { terms, at } = event {
        state.complaints.put(filed(terms, *at, position));
        return Ok(());
    }
    let Some(row) = state.complaints.change(complaint_id) else {
        return Err(Contradiction(format!("complaint {complaint_id} was never filed")));
    };
    row.position = position;
    match event {
        ComplaintEvent::ComplaintFiled { .. } => {}
        ComplaintEvent::ComplaintAssigned { to, .. } => row.assigned_to = Some(*to),
        ComplaintEvent::ComplaintAnswered { promised, by, at, .. } => {
            row.status = ComplaintStatus::Answered;
            row.assigned_to.get_or_insert(*by);
            row.answers += 1;
            row.promised_fen += promised.map_or(0, |promised| promised.amount.0);
            row.answered_at = Some((*at).into());
        }
        ComplaintEvent::ComplaintClosed { at, .. } => {
            row.status = ComplaintStatus::Closed;
            row.closed_at = Some((*at).into());
        }
        ComplaintEvent::ComplaintReopened { .. } => {
            row.status = ComplaintStatus::Open;
            row.reopened = true;
            row.closed_at = None;
        }
    }
    Ok(())
}

/// The complaint that an event is about.
pub(super) fn complaint_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn filed(terms: &ComplaintTerms, at: Timestamp, position: i64) -> ComplaintRow {
    ComplaintRow {
        complaint_id: terms.complaint_id.0,
        hall_id: terms.hall_id.0,
        chain_id: terms.chain_id.0,
        member_id: terms.member_id.0,
        session_id: terms.session_id.map(|session_id| session_id.0),
        category: match terms.category {
            Category::Device => ComplaintCategory::Device,
            Category::Table => ComplaintCategory::Table,
            Category::Billing => ComplaintCategory::Billing,
            Category::Service => ComplaintCategory::Service,
            Category::Surroundings => ComplaintCategory::Surroundings,
            Category::Other => ComplaintCategory::Other,
        },
        status: ComplaintStatus::Open,
        assigned_to: None,
        answers: 0,
        promised_fen: 0,
        reopened: false,
        filed_at: at.into(),
        answered_at: None,
        closed_at: None,
        filed: position,
        position,
    }
}
