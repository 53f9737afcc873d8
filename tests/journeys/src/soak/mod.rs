//! The soak: many payments through both providers, of whose orders a share meets a fault, while the command service is killed again and again.
//!
//! Payers act as people do: most pay, some pay twice, give up in the moment of paying, or go away. When everybody is gone an operator works
//! off what waits for somebody, the days are reconciled by the service's own job, and then the log is held against the providers' own books.
//! Faults, payers and kills are drawn from one seed. Time is compressed by the services' clock.

mod books;
mod calls;
mod figures;
mod ledger;
mod operator;
mod payer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use baize_domain::payment::Channel;
use baize_proto::hall::payment::v1::payment_service_client::PaymentServiceClient;
use baize_proto::hall::payment::v1::{ChangePaymentPolicyRequest, Channel as WireChannel, PaymentPolicy};
use baize_proto::hall::venue::v1::HallPolicy;
use baize_simulators::provider::book::beijing;
use baize_simulators::provider::{Reach, Seeded};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sqlx::PgPool;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::clients::{new_id, timed};
use crate::eventually::eventually;
use crate::hall::{Hall, plain_tariff};
use crate::log::Log;
use crate::program;
use crate::providers::Trouble;
use crate::world::World;

use books::Books;
use ledger::Ledger;
use operator::Operator;
use payer::{Payer, Street, Visit};

pub use books::Fault;
pub use figures::{Check, Report};

/// Yesterday's bill is made as soon as it is over, and is asked for so long after.
const BILL_MINUTES: i8 = 15;
/// How long a payment can be paid, on the services' clock.
const EXPIRY_SECONDS: u32 = 1_800;
/// How long everything may take to come to its end when nobody pays any more, in real time.
const REST_LIMIT: Duration = Duration::from_secs(300);
/// So often the operator looks at what waits for somebody.
const ROUNDS_MAX: usize = 12;
/// Payments of one member, about.
const PAYMENTS_PER_MEMBER: u32 = 4;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many payments.
    pub payments: u32,
    /// How often the command service is killed meanwhile.
    pub kills: u32,
    /// Draws faults, payers and amounts.
    pub seed: u64,
    /// The share of orders with a fault, 0–1.
    pub faulty: f64,
    /// How many seconds of the services' clock pass in a real one.
    pub speed: f64,
    /// Payers at the same time.
    pub payers: usize,
    /// On a Postgres of its own with default durability; else the one that all tests share.
    pub own_postgres: bool,
}

/// Does it, and holds the log against the providers' books.
///
/// # Errors
/// Something does not start, is refused that should not be, or never comes to its end.
pub async fn run(plan: &Plan, tell: impl Fn(String)) -> anyhow::Result<Report> {
    let trouble = Trouble {
        drawn: Some((plan.seed, plan.faulty)),
        timeout_ms: 1_000,
        slow_for: Duration::from_millis(1_500),
        bill_hour: 0,
    };
    tell(format!(
        "programs: {}, {}",
        program::baize().display(),
        program::simulators().display()
    ));
    let mut world = World::start_with_trouble(plan.speed, beginning(plan), plan.own_postgres, trouble).await?;
    let street = street(&mut world)?;
    let hall = Hall::open(&world.clients, HallPolicy::default(), plain_tariff()).await?;
    set_policy(&street, &hall).await?;
    let members = members(&hall, plan).await?;
    tell(format!("{} members, {} payments begin", members.len(), plan.payments));
    let visits = load(plan, &mut world, &street, members, &tell).await?;
    let soak = Soak {
        plan,
        world: &world,
        street,
    };
    soak.work_off(&tell).await?;
    let books = soak.books().await?;
    soak.reconcile(&books, &tell).await?;
    let log = world.log().await?;
    tell(format!("{} events are held against the providers' books", log.head()));
    figures::report(&soak, &log, &books, &visits).await
}

/// Everybody pays, and the command service is killed meanwhile.
async fn load(
    plan: &Plan,
    world: &mut World,
    street: &Street,
    members: Vec<String>,
    tell: &impl Fn(String),
) -> anyhow::Result<Vec<anyhow::Result<Visit>>> {
    let (room, members) = (Arc::new(Semaphore::new(plan.payers)), Arc::new(members));
    let done = watch::Sender::new(0_u32);
    let mut payers = JoinSet::new();
    for number in 0..plan.payments {
        let (street, room, members, done) = (street.clone(), Arc::clone(&room), Arc::clone(&members), done.clone());
        let mut random = StdRng::seed_from_u64(plan.seed ^ (u64::from(number) << 32));
        payers.spawn(async move {
            let _place = room.acquire().await;
            let member = members[random.random_range(0..members.len())].clone();
            let visit = Payer::pay(street, member, random).await;
            done.send_modify(|done| *done += 1);
            visit.with_context(|| format!("payment {number}"))
        });
    }
    let mut paid = done.subscribe();
    for kill in 1..=plan.kills {
        let due = u64::from(plan.payments) * u64::from(kill) / u64::from(plan.kills + 1);
        paid.wait_for(|done| u64::from(*done) >= due).await?;
        world.command_api.kill();
        world.command_api.spawn()?;
        world.command_api.ready().await?;
        tell(format!(
            "{due} of {} payments done, kill {kill} of {}",
            plan.payments, plan.kills
        ));
    }
    let mut visits = Vec::new();
    while let Some(visit) = payers.join_next().await {
        visits.push(visit?);
    }
    Ok(visits)
}

