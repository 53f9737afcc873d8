//! Streams of changes.

use std::collections::BTreeMap;

use baize_projections::{Options, Projections};
use baize_proto::hall::view::v1::bill_service_client::BillServiceClient;
use baize_proto::hall::view::v1::board_service_client::BoardServiceClient;
use baize_proto::hall::view::v1::{
    BillStatus, BoardTable, TableStatus, WatchBillRequest, WatchBoardRequest, WatchBoardResponse,
};
use tonic::transport::Endpoint;
use tonic::{Code, Streaming};
use uuid::Uuid;

use crate::evening::{Session, Table, bill, hall, wallet_opened};
use crate::queries::Client;
use crate::stage::{NO_NATS, Stage, bearing, in_time, reach};

fn table(hall_id: Uuid) -> Table {
    Table {
        hall_id,
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    }
}

async fn next(stream: &mut Streaming<WatchBoardResponse>) -> WatchBoardResponse {
    in_time("the next update", stream.message()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_a_board_shows_it_whole_and_then_what_changes_in_that_hall() {
    let stage = Stage::new().await;
    let (here, there) = (Uuid::new_v4(), Uuid::new_v4());
    let (a1, a2, b1) = (table(here), table(here), table(there));
    let head = stage
        .append(vec![
            hall(here, "东"),
            hall(there, "西"),
            a1.registered("A1"),
            a2.registered("A2"),
            b1.registered("B1"),
        ])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let mut client = BoardServiceClient::new(Client::connect(&service).await.channel);
    let request = WatchBoardRequest {
        hall_id: here.to_string(),
    };
    let mut updates = client.watch_board(request).await.unwrap().into_inner();
    let first = next(&mut updates).await;
    assert!(first.snapshot);
    assert_eq!((first.position, first.tables.len()), (head, 2));

    stage.append(vec![b1.maintenance("elsewhere", 1)]).await;
    let position = stage.append(vec![a2.maintenance("here", 2)]).await;
    let change = next(&mut updates).await;
    assert!(!change.snapshot);
    assert_eq!((change.position, change.tables.len()), (position, 1));
    assert_eq!(change.tables[0].label, "A2");
    assert_eq!(
        (change.tables[0].status(), change.tables[0].maintenance_reason.as_str()),
        (TableStatus::Maintenance, "here")
    );

    let nowhere = WatchBoardRequest {
        hall_id: Uuid::new_v4().to_string(),
    };
    let mut nothing = client.watch_board(nowhere).await.unwrap().into_inner();
    assert_eq!(
        in_time("the refusal", nothing.message()).await.unwrap_err().code(),
        Code::NotFound
    );

    // A stopping service ends its streams instead of waiting for them.
    let ended = tokio::spawn(async move { updates.message().await });
    in_time("the stop", service.stop()).await;
    assert_eq!(
        in_time("the end", ended).await.unwrap().unwrap_err().code(),
        Code::Unavailable
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_a_bill_ends_when_it_is_paid() {
    let stage = Stage::new().await;
    let table = table(Uuid::new_v4());
    let session = Session {
        table,
        session_id: Uuid::new_v4(),
        member_id: Uuid::new_v4(),
    };
    let head = stage
        .append(vec![
            hall(table.hall_id, "球厅"),
            table.registered("A1"),
            wallet_opened(session.member_id, 0),
            session.opened_postpaid(100, 0),
        ])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let mut client = BillServiceClient::new(Client::connect(&service).await.channel);
    let request = WatchBillRequest {
        session_id: session.session_id.to_string(),
    };
    let mut updates = client.watch_bill(request.clone()).await.unwrap().into_inner();
    let mut steps = vec![
        (vec![session.billing_started(1)], BillStatus::Running),
        (vec![session.closed(bill(30, 500), 60)], BillStatus::Closed),
        (vec![session.settled(500, 0, 60)], BillStatus::Paid),
    ]
    .into_iter();
    let first = in_time("the bill", updates.message()).await.unwrap().unwrap();
    assert_eq!(first.bill.unwrap().status(), BillStatus::Running);
    for (happened, expected) in steps.by_ref() {
        let position = stage.append(happened).await;
        let update = in_time("the change", updates.message()).await.unwrap().unwrap();
        assert_eq!(update.position, position);
        assert_eq!(update.bill.unwrap().status(), expected);
    }
    assert!(in_time("the end", updates.message()).await.unwrap().is_none());

    let mut paid = client.watch_bill(request).await.unwrap().into_inner();
    assert_eq!(
        in_time("the bill", paid.message())
            .await
            .unwrap()
            .unwrap()
            .bill
            .unwrap()
            .status(),
        BillStatus::Paid
    );
    assert!(in_time("the end", paid.message()).await.unwrap().is_none());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_watcher_gets_the_board_again_instead_of_a_queue() {
    let stage = Stage::new().await;
    let table = table(Uuid::new_v4());
    let head = stage
        .append(vec![hall(table.hall_id, "球厅"), table.registered("A1")])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    // Little fits on the way between server and client.
    let endpoint = Endpoint::from_shared(format!("http://{}", service.grpc_address())).unwrap();
    let channel = endpoint.initial_stream_window_size(1_024).connect().await.unwrap();
    let mut client = BoardServiceClient::new(bearing(channel));
    let request = WatchBoardRequest {
        hall_id: table.hall_id.to_string(),
    };
    let mut updates = client.watch_board(request).await.unwrap().into_inner();
    let mut shown = BTreeMap::new();
    assert!(apply(&mut shown, next(&mut updates).await));

    // More changes than are kept for it, one batch each.
    let mut position = head;
    for n in 0..400 {
        position = stage
            .append(vec![table.maintenance(&format!("{n} {}", "很长的原因".repeat(30)), n)])
            .await;
        reach(&service, position).await;
    }
    let (mut whole_again, mut received) = (0, 0);
    in_time("the last change", async {
        loop {
            let update = updates.message().await.unwrap().unwrap();
            let reached = update.position;
            received += 1;
            whole_again += u32::from(apply(&mut shown, update));
            if reached == position {
                return;
            }
        }
    })
    .await;
    assert!(whole_again >= 1, "{received} updates came");
    assert!(received < 400, "{received} updates came");
    assert!(
        shown[&table.table_id.to_string()]
            .maintenance_reason
            .starts_with("399 ")
    );
    service.stop().await;
}

/// As a client does; says whether it was the whole board.
fn apply(shown: &mut BTreeMap<String, BoardTable>, update: WatchBoardResponse) -> bool {
    if update.snapshot {
        shown.clear();
    }
    shown.extend(update.tables.into_iter().map(|table| (table.table_id.clone(), table)));
    update.snapshot
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_beyond_the_limit_are_refused() {
    let stage = Stage::new().await;
    let hall_id = Uuid::new_v4();
    let head = stage.append(vec![hall(hall_id, "球厅")]).await;
    let options = Options {
        watchers_max: 2,
        ..stage.options(NO_NATS)
    };
    let service = Projections::start(options).await.unwrap();
    reach(&service, head).await;
    let mut client = BoardServiceClient::new(Client::connect(&service).await.channel);
    let request = WatchBoardRequest {
        hall_id: hall_id.to_string(),
    };
    let _one = client.watch_board(request.clone()).await.unwrap();
    let _two = client.watch_board(request.clone()).await.unwrap();
    assert_eq!(
        client.watch_board(request).await.unwrap_err().code(),
        Code::ResourceExhausted
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_what_another_instance_applied() {
    let stage = Stage::new().await;
    let table = table(Uuid::new_v4());
    let head = stage
        .append(vec![hall(table.hall_id, "球厅"), table.registered("A1")])
        .await;
    let (one, two) = (stage.serve().await, stage.serve().await);
    reach(&one, head).await;
    reach(&two, head).await;
    for service in [&one, &two] {
        let mut client = BoardServiceClient::new(Client::connect(service).await.channel);
        let request = WatchBoardRequest {
            hall_id: table.hall_id.to_string(),
        };
        let mut updates = client.watch_board(request).await.unwrap().into_inner();
        let mut shown = BTreeMap::new();
        apply(&mut shown, next(&mut updates).await);
        for n in 0..20 {
            let reason = format!("{n}");
            stage.append(vec![table.maintenance(&reason, n)]).await;
            while shown[&table.table_id.to_string()].maintenance_reason != reason {
                apply(&mut shown, next(&mut updates).await);
            }
        }
    }
    one.stop().await;
    two.stop().await;
}
