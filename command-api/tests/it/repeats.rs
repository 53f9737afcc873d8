//! One request id, one response.

use baize_proto::hall::table::v1::CloseSessionRequest;
use baize_proto::hall::venue::v1::RegisterHallRequest;
use tonic::Code;

use super::world::{World, postpaid, refused, request_id};

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_does_nothing() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let request = postpaid(&hall.tables[0], &member);
    let first = clients.table.open_table(request.clone()).await.unwrap().into_inner();
    let events = world.count("SELECT count(*) FROM events").await;
    for _ in 0..3 {
        let again = clients.table.open_table(request.clone()).await.unwrap().into_inner();
        assert_eq!(again, first);
    }
    assert_eq!(world.count("SELECT count(*) FROM events").await, events);
}

#[tokio::test]
async fn requests_repeated_at_the_same_time_are_one_request() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let request = postpaid(&hall.tables[0], &member);
    let answers = (0..50).map(|_| {
        let (mut clients, request) = (clients.clone(), request.clone());
        async move { clients.table.open_table(request).await.unwrap().into_inner() }
    });
    let answers = futures::future::join_all(answers).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(
        world
            .count("SELECT count(*) FROM events WHERE event_type = 'SessionOpened'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_stays_when_its_ground_is_gone() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let (first, second) = (clients.member(100_000).await, clients.member(100_000).await);
    let session_id = clients.open(&hall.tables[0], &first).await.unwrap().session_id;
    let request = postpaid(&hall.tables[0], &second);
    refused(
        clients.table.open_table(request.clone()).await,
        Code::FailedPrecondition,
        "TABLE_OCCUPIED",
    );
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id,
    };
    clients.table.close_session(close).await.unwrap();
    refused(
        clients.table.open_table(request).await,
        Code::FailedPrecondition,
        "TABLE_OCCUPIED",
    );
    clients.open(&hall.tables[0], &second).await.unwrap();
}

#[tokio::test]
async fn an_accepted_command_that_changes_nothing_has_its_answer_kept_too() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let session_id = clients.open(&hall.tables[0], &member).await.unwrap().session_id;
    let close = || CloseSessionRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
    };
    let closed = clients.table.close_session(close()).await.unwrap().into_inner();
    let again = close();
    let second = clients.table.close_session(again.clone()).await.unwrap().into_inner();
    assert_eq!((second.closed_at, &second.bill), (closed.closed_at, &closed.bill));
    assert_eq!(clients.table.close_session(again).await.unwrap().into_inner(), second);
    assert_eq!(
        world
            .count("SELECT count(*) FROM events WHERE event_type = 'SessionClosed'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_request_id_used_for_something_else_is_refused() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(2).await;
    let member = clients.member(100_000).await;
    let request = postpaid(&hall.tables[0], &member);
    clients.table.open_table(request.clone()).await.unwrap();

    let mut other_table = request.clone();
    other_table.table_id.clone_from(&hall.tables[1]);
    let reused = refused(
        clients.table.open_table(other_table).await,
        Code::InvalidArgument,
        "REQUEST_ID_REUSED",
    );
    assert_eq!(reused.bad_request().unwrap().field_violations[0].field, "request_id");
    let other_method = RegisterHallRequest {
        request_id: request.request_id,
        chain_id: request_id(),
        name: "Another".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        ..RegisterHallRequest::default()
    };
    refused(
        clients.venue.register_hall(other_method).await,
        Code::InvalidArgument,
        "REQUEST_ID_REUSED",
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM events WHERE event_type = 'TableOccupied'")
            .await,
        1
    );
}

#[tokio::test]
async fn another_process_gives_the_first_answer_too() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let request = postpaid(&hall.tables[0], &member);
    let first = clients.table.open_table(request.clone()).await.unwrap().into_inner();
    let other = World::on(baize_command_api::Options::new(&world.url)).await;
    let again = other
        .clients
        .clone()
        .table
        .open_table(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
}
