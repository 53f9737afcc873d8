//! Notices that are not yet written, and what they are made from.

use baize_domain::Event;
use baize_domain::session::TableSessionEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Row, Rows, TableNames};

use super::fold::{session_of, stream_id};
use super::rows::{LabelRow, MarkRow, NoticeRow, SessionRow};

/// Notices by position; the rest by the ids of what it is about.
#[derive(Debug, Default)]
pub struct NoticesState {
    pub(super) notices: Rows<NoticeRow>,
    pub(super) sessions: Rows<SessionRow>,
    pub(super) labels: Rows<LabelRow>,
    pub(super) marks: Rows<MarkRow>,
}

impl NoticesState {
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let sessions = absent(&self.sessions, events.iter().filter_map(session_of));
        self.sessions.load(connection, names, "session_id", sessions).await?;
        let labels = absent(&self.labels, events.iter().filter_map(table_of));
        self.labels.load(connection, names, "table_id", labels).await?;
        let readers = events
            .iter()
            .filter(|decoded| matches!(decoded.event, Event::Member(_)))
            .filter_map(|decoded| stream_id(decoded).ok());
        let marks = absent(&self.marks, readers);
        self.marks.load(connection, names, "member_id", marks).await?;
        Ok(())
    }
}

fn absent<R: Row<Key = Uuid>>(rows: &Rows<R>, ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut wanted: Vec<_> = ids.filter(|id| rows.get(*id).is_none()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// The table whose label an event needs or changes.
fn table_of(decoded: &Decoded<'_>) -> Option<Uuid> {
    match &decoded.event {
        Event::Table(_) => stream_id(decoded).ok(),
        Event::TableSession(
            TableSessionEvent::SessionOpened { table_id, .. } | TableSessionEvent::SessionTransferred { table_id, .. },
        ) => Some(table_id.0),
        Event::TableSession(TableSessionEvent::OpeningAwaited { awaited, .. }) => Some(awaited.asked.table_id.0),
        _ => None,
    }
}

impl State for NoticesState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.notices).await?;
        visitor.rows(&mut self.sessions).await?;
        visitor.rows(&mut self.labels).await?;
        visitor.rows(&mut self.marks).await
    }

    fn held(&self) -> usize {
        self.notices.count() + self.sessions.count() + self.labels.count() + self.marks.count()
    }
}
