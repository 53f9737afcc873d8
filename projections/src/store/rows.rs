//! Rows in memory while events are folded into them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Row, RowQuery, TableNames};

/// Rows of one table: those that were loaded or made, and which of them changed since they were last written.
///
/// A projector loads the rows that a batch touches and keeps some; a fold of the whole log loads nothing and ends up
/// holding all.
#[derive(Debug)]
pub struct Rows<R: Row> {
    held: HashMap<R::Key, R>,
    changed: HashSet<R::Key>,
}

impl<R: Row> Default for Rows<R> {
    fn default() -> Self {
        Self {
            held: HashMap::new(),
            changed: HashSet::new(),
        }
    }
}

impl<R: Row> Rows<R> {
    /// The row with this key, if held.
    pub fn get(&self, key: R::Key) -> Option<&R> {
        self.held.get(&key)
    }

    /// The row with this key, if held, to be changed.
    pub fn change(&mut self, key: R::Key) -> Option<&mut R> {
        let row = self.held.get_mut(&key)?;
        self.changed.insert(key);
        Some(row)
    }

    /// Adds a row, or replaces the one with its key.
    pub fn put(&mut self, row: R) {
        self.changed.insert(row.key());
        self.held.insert(row.key(), row);
    }

    /// All held rows.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.held.values()
    }

    /// How many rows are held.
    pub fn count(&self) -> usize {
        self.held.len()
    }

    /// The changed rows.
    pub fn changed(&self) -> impl Iterator<Item = &R> {
        self.changed.iter().filter_map(|key| self.held.get(key))
    }

    /// What changed has been written. Rows that are written once are no longer needed.
    pub(crate) fn settle(&mut self) {
        for key in self.changed.drain() {
            if R::TABLE.append_only {
                self.held.remove(&key);
            }
        }
    }

    /// Takes a row out, for a comparison that needs each row once.
    pub(crate) fn take(&mut self, key: R::Key) -> Option<R> {
        self.held.remove(&key)
    }

    /// Loads the rows whose `column` is one of `values`, and says which were not held before: those that were are
    /// newer than their copies in the table.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        column: &'static str,
        values: Vec<Uuid>,
    ) -> sqlx::Result<Vec<R::Key>> {
        let mut loaded = Vec::new();
        if values.is_empty() {
            return Ok(loaded);
        }
        let sql = format!(
            "SELECT {} FROM {} WHERE {column} = ANY($1)",
            R::TABLE.column_list(""),
            names.of(&R::TABLE)
        );
        for row in sqlx::query(&sql).bind(values).fetch_all(&mut *connection).await? {
            let row = R::read(&row, 0)?;
            if let Entry::Vacant(vacant) = self.held.entry(row.key()) {
                loaded.push(row.key());
                vacant.insert(row);
            }
        }
        Ok(loaded)
    }

    /// Writes what changed in one statement.
    ///
    /// # Errors
    /// The database's. A row of an append-only table that exists already is refused: it would mean that an event
    /// was applied twice.
    pub(crate) async fn write(&self, connection: &mut PgConnection, names: &TableNames) -> sqlx::Result<()> {
        let rows: Vec<_> = self.changed().collect();
        if rows.is_empty() {
            return Ok(());
        }
        let sql = write_statement::<R>(names);
        let query: RowQuery<'_> = R::bind(&rows, sqlx::query(&sql));
        query.execute(&mut *connection).await?;
        Ok(())
    }
}

fn write_statement<R: Row>(names: &TableNames) -> String {
    let table = R::TABLE;
    let arrays: Vec<_> = (1..)
        .zip(table.columns)
        .map(|(n, column)| format!("${n}::{}[]", column.sql_type()))
        .collect();
    let on_conflict = if table.append_only {
        String::new()
    } else {
        let others = table.columns.iter().filter(|column| column.name != table.key);
        let set: Vec<_> = others
            .map(|column| format!("{0} = EXCLUDED.{0}", column.name))
            .collect();
        format!(" ON CONFLICT ({}) DO UPDATE SET {}", table.key, set.join(", "))
    };
    format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}){on_conflict}",
        names.of(&table),
        table.column_list(""),
        arrays.join(", ")
    )
}
