//! Who works in a chain and who owns it; and what they may act as.

use std::collections::BTreeSet;

use baize_domain::chain::Chain;
use baize_domain::hall::Hall;
use baize_domain::ids::{ChainId, HallId, MemberId, staff_id};
use baize_domain::staff::{self, Staff, StaffError, StaffRole};
use baize_eventlog::StreamId;
use cqrs_es::Aggregate as _;

use super::work::Work;
use super::{CommandError, Dispatcher, Reply, chain};

/// Gives a person a role in a chain; the halls must be the chain's.
pub async fn grant(
    work: &Work<'_>,
    member_id: MemberId,
    chain_id: ChainId,
    role: StaffRole,
    halls: &BTreeSet<HallId>,
) -> Result<Reply, CommandError> {
    chain::known(work, chain_id).await?;
    for hall_id in halls {
        let hall = work.read::<Hall>(hall_id).await?;
        if hall.profile.as_ref().is_none_or(|profile| profile.chain_id != chain_id) {
            return Err(CommandError::refuse(StaffError::HallOfAnotherChain(*hall_id)));
        }
    }
    let staff = work.read::<Staff>(staff_id(member_id, chain_id)).await?;
    let events =
        staff::decide::grant(&staff, member_id, chain_id, role, halls.clone()).map_err(CommandError::refuse)?;
    work.write(&staff, events)?;
    Ok(Reply::Done)
}

/// Takes a role from a person.
pub async fn revoke(
    work: &Work<'_>,
    member_id: MemberId,
    chain_id: ChainId,
    role: StaffRole,
    reason: &str,
) -> Result<Reply, CommandError> {
    let _whose_chain = work.read::<Chain>(chain_id).await?;
    let staff = work.read::<Staff>(staff_id(member_id, chain_id)).await?;
    let events = staff::decide::revoke(&staff, role, reason.to_owned()).map_err(CommandError::refuse)?;
    work.write(&staff, events)?;
    Ok(Reply::Done)
}

impl Dispatcher {
    /// The halls of a role that was granted to a person and not revoked since; none for an owner.
    ///
    /// # Errors
    /// `ROLE_NOT_GRANTED`, or the database is away.
    pub async fn role_of(
        &self,
        member_id: MemberId,
        chain_id: ChainId,
        role: StaffRole,
    ) -> Result<BTreeSet<HallId>, CommandError> {
        let id = staff_id(member_id, chain_id).to_string();
        // Another process may have revoked it; an append would notice, a look has to read again.
        self.repository.forget(&StreamId::new(Staff::TYPE, &id));
        let staff = self.repository.load::<Staff>(&id).await?;
        let halls = staff.aggregate.roles.get(&role).cloned();
        halls.ok_or_else(|| CommandError::refuse(StaffError::RoleNotGranted))
    }
}
