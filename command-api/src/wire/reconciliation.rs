//! `hall.payment.v1`: reconciliations.

use baize_domain::Command;
use baize_domain::payment::Channel;
use baize_domain::reconciliation::Closing;
use baize_proto::hall::payment::v1::{
    self, CloseDifferenceRequest, CloseDifferenceResponse, ExplainDifferenceRequest, ExplainDifferenceResponse,
    RerunReconciliationRequest, RerunReconciliationResponse,
};
use jiff::civil::Date;
use uuid::Uuid;

use super::{Fields, Mutation, REASON_CHARS_MAX};
use crate::dispatch::Reply;

impl Mutation for RerunReconciliationRequest {
    const METHOD: &'static str = "hall.payment.v1.ReconciliationService/RerunReconciliation";
    type Response = RerunReconciliationResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let channel = match self.channel() {
            v1::Channel::WechatPay => Channel::WechatPay,
            v1::Channel::Alipay => Channel::Alipay,
            v1::Channel::Unspecified => {
                fields.refuse("channel", "is required");
                Channel::WechatPay
            }
        };
        let date = self.date.parse::<Date>().unwrap_or_else(|_| {
            fields.refuse("date", "is not a day as 2026-11-20");
            Date::ZERO
        });
        Command::AskRerun {
            channel,
            date,
            by: Uuid::nil(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RerunReconciliationResponse { position })
    }
}

impl Mutation for ExplainDifferenceRequest {
    const METHOD: &'static str = "hall.payment.v1.ReconciliationService/ExplainDifference";
    type Response = ExplainDifferenceResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ExplainDifference {
            reconciliation_id: fields.id("reconciliation_id", &self.reconciliation_id),
            number: fields.uint("number", self.number, 1..=u32::MAX),
            by: Uuid::nil(),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ExplainDifferenceResponse { position })
    }
}

impl Mutation for CloseDifferenceRequest {
    const METHOD: &'static str = "hall.payment.v1.ReconciliationService/CloseDifference";
    type Response = CloseDifferenceResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let closing = match self.closing() {
            v1::Closing::Explained => Closing::Explained,
            v1::Closing::Corrected => Closing::Corrected,
            v1::Closing::Unspecified => {
                fields.refuse("closing", "is required");
                Closing::Explained
            }
        };
        Command::CloseDifference {
            reconciliation_id: fields.id("reconciliation_id", &self.reconciliation_id),
            number: fields.uint("number", self.number, 1..=u32::MAX),
            closing,
            by: Uuid::nil(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(CloseDifferenceResponse { position })
    }
}
