//! `hall.venue.v1.VenueService`.

use baize_proto::hall::venue::v1::venue_service_server::VenueService;
use baize_proto::hall::venue::v1::{
    ChangeHallPolicyRequest, ChangeHallPolicyResponse, ChangeHallRequest, ChangeHallResponse, ChangeTableRequest,
    ChangeTableResponse, DefineGoodsRequest, DefineGoodsResponse, DefineLevelsRequest, DefineLevelsResponse,
    EndMaintenanceRequest, EndMaintenanceResponse, PublishTariffRequest, PublishTariffResponse, RegisterChainRequest,
    RegisterChainResponse, RegisterDeviceRequest, RegisterDeviceResponse, RegisterHallRequest, RegisterHallResponse,
    RegisterTableRequest, RegisterTableResponse, RenameChainRequest, RenameChainResponse, RetireDeviceRequest,
    RetireDeviceResponse, RetireHallRequest, RetireHallResponse, RetireTableRequest, RetireTableResponse,
    RotateQrTokenRequest, RotateQrTokenResponse, StartMaintenanceRequest, StartMaintenanceResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl VenueService for Services {
    async fn register_chain(
        &self,
        request: Request<RegisterChainRequest>,
    ) -> Result<Response<RegisterChainResponse>, Status> {
        self.execute(request).await
    }

    async fn rename_chain(
        &self,
        request: Request<RenameChainRequest>,
    ) -> Result<Response<RenameChainResponse>, Status> {
        self.execute(request).await
    }

    async fn define_levels(
        &self,
        request: Request<DefineLevelsRequest>,
    ) -> Result<Response<DefineLevelsResponse>, Status> {
        self.execute(request).await
    }

    async fn register_hall(
        &self,
        request: Request<RegisterHallRequest>,
    ) -> Result<Response<RegisterHallResponse>, Status> {
        self.execute(request).await
    }

    async fn change_hall(&self, request: Request<ChangeHallRequest>) -> Result<Response<ChangeHallResponse>, Status> {
        self.execute(request).await
    }

    async fn define_goods(
        &self,
        request: Request<DefineGoodsRequest>,
    ) -> Result<Response<DefineGoodsResponse>, Status> {
        self.execute(request).await
    }

    async fn retire_hall(&self, request: Request<RetireHallRequest>) -> Result<Response<RetireHallResponse>, Status> {
        self.execute(request).await
    }

    async fn change_hall_policy(
        &self,
        request: Request<ChangeHallPolicyRequest>,
    ) -> Result<Response<ChangeHallPolicyResponse>, Status> {
        self.execute(request).await
    }

    async fn publish_tariff(
        &self,
        request: Request<PublishTariffRequest>,
    ) -> Result<Response<PublishTariffResponse>, Status> {
        self.execute(request).await
    }

    async fn register_device(
        &self,
        request: Request<RegisterDeviceRequest>,
    ) -> Result<Response<RegisterDeviceResponse>, Status> {
        self.execute(request).await
    }

    async fn retire_device(
        &self,
        request: Request<RetireDeviceRequest>,
    ) -> Result<Response<RetireDeviceResponse>, Status> {
        self.execute(request).await
    }

    async fn register_table(
        &self,
        request: Request<RegisterTableRequest>,
    ) -> Result<Response<RegisterTableResponse>, Status> {
        self.execute(request).await
    }

    async fn change_table(
        &self,
        request: Request<ChangeTableRequest>,
    ) -> Result<Response<ChangeTableResponse>, Status> {
        self.execute(request).await
    }

    async fn rotate_qr_token(
        &self,
        request: Request<RotateQrTokenRequest>,
    ) -> Result<Response<RotateQrTokenResponse>, Status> {
        self.execute(request).await
    }

    async fn retire_table(
        &self,
        request: Request<RetireTableRequest>,
    ) -> Result<Response<RetireTableResponse>, Status> {
        self.execute(request).await
    }

    async fn start_maintenance(
        &self,
        request: Request<StartMaintenanceRequest>,
    ) -> Result<Response<StartMaintenanceResponse>, Status> {
        self.execute(request).await
    }

    async fn end_maintenance(
        &self,
        request: Request<EndMaintenanceRequest>,
    ) -> Result<Response<EndMaintenanceResponse>, Status> {
        self.execute(request).await
    }
}
