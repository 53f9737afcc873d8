//! What a split is.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{MemberId, ShareId};
use crate::money::Fen;
use crate::wallet::Split;

use super::{SplitEvent, SplitTerms};

/// The place of the opener's own share.
pub const OPENER: u8 = 0;

/// A split, begun or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillSplit {
    /// How the shares were cut last; nothing before.
    pub terms: Option<Arc<SplitTerms>>,
    /// How far it is.
    pub phase: Phase,
    /// The shares as they stand; the first is the opener's own.
    pub shares: Vec<Share>,
    /// From then on links are good for nothing.
    pub confirm_by: Timestamp,
    /// Then it is cancelled, unless everybody has paid.
    pub ends_at: Timestamp,
    /// The opener was told that not everybody has confirmed.
    pub stalled: bool,
}

/// How far a split is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Not begun.
    #[default]
    Unstarted,
    /// Waiting for everybody's word.
    Confirming,
    /// Everybody is charged.
    Charging,
    /// Everybody has paid.
    Completed,
    /// It came to nothing.
    Cancelled,
}

/// A share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The share.
    pub share_id: ShareId,
    /// What its link says.
    pub token: String,
    /// How much.
    pub amount: Fen,
    /// Who pays it, once somebody said so.
    pub member_id: Option<MemberId>,
    /// How it stands.
    pub state: ShareState,
    /// How often it could not be paid.
    pub failures: u8,
}

/// How a share stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShareState {
    /// Nobody has confirmed it.
    Open,
    /// Somebody does not pay it.
    Declined,
    /// Somebody agreed to pay it.
    Confirmed,
    /// Paid, and set aside.
    Paid {
        /// What was set aside.
        amount: Split,
    },
    /// In the opener's wallet.
    Delivered,
    /// Back where it came from.
    Returned,
    /// Part of the opener's own share now.
    TakenOver,
    /// Part of the other shares now.
    Removed,
}

impl Share {
    /// Whether it counts.
    pub const fn stands(&self) -> bool {
        !matches!(self.state, ShareState::TakenOver | ShareState::Removed)
    }

    /// What is set aside for it.
    pub const fn set_aside(&self) -> Option<Split> {
        match self.state {
            ShareState::Paid { amount } => Some(amount),
            _ => None,
        }
    }
}

impl BillSplit {
    /// The share at a place.
    pub fn share(&self, ordinal: u8) -> Option<&Share> {
        self.shares.get(usize::from(ordinal))
    }

    /// The shares that count, with their places.
    pub fn standing(&self) -> impl Iterator<Item = (u8, &Share)> {
        (0u8..).zip(&self.shares).filter(|(_, share)| share.stands())
    }

    /// What all but the opener pay.
    pub fn others(&self) -> Fen {
        let others = self.standing().filter(|(ordinal, _)| *ordinal != OPENER);
        others.map(|(_, share)| share.amount).sum()
    }

    /// The place of a person's share.
    pub fn share_of(&self, member_id: MemberId) -> Option<u8> {
        let mut standing = self.standing();
        standing
            .find(|(_, share)| share.member_id == Some(member_id))
            .map(|(ordinal, _)| ordinal)
    }

    /// Whether it is over and all that was paid is where it belongs.
    pub fn is_settled(&self) -> bool {
        let over = matches!(self.phase, Phase::Completed | Phase::Cancelled);
        let mut others = self.standing().filter(|(ordinal, _)| *ordinal != OPENER);
        over && others.all(|(_, share)| share.set_aside().is_none())
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &SplitEvent) {
        match event {
            SplitEvent::SplitStarted {
                terms,
                confirm_by,
                ends_at,
                ..
            } => self.start(terms, *confirm_by, *ends_at),
            SplitEvent::ShareConfirmed { ordinal, member_id, .. } => self.change(*ordinal, |share| {
                share.member_id = Some(*member_id);
                share.state = ShareState::Confirmed;
            }),
            SplitEvent::ShareDeclined { ordinal, .. } => self.change(*ordinal, |share| {
                share.member_id = None;
                share.state = ShareState::Declined;
            }),
            SplitEvent::ShareRemoved {
                ordinal,
                amounts,
                confirm_by,
                ends_at,
                ..
            } => {
                self.change(*ordinal, |share| share.state = ShareState::Removed);
                self.grow(amounts);
                (self.confirm_by, self.ends_at) = (*confirm_by, *ends_at);
                self.phase = Phase::Confirming;
                self.stalled = false;
            }
            SplitEvent::ShareTakenOver { ordinal, amount, .. } => {
                self.change(*ordinal, |share| share.state = ShareState::TakenOver);
                self.change(OPENER, |share| {
                    share.amount += *amount;
                    share.state = ShareState::Confirmed;
                    share.failures = 0;
                });
            }
            SplitEvent::SplitStalled { .. } => self.stalled = true,
            SplitEvent::ChargingBegan { .. } => self.phase = Phase::Charging,
            SplitEvent::SharePaid { ordinal, amount, .. } => {
                let amount = *amount;
                self.change(*ordinal, |share| share.state = ShareState::Paid { amount });
            }
            SplitEvent::ShareFailed { ordinal, failures, .. } => {
                self.change(*ordinal, |share| share.failures = *failures);
            }
            SplitEvent::OpenerAsked { .. } => {}
            SplitEvent::SplitCompleted { .. } => self.phase = Phase::Completed,
            SplitEvent::ShareDelivered { ordinal, .. } => {
                self.change(*ordinal, |share| share.state = ShareState::Delivered);
            }
            SplitEvent::SplitCancelled { .. } => self.phase = Phase::Cancelled,
            SplitEvent::ShareReturned { ordinal, .. } => {
                self.change(*ordinal, |share| share.state = ShareState::Returned);
            }
        }
    }

    fn start(&mut self, terms: &SplitTerms, confirm_by: Timestamp, ends_at: Timestamp) {
        let shares = (0u8..).zip(&terms.shares).map(|(ordinal, share)| Share {
            share_id: share.share_id,
            token: share.token.clone(),
            amount: share.amount,
            member_id: (ordinal == OPENER).then_some(terms.opener),
            state: match ordinal {
                OPENER => ShareState::Confirmed,
                _ => ShareState::Open,
            },
            failures: 0,
        });
        *self = Self {
            shares: shares.collect(),
            terms: Some(Arc::new(terms.clone())),
            phase: Phase::Confirming,
            confirm_by,
            ends_at,
            stalled: false,
        };
    }

    /// Who has to pay more than was confirmed has to confirm again; the opener said so by taking the share out.
    fn grow(&mut self, amounts: &[Fen]) {
        for (ordinal, (share, amount)) in (0u8..).zip(self.shares.iter_mut().zip(amounts)) {
            if !share.stands() {
                continue;
            }
            if share.amount != *amount && ordinal != OPENER && share.state == ShareState::Confirmed {
                share.state = ShareState::Open;
            }
            share.amount = *amount;
            share.failures = 0;
            if ordinal == OPENER {
                share.state = ShareState::Confirmed;
            }
        }
    }

    fn change(&mut self, ordinal: u8, change: impl FnOnce(&mut Share)) {
        if let Some(share) = self.shares.get_mut(usize::from(ordinal)) {
            change(share);
        }
    }
}
