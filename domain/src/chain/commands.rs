//! What a chain can be asked.

use crate::ids::ChainId;
use crate::payment::{PaymentPolicy, TopUpTier};
use crate::points_account::PointsPolicy;

use super::{Level, LevelPolicy};

/// Commands of a chain.
#[derive(Clone, Debug, PartialEq)]
pub enum ChainCommand {
    /// Set the chain up, with the levels that every chain has.
    Register {
        /// The chain.
        chain_id: ChainId,
        /// What customers read.
        name: String,
    },
    /// Give it another name.
    Rename {
        /// What customers read.
        name: String,
    },
    /// Replace the levels.
    DefineLevels {
        /// All levels, the lowest first.
        levels: Vec<Level>,
        /// How spending counts for them.
        policy: LevelPolicy,
    },
    /// Change how points are given.
    ChangePointsPolicy {
        /// From now on.
        policy: PointsPolicy,
    },
    /// Replace the tiers of top-ups.
    DefineTopUpTiers {
        /// Ascending.
        tiers: Vec<TopUpTier>,
    },
    /// Change how payments are collected.
    ChangePaymentPolicy {
        /// The policy.
        policy: PaymentPolicy,
    },
}
