//! `BillService`: bills with their lines.

use std::sync::Arc;

use baize_proto::access::{Belonging, Signer};
use baize_proto::hall::view::v1::{
    GetBillRequest, GetBillResponse, GetReceiptRequest, GetReceiptResponse, ListBillsRequest, ListBillsResponse,
    WatchBillRequest, WatchBillResponse, bill_service_server,
};
use futures::stream::{BoxStream, StreamExt as _};
use tokio::sync::broadcast::Receiver;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode;
use super::error::Error;
use super::fields::Fields;
use super::page::Page;
use super::reader::{Found, Reader, Selection, Value};
use super::receipt;
use super::rights::{Asker, Belongs};
use super::watch::{Watched, watch_row};
use crate::engine::Announcement;
use crate::views::bills::BillRow;

/// The service.
pub(crate) struct BillService {
    reader: Arc<Reader>,
    /// Signs the addresses of receipts' pages.
    signer: Signer,
}

impl BillService {
    pub(crate) fn new(reader: Arc<Reader>, signer: Signer) -> Self {
        Self { reader, signer }
    }
}

#[tonic::async_trait]
impl bill_service_server::BillService for BillService {
    async fn get_bill(&self, request: Request<GetBillRequest>) -> Result<Response<GetBillResponse>, Status> {
        let asker = Asker::of(&request, "BillService/GetBill")?;
        let deadline = Deadline::of(request.metadata());
        let GetBillRequest {
            session_id,
            min_position,
        } = request.into_inner();
        let mut fields = Fields::default();
        let session_id = fields.id("session_id", &session_id);
        fields.finish()?;
        self.reader.wait(&self.reader.bills, min_position, deadline).await?;
        let found = self.reader.bill(session_id, deadline).await;
        let (bill, position) = asker.theirs(&self.reader, found, deadline).await?;
        Ok(Response::new(GetBillResponse {
            bill: Some(encode::session_bill(bill)),
            position,
        }))
    }

    async fn get_receipt(&self, request: Request<GetReceiptRequest>) -> Result<Response<GetReceiptResponse>, Status> {
        receipt::get(&self.reader, &self.signer, request).await
    }

    async fn list_bills(&self, request: Request<ListBillsRequest>) -> Result<Response<ListBillsResponse>, Status> {
        let asker = Asker::of(&request, "BillService/ListBills")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let wanted = Wanted::try_from(&request)?;
        asker.may_ask(&self.reader, wanted.belonging(), deadline).await?;
        self.reader
            .wait(&self.reader.bills, request.min_position, deadline)
            .await?;
        let Found { mut rows, position } = self.reader.bill_page(&wanted, deadline).await?;
        let next_page_token = wanted.page.newest_first(&mut rows, |bill| bill.opened_position);
        let bills = rows.into_iter().map(encode::session_bill).collect();
        Ok(Response::new(ListBillsResponse {
            bills,
            next_page_token,
            position,
        }))
    }

    type WatchBillStream = BoxStream<'static, Result<WatchBillResponse, Status>>;

    async fn watch_bill(&self, request: Request<WatchBillRequest>) -> Result<Response<Self::WatchBillStream>, Status> {
        let asker = Asker::of(&request, "BillService/WatchBill")?;
        let deadline = Deadline::of(request.metadata());
        let mut fields = Fields::default();
        let session_id = fields.id("session_id", &request.get_ref().session_id);
        fields.finish()?;
        let found = self.reader.bill(session_id, deadline).await;
        asker.theirs(&self.reader, found, deadline).await?;
        let updates = watch_row(&self.reader, session_id)?;
        Ok(Response::new(
            updates.map(|update| update.map(watched).map_err(Status::from)).boxed(),
        ))
    }
}

fn watched((bill, position): (BillRow, u64)) -> WatchBillResponse {
    WatchBillResponse {
        bill: Some(encode::session_bill(bill)),
        position,
    }
}

/// Which bills, the newest first.
struct Wanted {
    hall_id: Option<Uuid>,
    member_id: Option<Uuid>,
    page: Page,
}

impl TryFrom<&ListBillsRequest> for Wanted {
    type Error = Error;

    fn try_from(request: &ListBillsRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let hall_id = fields.optional_id("hall_id", &request.hall_id);
        let member_id = fields.optional_id("member_id", &request.member_id);
        if request.hall_id.is_empty() && request.member_id.is_empty() {
            fields.refuse("hall_id", "is required if member_id is empty");
        }
        let filter = [hall_id, member_id];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        Ok(Self {
            hall_id,
            member_id,
            page,
        })
    }
}

impl Belongs for Wanted {
    /// To whom all bills of the list belong.
    fn belonging(&self) -> Belonging {
        Belonging {
            member: self.member_id,
            hall: self.hall_id,
            chain: None,
        }
    }
}

impl Watched for BillRow {
    fn announced(reader: &Reader) -> Receiver<Announcement<Arc<[Self]>>> {
        reader.bills.watch()
    }

    fn id(&self) -> Uuid {
        self.session_id
    }

    async fn watched_row(reader: &Reader, id: Uuid, deadline: Deadline) -> Result<(Self, u64), Error> {
        reader.bill(id, deadline).await
    }

    fn is_final(&self) -> bool {
        self.status.is_final()
    }
}

impl Reader {
    /// The bill of a session.
    pub(crate) async fn bill(&self, session_id: Uuid, deadline: Deadline) -> Result<(BillRow, u64), Error> {
        self.one(&self.bills, "session", "session_id", session_id, deadline)
            .await
    }

    async fn bill_page(&self, wanted: &Wanted, deadline: Deadline) -> Result<Found<BillRow>, Error> {
        let mut values = vec![Value::Number(wanted.page.before()), Value::Number(wanted.page.limit())];
        let mut conditions = String::from("opened_position < $3");
        for (column, id) in [("member_id", wanted.member_id), ("hall_id", wanted.hall_id)] {
            if let Some(id) = id {
                values.push(Value::Id(id));
                conditions.push_str(&format!(" AND {column} = ${}", values.len() + 2));
            }
        }
        let selection = Selection {
            tail: &format!("{conditions} ORDER BY opened_position DESC LIMIT $4"),
            values: &values,
        };
        self.read(&self.bills, selection, deadline).await
    }
}
