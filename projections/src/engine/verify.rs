//! Is a view the fold of the log?
//!
//! The whole log is folded in memory, from nothing, by the code that the projector folds with, and the result is
//! compared row by row with the tables, seen as they were at one position. The service goes on meanwhile. Memory holds
//! what the view holds, except rows that are written once: these are compared and dropped as the fold goes.

use anyhow::{Context as _, bail};
use baize_eventlog::{EventLog, RecordedEvent};
use sqlx::{Connection as _, PgConnection};

use super::apply::decode_one;
use super::compare::{Comparison, Difference};
use super::rebuild::{Phase, Progress};
use super::registry::{self, Live};
use super::stretch::Stretch;
use super::view::{State, View, Visitor};
use crate::database::Database;
use crate::store::{Row, Rows, TableNames};

const STRETCH_EVENTS: usize = 4_000;
/// Rows read from a table at a time.
const PAGE_ROWS: i64 = 5_000;

/// Compares the live generation of a view with the fold of the log.
pub(crate) async fn verify<V: View>(
    database: &Database,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> anyhow::Result<Comparison> {
    let log = database.log().await?;
    let mut connection = database.writer("baize verify").await?;
    let first = live::<V>(&mut connection).await?;
    let names = TableNames {
        view: V::NAME,
        generation: first.generation,
    };
    let mut fold = Fold::<V> {
        state: V::State::default(),
        position: 0,
        names,
        comparison: Comparison::new(V::NAME, first.generation, 0),
    };
    // Most of the work, before the moment is chosen at which the tables are looked at.
    fold.up_to(&log, &mut connection, first.position, progress).await?;

    let mut snapshot = connection
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .await?;
    let now = live::<V>(&mut snapshot).await?;
    if now.generation != first.generation {
        bail!("the view was rebuilt in the meantime: verify it again");
    }
    fold.up_to(&log, &mut snapshot, now.position, progress).await?;
    progress(Progress {
        phase: Phase::Comparing,
        done: 0,
        total: fold.state.held() as u64,
    });
    let Fold {
        mut state,
        names,
        mut comparison,
        ..
    } = fold;
    comparison.position = now.position;
    let mut rest = CompareRest {
        connection: &mut snapshot,
        names: &names,
        position: now.position,
        comparison: &mut comparison,
    };
    state.visit(&mut rest).await?;
    snapshot.rollback().await?;
    log.close().await;
    Ok(comparison)
}

async fn live<V: View>(connection: &mut PgConnection) -> anyhow::Result<Live> {
    let live = registry::live(connection, V::NAME).await?;
    let live = live.with_context(|| format!("the view {} has never been built", V::NAME))?;
    if live.shape != V::SHAPE {
        bail!(
            "the tables of {} have shape {}, this program knows shape {}: rebuild it",
            V::NAME,
            live.shape,
            V::SHAPE
        );
    }
    Ok(live)
}

struct Fold<V: View> {
    state: V::State,
    position: u64,
    names: TableNames,
    comparison: Comparison,
}

impl<V: View> Fold<V> {
    async fn up_to(
        &mut self,
        log: &EventLog,
        connection: &mut PgConnection,
        until: u64,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> anyhow::Result<()> {
        let mut stretch = Stretch::open(log, self.position, until, STRETCH_EVENTS).await?;
        while let Some(events) = stretch.next().await? {
            self.fold(&events)?;
            let after = self.position;
            self.position = events.last().map_or(after, |last| last.position);
            let mut written_once = CompareWrittenOnce {
                connection: &mut *connection,
                names: &self.names,
                after,
                until: self.position,
                comparison: &mut self.comparison,
            };
            self.state.visit(&mut written_once).await?;
            progress(Progress {
                phase: Phase::Loading,
                done: self.position,
                total: until,
            });
        }
        if self.position < until {
            bail!("the log ends at position {}, the view is at {until}", self.position);
        }
        Ok(())
    }

    fn fold(&mut self, events: &[RecordedEvent]) -> anyhow::Result<()> {
        for event in events {
            let at = || format!("folding position {}", event.position);
            if let Some(decoded) = decode_one::<V>(event).map_err(anyhow::Error::msg).with_context(at)? {
                V::fold(&mut self.state, &decoded).with_context(at)?;
            }
        }
        Ok(())
    }
}

/// Compares rows of append-only tables that a batch has made, and forgets them.
struct CompareWrittenOnce<'c> {
    connection: &'c mut PgConnection,
    names: &'c TableNames,
    after: u64,
    until: u64,
    comparison: &'c mut Comparison,
}

impl Visitor for CompareWrittenOnce<'_> {
    type Error = sqlx::Error;

    async fn rows<R: Row>(&mut self, rows: &mut Rows<R>) -> sqlx::Result<()> {
        if !R::TABLE.append_only {
            return Ok(());
        }
        let key = R::TABLE.key;
        let condition = format!("{key} > {} AND {key} <= {}", self.after, self.until);
        for found in read::<R>(self.connection, self.names, &condition).await? {
            compare_one(rows, found, self.comparison);
        }
        missing(rows, self.comparison);
        Ok(())
    }
}

