//! `hall.payment.v1.ReconciliationService`.

use baize_proto::hall::payment::v1::reconciliation_service_server::ReconciliationService;
use baize_proto::hall::payment::v1::{
    CloseDifferenceRequest, CloseDifferenceResponse, ExplainDifferenceRequest, ExplainDifferenceResponse,
    RerunReconciliationRequest, RerunReconciliationResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl ReconciliationService for Services {
    async fn rerun_reconciliation(
        &self,
        request: Request<RerunReconciliationRequest>,
    ) -> Result<Response<RerunReconciliationResponse>, Status> {
        self.execute(request).await
    }

    async fn explain_difference(
        &self,
        request: Request<ExplainDifferenceRequest>,
    ) -> Result<Response<ExplainDifferenceResponse>, Status> {
        self.execute(request).await
    }

    async fn close_difference(
        &self,
        request: Request<CloseDifferenceRequest>,
    ) -> Result<Response<CloseDifferenceResponse>, Status> {
        self.execute(request).await
    }
}
