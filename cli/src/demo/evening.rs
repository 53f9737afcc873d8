//! The evening itself: lamps and customers are started, live through it, and leave their records.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use baize_eventlog::{Clock, EventLog};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::figures::Figures;
use super::hall::{Hall, TIME_ZONE};
use super::simulators::Simulator;
use super::tally::{Tally, follow};

/// Arrivals in an hour of average traffic, per table: enough to fill the hall at its busiest.
const ARRIVALS_PER_TABLE: f64 = 1.2;
/// What goes wrong with sound lamps.
const FAULTS: &str = "slow=0.08:0.2..1.5,lost=0.03";
/// One lamp never goes on, so that the evening has cancelled openings too.
const BROKEN: &str = "stuck=1";
/// A broken table is put back on sale after so many minutes, to no avail.
const REPAIR_MINUTES: u32 = 90;
const SHOW_EVERY: Duration = Duration::from_millis(200);
/// Real time in which sessions are settled and lights are off after the last customer has left.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
const LEAVE_WITHIN: Duration = Duration::from_secs(10);
const READY_WITHIN: Duration = Duration::from_secs(15);

/// Everything an evening needs.
pub struct Evening {
    /// The simulators' program.
    pub simulators: PathBuf,
    /// Where records are kept.
    pub dir: PathBuf,
    /// The keys that the customers' tokens are signed with.
    pub keys_dir: PathBuf,
    /// The clock of everybody.
    pub clock: Clock,
    /// The log, for the figures.
    pub log: EventLog,
    /// The hall.
    pub hall: Hall,
    /// File of the text messages that were delivered: the guests' phones.
    pub phones: PathBuf,
    /// Command service.
    pub command_url: String,
    /// Query service.
    pub query_url: String,
    /// Broker.
    pub mqtt_url: String,
    /// What the evening is made from.
    pub seed: u64,
    /// First arrivals.
    pub opens_at: Timestamp,
    /// Everybody leaves.
    pub closes_at: Timestamp,
}

/// What the world outside saw.
pub struct Records {
    /// The customers' ledger.
    pub told: PathBuf,
    /// The fleets' records.
    pub truths: Vec<PathBuf>,
    /// The last figures.
    pub tally: Tally,
    /// Whether the hall became quiet in time.
    pub is_quiet: bool,
}

impl Evening {
    /// Lives through it.
    ///
    /// # Errors
    /// A simulator failed, or the evening was interrupted.
    pub async fn run(&self, stop: &CancellationToken) -> anyhow::Result<Records> {
        let (sender, mut tally) = watch::channel(Tally::default());
        let following = tokio::spawn(follow(self.log.clone(), sender));
        let truths = vec![self.dir.join("lamps.jsonl"), self.dir.join("broken-lamp.jsonl")];
        let mut fleets = self.fleets(&truths)?;
        for (number, fleet) in fleets.iter_mut().enumerate() {
            fleet
                .ready(READY_WITHIN)
                .await
                .with_context(|| format!("fleet {}", number + 1))?;
        }
        let told = self.dir.join("customers.json");
        let mut customers = self.customers(&told)?;
        let mut figures = Figures::new(self.opens_at, self.closes_at, self.hall.topics.len());
        loop {
            tokio::select! {
                ended = customers.wait() => { ended?; break }
                () = stop.cancelled() => bail!("interrupted"),
                () = sleep(SHOW_EVERY) => figures.show(self.clock.now(), &tally.borrow_and_update().clone()),
            }
            for fleet in &mut fleets {
                fleet.check_running()?;
            }
            if following.is_finished() {
                bail!("the log cannot be followed: {:?}", following.await);
            }
        }
        let is_quiet = quiet(&mut tally, &mut figures, &self.clock).await;
        figures.finish();
        for fleet in &mut fleets {
            fleet.stop(LEAVE_WITHIN).await?;
        }
        following.abort();
        let tally = tally.borrow().clone();
        Ok(Records {
            told,
            truths,
            tally,
            is_quiet,
        })
    }

    /// The sound lamps, and, where there is more than one table, a broken one.
    fn fleets(&self, truths: &[PathBuf]) -> anyhow::Result<Vec<Simulator>> {
        let broken = usize::from(self.hall.topics.len() > 1);
        let (sound, broken) = self.hall.topics.split_at(self.hall.topics.len() - broken);
        let mut fleets = Vec::new();
        for ((topics, faults), truth) in [(sound, FAULTS), (broken, BROKEN)].into_iter().zip(truths) {
            // What is not run leaves an empty record.
            std::fs::write(truth, "").with_context(|| format!("making {}", truth.display()))?;
            if !topics.is_empty() {
                fleets.push(self.fleet(topics, faults, truth)?);
            }
        }
        Ok(fleets)
    }

    fn fleet(&self, topics: &[String], faults: &str, truth: &Path) -> anyhow::Result<Simulator> {
        let broker = self.mqtt_url.strip_prefix("mqtt://").unwrap_or(&self.mqtt_url);
        let args = [
            format!("--mqtt={broker}"),
            format!("--devices={}", topics.join(",")),
            format!("--seed={}", self.seed),
            format!("--faults={faults}"),
            format!("--log={}", truth.display()),
            format!("--clock={}", self.clock.spec()),
        ];
        let name = truth
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        Simulator::start("fleet", &name, &self.simulators, &args, &self.dir)
    }

    fn customers(&self, told: &Path) -> anyhow::Result<Simulator> {
        let minutes = self.closes_at.duration_since(self.opens_at).as_mins().max(1);
        let tables = u32::try_from(self.hall.topics.len()).unwrap_or(u32::MAX);
        let args = [
            format!("--command-url={}", self.command_url),
            format!("--query-url={}", self.query_url),
            format!("--chain={}", self.hall.chain_id),
            format!("--hall={}", self.hall.hall_id),
            format!("--keys-dir={}", self.keys_dir.display()),
            format!("--clock={}", self.clock.spec()),
            format!("--opens-at={}", self.opens_at),
            format!("--minutes={minutes}"),
            format!("--time-zone={TIME_ZONE}"),
            format!("--seed={}", self.seed),
            format!("--arrivals-per-hour={}", ARRIVALS_PER_TABLE * f64::from(tables)),
            format!("--repair-minutes={REPAIR_MINUTES}"),
            format!("--phones={}", self.phones.display()),
            format!("--ledger={}", told.display()),
        ];
        Simulator::start("customers", "customers", &self.simulators, &args, &self.dir)
    }
}

/// Waits until nobody plays, everything is settled and every light is known to be off; false if that takes too long.
async fn quiet(tally: &mut watch::Receiver<Tally>, figures: &mut Figures, clock: &Clock) -> bool {
    let deadline = Instant::now() + QUIET_WITHIN;
    while Instant::now() < deadline {
        let now = tally.borrow_and_update().clone();
        figures.show(clock.now(), &now);
        if now.is_quiet() {
            return true;
        }
        sleep(SHOW_EVERY).await;
    }
    false
}
