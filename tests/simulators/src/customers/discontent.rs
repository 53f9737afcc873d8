//! Some go home discontent and say so; the counter answers and lays it to rest.

use baize_proto::hall::complaint::v1 as complaint;
use baize_proto::hall::view::v1 as view;
use uuid::Uuid;

use super::caller::Caller;
use super::person::Visitor;
use super::wire::{Failed, Wire, timed};

/// Of so many who played, one complains.
const ONE_OF: u64 = 16;
/// Complaints that the counter sees to at a time, at most.
const AT_ONCE: i32 = 20;

impl Visitor {
    /// Complains about a session, if this is somebody who does.
    pub(super) async fn has_a_say(&self, session_id: Uuid) {
        // Where nobody keeps personal data there is nobody to complain to, as there are no phones.
        if self.day.phones.is_none() || !self.person.seed.is_multiple_of(ONE_OF) {
            return;
        }
        let request = complaint::FileComplaintRequest {
            request_id: Uuid::new_v4().to_string(),
            member_id: self.member_id.to_string(),
            about: Some(complaint::file_complaint_request::About::SessionId(
                session_id.to_string(),
            )),
            category: complaint::Category::Surroundings.into(),
            words: "隔壁太吵了".to_owned(),
        };
        let wire = &self.caller.wire;
        let call = || {
            let (mut client, request) = (wire.complaints(), timed(request.clone()));
            async move { client.file_complaint(request).await }
        };
        if let Err(Failed::Refused(refusal)) = wire.ask(call).await.result {
            self.caller.complain(format!(
                "a complaint about session {session_id}: {} {}",
                refusal.reason, refusal.message
            ));
        }
    }
}

/// Answers what waits in the hall, and lays it to rest. Whatever is refused or lost is tried again the next time.
pub(super) async fn answer_all(caller: &Caller, hall_id: Uuid) {
    for status in [view::complaint::Status::Open, view::complaint::Status::Answered] {
        let request = view::ListComplaintsRequest {
            hall_id: hall_id.to_string(),
            status: status.into(),
            page_size: AT_ONCE,
            ..view::ListComplaintsRequest::default()
        };
        let Ok(listed) = caller.wire.complaint_queue().list_complaints(timed(request)).await else {
            return;
        };
        for waiting in listed.into_inner().complaints {
            see_to(&caller.wire, waiting.complaint_id, status).await;
        }
    }
}

async fn see_to(wire: &Wire, complaint_id: String, status: view::complaint::Status) {
    let mut complaints = wire.complaints();
    let new_id = || Uuid::new_v4().to_string();
    if status == view::complaint::Status::Open {
        let answer = complaint::AnswerComplaintRequest {
            request_id: new_id(),
            complaint_id: complaint_id.clone(),
            words: "抱歉打扰了您，我们已经提醒过了".to_owned(),
            give_back_fen: 0,
        };
        let _answered = complaints.answer_complaint(timed(answer)).await;
    }
    let close = complaint::CloseComplaintRequest {
        request_id: new_id(),
        complaint_id,
    };
    let _closed = complaints.close_complaint(timed(close)).await;
}
