//! Many want the same.

use std::collections::BTreeMap;

use baize_command_api::Options;
use baize_proto::hall::table::v1::{CloseSessionRequest, FreeTables};
use baize_proto::hall::venue::v1::{PublishTariffRequest, StartMaintenanceRequest};
use futures::StreamExt as _;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::world::{Clients, FEN_PER_MINUTE, PATIENCE, World, postpaid, refused, request_id, tariff};

/// Opens of one table by as many members, spread over the clients; reasons and how often each was given.
async fn storm(clients: &[Clients], table_id: &str, members: Vec<String>) -> BTreeMap<String, usize> {
    let opens = members.into_iter().enumerate().map(|(n, member)| {
        let (mut clients, request) = (clients[n % clients.len()].clone(), postpaid(table_id, &member));
        async move {
            let answer = clients.table.open_table(request.clone()).await;
            let again = clients.table.open_table(request).await;
            match (answer, again) {
                (Ok(answer), Ok(again)) => {
                    assert_eq!(answer.into_inner(), again.into_inner());
                    "OPENED".to_owned()
                }
                (Err(answer), Err(again)) => {
                    let (code, reason) = (answer.code(), answer.get_details_error_info().unwrap().reason);
                    assert_eq!(
                        (again.code(), again.get_details_error_info().unwrap().reason),
                        (code, reason.clone())
                    );
                    assert_eq!(code, Code::FailedPrecondition, "{answer:?}");
                    reason
                }
                other => panic!("a repeat was answered otherwise: {other:?}"),
            }
        }
    });
    let mut reasons = BTreeMap::new();
    for reason in futures::future::join_all(opens).await {
        *reasons.entry(reason).or_default() += 1;
    }
    reasons
}

/// The tables that a refusal offers instead.
fn offered(refusal: &Status) -> Vec<String> {
    let status = tonic_types::Status::decode(refusal.details()).unwrap();
    let offers = status
        .details
        .iter()
        .find(|detail| detail.type_url.ends_with("/hall.table.v1.FreeTables"));
    let offers = offers.map(|detail| FreeTables::decode(&*detail.value).unwrap());
    let tables = offers.unwrap_or_default().tables;
    tables.into_iter().map(|table| table.table_id).collect()
}

