//! Reads of the view `directory`.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::query::deadline::Deadline;
use crate::query::error::Error;
use crate::query::page::Page;
use crate::query::reader::{Found, Reader, Selection, Value};
use crate::store::{Row, TableNames};
use crate::views::directory::{ChainRow, DeviceRow, HallRow, TableRow, TariffRow};

/// Free tables of a hall that are looked at to offer some.
const FREE_MAX: u32 = 1_000;

/// A hall and how many tables it has.
#[derive(Debug, Clone)]
pub(crate) struct CountedHall {
    pub(crate) hall: HallRow,
    pub(crate) tables: i64,
    pub(crate) free: i64,
}

impl CountedHall {
    fn read(row: &PgRow) -> sqlx::Result<Self> {
        let next = 1 + HallRow::TABLE.columns.len();
        Ok(Self {
            hall: HallRow::read(row, 1)?,
            tables: row.try_get(next)?,
            free: row.try_get(next + 1)?,
        })
    }
}

impl Reader {
    /// A chain.
    pub(crate) async fn chain(&self, chain_id: Uuid, deadline: Deadline) -> Result<(ChainRow, u64), Error> {
        self.one(&self.directory, "chain", "chain_id", chain_id, deadline).await
    }

    /// A table, also one that is retired.
    pub(in crate::query) async fn directory_table(
        &self,
        table_id: Uuid,
        deadline: Deadline,
    ) -> Result<(TableRow, u64), Error> {
        self.one(&self.directory, "table", "table_id", table_id, deadline).await
    }

    /// A tariff plan's newest version.
    pub(crate) async fn tariff(&self, plan_id: Uuid, deadline: Deadline) -> Result<(TariffRow, u64), Error> {
        self.one(&self.directory, "tariff", "plan_id", plan_id, deadline).await
    }

    /// A hall with its tables counted.
    pub(crate) async fn counted_hall(&self, hall_id: Uuid, deadline: Deadline) -> Result<(CountedHall, u64), Error> {
        let values = [Value::Id(hall_id)];
        let found = self.counted_halls("h.hall_id = $3", "", &values, deadline).await?;
        found.only("hall", hall_id)
    }

    pub(super) async fn hall_page(
        &self,
        chain_id: Option<Uuid>,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Found<CountedHall>, Error> {
        let mut values = vec![Value::Number(page.after()), Value::Number(page.limit())];
        let mut condition = "h.registered > $3 AND NOT h.retired".to_owned();
        if let Some(chain_id) = chain_id {
            values.push(Value::Id(chain_id));
            condition.push_str(" AND h.chain_id = $5");
        }
        self.counted_halls(&condition, "ORDER BY h.registered LIMIT $4", &values, deadline)
            .await
    }

    async fn counted_halls(
        &self,
        condition: &str,
        tail: &str,
        values: &[Value<'_>],
        deadline: Deadline,
    ) -> Result<Found<CountedHall>, Error> {
        let inner = |names: &TableNames| {
            format!(
                "SELECT {}, count(t.table_id), count(t.table_id) FILTER (WHERE t.status = 'idle')
                 FROM {} h LEFT JOIN {} t ON t.hall_id = h.hall_id AND t.status <> 'retired'
                 WHERE {condition} GROUP BY h.hall_id {tail}",
                HallRow::TABLE.column_list("h."),
                names.of(&HallRow::TABLE),
                names.of(&TableRow::TABLE),
            )
        };
        self.read_as(&self.directory, &inner, values, deadline, CountedHall::read)
            .await
    }

    pub(super) async fn table_page(
        &self,
        hall_id: Uuid,
        free_only: bool,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Found<TableRow>, Error> {
        let status = if free_only {
            "status = 'idle'"
        } else {
            "status <> 'retired'"
        };
        let tail = format!("hall_id = $3 AND registered > $4 AND {status} ORDER BY registered LIMIT $5");
        self.of_hall(hall_id, &tail, page, deadline).await
    }

    pub(super) async fn device_page(
        &self,
        hall_id: Uuid,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Found<DeviceRow>, Error> {
        let tail = "hall_id = $3 AND registered > $4 AND NOT retired ORDER BY registered LIMIT $5";
        self.of_hall(hall_id, tail, page, deadline).await
    }

    async fn of_hall<R: Row>(
        &self,
        hall_id: Uuid,
        tail: &str,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Found<R>, Error> {
        let values = [
            Value::Id(hall_id),
            Value::Number(page.after()),
            Value::Number(page.limit()),
        ];
        let selection = Selection { tail, values: &values };
        let found: Found<R> = self.read(&self.directory, selection, deadline).await?;
        if found.rows.is_empty() {
            // None of them, or no hall?
            self.counted_hall(hall_id, deadline).await?;
        }
        Ok(found)
    }

    /// The tables of a hall that could be opened now.
    pub(super) async fn free_tables(&self, hall_id: Uuid, deadline: Deadline) -> Result<Vec<TableRow>, Error> {
        let tail = format!("hall_id = $3 AND status = 'idle' LIMIT {FREE_MAX}");
        let selection = Selection {
            tail: &tail,
            values: &[Value::Id(hall_id)],
        };
        Ok(self.read(&self.directory, selection, deadline).await?.rows)
    }
}
