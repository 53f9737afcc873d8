//! What a chain and its halls consist of, over gRPC.

use baize_proto::hall::table::v1::CloseSessionRequest;
use baize_proto::hall::venue::v1::{
    ChangeHallRequest, ChangeTableRequest, DefineLevelsRequest, Level, RegisterHallRequest, RenameChainRequest,
    RetireHallRequest, RetireTableRequest, RotateQrTokenRequest, TableClass,
};
use tonic::Code;

use super::world::{World, refused, request_id, table};

fn level(code: &str, discount: &str) -> Level {
    Level {
        code: code.to_owned(),
        name_zh: "贵宾".to_owned(),
        name_en: "VIP".to_owned(),
        discount: discount.to_owned(),
        ..Level::default()
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
        ..DefineLevelsRequest::default()
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

#[tokio::test]
async fn a_hall_and_its_tables_change_and_go_over_grpc() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let table_id = hall.tables[0].clone();
    let change = ChangeHallRequest {
        request_id: request_id(),
        hall_id: hall.hall_id.clone(),
        name: Some("Blue Cloth".to_owned()),
        time_zone: Some("Asia/Urumqi".to_owned()),
        business_day_cutoff_minutes: Some(300),
    };
    clients.venue.change_hall(change).await.unwrap();
    let change = ChangeTableRequest {
        request_id: request_id(),
        table_id: table_id.clone(),
        label: Some("V1".to_owned()),
        table_class: TableClass::Snooker.into(),
        ..ChangeTableRequest::default()
    };
    clients.venue.change_table(change).await.unwrap();
    let rotate = RotateQrTokenRequest {
        request_id: request_id(),
        table_id: table_id.clone(),
    };
    let first = clients
        .venue
        .rotate_qr_token(rotate.clone())
        .await
        .unwrap()
        .into_inner();
    let again = clients.venue.rotate_qr_token(rotate).await.unwrap().into_inner();
    assert_eq!(first, again, "one request, one code");
    assert_eq!(first.qr_token.len(), 26);

    let member = clients.member(100_000).await;
    let opened = clients.open(&table_id, &member).await.unwrap();
    let retire = |table_id: &str| RetireTableRequest {
        request_id: request_id(),
        table_id: table_id.to_owned(),
    };
    refused(
        clients.venue.retire_table(retire(&table_id)).await,
        Code::FailedPrecondition,
        "TABLE_IN_USE",
    );
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id: opened.session_id,
    };
    clients.table.close_session(close).await.unwrap();
    clients.venue.retire_table(retire(&table_id)).await.unwrap();
    let retire_hall = RetireHallRequest {
        request_id: request_id(),
        hall_id: hall.hall_id.clone(),
    };
    clients.venue.retire_hall(retire_hall).await.unwrap();
    refused(
        clients.venue.register_table(table(&hall, 1)).await,
        Code::FailedPrecondition,
        "HALL_RETIRED",
    );
}

#[tokio::test]
async fn what_changes_is_checked_field_by_field() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let named = |details: tonic_types::ErrorDetails| -> Vec<String> {
        let violations = details.bad_request().unwrap().field_violations.clone();
        let mut fields: Vec<_> = violations.into_iter().map(|violation| violation.field).collect();
        fields.sort();
        fields
    };
    let hall = ChangeHallRequest {
        name: Some(" ".to_owned()),
        time_zone: Some("Asia/Atlantis".to_owned()),
        business_day_cutoff_minutes: Some(1_440),
        ..ChangeHallRequest::default()
    };
    let details = refused(
        clients.venue.change_hall(hall).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    let expected = [
        "business_day_cutoff_minutes",
        "hall_id",
        "name",
        "request_id",
        "time_zone",
    ];
    assert_eq!(named(details), expected);
    let table = ChangeTableRequest {
        label: Some(String::new()),
        table_class: 77,
        tariff_plan_id: "plan".to_owned(),
        light_channel: 33,
        ..ChangeTableRequest::default()
    };
    let details = refused(
        clients.venue.change_table(table).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    let expected = [
        "label",
        "light_channel",
        "light_device_id",
        "request_id",
        "table_class",
        "table_id",
        "tariff_plan_id",
    ];
    assert_eq!(named(details), expected);
}
