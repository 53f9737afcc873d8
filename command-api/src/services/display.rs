//! `hall.venue.v1.DisplayService`.

use baize_proto::access::{Signer, display_link};
use baize_proto::hall::venue::v1::display_service_server::DisplayService;
use baize_proto::hall::venue::v1::{
    IssueDisplayLinkRequest, IssueDisplayLinkResponse, RevokeDisplayLinkRequest, RevokeDisplayLinkResponse,
};
use jiff::Timestamp;
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

use super::Services;
use crate::errors;

#[async_trait]
impl DisplayService for Services {
    async fn issue_display_link(
        &self,
        request: Request<IssueDisplayLinkRequest>,
    ) -> Result<Response<IssueDisplayLinkResponse>, Status> {
        let hall_id = Uuid::try_parse(&request.get_ref().hall_id).unwrap_or_default();
        let mut response = self.execute(request).await?;
        let link = response.get_mut();
        let display_id = Uuid::try_parse(&link.display_id).unwrap_or_default();
        let expires_at = link.expires_at.map_or(0, |at| at.seconds);
        let expires_at = Timestamp::from_second(expires_at).unwrap_or_default();
        let path = display_link(&Signer::new(self.keys.clone()), hall_id, display_id, expires_at);
        link.page_path = path.map_err(|error| errors::internal(&error.into()))?;
        Ok(response)
    }

    async fn revoke_display_link(
        &self,
        request: Request<RevokeDisplayLinkRequest>,
    ) -> Result<Response<RevokeDisplayLinkResponse>, Status> {
        self.execute(request).await
    }
}
