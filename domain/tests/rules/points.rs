//! Points: what is earned, by whom, and what happens to it.

use baize_domain::chain::ChainCommand;
use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::MemberId;
use baize_domain::points_account::{self, Earning, PointsAccountEvent, PointsPolicy};
use baize_domain::session::CloseCause;
use baize_domain::units;
use baize_domain::{Event, Fen, Refusal};
use jiff::Timestamp;
use uuid::Uuid;

use super::processes::runner::Runner;
use super::world::{CHAIN, World, at, close, credit, get, member_id, one, open, session_id, yuan_a_minute};

impl World {
    /// Decides what concerns points alone.
    pub(crate) fn decide_points(&self, command: Command, now: Timestamp) -> Result<Vec<(String, Event)>, Refusal> {
        let account = |member_id: MemberId| get(&self.points, member_id);
        let (member_id, events) = match command {
            Command::ChangePointsPolicy { chain_id, policy } => {
                return self.chain(chain_id, ChainCommand::ChangePointsPolicy { policy });
            }
            Command::EarnPoints {
                member_id,
                session_id,
                earning_id,
                principal,
            } => {
                let changes = units::earn_points(units::EarnPointsInput {
                    earning: Earning {
                        earning_id,
                        session_id,
                        principal,
                    },
                    member: &get(&self.members, member_id),
                    account: &account(member_id),
                    session: &get(&self.sessions, session_id),
                    chain: &get(&self.chains, CHAIN),
                    now,
                });
                let mut events = one(member_id, changes.account, Event::PointsAccount);
                events.extend(one(member_id, changes.member, Event::Member));
                return Ok(events);
            }
            Command::ReviewLevel { member_id } => {
                let member = get(&self.members, member_id);
                let chain = get(&self.chains, CHAIN);
                let events = units::review_level(&member, &account(member_id), &chain, now)?;
                return Ok(one(member_id, events, Event::Member));
            }
            Command::ReversePoints {
                member_id,
                session_id,
                refunded,
                reason,
            } => {
                let events = points_account::decide::reverse(&account(member_id), session_id, refunded, reason, now)?;
                (member_id, events)
            }
            Command::ExpirePoints { member_id } => {
                (member_id, points_account::decide::expire(&account(member_id), now))
            }
            other => panic!("{other:?} does not concern points"),
        };
        Ok(one(member_id, events, Event::PointsAccount))
    }

    fn points_of(&self, member: u8) -> u64 {
        get(&self.points, member_id(member)).lots.balance()
    }
}

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

/// An evening of the first member, who has so much, until nothing is left to be done.
fn evening(principal: i64, bonus: i64, mode: OpenMode, chaos: Vec<u8>, prepare: impl FnOnce(&mut World)) -> World {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    prepare(&mut world);
    world.top_up(1, 1, principal, bonus, ten());
    let mut runner = Runner::new(world, ten(), chaos);
    runner.script.push((ten(), open(1, 1, 1, mode)));
    runner
        .script
        .push((at("2026-03-02T10:40:30+08:00"), close(1, CloseCause::Customer)));
    runner.run();
    runner.world
}

#[test]
fn a_settled_session_earns_a_point_for_each_yuan_of_principal_whatever_the_order_and_repetition_of_inputs() {
    for mode in [OpenMode::Postpaid, OpenMode::Prepaid { minutes: 41 }] {
        for seed in 0..40u8 {
            let chaos = (0..200).map(|n: u8| n.wrapping_mul(seed).wrapping_add(seed)).collect();
            let world = evening(10_000, 0, mode.clone(), chaos, |_| {});
            let paid = 10_000 - world.wallets[&member_id(1)].balance().principal.0;
            assert!(paid >= 4_000, "{paid}");
            assert_eq!(
                world.points_of(1),
                u64::try_from(paid / 100).expect("positive"),
                "{mode:?}"
            );
            assert_eq!(world.points[&member_id(1)].sessions.len(), 1);
        }
    }
}

#[test]
fn what_is_paid_from_a_bonus_earns_nothing() {
    let world = evening(1_050, 20_000, OpenMode::Postpaid, Vec::new(), |_| {});
    assert_eq!(world.wallets[&member_id(1)].balance().principal, Fen::ZERO);
    assert_eq!(world.points_of(1), 10);
}

