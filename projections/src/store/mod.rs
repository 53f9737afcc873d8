//! How a view's rows are kept: in memory while events are folded, in the tables of one generation otherwise.

mod instant;
mod names;
mod row;
mod rows;
mod text;

pub use instant::Instant;
pub use names::TableNames;
pub use row::{Column, Row, RowQuery, TableDef};
pub use rows::Rows;

pub(crate) use row::table;
pub(crate) use text::text_enum;
