//! The part of `hall.payment.v1` about what is given back for sessions.

use baize_domain::{Command, Fen};
use baize_proto::hall::payment::v1::{
    ApproveCompensationRequest, ApproveCompensationResponse, CompensateSessionRequest, CompensateSessionResponse,
    RejectCompensationRequest, RejectCompensationResponse,
};
use uuid::Uuid;

use super::{Fields, Mutation, REASON_CHARS_MAX};
use crate::dispatch::Reply;

impl Mutation for CompensateSessionRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/CompensateSession";
    type Response = CompensateSessionResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CompensateSession {
            compensation_id: fields.new_id("compensation_id", &self.compensation_id),
            session_id: fields.id("session_id", &self.session_id),
            amount: fields.fen("amount_fen", self.amount_fen, 1..=Fen::MAX_INPUT.0),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Compensated {
            compensation_id,
            needs_approval,
        } = reply
        else {
            return None;
        };
        Some(CompensateSessionResponse {
            compensation_id: compensation_id.to_string(),
            needs_approval,
            position,
        })
    }
}

impl Mutation for ApproveCompensationRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/ApproveCompensation";
    type Response = ApproveCompensationResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ApproveCompensation {
            session_id: fields.id("session_id", &self.session_id),
            compensation_id: fields.id("compensation_id", &self.compensation_id),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ApproveCompensationResponse { position })
    }
}

impl Mutation for RejectCompensationRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/RejectCompensation";
    type Response = RejectCompensationResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RejectCompensation {
            session_id: fields.id("session_id", &self.session_id),
            compensation_id: fields.id("compensation_id", &self.compensation_id),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RejectCompensationResponse { position })
    }
}
