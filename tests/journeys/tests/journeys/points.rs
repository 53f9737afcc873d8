//! Points: play, pay, and find them; money that goes back takes them along.

use baize_domain::Event;
use baize_domain::points_account::PointsAccountEvent;
use baize_journeys::clients::{Clients, Refusal, new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::loyalty::v1 as loyalty;
use baize_proto::hall::view::v1 as view;
use jiff::{SignedDuration, Timestamp};
use tonic::Code;
use view::points_entry::Kind;

use crate::{all_is_well, patient_policy, recorded};

async fn points(clients: &Clients, member_id: &str, min_position: u64) -> anyhow::Result<view::GetPointsResponse> {
    let request = view::GetPointsRequest {
        member_id: member_id.to_owned(),
        min_position,
    };
    Ok(clients.points.clone().get_points(timed(request)).await?.into_inner())
}

async fn reverse(
    clients: &Clients,
    member_id: &str,
    session_id: &str,
    refunded_fen: i64,
) -> Result<loyalty::ReversePointsResponse, Refusal> {
    let request = loyalty::ReversePointsRequest {
        request_id: new_id(),
        member_id: member_id.to_owned(),
        session_id: session_id.to_owned(),
        refunded_fen,
        reason: "灯光故障".to_owned(),
    };
    Ok(clients
        .loyalty
        .clone()
        .reverse_points(timed(request))
        .await?
        .into_inner())
}

/// Every entry, asked for one by one so that there are several pages.
async fn entries(clients: &Clients, member_id: &str, min_position: u64) -> anyhow::Result<Vec<view::PointsEntry>> {
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = view::ListPointsEntriesRequest {
            member_id: member_id.to_owned(),
            page_size: 1,
            page_token,
            min_position,
        };
        let page = clients
            .points
            .clone()
            .list_points_entries(timed(request))
            .await?
            .into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            return Ok(entries);
        }
        page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_paid_session_earns_points_that_go_back_with_its_money() -> anyhow::Result<()> {
    let world = World::start(120.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(10_000, 0).await?;
    let policy = loyalty::PointsPolicy {
        fen_per_point: 10,
        expiry_months: 24,
    };
    let change = loyalty::ChangePointsPolicyRequest {
        request_id: new_id(),
        chain_id: hall.chain_id.clone(),
        policy: Some(policy),
    };
    world
        .clients
        .loyalty
        .clone()
        .change_points_policy(timed(change))
        .await?;

    let opened = hall.open_prepaid(&table, &member, 31).await?;
    let begun = Timestamp::from_millisecond(baize_journeys::clients::millis(opened.opened_at))?;
    assert_eq!(points(&world.clients, &member, opened.position).await?.points, 0);
    world.clock.sleep_until(begun + SignedDuration::from_mins(5)).await;
    hall.close(&opened.session_id).await?;
    let earned = recorded(&world, "points to be earned", |event| {
        matches!(event, Event::PointsAccount(PointsAccountEvent::PointsEarned { .. }))
    })
    .await?;
    let found = points(&world.clients, &member, earned.position).await?;
    assert_eq!((found.points, found.owed_points), (62, 0), "31 minutes cost 6.20 yuan");
    assert_eq!(found.lots.iter().map(|lot| lot.points).collect::<Vec<_>>(), [62]);

    let reversed = reverse(&world.clients, &member, &opened.session_id, 205).await?;
    assert_eq!((reversed.points, reversed.owed_points), (41, 0));
    let again = reverse(&world.clients, &member, &opened.session_id, 205).await?;
    assert_eq!(again.points, 41, "what went back goes back once");
    let refused = reverse(&world.clients, &member, &opened.session_id, 621)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::InvalidArgument, "INVALID_ARGUMENT")
    );
    let refused = reverse(&world.clients, &member, &new_id(), 1).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::NotFound, "NO_POINTS_EARNED")
    );

    let entries = entries(&world.clients, &member, reversed.position).await?;
    let told: Vec<_> = entries.iter().map(|entry| (entry.kind(), entry.points)).collect();
    assert_eq!(told, [(Kind::Reversed, -21), (Kind::Earned, 62)]);
    assert!(entries.iter().all(|entry| entry.reference == opened.session_id));
    assert_eq!(entries[0].reason, "灯光故障");
    all_is_well(&world, &fleet).await
}
