//! Lights that fail: the table leaves sale, the game ends as of the fault, what was not played goes back, and only a test that is passed ends it.

use baize_domain::command::{Command, OpenMode};
use baize_domain::device::{FailureKind, LightChannel, Trouble};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{RepairId, fault_repair, goodwill_top_up, top_up_transaction};
use baize_domain::journal::Journal;
use baize_domain::processes::testing::BURNS_SECONDS_MAX;
use baize_domain::repair::{self, Fault, RepairError, RepairPhase, Ticket};
use baize_domain::session::{CloseCause, Phase, TableSession};
use baize_domain::table;
use baize_domain::tariff::Tariff;
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::units::faults::{self, FaultInput, Game};
use baize_domain::wallet::Split;
use baize_domain::{Event, Fen, Refusal};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::world::{DEVICE, Streams, World, at, get, one, open, session_id, settle, table_id, yuan_a_minute};
use baize_domain::device::DeviceCommand;

const FITTER: Uuid = Uuid::from_u128(0xf1);

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

fn seconds(n: u32) -> Timestamp {
    seconds_after(ten(), n)
}

fn minutes(n: u32) -> Timestamp {
    seconds(n * 60)
}

pub(crate) const LIGHT: LightChannel = LightChannel {
    device_id: DEVICE,
    channel: 1,
};

impl World {
    /// What devices report of themselves, and what becomes of it.
    pub(crate) fn decide_faults(&self, command: Command, now: Timestamp) -> Result<Vec<(String, Event)>, Refusal> {
        match command {
            Command::ReportDeviceOffline {
                device_id,
                last_heard_at,
                incident_id,
                at,
            } => self.device(
                device_id,
                DeviceCommand::ReportOffline {
                    last_heard_at,
                    incident_id,
                    at,
                },
            ),
            Command::ReportDeviceBack { device_id, at } => self.device(device_id, DeviceCommand::ReportBack { at }),
            Command::ReportDeviceFlapping {
                device_id,
                drops,
                hold_until,
                at,
            } => self.device(device_id, DeviceCommand::ReportFlapping { drops, hold_until, at }),
            Command::TestLight { light, on } => self.device(
                light.device_id,
                DeviceCommand::Test {
                    channel: light.channel,
                    on,
                    not_after: seconds_after(now, BURNS_SECONDS_MAX),
                    at: now,
                },
            ),
            Command::CheckLight { light } => self.check_light(light, now),
            Command::ReportFault {
                repair_id,
                table_id,
                words,
            } => {
                let table = get(&self.tables, table_id);
                if table::decide::under_repair(&table).is_some() {
                    return Ok(Vec::new());
                }
                self.take_out(table_id, repair_id, Fault::Reported { words }, now, now)
            }
            Command::StartRepair { repair_id, by } => {
                let events = repair::decide::start(&get(&self.repairs, repair_id), by, now)?;
                Ok(one(repair_id, events, Event::Repair))
            }
            Command::CompleteRepair { repair_id, by, note } => {
                let events = repair::decide::complete(&get(&self.repairs, repair_id), by, note, now)?;
                Ok(one(repair_id, events, Event::Repair))
            }
            Command::FailTest { repair_id, test, step } => {
                let events = repair::decide::fail_test(&get(&self.repairs, repair_id), test, step, now)?;
                Ok(one(repair_id, events, Event::Repair))
            }
            Command::TestDevice { repair_id } => {
                let repair = get(&self.repairs, repair_id);
                let ticket = repair.ticket.clone().ok_or(RepairError::NotFound)?;
                let policy = self.halls[&ticket.hall_id]
                    .profile
                    .as_ref()
                    .map(|hall| hall.policy.clone());
                let table = get(&self.tables, ticket.table_id);
                let events = faults::test_device(&repair, &table, &policy.unwrap_or_default(), now)?;
                Ok(one(repair_id, events, Event::Repair))
            }
            Command::PassTest { repair_id, test } => {
                let repair = get(&self.repairs, repair_id);
                let table_id = repair.ticket.as_ref().map(|ticket| ticket.table_id).unwrap_or_default();
                let changes = faults::pass_test(&repair, &get(&self.tables, table_id), test, now)?;
                let mut events = one(table_id, changes.table, Event::Table);
                events.extend(one(repair_id, changes.repair, Event::Repair));
                Ok(events)
            }
            other => panic!("not about a fault: {other:?}"),
        }
    }

