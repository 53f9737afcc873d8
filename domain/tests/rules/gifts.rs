//! Gifts: points and pieces move together.

use baize_domain::command::Command;
use baize_domain::gift::{self, GiftContent};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{EarningId, GiftId, MemberId, RedemptionId};
use baize_domain::redemption::RedemptionPhase;
use baize_domain::units::gifts;
use baize_domain::{Event, Fen, Refusal};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::world::{CHAIN, HALL, World, at, get, member_id, one, session_id, yuan_a_minute};

const CHALK: GiftId = GiftId(Uuid::from_u128(0x900));

impl World {
    /// Decides what concerns gifts alone.
    pub(crate) fn decide_gifts(&self, command: Command, now: Timestamp) -> Result<Vec<(String, Event)>, Refusal> {
        let gift = |gift_id: GiftId| get(&self.gifts, gift_id);
        let redemption = |redemption_id: RedemptionId| get(&self.redemptions, redemption_id);
        let of = |redemption_id: RedemptionId| {
            let terms = redemption(redemption_id).terms;
            terms.map_or_else(Default::default, |terms| (terms.gift_id, terms.member_id))
        };
        match command {
            Command::RegisterGift {
                gift_id,
                hall_id,
                content,
            } => {
                let hall = get(&self.halls, hall_id);
                let events = gifts::register_gift(&hall, &gift(gift_id), gift_id, content, now)?;
                Ok(one(gift_id, events, Event::Gift))
            }
            Command::ChangeGift { gift_id, content } => Ok(one(
                gift_id,
                gift::decide::change(&gift(gift_id), content, now)?,
                Event::Gift,
            )),
            Command::RetireGift { gift_id } => {
                Ok(one(gift_id, gift::decide::retire(&gift(gift_id), now)?, Event::Gift))
            }
            Command::ReceiveStock { gift_id, pieces } => Ok(one(
                gift_id,
                gift::decide::receive(&gift(gift_id), pieces, now)?,
                Event::Gift,
            )),
            Command::CountStock { gift_id, found } => Ok(one(
                gift_id,
                gift::decide::count(&gift(gift_id), found, now)?,
                Event::Gift,
            )),
            Command::RedeemGift {
                redemption_id,
                gift_id,
                member_id,
                pick_up_code,
            } => {
                let changes = gifts::redeem_gift(gifts::RedeemGiftInput {
                    redemption_id,
                    pick_up_code: &pick_up_code,
                    redemption: &redemption(redemption_id),
                    member: &get(&self.members, member_id),
                    account: &get(&self.points, member_id),
                    gift: &gift(gift_id),
                    hall: &get(&self.halls, HALL),
                    now,
                })?;
                Ok(events(changes, redemption_id, gift_id, member_id))
            }
            Command::HandOverGift {
                redemption_id,
                pick_up_code,
            } => {
                let (gift_id, member_id) = of(redemption_id);
                let made = redemption(redemption_id);
                let changes = gifts::hand_over_gift(&made, &gift(gift_id), &pick_up_code, now)?;
                Ok(events(changes, redemption_id, gift_id, member_id))
            }
            Command::CancelRedemption { redemption_id } => {
                let (gift_id, member_id) = of(redemption_id);
                let changes = gifts::cancel_redemption(
                    &redemption(redemption_id),
                    &gift(gift_id),
                    &get(&self.members, member_id),
                    &get(&self.points, member_id),
                    now,
                )?;
                Ok(events(changes, redemption_id, gift_id, member_id))
            }
            other => panic!("{other:?} does not concern gifts"),
        }
    }

    fn balance(&self, member: u8) -> u64 {
        get(&self.points, member_id(member)).lots.balance()
    }

    fn give(&mut self, member: u8, points: i64) {
        let earn = Command::EarnPoints {
            member_id: member_id(member),
            session_id: session_id(u16::from(member)),
            earning_id: EarningId(Uuid::from_u128(u128::from(member))),
            principal: Fen(points * 100),
        };
        self.run(&earn, now());
    }
}

fn events(
    changes: gifts::RedemptionChanges,
    redemption_id: RedemptionId,
    gift_id: GiftId,
    member_id: MemberId,
) -> Vec<(String, Event)> {
    let mut all = one(gift_id, changes.gift, Event::Gift);
    all.extend(one(member_id, changes.points, Event::PointsAccount));
    all.extend(one(redemption_id, changes.redemption, Event::Redemption));
    all
}

fn now() -> Timestamp {
    at("2026-03-02T12:00:00Z")
}

fn content() -> GiftContent {
    GiftContent {
        name_zh: "巧克粉".into(),
        name_en: "Chalk".into(),
        picture_url: String::new(),
        points: 30,
    }
}

/// A hall with so many pieces of chalk at 30 points.
fn world(pieces: u32) -> World {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    let register = Command::RegisterGift {
        gift_id: CHALK,
        hall_id: HALL,
        content: content(),
    };
    world.run(&register, now());
    let receive = Command::ReceiveStock { gift_id: CHALK, pieces };
    world.run(&receive, now());
    world
}

fn redemption_id(n: u8) -> RedemptionId {
    RedemptionId(Uuid::from_u128(0xa00 + u128::from(n)))
}

fn redeem(n: u8, member: u8) -> Command {
    Command::RedeemGift {
        redemption_id: redemption_id(n),
        gift_id: CHALK,
        member_id: member_id(member),
        pick_up_code: format!("CODE{n}"),
    }
}

