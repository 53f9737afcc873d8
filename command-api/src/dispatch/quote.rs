//! What play would cost. Nothing is written; but nothing old is quoted either.

use std::sync::Arc;

use baize_domain::Fen;
use baize_domain::calendar::Calendar;
use baize_domain::chain::Chain;
use baize_domain::hall::{Hall, HallError, HallProfile, time_zone_or_utc};
use baize_domain::ids::{ChainId, MemberId, TableId, TariffPlanId};
use baize_domain::level::LevelCode;
use baize_domain::member::{Member, MemberError};
use baize_domain::refusal::{Refusal, RefusalKind};
use baize_domain::session::Bill;
use baize_domain::table::{Table, TableError};
use baize_domain::tariff::pricing::{minutes_after, whole_steps};
use baize_domain::tariff::{Course, Discount, PinnedTariff, PublishedTariff, TariffPlan};
use baize_eventlog::{Repository, StreamId};
use cqrs_es::Aggregate;
use jiff::Timestamp;

use super::{CommandError, Dispatcher};

/// What a quote is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Where.
    pub table_id: TableId,
    /// What for; nothing to see the packages and the hold only.
    pub play: Option<Play>,
    /// Whose discount is shown; nobody's for the full price.
    pub whose: Option<Whose>,
}

/// Play to be quoted.
#[derive(Clone, Debug, PartialEq)]
pub enum Play {
    /// So many minutes, 1–1440.
    Minutes(u32),
    /// The package of that code.
    Package(String),
}

/// Whose discount a quote shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Whose {
    /// A person's, by the level that the person has.
    Member(MemberId),
    /// That of anybody of a level.
    Level(LevelCode),
}

/// A quote.
#[derive(Clone, Debug, PartialEq)]
pub struct Quoted {
    /// What the play asked for costs, and until when it goes.
    pub play: Option<(Bill, Timestamp)>,
    /// The plan it is by.
    pub plan_id: TariffPlanId,
    /// The plan's version.
    pub version: u32,
    /// What an opening sets aside when paid at the end.
    pub hold: Fen,
    /// All packages that can be bought now.
    pub packages: Vec<PackageOffer>,
}

/// A package that can be bought now.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "named as in the tariff")]
pub struct PackageOffer {
    pub code: String,
    pub name: String,
    pub price: Fen,
    /// Until when it gives play.
    pub until: Timestamp,
}

impl Dispatcher {
    /// What play at the table would cost from now on. The table may be occupied.
    ///
    /// # Errors
    /// `TABLE_NOT_FOUND`, `HALL_NOT_FOUND`, `TARIFF_NOT_PUBLISHED`, `MEMBER_NOT_FOUND`, `LEVEL_NOT_FOUND`, `PACKAGE_NOT_FOUND`,
    /// `PACKAGE_NOT_ON_OFFER`, or the database is away.
    pub async fn quote(&self, asked: Asked) -> Result<Quoted, CommandError> {
        let repository = &self.repository;
        // Of the table only what was registered counts, and that never changes.
        let table = repository.load::<Table>(&asked.table_id.to_string()).await?;
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
        let discount = match asked.whose {
            Some(whose) => discount(repository, hall.chain_id, whose).await?,
            None => None,
        };
        let calendar = calendar_of(repository, published).await?;
        let now = self.clock.now();
        let prices = published.pin(&calendar, &time_zone_or_utc(&hall.time_zone), now);
        price(asked.play, hall, &prices, discount.as_ref(), now)
    }
}

fn price(
    play: Option<Play>,
    hall: &HallProfile,
    prices: &PinnedTariff,
    discount: Option<&Discount>,
    now: Timestamp,
) -> Result<Quoted, CommandError> {
    let zone = time_zone_or_utc(&hall.time_zone);
    let course = Course {
        zone: &zone,
        past: &[],
        prices,
        from: now,
        discount,
        goods: &[],
    };
    let play = match play {
        Some(Play::Minutes(minutes)) => {
            let until = minutes_after(now, whole_steps(&prices.tariff, minutes));
            Some((course.prepaid(minutes), until))
        }
        Some(Play::Package(code)) => {
            let offer = prices.offer(&code, &zone, now)?;
            Some((offer.bill(), offer.until))
        }
        None => None,
    };
    let offers = prices.offers(&zone, now).into_iter();
    let packages = offers.map(|offer| PackageOffer {
        code: offer.package.code.clone(),
        name: offer.package.name.clone(),
        price: offer.package.price,
        until: offer.until,
    });
    Ok(Quoted {
        play,
        plan_id: prices.plan_id,
        version: prices.version,
        hold: course.prepaid(hall.policy.hold_minutes).total,
        packages: packages.collect(),
    })
}

/// What the person's level, or the level that is named, takes off, as the hall's chain has it.
async fn discount(repository: &Repository, chain_id: ChainId, whose: Whose) -> Result<Option<Discount>, CommandError> {
    let chain_id = chain_id.to_string();
    let chain = newest::<Chain>(repository, &chain_id).await?;
    let level = match whose {
        Whose::Level(level) if chain.level(&level).is_none() => return Err(no_such_level(&level)),
        Whose::Level(level) => level,
        Whose::Member(member_id) => {
            let member = newest::<Member>(repository, &member_id.to_string()).await?;
            let member = member.profile.as_deref();
            let member = member.ok_or_else(|| CommandError::refuse(MemberError::NotFound))?;
            member.level.clone()
        }
    };
    Ok(chain.discount(&level))
}

/// The calendar that the tariff names; an empty one if it names none.
async fn calendar_of(repository: &Repository, published: &PublishedTariff) -> Result<Arc<Calendar>, CommandError> {
    match published.pinned.tariff.calendar_id {
        Some(calendar_id) => newest::<Calendar>(repository, &calendar_id.to_string()).await,
        None => Ok(Arc::default()),
    }
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

fn no_such_level(level: &LevelCode) -> CommandError {
    let refusal = Refusal::new(
        RefusalKind::NotFound,
        "LEVEL_NOT_FOUND",
        "the hall's chain has no such level",
        "Name one of the chain's levels, or none for the full price.",
    );
    CommandError::refuse(refusal.with("level", level))
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
