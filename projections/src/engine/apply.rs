//! Applying a run of events to the tables of one generation.
//!
//! **Invariant:** rows and checkpoint change in one transaction, and only if the checkpoint still is where the rows
//! were read. Of two that apply the same events one is refused, whatever they loaded before.

use baize_domain::Event;
use baize_eventlog::RecordedEvent;
use sqlx::{Connection as _, PgConnection};

use super::registry::{self, GenerationStatus};
use super::view::{Decoded, State, View, Visitor};
use crate::database::{is_missing_table, is_refusal};
use crate::store::{Row, Rows, TableNames};

/// Applies events to one generation of a view, which nobody else should be doing; it is noticed if somebody does.
pub(crate) struct Applier<V: View> {
    names: TableNames,
    status: GenerationStatus,
    position: u64,
    /// Rows kept in memory between batches; more are forgotten and loaded again when needed.
    rows_held_max: usize,
    /// Rows as the tables hold them at `position`.
    state: V::State,
}

/// Why applying stopped. What was applied before it stays applied.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The checkpoint or the generation is not what it was: somebody else applies, or a rebuild switched.
    Moved,
    /// The event can never be applied.
    Poison {
        /// Its position.
        position: u64,
        /// Why.
        reason: String,
    },
    /// The events do not follow on each other, or not on the position. **Never** seen unless a source is faulty.
    Gap {
        /// The position that had to come next.
        expected: u64,
        /// What came instead.
        found: u64,
    },
    /// The database could not answer; whether the last write happened is unknown.
    Database(sqlx::Error),
}

/// How one try to apply a run ended.
enum Attempt {
    Applied,
    /// The event at this index cannot be folded.
    Unfoldable {
        index: usize,
        reason: String,
    },
    /// The database refuses the rows of some event of the run.
    Refused(sqlx::Error),
    Failed(Failure),
}

impl<V: View> Applier<V> {
    pub(crate) fn new(names: TableNames, status: GenerationStatus, position: u64, rows_held_max: usize) -> Self {
        let state = V::State::default();
        Self {
            names,
            status,
            position,
            rows_held_max,
            state,
        }
    }

    /// The events up to here are in the tables.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The generation it applies to.
    pub(crate) fn generation(&self) -> i32 {
        self.names.generation
    }

    /// Applies `events`, which start behind the position and have no gaps, in as few transactions as possible: one,
    /// if no event is poison. After each, `committed` is told the position and the change.
    ///
    /// # Errors
    /// See [`Failure`]. After any but poison the applier must be made anew from the stored checkpoint.
    pub(crate) async fn apply(
        &mut self,
        connection: &mut PgConnection,
        events: &[&RecordedEvent],
        committed: &mut (dyn FnMut(u64, &V::State) + Send),
    ) -> Result<(), Failure> {
        for (event, expected) in events.iter().zip(self.position + 1..) {
            if event.position != expected {
                return Err(Failure::Gap {
                    expected,
                    found: event.position,
                });
            }
        }
        let mut rest = events;
        let mut take = rest.len();
        while let (Some(first), Some(part)) = (rest.first(), rest.get(..take)) {
            // Whatever an attempt that failed has left in memory is not what the tables hold.
            match self.attempt(connection, part, committed).await {
                Attempt::Applied => {
                    rest = &rest[take..];
                    take = rest.len();
                    continue;
                }
                Attempt::Unfoldable { index: 0, reason } => {
                    self.state = V::State::default();
                    return Err(Failure::Poison {
                        position: first.position,
                        reason,
                    });
                }
                // First what comes before it; then it is the first of the rest.
                Attempt::Unfoldable { index, .. } => take = index,
                Attempt::Refused(error) if take == 1 => {
                    self.state = V::State::default();
                    return Err(Failure::Poison {
                        position: first.position,
                        reason: error.to_string(),
                    });
                }
                // Halve until the refused event stands alone.
                Attempt::Refused(_) => take /= 2,
                Attempt::Failed(failure) => {
                    self.state = V::State::default();
                    return Err(failure);
                }
            }
            self.state = V::State::default();
        }
        Ok(())
    }

