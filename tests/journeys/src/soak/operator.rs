//! Who works off what waits for somebody, as the runbook says: looks a number up in the provider's book, and decides with a reason.

use std::collections::BTreeMap;

use anyhow::Context as _;
use baize_proto::hall::payment::v1::payment_service_client::PaymentServiceClient;
use baize_proto::hall::payment::v1::reconciliation_service_client::ReconciliationServiceClient;
use baize_proto::hall::payment::v1::resolve_payment_request::Resolution;
use baize_proto::hall::payment::v1::{
    CloseDifferenceRequest, Closing, ExplainDifferenceRequest, GiveBack, NotPaidThere, PaidThere, RefundResolution,
    RerunReconciliationRequest, ResolvePaymentRequest, ResolveRefundRequest,
};
use baize_proto::hall::view::v1::manual_review::{Action, Why};
use baize_proto::hall::view::v1::payment_service_client::PaymentServiceClient as PaymentViewClient;
use baize_proto::hall::view::v1::{ListManualReviewRequest, ManualReview};

use super::books::Books;
use super::calls::ask;
use super::ledger::Day;
use super::payer::Street;
use crate::clients::{Refusal, new_id};

const REASON: &str = "查过渠道账单";

/// The operator.
#[derive(Debug)]
pub struct Operator {
    street: Street,
    /// Refunds that were tried again, and how often.
    tried: BTreeMap<String, u32>,
}

impl Operator {
    /// With the services of a street.
    pub fn new(street: Street) -> Self {
        Self {
            street,
            tried: BTreeMap::new(),
        }
    }

    /// Decides on everything that waits, with the providers' books at hand. How much that was.
    ///
    /// # Errors
    /// A decision is refused.
    pub async fn work_off(&mut self, books: &Books, min_position: u64) -> anyhow::Result<usize> {
        let queue = self.queue(min_position).await?;
        for review in &queue {
            match review.refund_id.is_empty() {
                true => self.payment(review, books).await?,
                false => self.refund(review).await?,
            }
        }
        Ok(queue.len())
    }

    async fn queue(&self, min_position: u64) -> anyhow::Result<Vec<ManualReview>> {
        let client = PaymentViewClient::new(self.street.queries.clone());
        let (mut queue, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListManualReviewRequest {
                page_size: 200,
                page_token,
                min_position,
                ..ListManualReviewRequest::default()
            };
            let page = ask!(client, list_manual_review, request).await?;
            let page = page.into_inner();
            queue.extend(page.reviews);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(queue);
            }
        }
    }

    async fn payment(&self, review: &ManualReview, books: &Books) -> anyhow::Result<()> {
        let payment = review.payment.as_ref().context("a review without a payment")?;
        let there = payment.attempts.iter().find_map(|attempt| {
            let paid = books.get(&attempt.order_no)?.paid.as_ref()?;
            Some((attempt.attempt, paid))
        });
        let resolution = match (review.why(), there) {
            (Why::OtherAmountPaid, _) => Resolution::GiveBack(GiveBack {}),
            (_, Some((attempt, paid))) => Resolution::Paid(PaidThere {
                attempt,
                transaction_id: paid.transaction_id.clone(),
                amount_fen: paid.fen,
                paid_at: Some(prost_types::Timestamp {
                    seconds: paid.at.as_second(),
                    nanos: paid.at.subsec_nanosecond(),
                }),
            }),
            (_, None) => Resolution::NotPaid(NotPaidThere {}),
        };
        let request = ResolvePaymentRequest {
            request_id: new_id(),
            intent_id: payment.intent_id.clone(),
            resolution: Some(resolution),
            reason: REASON.to_owned(),
        };
        let client = PaymentServiceClient::new(self.street.commands.clone());
        ask!(client, resolve_payment, request).await?;
        Ok(())
    }

    /// A number that the provider has closed is replaced; others are tried again once, and then paid out at the counter.
    async fn refund(&mut self, review: &ManualReview) -> anyhow::Result<()> {
        let tried = self.tried.entry(review.refund_id.clone()).or_default();
        *tried += 1;
        let resolution = match review.actions().any(|action| action == Action::ReplaceRefund) {
            true => RefundResolution::Replace,
            false if *tried == 1 => RefundResolution::Retry,
            false => RefundResolution::SettledByHand,
        };
        let request = ResolveRefundRequest {
            request_id: new_id(),
            refund_id: review.refund_id.clone(),
            resolution: resolution.into(),
            reason: REASON.to_owned(),
        };
        let client = PaymentServiceClient::new(self.street.commands.clone());
        ask!(client, resolve_refund, request).await?;
        Ok(())
    }

    /// Has a day compared once more.
    ///
    /// # Errors
    /// It is refused.
    pub async fn rerun(&self, day: &Day) -> Result<(), Refusal> {
        let request = RerunReconciliationRequest {
            request_id: new_id(),
            channel: channel(day).into(),
            date: day.date.to_string(),
        };
        let client = ReconciliationServiceClient::new(self.street.commands.clone());
        ask!(client, rerun_reconciliation, request).await?;
        Ok(())
    }

    /// Explains a difference and lays it to rest.
    ///
    /// # Errors
    /// It is refused.
    pub async fn explain(&self, reconciliation_id: String, number: u32, reason: &str) -> Result<(), Refusal> {
        let explain = ExplainDifferenceRequest {
            request_id: new_id(),
            reconciliation_id: reconciliation_id.clone(),
            number,
            reason: reason.to_owned(),
        };
        let close = CloseDifferenceRequest {
            request_id: new_id(),
            reconciliation_id,
            number,
            closing: Closing::Explained.into(),
        };
        let client = ReconciliationServiceClient::new(self.street.commands.clone());
        ask!(client, explain_difference, explain).await?;
        ask!(client, close_difference, close).await?;
        Ok(())
    }
}

const fn channel(day: &Day) -> baize_proto::hall::payment::v1::Channel {
    match day.channel {
        baize_domain::payment::Channel::WechatPay => baize_proto::hall::payment::v1::Channel::WechatPay,
        baize_domain::payment::Channel::Alipay => baize_proto::hall::payment::v1::Channel::Alipay,
    }
}
