//! `PaymentService`: payments through providers, and what of them waits for somebody.

mod compensations;
mod encode;
mod read;

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    GetPaymentRequest, GetPaymentResponse, ListCompensationsRequest, ListCompensationsResponse,
    ListManualReviewRequest, ListManualReviewResponse, ListPaymentsRequest, ListPaymentsResponse, WatchPaymentRequest,
    WatchPaymentResponse, payment_service_server,
};
use futures::stream::{BoxStream, StreamExt as _};
use tonic::{Request, Response, Status};

use super::deadline::Deadline;
use super::fields::Fields;
use super::page::Page;
use super::reader::{Found, Reader};
use super::rights::{Asker, Belongs as _};
use super::watch::watch_row;
use crate::views::payments::PaymentRow;
use compensations::Wanted as WantedCompensations;
use read::Wanted;

/// The service.
pub(crate) struct PaymentService {
    reader: Arc<Reader>,
}

impl PaymentService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

#[tonic::async_trait]
impl payment_service_server::PaymentService for PaymentService {
    async fn get_payment(&self, request: Request<GetPaymentRequest>) -> Result<Response<GetPaymentResponse>, Status> {
        let asker = Asker::of(&request, "PaymentService/GetPayment")?;
        let deadline = Deadline::of(request.metadata());
        let GetPaymentRequest {
            intent_id,
            min_position,
        } = request.into_inner();
        let mut fields = Fields::default();
        let intent_id = fields.id("intent_id", &intent_id);
        fields.finish()?;
        self.reader.wait(&self.reader.payments, min_position, deadline).await?;
        let found = self.reader.payment(intent_id, deadline).await;
        let (payment, position) = asker.theirs(&self.reader, found, deadline).await?;
        Ok(Response::new(GetPaymentResponse {
            payment: Some(encode::payment(&payment)),
            position,
        }))
    }

    async fn list_payments(
        &self,
        request: Request<ListPaymentsRequest>,
    ) -> Result<Response<ListPaymentsResponse>, Status> {
        let asker = Asker::of(&request, "PaymentService/ListPayments")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let wanted = Wanted::try_from(&request)?;
        let reader = &self.reader;
        asker.may_ask(reader, wanted.belonging(), deadline).await?;
        reader.wait(&reader.payments, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.payment_page(&wanted, deadline).await?;
        let next_page_token = wanted.page.newest_first(&mut rows, |payment| payment.started);
        Ok(Response::new(ListPaymentsResponse {
            payments: rows.iter().map(encode::payment).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_manual_review(
        &self,
        request: Request<ListManualReviewRequest>,
    ) -> Result<Response<ListManualReviewResponse>, Status> {
        let asker = Asker::of(&request, "PaymentService/ListManualReview")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let chain_id = fields.optional_id("chain_id", &request.chain_id);
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &[chain_id]);
        fields.finish()?;
        let reader = &self.reader;
        let of = Belonging::default().and_chain(chain_id);
        asker.may_ask(reader, of, deadline).await?;
        reader.wait(&reader.payments, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.reviews(chain_id, &page, deadline).await?;
        let next_page_token = page.oldest_first(&mut rows, |(review, _)| review.since);
        let reviews = rows.iter().map(|(review, payment)| encode::review(review, payment));
        Ok(Response::new(ListManualReviewResponse {
            reviews: reviews.collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_compensations(
        &self,
        request: Request<ListCompensationsRequest>,
    ) -> Result<Response<ListCompensationsResponse>, Status> {
        let asker = Asker::of(&request, "PaymentService/ListCompensations")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let wanted = WantedCompensations::try_from(&request)?;
        let reader = &self.reader;
        asker.may_ask(reader, wanted.belonging(), deadline).await?;
        reader.wait(&reader.payments, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.compensations(&wanted, deadline).await?;
        let next_page_token = wanted.page.newest_first(&mut rows, |row| row.asked);
        Ok(Response::new(ListCompensationsResponse {
            compensations: rows.into_iter().map(encode::compensation).collect(),
            next_page_token,
            position,
        }))
    }

    type WatchPaymentStream = BoxStream<'static, Result<WatchPaymentResponse, Status>>;

    async fn watch_payment(
        &self,
        request: Request<WatchPaymentRequest>,
    ) -> Result<Response<Self::WatchPaymentStream>, Status> {
        let asker = Asker::of(&request, "PaymentService/WatchPayment")?;
        let deadline = Deadline::of(request.metadata());
        let WatchPaymentRequest {
            intent_id,
            min_position,
        } = request.into_inner();
        let mut fields = Fields::default();
        let intent_id = fields.id("intent_id", &intent_id);
        fields.finish()?;
        self.reader.wait(&self.reader.payments, min_position, deadline).await?;
        let found = self.reader.payment(intent_id, deadline).await;
        asker.theirs(&self.reader, found, deadline).await?;
        let updates = watch_row(&self.reader, intent_id)?;
        Ok(Response::new(
            updates.map(|update| update.map(watched).map_err(Status::from)).boxed(),
        ))
    }
}

fn watched((payment, position): (PaymentRow, u64)) -> WatchPaymentResponse {
    WatchPaymentResponse {
        payment: Some(encode::payment(&payment)),
        position,
    }
}
