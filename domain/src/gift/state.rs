//! What a gift is.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{GiftId, HallId, RedemptionId};

use super::{GiftContent, GiftEvent};

/// A gift, registered or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// What was registered; nothing before.
    pub profile: Option<Arc<GiftProfile>>,
    /// How many pieces there are.
    pub stock: Stock,
}

/// What is known of a registered gift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftProfile {
    /// The gift.
    pub gift_id: GiftId,
    /// The hall that hands it out.
    pub hall_id: HallId,
    /// What the catalogue says.
    pub content: GiftContent,
    /// Whether it can be had no more.
    pub retired: bool,
}

/// Pieces of a gift.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// All that came in, as counts have corrected it.
    pub received: u64,
    /// All that were handed out.
    pub issued: u64,
    /// Those that are set aside.
    pub held: BTreeSet<RedemptionId>,
}

impl Stock {
    /// Those that are in the hall, held or not.
    pub const fn in_hall(&self) -> u64 {
        self.received.saturating_sub(self.issued)
    }

    /// Those that can be had.
    pub fn available(&self) -> u64 {
        self.in_hall().saturating_sub(self.held.len() as u64)
    }
}

impl Gift {
    /// Folds an event in.
    pub fn evolve(&mut self, event: &GiftEvent) {
        match event {
            GiftEvent::GiftRegistered {
                gift_id,
                hall_id,
                content,
                ..
            } => {
                self.profile = Some(Arc::new(GiftProfile {
                    gift_id: *gift_id,
                    hall_id: *hall_id,
                    content: content.clone(),
                    retired: false,
                }));
            }
            GiftEvent::GiftChanged { content, .. } => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).content = content.clone();
                }
            }
            GiftEvent::GiftRetired { .. } => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).retired = true;
                }
            }
            GiftEvent::StockReceived { pieces, .. } => {
                self.stock.received = self.stock.received.saturating_add(u64::from(*pieces));
            }
            GiftEvent::StockCounted { found, .. } => {
                self.stock.received = self.stock.issued.saturating_add(*found);
            }
            GiftEvent::PieceHeld { redemption_id, .. } => {
                self.stock.held.insert(*redemption_id);
            }
            GiftEvent::PieceIssued { redemption_id, .. } => {
                if self.stock.held.remove(redemption_id) {
                    self.stock.issued = self.stock.issued.saturating_add(1);
                }
            }
            GiftEvent::PieceReleased { redemption_id, .. } => {
                self.stock.held.remove(redemption_id);
            }
        }
    }
}