    fn check_light(&self, light: LightChannel, now: Timestamp) -> Result<Vec<(String, Event)>, Refusal> {
        let device = get(&self.devices, light.device_id);
        let lit = self.tables.iter().find(|(_, table)| faults::hangs_over(light, table));
        let Some((table_id, table)) = lit else {
            return Ok(Vec::new());
        };
        let hall_id = table.profile.as_ref().map(|table| table.hall_id).unwrap_or_default();
        let policy = self.halls[&hall_id].profile.as_ref().map(|hall| hall.policy.clone());
        let session = self.playing_at(*table_id);
        match faults::certain_fault(&device, light.channel, session, &policy.unwrap_or_default(), now)? {
            Some((fault, since)) => self.take_out(*table_id, fault_repair(*table_id, since), fault, since, now),
            None => Ok(Vec::new()),
        }
    }

    fn playing_at(&self, table_id: baize_domain::ids::TableId) -> Option<&TableSession> {
        let session = self.sessions.get(&self.tables[&table_id].session_id?)?;
        (session.phase == Phase::Open).then_some(session)
    }

    fn take_out(
        &self,
        table_id: baize_domain::ids::TableId,
        repair_id: RepairId,
        fault: Fault,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(String, Event)>, Refusal> {
        let table = get(&self.tables, table_id);
        let profile = table.profile.clone().ok_or(table::TableError::NotFound)?;
        let session = self.playing_at(table_id);
        let opening = session.and_then(|session| session.opening.clone());
        let (session_id, member_id) =
            opening.map_or_else(Default::default, |opening| (opening.session_id, opening.member_id));
        let (member, wallet) = (get(&self.members, member_id), get(&self.wallets, member_id));
        let goodwill: Journal = get(&self.journal, top_up_transaction(goodwill_top_up(session_id)));
        let changes = faults::take_out(FaultInput {
            ticket: Ticket {
                repair_id,
                hall_id: profile.hall_id,
                table_id,
                light: profile.light,
                fault,
                since,
                session_id: session.map(|_| session_id),
            },
            repair: &get(&self.repairs, repair_id),
            table: &table,
            device: &get(&self.devices, profile.light.device_id),
            game: session.map(|session| Game {
                session,
                member: &member,
                wallet: &wallet,
                goodwill: &goodwill,
            }),
            now,
        })?;
        Ok(Streams {
            session_id,
            table_id,
            member_id,
            device_id: profile.light.device_id,
            ..Streams::default()
        }
        .events(changes))
    }

    /// The repair that keeps a table off sale.
    pub(crate) fn repair_of(&self, table: u8) -> Option<RepairId> {
        table::decide::under_repair(&self.tables[&table_id(table)])
    }
}

fn lit(world: &mut World, rev: u64, second: u32) {
    world.run(
        &Command::ConfirmLight {
            device_id: DEVICE,
            channel: 1,
            rev,
            on: true,
            attempts: 1,
            at: seconds(second),
        },
        seconds(second),
    );
    world.run(
        &Command::StartBilling {
            session_id: session_id(1),
            cause: baize_domain::session::BillingStartCause::LightConfirmed,
            at: seconds(second),
        },
        seconds(second),
    );
}

fn fails(world: &mut World, rev: u64, kind: FailureKind, at: Timestamp) {
    world.run(
        &Command::ReportLightFailure {
            device_id: DEVICE,
            channel: 1,
            rev,
            kind,
            at,
        },
        at,
    );
}

/// Member 1 with ¥200 plays at table 1 since ten, under its light since ten seconds past.
fn playing(tariff: Tariff, policy: HallPolicy, mode: OpenMode) -> World {
    let mut world = World::new(tariff, policy, 2);
    world.top_up(1, 1, 15_000, 5_000, ten());
    world.run(&open(1, 1, 1, mode), ten());
    lit(&mut world, 1, 10);
    world
}

const CHECK: Command = Command::CheckLight { light: LIGHT };

/// What member 1 has when the game is settled.
fn settled(world: &mut World, now: Timestamp) -> Split {
    assert_eq!(world.session(1).phase, Phase::Closed, "the game is not over");
    world.run(&settle(1), now);
    assert_eq!(world.wallet(1).held(), Fen::ZERO);
    assert!(world.wallet(1).sessions.is_empty() && world.wallet(1).debts.is_empty());
    world.wallet(1).balance()
}

#[test]
fn a_prepaid_game_that_a_fault_ends_is_paid_back_to_the_fen_for_what_was_not_played() {
    let mut world = playing(
        yuan_a_minute(),
        HallPolicy::default(),
        OpenMode::Prepaid { minutes: 60 },
    );
    fails(&mut world, 1, FailureKind::Unreachable, seconds(10 + 20 * 60));
    let until = world.refused(&CHECK, seconds(10 + 20 * 60));
    assert_eq!(until.reason, "FAULT_NOT_CERTAIN");
    assert_eq!(until.facts["until"], seconds(70 + 20 * 60).to_string());
    let ended: Vec<_> = world.run(&CHECK, seconds(75 + 20 * 60));
    let ended: Vec<_> = ended.iter().map(Event::event_type).collect();
    assert_eq!(
        ended,
        [
            "SessionClosed",
            "TableReleased",
            "MaintenanceStarted",
            "LightDesired",
            "RepairOpened"
        ]
    );
    let closing = world.session(1).closing.clone().unwrap();
    assert_eq!(closing.at, seconds(10 + 20 * 60), "as of the fault");
    // ¥60 were paid, ¥20 are played: ¥40 go back to where they came from.
    let expected = Split {
        principal: Fen(13_000),
        bonus: Fen(5_000),
    };
    assert_eq!(settled(&mut world, minutes(22)), expected);
    // Told again, it changes nothing.
    assert_eq!(world.run(&CHECK, minutes(23)), []);
}

#[test]
fn bonus_comes_back_first_where_principal_was_spent_first() {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    world.top_up(1, 1, 1_000, 5_000, ten());
    world.run(&open(1, 1, 1, OpenMode::Prepaid { minutes: 60 }), ten());
    lit(&mut world, 1, 0);
    fails(&mut world, 1, FailureKind::Mismatch, minutes(30));
    world.run(&CHECK, minutes(32));
    let expected = Split {
        principal: Fen::ZERO,
        bonus: Fen(3_000),
    };
    assert_eq!(settled(&mut world, minutes(33)), expected);
}

#[test]
fn a_postpaid_game_is_billed_until_the_fault_and_not_the_minimum() {
    let tariff = Tariff {
        minimum: Fen(3_000),
        ..yuan_a_minute()
    };
    let mut world = playing(tariff, HallPolicy::default(), OpenMode::Postpaid);
    fails(&mut world, 1, FailureKind::Mismatch, seconds(10 + 7 * 60));
    world.run(&CHECK, minutes(9));
    assert_eq!(settled(&mut world, minutes(9)).total(), Fen(20_000 - 700));
}

#[test]
fn a_game_that_ends_by_itself_before_anybody_looks_is_nobodys_to_end() {
    let mut world = playing(
        yuan_a_minute(),
        HallPolicy::default(),
        OpenMode::Prepaid { minutes: 20 },
    );
    fails(&mut world, 1, FailureKind::Unreachable, minutes(19));
    world.run(&super::world::close(1, CloseCause::Customer), minutes(19));
    world.run(&settle(1), minutes(19));
    // The light that lingers has a state of its own, which is missed as well.
    fails(&mut world, 2, FailureKind::Unreachable, minutes(20));
    let events = world.run(&CHECK, minutes(22));
    let events: Vec<_> = events.iter().map(Event::event_type).collect();
    assert_eq!(events, ["MaintenanceStarted", "RepairOpened"], "silently");
}

#[test]
fn whoever_moved_to_the_table_pays_for_what_was_played_before_the_fault_at_both() {
    let mut world = playing(
        yuan_a_minute(),
        HallPolicy::default(),
        OpenMode::Prepaid { minutes: 60 },
    );
    let to_two = Command::TransferSession {
        session_id: session_id(1),
        table_id: table_id(2),
    };
    world.run(&to_two, seconds(10 + 20 * 60));
    let missed = |rev, at| Command::ReportLightFailure {
        device_id: DEVICE,
        channel: 2,
        rev,
        kind: FailureKind::Unreachable,
        at,
    };
    let rev = world.devices[&DEVICE].outputs[1].desired.unwrap().rev;
    world.run(&missed(rev, seconds(10 + 35 * 60)), seconds(10 + 35 * 60));
    let two = LightChannel { channel: 2, ..LIGHT };
    world.run(&Command::CheckLight { light: two }, minutes(37));
    assert_eq!(settled(&mut world, minutes(38)).total(), Fen(20_000 - 3_500));
    assert!(world.repair_of(2).is_some() && world.repair_of(1).is_none());
}

#[test]
fn the_goodwill_of_the_hall_is_given_once_as_bonus() {
    let policy = HallPolicy {
        goodwill: Fen(1_000),
        ..HallPolicy::default()
    };
    let mut world = playing(yuan_a_minute(), policy, OpenMode::Postpaid);
    fails(&mut world, 1, FailureKind::Mismatch, seconds(10 + 600));
    world.run(&CHECK, minutes(12));
    world.run(&CHECK, minutes(13));
    let expected = Split {
        principal: Fen(14_000),
        bonus: Fen(6_000),
    };
    assert_eq!(settled(&mut world, minutes(13)), expected);
}

#[test]
fn a_light_that_comes_back_in_time_is_no_fault() {
    let mut world = playing(yuan_a_minute(), HallPolicy::default(), OpenMode::Postpaid);
    fails(&mut world, 1, FailureKind::Mismatch, minutes(10));
    let again = Command::ConfirmLight {
        device_id: DEVICE,
        channel: 1,
        rev: 1,
        on: true,
        attempts: 3,
        at: seconds(640),
    };
    world.run(&again, seconds(640));
    assert_eq!(world.run(&CHECK, minutes(12)), []);
    assert_eq!(world.session(1).phase, Phase::Open);
}

#[test]
fn a_device_that_is_silent_is_a_fault_after_its_own_time_and_not_if_half_the_hall_is_lost() {
    for incident_id in [None, Some(Uuid::from_u128(1))] {
        let mut world = playing(yuan_a_minute(), HallPolicy::default(), OpenMode::Postpaid);
        let lost = Command::ReportDeviceOffline {
            device_id: DEVICE,
            last_heard_at: minutes(9),
            incident_id,
            at: minutes(10),
        };
        world.run(&lost, minutes(10));
        assert_eq!(world.run(&lost, minutes(10)), [], "told once");
        if incident_id.is_some() {
            fails(&mut world, 1, FailureKind::Unreachable, minutes(11));
            assert_eq!(world.run(&CHECK, minutes(60)), []);
            continue;
        }
        assert_eq!(world.refused(&CHECK, minutes(14)).reason, "FAULT_NOT_CERTAIN");
        world.run(&CHECK, minutes(15));
        assert_eq!(world.session(1).closing.as_ref().unwrap().at, minutes(10));
        let troubles: Vec<_> = world.devices[&DEVICE].troubles(2).collect();
        assert_eq!(troubles, [Trouble::Offline(minutes(10))]);
    }
}

#[test]
fn an_opening_whose_light_does_not_come_is_cancelled_and_not_ended_by_the_fault() {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    world.top_up(1, 1, 10_000, 0, ten());
    world.run(&open(1, 1, 1, OpenMode::Postpaid), ten());
    let lost = Command::ReportDeviceOffline {
        device_id: DEVICE,
        last_heard_at: ten(),
        incident_id: None,
        at: seconds_after(ten(), 0)
            .checked_sub(jiff::SignedDuration::from_mins(30))
            .unwrap(),
    };
    world.run(&lost, seconds(1));
    let refusal = world.refused(&CHECK, seconds(20));
    assert_eq!(refusal.facts["until"], seconds(31).to_string());
    let cancel = Command::CancelSession {
        session_id: session_id(1),
        reason: baize_domain::session::CancelReason::LightNotConfirmed,
    };
    world.run(&cancel, seconds(30));
    let repair_id = world.repair_of(1).expect("a repair");
    let ticket = world.repairs[&repair_id].ticket.clone().unwrap();
    assert_eq!(
        (&ticket.fault, ticket.session_id),
        (&Fault::NotConfirmed, Some(session_id(1)))
    );
    assert_eq!(world.run(&CHECK, minutes(5)), [], "there is a ticket");
}

#[test]
fn a_game_under_its_light_does_not_wait_for_the_time_in_which_openings_are_cancelled() {
    let policy = HallPolicy {
        light_timeout_seconds: 3_600,
        ..HallPolicy::default()
    };
    let mut world = playing(yuan_a_minute(), policy, OpenMode::Postpaid);
    fails(&mut world, 1, FailureKind::Mismatch, minutes(5));
    world.run(&CHECK, minutes(6));
    assert_eq!(world.session(1).phase, Phase::Closed);
}

#[test]
fn a_light_may_be_tested_while_it_lingers_and_not_while_somebody_plays_under_it() {
    let mut world = playing(yuan_a_minute(), HallPolicy::default(), OpenMode::Postpaid);
    let test = Command::TestLight { light: LIGHT, on: true };
    assert_eq!(world.refused(&test, minutes(5)).reason, "DEVICE_LIT");
    fails(&mut world, 1, FailureKind::Mismatch, minutes(10));
    world.run(&CHECK, minutes(11));
    let lingering = world.devices[&DEVICE].outputs[0].desired.unwrap();
    assert!(lingering.on && lingering.session_id == Some(session_id(1)));
    world.run(&test, minutes(11));
    let tested = world.devices[&DEVICE].outputs[0].desired.unwrap();
    assert_eq!((tested.rev, tested.session_id), (lingering.rev + 1, None));
    // What ends the lingering does not touch the test.
    let over = Command::SwitchOffLight {
        light: LIGHT,
        session_id: session_id(1),
    };
    assert_eq!(world.run(&over, minutes(14)), []);
}

#[test]
fn a_table_under_repair_cannot_be_had_nor_put_back_by_hand() {
    let mut world = playing(yuan_a_minute(), HallPolicy::default(), OpenMode::Postpaid);
    let report = Command::ReportFault {
        repair_id: RepairId(Uuid::from_u128(77)),
        table_id: table_id(1),
        words: "灯闪".to_owned(),
    };
    world.run(&report, minutes(10));
    assert_eq!(world.session(1).closing.as_ref().unwrap().at, minutes(10));
    assert_eq!(world.run(&report, minutes(11)), []);
    world.run(&settle(1), minutes(11));
    let refused = world.refused(&open(2, 1, 1, OpenMode::Postpaid), minutes(12));
    assert_eq!(refused.reason, "TABLE_IN_MAINTENANCE");
    let back = Command::EndMaintenance { table_id: table_id(1) };
    let refused = world.refused(&back, minutes(12));
    assert_eq!(refused.reason, "TABLE_UNDER_REPAIR");
    assert_eq!(refused.facts["repair_id"], RepairId(Uuid::from_u128(77)).to_string());
    // Maintenance that staff ask for meanwhile does not end the repair.
    let maintenance = Command::StartMaintenance {
        table_id: table_id(1),
        reason: "换台呢".to_owned(),
        expected_end: None,
    };
    world.run(&maintenance, minutes(13));
    assert_eq!(world.repair_of(1), Some(RepairId(Uuid::from_u128(77))));
}

#[test]
fn a_repair_ends_by_a_test_and_one_that_fails_goes_back() {
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 1);
    let repair_id = RepairId(Uuid::from_u128(77));
    let report = Command::ReportFault {
        repair_id,
        table_id: table_id(1),
        words: "灯闪".to_owned(),
    };
    world.run(&report, ten());
    let test = Command::TestDevice { repair_id };
    assert_eq!(world.refused(&test, ten()).reason, "REPAIR_NOT_COMPLETED");
    let work = [
        Command::StartRepair { repair_id, by: FITTER },
        Command::CompleteRepair {
            repair_id,
            by: FITTER,
            note: "换了继电器".to_owned(),
        },
        test,
    ];
    for command in &work {
        world.run(command, minutes(1));
    }
    world.run(
        &Command::FailTest {
            repair_id,
            test: 1,
            step: 2,
        },
        minutes(2),
    );
    assert_eq!(world.repairs[&repair_id].phase, RepairPhase::Open);
    assert!(world.repair_of(1).is_some());
    for command in &work {
        world.run(command, minutes(3));
    }
    world.run(&Command::PassTest { repair_id, test: 1 }, minutes(4));
    assert!(world.repair_of(1).is_some(), "an old result decides nothing");
    world.run(&Command::PassTest { repair_id, test: 2 }, minutes(4));
    assert_eq!(world.repairs[&repair_id].phase, RepairPhase::Closed);
    assert_eq!(world.tables[&table_id(1)].maintenance, None);
}

