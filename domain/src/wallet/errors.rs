//! Why a wallet refuses.

use crate::ids::{SessionId, ShareId};
use crate::money::Fen;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// There is nothing to pay with.
    #[error("the member has no means of payment")]
    NotOpened,
    /// The wallet cannot give what is needed.
    #[error("the balance is {shortfall} short")]
    TooLittle {
        /// What is needed.
        needed: Fen,
        /// What can be spent.
        available: Fen,
        /// The difference.
        shortfall: Fen,
    },
    /// An earlier session is not paid whole.
    #[error("{outstanding} of an earlier session is unpaid")]
    Unpaid {
        /// That session.
        session_id: SessionId,
        /// What is owed.
        outstanding: Fen,
    },
    /// The member has as many unsettled sessions as the hall allows.
    #[error("the member has an open session")]
    OpenSession {
        /// The oldest of them.
        session_id: SessionId,
        /// How many are allowed.
        open_sessions_max: u32,
    },
    /// The wallet stands for a session that is neither settled nor cancelled.
    #[error("session {0} is not settled")]
    SessionUnderWay(SessionId),
    /// Money is set aside for a share of a bill that not everybody has paid.
    #[error("share {0} is neither delivered nor returned")]
    ShareUnderWay(ShareId),
    /// The wallet does not stand for that session.
    #[error("the wallet holds nothing for session {0}")]
    NothingHeld(SessionId),
    /// That much did not come through a provider, or is spent.
    #[error("only {refundable} can go back to where it came from")]
    NothingToWithdraw {
        /// What can.
        refundable: Fen,
    },
    /// What is set aside for a session cannot be refunded.
    #[error("only {available} is not set aside for a session")]
    MoneyHeld {
        /// What is not.
        available: Fen,
    },
    /// Too many top-ups are unspent.
    #[error("the wallet has as many unspent top-ups as it can keep")]
    TooManyLots,
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl WalletError {
    /// The wallet lacks some of what is needed.
    pub fn too_little(needed: Fen, available: Fen) -> Self {
        Self::TooLittle {
            needed,
            available,
            shortfall: needed.saturating_sub_zero(available),
        }
    }
}

impl From<WalletError> for Refusal {
    fn from(error: WalletError) -> Self {
        let message = error.to_string();
        let refuse = |reason, next_step| Self::new(RefusalKind::Precondition, reason, message.clone(), next_step);
        match error {
            WalletError::NotOpened => refuse(
                "PAYMENT_METHOD_REQUIRED",
                "Top up the wallet or bind a means of payment.",
            ),
            WalletError::TooLittle {
                needed,
                available,
                shortfall,
            } => refuse("TOP_UP_REQUIRED", "Top up at least the shortfall and try again.")
                .with("needed_fen", needed.0)
                .with("available_fen", available.0)
                .with("shortfall_fen", shortfall.0),
            WalletError::Unpaid {
                session_id,
                outstanding,
            } => refuse("UNPAID_BILL", "Top up the wallet: the bill is paid first.")
                .with("session_id", session_id)
                .with("outstanding_fen", outstanding.0),
            WalletError::OpenSession {
                session_id,
                open_sessions_max,
            } => refuse(
                "MEMBER_HAS_OPEN_SESSION",
                "Close the open session first; it is settled a moment later.",
            )
            .with("session_id", session_id)
            .with("open_sessions_max", open_sessions_max),
            WalletError::SessionUnderWay(session_id) => refuse(
                "GUEST_HAS_OPEN_SESSION",
                "Close the guest's session or cancel the opening first; it is settled a moment later.",
            )
            .with("session_id", session_id),
            WalletError::ShareUnderWay(share_id) => refuse(
                "GUEST_HAS_OPEN_SHARE",
                "Wait until everybody has paid or the split of the bill is cancelled.",
            )
            .with("share_id", share_id),
            WalletError::NothingHeld(session_id) => {
                refuse("SESSION_NOT_SECURED", "Ask the staff.").with("session_id", session_id)
            }
            WalletError::NothingToWithdraw { refundable } => refuse(
                "REFUND_AT_COUNTER",
                "Ask for less, or for the rest at the counter where it was paid in.",
            )
            .with("refundable_fen", refundable.0),
            WalletError::MoneyHeld { available } => {
                refuse("MONEY_HELD", "Ask for less, or again when the session is settled.")
                    .with("available_fen", available.0)
            }
            WalletError::TooManyLots => {
                refuse("TOO_MANY_TOP_UPS", "Spend some of the balance before topping up again.")
            }
            WalletError::Invalid(invalid) => invalid.into(),
        }
    }
}
