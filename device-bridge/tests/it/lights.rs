//! What happens to lights.

use std::time::Duration;

use baize_domain::device::{DesireReason, DeviceEvent, FailureKind};
use baize_domain::ids::SessionId;
use baize_proto::hall::device::v1::DeviceHealth;
use baize_simulators::fleet::{Cause, Contact, Fleet, Lamp};
use jiff::SignedDuration;

use crate::office::Said;
use crate::stage::{Installed, Stage, eventually, lamp_is, session};

const ON: Said = Said::Confirmed { on: true };
const OFF: Said = Said::Confirmed { on: false };
const LATE: Said = Said::Failed(FailureKind::Late);
const UNREACHABLE: Said = Said::Failed(FailureKind::Unreachable);
const MISMATCH: Said = Said::Failed(FailureKind::Mismatch);

/// Switching commands that reached a relay, without questions.
fn switches(fleet: &Fleet, device: &Installed) -> Vec<String> {
    let received = fleet.relay(&device.topic).unwrap().received().into_iter();
    received
        .filter(|command| command.what.starts_with("POWER") && !command.payload.is_empty())
        .map(|command| command.payload)
        .collect()
}

fn states(lamp: &Lamp) -> Vec<bool> {
    lamp.changes().iter().map(|change| change.on).collect()
}

async fn goes_on_and_is_confirmed_once(stage: Stage) {
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let lamp = fleet.lamp("table-1", 1);
    let rev = stage.want_on(&device).await;
    lamp_is(&lamp, true).await;
    stage.office.hears(device.id, rev, ON).await;
    let off = stage.want_off(&device).await;
    lamp_is(&lamp, false).await;
    stage.office.hears(device.id, off, OFF).await;
    assert_eq!(
        (stage.office.said(device.id, rev), stage.office.said(device.id, off)),
        (vec![ON], vec![OFF])
    );
    assert_eq!(switches(&fleet, &device), ["ON", "OFF"]);
    let confirmation = &stage.office.calls()[0];
    assert_eq!(
        (confirmation.attempts, confirmation.request_id.get_version_num()),
        (1, 5)
    );
    // The time of the session, so that the light goes off with everything else dead.
    let dead_man = fleet
        .relay("table-1")
        .unwrap()
        .received()
        .into_iter()
        .find(|command| command.what == "PulseTime1")
        .unwrap();
    let seconds = dead_man.payload.parse::<i64>().unwrap() - 100;
    assert!((3_590..=3_600).contains(&seconds), "{seconds}");
    bridge.stop().await;
}

#[tokio::test]
async fn a_light_goes_on_and_off_and_each_is_confirmed_once() {
    goes_on_and_is_confirmed_once(Stage::new().await).await;
}

#[tokio::test]
async fn a_light_goes_on_and_off_and_each_is_confirmed_once_through_mosquitto() {
    if let Some(stage) = Stage::with_mosquitto().await {
        goes_on_and_is_confirmed_once(stage).await;
    }
}

#[tokio::test]
async fn outputs_of_one_device_do_not_disturb_each_other() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    let hour = Duration::from_secs(3_600);
    let second = stage.want_on_for(&device, 2, hour).await;
    stage.office.hears(device.id, second, ON).await;
    let fourth = stage.want_on_for(&device, 4, hour).await;
    stage.office.hears(device.id, fourth, ON).await;
    assert_eq!(fleet.summary().on["table-1"], [2, 4]);
    assert_eq!(fleet.ground_truth().changes().len(), 2);
}

