//! A chain and its levels.

use baize_domain::chain::{self, Chain, ChainError, Level, LevelPolicy};
use baize_domain::ids::ChainId;
use baize_domain::payment::{PaymentPolicy, TopUpTier};

use super::work::Work;
use super::{CommandError, Reply};

/// Sets a chain up.
pub async fn register(work: &Work<'_>, chain_id: ChainId, name: &str) -> Result<Reply, CommandError> {
    let chain = work.read::<Chain>(chain_id).await?;
    let events = chain::decide::register(&chain, chain_id, name.to_owned()).map_err(CommandError::refuse)?;
    work.write(&chain, events)?;
    Ok(Reply::ChainRegistered { chain_id })
}

/// Gives a chain another name.
pub async fn rename(work: &Work<'_>, chain_id: ChainId, name: &str) -> Result<Reply, CommandError> {
    let chain = work.read::<Chain>(chain_id).await?;
    let events = chain::decide::rename(&chain, name.to_owned()).map_err(CommandError::refuse)?;
    work.write(&chain, events)?;
    Ok(Reply::Done)
}

/// Publishes the next version of a chain's levels.
pub async fn define_levels(
    work: &Work<'_>,
    chain_id: ChainId,
    levels: &[Level],
    policy: LevelPolicy,
) -> Result<Reply, CommandError> {
    let chain = work.read::<Chain>(chain_id).await?;
    let events = chain::decide::define_levels(&chain, levels.to_vec(), policy).map_err(CommandError::refuse)?;
    let chain = work.write(&chain, events)?;
    let version = chain.profile.as_ref().map_or(0, |profile| profile.levels_version);
    Ok(Reply::LevelsDefined { version })
}

/// Says what is given on top of top-ups.
pub async fn define_top_up_tiers(
    work: &Work<'_>,
    chain_id: ChainId,
    tiers: &[TopUpTier],
) -> Result<Reply, CommandError> {
    let chain = work.read::<Chain>(chain_id).await?;
    let events = chain::decide::define_top_up_tiers(&chain, tiers.to_vec()).map_err(CommandError::refuse)?;
    work.write(&chain, events)?;
    Ok(Reply::Done)
}

/// Changes how a chain's payments are collected.
pub async fn change_payment_policy(
    work: &Work<'_>,
    chain_id: ChainId,
    policy: &PaymentPolicy,
) -> Result<Reply, CommandError> {
    let chain = work.read::<Chain>(chain_id).await?;
    let events = chain::decide::change_payment_policy(&chain, policy.clone()).map_err(CommandError::refuse)?;
    work.write(&chain, events)?;
    Ok(Reply::Done)
}

/// Refuses what names a chain that is not there.
pub async fn known(work: &Work<'_>, chain_id: ChainId) -> Result<(), CommandError> {
    let chain = work.read::<Chain>(chain_id).await?;
    match chain.profile {
        Some(_) => Ok(()),
        None => Err(CommandError::refuse(ChainError::NotFound)),
    }
}
