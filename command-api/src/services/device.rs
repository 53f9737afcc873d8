//! `hall.device.v1.DeviceService`.

use baize_proto::hall::device::v1::device_service_server::DeviceService;
use baize_proto::hall::device::v1::{
    ConfirmLightRequest, ConfirmLightResponse, ReportDeviceHealthRequest, ReportDeviceHealthResponse,
    ReportLightExpiredRequest, ReportLightExpiredResponse, ReportLightFailureRequest, ReportLightFailureResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl DeviceService for Services {
    async fn confirm_light(
        &self,
        request: Request<ConfirmLightRequest>,
    ) -> Result<Response<ConfirmLightResponse>, Status> {
        self.execute(request).await
    }

    async fn report_light_expired(
        &self,
        request: Request<ReportLightExpiredRequest>,
    ) -> Result<Response<ReportLightExpiredResponse>, Status> {
        self.execute(request).await
    }

    async fn report_light_failure(
        &self,
        request: Request<ReportLightFailureRequest>,
    ) -> Result<Response<ReportLightFailureResponse>, Status> {
        self.execute(request).await
    }

    async fn report_device_health(
        &self,
        request: Request<ReportDeviceHealthRequest>,
    ) -> Result<Response<ReportDeviceHealthResponse>, Status> {
        self.execute(request).await
    }
}