    async fn attempt(
        &mut self,
        connection: &mut PgConnection,
        events: &[&RecordedEvent],
        committed: &mut (dyn FnMut(u64, &V::State) + Send),
    ) -> Attempt {
        let Some(last) = events.last() else {
            return Attempt::Applied;
        };
        let decoded = match decode::<V>(events) {
            Ok(decoded) => decoded,
            Err(unfoldable) => return unfoldable,
        };
        if let Err(error) = V::load(&mut self.state, connection, &self.names, &decoded).await {
            return failed(error);
        }
        for event in &decoded {
            if let Err(contradiction) = V::fold(&mut self.state, event) {
                let index = (event.recorded.position - self.position - 1) as usize;
                return Attempt::Unfoldable {
                    index,
                    reason: contradiction.to_string(),
                };
            }
        }
        match self.write(connection, last.position).await {
            Ok(true) => {}
            Ok(false) => return Attempt::Failed(Failure::Moved),
            Err(error) => return failed(error),
        }
        self.position = last.position;
        committed(self.position, &self.state);
        self.settle().await;
        Attempt::Applied
    }

    /// Writes what changed and moves the checkpoint; false if that is not where it was.
    async fn write(&mut self, connection: &mut PgConnection, position: u64) -> sqlx::Result<bool> {
        let mut transaction = connection.begin().await?;
        // First of all: it locks the generation's row, so that two writers queue here and not somewhere in the tables.
        let moved = registry::advance(&mut transaction, &self.names, self.status, self.position, position).await?;
        if !moved {
            transaction.rollback().await?;
            return Ok(false);
        }
        let mut writer = Writer {
            connection: &mut transaction,
            names: &self.names,
        };
        self.state.visit(&mut writer).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn settle(&mut self) {
        match self.state.visit(&mut Settler).await {
            Ok(()) => {}
            Err(never) => match never {},
        }
        if self.state.held() > self.rows_held_max {
            self.state = V::State::default();
        }
    }
}

/// The events that concern the view, parsed.
fn decode<'e, V: View>(events: &[&'e RecordedEvent]) -> Result<Vec<Decoded<'e>>, Attempt> {
    let mut decoded = Vec::with_capacity(events.len());
    for (index, recorded) in events.iter().enumerate() {
        match decode_one::<V>(recorded) {
            Ok(Some(event)) => decoded.push(event),
            Ok(None) => {}
            Err(reason) => return Err(Attempt::Unfoldable { index, reason }),
        }
    }
    Ok(decoded)
}

/// The event, parsed, if it concerns the view.
pub(crate) fn decode_one<V: View>(recorded: &RecordedEvent) -> Result<Option<Decoded<'_>>, String> {
    let aggregate_type = recorded.stream.aggregate_type.as_ref();
    if !V::concerns(aggregate_type, &recorded.event_type) {
        return Ok(None);
    }
    let event = Event::decode(aggregate_type, &recorded.payload)
        .map_err(|error| format!("{} of {} cannot be read: {error}", recorded.event_type, recorded.stream))?;
    Ok(Some(Decoded { recorded, event }))
}

fn failed(error: sqlx::Error) -> Attempt {
    if is_missing_table(&error) {
        return Attempt::Failed(Failure::Moved);
    }
    if is_refusal(&error) {
        Attempt::Refused(error)
    } else {
        Attempt::Failed(Failure::Database(error))
    }
}

struct Writer<'w> {
    connection: &'w mut PgConnection,
    names: &'w TableNames,
}

impl Visitor for Writer<'_> {
    type Error = sqlx::Error;

    async fn rows<R: Row>(&mut self, rows: &mut Rows<R>) -> sqlx::Result<()> {
        rows.write(self.connection, self.names).await
    }
}

struct Settler;

impl Visitor for Settler {
    type Error = std::convert::Infallible;

    async fn rows<R: Row>(&mut self, rows: &mut Rows<R>) -> Result<(), Self::Error> {
        rows.settle();
        Ok(())
    }
}
