//! The fold of complaints, without a database.

use baize_domain::complaint::{Category, ComplaintEvent, ComplaintTerms, Promised};
use baize_domain::ids::{ChainId, CompensationId, ComplaintId, HallId, MemberId};
use baize_domain::personal::Sealed;
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{ComplaintStatus, Complaints, ComplaintsState};
use crate::engine::{Contradiction, fold_all};

const COMPLAINT: Uuid = Uuid::from_u128(1);
const STAFF: Uuid = Uuid::from_u128(9);
const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn sealed() -> Sealed {
    Sealed("sealed".to_owned())
}

fn filed() -> ComplaintEvent {
    ComplaintEvent::ComplaintFiled {
        terms: Box::new(ComplaintTerms {
            complaint_id: ComplaintId(COMPLAINT),
            hall_id: HallId::default(),
            chain_id: ChainId::default(),
            session_id: None,
            member_id: MemberId::default(),
            category: Category::Service,
            words: sealed(),
        }),
        at: AT,
    }
}

fn answered(fen: i64) -> ComplaintEvent {
    ComplaintEvent::ComplaintAnswered {
        member_id: MemberId::default(),
        words: sealed(),
        promised: Some(Promised {
            compensation_id: CompensationId::default(),
            amount: Fen(fen),
        }),
        by: STAFF,
        at: AT,
    }
}

fn closed() -> ComplaintEvent {
    ComplaintEvent::ComplaintClosed {
        member_id: MemberId::default(),
        by: STAFF,
        at: AT,
    }
}

fn reopened() -> ComplaintEvent {
    ComplaintEvent::ComplaintReopened {
        words: sealed(),
        at: AT,
    }
}

fn fold(events: Vec<ComplaintEvent>) -> Result<ComplaintsState, Contradiction> {
    fold_all::<Complaints>(
        events
            .into_iter()
            .map(|event| (COMPLAINT, Event::Complaint(event)))
            .collect(),
    )
}

#[test]
fn a_complaint_shows_who_sees_to_it_and_all_that_is_given_back_with_its_answers() {
    let state = fold(vec![filed(), answered(300), answered(200), closed(), reopened()]).unwrap();
    let row = state.complaints.get(COMPLAINT).unwrap();
    assert_eq!((row.answers, row.promised_fen), (2, 500));
    assert_eq!((row.status, row.reopened), (ComplaintStatus::Open, true));
    assert_eq!((row.assigned_to, row.closed_at), (Some(STAFF), None));
}

#[test]
fn what_was_never_filed_stops_the_view() {
    assert!(fold(vec![closed()]).is_err());
}
