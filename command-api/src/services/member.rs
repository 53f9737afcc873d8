//! `hall.member.v1.MemberService`.

use baize_proto::hall::member::v1::member_service_server::MemberService;
use baize_proto::hall::member::v1::{
    BindPaymentMethodRequest, BindPaymentMethodResponse, BlacklistRequest, BlacklistResponse, RegisterMemberRequest,
    RegisterMemberResponse, SetLevelRequest, SetLevelResponse, UnbindPaymentMethodRequest, UnbindPaymentMethodResponse,
    UnblacklistRequest, UnblacklistResponse,
};
use tonic::{Request, Response, Status, async_trait};

use super::Services;

#[async_trait]
impl MemberService for Services {
    async fn register_member(
        &self,
        request: Request<RegisterMemberRequest>,
    ) -> Result<Response<RegisterMemberResponse>, Status> {
        self.execute(request).await
    }

    async fn bind_payment_method(
        &self,
        request: Request<BindPaymentMethodRequest>,
    ) -> Result<Response<BindPaymentMethodResponse>, Status> {
        self.execute(request).await
    }

    async fn unbind_payment_method(
        &self,
        request: Request<UnbindPaymentMethodRequest>,
    ) -> Result<Response<UnbindPaymentMethodResponse>, Status> {
        self.execute(request).await
    }

    async fn set_level(&self, request: Request<SetLevelRequest>) -> Result<Response<SetLevelResponse>, Status> {
        self.execute(request).await
    }

    async fn blacklist(&self, request: Request<BlacklistRequest>) -> Result<Response<BlacklistResponse>, Status> {
        self.execute(request).await
    }

    async fn unblacklist(&self, request: Request<UnblacklistRequest>) -> Result<Response<UnblacklistResponse>, Status> {
        self.execute(request).await
    }
}
