//! `hall.loyalty.v1.LoyaltyService`.

use baize_proto::hall::loyalty::v1::loyalty_service_server::LoyaltyService;
use baize_proto::hall::loyalty::v1::{
    ChangePointsPolicyRequest, ChangePointsPolicyResponse, ReversePointsRequest, ReversePointsResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl LoyaltyService for Services {
    async fn change_points_policy(
        &self,
        request: Request<ChangePointsPolicyRequest>,
    ) -> Result<Response<ChangePointsPolicyResponse>, Status> {
        self.execute(request).await
    }

    async fn reverse_points(
        &self,
        request: Request<ReversePointsRequest>,
    ) -> Result<Response<ReversePointsResponse>, Status> {
        self.execute(request).await
    }
}
