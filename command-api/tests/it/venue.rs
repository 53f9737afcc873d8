//! What a chain and its halls consist of, over gRPC.

use baize_proto::hall::venue::v1::{DefineLevelsRequest, Level, RegisterHallRequest, RenameChainRequest};
use tonic::Code;

use super::world::{World, refused, request_id};

fn level(code: &str, discount: &str) -> Level {
    Level {
        code: code.to_owned(),
        name_zh: "贵宾".to_owned(),
        name_en: "VIP".to_owned(),
        discount: discount.to_owned(),
    }
}

#[tokio::test]
async fn the_levels_of_a_chain_come_in_versions() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(0).await;
    let levels = vec![level("guest", ""), level("member", "0.05"), level("vip", "0.12")];
    let define = |levels: Vec<Level>| DefineLevelsRequest {
        request_id: request_id(),
        chain_id: hall.chain_id.clone(),
        levels,
    };
    for version in [2, 2] {
        let defined = clients.venue.define_levels(define(levels.clone())).await.unwrap();
        assert_eq!(
            defined.into_inner().version,
            version,
            "the same again is no new version"
        );
    }
    let without_vip = define(levels[..2].to_vec());
    let details = refused(
        clients.venue.define_levels(without_vip).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    assert_eq!(details.bad_request().unwrap().field_violations[0].field, "levels");
    let wrong = define(vec![level("VIP", "1.5")]);
    let details = refused(
        clients.venue.define_levels(wrong).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    let fields: Vec<_> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect();
    assert_eq!(fields, ["levels[0].code", "levels[0].discount"]);
}

#[tokio::test]
async fn nothing_belongs_to_a_chain_that_is_not_there() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = RegisterHallRequest {
        request_id: request_id(),
        chain_id: request_id(),
        name: "Nowhere".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        ..RegisterHallRequest::default()
    };
    refused(
        clients.venue.register_hall(hall).await,
        Code::NotFound,
        "CHAIN_NOT_FOUND",
    );
    let rename = RenameChainRequest {
        request_id: request_id(),
        chain_id: request_id(),
        name: "Anything".to_owned(),
    };
    refused(
        clients.venue.rename_chain(rename).await,
        Code::NotFound,
        "CHAIN_NOT_FOUND",
    );
}
