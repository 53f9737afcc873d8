//! `hall.venue.v1`: links to wall screens.

use baize_domain::Command;
use baize_domain::hall::displays::{DAYS_MAX, LABEL_CHARS_MAX};
use baize_proto::hall::venue::v1::{
    IssueDisplayLinkRequest, IssueDisplayLinkResponse, RevokeDisplayLinkRequest, RevokeDisplayLinkResponse,
};

use super::{Fields, Mutation, timestamp};
use crate::dispatch::Reply;

impl Mutation for IssueDisplayLinkRequest {
    const METHOD: &'static str = "hall.venue.v1.DisplayService/IssueDisplayLink";
    type Response = IssueDisplayLinkResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::IssueDisplayLink {
            hall_id: fields.id("hall_id", &self.hall_id),
            display_id: fields.new_id("display_id", ""),
            label: fields.text("label", self.label, LABEL_CHARS_MAX),
            days: fields.uint("days", self.days, 1..=u32::from(DAYS_MAX)),
        }
    }

    /// Without the path: that is signed for this answer alone and never kept.
    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        match reply {
            Reply::DisplayLinkIssued { display_id, expires_at } => Some(IssueDisplayLinkResponse {
                display_id: display_id.to_string(),
                page_path: String::new(),
                expires_at: Some(timestamp(expires_at)),
                position,
            }),
            _ => None,
        }
    }
}

impl Mutation for RevokeDisplayLinkRequest {
    const METHOD: &'static str = "hall.venue.v1.DisplayService/RevokeDisplayLink";
    type Response = RevokeDisplayLinkResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RevokeDisplayLink {
            hall_id: fields.id("hall_id", &self.hall_id),
            display_id: fields.id("display_id", &self.display_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RevokeDisplayLinkResponse { position })
    }
}
