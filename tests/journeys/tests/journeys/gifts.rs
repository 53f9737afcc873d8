//! Points become a gift: chosen from the list, paid, fetched.

use baize_domain::Event;
use baize_domain::points_account::PointsAccountEvent;
use baize_journeys::clients::{Clients, millis, new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::loyalty::v1 as loyalty;
use baize_proto::hall::view::v1 as view;
use jiff::{SignedDuration, Timestamp};
use view::gift_redemption::Status;
use view::points_entry::Kind;

use crate::{all_is_well, patient_policy, recorded};

async fn stocked(clients: &Clients, hall: &Hall, name_en: &str, points: u64) -> anyhow::Result<String> {
    let mut loyalty = clients.loyalty.clone();
    let register = loyalty::RegisterGiftRequest {
        request_id: new_id(),
        hall_id: hall.hall_id.clone(),
        gift: Some(loyalty::GiftContent {
            name_zh: "礼品".to_owned(),
            name_en: name_en.to_owned(),
            picture_url: "https://example.com/gift.png".to_owned(),
            points,
        }),
    };
    let gift_id = loyalty.register_gift(timed(register)).await?.into_inner().gift_id;
    let receive = loyalty::ReceiveStockRequest {
        request_id: new_id(),
        gift_id: gift_id.clone(),
        pieces: 1,
    };
    loyalty.receive_stock(timed(receive)).await?;
    Ok(gift_id)
}

/// Names of the gifts, whether the member can have them now, and the member's points.
async fn offered(
    clients: &Clients,
    hall: &Hall,
    member_id: &str,
    min_position: u64,
) -> anyhow::Result<(Vec<(String, bool)>, i64)> {
    let request = view::ListGiftsRequest {
        hall_id: hall.hall_id.clone(),
        member_id: member_id.to_owned(),
        min_position,
        ..view::ListGiftsRequest::default()
    };
    let answer = clients.points.clone().list_gifts(timed(request)).await?.into_inner();
    let gifts = answer.gifts.into_iter().map(|offered| {
        let name = offered.gift.map(|gift| gift.name_en).unwrap_or_default();
        (name, offered.redeemable)
    });
    Ok((gifts.collect(), answer.points))
}

#[tokio::test]
async fn a_member_sees_what_the_points_can_buy_redeems_it_and_fetches_it() -> anyhow::Result<()> {
    let world = World::start(120.0).await?;
    let clients = &world.clients;
    let hall = Hall::open(clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(10_000, 0).await?;
    let chalk = stocked(clients, &hall, "Chalk", 6).await?;
    stocked(clients, &hall, "Cue", 7).await?;
    let list = |redeemable| vec![("Cue".to_owned(), false), ("Chalk".to_owned(), redeemable)];
    let opened = hall.open_prepaid(&table, &member, 31).await?;
    assert_eq!(
        offered(clients, &hall, &member, opened.position).await?,
        (list(false), 0)
    );
    // Beyond the grace, within which play costs nothing.
    let begun = Timestamp::from_millisecond(millis(opened.opened_at))?;
    world.clock.sleep_until(begun + SignedDuration::from_mins(5)).await;
    hall.close(&opened.session_id).await?;
    let earned = recorded(&world, "points to be earned", |event| {
        matches!(event, Event::PointsAccount(PointsAccountEvent::PointsEarned { .. }))
    })
    .await?;
    assert_eq!(
        offered(clients, &hall, &member, earned.position).await?,
        (list(true), 6)
    );

    let redeem = loyalty::RedeemGiftRequest {
        request_id: new_id(),
        member_id: member.clone(),
        gift_id: chalk.clone(),
    };
    let redeemed = clients.loyalty.clone().redeem_gift(timed(redeem)).await?.into_inner();
    assert_eq!(
        offered(clients, &hall, &member, redeemed.position).await?,
        (list(false), 0)
    );
    let mine = view::ListRedemptionsRequest {
        member_id: member.clone(),
        min_position: redeemed.position,
        ..view::ListRedemptionsRequest::default()
    };
    let mine = clients
        .points
        .clone()
        .list_redemptions(timed(mine))
        .await?
        .into_inner()
        .redemptions;
    assert_eq!((mine.len(), mine[0].status(), mine[0].points), (1, Status::Waiting, 6));
    assert_eq!(mine[0].pick_up_code, redeemed.pick_up_code);

    let hand_over = loyalty::HandOverGiftRequest {
        request_id: new_id(),
        redemption_id: redeemed.redemption_id.clone(),
        pick_up_code: redeemed.pick_up_code,
    };
    let handed_over = clients
        .loyalty
        .clone()
        .hand_over_gift(timed(hand_over))
        .await?
        .into_inner();
    let counter = view::ListHallRedemptionsRequest {
        hall_id: hall.hall_id.clone(),
        min_position: handed_over.position,
        ..view::ListHallRedemptionsRequest::default()
    };
    let counter = clients
        .points
        .clone()
        .list_hall_redemptions(timed(counter))
        .await?
        .into_inner()
        .redemptions;
    assert_eq!((counter.len(), counter[0].status()), (1, Status::HandedOver));
    assert_eq!(counter[0].pick_up_code, "", "codes are the members' to show");
    let stock = view::ListStockRequest {
        hall_id: hall.hall_id.clone(),
        min_position: handed_over.position,
        ..view::ListStockRequest::default()
    };
    let stock = clients
        .points
        .clone()
        .list_stock(timed(stock))
        .await?
        .into_inner()
        .gifts;
    let pieces: Vec<_> = stock
        .iter()
        .map(|gift| (gift.received, gift.issued, gift.held))
        .collect();
    assert_eq!(pieces, [(1, 0, 0), (1, 1, 0)]);
    let history = view::ListPointsEntriesRequest {
        member_id: member.clone(),
        min_position: handed_over.position,
        ..view::ListPointsEntriesRequest::default()
    };
    let history = clients
        .points
        .clone()
        .list_points_entries(timed(history))
        .await?
        .into_inner()
        .entries;
    let told: Vec<_> = history.iter().map(|entry| (entry.kind(), entry.points)).collect();
    assert_eq!(told, [(Kind::Redeemed, -6), (Kind::Earned, 6)]);
    all_is_well(&world, &fleet).await
}
