//! `hall.loyalty.v1`.

use baize_domain::points_account::PointsPolicy;
use baize_domain::{Command, Fen};
use baize_proto::hall::loyalty::v1::{
    ChangePointsPolicyRequest, ChangePointsPolicyResponse, ReversePointsRequest, ReversePointsResponse,
};

use super::{Fields, Mutation, REASON_CHARS_MAX};
use crate::dispatch::Reply;

impl Mutation for ChangePointsPolicyRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/ChangePointsPolicy";
    type Response = ChangePointsPolicyResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let policy = self.policy.unwrap_or_default();
        Command::ChangePointsPolicy {
            chain_id: fields.id("chain_id", &self.chain_id),
            policy: fields.within("policy", |fields| PointsPolicy {
                fen_per_point: fields.fen("fen_per_point", policy.fen_per_point, 1..=1_000_000),
                expiry_months: fields.uint("expiry_months", policy.expiry_months, 1..=120),
            }),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ChangePointsPolicyResponse { position })
    }
}

impl Mutation for ReversePointsRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/ReversePoints";
    type Response = ReversePointsResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ReversePoints {
            member_id: fields.id("member_id", &self.member_id),
            session_id: fields.id("session_id", &self.session_id),
            refunded: fields.fen("refunded_fen", self.refunded_fen, 0..=Fen::MAX_INPUT.0),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Points { points, owed } = reply else {
            return None;
        };
        Some(ReversePointsResponse {
            points,
            owed_points: owed,
            position,
        })
    }
}
