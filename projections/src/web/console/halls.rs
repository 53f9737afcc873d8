//! The halls that the visitor may look into.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use baize_proto::access::Role;
use baize_proto::hall::view::v1::directory_service_server::DirectoryService as _;
use baize_proto::hall::view::v1::{DirectoryHall, ListHallsRequest};

use super::super::render;
use super::Console;
use super::pages::{Layout, Problem};
use super::visitor::Visitor;

/// Halls of one page.
const HALLS_MAX: i32 = 200;

#[derive(Template)]
#[template(path = "console/halls.html")]
struct HallsPage {
    l: Layout,
    halls: Vec<DirectoryHall>,
}

pub(super) async fn page(State(console): State<Arc<Console>>, visitor: Visitor) -> Result<Response, Problem> {
    let halls = theirs(&console, &visitor).await?;
    Ok(render(&HallsPage {
        l: visitor.layout("/console"),
        halls,
    }))
}

/// The halls of the visitor's role: everybody may know that a hall is there, but these are what they came for.
pub(super) async fn theirs(console: &Console, visitor: &Visitor) -> Result<Vec<DirectoryHall>, Problem> {
    let claims = visitor.claims();
    let request = ListHallsRequest {
        chain_id: claims.chain.map(|chain| chain.to_string()).unwrap_or_default(),
        page_size: HALLS_MAX,
        ..ListHallsRequest::default()
    };
    let call = visitor.call("/hall.view.v1.DirectoryService/ListHalls", request)?;
    let answer = console.services.directory.list_halls(call).await;
    let mut halls = answer.map_err(|status| visitor.problem(status))?.into_inner().halls;
    if claims.role == Role::Staff {
        halls.retain(|hall| claims.halls.iter().any(|theirs| theirs.to_string() == hall.hall_id));
    }
    Ok(halls)
}
