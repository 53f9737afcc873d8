//! Builds a view again beside the live one, compares the two, and switches.
//!
//! ```text
//! clean ─► create g+1 ─► load the log ─► compare at one position ─► catch up ─► lock, last events, switch ─► drop g
//!                        (big batches)   (a snapshot: the live          (a moment in which the live view
//!                                         view is not held up)           takes no events)
//! ```
//!
//! Until the switch, which is one transaction, the live view is served and goes on; a rebuild that is killed leaves
//! tables behind that nobody reads, and the next rebuild drops them.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use baize_eventlog::{EventLog, RecordedEvent};
use sqlx::{Connection as _, PgConnection};

use super::apply::{Applier, Failure};
use super::compare::{Comparison, compare_generations};
use super::registry::{self, GenerationStatus, Live};
use super::stretch::Stretch;
use super::view::View;
use crate::database::Database;
use crate::store::TableNames;

/// Events in one transaction.
const STRETCH_EVENTS: usize = 8_000;
/// Rows kept in memory between transactions.
const ROWS_HELD_MAX: usize = 200_000;
/// A live view this near is caught up with while it waits.
const NEAR_EVENTS: u64 = 500;
/// First half of the advisory lock's key: one rebuild of a view at a time.
const LOCK_CLASS: i32 = 0x0ba1_2e03;
/// How long a live view that is behind may stand still while it is waited for, and how often it is looked at.
const STANDSTILL_MAX: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);
/// Rounds of catching up before the live view is held up however far it is.
const ROUNDS_MAX: u32 = 50;

/// How to rebuild.
#[derive(Debug, Clone, Copy, Default)]
pub struct RebuildOptions {
    /// Switches even if the new view differs from the live one, as it should after a release that folds differently.
    pub accept_difference: bool,
}

/// What a rebuild is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Dropping what an earlier rebuild left, making tables.
    Preparing,
    /// Folding the log; counted in events.
    Loading,
    /// Comparing with the live view; counted in rows where that is known.
    Comparing,
    /// Taking the last events and switching.
    Switching,
    /// Dropping the old tables.
    Cleaning,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preparing => "preparing",
            Self::Loading => "loading",
            Self::Comparing => "comparing",
            Self::Switching => "switching",
            Self::Cleaning => "cleaning",
        })
    }
}

/// How far a rebuild or a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// Done so far in this phase.
    pub done: u64,
    /// Of how many; 0 if that is not known.
    pub total: u64,
}

/// How a rebuild ended.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// The view.
    pub view: &'static str,
    /// The new generation.
    pub generation: i32,
    /// Where it was at the end.
    pub position: u64,
    /// Whether it is live now. If not, the old one still is, and the new one is gone.
    pub switched: bool,
    /// How the old generation compared with the new one; `None` if there was none.
    pub comparison: Option<Comparison>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Rebuilds a view while it is served.
pub(crate) async fn rebuild<V: View>(
    database: &Database,
    options: RebuildOptions,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> anyhow::Result<Rebuilt> {
    let started = Instant::now();
    let log = database.log().await?;
    let mut connection = database.writer("baize rebuild").await?;
    progress(Progress {
        phase: Phase::Preparing,
        done: 0,
        total: 0,
    });
    lock::<V>(&mut connection).await?;
    clean::<V>(&mut connection).await?;
    let created = registry::create::<V>(&mut connection, GenerationStatus::Building).await?;
    let names = created.context("another rebuild made this generation")?;
    let mut work = Work::<V> {
        log,
        connection,
        applier: Applier::new(names.clone(), GenerationStatus::Building, 0, ROWS_HELD_MAX),
        names,
        options,
        progress,
    };
    let outcome = work.run().await;
    let Work {
        log,
        mut connection,
        names,
        progress,
        applier,
        ..
    } = work;
    let (switched, comparison) = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            // Best effort: what stays, the next rebuild drops.
            if let Err(left) = registry::discard(&mut connection, &names).await {
                tracing::warn!(view = V::NAME, error = %left, "the unfinished tables stay until the next rebuild");
            }
            return Err(error);
        }
    };
    progress(Progress {
        phase: Phase::Cleaning,
        done: 0,
        total: 0,
    });
    if let Err(error) = clean::<V>(&mut connection).await {
        tracing::warn!(view = V::NAME, %error, "the old tables stay until the next rebuild");
    }
    log.close().await;
    Ok(Rebuilt {
        view: V::NAME,
        generation: names.generation,
        position: applier.position(),
        switched,
        comparison,
        elapsed: started.elapsed(),
    })
}

