//! The part of `hall.payment.v1` about refunds and the rules of a chain's payments.

use baize_domain::payment::{Channel, PaymentPolicy};
use baize_domain::{Command, Fen};
use baize_proto::hall::payment::v1::{
    self, ApproveRefundRequest, ApproveRefundResponse, ChangePaymentPolicyRequest, ChangePaymentPolicyResponse,
    RejectRefundRequest, RejectRefundResponse, RequestPrincipalRefundRequest, RequestPrincipalRefundResponse,
    RequestedRefund,
};
use uuid::Uuid;

use super::{Fields, Mutation, REASON_CHARS_MAX};
use crate::dispatch::Reply;

/// What providers show the payer of a refund's reason.
const PAYER_READS_CHARS_MAX: usize = 26;

impl Mutation for ChangePaymentPolicyRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/ChangePaymentPolicy";
    type Response = ChangePaymentPolicyResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let told = self.policy.unwrap_or_default();
        Command::ChangePaymentPolicy {
            chain_id: fields.id("chain_id", &self.chain_id),
            policy: fields.within("policy", |fields| policy(fields, &told)),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ChangePaymentPolicyResponse { position })
    }
}

impl Mutation for RequestPrincipalRefundRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/RequestPrincipalRefund";
    type Response = RequestPrincipalRefundResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RequestPrincipalRefund {
            // Refused by its name, with the other fields, if it is none.
            request_id: Uuid::try_parse(&self.request_id).unwrap_or_default(),
            member_id: fields.id("member_id", &self.member_id),
            amount: fields.fen("amount_fen", self.amount_fen, 1..=Fen::MAX_INPUT.0),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
            reason: fields.text("reason", self.reason, PAYER_READS_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::RefundsRequested {
            refunds,
            needs_approval,
        } = reply
        else {
            return None;
        };
        let refunds = refunds.into_iter().map(|refund| RequestedRefund {
            refund_id: refund.refund_id.to_string(),
            intent_id: refund.intent_id.to_string(),
            amount_fen: refund.amount.0,
        });
        Some(RequestPrincipalRefundResponse {
            refunds: refunds.collect(),
            needs_approval,
            position,
        })
    }
}

impl Mutation for ApproveRefundRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/ApproveRefund";
    type Response = ApproveRefundResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ApproveRefund {
            refund_id: fields.id("refund_id", &self.refund_id),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ApproveRefundResponse { position })
    }
}

impl Mutation for RejectRefundRequest {
    const METHOD: &'static str = "hall.payment.v1.PaymentService/RejectRefund";
    type Response = RejectRefundResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RejectRefund {
            refund_id: fields.id("refund_id", &self.refund_id),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RejectRefundResponse { position })
    }
}

fn policy(fields: &mut Fields, told: &v1::PaymentPolicy) -> PaymentPolicy {
    let mut channels = Vec::with_capacity(told.channels.len());
    for channel in told.channels() {
        let known = match channel {
            v1::Channel::Unspecified => None,
            v1::Channel::WechatPay => Some(Channel::WechatPay),
            v1::Channel::Alipay => Some(Channel::Alipay),
        };
        let channel = fields.choice("channels", known, Channel::WechatPay);
        if known.is_some() && channels.contains(&channel) {
            fields.refuse("channels", "has one twice");
        }
        channels.push(channel);
    }
    // The iterator above skips what it does not know.
    if channels.len() < told.channels.len() {
        fields.refuse("channels", "has one that is not known");
    }
    PaymentPolicy {
        channels,
        expiry_seconds: fields.uint("expiry_seconds", told.expiry_seconds, 60..=7_200),
        declines_max: fields.uint("declines_max", told.declines_max, 1..=10),
        review_seconds: fields.uint("review_seconds", told.review_seconds, 60..=86_400),
        query_seconds_max: fields.uint("query_seconds_max", told.query_seconds_max, 2..=600),
        refund_approval_above: fields.fen(
            "refund_approval_above_fen",
            told.refund_approval_above_fen,
            0..=Fen::MAX_INPUT.0,
        ),
        top_up_max: fields.fen("top_up_max_fen", told.top_up_max_fen, 1..=Fen::MAX_INPUT.0),
    }
}
