//! `hall.table.v1.TableService`.

use baize_domain::ids::MemberId;
use baize_proto::access::{Access, Claims, Denial, Role, denied};
use baize_proto::hall::table::v1::table_service_server::TableService;
use baize_proto::hall::table::v1::{
    AddGoodsRequest, AddGoodsResponse, CancelOpeningRequest, CancelOpeningResponse, CloseSessionByStaffRequest,
    CloseSessionByStaffResponse, CloseSessionRequest, CloseSessionResponse, ExtendSessionRequest,
    ExtendSessionResponse, OpenTableRequest, OpenTableResponse, OrderGoodsRequest, OrderGoodsResponse,
    PauseSessionRequest, PauseSessionResponse, QuoteSessionRequest, QuoteSessionResponse, RemoveGoodsRequest,
    RemoveGoodsResponse, ResumeSessionRequest, ResumeSessionResponse, TransferSessionRequest, TransferSessionResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::Services;
use crate::dispatch::{CommandError, Whose};
use crate::errors;
use crate::wire::{Fields, quote_request, quoted};

#[async_trait]
impl TableService for Services {
    async fn quote_session(
        &self,
        request: Request<QuoteSessionRequest>,
    ) -> Result<Response<QuoteSessionResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let mut fields = Fields::default();
        let asked = quote_request(message, &mut fields);
        let asked = fields.finish(asked).map_err(errors::invalid)?;
        if let (Some(access), Some(Whose::Member(member_id))) = (extensions.get::<Access>(), &asked.whose) {
            may_know_level_of(access.claims(), *member_id)?;
        }
        let quote = self.dispatcher.quote(asked).await.map_err(errors::status)?;
        Ok(Response::new(quoted(quote)))
    }

    async fn open_table(&self, request: Request<OpenTableRequest>) -> Result<Response<OpenTableResponse>, Status> {
        self.execute(request).await
    }

    async fn cancel_opening(
        &self,
        request: Request<CancelOpeningRequest>,
    ) -> Result<Response<CancelOpeningResponse>, Status> {
        self.execute(request).await
    }

    async fn extend_session(
        &self,
        request: Request<ExtendSessionRequest>,
    ) -> Result<Response<ExtendSessionResponse>, Status> {
        self.execute(request).await
    }

    async fn add_goods(&self, request: Request<AddGoodsRequest>) -> Result<Response<AddGoodsResponse>, Status> {
        self.execute(request).await
    }

    async fn order_goods(&self, request: Request<OrderGoodsRequest>) -> Result<Response<OrderGoodsResponse>, Status> {
        self.execute(request).await
    }

    async fn remove_goods(
        &self,
        request: Request<RemoveGoodsRequest>,
    ) -> Result<Response<RemoveGoodsResponse>, Status> {
        self.execute(request).await
    }

    async fn transfer_session(
        &self,
        request: Request<TransferSessionRequest>,
    ) -> Result<Response<TransferSessionResponse>, Status> {
        self.execute(request).await
    }

    async fn pause_session(
        &self,
        request: Request<PauseSessionRequest>,
    ) -> Result<Response<PauseSessionResponse>, Status> {
        self.execute(request).await
    }

    async fn resume_session(
        &self,
        request: Request<ResumeSessionRequest>,
    ) -> Result<Response<ResumeSessionResponse>, Status> {
        self.execute(request).await
    }

    async fn close_session_by_staff(
        &self,
        request: Request<CloseSessionByStaffRequest>,
    ) -> Result<Response<CloseSessionByStaffResponse>, Status> {
        self.execute(request).await
    }

    async fn close_session(
        &self,
        request: Request<CloseSessionRequest>,
    ) -> Result<Response<CloseSessionResponse>, Status> {
        self.execute(request).await
    }
}

/// A person's level shows in the price: customers may ask for their own only.
fn may_know_level_of(claims: &Claims, member_id: MemberId) -> Result<(), Status> {
    if claims.role != Role::Customer || claims.subject == member_id.0 {
        return Ok(());
    }
    denied("QuoteSession", claims, Denial::NotYours);
    Err(errors::status(CommandError::Denied(Denial::NotYours)))
}
