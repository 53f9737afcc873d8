//! `hall.split.v1.SplitService`.

use baize_proto::hall::split::v1::split_service_server::SplitService;
use baize_proto::hall::split::v1::{
    CancelSplitRequest, CancelSplitResponse, ConfirmShareRequest, ConfirmShareResponse, DeclineShareRequest,
    DeclineShareResponse, PayShareRequest, PayShareResponse, RemoveShareRequest, RemoveShareResponse, ResplitRequest,
    ResplitResponse, StartSplitRequest, StartSplitResponse, TakeOverShareRequest, TakeOverShareResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl SplitService for Services {
    async fn start_split(&self, request: Request<StartSplitRequest>) -> Result<Response<StartSplitResponse>, Status> {
        self.execute(request).await
    }

    async fn resplit(&self, request: Request<ResplitRequest>) -> Result<Response<ResplitResponse>, Status> {
        self.execute(request).await
    }

    async fn confirm_share(
        &self,
        request: Request<ConfirmShareRequest>,
    ) -> Result<Response<ConfirmShareResponse>, Status> {
        self.execute(request).await
    }

    async fn decline_share(
        &self,
        request: Request<DeclineShareRequest>,
    ) -> Result<Response<DeclineShareResponse>, Status> {
        self.execute(request).await
    }

    async fn pay_share(&self, request: Request<PayShareRequest>) -> Result<Response<PayShareResponse>, Status> {
        self.execute(request).await
    }

    async fn remove_share(
        &self,
        request: Request<RemoveShareRequest>,
    ) -> Result<Response<RemoveShareResponse>, Status> {
        self.execute(request).await
    }

    async fn take_over_share(
        &self,
        request: Request<TakeOverShareRequest>,
    ) -> Result<Response<TakeOverShareResponse>, Status> {
        self.execute(request).await
    }

    async fn cancel_split(
        &self,
        request: Request<CancelSplitRequest>,
    ) -> Result<Response<CancelSplitResponse>, Status> {
        self.execute(request).await
    }
}
