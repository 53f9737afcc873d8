//! `BoardService`: the tables of a hall.

use std::cmp::Ordering;
use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    GetBoardRequest, GetBoardResponse, WatchBoardRequest, WatchBoardResponse, board_service_server,
};
use futures::stream::{BoxStream, StreamExt as _};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode;
use super::error::Error;
use super::fields::Fields;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::Asker;
use super::watch::{BoardUpdate, watch_board};
use crate::store::{Row as _, TableNames};
use crate::views::board::{HallRow, TableRow};

/// Tables of one hall, far beyond the largest.
const TABLES_MAX: usize = 2_000;
/// Halls of a chain that a page lists.
const HALLS_MAX: usize = 1_000;

/// The service.
pub(crate) struct BoardService {
    reader: Arc<Reader>,
}

impl BoardService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

#[tonic::async_trait]
impl board_service_server::BoardService for BoardService {
    async fn get_board(&self, request: Request<GetBoardRequest>) -> Result<Response<GetBoardResponse>, Status> {
        let asker = Asker::of(&request, "BoardService/GetBoard")?;
        let deadline = Deadline::of(request.metadata());
        let GetBoardRequest { hall_id, min_position } = request.into_inner();
        let mut fields = Fields::default();
        let hall_id = fields.id("hall_id", &hall_id);
        fields.finish()?;
        self.reader.wait(&self.reader.board, min_position, deadline).await?;
        asker
            .may_ask(&self.reader, Belonging::to_hall(hall_id), deadline)
            .await?;
        let Found { rows, position } = self.reader.tables(hall_id, deadline).await?;
        let tables = rows.into_iter().map(encode::board_table).collect();
        Ok(Response::new(GetBoardResponse { tables, position }))
    }

    type WatchBoardStream = BoxStream<'static, Result<WatchBoardResponse, Status>>;

    async fn watch_board(
        &self,
        request: Request<WatchBoardRequest>,
    ) -> Result<Response<Self::WatchBoardStream>, Status> {
        let asker = Asker::of(&request, "BoardService/WatchBoard")?;
        let mut fields = Fields::default();
        let hall_id = fields.id("hall_id", &request.get_ref().hall_id);
        fields.finish()?;
        asker
            .may_ask(
                &self.reader,
                Belonging::to_hall(hall_id),
                Deadline::of(request.metadata()),
            )
            .await?;
        let updates = watch_board(Arc::clone(&self.reader), hall_id)?;
        Ok(Response::new(
            updates.map(|update| update.map(watched).map_err(Status::from)).boxed(),
        ))
    }
}

fn watched(
    BoardUpdate {
        tables,
        snapshot,
        position,
    }: BoardUpdate,
) -> WatchBoardResponse {
    WatchBoardResponse {
        tables: tables.into_iter().map(encode::board_table).collect(),
        snapshot,
        position,
    }
}

impl Reader {
    /// The tables of a hall, by label.
    pub(crate) async fn tables(&self, hall_id: Uuid, deadline: Deadline) -> Result<Found<TableRow>, Error> {
        let tail = format!("hall_id = $3 AND NOT retired LIMIT {TABLES_MAX}");
        let selection = Selection {
            tail: &tail,
            values: &[Value::Id(hall_id)],
        };
        let mut found: Found<TableRow> = self.read(&self.board, selection, deadline).await?;
        if found.rows.is_empty() {
            // No table, or no hall?
            self.hall(hall_id, deadline).await?;
        }
        found
            .rows
            .sort_by(|a, b| by_label(&a.label, &b.label).then(a.table_id.cmp(&b.table_id)));
        Ok(found)
    }

    /// A hall.
    pub(crate) async fn hall(&self, hall_id: Uuid, deadline: Deadline) -> Result<HallRow, Error> {
        let selection = Selection {
            tail: "hall_id = $3",
            values: &[Value::Id(hall_id)],
        };
        let found: Found<HallRow> = self.read(&self.board, selection, deadline).await?;
        let missing = || Error::NotFound {
            kind: "hall",
            id: hall_id.to_string(),
        };
        found.rows.into_iter().next().ok_or_else(missing)
    }

    /// All halls, by name.
    pub(crate) async fn halls(&self, deadline: Deadline) -> Result<Found<HallSummary>, Error> {
        let inner = |names: &TableNames| {
            format!(
                "SELECT h.hall_id, h.name, count(*) FILTER (WHERE t.status = 'idle'),
                        count(*) FILTER (WHERE t.status = 'occupied'), count(*) FILTER (WHERE t.status = 'maintenance')
                 FROM {} h LEFT JOIN {} t ON t.hall_id = h.hall_id
                 WHERE NOT h.retired
                 GROUP BY h.hall_id, h.name ORDER BY h.name, h.hall_id LIMIT {HALLS_MAX}",
                names.of(&HallRow::TABLE),
                names.of(&TableRow::TABLE),
            )
        };
        let mut found = self
            .read_as(&self.board, &inner, &[], deadline, HallSummary::read)
            .await?;
        found
            .rows
            .sort_by(|a, b| (&a.name, a.hall_id).cmp(&(&b.name, b.hall_id)));
        Ok(found)
    }
}

/// A hall and how many of its tables are how.
#[derive(Debug, Clone)]
pub(crate) struct HallSummary {
    pub(crate) hall_id: Uuid,
    pub(crate) name: String,
    pub(crate) idle: i64,
    pub(crate) occupied: i64,
    pub(crate) maintenance: i64,
}

impl HallSummary {
    fn read(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            hall_id: row.try_get(1)?,
            name: row.try_get(2)?,
            idle: row.try_get(3)?,
            occupied: row.try_get(4)?,
            maintenance: row.try_get(5)?,
        })
    }
}

/// `A2` before `A10`: digits count as a number, and numbers come before words.
pub(super) fn by_label(a: &str, b: &str) -> Ordering {
    parts(a).cmp(&parts(b)).then_with(|| a.cmp(b))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Text(String),
}

fn parts(label: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for c in label.chars() {
        match (parts.last_mut(), c.to_digit(10).map(u64::from)) {
            (Some(Part::Number(number)), Some(digit)) => {
                *number = number.saturating_mul(10).saturating_add(digit);
            }
            (_, Some(digit)) => parts.push(Part::Number(digit)),
            (Some(Part::Text(text)), None) => text.push(c),
            (_, None) => parts.push(Part::Text(c.to_string())),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::by_label;

    #[test]
    fn labels_are_sorted_as_people_count() {
        let mut labels = ["A10", "B1", "A2", "10", "9", "大厅2", "大厅11", "A2b", "A02"];
        labels.sort_by(|a, b| by_label(a, b));
        assert_eq!(labels, ["9", "10", "A02", "A2", "A2b", "A10", "B1", "大厅2", "大厅11"]);
    }
}