/// Until the connection ends, also by a kill.
async fn lock<V: View>(connection: &mut PgConnection) -> anyhow::Result<()> {
    let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
        .bind(LOCK_CLASS)
        .bind(V::NAME)
        .fetch_one(&mut *connection)
        .await?;
    if !free {
        bail!("the view {} is being rebuilt by somebody else", V::NAME);
    }
    Ok(())
}

async fn clean<V: View>(connection: &mut PgConnection) -> sqlx::Result<()> {
    for generation in registry::leftovers(connection, V::NAME).await? {
        registry::discard(
            connection,
            &TableNames {
                view: V::NAME,
                generation,
            },
        )
        .await?;
    }
    Ok(())
}

struct Work<'w, V: View> {
    log: EventLog,
    connection: PgConnection,
    applier: Applier<V>,
    names: TableNames,
    options: RebuildOptions,
    progress: &'w mut (dyn FnMut(Progress) + Send),
}

impl<V: View> Work<'_, V> {
    async fn run(&mut self) -> anyhow::Result<(bool, Option<Comparison>)> {
        self.catch_up().await?;
        let Some(live) = self.live().await? else {
            return Ok((true, None));
        };
        let live_names = TableNames {
            view: V::NAME,
            generation: live.generation,
        };
        let mut comparison = self.compare(&live_names).await?;
        let compared = self.applier.position();
        if self.refuses(&comparison) {
            registry::discard(&mut self.connection, &self.names).await?;
            return Ok((false, Some(comparison)));
        }
        self.catch_up().await?;
        let switched = self.switch(&live_names, compared, &mut comparison).await?;
        if !switched {
            registry::discard(&mut self.connection, &self.names).await?;
        }
        Ok((switched, Some(comparison)))
    }

    /// The live generation, as far as this one at least; `None` if there was none and this one is live now.
    async fn live(&mut self) -> anyhow::Result<Option<Live>> {
        loop {
            if let Some(live) = self.live_that_is_as_far().await? {
                return Ok(Some(live));
            }
            match registry::switch(&mut self.connection, &self.names).await {
                Ok(()) => return Ok(None),
                // A service that started meanwhile has begun the view from nothing: there is one live generation at most.
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A view that a service has just begun may be behind: it is waited for while it moves.
    async fn live_that_is_as_far(&mut self) -> anyhow::Result<Option<Live>> {
        let mut seen = (0, Instant::now());
        loop {
            let Some(live) = registry::live(&mut self.connection, V::NAME).await? else {
                return Ok(None);
            };
            if live.position >= self.applier.position() {
                return Ok(Some(live));
            }
            if live.position > seen.0 {
                seen = (live.position, Instant::now());
            }
            if seen.1.elapsed() > STANDSTILL_MAX {
                bail!(
                    "the view {} was begun by a service in the meantime and stands at position {}: see to the service, then rebuild again",
                    V::NAME,
                    live.position
                );
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn refuses(&self, comparison: &Comparison) -> bool {
        !comparison.is_equal() && !self.options.accept_difference
    }

    fn loaded(&mut self, target: u64) {
        let done = self.applier.position();
        (self.progress)(Progress {
            phase: Phase::Loading,
            done,
            total: target.max(done),
        });
    }

    /// Folds up to where the live view is, or the log if there is none, until that is near.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        for round in 0..ROUNDS_MAX {
            let target = match registry::live(&mut self.connection, V::NAME).await? {
                Some(live) => live.position,
                None => self.log.head().await?,
            };
            let near = target.saturating_sub(self.applier.position()) <= NEAR_EVENTS;
            if near && round > 0 {
                return Ok(());
            }
            self.loaded(target);
            let mut stretch = Stretch::open(&self.log, self.applier.position(), target, STRETCH_EVENTS).await?;
            while let Some(events) = stretch.next().await? {
                apply(&mut self.applier, &mut self.connection, &events).await?;
                self.loaded(target);
            }
        }
        Ok(())
    }

    /// Brings the new generation to exactly where the live one is, as one snapshot shows it, and compares all rows.
    async fn compare(&mut self, live_names: &TableNames) -> anyhow::Result<Comparison> {
        (self.progress)(Progress {
            phase: Phase::Comparing,
            done: 0,
            total: 0,
        });
        let mut snapshot = self
            .connection
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ")
            .await?;
        let live = registry::live(&mut snapshot, V::NAME).await?;
        let live = same(live, live_names)?;
        take_last(&self.log, &mut self.applier, &mut snapshot, live.position).await?;
        let mut comparison = Comparison::new(V::NAME, live.generation, live.position);
        compare_generations::<V>(&mut snapshot, live_names, &self.names, None, &mut comparison).await?;
        snapshot.commit().await?;
        (self.progress)(Progress {
            phase: Phase::Comparing,
            done: comparison.rows,
            total: comparison.rows,
        });
        Ok(comparison)
    }

    /// Holds the live view, takes the last events, compares the rows that they changed, and switches.
    async fn switch(
        &mut self,
        live_names: &TableNames,
        compared: u64,
        comparison: &mut Comparison,
    ) -> anyhow::Result<bool> {
        (self.progress)(Progress {
            phase: Phase::Switching,
            done: 0,
            total: 0,
        });
        let mut transaction = self.connection.begin().await?;
        let live = registry::lock_live(&mut transaction, V::NAME).await?;
        let live = same(live, live_names)?;
        take_last(&self.log, &mut self.applier, &mut transaction, live.position).await?;
        compare_generations::<V>(&mut transaction, live_names, &self.names, Some(compared), comparison).await?;
        comparison.position = live.position;
        if !comparison.is_equal() && !self.options.accept_difference {
            transaction.rollback().await?;
            return Ok(false);
        }
        registry::switch(&mut transaction, &self.names).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

fn same(live: Option<Live>, names: &TableNames) -> anyhow::Result<Live> {
    live.filter(|live| live.generation == names.generation)
        .context("another generation became live in the meantime")
}

async fn take_last<V: View>(
    log: &EventLog,
    applier: &mut Applier<V>,
    connection: &mut PgConnection,
    until: u64,
) -> anyhow::Result<()> {
    let mut stretch = Stretch::open(log, applier.position(), until, STRETCH_EVENTS).await?;
    while let Some(events) = stretch.next().await? {
        apply(applier, connection, &events).await?;
    }
    if applier.position() != until {
        bail!(
            "the log ends at position {}, the live view is at {until}",
            applier.position()
        );
    }
    Ok(())
}

async fn apply<V: View>(
    applier: &mut Applier<V>,
    connection: &mut PgConnection,
    events: &[RecordedEvent],
) -> anyhow::Result<()> {
    let events: Vec<_> = events.iter().collect();
    let applied = applier.apply(connection, &events, &mut |_, _| {}).await;
    applied.map_err(|failure| match failure {
        Failure::Moved => anyhow!("somebody else changed the generation that is being built"),
        Failure::Poison { position, reason } => anyhow!("position {position} cannot be applied: {reason}"),
        Failure::Gap { expected, found } => anyhow!("position {expected} had to come next, {found} came"),
        Failure::Database(error) => anyhow!(error),
    })
}
