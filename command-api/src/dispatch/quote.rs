//! What play would cost. Nothing is written; but nothing old is quoted either.

use baize_domain::Fen;
use baize_domain::hall::{Hall, HallError, time_zone_or_utc};
use baize_domain::ids::{TableId, TariffPlanId};
use baize_domain::refusal::{Refusal, RefusalKind};
use baize_domain::session::Bill;
use baize_domain::table::{Table, TableError};
use baize_domain::tariff::{Course, TariffPlan};
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
    /// What `minutes` at the table would cost from now on. The table may be occupied.
    ///
    /// # Errors
    /// `TABLE_NOT_FOUND`, `HALL_NOT_FOUND`, `TARIFF_NOT_PUBLISHED`, or the database is away.
    pub async fn quote(&self, table_id: TableId, minutes: u32) -> Result<Quoted, CommandError> {
        let repository = &self.repository;
        // Of the table only what was registered counts, and that never changes.
        let table = repository.load::<Table>(&table_id.to_string()).await?;
        let profile = table.aggregate.profile.as_deref();
        let profile = profile.ok_or_else(|| CommandError::refuse(TableError::NotFound))?;
        let (hall_id, plan_id) = (profile.hall_id.to_string(), profile.tariff_plan_id.to_string());
        drop_what_is_old(repository, &hall_id, &plan_id).await?;
        let (hall, plan) = tokio::try_join!(
            repository.load::<Hall>(&hall_id),
            repository.load::<TariffPlan>(&plan_id),
        )?;
        let hall = hall.aggregate.profile.as_deref();
        let hall = hall.ok_or_else(|| CommandError::refuse(HallError::NotFound))?;
        let published = plan.aggregate.published.as_deref();
        let published = published.filter(|published| published.hall_id == profile.hall_id);
        let published = published.ok_or_else(|| not_published(profile.tariff_plan_id))?;
        let zone = time_zone_or_utc(&hall.time_zone);
        let pinned = &published.pinned;
        let course = Course {
            zone: &zone,
            past: &[],
            prices: pinned,
            from: self.clock.now(),
            discount: None,
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

/// Another process may have published a tariff or changed the policy; an append would notice, a quote has to ask.
async fn drop_what_is_old(repository: &Repository, hall_id: &str, plan_id: &str) -> Result<(), CommandError> {
    let newest: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT c.type, c.id, coalesce((SELECT max(e.sequence) FROM events e WHERE e.aggregate_type = c.type AND e.aggregate_id = c.id), 0)
           FROM unnest($1, $2) AS c (type, id)",
    )
    .bind([Hall::TYPE, TariffPlan::TYPE])
    .bind([hall_id, plan_id])
    .fetch_all(repository.log().pool())
    .await
    .map_err(|error| CommandError::Unavailable(error.to_string()))?;
    let known = [
        repository.load::<Hall>(hall_id).await?.version,
        repository.load::<TariffPlan>(plan_id).await?.version,
    ];
    for ((aggregate_type, aggregate_id, newest), known) in newest.into_iter().zip(known) {
        if known < newest as u64 {
            repository.forget(&StreamId::new(aggregate_type, aggregate_id));
        }
    }
    Ok(())
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