#[tokio::test]
async fn a_lost_command_is_sent_again_and_confirmed() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    // The dead man, the command and the question.
    fleet.relay("table-1").unwrap().lose_next(3);
    let rev = stage.want_on(&device).await;
    stage.office.hears(device.id, rev, ON).await;
    assert!(fleet.lamp("table-1", 1).is_on());
    let confirmation = stage.office.calls().into_iter().find(|call| call.said == ON).unwrap();
    assert_eq!(confirmation.attempts, 2);
    let took = confirmation.at.duration_since(fleet.ground_truth().changes()[0].at);
    assert!(took.abs() < SignedDuration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_device_that_was_away_gets_only_the_newest_desired_state() {
    let stage = Stage::hastened(10.0).await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    let relay = fleet.relay("table-1").unwrap();
    relay.set_offline(true);
    let first = stage.want_on(&device).await;
    stage.office.hears(device.id, first, UNREACHABLE).await;
    let second = stage.want_off(&device).await;
    stage.office.hears(device.id, second, LATE).await;
    let third = stage.want_on(&device).await;
    stage.office.hears(device.id, third, LATE).await;
    relay.set_offline(false);
    stage.office.hears(device.id, third, ON).await;
    assert_eq!(states(&fleet.lamp("table-1", 1)), [true]);
    assert!(switches(&fleet, &device).iter().all(|command| command == "ON"));
    assert_eq!(stage.office.said(device.id, first), [LATE, UNREACHABLE]);
}

#[tokio::test]
async fn a_device_that_falls_silent_is_told_lost_and_back_when_it_stays() {
    let stage = Stage::hastened(10.0).await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    let rev = stage.want_on(&device).await;
    stage.office.hears(device.id, rev, ON).await;
    let relay = fleet.relay("table-1").unwrap();
    relay.set_offline(true);
    let told = |health| {
        stage
            .office
            .calls()
            .iter()
            .any(|call| call.said == Said::Health(health))
    };
    stage.office.wait_until(|| told(DeviceHealth::Offline)).await;
    relay.set_offline(false);
    stage.office.wait_until(|| told(DeviceHealth::Online)).await;
    let calls = stage.office.calls().into_iter();
    let changes: Vec<_> = calls.filter(|call| matches!(call.said, Said::Health(_))).collect();
    assert_eq!(changes.len(), 2, "only changes are told: {changes:#?}");
}

#[tokio::test]
async fn a_stuck_device_is_reported_late_and_contradicting() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    let relay = fleet.relay("table-1").unwrap();
    relay.set_contact(Contact::Stuck);
    let rev = stage.want_on(&device).await;
    stage.office.hears(device.id, rev, MISMATCH).await;
    relay.set_contact(Contact::Sound);
    stage.office.hears(device.id, rev, ON).await;
    assert_eq!(stage.office.said(device.id, rev), [LATE, MISMATCH, ON]);
}

#[tokio::test]
async fn a_light_that_fails_after_it_was_confirmed_is_told_and_told_again_when_it_recovers() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    let rev = stage.want_on(&device).await;
    stage.office.hears(device.id, rev, ON).await;
    let relay = fleet.relay("table-1").unwrap();
    relay.press(1);
    relay.set_contact(Contact::Stuck);
    stage.office.hears(device.id, rev, MISMATCH).await;
    relay.set_contact(Contact::Sound);
    let said = || stage.office.said(device.id, rev);
    stage.office.wait_until(|| said().last() == Some(&ON)).await;
    assert_eq!(said(), [ON, LATE, MISMATCH, ON]);
}

#[tokio::test]
async fn when_its_time_is_over_a_light_goes_off_without_any_event() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    // Above 11.1 s a relay's own timer counts whole seconds, rounded up: it comes long enough after the bridge.
    let time = Duration::from_millis(11_150);
    let asked_at = stage.clock.now();
    let rev = stage.want_on_for(&device, 1, time).await;
    stage.office.hears(device.id, rev, Said::Expired).await;
    assert_eq!(stage.office.said(device.id, rev), [ON, Said::Expired]);
    let changes = fleet.lamp("table-1", 1).changes();
    assert_eq!(
        (changes.len(), changes[1].on, changes[1].cause),
        (2, false, Cause::Command)
    );
    let lasted = changes[1].at.duration_since(asked_at).as_secs_f64();
    assert!(lasted >= time.as_secs_f64(), "{lasted}");
}

#[tokio::test]
async fn a_light_whose_bridge_died_goes_off_by_itself() {
    let stage = Stage::hastened(20.0).await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    let lamp = fleet.lamp("table-1", 1);
    let rev = stage.want_on_for(&device, 1, Duration::from_secs(30)).await;
    stage.office.hears(device.id, rev, ON).await;
    let end = stage.clock.now() + SignedDuration::from_secs(30);
    drop(bridge);
    lamp_is(&lamp, false).await;
    let last = lamp.changes().pop().unwrap();
    assert_eq!(last.cause, Cause::Timer);
    assert!(last.at < end + SignedDuration::from_secs(3), "{} after {end}", last.at);
}

#[tokio::test]
async fn a_lower_or_equal_rev_is_ignored() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    stage.want_on(&device).await;
    stage.want_off(&device).await;
    let newest = stage.want_on(&device).await;
    stage.office.hears(device.id, newest, ON).await;
    let before = fleet.lamp("table-1", 1).changes();
    for rev in [newest - 1, newest] {
        let event = DeviceEvent::LightDesired {
            channel: 1,
            rev,
            on: false,
            session_id: Some(session(&device, 1)),
            not_after: None,
            reason: DesireReason::SessionOver,
            issued_at: stage.clock.now(),
        };
        stage.office.write(device.id, event).await;
    }
    // Events are taken in one after the other: when this one is confirmed, those before it have had their chance.
    let other = stage.want_on_for(&device, 2, Duration::from_secs(60)).await;
    stage.office.hears(device.id, other, ON).await;
    assert_eq!(fleet.lamp("table-1", 1).changes(), before);
    assert!(fleet.lamp("table-1", 1).is_on());
}

