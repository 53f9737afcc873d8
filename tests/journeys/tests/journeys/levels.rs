//! Levels: play, spend, rise, and play cheaper.

use baize_domain::Event;
use baize_domain::member::MemberEvent;
use baize_journeys::clients::{millis, new_id, timed};
use baize_journeys::eventually::eventually;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::table::v1::QuoteSessionRequest;
use baize_proto::hall::venue::v1::{DefineLevelsRequest, Level};
use baize_proto::hall::view::v1 as view;
use jiff::{SignedDuration, Timestamp};
use view::member_directory_service_client::MemberDirectoryServiceClient;
use view::notice_service_client::NoticeServiceClient;
use view::points_entry::Kind;

use crate::{PATIENCE, all_is_well, patient_policy, recorded};

/// Silver from ¥6 of spending, a tenth off, 30 points on the way.
fn levels(chain_id: &str) -> DefineLevelsRequest {
    let level = |code: &str| Level {
        code: code.to_owned(),
        name_zh: code.to_owned(),
        name_en: code.to_owned(),
        ..Level::default()
    };
    let silver = Level {
        discount: "0.1".to_owned(),
        upgrade_from_fen: 600,
        gift_points: 30,
        ..level("silver")
    };
    DefineLevelsRequest {
        request_id: new_id(),
        chain_id: chain_id.to_owned(),
        levels: vec![level("guest"), level("member"), silver],
        ..DefineLevelsRequest::default()
    }
}

#[tokio::test]
async fn a_member_who_spends_enough_comes_to_a_level_with_its_discount_gift_pack_and_notice() -> anyhow::Result<()> {
    let world = World::start(120.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member_id = hall.member(10_000, 0).await?;
    let define = timed(levels(&hall.chain_id));
    world.clients.venue.clone().define_levels(define).await?;

    let opened = hall.open_prepaid(&table, &member_id, 31).await?;
    let begun = Timestamp::from_millisecond(millis(opened.opened_at))?;
    world.clock.sleep_until(begun + SignedDuration::from_mins(5)).await;
    hall.close(&opened.session_id).await?;
    let reached = recorded(&world, "a level to be reached", |event| {
        matches!(event, Event::Member(MemberEvent::LevelReached { .. }))
    })
    .await?;

    let request = view::GetMemberRequest {
        member_id: member_id.clone(),
        min_position: reached.position,
    };
    let mut members = MemberDirectoryServiceClient::new(world.queries.clone());
    let member = members
        .get_member(timed(request))
        .await?
        .into_inner()
        .member
        .unwrap_or_default();
    assert_eq!(member.level, "silver");
    assert!(member.level_until.is_some());

    let entries = view::ListPointsEntriesRequest {
        member_id: member_id.clone(),
        min_position: reached.position,
        ..view::ListPointsEntriesRequest::default()
    };
    let entries = world.clients.points.clone().list_points_entries(timed(entries)).await?;
    let told: Vec<_> = entries
        .into_inner()
        .entries
        .iter()
        .map(|entry| (entry.kind(), entry.points))
        .collect();
    assert_eq!(told, [(Kind::Granted, 30), (Kind::Earned, 6)]);

    let mut notices = NoticeServiceClient::new(world.queries.clone());
    let feed = view::ListNoticesRequest {
        member_id: member_id.clone(),
        ..view::ListNoticesRequest::default()
    };
    let notice = eventually("the notice", PATIENCE, async || {
        let page = notices.list_notices(timed(feed.clone())).await.ok()?.into_inner();
        page.notices
            .into_iter()
            .find(|notice| notice.kind() == view::NoticeKind::LevelReached)
    });
    let notice = notice.await?;
    assert_eq!((notice.level.as_str(), notice.points), ("silver", 30));
    assert_eq!(notice.zh.map(|text| text.title).as_deref(), Some("恭喜升级"));

    let quote = QuoteSessionRequest {
        table_id: table.table_id.clone(),
        minutes: 60,
        member_id,
        ..QuoteSessionRequest::default()
    };
    let quote = world
        .clients
        .tables
        .clone()
        .quote_session(timed(quote))
        .await?
        .into_inner();
    assert_eq!(quote.bill.unwrap_or_default().total_fen, 1_080, "a tenth less than ¥12");
    all_is_well(&world, &fleet).await
}