#[test]
fn a_chain_changes_the_price_and_the_life_of_a_point() {
    let policy = PointsPolicy {
        fen_per_point: Fen(1_000),
        expiry_months: 1,
    };
    let change = Command::ChangePointsPolicy {
        chain_id: CHAIN,
        policy,
    };
    let mut world = evening(10_000, 0, OpenMode::Postpaid, Vec::new(), |world| {
        world.execute(&change, ten()).expect("changed");
        assert_eq!(world.execute(&change, ten()), Ok(vec![]), "the same again");
    });
    assert_eq!(world.points_of(1), 4);
    let expire = Command::ExpirePoints {
        member_id: member_id(1),
    };
    assert_eq!(world.execute(&expire, at("2026-04-30T15:59:59Z")), Ok(vec![]));
    world.execute(&expire, at("2026-04-30T16:00:00Z")).expect("expired");
    assert_eq!(world.points_of(1), 0);
    let wrong = Command::ChangePointsPolicy {
        chain_id: CHAIN,
        policy: PointsPolicy {
            expiry_months: 0,
            ..policy
        },
    };
    let refusal = world.execute(&wrong, ten()).expect_err("refused");
    assert_eq!(refusal.facts["field"], "policy.expiry_months");
}

/// A guest who turns out to be a member brings no points, since guests have none.
#[test]
fn a_guest_earns_nothing_neither_before_nor_after_being_merged() {
    let guest = MemberId(Uuid::from_u128(0x3ff));
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    let start = Command::StartGuest {
        member_id: guest,
        chain_id: CHAIN,
    };
    world.execute(&start, ten()).expect("a guest");
    let earn = |n: u128| Command::EarnPoints {
        member_id: guest,
        session_id: session_id(1),
        earning_id: baize_domain::ids::EarningId(Uuid::from_u128(n)),
        principal: Fen(10_000),
    };
    assert_eq!(world.execute(&earn(1), ten()), Ok(vec![]));
    let merge = Command::MergeGuest {
        guest_id: guest,
        target_id: member_id(1),
        phone: None,
    };
    world.execute(&merge, ten()).expect("merged");
    assert_eq!(world.execute(&earn(2), ten()), Ok(vec![]));
    assert_eq!(world.points_of(1), 0);
}

#[test]
fn whoever_is_forgotten_loses_the_points_and_earns_no_more() {
    let mut world = evening(10_000, 0, OpenMode::Postpaid, Vec::new(), |_| {});
    let erase = Command::ErasePerson {
        member_id: member_id(1),
        reason: "本人要求".into(),
    };
    let events = world.execute(&erase, at("2026-03-03T00:00:00Z")).expect("erased");
    let forfeited = |event: &Event| matches!(event, Event::PointsAccount(PointsAccountEvent::PointsForfeited { .. }));
    assert!(events.iter().any(forfeited), "{events:?}");
    assert_eq!(world.points_of(1), 0);
    let late = Command::EarnPoints {
        member_id: member_id(1),
        session_id: session_id(1),
        earning_id: baize_domain::ids::EarningId(Uuid::from_u128(5)),
        principal: Fen(10_000),
    };
    assert_eq!(world.execute(&late, at("2026-03-03T00:00:01Z")), Ok(vec![]));
}

#[test]
fn a_debt_earns_when_it_is_paid() {
    let mut world = evening(10_000, 0, OpenMode::Postpaid, Vec::new(), |_| {});
    // A debt as a later top-up finds it.
    let now = at("2026-03-03T00:00:00Z");
    let mut runner = Runner::new(
        {
            world.owe(1, session_id(1), Fen(550));
            world
        },
        now,
        Vec::new(),
    );
    runner.script.push((now, credit(1, 9, 300, 0)));
    let before = runner.world.wallets[&member_id(1)].balance().principal;
    runner.run();
    let world = runner.world;
    let paid = before.0 + 300 - world.wallets[&member_id(1)].balance().principal.0;
    assert_eq!(paid, 550, "{before}");
    let earned = world.points[&member_id(1)].session(session_id(1)).expect("earned");
    assert_eq!(
        earned.points(),
        u64::try_from(earned.principal.0 / 100).expect("positive")
    );
    assert_eq!(earned.earnings.len(), 2);
    assert_eq!(world.points_of(1), earned.points());
}
