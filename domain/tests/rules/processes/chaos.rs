//! Evenings in which inputs come twice, late and in another order. Whatever comes, the session ends once, in one way, and all is put back.

use std::collections::BTreeSet;

use baize_domain::command::{Command, OpenMode};
use baize_domain::device::DeviceEvent;
use baize_domain::hall::HallPolicy;
use baize_domain::session::{CloseCause, Phase, ResumeCause, TableSessionEvent};
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::{Event, Fen};
use proptest::prelude::*;

use crate::world::{World, at, close, credit, open, session_id, table_id, yuan_a_minute};

use super::runner::Runner;

#[derive(Clone, Debug)]
struct Evening {
    mode: OpenMode,
    yuan: i64,
    light_seconds: Option<u32>,
    extended_at: Option<u32>,
    topped_up_at: Option<u32>,
    closed_at: Option<u32>,
    moved_at: Option<u32>,
    paused_at: Option<u32>,
    /// Staff let the clock go on so many seconds after the pause; else it goes on by itself.
    resumed_after: Option<u32>,
    /// Somebody else opens the table when it is free.
    next_at: Option<u32>,
}

fn evenings() -> impl Strategy<Value = Evening> {
    (
        prop_oneof![
            Just(OpenMode::Postpaid),
            (1u32..60).prop_map(|minutes| OpenMode::Prepaid { minutes })
        ],
        60i64..200,
        prop_oneof![4 => (0u32..40).prop_map(Some), 1 => Just(None)],
        proptest::option::of(0u32..6_000),
        proptest::option::of(0u32..6_000),
        proptest::option::of(0u32..9_000),
        proptest::option::of(0u32..9_000),
        proptest::option::of(0u32..6_000),
        proptest::option::of((0u32..6_000, proptest::option::of(0u32..3_000))),
    )
        .prop_map(
            |(mode, yuan, light_seconds, extended_at, topped_up_at, closed_at, next_at, moved_at, pause)| Evening {
                mode,
                yuan,
                light_seconds,
                extended_at,
                topped_up_at,
                closed_at,
                moved_at,
                paused_at: pause.map(|(at, _)| at),
                resumed_after: pause.and_then(|(_, after)| after),
                next_at,
            },
        )
}

fn play(evening: &Evening, chaos: Vec<u8>) -> Runner {
    let ten = at("2026-03-02T10:00:00+08:00");
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 2);
    world.top_up(1, 1, evening.yuan * 100, 0, ten);
    world.top_up(2, 2, 10_000, 0, ten);
    let mut runner = Runner::new(world, ten, chaos);
    runner.light_seconds = evening.light_seconds;
    runner.script.push((ten, open(1, 1, 1, evening.mode.clone())));
    let mut later = |seconds: Option<u32>, command| {
        if let Some(seconds) = seconds {
            runner.script.push((seconds_after(ten, seconds), command));
        }
    };
    later(
        evening.extended_at,
        Command::ExtendSession {
            session_id: session_id(1),
            minutes: 20,
        },
    );
    later(evening.topped_up_at, credit(1, 3, 3_000, 0));
    later(
        evening.moved_at,
        Command::TransferSession {
            session_id: session_id(1),
            table_id: table_id(2),
        },
    );
    later(
        evening.paused_at,
        Command::PauseSession {
            session_id: session_id(1),
            reason: "断电".into(),
        },
    );
    let resumed_at = evening.paused_at.zip(evening.resumed_after);
    later(
        resumed_at.map(|(at, after)| at + after),
        Command::ResumeSession {
            session_id: session_id(1),
            cause: ResumeCause::Staff,
        },
    );
    later(evening.closed_at, close(1, CloseCause::Customer));
    later(evening.next_at, open(2, 1, 2, OpenMode::Prepaid { minutes: 30 }));
    runner.run();
    runner
}

/// How the first session ended, as told by the log.
fn ends(runner: &Runner) -> Vec<&Event> {
    let stream = session_id(1).to_string();
    runner
        .world
        .log
        .iter()
        .filter(|(id, _)| *id == stream)
        .map(|(_, event)| event)
        .filter(|event| {
            matches!(
                event,
                Event::TableSession(
                    TableSessionEvent::SessionClosed { .. } | TableSessionEvent::SessionCancelled { .. }
                )
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_session_ends_once_and_everything_is_put_back(
        evening in evenings(),
        chaos in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let runner = play(&evening, chaos);
        let world = &runner.world;
        prop_assert_eq!(runner.unfinished(), vec![]);
        prop_assert_eq!(ends(&runner).len(), 1);
        for session in world.sessions.values() {
            prop_assert!(matches!(session.phase, Phase::Settled | Phase::Cancelled));
        }
        for table in world.tables.values() {
            prop_assert_eq!(table.session_id, None);
        }
        for wallet in world.wallets.values() {
            prop_assert!(wallet.sessions.is_empty());
            prop_assert_eq!(wallet.held(), Fen::ZERO);
        }
        for device in world.devices.values() {
            for output in &device.outputs {
                prop_assert!(output.desired.is_none_or(|desired| !desired.on), "a light is left on");
            }
        }
    }

    #[test]
    fn a_session_is_closed_for_one_reason_only(
        evening in evenings(),
        chaos in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let runner = play(&evening, chaos);
        let causes: BTreeSet<String> = runner
            .dispatched
            .iter()
            .filter_map(|(_, _, _, command)| match command {
                Command::CloseSession { session_id: id, cause } if *id == session_id(1) => Some(format!("{cause:?}")),
                _ => None,
            })
            .collect();
        prop_assert!(causes.len() <= 1, "{causes:?}");
    }

    #[test]
    fn a_session_with_light_is_never_cancelled_and_one_without_never_kept(
        evening in evenings(),
        chaos in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let runner = play(&evening, chaos);
        let lit = runner.world.log.iter().any(|(_, event)| {
            matches!(event, Event::Device(DeviceEvent::LightConfirmed { on: true, session_id: Some(id), .. }) if *id == session_id(1))
        });
        let cancelled = runner.world.session(1).phase == Phase::Cancelled;
        prop_assert!(!(lit && cancelled), "cancelled under a light");
        let short = matches!(evening.mode, OpenMode::Prepaid { minutes } if minutes < 4);
        let by_hand_first = evening.closed_at.is_some_and(|at| at < 200);
        // Who moves or pauses has played, light or no light.
        let played_on = [evening.moved_at, evening.paused_at].iter().any(|at| at.is_some_and(|at| at < 200));
        prop_assert!(lit || cancelled || by_hand_first || short || played_on);
    }

    #[test]
    fn no_warning_is_given_twice_for_one_end(
        evening in evenings(),
        chaos in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let runner = play(&evening, chaos);
        let stream = session_id(1).to_string();
        let mut given = Vec::new();
        for (id, event) in &runner.world.log {
            if *id != stream {
                continue;
            }
            match event {
                Event::TableSession(TableSessionEvent::CustomerWarned { warning, .. }) => {
                    prop_assert!(!given.contains(warning));
                    given.push(*warning);
                }
                Event::TableSession(
                    TableSessionEvent::SessionExtended { .. }
                    | TableSessionEvent::HoldRenewed { .. }
                    | TableSessionEvent::SessionTransferred { .. },
                ) => given.clear(),
                _ => {}
            }
        }
    }
}
