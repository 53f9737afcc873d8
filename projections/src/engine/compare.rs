//! Comparing a view with what it should be.

use std::fmt;

use sqlx::{PgConnection, Row as _};

use super::registry;
use super::view::View;
use crate::store::{TableDef, TableNames};

/// Differences that are told in full; the others are counted.
const SHOWN_MAX: usize = 20;

/// How a view compares with the fold of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The view.
    pub view: &'static str,
    /// The generation that was compared.
    pub generation: i32,
    /// The log position at which it was compared.
    pub position: u64,
    /// Rows that the view should have.
    pub rows: u64,
    /// Rows that are missing, unexpected or different.
    pub different: u64,
    /// The first of these.
    pub differences: Vec<Difference>,
}

/// A row that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The view's table.
    pub table: &'static str,
    /// The row's key.
    pub key: String,
    /// The row as the fold of the log has it; `None` if there should be none.
    pub expected: Option<String>,
    /// The row as the table has it; `None` if it is missing.
    pub found: Option<String>,
}

impl Comparison {
    pub(crate) fn new(view: &'static str, generation: i32, position: u64) -> Self {
        Self {
            view,
            generation,
            position,
            rows: 0,
            different: 0,
            differences: Vec::new(),
        }
    }

    /// True if the view is what it should be.
    pub fn is_equal(&self) -> bool {
        self.different == 0
    }

    pub(crate) fn differs(&mut self, difference: Difference) {
        self.different += 1;
        if self.differences.len() < SHOWN_MAX {
            self.differences.push(difference);
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            view,
            generation,
            position,
            rows,
            different,
            differences,
        } = self;
        if self.is_equal() {
            return write!(
                f,
                "view {view}, generation {generation}: {rows} rows equal the log at position {position}"
            );
        }
        write!(
            f,
            "view {view}, generation {generation}: {different} rows differ from the log at position {position}"
        )?;
        for difference in differences {
            write!(f, "\n  {difference}")?;
        }
        let hidden = different - differences.len() as u64;
        if hidden > 0 {
            write!(f, "\n  and {hidden} more")
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            key,
            expected,
            found,
        } = self;
        match (expected, found) {
            (Some(expected), None) => write!(f, "{table} {key} is missing: {expected}"),
            (None, Some(found)) => write!(f, "{table} {key} should not be there: {found}"),
            (expected, found) => {
                let shown = |row: &Option<String>| row.clone().unwrap_or_default();
                write!(
                    f,
                    "{table} {key} should be {}\n    but is {}",
                    shown(expected),
                    shown(found)
                )
            }
        }
    }
}

/// Compares the live generation with one that was folded anew, both at the same position. Only rows that changed after
/// `changed_after` are looked at. Columns that only one of them has are not compared.
pub(crate) async fn compare_generations<V: View>(
    connection: &mut PgConnection,
    live: &TableNames,
    rebuilt: &TableNames,
    changed_after: Option<u64>,
    comparison: &mut Comparison,
) -> sqlx::Result<()> {
    for table in V::TABLES {
        compare_table(connection, table, live, rebuilt, changed_after, comparison).await?;
    }
    Ok(())
}

async fn compare_table(
    connection: &mut PgConnection,
    table: &TableDef,
    live: &TableNames,
    rebuilt: &TableNames,
    changed_after: Option<u64>,
    comparison: &mut Comparison,
) -> sqlx::Result<()> {
    let known = registry::columns(connection, live, table).await?;
    if !known.iter().any(|column| column == table.key) {
        // The live generation is of a release that did not have the table: nothing to compare it with.
        return Ok(());
    }
    let common: Vec<_> = table
        .columns
        .iter()
        .map(|column| column.name)
        .filter(|name| known.iter().any(|k| k == name))
        .collect();
    // As text: between releases a column may have changed its type.
    let row = |alias: &str| {
        common
            .iter()
            .map(|name| format!("{alias}.{name}::text"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (rebuilt_table, live_table, key) = (rebuilt.of(table), live.of(table), table.key);
    let recent = match changed_after {
        Some(position) if known.iter().any(|column| column == "position") => {
            format!(" AND (n.position > {position} OR l.position > {position})")
        }
        _ => String::new(),
    };
    let sql = format!(
        "SELECT coalesce(n.{key}, l.{key})::text, to_jsonb(n)::text, to_jsonb(l)::text, count(*) OVER ()
         FROM {rebuilt_table} n FULL JOIN {live_table} l ON n.{key} = l.{key}
         WHERE (n.{key} IS NULL OR l.{key} IS NULL OR ROW({}) IS DISTINCT FROM ROW({})){recent}
         ORDER BY 1 LIMIT {SHOWN_MAX}",
        row("n"),
        row("l"),
    );
    let found = sqlx::query(&sql).fetch_all(&mut *connection).await?;
    let mut total = 0;
    for row in &found {
        total = row.try_get::<i64, _>(3)? as u64;
        let shown = comparison.differences.len() < SHOWN_MAX;
        if shown {
            comparison.differences.push(Difference {
                table: table.name,
                key: row.try_get(0)?,
                expected: row.try_get(1)?,
                found: row.try_get(2)?,
            });
        }
    }
    comparison.different += total;
    if changed_after.is_none() {
        let rows: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {rebuilt_table}"))
            .fetch_one(&mut *connection)
            .await?;
        comparison.rows += rows as u64;
    }
    Ok(())
}