/// A soak whose payers are gone.
struct Soak<'a> {
    plan: &'a Plan,
    world: &'a World,
    street: Street,
}

impl Soak<'_> {
    const fn drawn(&self) -> Seeded {
        Seeded {
            seed: self.plan.seed,
            rate: self.plan.faulty,
            reach: Reach::All,
        }
    }

    /// The operator decides on what waits for somebody, until nothing does.
    async fn work_off(&self, tell: &impl Fn(String)) -> anyhow::Result<()> {
        let mut operator = Operator::new(self.street.clone());
        for _ in 0..ROUNDS_MAX {
            let head = self.rest().await?;
            let decided = operator.work_off(&self.books().await?, head).await?;
            tell(format!(
                "everything is at rest at position {head}; the operator decided on {decided}"
            ));
            if decided == 0 {
                return Ok(());
            }
        }
        anyhow::bail!("the queue is not empty after {ROUNDS_MAX} rounds")
    }

    /// The head of the log once nothing is under way.
    async fn rest(&self) -> anyhow::Result<u64> {
        let mut last = String::from("the log cannot be read");
        let found = eventually("everything to come to its end", REST_LIMIT, async || {
            match under_way(&self.world.pool).await {
                Ok((head, under_way)) => {
                    last = format!("payments, orders, refunds under way: {under_way:?}");
                    under_way.iter().all(|number| *number <= 0).then_some(head)
                }
                Err(error) => {
                    last = format!("{error:#}");
                    None
                }
            }
        });
        found.await.map_err(|error| error.context(last))
    }

    /// Both providers' books.
    async fn books(&self) -> anyhow::Result<Books> {
        let mut books = books::read(Channel::WechatPay, &self.street.wechat_pay).await?;
        books.extend(books::read(Channel::Alipay, &self.street.alipay).await?);
        Ok(books)
    }

    /// Waits until every day is reconciled, has each compared once more, and explains what differs because a bill is wrong.
    async fn reconcile(&self, books: &Books, tell: &impl Fn(String)) -> anyhow::Result<()> {
        let days = days(books);
        let last = days.iter().map(|(_, date)| *date).max().context("nothing was paid")?;
        let due = last
            .tomorrow()?
            .at(0, BILL_MINUTES + 1, 0, 0)
            .to_zoned(beijing())?
            .timestamp();
        tell(format!(
            "{} days of bills are due at {due}, in {:#}",
            days.len(),
            self.real(due)
        ));
        self.world.clock.sleep_until(due).await;
        let operator = Operator::new(self.street.clone());
        let compared = self.days("bills to be compared", |ledger| {
            let known: BTreeSet<_> = ledger.days.values().map(|day| (day.channel.code(), day.date)).collect();
            days.is_subset(&known) && ledger.days.values().all(|day| day.rows.0 > 0)
        });
        for day in compared.await?.days.values() {
            operator.rerun(day).await?;
        }
        let again = self.days("bills to be compared again", |ledger| {
            ledger.days.values().all(|day| !day.rerun_asked)
        });
        let ledger = again.await?;
        let log = self.world.log().await?;
        let refunds = Ledger::of(&log).refunds;
        for (id, day) in &ledger.days {
            for (number, (difference, open)) in &day.differences {
                let cause = figures::cause(day.channel, &difference.row, books, &refunds, &self.drawn());
                if let (true, Some(cause)) = (*open, cause) {
                    operator.explain(id.to_string(), *number, cause).await?;
                }
            }
        }
        Ok(())
    }

    /// The reconciliations, as soon as they are as wished.
    async fn days(&self, what: &str, is_it: impl Fn(&Ledger) -> bool) -> anyhow::Result<Ledger> {
        eventually(what, REST_LIMIT, async || {
            let log = Log::of_type(&self.world.pool, "Reconciliation").await.ok()?;
            let ledger = Ledger::of(&log);
            is_it(&ledger).then_some(ledger)
        })
        .await
    }

    /// How long it takes in real time until the services' clock shows that.
    fn real(&self, due: Timestamp) -> SignedDuration {
        let left = due.duration_since(self.world.clock.now()).max(SignedDuration::ZERO);
        let real = self.world.clock.real_duration(left.unsigned_abs());
        SignedDuration::from_secs(i64::try_from(real.as_secs()).unwrap_or(i64::MAX))
    }
}

