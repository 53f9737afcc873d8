//! Where a generation's tables are.

use super::TableDef;

/// The tables of one generation of a view: `views.board_tables_g3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// The view.
    pub view: &'static str,
    /// Its generation, from 1.
    pub generation: i32,
}

impl TableNames {
    /// The name of a table, with its schema.
    pub fn of(&self, table: &TableDef) -> String {
        self.of_name(table.name)
    }

    /// The same of a table that is known by its name.
    pub(crate) fn of_name(&self, table: &str) -> String {
        format!("views.{}_{table}_g{}", self.view, self.generation)
    }

    /// The statements that make the table and its indexes.
    pub(crate) fn creation(&self, table: &TableDef) -> String {
        use std::fmt::Write as _;

        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| {
                let key = if column.name == table.key { " PRIMARY KEY" } else { "" };
                format!("{} {}{key}", column.name, column.definition)
            })
            .collect();
        // Rows of the board change with every event: room in their pages keeps the updates from touching the indexes.
        let fill = if table.append_only { 100 } else { 70 };
        let mut sql = format!(
            "CREATE TABLE {} ({}) WITH (fillfactor = {fill});",
            self.of(table),
            columns.join(", ")
        );
        for index in table.indexes {
            let _infallible = write!(sql, " CREATE INDEX ON {} ({index});", self.of(table));
        }
        sql
    }
}
