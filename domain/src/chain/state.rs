//! What a chain is.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::ChainId;
use crate::level::LevelCode;
use crate::payment::{PaymentPolicy, TopUpTier};
use crate::points_account::PointsPolicy;
use crate::tariff::Discount;

use super::{ChainEvent, Level, LevelPolicy};

/// A chain, registered or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// What was registered; nothing before.
    pub profile: Option<Arc<ChainProfile>>,
}

/// What is known of a registered chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainProfile {
    /// The chain.
    pub chain_id: ChainId,
    /// What customers read.
    pub name: String,
    /// The version of the levels, from 1.
    pub levels_version: u32,
    /// The levels, the lowest first.
    pub levels: Vec<Level>,
    /// How spending counts for them.
    #[serde(default)]
    pub level_policy: LevelPolicy,
    /// How points are given.
    #[serde(default)]
    pub points: PointsPolicy,
    /// What is given on top of top-ups.
    pub top_up_tiers: Vec<TopUpTier>,
    /// How payments are collected.
    pub payment_policy: PaymentPolicy,
}

impl Chain {
    /// The level of that code, if the chain has it.
    pub fn level(&self, code: &LevelCode) -> Option<&Level> {
        self.profile.as_ref()?.levels.iter().find(|level| level.code == *code)
    }

    /// What a person of that level pays less for play; nothing if the level is unknown or takes nothing off.
    pub fn discount(&self, code: &LevelCode) -> Option<Discount> {
        let level = self.level(code).filter(|level| level.discount > Decimal::ZERO)?;
        Some(Discount {
            level: level.code.clone(),
            rate: level.discount,
        })
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::ChainRegistered { chain_id, name } => {
                self.profile = Some(Arc::new(ChainProfile {
                    chain_id: *chain_id,
                    name: name.clone(),
                    levels_version: 0,
                    levels: Vec::new(),
                    level_policy: LevelPolicy::default(),
                    points: PointsPolicy::default(),
                    top_up_tiers: Vec::new(),
                    payment_policy: PaymentPolicy::default(),
                }));
            }
            ChainEvent::ChainRenamed { name } => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).name.clone_from(name);
                }
            }
            ChainEvent::TopUpTiersDefined { tiers } => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).top_up_tiers.clone_from(tiers);
                }
            }
            ChainEvent::PaymentPolicyChanged { policy } => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).payment_policy = policy.clone();
                }
            }
            ChainEvent::LevelsDefined {
                version,
                levels,
                policy,
            } => {
                if let Some(profile) = &mut self.profile {
                    let profile = Arc::make_mut(profile);
                    profile.levels_version = *version;
                    profile.levels.clone_from(levels);
                    profile.level_policy = *policy;
                }
            }
            ChainEvent::PointsPolicyChanged { policy } => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).points = *policy;
                }
            }
        }
    }
}
