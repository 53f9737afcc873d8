//! Receipts: a settled bill with where, by which prices and how it was paid.

use std::time::Duration;

use baize_domain::hall::{business_date, time_zone_or_utc};
use baize_proto::access::Signer;
use baize_proto::hall::view::v1::{self as view, GetReceiptRequest, GetReceiptResponse, payment};
use jiff::Timestamp;
use jiff::civil::Date;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode;
use super::error::Error;
use super::fields::Fields;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::Asker;
use crate::views::bills::{BillRow, BillStatus, PaymentKind, PaymentRow};
use crate::views::directory::HallRow;

/// How long the address of a receipt's page shows it.
const PAGE_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Payments of one session that a receipt lists; a game has a few.
const PAYMENTS_MAX: usize = 200;

/// What a receipt says.
#[derive(Debug, Clone)]
pub(crate) struct Receipt {
    pub(crate) bill: BillRow,
    /// In the order in which they were made.
    pub(crate) payments: Vec<PaymentRow>,
    pub(crate) hall: HallRow,
    pub(crate) table_label: String,
    /// The hall's business day in which play ended.
    pub(crate) business_date: Date,
}

/// Where a receipt's page is.
pub(crate) fn page_path(session_id: Uuid) -> String {
    format!("/receipts/{session_id}")
}

/// Answers `BillService/GetReceipt`. The address of the page is signed if this process has a key that signs.
pub(super) async fn get(
    reader: &Reader,
    signer: &Signer,
    request: Request<GetReceiptRequest>,
) -> Result<Response<GetReceiptResponse>, Status> {
    let asker = Asker::of(&request, "BillService/GetReceipt")?;
    let deadline = Deadline::of(request.metadata());
    let request = request.into_inner();
    let mut fields = Fields::default();
    let session_id = fields.id("session_id", &request.session_id);
    fields.finish()?;
    reader.wait(&reader.bills, request.min_position, deadline).await?;
    let found = reader.bill(session_id, deadline).await;
    let (bill, position) = asker.theirs(reader, found, deadline).await?;
    let receipt = reader.receipt_of(bill, deadline).await?;
    let path = page_path(session_id);
    let ticket = signer.ticket(&path, Timestamp::now(), PAGE_LIFETIME).ok();
    let page_path = ticket
        .map(|ticket| format!("{path}?ticket={ticket}"))
        .unwrap_or_default();
    Ok(Response::new(GetReceiptResponse {
        receipt: Some(encoded(receipt)),
        page_path,
        position,
    }))
}

impl Reader {
    /// The receipt of a session.
    pub(crate) async fn receipt(&self, session_id: Uuid, deadline: Deadline) -> Result<Receipt, Error> {
        let (bill, _) = self.bill(session_id, deadline).await?;
        self.receipt_of(bill, deadline).await
    }

    /// The receipt of a bill, if it is settled.
    async fn receipt_of(&self, bill: BillRow, deadline: Deadline) -> Result<Receipt, Error> {
        match bill.status {
            BillStatus::Paid | BillStatus::Outstanding => {}
            BillStatus::Running => return Err(Error::NoReceipt("SESSION_STILL_OPEN")),
            BillStatus::Closed => return Err(Error::NoReceipt("SESSION_NOT_SETTLED")),
            BillStatus::Cancelled => return Err(Error::NoReceipt("SESSION_CANCELLED")),
        }
        let payments = self.payments(bill.session_id, deadline).await?;
        let hall = self.counted_hall(bill.hall_id, deadline).await?.0.hall;
        let table_label = self.directory_table(bill.table_id, deadline).await?.0.label;
        let ended = bill.closed_at.unwrap_or(bill.opened_at).timestamp();
        let cutoff = hall.business_day_cutoff_minutes.unsigned_abs();
        let business_date = business_date(&time_zone_or_utc(&hall.time_zone), cutoff, ended);
        Ok(Receipt {
            bill,
            payments,
            hall,
            table_label,
            business_date,
        })
    }

    async fn payments(&self, session_id: Uuid, deadline: Deadline) -> Result<Vec<PaymentRow>, Error> {
        let tail = format!("session_id = $3 ORDER BY position LIMIT {PAYMENTS_MAX}");
        let selection = Selection {
            tail: &tail,
            values: &[Value::Id(session_id)],
        };
        let Found { mut rows, .. }: Found<PaymentRow> = self.read(&self.bills, selection, deadline).await?;
        rows.sort_by_key(|payment| payment.position);
        Ok(rows)
    }
}

fn encoded(receipt: Receipt) -> view::Receipt {
    let Receipt {
        bill,
        payments,
        hall,
        table_label,
        business_date,
    } = receipt;
    let tariff_name = bill.tariff_name.clone();
    view::Receipt {
        hall_name: hall.name,
        time_zone: hall.time_zone,
        table_label,
        business_date: business_date.to_string(),
        tariff_name,
        payments: payments.into_iter().map(encoded_payment).collect(),
        bill: Some(encode::session_bill(bill)),
    }
}

fn encoded_payment(row: PaymentRow) -> view::Payment {
    let kind = match row.kind {
        PaymentKind::Prepaid => payment::Kind::Prepaid,
        PaymentKind::Refund => payment::Kind::Refund,
        PaymentKind::Settlement => payment::Kind::Settlement,
        PaymentKind::Debt => payment::Kind::Debt,
    };
    view::Payment {
        kind: kind.into(),
        source: payment::Source::Wallet.into(),
        principal_fen: row.principal_fen,
        bonus_fen: row.bonus_fen,
        at: Some(encode::timestamp(row.at.timestamp())),
    }
}
