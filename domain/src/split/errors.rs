//! Why a split refuses.

use jiff::Timestamp;

use crate::money::Fen;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a split.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// There is no such split, or it is not this person's.
    #[error("there is no such split")]
    NotFound,
    /// The bill is nothing.
    #[error("there is nothing to split")]
    NothingToSplit,
    /// The bill is being split.
    #[error("the bill is being split")]
    Open,
    /// The bill was split.
    #[error("the bill was split")]
    Completed,
    /// The split was cancelled.
    #[error("the split was cancelled")]
    Cancelled,
    /// What was paid in the split before is still going back.
    #[error("what was paid before is still going back")]
    StillReturning,
    /// No share has this link.
    #[error("no share has this link")]
    LinkUnknown,
    /// The link is old.
    #[error("the link was good until {0}")]
    LinkExpired(Timestamp),
    /// Somebody else has the share.
    #[error("somebody else has confirmed this share")]
    ShareTaken,
    /// The person has a share.
    #[error("the person has a share of this bill")]
    HasShare,
    /// Everybody has confirmed.
    #[error("everybody has confirmed, and is being charged")]
    Charging,
    /// Not everybody has confirmed.
    #[error("not everybody has confirmed")]
    NotCharging,
    /// Some shares are paid.
    #[error("shares are paid")]
    SharesPaid,
    /// The share is paid, or does not count any more.
    #[error("the share is paid or does not count any more")]
    ShareSettled,
    /// Nobody else would pay.
    #[error("nobody else would pay")]
    LastShare,
    /// Its time is not over.
    #[error("its time is not over")]
    NotOver,
    /// What the person has is enough.
    #[error("{0} can be spent, which is enough")]
    NothingMissing(Fen),
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<SplitError> for Refusal {
    fn from(error: SplitError) -> Self {
        let message = error.to_string();
        let refuse = |reason, next_step| Self::new(RefusalKind::Precondition, reason, message.clone(), next_step);
        match error {
            SplitError::NotFound => Self::new(
                RefusalKind::NotFound,
                "SPLIT_NOT_FOUND",
                message.clone(),
                "Check the split's id.",
            ),
            SplitError::LinkUnknown => Self::new(
                RefusalKind::NotFound,
                "SHARE_LINK_UNKNOWN",
                message.clone(),
                "Ask whoever splits the bill for the present link.",
            ),
            SplitError::NothingToSplit => refuse("NOTHING_TO_SPLIT", "A bill of nothing needs nobody to pay."),
            SplitError::Open => refuse("SPLIT_OPEN", "Split it anew, or cancel the split first."),
            SplitError::Completed => refuse("BILL_SPLIT", "Everybody has paid: nothing is left to do."),
            SplitError::Cancelled => refuse("SPLIT_CANCELLED", "Start another split of the bill."),
            SplitError::StillReturning => refuse("SHARES_RETURNING", "Try again in a moment."),
            SplitError::LinkExpired(until) => {
                refuse("SHARE_LINK_EXPIRED", "Ask whoever splits the bill to split it anew.").with("until", until)
            }
            SplitError::ShareTaken => refuse("SHARE_TAKEN", "Ask whoever splits the bill for a link of your own."),
            SplitError::HasShare => refuse(
                "SHARE_CONFIRMED_BEFORE",
                "Give the link to somebody who has no share yet.",
            ),
            SplitError::Charging => refuse(
                "SPLIT_CHARGING",
                "Pay the share, or ask the opener to cancel the split.",
            ),
            SplitError::NotCharging => refuse("SPLIT_NOT_CHARGING", "Wait until everybody has confirmed."),
            SplitError::SharesPaid => refuse("SHARES_PAID", "Take the unpaid shares over, or cancel the split."),
            SplitError::ShareSettled => refuse("SHARE_SETTLED", "Look at the split as it stands."),
            SplitError::LastShare => refuse("LAST_SHARE", "Take the share over, or cancel the split."),
            SplitError::NotOver => refuse("SPLIT_NOT_OVER", "Wait until its time is over."),
            SplitError::NothingMissing(amount) => {
                refuse("NOTHING_TO_PAY", "Pay the share from the balance.").with("available_fen", amount.0)
            }
            SplitError::Invalid(invalid) => invalid.into(),
        }
    }
}
