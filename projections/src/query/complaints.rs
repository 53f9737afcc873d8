//! `ComplaintQueueService`: how complaints stand, for whoever complains and for those who answer.

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::complaint::v1::Category;
use baize_proto::hall::view::v1::{
    self, GetComplaintRequest, GetComplaintResponse, ListComplaintsRequest, ListComplaintsResponse,
    WatchComplaintsRequest, WatchComplaintsResponse, complaint, complaint_queue_service_server,
};
use futures::stream::{BoxStream, StreamExt as _};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode::stored;
use super::error::Error;
use super::fields::Fields;
use super::page::Page;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::{Asker, Belongs};
use super::watch::watch_complaints;
use crate::views::complaints::{ComplaintCategory, ComplaintRow, ComplaintStatus};

/// Complaints of a hall that a watcher is told at once, at most: a hall with more open ones has other worries.
const QUEUE_MAX: i64 = 500;

/// The service.
pub(crate) struct ComplaintQueueService {
    reader: Arc<Reader>,
}

impl ComplaintQueueService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

impl Belongs for ComplaintRow {
    fn belonging(&self) -> Belonging {
        Belonging::to_hall(self.hall_id)
            .and_member(self.member_id)
            .and_chain(Some(self.chain_id))
    }
}

#[tonic::async_trait]
impl complaint_queue_service_server::ComplaintQueueService for ComplaintQueueService {
    async fn get_complaint(
        &self,
        request: Request<GetComplaintRequest>,
    ) -> Result<Response<GetComplaintResponse>, Status> {
        let asker = Asker::of(&request, "ComplaintQueueService/GetComplaint")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let complaint_id = fields.id("complaint_id", &request.complaint_id);
        fields.finish()?;
        let reader = &self.reader;
        reader.wait(&reader.complaints, request.min_position, deadline).await?;
        let found = reader
            .one(&reader.complaints, "complaint", "complaint_id", complaint_id, deadline)
            .await;
        let (row, position): (ComplaintRow, u64) = asker.theirs(reader, found, deadline).await?;
        Ok(Response::new(GetComplaintResponse {
            complaint: Some(encoded(&row)),
            position,
        }))
    }

    async fn list_complaints(
        &self,
        request: Request<ListComplaintsRequest>,
    ) -> Result<Response<ListComplaintsResponse>, Status> {
        let asker = Asker::of(&request, "ComplaintQueueService/ListComplaints")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let wanted = Wanted::try_from(&request)?;
        let reader = &self.reader;
        asker.may_ask(reader, wanted.belonging(), deadline).await?;
        reader.wait(&reader.complaints, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.complaint_page(&wanted, deadline).await?;
        let next_page_token = wanted.page.newest_first(&mut rows, |row| row.filed);
        Ok(Response::new(ListComplaintsResponse {
            complaints: rows.iter().map(encoded).collect(),
            next_page_token,
            position,
        }))
    }

    type WatchComplaintsStream = BoxStream<'static, Result<WatchComplaintsResponse, Status>>;

    async fn watch_complaints(
        &self,
        request: Request<WatchComplaintsRequest>,
    ) -> Result<Response<Self::WatchComplaintsStream>, Status> {
        let asker = Asker::of(&request, "ComplaintQueueService/WatchComplaints")?;
        let deadline = Deadline::of(request.metadata());
        let mut fields = Fields::default();
        let hall_id: Uuid = fields.id("hall_id", &request.get_ref().hall_id);
        fields.finish()?;
        asker
            .may_ask(&self.reader, Belonging::to_hall(hall_id), deadline)
            .await?;
        let updates = watch_complaints(Arc::clone(&self.reader), hall_id)?;
        let told = |update: Result<super::watch::QueueUpdate, Error>| {
            let update = update?;
            Ok(WatchComplaintsResponse {
                complaints: update.complaints.iter().map(encoded).collect(),
                snapshot: update.snapshot,
                position: update.position,
            })
        };
        Ok(Response::new(updates.map(told).boxed()))
    }
}

/// Which complaints, the newest first.
struct Wanted {
    chain_id: Option<Uuid>,
    hall_id: Option<Uuid>,
    member_id: Option<Uuid>,
    assigned_to: Option<Uuid>,
    status: Option<ComplaintStatus>,
    category: Option<ComplaintCategory>,
    page: Page,
}

impl TryFrom<&ListComplaintsRequest> for Wanted {
    type Error = Error;