async fn members(clients: &Clients, number: usize) -> Vec<String> {
    let member = |_| {
        let mut clients = clients.clone();
        async move { clients.member(100_000).await }
    };
    futures::stream::iter(0..number)
        .map(member)
        .buffer_unordered(64)
        .collect()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_who_want_one_table_exactly_one_gets_it() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(3).await;
    let members = members(&clients, 1_001).await;
    let (last, members) = members.split_last().unwrap();
    let reasons = storm(&[clients.clone()], &hall.tables[0], members.to_vec()).await;
    assert_eq!(
        reasons,
        BTreeMap::from([("OPENED".to_owned(), 1), ("TABLE_OCCUPIED".to_owned(), 999)])
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM events WHERE event_type = 'SessionOpened'")
            .await,
        1
    );
    let late = clients.open(&hall.tables[0], last).await.unwrap_err();
    assert_eq!(offered(&late), hall.tables[1..]);
    assert_eq!(
        world
            .count("SELECT count(*) FROM events WHERE event_type = 'FundsHeld'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_database_agree_on_who_gets_it() {
    let world = World::start().await;
    let other = World::on(Options::new(&world.url)).await;
    let mut both = [world.clients.clone(), other.clients.clone()];
    let hall = both[0].hall(1).await;
    for round in 1..=5 {
        let members = members(&both[0], 60).await;
        let reasons = storm(&both, &hall.tables[0], members).await;
        assert_eq!(
            reasons,
            BTreeMap::from([("OPENED".to_owned(), 1), ("TABLE_OCCUPIED".to_owned(), 59)]),
            "round {round}"
        );
        let session_id = newest_session(&world).await;
        let close = CloseSessionRequest {
            request_id: request_id(),
            session_id,
        };
        // Through the one that may never have heard of it.
        both[round % 2].table.close_session(close).await.unwrap();
    }
}

async fn newest_session(world: &World) -> String {
    let pool = sqlx::PgPool::connect(&world.url).await.unwrap();
    let newest = "SELECT aggregate_id FROM events WHERE event_type = 'SessionOpened' ORDER BY position DESC LIMIT 1";
    sqlx::query_scalar(newest).fetch_one(&pool).await.unwrap()
}

/// What each process offers follows the log of both, a moment behind; so it is asked until it has heard of it.
#[tokio::test]
async fn whoever_finds_a_table_taken_or_off_sale_is_offered_the_free_ones() {
    let world = World::start().await;
    let other = World::on(Options::new(&world.url)).await;
    let (mut here, mut there) = (world.clients.clone(), other.clients.clone());
    let hall = here.hall(4).await;
    let (first, second) = (here.member(100_000).await, here.member(100_000).await);
    here.open(&hall.tables[0], &first).await.unwrap();
    let maintenance = StartMaintenanceRequest {
        request_id: request_id(),
        table_id: hall.tables[1].clone(),
        reason: "新台呢".to_owned(),
        ..StartMaintenanceRequest::default()
    };
    here.venue.start_maintenance(maintenance).await.unwrap();
    for (asked_for, reason) in [(0, "TABLE_OCCUPIED"), (1, "TABLE_IN_MAINTENANCE")] {
        let hears = async {
            loop {
                let refusal = there.open(&hall.tables[asked_for], &second).await.unwrap_err();
                assert_eq!(refusal.get_details_error_info().unwrap().reason, reason);
                if offered(&refusal) == hall.tables[2..] {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, hears).await.expect(reason);
    }
}

#[tokio::test]
async fn a_refusal_is_not_given_for_what_another_process_has_changed() {
    let world = World::start().await;
    let other = World::on(Options::new(&world.url)).await;
    let (mut here, mut there) = (world.clients.clone(), other.clients.clone());
    let hall = here.hall(1).await;
    let (first, second) = (here.member(100_000).await, here.member(100_000).await);
    let session_id = here.open(&hall.tables[0], &first).await.unwrap().session_id;
    // There the table is known as occupied from now on.
    refused(
        there.open(&hall.tables[0], &second).await,
        Code::FailedPrecondition,
        "TABLE_OCCUPIED",
    );
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id,
    };
    here.table.close_session(close).await.unwrap();
    there.open(&hall.tables[0], &second).await.unwrap();
}

#[tokio::test]
async fn many_tables_on_one_device_open_at_once() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(32).await;
    let members = members(&clients, 32).await;
    let opens = hall.tables.iter().zip(&members).map(|(table_id, member)| {
        let mut clients = clients.clone();
        async move { clients.open(table_id, member).await }
    });
    for opened in futures::future::join_all(opens).await {
        opened.unwrap();
    }
    let revs = "SELECT count(DISTINCT (payload->'LightDesired'->>'rev')) FROM events WHERE event_type = 'LightDesired'";
    assert_eq!(world.count(revs).await, 32);
}

#[tokio::test]
async fn a_quote_follows_what_another_process_published() {
    let world = World::start().await;
    let other = World::on(Options::new(&world.url)).await;
    let (mut here, mut there) = (world.clients.clone(), other.clients.clone());
    let hall = here.hall(1).await;
    let ask = || baize_proto::hall::table::v1::QuoteSessionRequest {
        table_id: hall.tables[0].clone(),
        minutes: 90,
        ..Default::default()
    };
    let quote = there.table.quote_session(ask()).await.unwrap().into_inner();
    assert_eq!((quote.tariff_version, quote.hold_fen), (1, 60 * FEN_PER_MINUTE));
    assert_eq!(quote.bill.as_ref().unwrap().total_fen, 90 * FEN_PER_MINUTE);
    assert_eq!(
        quote
            .bill
            .unwrap()
            .lines
            .iter()
            .map(|line| line.amount_fen)
            .sum::<i64>(),
        90 * FEN_PER_MINUTE
    );

    let mut dearer = tariff();
    dearer.price_per_hour_fen *= 2;
    let publish = PublishTariffRequest {
        request_id: request_id(),
        plan_id: hall.plan_id.clone(),
        hall_id: hall.hall_id.clone(),
        tariff: Some(dearer),
    };
    assert_eq!(
        here.venue.publish_tariff(publish).await.unwrap().into_inner().version,
        2
    );
    let quote = there.table.quote_session(ask()).await.unwrap().into_inner();
    assert_eq!((quote.tariff_version, quote.hold_fen), (2, 120 * FEN_PER_MINUTE));
    assert_eq!(quote.bill.unwrap().total_fen, 180 * FEN_PER_MINUTE);
}