/// The days of Beijing's that a provider has rows of.
fn days(books: &Books) -> BTreeSet<(&'static str, Date)> {
    let paid = books.values().filter_map(|order| Some((order, order.paid.as_ref()?)));
    let day = |at: Timestamp| at.to_zoned(beijing()).date();
    paid.map(|(order, paid)| (order.channel.code(), day(paid.at))).collect()
}

/// The clock begins so long before midnight in Beijing as the payments may take, so that their bills are made soon after.
fn beginning(plan: &Plan) -> Timestamp {
    let real = f64::from(plan.payments) / 30.0 + f64::from(plan.kills) * 2.0 + 25.0;
    let ahead = SignedDuration::from_secs_f64((real * plan.speed).min(20.0 * 3_600.0));
    let tomorrow = Timestamp::now().to_zoned(beijing()).date().tomorrow();
    let midnight = tomorrow
        .and_then(|date| date.to_zoned(beijing()))
        .map(|at| at.timestamp());
    midnight
        .unwrap_or_else(|_| Timestamp::now())
        .saturating_add(-ahead)
        .unwrap_or(Timestamp::MIN)
}

fn street(world: &mut World) -> anyhow::Result<Street> {
    let (commands, queries) = (world.commands.clone(), world.queries.clone());
    let providers = world.providers()?;
    Ok(Street {
        commands,
        queries,
        wechat_pay: providers.wechat_pay.steering.clone(),
        alipay: providers.alipay.steering.clone(),
    })
}

async fn set_policy(street: &Street, hall: &Hall) -> anyhow::Result<()> {
    let request = ChangePaymentPolicyRequest {
        request_id: new_id(),
        chain_id: hall.chain_id.clone(),
        policy: Some(PaymentPolicy {
            channels: [WireChannel::WechatPay, WireChannel::Alipay].map(i32::from).to_vec(),
            expiry_seconds: EXPIRY_SECONDS,
            declines_max: 3,
            review_seconds: 7_200,
            query_seconds_max: 60,
            // What waits for a second person is not what is tried here.
            refund_approval_above_fen: 1_000_000_000,
            top_up_max_fen: 500_000,
        }),
    };
    let mut client = PaymentServiceClient::new(street.commands.clone());
    client.change_payment_policy(timed(request)).await?;
    Ok(())
}

async fn members(hall: &Hall, plan: &Plan) -> anyhow::Result<Vec<String>> {
    let mut joining = JoinSet::new();
    let room = Arc::new(Semaphore::new(plan.payers));
    for _ in 0..(plan.payments / PAYMENTS_PER_MEMBER).max(8) {
        let (hall, room) = (hall.clone(), Arc::clone(&room));
        joining.spawn(async move {
            let _place = room.acquire().await;
            hall.newcomer().await
        });
    }
    let mut members = Vec::new();
    while let Some(member) = joining.join_next().await {
        members.push(member??);
    }
    ensure!(!members.is_empty(), "nobody to pay");
    // Whose turn it is must not depend on who was first.
    members.sort_unstable();
    Ok(members)
}

/// The head of the log, and how many payments, orders and refunds have no end yet.
async fn under_way(pool: &PgPool) -> anyhow::Result<(u64, [i64; 3])> {
    let (head, payments, orders, refunds): (i64, i64, i64, i64) = sqlx::query_as(
        "WITH payment AS (
             SELECT aggregate_id, event_type FROM events WHERE aggregate_type = 'Payment'
         ), refund AS (
             SELECT DISTINCT ON (aggregate_id) event_type FROM events WHERE aggregate_type = 'Refund'
             ORDER BY aggregate_id, sequence DESC
         )
         SELECT (SELECT coalesce(max(position), 0) FROM events),
                (SELECT count(*) FILTER (WHERE event_type = 'PaymentStarted') - count(DISTINCT aggregate_id) FILTER (WHERE event_type IN
                     ('PaymentSucceeded', 'PaymentFailed', 'PaymentExpired', 'PaymentCancelled', 'PaymentConflicted', 'AttemptUnclear')) FROM payment),
                (SELECT count(*) FILTER (WHERE event_type = 'AttemptAsked') - count(*) FILTER (WHERE event_type IN
                     ('AttemptPaid', 'AttemptClosed', 'AttemptFailed', 'AttemptUnclear')) FROM payment),
                (SELECT count(*) FROM refund WHERE event_type IN ('RefundRequested', 'RefundApproved', 'RefundSent', 'RefundRetried'))",
    )
    .fetch_one(pool)
    .await?;
    Ok((head.try_into()?, [payments, orders, refunds]))
}

/// How often each fault was met, by its name.
type Met = BTreeMap<&'static str, usize>;
