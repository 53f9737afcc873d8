//! Devices that come and go, by a clock that the tests move.

use baize_domain::ids::{DeviceId, HallId, derived};
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn device(number: u32) -> DeviceId {
    DeviceId(derived(&["device", &number.to_string()]))
}

fn alone(_: Timestamp) -> Option<Uuid> {
    None
}

fn offline(last_heard: i64, given_up: i64) -> Finding {
    Finding::Offline {
        last_heard_at: at(last_heard),
        incident_id: None,
        at: at(given_up),
    }
}

#[test]
fn a_device_is_lost_after_ten_seconds_and_back_after_ten_steady_ones() {
    let mut watch = Watch::new(false);
    assert_eq!(watch.lose(at(0), at(40)), None);
    assert_eq!(watch.step(at(49), alone), None);
    assert_eq!(watch.wake_at(), Some(at(50)));
    assert_eq!(watch.step(at(50), alone), Some(offline(0, 40)));
    assert_eq!(watch.step(at(900), alone), None, "told once");
    watch.hear(at(1_000));
    watch.hear(at(1_005));
    assert_eq!(watch.step(at(1_009), alone), None);
    assert_eq!(watch.step(at(1_010), alone), Some(Finding::Back { at: at(1_000) }));
    assert_eq!(watch.wake_at(), None);
}

#[test]
fn who_is_heard_within_ten_seconds_was_never_lost() {
    let mut watch = Watch::new(false);
    watch.lose(at(0), at(40));
    watch.hear(at(49));
    assert_eq!((watch.wake_at(), watch.step(at(60), alone)), (None, None));
}

#[test]
fn who_is_lost_again_while_coming_back_is_not_back() {
    let mut watch = Watch::new(true);
    watch.hear(at(0));
    watch.lose(at(0), at(5));
    assert_eq!(watch.step(at(100), alone), None);
    watch.hear(at(200));
    assert_eq!(watch.step(at(210), alone), Some(Finding::Back { at: at(200) }));
}

#[test]
fn the_fourth_drop_in_ten_minutes_is_told_once_and_holds_longer_each_time() {
    let mut watch = Watch::new(false);
    let mut told = Vec::new();
    for drop in 0..40 {
        let now = drop * 60;
        told.extend(watch.lose(at(now), at(now)));
        watch.step(at(now + 10), alone);
        watch.hear(at(now + 20));
        watch.step(at(now + 50), alone);
    }
    let holds: Vec<_> = told
        .iter()
        .map(|finding| match finding {
            Finding::Flapping { drops, hold_until, at } => (*drops, hold_until.duration_since(*at).as_secs()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(holds[..5], [(4, 60), (4, 120), (4, 300), (4, 600), (4, 600)]);
}

#[test]
fn a_device_that_is_held_is_not_back_before_the_hold_is_over() {
    let mut watch = Watch::new(false);
    for now in [0, 100, 200] {
        watch.lose(at(now), at(now));
        watch.hear(at(now + 1));
    }
    assert!(watch.lose(at(300), at(300)).is_some());
    assert_eq!(watch.step(at(310), alone), Some(offline(300, 300)));
    watch.hear(at(311));
    assert_eq!(watch.step(at(359), alone), None);
    assert_eq!(watch.step(at(360), alone), Some(Finding::Back { at: at(311) }));
}

#[test]
fn half_of_a_hall_that_is_lost_at_once_is_one_incident_and_one_device_is_none() {
    let mut hall = Hall::default();
    (0..8).for_each(|number| hall.add(device(number)));
    hall.lose(device(0), at(0));
    assert_eq!(hall.incident(HallId::default(), at(0)), None);
    for number in 0..5 {
        hall.lose(device(number), at(100 + i64::from(number)));
    }
    let incidents: Vec<_> = (0..5)
        .map(|second| hall.incident(HallId::default(), at(100 + second)))
        .collect();
    assert!(incidents[0].is_some());
    assert!(
        incidents.iter().all(|incident| *incident == incidents[0]),
        "{incidents:?}"
    );
    // The sixth is lost a minute later, and for a reason of its own.
    hall.lose(device(5), at(170));
    assert_eq!(hall.incident(HallId::default(), at(170)), None);
}

#[test]
fn who_has_left_the_hall_does_not_count() {
    let mut hall = Hall::default();
    (0..8).for_each(|number| hall.add(device(number)));
    (4..8).for_each(|number| hall.remove(device(number)));
    (0..3).for_each(|number| hall.lose(device(number), at(0)));
    assert!(hall.incident(HallId::default(), at(0)).is_some());
}

#[test]
fn four_of_eight_are_not_more_than_half() {
    let mut hall = Hall::default();
    (0..8).for_each(|number| hall.add(device(number)));
    (0..4).for_each(|number| hall.lose(device(number), at(0)));
    assert_eq!(hall.incident(HallId::default(), at(0)), None);
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Lost,
    Heard,
    Wait(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![Just(Move::Lost), Just(Move::Heard), (0i64..120).prop_map(Move::Wait)];
    proptest::collection::vec(one, 0..200)
}

proptest! {
    #[test]
    fn only_changes_are_told_in_turn_and_never_more_than_what_happened(moves in moves(), told in any::<bool>()) {
        let mut watch = Watch::new(told);
        let (mut now, mut is_told, mut drops) = (0, told, 0);
        let mut flaps = 0;
        for step in moves {
            match step {
                Move::Lost => {
                    drops += 1;
                    flaps += usize::from(watch.lose(at(now), at(now)).is_some());
                }
                Move::Heard => watch.hear(at(now)),
                Move::Wait(seconds) => now += seconds,
            }
            while let Some(finding) = watch.step(at(now), alone) {
                match finding {
                    Finding::Offline { .. } => prop_assert!(!std::mem::replace(&mut is_told, true)),
                    Finding::Back { .. } => prop_assert!(std::mem::replace(&mut is_told, false)),
                    Finding::Flapping { .. } => prop_assert!(false, "told when it was lost"),
                }
            }
        }
        prop_assert!(flaps * FLAPS <= drops + (FLAPS - 1) * flaps);
    }

    #[test]
    fn whoever_stays_long_enough_is_told_to_be_as_it_is(moves in moves(), stays in any::<bool>()) {
        let mut watch = Watch::new(false);
        let mut now = 0;
        for step in moves {
            match step {
                Move::Lost => { watch.lose(at(now), at(now)); }
                Move::Heard => watch.hear(at(now)),
                Move::Wait(seconds) => now += seconds,
            }
            while watch.step(at(now), alone).is_some() {}
        }
        if stays { watch.hear(at(now)) } else { watch.lose(at(now), at(now)); }
        while watch.step(at(now + 700), alone).is_some() {}
        prop_assert_eq!(watch.is_told, !stays);
        prop_assert_eq!(watch.wake_at(), None);
    }
}
