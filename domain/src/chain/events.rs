//! What happened to a chain.

use serde::{Deserialize, Serialize};

use crate::ids::ChainId;
use crate::payment::{PaymentPolicy, TopUpTier};
use crate::points_account::PointsPolicy;

use super::{Level, LevelPolicy};

/// Events of the stream `Chain/<chain_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum ChainEvent {
    /// A chain was set up.
    ChainRegistered {
        /// The chain.
        chain_id: ChainId,
        /// What customers read.
        name: String,
    },
    /// It has another name.
    ChainRenamed {
        /// What customers read.
        name: String,
    },
    /// Its levels from now on; sessions that are open keep the discount they were opened with.
    LevelsDefined {
        /// Counts 1, 2, 3, …
        version: u32,
        /// All levels, the lowest first.
        levels: Vec<Level>,
        /// How spending counts for them.
        #[serde(default)]
        policy: LevelPolicy,
    },
    /// How it gives points from now on; sessions that have earned keep the price of a point.
    PointsPolicyChanged {
        /// The rules.
        policy: PointsPolicy,
    },
    /// What is given on top of top-ups from now on; intents that have begun keep what they promised.
    TopUpTiersDefined {
        /// Ascending.
        tiers: Vec<TopUpTier>,
    },
    /// How payments are collected from now on; intents that have begun keep the policy they began with.
    PaymentPolicyChanged {
        /// The policy.
        policy: PaymentPolicy,
    },
}

crate::event::domain_events!(ChainEvent: ChainRegistered, ChainRenamed, LevelsDefined, PointsPolicyChanged, TopUpTiersDefined, PaymentPolicyChanged);
