//! What a view has to say about itself; the engine does the rest.

use baize_domain::Event;
use baize_eventlog::RecordedEvent;
use sqlx::PgConnection;

use crate::store::{Row, Rows, TableDef, TableNames};

/// A view of the log: rows that are a fold of its events.
///
/// **Invariant:** `fold` is the only code that changes rows, and it depends on nothing but the rows and the event. So
/// the tables at a position equal a fold of the log up to there, which [`crate::verify`] can check at any time.
pub trait View: Send + Sync + Sized + 'static {
    /// Part of table names: lower-case letters.
    const NAME: &'static str;
    /// Raised whenever tables or fold change, so that a new release never continues what an old one folded.
    const SHAPE: i32;
    /// The view's tables.
    const TABLES: &'static [TableDef];

    /// The rows in memory.
    type State: State;
    /// What those who watch the view are told about a batch.
    type Change: Clone + Send + Sync + 'static;

    /// Whether an event can change the view. Others are not even parsed. What the view has never heard of, within an
    /// aggregate that concerns it, must be said to concern it: it then stops the view instead of being skipped.
    fn concerns(aggregate_type: &str, event_type: &str) -> bool;

    /// Loads the rows that folding `events` will ask for.
    fn load(
        state: &mut Self::State,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Folds one event in.
    ///
    /// # Errors
    /// The event contradicts the rows: a fault in the log or in this code. The view stops there.
    fn fold(state: &mut Self::State, event: &Decoded<'_>) -> Result<(), Contradiction>;

    /// What changed since the rows were last written.
    fn change(state: &Self::State) -> Self::Change;
}

/// An event with its content.
#[derive(Debug)]
pub struct Decoded<'e> {
    /// As the log has it.
    pub recorded: &'e RecordedEvent,
    /// What it says.
    pub event: Event,
}

impl Decoded<'_> {
    /// The event's position, as the tables keep it.
    pub fn position(&self) -> i64 {
        self.recorded.position as i64
    }
}

/// An event that cannot be folded, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Contradiction(pub String);

/// A view's rows in memory, table by table.
pub trait State: Default + Send + 'static {
    /// Shows every table to the visitor, in a fixed order.
    fn visit<V: Visitor>(&mut self, visitor: &mut V) -> impl Future<Output = Result<(), V::Error>> + Send;

    /// Rows held.
    fn held(&self) -> usize;
}

/// Does something with each table of a view.
pub trait Visitor: Send {
    /// What can go wrong.
    type Error: Send;

    /// One table.
    fn rows<R: Row>(&mut self, rows: &mut Rows<R>) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Folds events of these streams from nothing.
#[cfg(test)]
pub(crate) fn fold_all<V: View>(happened: Vec<(uuid::Uuid, Event)>) -> Result<V::State, Contradiction> {
    use baize_eventlog::StreamId;

    let mut state = V::State::default();
    for ((id, event), position) in happened.into_iter().zip(1..) {
        let recorded = RecordedEvent {
            position,
            stream: StreamId::new(event.aggregate_type(), id.to_string()),
            sequence: 1,
            event_type: event.event_type().to_owned(),
            event_version: baize_domain::event::VERSION.to_owned(),
            payload: "".into(),
            metadata: std::sync::Arc::default(),
            recorded_at: jiff::Timestamp::UNIX_EPOCH,
        };
        V::fold(
            &mut state,
            &Decoded {
                recorded: &recorded,
                event,
            },
        )?;
    }
    Ok(state)
}
