//! What happened to a refund.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ChainId, MemberId, RefundId};
use crate::money::Fen;
use crate::payment::{Decline, RefundOrder, RefundState};
use crate::wallet::LotShare;

/// Where the money is that goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RefundBasis {
    /// It never came to a wallet: what it was paid for could not be had, or was paid otherwise.
    Unserved,
    /// It was taken from the lot that the order had made.
    ///
    /// Its principal goes back, its bonus is lost.
    Wallet(LotShare),
}

/// What is to go back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RefundRequest {
    /// The refund.
    pub refund_id: RefundId,
    /// The chain of who is paid back.
    pub chain_id: ChainId,
    /// Who is paid back.
    pub member_id: MemberId,
    /// What is asked of the provider.
    pub order: RefundOrder,
    /// Where the money is.
    pub basis: RefundBasis,
    /// Who asked; nobody, if a rule did.
    pub requested_by: Option<Uuid>,
}

/// Why a refund did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RefundFailure {
    /// The provider cannot pay it out: the payer's card or account is gone.
    Abnormal,
    /// The provider closed it; no money moved.
    Closed,
    /// The provider said no.
    Declined {
        /// Why, in our words.
        why: Decline,
        /// Why, in the provider's; never personal.
        code: String,
    },
    /// For too long nobody could tell how it stands.
    Unanswered,
    /// Something else went back than was asked.
    OtherAmount {
        /// What did.
        amount: Fen,
    },
}

/// What became known of a refund, from whomever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RefundOutcome {
    /// The provider has taken it on.
    Sent,
    /// The payer has the money.
    Succeeded {
        /// What went back.
        amount: Fen,
        /// When, by the provider's clock.
        at: Timestamp,
    },
    /// The payer has the money, as a notification tells it. Another amount than was asked is not taken on its word.
    Told {
        /// What went back.
        amount: Fen,
        /// When, by the provider's clock.
        at: Timestamp,
    },
    /// It did not arrive.
    Failed(RefundFailure),
}

impl RefundOutcome {
    /// What the state that a provider tells makes known; nothing, if it knows of no such refund.
    pub fn of(state: RefundState) -> Option<Self> {
        Some(match state {
            RefundState::NotFound => return None,
            RefundState::Processing => Self::Sent,
            RefundState::Succeeded { amount, at } => Self::Succeeded { amount, at },
            RefundState::Closed => Self::Failed(RefundFailure::Closed),
            RefundState::Abnormal => Self::Failed(RefundFailure::Abnormal),
        })
    }
}

/// How somebody settles a refund that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RefundResolution {
    /// Ask the provider again under the same number, which refunds at most once.
    Retry,
    /// Ask again under a number of its own. For refunds that the provider has closed.
    Replace,
    /// The money was given back in another way.
    SettledByHand,
}

/// Events of the stream `Refund/<refund_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RefundEvent {
    /// Money is to go back.
    RefundRequested {
        /// What.
        request: Box<RefundRequest>,
        /// Whether somebody else has to approve it first.
        needs_approval: bool,
        /// When.
        at: Timestamp,
    },
    /// Somebody else approved it.
    RefundApproved {
        /// Who.
        by: Uuid,
        /// When.
        at: Timestamp,
    },
    /// Somebody else rejected it; nothing goes back.
    RefundRejected {
        /// Who.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// The provider has taken it on.
    RefundSent {
        /// When.
        at: Timestamp,
    },
    /// The payer has the money.
    RefundSucceeded {
        /// When, by the provider's clock.
        refunded_at: Timestamp,
        /// When it became known.
        at: Timestamp,
    },
    /// It did not arrive: somebody must look.
    RefundFailed {
        /// Why.
        failure: RefundFailure,
        /// When.
        at: Timestamp,
    },
    /// It is asked for again, under the same number.
    RefundRetried {
        /// By whom.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Another refund takes its place.
    RefundReplaced {
        /// That one.
        replacement_id: RefundId,
        /// By whom.
        by: Uuid,
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// The money was given back in another way.
    RefundSettledByHand {
        /// By whom.
        by: Uuid,
        /// Why, and how.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

impl RefundEvent {
    /// When it became known here.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::RefundRequested { at, .. }
            | Self::RefundApproved { at, .. }
            | Self::RefundRejected { at, .. }
            | Self::RefundSent { at, .. }
            | Self::RefundSucceeded { at, .. }
            | Self::RefundFailed { at, .. }
            | Self::RefundRetried { at, .. }
            | Self::RefundReplaced { at, .. }
            | Self::RefundSettledByHand { at, .. } => *at,
        }
    }
}

crate::event::domain_events!(RefundEvent: RefundRequested, RefundApproved, RefundRejected, RefundSent, RefundSucceeded, RefundFailed, RefundRetried, RefundReplaced, RefundSettledByHand);