#[tokio::test]
async fn without_a_session_or_an_end_a_light_never_goes_on() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    let now = stage.clock.now();
    let later = now + SignedDuration::from_secs(3_600);
    let unknown = [
        (None, Some(later)),
        (Some(SessionId::default()), None),
        // Over before it began.
        (Some(SessionId::default()), Some(now - SignedDuration::from_secs(1))),
    ];
    for (rev, (session_id, not_after)) in (1..).zip(unknown) {
        let event = DeviceEvent::LightDesired {
            channel: 1,
            rev,
            on: true,
            session_id,
            not_after,
            reason: DesireReason::SessionOpened,
            issued_at: now,
        };
        stage.office.write(device.id, event).await;
    }
    stage.office.hears(device.id, 3, Said::Expired).await;
    assert_eq!(fleet.ground_truth().changes(), []);
    assert!(switches(&fleet, &device).iter().all(|command| command == "OFF"));
}

#[tokio::test]
async fn a_hand_at_the_switch_is_corrected() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let _bridge = stage.bridge().await;
    let lamp = fleet.lamp("table-1", 1);
    let rev = stage.want_on(&device).await;
    stage.office.hears(device.id, rev, ON).await;
    fleet.relay("table-1").unwrap().press(1);
    assert!(!lamp.is_on());
    lamp_is(&lamp, true).await;
    assert_eq!(states(&lamp), [true, false, true]);
    assert_eq!(stage.office.said(device.id, rev), [ON]);
}

#[tokio::test]
async fn reports_wait_for_command_api_and_are_delivered_in_order() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    stage
        .office
        .refuse_with(Some(tonic::Status::unavailable("no database")));
    let relay = fleet.relay("table-1").unwrap();
    relay.set_contact(Contact::Stuck);
    let rev = stage.want_on(&device).await;
    stage.office.wait_until(|| stage.office.calls().len() >= 3).await;
    relay.set_contact(Contact::Sound);
    lamp_is(&fleet.lamp("table-1", 1), true).await;
    stage.office.refuse_with(None);
    stage.office.hears(device.id, rev, ON).await;
    let said = stage.office.said(device.id, rev);
    assert_eq!((said.first(), said.last()), (Some(&LATE), Some(&ON)));
    let ids = stage
        .office
        .calls()
        .into_iter()
        .filter(|call| call.said == LATE)
        .map(|call| call.request_id);
    let ids: std::collections::HashSet<_> = ids.collect();
    assert_eq!(ids.len(), 1, "a repeat has the same id");
    bridge.stop().await;
}

#[tokio::test]
async fn a_refused_report_is_not_repeated() {
    let stage = Stage::new().await;
    let device = stage.install("table-1").await;
    let fleet = stage.fleet(&[&device]).await;
    let bridge = stage.bridge().await;
    stage.office.refuse_with(Some(tonic::Status::failed_precondition("no")));
    let first = stage.want_on(&device).await;
    stage.office.wait_until(|| !stage.office.calls().is_empty()).await;
    stage.office.refuse_with(None);
    let second = stage.want_off(&device).await;
    stage.office.hears(device.id, second, OFF).await;
    assert_eq!(stage.office.said(device.id, first), []);
    eventually("no report waits", || async { bridge.reports_waiting() == 0 }).await;
    assert_eq!(states(&fleet.lamp("table-1", 1)), [true, false]);
}

#[tokio::test]
async fn only_the_halls_that_were_asked_for_are_served() {
    let stage = Stage::new().await;
    let ours = stage.install("table-1").await;
    let elsewhere = baize_domain::ids::HallId(uuid::Uuid::now_v7());
    let theirs = stage.install_in(elsewhere, "table-2").await;
    let fleet = stage.fleet(&[&ours, &theirs]).await;
    let mut options = stage.bridge_options();
    options.halls = Some(vec![stage.hall]);
    let bridge = baize_device_bridge::DeviceBridge::start(options).await.unwrap();
    crate::stage::ready(&bridge).await;
    stage.want_on(&theirs).await;
    let rev = stage.want_on(&ours).await;
    stage.office.hears(ours.id, rev, ON).await;
    assert!(!fleet.lamp("table-2", 1).is_on());
    bridge.stop().await;
    // A bridge that serves more halls reads what it had skipped.
    let _bridge = stage.bridge().await;
    lamp_is(&fleet.lamp("table-2", 1), true).await;
}
