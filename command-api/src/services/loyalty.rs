//! `hall.loyalty.v1.LoyaltyService`.

use baize_proto::hall::loyalty::v1::loyalty_service_server::LoyaltyService;
use baize_proto::hall::loyalty::v1::{
    CancelRedemptionRequest, CancelRedemptionResponse, ChangeGiftRequest, ChangeGiftResponse,
    ChangePointsPolicyRequest, ChangePointsPolicyResponse, CountStockRequest, CountStockResponse, HandOverGiftRequest,
    HandOverGiftResponse, ReceiveStockRequest, ReceiveStockResponse, RedeemGiftRequest, RedeemGiftResponse,
    RegisterGiftRequest, RegisterGiftResponse, RetireGiftRequest, RetireGiftResponse, ReversePointsRequest,
    ReversePointsResponse,
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

    async fn register_gift(
        &self,
        request: Request<RegisterGiftRequest>,
    ) -> Result<Response<RegisterGiftResponse>, Status> {
        self.execute(request).await
    }

    async fn change_gift(&self, request: Request<ChangeGiftRequest>) -> Result<Response<ChangeGiftResponse>, Status> {
        self.execute(request).await
    }

    async fn retire_gift(&self, request: Request<RetireGiftRequest>) -> Result<Response<RetireGiftResponse>, Status> {
        self.execute(request).await
    }

    async fn receive_stock(
        &self,
        request: Request<ReceiveStockRequest>,
    ) -> Result<Response<ReceiveStockResponse>, Status> {
        self.execute(request).await
    }

    async fn count_stock(&self, request: Request<CountStockRequest>) -> Result<Response<CountStockResponse>, Status> {
        self.execute(request).await
    }

    async fn redeem_gift(&self, request: Request<RedeemGiftRequest>) -> Result<Response<RedeemGiftResponse>, Status> {
        self.execute(request).await
    }

    async fn hand_over_gift(
        &self,
        request: Request<HandOverGiftRequest>,
    ) -> Result<Response<HandOverGiftResponse>, Status> {
        self.execute(request).await
    }

    async fn cancel_redemption(
        &self,
        request: Request<CancelRedemptionRequest>,
    ) -> Result<Response<CancelRedemptionResponse>, Status> {
        self.execute(request).await
    }
}