    fn try_from(request: &ListComplaintsRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let chain_id = fields.optional_id("chain_id", &request.chain_id);
        let hall_id = fields.optional_id("hall_id", &request.hall_id);
        let member_id = fields.optional_id("member_id", &request.member_id);
        let assigned_to = fields.optional_id("assigned_to", &request.assigned_to);
        let states = Uuid::from_u64_pair(
            request.status.unsigned_abs().into(),
            request.category.unsigned_abs().into(),
        );
        let filter = [chain_id, hall_id, member_id, assigned_to, Some(states)];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        Ok(Self {
            chain_id,
            hall_id,
            member_id,
            assigned_to,
            status: match request.status() {
                complaint::Status::Unspecified => None,
                complaint::Status::Open => Some(ComplaintStatus::Open),
                complaint::Status::Answered => Some(ComplaintStatus::Answered),
                complaint::Status::Closed => Some(ComplaintStatus::Closed),
            },
            category: match request.category() {
                Category::Unspecified => None,
                Category::Device => Some(ComplaintCategory::Device),
                Category::Table => Some(ComplaintCategory::Table),
                Category::Billing => Some(ComplaintCategory::Billing),
                Category::Service => Some(ComplaintCategory::Service),
                Category::Surroundings => Some(ComplaintCategory::Surroundings),
                Category::Other => Some(ComplaintCategory::Other),
            },
            page,
        })
    }
}

impl Belongs for Wanted {
    /// To whom all complaints of the list belong.
    fn belonging(&self) -> Belonging {
        Belonging {
            member: self.member_id,
            hall: self.hall_id,
            chain: self.chain_id,
        }
    }
}

impl Reader {
    async fn complaint_page(&self, wanted: &Wanted, deadline: Deadline) -> Result<Found<ComplaintRow>, Error> {
        let mut values = vec![Value::Number(wanted.page.before()), Value::Number(wanted.page.limit())];
        let mut conditions = String::from("filed < $3");
        let ids = [
            ("hall_id", wanted.hall_id),
            ("chain_id", wanted.chain_id),
            ("member_id", wanted.member_id),
            ("assigned_to", wanted.assigned_to),
        ];
        let ids = ids
            .into_iter()
            .filter_map(|(column, id)| Some((column, Value::Id(id?))));
        let texts = [
            ("status", wanted.status.map(ComplaintStatus::as_str)),
            ("category", wanted.category.map(ComplaintCategory::as_str)),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(column, text)| Some((column, Value::Text(text?))));
        for (column, value) in ids.chain(texts) {
            values.push(value);
            conditions.push_str(&format!(" AND {column} = ${}", values.len() + 2));
        }
        let selection = Selection {
            tail: &format!("{conditions} ORDER BY filed DESC LIMIT $4"),
            values: &values,
        };
        self.read(&self.complaints, selection, deadline).await
    }

    /// What is not closed in a hall, oldest first.
    pub(super) async fn complaint_queue(
        &self,
        hall_id: Uuid,
        deadline: Deadline,
    ) -> Result<Found<ComplaintRow>, Error> {
        let selection = Selection {
            tail: "hall_id = $3 AND status <> 'closed' ORDER BY filed LIMIT $4",
            values: &[Value::Id(hall_id), Value::Number(QUEUE_MAX)],
        };
        let mut found: Found<ComplaintRow> = self.read(&self.complaints, selection, deadline).await?;
        found.rows.sort_by_key(|row| row.filed);
        Ok(found)
    }
}

fn encoded(row: &ComplaintRow) -> v1::Complaint {
    let category = match row.category {
        ComplaintCategory::Device => Category::Device,
        ComplaintCategory::Table => Category::Table,
        ComplaintCategory::Billing => Category::Billing,
        ComplaintCategory::Service => Category::Service,
        ComplaintCategory::Surroundings => Category::Surroundings,
        ComplaintCategory::Other => Category::Other,
    };
    let status = match row.status {
        ComplaintStatus::Open => complaint::Status::Open,
        ComplaintStatus::Answered => complaint::Status::Answered,
        ComplaintStatus::Closed => complaint::Status::Closed,
    };
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    v1::Complaint {
        complaint_id: row.complaint_id.to_string(),
        hall_id: row.hall_id.to_string(),
        member_id: row.member_id.to_string(),
        session_id: text(row.session_id),
        category: category.into(),
        status: status.into(),
        assigned_to: text(row.assigned_to),
        answers: row.answers.unsigned_abs(),
        promised_fen: row.promised_fen,
        reopened: row.reopened,
        filed_at: stored(Some(row.filed_at)),
        answered_at: stored(row.answered_at),
        closed_at: stored(row.closed_at),
    }
}
