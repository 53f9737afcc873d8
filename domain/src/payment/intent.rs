//! What is owed and how it may be paid: fixed when the intent begins.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ChainId, HallId, MemberId, PaymentIntentId, SessionId, SplitId};
use crate::money::Fen;

use super::{Decline, OrderState, Paid, PaymentPolicy, Presented, TopUpTier};

/// What somebody asks to pay for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Wanted {
    /// A top-up of the wallet. Members only.
    TopUp {
        /// What is to be paid, > 0.
        amount: Fen,
    },
    /// What an opening waits for.
    Opening {
        /// The waiting opening.
        session_id: SessionId,
    },
    /// What a settlement left open.
    Bill {
        /// The settled session.
        session_id: SessionId,
    },
    /// What the payer's share of a split bill lacks.
    Share {
        /// The split.
        split_id: SplitId,
    },
}

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Purpose {
    /// A top-up of the wallet.
    TopUp {
        /// The tier that it reached when the intent began.
        tier: Option<TopUpTier>,
    },
    /// What an opening waits for: what a deposit, a package, prepaid time or the first hold lacks.
    Opening {
        /// The waiting opening.
        session_id: SessionId,
    },
    /// What a settlement left open.
    Bill {
        /// The settled session.
        session_id: SessionId,
    },
    /// A share of a split bill.
    Share {
        /// The split.
        split_id: SplitId,
        /// As its shares were cut in that round.
        round: u32,
        /// Which share.
        ordinal: u8,
    },
}

impl Purpose {
    /// The session that it is about.
    pub const fn session_id(self) -> Option<SessionId> {
        match self {
            Self::TopUp { .. } | Self::Share { .. } => None,
            Self::Opening { session_id } | Self::Bill { session_id } => Some(session_id),
        }
    }

    /// The split that it is about.
    pub const fn split_id(self) -> Option<SplitId> {
        match self {
            Self::Share { split_id, .. } => Some(split_id),
            Self::TopUp { .. } | Self::Opening { .. } | Self::Bill { .. } => None,
        }
    }

    /// What is given on top.
    pub fn bonus(self) -> Fen {
        match self {
            Self::TopUp { tier: Some(tier) } => tier.bonus,
            _ => Fen::ZERO,
        }
    }
}

/// An intent to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Intent {
    /// The intent.
    pub intent_id: PaymentIntentId,
    /// The chain of the payer.
    pub chain_id: ChainId,
    /// The hall, where one is concerned.
    pub hall_id: Option<HallId>,
    /// Who pays, and whose wallet it goes through.
    pub payer: MemberId,
    /// The payer is a guest: what is left in the end goes back.
    pub guest: bool,
    /// What for.
    pub purpose: Purpose,
    /// What is to be paid, > 0.
    pub amount: Fen,
    /// What the payer reads; ≤ 42 characters.
    pub description: String,
    /// The rules by which it is collected.
    pub policy: PaymentPolicy,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
}

/// What became known of an attempt, from whomever: an answer, a notification, a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum OrderOutcome {
    /// It waits for its payer.
    Presented(Presented),
    /// Nobody knows whether the order was made.
    Unknown,
    /// It was paid.
    Paid(Paid),
    /// It was paid, as a notification tells it. Another amount than was asked is not taken on its word: the provider has to be asked.
    Told(Paid),
    /// It was not paid and cannot be any more.
    Closed,
    /// The provider says no.
    Declined {
        /// Why, in our words.
        why: Decline,
        /// Why, in the provider's.
        code: String,
    },
    /// The provider cannot be used now; nothing was sent.
    Unavailable,
    /// For too long nobody could tell how it stands.
    Unclear,
}

impl OrderOutcome {
    /// What the state that a provider tells makes known; nothing, while the order waits.
    pub fn of(state: OrderState) -> Option<Self> {
        match state {
            OrderState::NotFound | OrderState::Waiting => None,
            OrderState::Paid(paid) => Some(Self::Paid(paid)),
            OrderState::Closed => Some(Self::Closed),
        }
    }
}

/// How somebody settles a payment that the system could not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum PaymentResolution {
    /// The provider has the money: it is taken in. For a payment whose amount differs, what was paid is credited.
    Paid {
        /// The attempt, counted from 1.
        attempt: u8,
        /// As the provider shows it.
        paid: Paid,
    },
    /// The provider does not have the money.
    NotPaid,
    /// What was paid goes back.
    Refund,
}
