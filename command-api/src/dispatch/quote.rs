//! What play would cost. Nothing is written; but nothing old is quoted either.

use std::sync::Arc;

use baize_domain::Fen;
use baize_domain::chain::Chain;
use baize_domain::hall::{Hall, HallError, time_zone_or_utc};
use baize_domain::ids::{ChainId, MemberId, TableId, TariffPlanId};
use baize_domain::member::{Member, MemberError};
use baize_domain::refusal::{Refusal, RefusalKind};
use baize_domain::session::Bill;
use baize_domain::table::{Table, TableError};
use baize_domain::tariff::{Course, Discount, TariffPlan};
use baize_eventlog::{Repository, StreamId};
use cqrs_es::Aggregate;

use super::{CommandError, Dispatcher};

/// A quote.
#[derive(Clone, Debug, PartialEq)]
pub struct Quoted {
    /// The price of the time asked for, in whole steps.
    pub bill: Bill,
    /// The plan it is by.
    pub plan_id: TariffPlanId,
    /// The plan's version.
    pub version: u32,
    /// What an opening sets aside when paid at the end.
    pub hold: Fen,
}

impl Dispatcher {
    /// What `minutes` at the table would cost from now on, for that person if one is named. The table may be occupied.
    ///
    /// # Errors
    /// `TABLE_NOT_FOUND`, `HALL_NOT_FOUND`, `MEMBER_NOT_FOUND`, `TARIFF_NOT_PUBLISHED`, or the database is away.
    pub async fn quote(
        &self,
        table_id: TableId,
        minutes: u32,
        member_id: Option<MemberId>,
    ) -> Result<Quoted, CommandError> {
        let repository = &self.repository;
        // Of the table only what was registered counts, and that never changes.
        let table = repository.load::<Table>(&table_id.to_string()).await?;
        let profile = table.aggregate.profile.as_deref();
        let profile = profile.ok_or_else(|| CommandError::refuse(TableError::NotFound))?;
        let (hall_id, plan_id) = (profile.hall_id.to_string(), profile.tariff_plan_id.to_string());
        let (hall, plan) = tokio::try_join!(
            newest::<Hall>(repository, &hall_id),
            newest::<TariffPlan>(repository, &plan_id),
        )?;
        let hall = hall.profile.as_deref();
        let hall = hall.ok_or_else(|| CommandError::refuse(HallError::NotFound))?;
        let published = plan.published.as_deref();
        let published = published.filter(|published| published.hall_id == profile.hall_id);
        let published = published.ok_or_else(|| not_published(profile.tariff_plan_id))?;
        let discount = match member_id {
            Some(member_id) => discount(repository, hall.chain_id, member_id).await?,
            None => None,
        };
        let zone = time_zone_or_utc(&hall.time_zone);
        let pinned = &published.pinned;
        let course = Course {
            zone: &zone,
            past: &[],
            prices: pinned,
            from: self.clock.now(),
            discount: discount.as_ref(),
            goods: &[],
        };
        let quote = course.quote(minutes, hall.policy.hold_minutes);
        Ok(Quoted {
            bill: quote.prepaid,
            plan_id: pinned.plan_id,
            version: pinned.version,
            hold: quote.hold,
        })
    }
}

/// What the person's level takes off, as the hall's chain has it.
async fn discount(
    repository: &Repository,
    chain_id: ChainId,
    member_id: MemberId,
) -> Result<Option<Discount>, CommandError> {
    let (chain_id, member_id) = (chain_id.to_string(), member_id.to_string());
    let (chain, member) = tokio::try_join!(
        newest::<Chain>(repository, &chain_id),
        newest::<Member>(repository, &member_id),
    )?;
    let member = member.profile.as_deref();
    let member = member.ok_or_else(|| CommandError::refuse(MemberError::NotFound))?;
    Ok(chain.discount(&member.level))
}

/// Another process may have published a tariff or changed a policy; an append would notice, a quote has to ask.
async fn newest<A>(repository: &Repository, id: &str) -> Result<Arc<A>, CommandError>
where
    A: Aggregate + Clone + 'static,
{
    let newest: i64 = sqlx::query_scalar(
        "SELECT coalesce(max(sequence), 0) FROM events WHERE aggregate_type = $1 AND aggregate_id = $2",
    )
    .bind(A::TYPE)
    .bind(id)
    .fetch_one(repository.log().pool())
    .await
    .map_err(|error| CommandError::Unavailable(error.to_string()))?;
    if repository.load::<A>(id).await?.version < newest as u64 {
        repository.forget(&StreamId::new(A::TYPE, id));
    }
    Ok(repository.load::<A>(id).await?.aggregate)
}

fn not_published(plan_id: TariffPlanId) -> CommandError {
    let refusal = Refusal::new(
        RefusalKind::Precondition,
        "TARIFF_NOT_PUBLISHED",
        "the table has no published tariff",
        "Publish the table's tariff plan for its hall.",
    );
    CommandError::refuse(refusal.with("tariff_plan_id", plan_id))
}
