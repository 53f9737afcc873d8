//! What analysts read: the SQL views of the schema `bi_v1`, over the tables of the views' live generations.
//!
//! Their names and columns stay as they are, whatever the tables behind them become. When a generation becomes live, each view that reads its
//! tables is pointed at them, in the same transaction: analysts see either the old tables or the new ones. Whoever reads is a member of the
//! role `baize_bi`, which can read these views and nothing else.

mod catalogue;
mod document;

use std::collections::BTreeMap;

use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

pub use catalogue::{BI_VIEWS, BiColumn, BiView};
pub use document::bi_document;

use crate::store::TableNames;

/// One that makes or points views at a time: all views of the log are in one schema.
const LOCK: i64 = 7_019_267_256_482_433;

/// A lock was not given in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Points every view that reads tables of `view` at those that are live now. What cannot be pointed, because a table of another release
/// lacks a column, stays as it is and is told: the view of the log goes on.
///
/// # Errors
/// The database is away, or queries of analysts go on for more than two seconds: to be tried again.
pub(crate) async fn point(connection: &mut PgConnection, view: &str) -> sqlx::Result<()> {
    let is_there: bool = sqlx::query_scalar("SELECT to_regnamespace('bi_v1') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !is_there {
        // The migration comes later.
        return Ok(());
    }
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *connection)
        .await?;
    let live = live(connection).await?;
    for bi in BI_VIEWS.iter().filter(|bi| bi.sources().any(|source| source == view)) {
        let Some(statements) = bi.statements(&live) else {
            // Another view that it reads is not made yet, and will point it.
            continue;
        };
        let mut step = connection.begin().await?;
        step.execute("SET LOCAL lock_timeout = '2s'").await?;
        match step.execute(sqlx::raw_sql(&statements)).await {
            Ok(_) => step.commit().await?,
            Err(sqlx::Error::Database(error)) if error.code().as_deref() != Some(LOCK_NOT_AVAILABLE) => {
                step.rollback().await?;
                tracing::warn!(view = bi.name, %error, "analysts do without this view for now");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The same in a transaction of its own.
pub(crate) async fn point_again(connection: &mut PgConnection, view: &str) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    point(&mut transaction, view).await?;
    transaction.commit().await
}

/// The live generation of each view.
async fn live(connection: &mut PgConnection) -> sqlx::Result<BTreeMap<String, i32>> {
    let rows = sqlx::query("SELECT view, generation FROM views.generations WHERE status = 'live'")
        .fetch_all(&mut *connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

impl BiView {
    /// The views of the log that it reads.
    fn sources(&self) -> impl Iterator<Item = &'static str> {
        placeholders(self.from).map(|(view, _)| view)
    }

    /// What makes it, with its words; `None` if something that it reads is not live.
    fn statements(&self, live: &BTreeMap<String, i32>) -> Option<String> {
        let mut from = self.from.to_owned();
        for (view, table) in placeholders(self.from) {
            let names = TableNames {
                view,
                generation: *live.get(view)?,
            };
            from = from.replace(&format!("{{{view}.{table}}}"), &names.of_name(table));
        }
        let columns = self
            .columns
            .iter()
            .map(|column| format!("{} AS {}", column.sql, column.name));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let name = self.name;
        let mut sql = format!(
            "CREATE OR REPLACE VIEW bi_v1.{name} AS SELECT {columns} FROM {from};
             GRANT SELECT ON bi_v1.{name} TO baize_bi; COMMENT ON VIEW bi_v1.{name} IS '{}';",
            self.about
        );
        for column in self.columns {
            sql += &format!(" COMMENT ON COLUMN bi_v1.{name}.{} IS '{}';", column.name, column.about);
        }
        Some(sql)
    }
}

/// The `{view.table}` in a text.
fn placeholders(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let parts = text.split('{').skip(1).filter_map(|part| part.split('}').next());
    parts.filter_map(|part| part.split_once('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_reads_views_that_there_are_and_says_what_each_column_is() {
        for bi in BI_VIEWS {
            assert!(bi.sources().count() > 0, "{}", bi.name);
            for source in bi.sources() {
                assert!(crate::VIEWS.contains(&source), "{} reads {source}", bi.name);
            }
            let words = [bi.about]
                .into_iter()
                .chain(bi.columns.iter().map(|column| column.about));
            for about in words {
                assert!(!about.is_empty() && !about.contains('\''), "{}: {about}", bi.name);
            }
        }
    }

    #[test]
    fn a_view_waits_for_all_that_it_reads() {
        let sessions = BI_VIEWS.iter().find(|bi| bi.name == "sessions").unwrap();
        let bills = BTreeMap::from([("bills".to_owned(), 3)]);
        assert_eq!(sessions.statements(&bills), None);
        let both = BTreeMap::from([("bills".to_owned(), 3), ("indicators".to_owned(), 1)]);
        let sql = sessions.statements(&both).unwrap();
        assert!(
            sql.contains("views.bills_sessions_g3 s") && sql.contains("views.indicators_halls_g1 h"),
            "{sql}"
        );
    }
}
