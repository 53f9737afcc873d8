//! What a row of a view is: a struct whose fields are the columns of a table.

use std::fmt::Debug;
use std::hash::Hash;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Decode, Encode, Postgres, Type};

/// A query whose parameters are being bound.
pub type RowQuery<'q> = Query<'q, Postgres, PgArguments>;

/// A column of a view's table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type as in `CREATE TABLE`: `text NOT NULL`.
    pub definition: &'static str,
}

impl Column {
    /// The type alone: `text`.
    pub fn sql_type(&self) -> &'static str {
        self.definition.split(' ').next().unwrap_or(self.definition)
    }
}

/// A view's table, without the name of its generation.
#[derive(Debug, Clone, Copy)]
pub struct TableDef {
    /// Its name within the view.
    pub name: &'static str,
    /// The primary key, one column.
    pub key: &'static str,
    /// All columns, in the order of the row's fields.
    pub columns: &'static [Column],
    /// Column lists of further indexes.
    pub indexes: &'static [&'static str],
    /// Rows are written once and never changed; the key is the log position that made the row.
    pub append_only: bool,
}

impl TableDef {
    /// The columns, comma separated; `prefix` goes before each.
    pub fn column_list(&self, prefix: &str) -> String {
        let names: Vec<_> = self
            .columns
            .iter()
            .map(|column| format!("{prefix}{}", column.name))
            .collect();
        names.join(", ")
    }
}

/// A row of a view's table; made by [`table!`].
pub trait Row: Clone + Debug + PartialEq + Send + Sync + Unpin + 'static {
    /// The primary key.
    type Key: Copy
        + Debug
        + Eq
        + Hash
        + Ord
        + Send
        + Sync
        + for<'q> Encode<'q, Postgres>
        + for<'r> Decode<'r, Postgres>
        + Type<Postgres>
        + Unpin
        + 'static;

    /// The table.
    const TABLE: TableDef;

    /// The row's key.
    fn key(&self) -> Self::Key;

    /// Reads the columns of [`Self::TABLE`], which stand in their order from column `first` on.
    ///
    /// # Errors
    /// A column is missing or holds what its field cannot.
    fn read(row: &PgRow, first: usize) -> sqlx::Result<Self>;

    /// Binds one array a column, in order.
    fn bind<'q>(rows: &[&Self], query: RowQuery<'q>) -> RowQuery<'q>;
}

/// Declares a row and its table from one list of fields, so that columns, parameters and reading cannot drift apart.
macro_rules! table {
    (
        $(#[$doc:meta])*
        pub struct $Row:ident($name:literal, key $key:ident: $Key:ty, append_only $append_only:literal, indexes [$($index:literal),*]) {
            $($(#[$field_doc:meta])* $field:ident: $Type:ty = $sql:literal),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $Row { $($(#[$field_doc])* pub $field: $Type),+ }

        impl $crate::store::Row for $Row {
            type Key = $Key;

            const TABLE: $crate::store::TableDef = $crate::store::TableDef {
                name: $name,
                key: stringify!($key),
                columns: &[$($crate::store::Column { name: stringify!($field), definition: $sql }),+],
                indexes: &[$($index),*],
                append_only: $append_only,
            };

            fn key(&self) -> $Key {
                self.$key
            }

            fn read(row: &sqlx::postgres::PgRow, first: usize) -> sqlx::Result<Self> {
                let mut columns = first..;
                let mut next = || columns.next().unwrap_or(usize::MAX);
                Ok(Self { $($field: sqlx::Row::try_get::<$Type, _>(row, next())?),+ })
            }

            fn bind<'q>(rows: &[&Self], query: $crate::store::RowQuery<'q>) -> $crate::store::RowQuery<'q> {
                query$(.bind(rows.iter().map(|row| row.$field.clone()).collect::<Vec<$Type>>()))+
            }
        }
    };
}
pub(crate) use table;
