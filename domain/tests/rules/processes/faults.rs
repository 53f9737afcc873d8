//! Evenings in which a light fails, with inputs twice, late and in another order: from the fault to the test that ends its repair.

use baize_domain::command::{Command, OpenMode};
use baize_domain::device::FailureKind;
use baize_domain::hall::HallPolicy;
use baize_domain::ids::RepairId;
use baize_domain::repair::RepairPhase;
use baize_domain::session::{CloseCause, Phase, TableSessionEvent};
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::world::{DEVICE, World, at, open, session_id, table_id, yuan_a_minute};

use super::runner::Runner;

const FITTER: Uuid = Uuid::from_u128(0xf1);

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

/// Member 1 plays an hour that was bought; the light fails so many seconds after ten, by report or by silence.
fn evening(fault_at: u32, silent: bool, chaos: Vec<u8>) -> Runner {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    world.top_up(1, 1, 10_000, 0, ten());
    let mut runner = Runner::new(world, ten(), chaos);
    runner
        .script
        .push((ten(), open(1, 1, 1, OpenMode::Prepaid { minutes: 60 })));
    let at = seconds_after(ten(), fault_at);
    let news = match silent {
        true => Command::ReportDeviceOffline {
            device_id: DEVICE,
            last_heard_at: at,
            incident_id: None,
            at,
        },
        false => Command::ReportLightFailure {
            device_id: DEVICE,
            channel: 1,
            rev: 1,
            kind: FailureKind::Mismatch,
            at,
        },
    };
    runner.script.push((at, news));
    runner
}

/// Somebody sees to the repair, says that it is done, and tests the light.
fn repair(runner: &mut Runner, repair_id: RepairId) {
    let now = runner.now;
    let work = [
        Command::StartRepair { repair_id, by: FITTER },
        Command::CompleteRepair {
            repair_id,
            by: FITTER,
            note: "换了继电器".to_owned(),
        },
        Command::TestDevice { repair_id },
    ];
    for (later, command) in (1..).zip(work) {
        runner.script.push((seconds_after(now, later * 60), command));
    }
}

fn closed(runner: &Runner) -> Vec<(CloseCause, Timestamp, Fen)> {
    let stream = session_id(1).to_string();
    let of_session = runner.world.log.iter().filter(|(id, _)| *id == stream);
    let closed = of_session.filter_map(|(_, event)| match event {
        Event::TableSession(TableSessionEvent::SessionClosed { cause, at, bill, .. }) => {
            Some((*cause, *at, bill.total))
        }
        _ => None,
    });
    closed.collect()
}

#[test]
fn a_fault_ends_the_game_repair_and_a_test_that_is_passed_bring_the_table_back() {
    let mut runner = evening(1_201, false, Vec::new());
    runner.run();
    assert_eq!(
        closed(&runner),
        [(CloseCause::Fault, seconds_after(ten(), 1_201), Fen(2_000))]
    );
    assert_eq!(runner.world.wallet(1).balance().total(), Fen(8_000));
    let repair_id = runner.world.repair_of(1).expect("a repair");
    repair(&mut runner, repair_id);
    runner.run();
    assert_eq!(runner.world.repairs[&repair_id].phase, RepairPhase::Closed);
    assert_eq!(runner.world.tables[&table_id(1)].maintenance, None);
    let told = runner.dispatched.iter().filter_map(|(_, _, _, command)| match command {
        Command::TestLight { on, .. } => Some(*on),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [true, false, true, false, true, false]);
    assert_eq!(runner.unfinished(), []);
}

#[test]
fn a_light_that_stays_dark_in_its_test_goes_back_to_repair_and_is_not_sold() {
    let mut runner = evening(600, true, Vec::new());
    runner.run();
    assert_eq!(closed(&runner)[0].1, seconds_after(ten(), 600), "as of the silence");
    let repair_id = runner.world.repair_of(1).expect("a repair");
    runner.light_seconds = None;
    repair(&mut runner, repair_id);
    runner.run();
    assert_eq!(runner.world.repairs[&repair_id].phase, RepairPhase::Open);
    assert_eq!(runner.world.repair_of(1), Some(repair_id));
    assert_eq!(runner.unfinished(), []);
}

#[test]
fn nobody_is_disturbed_by_a_fault_where_nobody_plays() {
    let mut runner = evening(600, true, Vec::new());
    runner.script.remove(0);
    runner.run();
    assert!(runner.world.repair_of(1).is_some());
    assert!(runner.world.sessions.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_comes_twice_late_or_in_another_order_a_fault_ends_the_game_once_and_the_repair_ends_by_its_test(
        fault_at in 40u32..3_500,
        silent in any::<bool>(),
        dark in any::<bool>(),
        chaos in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut runner = evening(fault_at, silent, chaos);
        runner.run();
        let ends = closed(&runner);
        prop_assert_eq!(ends.len(), 1);
        let (cause, at, bill) = ends[0];
        // Bought time that ends before the fault is certain ends by itself.
        if cause == CloseCause::Fault {
            prop_assert_eq!(at, seconds_after(ten(), fault_at));
        }
        prop_assert!(bill <= Fen(6_000));
        prop_assert_eq!(runner.world.session(1).phase, Phase::Settled);
        prop_assert_eq!(runner.world.wallet(1).balance().total(), Fen(10_000) - bill);
        prop_assert_eq!(runner.world.repairs.len(), usize::from(runner.world.repair_of(1).is_some()));
        if let Some(repair_id) = runner.world.repair_of(1) {
            runner.light_seconds = (!dark).then_some(1);
            repair(&mut runner, repair_id);
            runner.run();
            let phase = runner.world.repairs[&repair_id].phase;
            let is_back = runner.world.repair_of(1).is_none();
            prop_assert_eq!(is_back, phase == RepairPhase::Closed);
            // An answer that comes too late is none; one that never comes is never taken for one.
            prop_assert!(phase == RepairPhase::Open || (phase == RepairPhase::Closed && !dark), "{phase:?}");
            // A command of a test that a crash repeats may come last: then it is the test's, and goes off by itself.
            let burns = runner.world.devices[&DEVICE].outputs[0].desired.filter(|desired| desired.on);
            prop_assert!(burns.is_none_or(|desired| desired.session_id.is_none() && desired.not_after.is_some()));
        }
        prop_assert_eq!(runner.unfinished(), vec![]);
    }
}
