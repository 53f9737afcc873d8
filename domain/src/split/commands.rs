//! What a split can be asked.

use jiff::Timestamp;

use crate::ids::MemberId;
use crate::money::Fen;
use crate::wallet::Split;

use super::{CancelCause, SplitTerms};

/// Commands of a split. What happens in wallets and journal beside it is decided in [`crate::units::splits`].
#[derive(Clone, Debug, PartialEq)]
pub enum SplitCommand {
    /// Begin it, or begin it anew with other shares.
    Start {
        /// Who pays how much.
        terms: Box<SplitTerms>,
        /// The opener replaces the present shares by these.
        anew: bool,
        /// When.
        at: Timestamp,
    },
    /// Agree to pay the share of a link.
    Confirm {
        /// What the link says.
        token: String,
        /// Who agrees.
        member_id: MemberId,
        /// When.
        at: Timestamp,
    },
    /// Do not pay the share of a link.
    Decline {
        /// What the link says.
        token: String,
        /// Who does not.
        member_id: MemberId,
        /// When.
        at: Timestamp,
    },
    /// Take a share out; the others grow by it.
    Remove {
        /// Which.
        ordinal: u8,
        /// When.
        at: Timestamp,
    },
    /// The opener pays a share too.
    TakeOver {
        /// Which.
        ordinal: u8,
        /// When.
        at: Timestamp,
    },
    /// Not everybody has confirmed in time.
    Stall {
        /// When.
        at: Timestamp,
    },
    /// Undo it.
    Cancel {
        /// Why.
        cause: CancelCause,
        /// When.
        at: Timestamp,
    },
    /// Note that a share is paid.
    Pay {
        /// Which.
        ordinal: u8,
        /// What was set aside for it.
        amount: Split,
        /// When.
        at: Timestamp,
    },
    /// Note that a share could not be paid.
    Fail {
        /// Which.
        ordinal: u8,
        /// What was missing.
        shortfall: Fen,
        /// When.
        at: Timestamp,
    },
    /// Note that a share has arrived.
    Deliver {
        /// Which.
        ordinal: u8,
        /// When.
        at: Timestamp,
    },
    /// Note that a share went back.
    Return {
        /// Which.
        ordinal: u8,
        /// When.
        at: Timestamp,
    },
}
