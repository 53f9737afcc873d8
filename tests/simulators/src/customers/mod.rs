//! A day of customers, who act only through gRPC and write down what they are told.
//!
//! Arrivals follow the hours and a seed. Guests, members and VIPs pick a free table from the board, scan its code, open it, play,
//! prolong, move, close or let their time run out, read their bill and do the sums. Some order drinks, some
//! leave with a debt and pay it before the next table. Some only look, try a table that is taken, come
//! without money, never play, send everything twice or lose their connection. While a service is away they repeat the call under the same request id,
//! so that services may be killed in mid-evening.

mod args;
mod arrival;
mod caller;
mod calls;
mod counter;
mod debts;
mod discontent;
mod drinks;
mod guest;
mod hall;
mod hours;
pub mod ledger;
mod move_table;
mod people;
mod person;
mod phones;
pub mod plan;
mod watch;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use baize_eventlog::Clock;
use baize_proto::access::Keys;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use args::Args;
pub use ledger::Ledger;

use caller::Notes;
use hall::Hall;
use ledger::Complaint;
use person::Day;
use phones::Phones;
use wire::Wire;

/// What a day of customers is made from.
#[derive(Clone, Debug)]
pub struct Options {
    /// Base URL of the command service.
    pub command_url: String,
    /// Base URL of the query service.
    pub query_url: String,
    /// The chain that they join.
    pub chain_id: Uuid,
    /// Sign the customers' tokens, and the counter's.
    pub keys: Keys,
    /// The hall they go to; it exists, with tables.
    pub hall_id: Uuid,
    /// The clock that the services go by.
    pub clock: Clock,
    /// The first come after this.
    pub opens_at: Timestamp,
    /// Nobody comes after this, and whoever still plays leaves.
    pub closes_at: Timestamp,
    /// IANA time zone, for the pattern of the hours.
    pub time_zone: String,
    /// The same seed gives the same people with the same habits.
    pub seed: u64,
    /// Arrivals in an hour of average evening traffic.
    pub arrivals_per_hour: f64,
    /// How long a call is repeated while a service is away, in real time.
    pub retry_for: Duration,
    /// File of the text messages that the simulated provider took; without it nobody comes as a guest.
    pub phones: Option<PathBuf>,
    /// How long after it went to maintenance a table is put back on sale; `None`: never.
    pub repair_after: Option<SignedDuration>,
}

/// A day of customers.
#[derive(Debug)]
pub struct Customers;

impl Customers {
    /// Lives through the day. When `closing` is cancelled, everybody leaves at once and pays.
    ///
    /// # Errors
    /// The options make no sense, or the hall cannot be asked about itself. What goes wrong in the day is in the ledger.
    pub async fn run(options: Options, closing: CancellationToken) -> anyhow::Result<Ledger> {
        let Options {
            chain_id,
            hall_id,
            opens_at,
            closes_at,
            seed,
            ..
        } = options;
        let wire = Wire::new(&options)?;
        let zone =
            TimeZone::get(&options.time_zone).with_context(|| format!("{:?} is no time zone", options.time_zone))?;
        let people = plan::plan(seed, opens_at, closes_at, options.arrivals_per_hour, &zone);
        let hall = Hall::learn(&wire, chain_id, hall_id).await?;
        let notes = Arc::new(Notes::default());
        let day = Arc::new(Day {
            chain_id,
            hall_id,
            hall,
            phones: options.phones.map(Phones::at),
            closes_at,
            wire,
            notes: Arc::clone(&notes),
            closing,
        });
        tracing::info!(people = people.len(), %opens_at, %closes_at, seed, "the day begins");
        let repairs = options
            .repair_after
            .map(|after| tokio::spawn(counter::repair(Arc::clone(&day), after)));
        let mut visits = JoinSet::new();
        for person in people {
            visits.spawn(person::visit(Arc::clone(&day), person));
        }
        let mut failures = Vec::new();
        while let Some(visit) = visits.join_next().await {
            if let Err(error) = visit {
                let at = day.wire.clock.now();
                failures.push(Complaint {
                    person: 0,
                    at,
                    text: format!("a customer of the simulator failed: {error}"),
                });
            }
        }
        if let Some(repairs) = repairs {
            repairs.abort();
        }
        let (calls, mut visits, mut complaints) = notes.take();
        visits.sort_by_key(|visit| visit.person);
        complaints.extend(failures);
        tracing::info!(
            visits = visits.len(),
            calls = calls.len(),
            complaints = complaints.len(),
            "the day is over"
        );
        Ok(Ledger {
            seed,
            hall_id,
            opens_at,
            closes_at,
            calls,
            visits,
            complaints,
        })
    }
}
