//! `hall.staff.v1.StaffService`.

use std::time::Duration;

use baize_domain::ids::MemberId;
use baize_proto::access::{Access, Denial, Signer};
use baize_proto::hall::staff::v1::staff_service_server::StaffService;
use baize_proto::hall::staff::v1::{
    ActAsRequest, ActAsResponse, GrantOwnerRequest, GrantOwnerResponse, GrantStaffRequest, GrantStaffResponse,
    RevokeOwnerRequest, RevokeOwnerResponse, RevokeStaffRequest, RevokeStaffResponse,
};
use jiff::Timestamp;
use tonic::{Request, Response, Status, async_trait};

use super::Services;
use crate::errors;
use crate::people::Acting;
use crate::wire::{Fields, act_as_request, timestamp};

/// How long somebody may act in a role before they must ask again: a revocation works within it.
const ACTING: Duration = Duration::from_secs(15 * 60);

#[async_trait]
impl StaffService for Services {
    async fn grant_staff(&self, request: Request<GrantStaffRequest>) -> Result<Response<GrantStaffResponse>, Status> {
        self.execute(request).await
    }

    async fn revoke_staff(
        &self,
        request: Request<RevokeStaffRequest>,
    ) -> Result<Response<RevokeStaffResponse>, Status> {
        self.execute(request).await
    }

    async fn grant_owner(&self, request: Request<GrantOwnerRequest>) -> Result<Response<GrantOwnerResponse>, Status> {
        self.execute(request).await
    }

    async fn revoke_owner(
        &self,
        request: Request<RevokeOwnerRequest>,
    ) -> Result<Response<RevokeOwnerResponse>, Status> {
        self.execute(request).await
    }

    async fn act_as(&self, request: Request<ActAsRequest>) -> Result<Response<ActAsResponse>, Status> {
        let access = request.extensions().get::<Access>().ok_or(Denial::Nobody)?;
        let subject = access.claims().subject;
        let mut fields = Fields::default();
        let asked = act_as_request(request.get_ref(), &mut fields);
        let act_as = fields.finish(asked).map_err(errors::invalid)?;
        let member_id = MemberId(subject);
        let halls = self.dispatcher.role_of(member_id, act_as.chain_id, act_as.role).await;
        let halls = halls.map_err(errors::status)?;
        let claims = Acting { act_as, halls }.claims(member_id, Timestamp::now(), ACTING);
        let token = Signer::new(self.keys.clone()).issue(&claims);
        let token = token.map_err(|error| errors::internal(&error.into()))?;
        Ok(Response::new(ActAsResponse {
            token,
            expires_at: Some(timestamp(claims.expires_at)),
        }))
    }
}
