//! What a chain decides.

use std::sync::Arc;

use crate::ids::ChainId;
use crate::payment::{PaymentPolicy, TopUpTier};
use crate::points_account::PointsPolicy;
use crate::refusal::InvalidField;

use super::{Chain, ChainCommand, ChainError, ChainEvent, ChainProfile, Level, LevelPolicy, levels};

/// Characters of a name, at most.
const NAME_CHARS_MAX: usize = 100;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(chain: &Chain, command: ChainCommand) -> Result<Vec<ChainEvent>, ChainError> {
    match command {
        ChainCommand::Register { chain_id, name } => register(chain, chain_id, name),
        ChainCommand::Rename { name } => rename(chain, name),
        ChainCommand::DefineLevels { levels, policy } => define_levels(chain, levels, policy),
        ChainCommand::ChangePointsPolicy { policy } => change_points_policy(chain, policy),
        ChainCommand::DefineTopUpTiers { tiers } => define_top_up_tiers(chain, tiers),
        ChainCommand::ChangePaymentPolicy { policy } => change_payment_policy(chain, policy),
    }
}

/// Sets a chain up with the levels `guest` and `member`; the same chain again changes nothing.
///
/// # Errors
/// [`ChainError::Exists`], [`ChainError::Invalid`].
pub fn register(chain: &Chain, chain_id: ChainId, name: String) -> Result<Vec<ChainEvent>, ChainError> {
    if let Some(existing) = &chain.profile {
        return if existing.name == name {
            Ok(Vec::new())
        } else {
            Err(ChainError::Exists(existing.chain_id))
        };
    }
    InvalidField::unless_text(&name, NAME_CHARS_MAX, "name")?;
    Ok(vec![
        ChainEvent::ChainRegistered { chain_id, name },
        ChainEvent::LevelsDefined {
            version: 1,
            levels: levels::defaults(),
            policy: LevelPolicy::default(),
        },
    ])
}

/// Gives a chain another name.
///
/// # Errors
/// [`ChainError::NotFound`], [`ChainError::Invalid`].
pub fn rename(chain: &Chain, name: String) -> Result<Vec<ChainEvent>, ChainError> {
    let profile = registered(chain)?;
    InvalidField::unless_text(&name, NAME_CHARS_MAX, "name")?;
    if profile.name == name {
        return Ok(Vec::new());
    }
    Ok(vec![ChainEvent::ChainRenamed { name }])
}

/// Replaces the levels by the next version of them; the same levels again change nothing.
///
/// # Errors
/// [`ChainError::NotFound`], [`ChainError::Invalid`].
pub fn define_levels(chain: &Chain, levels: Vec<Level>, policy: LevelPolicy) -> Result<Vec<ChainEvent>, ChainError> {
    let profile = registered(chain)?;
    levels::validate(&levels, &profile.levels)?;
    policy.validate()?;
    if profile.levels == levels && profile.level_policy == policy {
        return Ok(Vec::new());
    }
    Ok(vec![ChainEvent::LevelsDefined {
        version: profile.levels_version.saturating_add(1),
        levels,
        policy,
    }])
}

/// Changes how points are given; the same rules again change nothing.
///
/// # Errors
/// [`ChainError::NotFound`], [`ChainError::Invalid`].
pub fn change_points_policy(chain: &Chain, policy: PointsPolicy) -> Result<Vec<ChainEvent>, ChainError> {
    let profile = registered(chain)?;
    policy.validate()?;
    if profile.points == policy {
        return Ok(Vec::new());
    }
    Ok(vec![ChainEvent::PointsPolicyChanged { policy }])
}

/// Replaces the tiers of top-ups; the same tiers again change nothing.
///
/// # Errors
/// [`ChainError::NotFound`], [`ChainError::Invalid`].
pub fn define_top_up_tiers(chain: &Chain, tiers: Vec<TopUpTier>) -> Result<Vec<ChainEvent>, ChainError> {
    let profile = registered(chain)?;
    TopUpTier::validate(&tiers)?;
    if profile.top_up_tiers == tiers {
        return Ok(Vec::new());
    }
    Ok(vec![ChainEvent::TopUpTiersDefined { tiers }])
}

/// Changes how payments are collected; the same policy again changes nothing.
///
/// # Errors
/// [`ChainError::NotFound`], [`ChainError::Invalid`].
pub fn change_payment_policy(chain: &Chain, policy: PaymentPolicy) -> Result<Vec<ChainEvent>, ChainError> {
    let profile = registered(chain)?;
    policy.validate()?;
    if profile.payment_policy == policy {
        return Ok(Vec::new());
    }
    Ok(vec![ChainEvent::PaymentPolicyChanged { policy }])
}

fn registered(chain: &Chain) -> Result<&Arc<ChainProfile>, ChainError> {
    chain.profile.as_ref().ok_or(ChainError::NotFound)
}