fn hand_over(n: u8, code: &str) -> Command {
    Command::HandOverGift {
        redemption_id: redemption_id(n),
        pick_up_code: code.into(),
    }
}

fn cancel(n: u8) -> Command {
    Command::CancelRedemption {
        redemption_id: redemption_id(n),
    }
}

#[test]
fn points_and_a_piece_go_together_and_a_repeat_changes_nothing() {
    let mut world = world(2);
    world.give(1, 70);
    world.run(&redeem(1, 1), now());
    assert_eq!((world.balance(1), world.gifts[&CHALK].stock.available()), (40, 1));
    assert_eq!(world.execute(&redeem(1, 1), now()), Ok(vec![]), "the same again");
    world.run(&hand_over(1, "CODE1"), now());
    let stock = &world.gifts[&CHALK].stock;
    assert_eq!((stock.issued, stock.held.len(), stock.available()), (1, 0, 1));
    assert_eq!(world.execute(&hand_over(1, "CODE1"), now()), Ok(vec![]));
    assert_eq!(world.redemptions[&redemption_id(1)].phase, RedemptionPhase::HandedOver);
}

#[test]
fn whoever_has_too_few_points_or_comes_too_late_is_refused_and_loses_nothing() {
    let mut world = world(1);
    world.give(1, 29);
    world.give(2, 60);
    let refusal = world.execute(&redeem(1, 1), now()).expect_err("too few");
    assert_eq!(refusal.reason, "NOT_ENOUGH_POINTS");
    assert_eq!(refusal.facts["shortfall_points"], "1");
    world.run(&redeem(2, 2), now());
    let refusal = world.execute(&redeem(3, 2), now()).expect_err("none left");
    assert_eq!(refusal.reason, "OUT_OF_STOCK");
    assert_eq!((world.balance(1), world.balance(2)), (29, 30));
    assert_eq!(world.gifts[&CHALK].stock.available(), 0);
}

#[test]
fn a_cancelled_redemption_gives_the_piece_and_the_points_back_with_their_expiry() {
    let mut world = world(1);
    world.give(1, 30);
    let before = world.points[&member_id(1)].lots.clone();
    world.run(&redeem(1, 1), now());
    assert_eq!(world.balance(1), 0);
    world.run(&cancel(1), at("2026-05-02T12:00:00Z"));
    assert_eq!(world.points[&member_id(1)].lots, before);
    assert_eq!(world.gifts[&CHALK].stock.available(), 1);
    assert_eq!(world.execute(&cancel(1), now()), Ok(vec![]), "once");
    let late = world.execute(&hand_over(1, "CODE1"), now()).expect_err("cancelled");
    assert_eq!(late.reason, "REDEMPTION_CANCELLED");
}

#[test]
fn guests_other_chains_and_the_forgotten_have_no_gifts() {
    let mut world = world(3);
    let guest = MemberId(Uuid::from_u128(0x3ff));
    let start = Command::StartGuest {
        member_id: guest,
        chain_id: CHAIN,
    };
    world.run(&start, now());
    let mut by_guest = redeem(1, 1);
    if let Command::RedeemGift { member_id, .. } = &mut by_guest {
        *member_id = guest;
    }
    let refusal = world.execute(&by_guest, now()).expect_err("a guest");
    assert_eq!(refusal.reason, "GUEST_NOT_ALLOWED");

    world.give(1, 30);
    world.run(&redeem(1, 1), now());
    let erase = Command::ErasePerson {
        member_id: member_id(1),
        reason: "本人要求".into(),
    };
    world.run(&erase, now());
    world.run(&cancel(1), now());
    assert_eq!((world.balance(1), world.gifts[&CHALK].stock.available()), (0, 3));

    world.give(2, 30);
    let stranger = baize_domain::ids::ChainId(Uuid::from_u128(0x77));
    let mut elsewhere = get(&world.members, member_id(2));
    if let Some(profile) = &mut elsewhere.profile {
        std::sync::Arc::make_mut(profile).chain_id = stranger;
    }
    world.members.insert(member_id(2), elsewhere);
    let refusal = world.execute(&redeem(2, 2), now()).expect_err("another chain");
    assert_eq!(refusal.reason, "GIFT_NOT_FOUND");
}

proptest! {
    /// Whatever is asked and however often: points given are those of the redemptions that stand, and pieces are neither lost nor promised twice.
    #[test]
    fn pieces_and_points_agree_with_the_redemptions_that_stand(
        asked in proptest::collection::vec((0u8..3, 1u8..9, 1u8..4), 0..60),
    ) {
        let mut world = world(4);
        for member in 1..4 {
            world.give(member, 75);
        }
        for (kind, n, member) in asked {
            let command = match kind {
                0 => redeem(n, member),
                1 => hand_over(n, &format!("CODE{n}")),
                _ => cancel(n),
            };
            // A refusal must change nothing: the sums below tell.
            let _ = world.execute(&command, now());
            let standing = |member: u8| {
                let of = member_id(member);
                let theirs = world.redemptions.values().filter(move |redemption| {
                    redemption.phase != RedemptionPhase::Cancelled
                        && redemption.terms.as_ref().is_some_and(|terms| terms.member_id == of)
                });
                theirs.count() as u64
            };
            for member in 1..4 {
                prop_assert_eq!(world.balance(member), 75 - 30 * standing(member));
            }
            let stock = &world.gifts[&CHALK].stock;
            prop_assert_eq!(stock.available(), 4 - (1..4).map(standing).sum::<u64>());
        }
    }
}
