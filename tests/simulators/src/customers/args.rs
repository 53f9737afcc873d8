//! The day of customers as a program.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use baize_eventlog::Clock;
use baize_proto::access::{KeyFolder, Keys};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Customers, Options};
use crate::signals;

/// A day of customers, who act only through gRPC. Ends when the last has gone; at SIGINT or SIGTERM all leave at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Base URL of the command service.
    #[arg(long, default_value = "http://127.0.0.1:7401")]
    command_url: String,
    /// Base URL of the query service.
    #[arg(long, default_value = "http://127.0.0.1:7402")]
    query_url: String,
    /// The chain that they join (UUID).
    #[arg(long)]
    chain: Uuid,
    /// Directory of the services' keys, to sign the customers' tokens and the counter's with.
    #[arg(long, default_value = ".baize/keys")]
    keys_dir: PathBuf,
    /// The hall they go to (UUID).
    #[arg(long)]
    hall: Uuid,
    /// The clock that the services go by: `real`, or `speed,virtual origin,unix ms of the real origin`.
    #[arg(long, default_value = "real")]
    clock: String,
    /// When the hall opens, such as 2026-11-20T10:00:00Z; now by the clock if absent.
    #[arg(long)]
    opens_at: Option<Timestamp>,
    /// How long it is open, in minutes of the clock.
    #[arg(long, default_value_t = 300)]
    minutes: u32,
    /// IANA time zone, for the pattern of the hours.
    #[arg(long, default_value = "Asia/Shanghai")]
    time_zone: String,
    /// The same seed gives the same people with the same habits.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Arrivals in an hour of average evening traffic.
    #[arg(long, default_value_t = 10.0)]
    arrivals_per_hour: f64,
    /// How long a call is repeated while a service is away, in real seconds.
    #[arg(long, default_value_t = 60)]
    retry_seconds: u64,
    /// Put tables back on sale this many minutes after they went to maintenance; 0: never.
    #[arg(long, default_value_t = 45)]
    repair_minutes: u32,
    /// File of the text messages that the simulated provider took: the guests' phones. Without it nobody comes as a guest.
    #[arg(long)]
    phones: Option<PathBuf>,
    /// Where to write what they were told, as JSON.
    #[arg(long)]
    ledger: PathBuf,
}

impl Args {
    /// Runs the day and writes the ledger.
    ///
    /// # Errors
    /// An argument makes no sense, or the ledger cannot be written. Complaints are no error: they are in the ledger.
    pub async fn run(self) -> anyhow::Result<()> {
        let clock = Clock::from_spec(&self.clock)?;
        let opens_at = self.opens_at.unwrap_or_else(|| clock.now());
        let closes_at = opens_at
            .checked_add(SignedDuration::from_mins(self.minutes.into()))
            .context("--minutes is too long")?;
        let options = Options {
            command_url: self.command_url,
            query_url: self.query_url,
            chain_id: self.chain,
            keys: Keys::new(KeyFolder::at(self.keys_dir).read()?),
            hall_id: self.hall,
            clock,
            opens_at,
            closes_at,
            time_zone: self.time_zone,
            seed: self.seed,
            arrivals_per_hour: self.arrivals_per_hour,
            retry_for: Duration::from_secs(self.retry_seconds),
            phones: self.phones,
            repair_after: (self.repair_minutes > 0).then(|| SignedDuration::from_mins(self.repair_minutes.into())),
        };
        let closing = CancellationToken::new();
        let told = closing.clone();
        let signals = tokio::spawn(async move {
            if signals::stop().await.is_ok() {
                told.cancel();
            }
        });
        let ledger = Customers::run(options, closing).await?;
        signals.abort();
        ledger.write(&self.ledger)
    }
}
