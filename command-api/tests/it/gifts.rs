//! Gifts that many want.

use std::collections::BTreeMap;

use baize_command_api::Options;
use baize_proto::hall::loyalty::v1::{
    CancelRedemptionRequest, CountStockRequest, GiftContent, HandOverGiftRequest, ReceiveStockRequest,
    RedeemGiftRequest, RegisterGiftRequest, RetireGiftRequest,
};
use baize_proto::hall::member::v1::RegisterMemberRequest;
use futures::StreamExt as _;
use jiff::Timestamp;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::points::earned;
use super::world::{CHAIN, Clients, World, refused, request_id};

/// What a piece costs.
const PRICE: u64 = 30;

/// A gift of a new hall, with so many pieces.
async fn gift(clients: &mut Clients, pieces: u32) -> String {
    let hall = clients.hall(1).await;
    let register = RegisterGiftRequest {
        request_id: request_id(),
        hall_id: hall.hall_id,
        gift: Some(GiftContent {
            name_zh: "巧克粉".to_owned(),
            name_en: "Chalk".to_owned(),
            picture_url: "https://example.com/chalk.png".to_owned(),
            points: PRICE,
        }),
    };
    let gift_id = clients
        .loyalty
        .register_gift(register)
        .await
        .unwrap()
        .into_inner()
        .gift_id;
    let receive = ReceiveStockRequest {
        request_id: request_id(),
        gift_id: gift_id.clone(),
        pieces,
    };
    let received = clients.loyalty.receive_stock(receive).await.unwrap().into_inner();
    assert_eq!(received.available, u64::from(pieces));
    gift_id
}

/// New members of the chain, each with so many points.
async fn members(world: &World, number: usize, points: u64) -> Vec<String> {
    let member = |_| {
        let mut clients = world.clients.clone();
        async move {
            let request = RegisterMemberRequest {
                request_id: request_id(),
                chain_id: CHAIN.to_owned(),
                ..RegisterMemberRequest::default()
            };
            let registered = clients.member.register_member(request).await;
            registered.unwrap().into_inner().member_id
        }
    };
    let members: Vec<_> = futures::stream::iter(0..number)
        .map(member)
        .buffer_unordered(64)
        .collect()
        .await;
    let year = 366 * 86_400;
    let events: Vec<_> = members
        .iter()
        .map(|member| (member.as_str(), earned(Timestamp::now(), points, year)))
        .collect();
    world.happened(&events).await;
    members
}

fn redeem(member_id: &str, gift_id: &str) -> RedeemGiftRequest {
    RedeemGiftRequest {
        request_id: request_id(),
        member_id: member_id.to_owned(),
        gift_id: gift_id.to_owned(),
    }
}

