//! Who may complain about what.

use std::sync::Arc;

use baize_domain::command::OpenMode;
use baize_domain::complaint::{Category, ComplaintTerms};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{ChainId, session_complaint};
use baize_domain::personal::Sealed;
use baize_domain::tariff::pricing::minutes_after;
use baize_domain::units::{ComplainInput, complaint_terms};
use baize_domain::{Fen, Refusal};
use jiff::Timestamp;
use uuid::Uuid;

use super::world::{World, at, get, member_id, open, session_id, yuan_a_minute};

fn minutes(n: u32) -> Timestamp {
    minutes_after(at("2026-03-02T10:00:00+08:00"), n)
}

/// The first member plays.
fn playing() -> World {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    world.top_up(1, 1, Fen(20_000).0, 0, minutes(0));
    world.top_up(2, 2, Fen(20_000).0, 0, minutes(0));
    world.run(&open(1, 1, 1, OpenMode::Postpaid), minutes(0));
    world
}

fn about_the_session(world: &World, member: u8, session: u16) -> Result<ComplaintTerms, Refusal> {
    let hall = world.halls.values().next().expect("a hall");
    let input = ComplainInput {
        session: Some(&get(&world.sessions, session_id(session))),
        hall,
        member: &get(&world.members, member_id(member)),
        now: minutes(5),
    };
    complaint_terms(input, Category::Device, Sealed(String::new()))
}

fn about_the_hall(world: &World, member: u8, now: Timestamp) -> ComplaintTerms {
    let hall = world.halls.values().next().expect("a hall");
    let input = ComplainInput {
        session: None,
        hall,
        member: &get(&world.members, member_id(member)),
        now,
    };
    complaint_terms(input, Category::Surroundings, Sealed(String::new())).expect("anybody may")
}

#[test]
fn only_who_played_complains_about_a_session_and_there_is_one_complaint_about_it() {
    let world = playing();
    let terms = about_the_session(&world, 1, 1).expect("the player may");
    assert_eq!(terms.session_id, Some(session_id(1)));
    assert_eq!(terms.complaint_id, session_complaint(session_id(1)));
    let refusal = about_the_session(&world, 2, 1).expect_err("somebody else");
    assert_eq!(refusal.reason, "NOT_THE_PLAYER");
    let refusal = about_the_session(&world, 1, 2).expect_err("nobody played that");
    assert_eq!(refusal.reason, "SESSION_NOT_FOUND");
}

#[test]
fn about_a_hall_there_is_one_complaint_a_person_and_business_day() {
    let world = playing();
    let id = |member, now| about_the_hall(&world, member, now).complaint_id;
    // The business day ends at six in the morning.
    let (evening, night, next) = (minutes(600), minutes(19 * 60), minutes(20 * 60));
    assert_eq!(id(1, evening), id(1, night));
    assert_ne!(id(1, night), id(1, next));
    assert_ne!(id(1, evening), id(2, evening));
}

#[test]
fn nobody_complains_about_a_hall_of_another_chain() {
    let world = playing();
    let mut member = get(&world.members, member_id(1));
    let profile = member.profile.as_mut().map(Arc::make_mut).expect("a member");
    profile.chain_id = ChainId(Uuid::from_u128(99));
    let input = ComplainInput {
        session: None,
        hall: world.halls.values().next().expect("a hall"),
        member: &member,
        now: minutes(5),
    };
    let refusal = complaint_terms(input, Category::Other, Sealed(String::new())).expect_err("of another chain");
    assert_eq!(refusal.reason, "OTHER_CHAIN");
}
