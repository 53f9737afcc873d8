//! `BillService`: bills with their lines.

use std::sync::Arc;

use baize_proto::access::{Belonging, Signer};
use baize_proto::hall::view::v1::{
    GetBillRequest, GetBillResponse, GetReceiptRequest, GetReceiptResponse, ListBillsRequest, ListBillsResponse,
    WatchBillRequest, WatchBillResponse, bill_service_server,
};
use futures::stream::{BoxStream, StreamExt as _};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode;
use super::error::Error;
use super::fields::Fields;
use super::page::PageToken;
use super::reader::{Found, Reader, Selection, Value};
use super::receipt;
use super::rights::{Asker, Belongs};
use super::watch::{BillUpdate, watch_bill};
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
        let page = BillPage::try_from(&request)?;
        asker.may_ask(&self.reader, page.belonging(), deadline).await?;
        self.reader
            .wait(&self.reader.bills, request.min_position, deadline)
            .await?;
        let Found { mut rows, position } = self.reader.bill_page(&page, deadline).await?;
        let next_page_token = page.cut(&mut rows);
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
        let updates = watch_bill(Arc::clone(&self.reader), session_id)?;
        Ok(Response::new(
            updates.map(|update| update.map(watched).map_err(Status::from)).boxed(),
        ))
    }
}

fn watched(BillUpdate { bill, position }: BillUpdate) -> WatchBillResponse {
    WatchBillResponse {
        bill: Some(encode::session_bill(bill)),
        position,
    }
}

/// One page of a list of bills, newest first.
struct BillPage {
    hall_id: Option<Uuid>,
    member_id: Option<Uuid>,
    size: u32,
    before: i64,
}

impl TryFrom<&ListBillsRequest> for BillPage {
    type Error = Error;

    fn try_from(request: &ListBillsRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let hall_id = fields.optional_id("hall_id", &request.hall_id);
        let member_id = fields.optional_id("member_id", &request.member_id);
        if request.hall_id.is_empty() && request.member_id.is_empty() {
            fields.refuse("hall_id", "is required if member_id is empty");
        }
        let size = fields.page_size(request.page_size);
        let before = match request.page_token.as_str() {
            "" => Some(i64::MAX),
            token => PageToken::read(token, &[hall_id, member_id]).map(|token| token.before),
        };
        if before.is_none() {
            fields.refuse("page_token", "is not of this query");
        }
        fields.finish()?;
        Ok(Self {
            hall_id,
            member_id,
            size,
            before: before.unwrap_or(i64::MAX),
        })
    }
}

impl Belongs for BillPage {
    /// To whom all bills of the list belong.
    fn belonging(&self) -> Belonging {
        Belonging {
            member: self.member_id,
            hall: self.hall_id,
            chain: None,
        }
    }
}

impl BillPage {
    /// Takes the row off that shows that there are more, and says where they begin.
    fn cut(&self, rows: &mut Vec<BillRow>) -> String {
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        match rows.last().filter(|_| more) {
            Some(last) => PageToken {
                before: last.opened_position,
            }
            .write(&[self.hall_id, self.member_id]),
            None => String::new(),
        }
    }
}

impl Reader {
    /// The bill of a session.
    pub(crate) async fn bill(&self, session_id: Uuid, deadline: Deadline) -> Result<(BillRow, u64), Error> {
        let selection = Selection {
            tail: "session_id = $3",
            values: &[Value::Id(session_id)],
        };
        let Found { rows, position } = self.read(&self.bills, selection, deadline).await?;
        let missing = || Error::NotFound {
            kind: "session",
            id: session_id.to_string(),
        };
        Ok((rows.into_iter().next().ok_or_else(missing)?, position))
    }

    async fn bill_page(&self, page: &BillPage, deadline: Deadline) -> Result<Found<BillRow>, Error> {
        let mut values = vec![Value::Number(page.before), Value::Number(i64::from(page.size) + 1)];
        let mut conditions = String::from("opened_position < $3");
        for (column, id) in [("member_id", page.member_id), ("hall_id", page.hall_id)] {
            if let Some(id) = id {
                values.push(Value::Id(id));
                conditions.push_str(&format!(" AND {column} = ${}", values.len() + 2));
            }
        }
        let tail = format!("{conditions} ORDER BY opened_position DESC LIMIT $4");
        let mut found: Found<BillRow> = self
            .read(
                &self.bills,
                Selection {
                    tail: &tail,
                    values: &values,
                },
                deadline,
            )
            .await?;
        found.rows.sort_by_key(|bill| std::cmp::Reverse(bill.opened_position));
        Ok(found)
    }
}
