//! The tables of payments, of where their refunds belong, and of what waits for somebody.

use std::collections::BTreeMap;

use baize_domain::payment::{Channel, Payment, Phase};
use baize_domain::refund::Refund;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// How a payment stands.
    pub enum PaymentStatus {
        /// Waits for its provider or its payer.
        Processing = "processing",
        /// Paid.
        Succeeded = "succeeded",
        /// Declined too often, or for nothing any more.
        Failed = "failed",
        /// Not paid in time.
        Expired = "expired",
        /// Given up.
        Cancelled = "cancelled",
        /// Another amount was paid.
        Conflicted = "conflicted",
        /// Nobody can tell.
        ManualReview = "manual_review",
        /// Somebody looked: it was not paid, or goes back.
        Resolved = "resolved",
    }
}

text_enum! {
    /// A provider.
    pub enum ProviderName {
        /// WeChat Pay.
        WechatPay = "wechat_pay",
        /// Alipay.
        Alipay = "alipay",
    }
}

text_enum! {
    /// Why something waits for somebody.
    pub enum ReviewReason {
        /// Another amount was paid than was asked.
        OtherAmountPaid = "other_amount_paid",
        /// Nobody can tell whether it was paid.
        PaymentUnclear = "payment_unclear",
        /// The second person's word is missing.
        RefundNeedsApproval = "refund_needs_approval",
        /// The provider cannot pay the refund out.
        RefundAbnormal = "refund_abnormal",
        /// The provider has closed the refund.
        RefundClosed = "refund_closed",
        /// The provider said no to the refund.
        RefundDeclined = "refund_declined",
        /// Nobody can tell how the refund stands.
        RefundUnanswered = "refund_unanswered",
        /// Another amount went back.
        RefundOtherAmount = "refund_other_amount",
    }
}

text_enum! {
    /// How far a compensation is.
    pub enum CompensationStatus {
        /// Waits for somebody else's word.
        Waiting = "waiting",
        /// It is in the wallet.
        Given = "given",
        /// Nothing is given.
        Rejected = "rejected",
    }
}

/// A refund of a payment, as its stream tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefundNote {
    /// What its events say.
    pub refund: Refund,
    /// Position of the request.
    pub requested: i64,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it changed last.
    pub changed_at: Timestamp,
}

table! {
    /// A payment. `payment` is the fold of its stream; what it is sought by stands beside it.
    pub struct PaymentRow("intents", key intent_id: Uuid, append_only false, indexes ["member_id, started", "hall_id, started", "chain_id, started"]) {
        /// The payment.
        intent_id: Uuid = "uuid NOT NULL",
        /// The chain of the payer.
        chain_id: Uuid = "uuid NOT NULL",
        /// The hall, where one is concerned.
        hall_id: Option<Uuid> = "uuid",
        /// Who pays.
        member_id: Uuid = "uuid NOT NULL",
        /// How it stands.
        status: PaymentStatus = "text NOT NULL",
        /// The provider of the newest attempt.
        channel: Option<ProviderName> = "text",
        /// Intent and attempts.
        payment: Json<Payment> = "jsonb NOT NULL",
        /// Refunds by their ids.
        refunds: Json<BTreeMap<Uuid, RefundNote>> = "jsonb NOT NULL",
        /// When it began.
        started_at: Instant = "timestamptz NOT NULL",
        /// When it or a refund of it changed last.
        changed_at: Instant = "timestamptz NOT NULL",
        /// Position at which it began.
        started: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// Of which payment a refund is: what happens to a refund does not say it.
    pub struct RefundRow("refunds", key refund_id: Uuid, append_only false, indexes []) {
        /// The refund.
        refund_id: Uuid = "uuid NOT NULL",
        /// The payment.
        intent_id: Uuid = "uuid NOT NULL",
        /// Position of the request.
        requested: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A payment or refund that waits for somebody, or did.
    pub struct ReviewRow("reviews", key review_id: Uuid, append_only false, indexes ["open, since"]) {
        /// The payment's or the refund's id.
        review_id: Uuid = "uuid NOT NULL",
        /// The payment.
        intent_id: Uuid = "uuid NOT NULL",
        /// Its chain.
        chain_id: Uuid = "uuid NOT NULL",
        /// The refund, if it is that.
        refund_id: Option<Uuid> = "uuid",
        /// Why.
        why: ReviewReason = "text NOT NULL",
        /// Whether it still waits.
        open: bool = "boolean NOT NULL",
        /// Since when.
        since_at: Instant = "timestamptz NOT NULL",
        /// Position at which it began to wait.
        since: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// What the staff give back for a session.
    pub struct CompensationRow("compensations", key compensation_id: Uuid, append_only false, indexes ["hall_id, asked", "chain_id, asked"]) {
        /// The compensation.
        compensation_id: Uuid = "uuid NOT NULL",
        /// The session.
        session_id: Uuid = "uuid NOT NULL",
        /// Where it was played.
        hall_id: Uuid = "uuid NOT NULL",
        /// The chain of whoever gets it.
        chain_id: Uuid = "uuid NOT NULL",
        /// Who gets it.
        member_id: Uuid = "uuid NOT NULL",
        /// How much.
        amount_fen: i64 = "bigint NOT NULL",
        /// Why.
        reason: String = "text NOT NULL",
        /// How far it is.
        status: CompensationStatus = "text NOT NULL",
        /// Who asked for it.
        asked_by: Uuid = "uuid NOT NULL",
        /// When.
        asked_at: Instant = "timestamptz NOT NULL",
        /// Who decided on it.
        decided_by: Option<Uuid> = "uuid",
        /// Why it was rejected.
        decision: Option<String> = "text",
        /// When it was decided on.
        decided_at: Option<Instant> = "timestamptz",
        /// Position at which it was asked for.
        asked: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

impl PaymentStatus {
    /// Whether the outcome is known.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Processing | Self::Conflicted | Self::ManualReview => false,
            Self::Succeeded | Self::Failed | Self::Expired | Self::Cancelled | Self::Resolved => true,
        }
    }
}

impl From<Phase> for PaymentStatus {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Unstarted | Phase::Created | Phase::Processing => Self::Processing,
            Phase::Succeeded => Self::Succeeded,
            Phase::Failed => Self::Failed,
            Phase::Expired => Self::Expired,
            Phase::Cancelled => Self::Cancelled,
            Phase::Conflicted => Self::Conflicted,
            Phase::ManualReview => Self::ManualReview,
            Phase::Resolved => Self::Resolved,
        }
    }
}

impl From<Channel> for ProviderName {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::WechatPay => Self::WechatPay,
            Channel::Alipay => Self::Alipay,
        }
    }
}
