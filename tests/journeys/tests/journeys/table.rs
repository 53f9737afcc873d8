//! One table, several people.

use std::collections::BTreeSet;

use baize_journeys::clients::{new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::table::v1 as table;
use futures::future::join_all;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::{all_is_well, lamp_is, patient_policy};

#[tokio::test]
async fn of_two_people_who_scan_a_table_at_once_exactly_one_gets_it() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let mut policy = patient_policy();
    policy.linger_seconds = Some(1);
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let fleet = world.relays(&["a1", "a2"]).await?;
    let (wanted, other) = (hall.table("a1").await?, hall.table("a2").await?);
    for _round in 0..5 {
        let members = [hall.member(5_000, 0).await?, hall.member(5_000, 0).await?];
        let openings = join_all(members.iter().map(|member| hall.open_postpaid(&wanted, member))).await;
        let winners: Vec<_> = openings.iter().flatten().collect();
        assert_eq!(winners.len(), 1, "{openings:?}");
        for (member, refusal) in members
            .iter()
            .zip(&openings)
            .filter_map(|(member, opening)| Some((member, opening.as_ref().err()?)))
        {
            assert_eq!(
                (refusal.code, refusal.reason.as_str()),
                (Code::FailedPrecondition, "TABLE_OCCUPIED")
            );
            let wallet = hall.wallet(member, winners[0].position).await?;
            assert_eq!(
                (wallet.available_fen, wallet.held_fen),
                (5_000, 0),
                "who lost keeps the money"
            );
        }
        hall.close(&winners[0].session_id).await?;
    }
    // Nobody is in the way at the other table.
    let opened = hall.open_postpaid(&other, &hall.member(5_000, 0).await?).await?;
    hall.close(&opened.session_id).await?;
    lamp_is(&fleet, "a1", false).await?;
    lamp_is(&fleet, "a2", false).await?;
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn a_request_sent_many_times_at_once_is_executed_once_and_answered_alike() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let mut policy = patient_policy();
    policy.linger_seconds = Some(1);
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let fleet = world.relays(&["a1"]).await?;
    let a1 = hall.table("a1").await?;
    let member_id = hall.member(5_000, 0).await?;
    let request = table::OpenTableRequest {
        request_id: new_id(),
        table_id: a1.table_id.clone(),
        member_id,
        mode: Some(table::open_table_request::Mode::Postpaid(table::Postpaid {})),
        wait_for_payment: false,
    };
    let send = || {
        let (mut tables, request) = (world.clients.tables.clone(), request.clone());
        async move { tables.open_table(timed(request)).await.map(tonic::Response::into_inner) }
    };
    let answers: BTreeSet<_> = join_all((0..20).map(|_| send()))
        .await
        .into_iter()
        .map(|answer| format!("{answer:?}"))
        .collect();
    assert_eq!(answers.len(), 1, "{answers:?}");

    // The same id for something else is refused, whatever it is.
    let other = table::OpenTableRequest {
        member_id: hall.member(5_000, 0).await?,
        ..request.clone()
    };
    let reused = world.clients.tables.clone().open_table(timed(other)).await.unwrap_err();
    assert_eq!(reused.code(), Code::InvalidArgument);
    assert_eq!(
        reused.get_details_error_info().map(|info| info.reason).as_deref(),
        Some("REQUEST_ID_REUSED")
    );

    // A refusal is an answer too: it stays the answer when the reason for it has gone.
    let second = table::OpenTableRequest {
        request_id: new_id(),
        member_id: hall.member(5_000, 0).await?,
        ..request.clone()
    };
    let refused = world
        .clients
        .tables
        .clone()
        .open_table(timed(second.clone()))
        .await
        .unwrap_err();
    let session_id = send().await?.session_id;
    hall.close(&session_id).await?;
    let still_refused = world
        .clients
        .tables
        .clone()
        .open_table(timed(second))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (still_refused.code(), still_refused.message())
    );
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}
