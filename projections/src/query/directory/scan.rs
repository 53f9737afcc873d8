//! What a scanned code leads to.

use baize_proto::hall::view::v1::{ScanNextStep, ScanTableResponse};
use jiff::tz::TimeZone;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::codes::token_of;
use crate::query::board::by_label;
use crate::query::deadline::Deadline;
use crate::query::error::Error;
use crate::query::fields::Fields;
use crate::query::reader::{Reader, Value};
use crate::store::{Row, TableNames};
use crate::views::board::TableStatus;
use crate::views::directory::{CodeRow, TableRow, code_id};

use super::encode;
use super::read::CountedHall;

/// Free tables that are offered instead of one that cannot be had.
const OFFERED_MAX: usize = 10;
/// An address with the longest beginning and the longest token.
const SCANNED_CHARS_MAX: usize = 1_024;

/// The table of a code, and what else there is.
pub(crate) struct Scanned {
    pub(crate) table: TableRow,
    pub(crate) hall: CountedHall,
    offered: Vec<TableRow>,
    position: u64,
}

/// Whether a text can be that of a code.
pub(super) fn check_token(qr_token: &str) -> Result<(), Error> {
    let mut fields = Fields::default();
    if qr_token.is_empty() {
        fields.refuse("qr_token", "is required");
    } else if qr_token.chars().count() > SCANNED_CHARS_MAX {
        fields.refuse("qr_token", format!("has more than {SCANNED_CHARS_MAX} characters"));
    }
    fields.finish()
}

impl Reader {
    /// Finds the table that a code belongs to, by the address in it or by its token.
    pub(crate) async fn scan(&self, scanned: &str, deadline: Deadline) -> Result<Scanned, Error> {
        let qr_token = token_of(scanned);
        let inner = |names: &TableNames| {
            format!(
                "SELECT {}, c.retired FROM {} c JOIN {} t ON t.table_id = c.table_id WHERE c.code_id = $3",
                TableRow::TABLE.column_list("t."),
                names.of(&CodeRow::TABLE),
                names.of(&TableRow::TABLE),
            )
        };
        let decode = |row: &PgRow| -> sqlx::Result<(TableRow, bool)> {
            let after = 1 + TableRow::TABLE.columns.len();
            Ok((TableRow::read(row, 1)?, row.try_get(after)?))
        };
        let values = [Value::Id(code_id(qr_token))];
        let found = self.read_as(&self.directory, &inner, &values, deadline, decode);
        let found = found.await?;
        let missing = || Error::NotFound {
            kind: "qr_token",
            id: qr_token.to_owned(),
        };
        let (table, retired) = found.rows.into_iter().next().ok_or_else(missing)?;
        if retired {
            return Err(Error::CodeRetired);
        }
        let (hall, _) = self.counted_hall(table.hall_id, deadline).await?;
        let offered = match table.status {
            TableStatus::Idle => Vec::new(),
            _ => offer(self.free_tables(table.hall_id, deadline).await?, &table),
        };
        Ok(Scanned {
            table,
            hall,
            offered,
            position: found.position,
        })
    }
}

/// Those of the same class first, each class by label.
fn offer(mut free: Vec<TableRow>, instead_of: &TableRow) -> Vec<TableRow> {
    free.retain(|table| table.table_id != instead_of.table_id);
    free.sort_by(|a, b| {
        let other_class = |table: &TableRow| table.class != instead_of.class;
        other_class(a)
            .cmp(&other_class(b))
            .then_with(|| by_label(&a.label, &b.label))
    });
    free.truncate(OFFERED_MAX);
    free
}

impl Scanned {
    /// What to tell the customer, in Chinese and in English.
    pub(crate) fn texts(&self) -> (String, String) {
        let label = &self.table.label;
        match self.table.status {
            TableStatus::Idle => (
                format!("{label} 号台空闲，确认价格后即可开台。"),
                format!("Table {label} is free. Check the price, then open it."),
            ),
            TableStatus::Occupied | TableStatus::Retired => (
                format!("{label} 号台正在使用，请选择其他空闲球台。"),
                format!("Table {label} is in play. Choose another table that is free."),
            ),
            TableStatus::Maintenance => {
                let reason = self.table.maintenance_reason.as_deref().unwrap_or_default();
                let (zh, en) = match self.back_at() {
                    Some(at) => (format!("，预计 {at} 恢复"), format!(", back at about {at}")),
                    None => Default::default(),
                };
                (
                    format!("{label} 号台维护中（{reason}）{zh}，请选择其他球台。"),
                    format!("Table {label} is in maintenance ({reason}){en}. Choose another table."),
                )
            }
        }
    }

    fn back_at(&self) -> Option<String> {
        let zone = TimeZone::get(&self.hall.hall.time_zone).unwrap_or(TimeZone::UTC);
        let at = self.table.maintenance_expected_end?.timestamp().to_zoned(zone);
        Some(at.strftime("%m-%d %H:%M").to_string())
    }

    pub(super) fn into_message(self) -> ScanTableResponse {
        let (text_zh, text_en) = self.texts();
        let next_step = match self.table.status {
            TableStatus::Idle => ScanNextStep::Open,
            TableStatus::Occupied | TableStatus::Retired => ScanNextStep::ChooseAnother,
            TableStatus::Maintenance => ScanNextStep::WaitOrChooseAnother,
        };
        ScanTableResponse {
            table: Some(encode::table(self.table)),
            hall: Some(encode::hall(self.hall)),
            next_step: next_step.into(),
            text_zh,
            text_en,
            free_tables: self.offered.into_iter().map(encode::table).collect(),
            position: self.position,
        }
    }
}
