//! `hall.wallet.v1.WalletService`.

use baize_proto::hall::wallet::v1::wallet_service_server::WalletService;
use baize_proto::hall::wallet::v1::{CreditTopUpRequest, CreditTopUpResponse, PayBillRequest, PayBillResponse};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl WalletService for Services {
    async fn credit_top_up(
        &self,
        request: Request<CreditTopUpRequest>,
    ) -> Result<Response<CreditTopUpResponse>, Status> {
        self.execute(request).await
    }
    async fn pay_bill(&self, request: Request<PayBillRequest>) -> Result<Response<PayBillResponse>, Status> {
        self.execute(request).await
    }
}