proptest! {
    #[test]
    fn whenever_the_fault_comes_what_is_billed_and_what_goes_back_is_what_was_paid(
        bought in 1u32..120,
        fault_at in 11u32..9_000,
        principal in 0i64..20_000,
        minimum in 0i64..5_000,
        step in prop_oneof![Just(1u32), Just(15), Just(60)],
    ) {
        let tariff = Tariff { minimum: Fen(minimum), step_minutes: step, ..yuan_a_minute() };
        let mut world = World::new(tariff, HallPolicy::default(), 1);
        world.top_up(1, 1, principal + 1, 20_000 - principal, ten());
        let before = world.wallet(1).balance();
        let prepaid = OpenMode::Prepaid { minutes: bought };
        world.run(&open(1, 1, 1, prepaid), ten());
        let paid = world.session(1).bought_price();
        lit(&mut world, 1, 10);
        fails(&mut world, 1, FailureKind::Unreachable, seconds(fault_at));
        world.run(&CHECK, seconds(fault_at + 60));
        let bill = world.session(1).closing.as_ref().unwrap().bill.total;
        let played = (fault_at - 10).div_ceil(60 * step) * step;
        let whole = fault_at - 10 >= bought.div_ceil(step) * step * 60;
        let expected = if whole { paid } else { paid.min(Fen(i64::from(played) * 100)) };
        prop_assert_eq!(bill, expected);
        let after = settled(&mut world, seconds(fault_at + 61));
        prop_assert_eq!(before.total() - after.total(), bill);
        // Principal was spent first, so of what is earned as much as possible is principal.
        prop_assert_eq!(before.principal - after.principal, before.principal.min(bill));
    }
}