/// A redemption by each of the members, all at once, spread over the clients and each asked for twice; how often each answer was given.
async fn storm(clients: &[Clients], gift_id: &str, members: &[String]) -> BTreeMap<String, usize> {
    let redeemed = members.iter().enumerate().map(|(n, member)| {
        let (mut clients, request) = (clients[n % clients.len()].clone(), redeem(member, gift_id));
        async move {
            let answer = clients.loyalty.redeem_gift(request.clone()).await;
            let again = clients.loyalty.redeem_gift(request).await;
            match (answer, again) {
                (Ok(answer), Ok(again)) => {
                    assert_eq!(answer.into_inner(), again.into_inner());
                    "REDEEMED".to_owned()
                }
                (Err(answer), Err(again)) => {
                    let reason = answer.get_details_error_info().unwrap().reason;
                    assert_eq!(again.get_details_error_info().unwrap().reason, reason);
                    reason
                }
                other => panic!("a repeat was answered otherwise: {other:?}"),
            }
        }
    });
    let mut answers = BTreeMap::new();
    for answer in futures::future::join_all(redeemed).await {
        *answers.entry(answer).or_default() += 1;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_who_want_the_last_ten_pieces_exactly_ten_get_one() {
    let world = World::start().await;
    let gift_id = gift(&mut world.clients.clone(), 10).await;
    let members = members(&world, 1_000, 40).await;
    let answers = storm(std::slice::from_ref(&world.clients), &gift_id, &members).await;
    assert_eq!(
        answers,
        BTreeMap::from([("OUT_OF_STOCK".to_owned(), 990), ("REDEEMED".to_owned(), 10)])
    );
    for event_type in ["PieceHeld", "PointsRedeemed", "RedemptionMade"] {
        let sql = format!("SELECT count(*) FROM events WHERE event_type = '{event_type}'");
        assert_eq!(world.count(&sql).await, 10, "{event_type}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_agree_on_who_gets_the_last_pieces_and_on_one_members_points() {
    let world = World::start().await;
    let other = World::on(Options::new(&world.url)).await;
    let both = [world.clients.clone(), other.clients.clone()];
    let gift_id = gift(&mut world.clients.clone(), 5).await;
    let many = members(&world, 60, 40).await;
    let answers = storm(&both, &gift_id, &many).await;
    assert_eq!(
        answers,
        BTreeMap::from([("OUT_OF_STOCK".to_owned(), 55), ("REDEEMED".to_owned(), 5)])
    );
    let gift_id = gift(&mut world.clients.clone(), 50).await;
    let one = members(&world, 1, 3 * PRICE + 5).await;
    let answers = storm(&both, &gift_id, &vec![one[0].clone(); 20]).await;
    assert_eq!(
        answers,
        BTreeMap::from([("NOT_ENOUGH_POINTS".to_owned(), 17), ("REDEEMED".to_owned(), 3)])
    );
}

#[tokio::test]
async fn a_gift_is_redeemed_cancelled_redeemed_again_and_handed_over_for_its_code() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let gift_id = gift(&mut clients, 1).await;
    let member = members(&world, 1, 50).await.remove(0);
    let first = clients
        .loyalty
        .redeem_gift(redeem(&member, &gift_id))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((first.points, first.pick_up_code.len()), (20, 6));
    let poor = clients.loyalty.redeem_gift(redeem(&member, &gift_id)).await;
    refused(poor, Code::FailedPrecondition, "OUT_OF_STOCK");
    let count = |found| CountStockRequest {
        request_id: request_id(),
        gift_id: gift_id.clone(),
        found,
    };
    refused(
        clients.loyalty.count_stock(count(0)).await,
        Code::FailedPrecondition,
        "COUNT_BELOW_HELD",
    );
    let cancel = |redemption_id: &str| CancelRedemptionRequest {
        request_id: request_id(),
        redemption_id: redemption_id.to_owned(),
    };
    clients
        .loyalty
        .cancel_redemption(cancel(&first.redemption_id))
        .await
        .unwrap();

    let counted = clients.loyalty.count_stock(count(2)).await.unwrap().into_inner();
    assert_eq!(counted.available, 2);
    let second = clients
        .loyalty
        .redeem_gift(redeem(&member, &gift_id))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second.points, 20, "what was cancelled is back");
    let poor = clients.loyalty.redeem_gift(redeem(&member, &gift_id)).await;
    refused(poor, Code::FailedPrecondition, "NOT_ENOUGH_POINTS");
    let retire = RetireGiftRequest {
        request_id: request_id(),
        gift_id: gift_id.clone(),
    };
    clients.loyalty.retire_gift(retire).await.unwrap();
    let hand_over = |code: &str| HandOverGiftRequest {
        request_id: request_id(),
        redemption_id: second.redemption_id.clone(),
        pick_up_code: code.to_owned(),
    };
    let wrong = clients.loyalty.hand_over_gift(hand_over("OOOOOO")).await;
    refused(wrong, Code::FailedPrecondition, "PICK_UP_CODE_WRONG");
    let typed = format!(" {} ", second.pick_up_code.to_lowercase());
    clients.loyalty.hand_over_gift(hand_over(&typed)).await.unwrap();
    let late = clients.loyalty.cancel_redemption(cancel(&second.redemption_id)).await;
    refused(late, Code::FailedPrecondition, "REDEMPTION_HANDED_OVER");
}
