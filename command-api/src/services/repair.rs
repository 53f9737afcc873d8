//! `hall.device.v1.RepairService`.

use baize_proto::hall::device::v1::repair_service_server::RepairService;
use baize_proto::hall::device::v1::{
    CompleteRepairRequest, CompleteRepairResponse, ReportFaultRequest, ReportFaultResponse, StartRepairRequest,
    StartRepairResponse, TestDeviceRequest, TestDeviceResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl RepairService for Services {
    async fn report_fault(
        &self,
        request: Request<ReportFaultRequest>,
    ) -> Result<Response<ReportFaultResponse>, Status> {
        self.execute(request).await
    }

    async fn start_repair(
        &self,
        request: Request<StartRepairRequest>,
    ) -> Result<Response<StartRepairResponse>, Status> {
        self.execute(request).await
    }

    async fn complete_repair(
        &self,
        request: Request<CompleteRepairRequest>,
    ) -> Result<Response<CompleteRepairResponse>, Status> {
        self.execute(request).await
    }

    async fn test_device(&self, request: Request<TestDeviceRequest>) -> Result<Response<TestDeviceResponse>, Status> {
        self.execute(request).await
    }
}