/// Compares everything else.
struct CompareRest<'c> {
    connection: &'c mut PgConnection,
    names: &'c TableNames,
    position: u64,
    comparison: &'c mut Comparison,
}

impl Visitor for CompareRest<'_> {
    type Error = sqlx::Error;

    async fn rows<R: Row>(&mut self, rows: &mut Rows<R>) -> sqlx::Result<()> {
        let key = R::TABLE.key;
        if R::TABLE.append_only {
            let condition = format!("{key} > {}", self.position);
            for unexpected in read::<R>(self.connection, self.names, &condition).await? {
                compare_one(rows, unexpected, self.comparison);
            }
            return Ok(());
        }
        let mut last: Option<R::Key> = None;
        loop {
            let page = page::<R>(self.connection, self.names, last).await?;
            let Some(end) = page.last() else { break };
            last = Some(end.key());
            for found in page {
                compare_one(rows, found, self.comparison);
            }
        }
        missing(rows, self.comparison);
        Ok(())
    }
}

fn compare_one<R: Row>(expected: &mut Rows<R>, found: R, comparison: &mut Comparison) {
    let expected = expected.take(found.key());
    comparison.rows += u64::from(expected.is_some());
    if expected.as_ref() == Some(&found) {
        return;
    }
    comparison.differs(Difference {
        table: R::TABLE.name,
        key: shown_key(&found),
        expected: expected.map(|row| format!("{row:?}")),
        found: Some(format!("{found:?}")),
    });
}

fn missing<R: Row>(rows: &mut Rows<R>, comparison: &mut Comparison) {
    let keys: Vec<_> = rows.iter().map(Row::key).collect();
    for key in keys {
        let Some(row) = rows.take(key) else { continue };
        comparison.rows += 1;
        let (table, key) = (R::TABLE.name, shown_key(&row));
        comparison.differs(Difference {
            table,
            key,
            expected: Some(format!("{row:?}")),
            found: None,
        });
    }
    rows.settle();
}

fn shown_key<R: Row>(row: &R) -> String {
    format!("{:?}", row.key())
}

async fn read<R: Row>(connection: &mut PgConnection, names: &TableNames, condition: &str) -> sqlx::Result<Vec<R>> {
    let (columns, table) = (R::TABLE.column_list(""), names.of(&R::TABLE));
    let sql = format!("SELECT {columns} FROM {table} WHERE {condition}");
    let rows = sqlx::query(&sql).persistent(false).fetch_all(&mut *connection).await?;
    rows.iter().map(|row| R::read(row, 0)).collect()
}

async fn page<R: Row>(
    connection: &mut PgConnection,
    names: &TableNames,
    after: Option<R::Key>,
) -> sqlx::Result<Vec<R>> {
    let (columns, table, key) = (R::TABLE.column_list(""), names.of(&R::TABLE), R::TABLE.key);
    let rows = match after {
        Some(after) => {
            let sql = format!("SELECT {columns} FROM {table} WHERE {key} > $1 ORDER BY {key} LIMIT {PAGE_ROWS}");
            sqlx::query(&sql).bind(after).fetch_all(&mut *connection).await?
        }
        None => {
            let sql = format!("SELECT {columns} FROM {table} ORDER BY {key} LIMIT {PAGE_ROWS}");
            sqlx::query(&sql).fetch_all(&mut *connection).await?
        }
    };
    rows.iter().map(|row| R::read(row, 0)).collect()
}
