//! `hall.complaint.v1.ComplaintService`.

use baize_domain::Command;
use baize_domain::complaint::decide::WORDS_CHARS_MAX;
use baize_domain::complaint::{Category, Grievance};
use baize_domain::ids::{ComplaintId, HallId, MemberId, SessionId};
use baize_proto::hall::complaint::v1::{
    AnswerComplaintRequest, AssignComplaintRequest, AssignComplaintResponse, Category as Wire, CloseComplaintRequest,
    CloseComplaintResponse, FileComplaintRequest, ReopenComplaintRequest, file_complaint_request,
};
use uuid::Uuid;

use super::{Fields, Mutation};
use crate::dispatch::Reply;

/// A complaint as it was asked for.
pub struct Filing {
    pub request_id: Uuid,
    pub member_id: MemberId,
    pub about: Grievance,
    pub category: Category,
    pub words: String,
}

/// Words about a complaint that exists.
pub struct Words {
    pub request_id: Uuid,
    pub complaint_id: ComplaintId,
    pub words: String,
}

/// Reads a complaint.
pub fn filing(request: &FileComplaintRequest, fields: &mut Fields) -> Filing {
    use file_complaint_request::About;
    let about = match &request.about {
        Some(About::SessionId(id)) => Grievance::Session {
            session_id: fields.id::<SessionId>("session_id", id),
        },
        Some(About::HallId(id)) => Grievance::Hall {
            hall_id: fields.id::<HallId>("hall_id", id),
        },
        None => {
            fields.refuse("session_id", "or hall_id is required: what it is about");
            Grievance::Hall {
                hall_id: HallId::default(),
            }
        }
    };
    let category = match request.category() {
        Wire::Unspecified => None,
        Wire::Device => Some(Category::Device),
        Wire::Table => Some(Category::Table),
        Wire::Billing => Some(Category::Billing),
        Wire::Service => Some(Category::Service),
        Wire::Surroundings => Some(Category::Surroundings),
        Wire::Other => Some(Category::Other),
    };
    Filing {
        request_id: fields.id("request_id", &request.request_id),
        member_id: fields.id("member_id", &request.member_id),
        about,
        category: fields.choice("category", category, Category::Other),
        words: fields.text("words", request.words.clone(), WORDS_CHARS_MAX),
    }
}

/// Reads why a complaint is opened again.
pub fn reopening(request: &ReopenComplaintRequest, fields: &mut Fields) -> Words {
    Words {
        request_id: fields.id("request_id", &request.request_id),
        complaint_id: fields.id("complaint_id", &request.complaint_id),
        words: fields.text("words", request.words.clone(), WORDS_CHARS_MAX),
    }
}

/// Reads an answer; what is given back with it is read beside.
pub fn answering(request: &AnswerComplaintRequest, fields: &mut Fields) -> Words {
    Words {
        request_id: fields.id("request_id", &request.request_id),
        complaint_id: fields.id("complaint_id", &request.complaint_id),
        words: fields.text("words", request.words.clone(), WORDS_CHARS_MAX),
    }
}

impl Mutation for AssignComplaintRequest {
    const METHOD: &'static str = "hall.complaint.v1.ComplaintService/AssignComplaint";
    type Response = AssignComplaintResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::AssignComplaint {
            complaint_id: fields.id("complaint_id", &self.complaint_id),
            to: match self.staff_id.is_empty() {
                true => None,
                false => Some(fields.id("staff_id", &self.staff_id)),
            },
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(AssignComplaintResponse { position })
    }
}

impl Mutation for CloseComplaintRequest {
    const METHOD: &'static str = "hall.complaint.v1.ComplaintService/CloseComplaint";
    type Response = CloseComplaintResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CloseComplaint {
            complaint_id: fields.id("complaint_id", &self.complaint_id),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(CloseComplaintResponse { position })
    }
}
