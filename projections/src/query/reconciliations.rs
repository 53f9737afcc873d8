//! `ReconciliationService`: what comparing providers' bills with our books found.

use std::sync::Arc;

use baize_domain::reconciliation::{DifferenceKind, RowKind, Sums};
use baize_proto::access::Belonging;
use baize_proto::hall::payment::v1::Channel as Named;
use baize_proto::hall::view::v1::{
    self as view, BillDifference, GetReconciliationRequest, GetReconciliationResponse, ListReconciliationsRequest,
    ListReconciliationsResponse, ReconciledRows, Reconciliation, reconciliation_service_server,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode::{stored, timestamp};
use super::error::Error;
use super::fields::Fields;
use super::page::{Page, flag};
use super::reader::{Found, Reader, Selection, Value};
use super::rights::Asker;
use crate::views::reconciliations::{DayRow, DifferenceRow, DifferenceStatus, ProviderName};

/// The service.
pub(crate) struct ReconciliationService {
    reader: Arc<Reader>,
}

impl ReconciliationService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

#[tonic::async_trait]
impl reconciliation_service_server::ReconciliationService for ReconciliationService {
    async fn get_reconciliation(
        &self,
        request: Request<GetReconciliationRequest>,
    ) -> Result<Response<GetReconciliationResponse>, Status> {
        let asker = Asker::of(&request, "ReconciliationService/GetReconciliation")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let id = fields.id("reconciliation_id", &request.reconciliation_id);
        let filter = [Some(id), flag(request.open_only)];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::default(), deadline).await?;
        reader
            .wait(&reader.reconciliations, request.min_position, deadline)
            .await?;
        let (day, position) = reader.reconciliation(id, deadline).await?;
        let Found { mut rows, .. } = reader.bill_differences(id, request.open_only, &page, deadline).await?;
        let next_page_token = page.oldest_first(&mut rows, |row| row.number);
        Ok(Response::new(GetReconciliationResponse {
            reconciliation: Some(reconciliation(day)),
            differences: rows.into_iter().map(difference).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_reconciliations(
        &self,
        request: Request<ListReconciliationsRequest>,
    ) -> Result<Response<ListReconciliationsResponse>, Status> {
        let asker = Asker::of(&request, "ReconciliationService/ListReconciliations")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let wanted = Wanted::try_from(&request)?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::default(), deadline).await?;
        reader
            .wait(&reader.reconciliations, request.min_position, deadline)
            .await?;
        let Found { mut rows, position } = reader.reconciliation_page(&wanted, deadline).await?;
        let next_page_token = wanted.page.newest_first(&mut rows, |row| row.started);
        Ok(Response::new(ListReconciliationsResponse {
            reconciliations: rows.into_iter().map(reconciliation).collect(),
            next_page_token,
            position,
        }))
    }
}

/// Which days.
struct Wanted {
    channel: Option<ProviderName>,
    unfinished_only: bool,
    page: Page,
}

impl TryFrom<&ListReconciliationsRequest> for Wanted {
    type Error = Error;

    fn try_from(request: &ListReconciliationsRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        if Named::try_from(request.channel).is_err() {
            fields.refuse("channel", "is none that is known");
        }
        let channel = match request.channel() {
            Named::Unspecified => None,
            Named::WechatPay => Some(ProviderName::WechatPay),
            Named::Alipay => Some(ProviderName::Alipay),
        };
        let asked = Uuid::from_u64_pair(0, u64::from(request.channel.unsigned_abs()));
        let filter = [Some(asked), flag(request.unfinished_only)];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        Ok(Self {
            channel,
            unfinished_only: request.unfinished_only,
            page,
        })
    }
}

impl Reader {
    async fn reconciliation(&self, id: Uuid, deadline: Deadline) -> Result<(DayRow, u64), Error> {
        self.one(
            &self.reconciliations,
            "reconciliation",
            "reconciliation_id",
            id,
            deadline,
        )
        .await
    }

    async fn bill_differences(
        &self,
        of: Uuid,
        open_only: bool,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Found<DifferenceRow>, Error> {
        let values = [Value::Id(of), Value::Number(page.after()), Value::Number(page.limit())];
        let open = if open_only {
            " AND status IN ('open', 'explained')"
        } else {
            ""
        };
        let selection = Selection {
            tail: &format!("reconciliation_id = $3 AND number > $4{open} ORDER BY number LIMIT $5"),
            values: &values,
        };
        self.read(&self.reconciliations, selection, deadline).await
    }

    async fn reconciliation_page(&self, wanted: &Wanted, deadline: Deadline) -> Result<Found<DayRow>, Error> {
        let mut values = vec![Value::Number(wanted.page.before()), Value::Number(wanted.page.limit())];
        let mut conditions = String::from("started < $3");
        if let Some(channel) = wanted.channel {
            values.push(Value::Text(channel.as_str()));
            conditions.push_str(" AND channel = $5");
        }
        if wanted.unfinished_only {
            conditions.push_str(" AND NOT finished");
        }
        let selection = Selection {
            tail: &format!("{conditions} ORDER BY started DESC LIMIT $4"),
            values: &values,
        };
        self.read(&self.reconciliations, selection, deadline).await
    }
}

fn reconciliation(row: DayRow) -> Reconciliation {
    let channel = match row.channel {
        ProviderName::WechatPay => Named::WechatPay,
        ProviderName::Alipay => Named::Alipay,
    };
    let compared = row.compared.0;
    let fees = compared.as_ref().map(|compared| compared.fees).unwrap_or_default();
    Reconciliation {
        reconciliation_id: row.reconciliation_id.to_string(),
        channel: channel.into(),
        date: row.day,
        run: compared.as_ref().map_or(0, |compared| compared.run),
        digest: compared
            .as_ref()
            .map(|compared| compared.digest.clone())
            .unwrap_or_default(),
        bill: compared.as_ref().map(|compared| rows(compared.bill)),
        book: compared.as_ref().map(|compared| rows(compared.book)),
        matched: compared.as_ref().map(|compared| rows(compared.matched)),
        fees_billed_fen: fees.billed.0,
        fees_expected_fen: fees.expected.0,
        fees_posted_fen: row.fees_posted_fen,
        open: row.open.unsigned_abs(),
        finished: row.finished,
        rerun_asked: row.rerun_asked,
        compared_at: compared.map(|compared| timestamp(compared.at)),
    }
}

const fn rows(sums: Sums) -> ReconciledRows {
    ReconciledRows {
        rows: sums.rows,
        amount_fen: sums.amount.0,
    }
}

fn difference(row: DifferenceRow) -> BillDifference {
    let found = row.difference.0;
    let kind = match found.kind {
        DifferenceKind::MissingHere => view::DifferenceKind::MissingHere,
        DifferenceKind::MissingThere => view::DifferenceKind::MissingThere,
        DifferenceKind::AmountDiffers => view::DifferenceKind::AmountDiffers,
        DifferenceKind::StateDiffers => view::DifferenceKind::StateDiffers,
        DifferenceKind::FeeDiffers => view::DifferenceKind::FeeDiffers,
    };
    let status = match row.status {
        DifferenceStatus::Open => view::DifferenceStatus::Open,
        DifferenceStatus::Explained => view::DifferenceStatus::Explained,
        DifferenceStatus::ClosedAsExplained => view::DifferenceStatus::ClosedAsExplained,
        DifferenceStatus::ClosedAsCorrected => view::DifferenceStatus::ClosedAsCorrected,
        DifferenceStatus::Vanished => view::DifferenceStatus::Vanished,
    };
    BillDifference {
        number: u32::try_from(row.number).unwrap_or_default(),
        kind: kind.into(),
        status: status.into(),
        is_refund: found.row.kind == RowKind::Refund,
        row_number: found.row.number,
        transaction_id: found.transaction_id,
        ours_fen: found.ours.map(|fen| fen.0),
        theirs_fen: found.theirs.map(|fen| fen.0),
        fee_billed_fen: found.fees.billed.0,
        fee_expected_fen: found.fees.expected.0,
        reason: row.reason.unwrap_or_default(),
        by: row.acted_by.map(|by| by.to_string()).unwrap_or_default(),
        changed_at: stored(Some(row.changed_at)),
    }
}
