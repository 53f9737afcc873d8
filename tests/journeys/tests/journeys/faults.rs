//! A light that dies in a game, and its repair.

use baize_domain::Event;
use baize_domain::device::DeviceEvent;
use baize_domain::repair::RepairEvent;
use baize_domain::session::{CloseCause, TableSessionEvent};
use baize_journeys::clients::{new_id, timed};
use baize_journeys::eventually::eventually;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::venue::v1::HallPolicy;
use baize_proto::hall::view::v1::device_state_service_client::DeviceStateServiceClient;
use baize_proto::hall::view::v1::notice_service_client::NoticeServiceClient;
use baize_proto::hall::view::v1::{
    AlertKind, BillStatus, DeviceHistoryKind, GetDeviceRequest, ListAlertsRequest, ListDeviceHistoryRequest,
    ListNoticesRequest, ListRepairsRequest, NoticeKind, OutputStanding, RepairFault, RepairPhase, TableStatus,
};
use baize_simulators::fleet::Contact;

use crate::{PATIENCE, all_is_well, lamp_is, patient_policy, recorded};

/// ¥12.00 an hour.
const FEN_PER_MINUTE: i64 = 20;

#[tokio::test]
async fn a_light_that_dies_in_a_game_ends_it_as_of_the_fault_and_only_a_test_that_is_passed_brings_the_table_back()
-> anyhow::Result<()> {
    let world = World::start(20.0).await?;
    let policy = HallPolicy {
        fault_seconds: Some(30),
        test_answer_seconds: Some(60),
        goodwill_fen: Some(100),
        ..patient_policy()
    };
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let relay = fleet.relay("a1").ok_or_else(|| anyhow::anyhow!("no relay"))?;
    let (player, next) = (hall.member(5_000, 0).await?, hall.member(5_000, 0).await?);

    let opened = hall.open_prepaid(&table, &player, 60).await?;
    lamp_is(&fleet, "a1", true).await?;
    recorded(&world, "billing", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::BillingStarted { .. }))
    })
    .await?;
    // It goes dark, and no command brings it back.
    relay.press(1);
    relay.set_contact(Contact::Stuck);

    let (bill, position) = hall
        .bill_until(&opened.session_id, opened.position, BillStatus::Paid)
        .await?;
    let log = world.log().await?;
    let session = log.entries.iter().filter_map(|entry| match &entry.event {
        Event::TableSession(event) => Some(event),
        _ => None,
    });
    let (mut began, mut ended) = (None, None);
    for event in session {
        match event {
            TableSessionEvent::BillingStarted { at, .. } => began = Some(*at),
            TableSessionEvent::SessionClosed { cause, at, .. } => ended = Some((*cause, *at)),
            _ => {}
        }
    }
    let repair = log.entries.iter().find_map(|entry| match &entry.event {
        Event::Repair(RepairEvent::RepairOpened { ticket, .. }) => Some(ticket.clone()),
        _ => None,
    });
    let (Some(began), Some((cause, ended)), Some(ticket)) = (began, ended, repair) else {
        anyhow::bail!("the game was not ended by a fault");
    };
    assert_eq!((cause, ended), (CloseCause::Fault, ticket.since), "as of the fault");
    let minutes = (ended.as_millisecond() - began.as_millisecond() + 59_999) / 60_000;
    assert_eq!(bill.paid_fen, minutes * FEN_PER_MINUTE);
    let wallet = hall.wallet(&player, position).await?;
    assert_eq!(
        (wallet.principal_fen, wallet.bonus_fen, wallet.held_fen),
        (5_000 - bill.paid_fen, 100, 0),
        "what was not played is back, and the goodwill with it"
    );
    let notices = ListNoticesRequest {
        member_id: player.clone(),
        page_size: 20,
        min_position: position,
        ..ListNoticesRequest::default()
    };
    let told = NoticeServiceClient::new(world.queries.clone())
        .list_notices(timed(notices))
        .await?
        .into_inner();
    let apology = told
        .notices
        .iter()
        .find(|notice| notice.kind() == NoticeKind::EndedByFault);
    assert_eq!(apology.map(|notice| notice.amount_fen), Some(bill.paid_fen));

    // Off sale, and not to be put back by hand.
    let repair_id = ticket.repair_id.to_string();
    assert_eq!(
        hall.on_board(&table, position).await?.status(),
        TableStatus::Maintenance
    );
    let refused = hall.open_prepaid(&table, &next, 30).await.unwrap_err();
    assert_eq!(refused.reason, "TABLE_IN_MAINTENANCE");
    let refused = hall.end_maintenance(&table).await.unwrap_err();
    assert_eq!(
        (refused.reason.as_str(), &refused.facts["repair_id"]),
        ("TABLE_UNDER_REPAIR", &repair_id)
    );
    let early = baize_proto::hall::device::v1::TestDeviceRequest {
        request_id: new_id(),
        repair_id: repair_id.clone(),
    };
    let early = world.clients.repairs.clone().test_device(timed(early)).await;
    let early: baize_journeys::clients::Refusal = early.unwrap_err().into();
    assert_eq!(early.reason, "REPAIR_NOT_COMPLETED");

    // The first repair does not hold: the light stays dark in its test.
    hall.repair(&repair_id).await?;
    recorded(&world, "the test to fail", |event| {
        matches!(event, Event::Repair(RepairEvent::RepairTestFailed { step: 1, .. }))
    })
    .await?;
    let refused = hall.open_prepaid(&table, &next, 30).await.unwrap_err();
    assert_eq!(refused.reason, "TABLE_IN_MAINTENANCE");

    // The second one does.
    relay.set_contact(Contact::Sound);
    hall.repair(&repair_id).await?;
    let passed = recorded(&world, "the test to pass", |event| {
        matches!(event, Event::Repair(RepairEvent::RepairTestPassed { test: 2, .. }))
    })
    .await?;
    assert_eq!(
        hall.on_board(&table, passed.position).await?.status(),
        TableStatus::Idle
    );
    let opened = hall.open_prepaid(&table, &next, 3).await?;
    lamp_is(&fleet, "a1", true).await?;
    hall.close(&opened.session_id).await?;
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn staff_see_what_is_wrong_with_a_device_its_history_its_repair_and_its_alerts() -> anyhow::Result<()> {
    let world = World::start(20.0).await?;
    let policy = HallPolicy {
        test_answer_seconds: Some(60),
        ..patient_policy()
    };
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let player = hall.member(5_000, 0).await?;
    let opened = hall.open_prepaid(&table, &player, 60).await?;
    lamp_is(&fleet, "a1", true).await?;
    let lit = recorded(&world, "the light", |event| {
        matches!(event, Event::Device(DeviceEvent::LightConfirmed { on: true, .. }))
    })
    .await?;
    let mut devices = DeviceStateServiceClient::new(world.queries.clone());
    let get = GetDeviceRequest {
        device_id: table.device_id.clone(),
        min_position: lit.position,
    };
    let device = devices
        .get_device(timed(get))
        .await?
        .into_inner()
        .device
        .unwrap_or_default();
    let [output] = device.outputs.as_slice() else {
        anyhow::bail!("one output was told something: {device:?}");
    };
    assert!(device.online);
    assert_eq!((output.desired_on, output.reported_on), (true, Some(true)));
    assert_eq!(output.standing(), OutputStanding::Confirmed);
    assert_eq!(output.session_id, opened.session_id);

    // Staff say that it flickers, see to it, and test it.
    let repair_id = hall.report_fault(&table, "灯闪").await?;
    hall.repair(&repair_id).await?;
    let passed = recorded(&world, "the test to pass", |event| {
        matches!(event, Event::Repair(RepairEvent::RepairTestPassed { .. }))
    })
    .await?;
    let repairs = ListRepairsRequest {
        hall_id: hall.hall_id.clone(),
        page_size: 10,
        min_position: passed.position,
        ..ListRepairsRequest::default()
    };
    let repairs = devices.list_repairs(timed(repairs)).await?.into_inner().repairs;
    let [repair] = repairs.as_slice() else {
        anyhow::bail!("one repair: {repairs:?}");
    };
    assert_eq!(
        (repair.fault(), repair.phase()),
        (RepairFault::Reported, RepairPhase::Closed)
    );
    assert_eq!((repair.words.as_str(), repair.table_label.as_str()), ("灯闪", "a1"));
    let history = ListDeviceHistoryRequest {
        device_id: table.device_id.clone(),
        page_size: 50,
        min_position: passed.position,
        ..ListDeviceHistoryRequest::default()
    };
    let history = devices.list_device_history(timed(history)).await?.into_inner().entries;
    let confirmed = history
        .iter()
        .filter(|entry| entry.kind() == DeviceHistoryKind::Confirmed);
    assert!(
        confirmed.count() > 6,
        "six commands of the test and the light of the game: {history:?}"
    );
    let alerts = ListAlertsRequest {
        hall_id: hall.hall_id.clone(),
        page_size: 10,
        min_position: passed.position,
        ..ListAlertsRequest::default()
    };
    let alerts = devices.list_alerts(timed(alerts)).await?.into_inner().alerts;
    let kinds: Vec<_> = alerts.iter().map(|alert| alert.kind()).collect();
    assert_eq!(kinds, [AlertKind::Repaired, AlertKind::Fault], "the newest first");
    let text = alerts[0].zh.clone().unwrap_or_default();
    assert_eq!(text.body, "球台 a1 的灯已通过测试，球台恢复使用。");
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn half_a_hall_that_drops_at_once_is_one_incident_and_ends_nobodys_game() -> anyhow::Result<()> {
    let world = World::start(20.0).await?;
    let policy = HallPolicy {
        offline_fault_seconds: Some(1),
        ..patient_policy()
    };
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let topics = ["a1", "a2", "a3", "a4"];
    let mut tables = Vec::new();
    for topic in topics {
        tables.push(hall.table(topic).await?);
    }
    let fleet = world.relays(&topics).await?;
    let player = hall.member(5_000, 0).await?;
    let opened = hall.open_prepaid(&tables[0], &player, 120).await?;
    lamp_is(&fleet, "a1", true).await?;
    recorded(&world, "billing", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::BillingStarted { .. }))
    })
    .await?;

    // A switch dies: three of four are gone.
    for topic in &topics[..3] {
        let relay = fleet.relay(topic).ok_or_else(|| anyhow::anyhow!("no relay {topic}"))?;
        relay.set_offline(true);
    }
    let mut incidents = Vec::new();
    for table in &tables[..3] {
        let lost = eventually(&table.topic, PATIENCE, async || {
            let log = world.log().await.ok()?;
            let mut of_device = log
                .entries
                .into_iter()
                .filter(|entry| entry.aggregate_id == table.device_id);
            of_device.find_map(|entry| match entry.event {
                Event::Device(DeviceEvent::DeviceWentOffline { incident_id, .. }) => Some(incident_id),
                _ => None,
            })
        });
        incidents.push(lost.await?);
    }
    assert!(incidents[0].is_some());
    assert!(
        incidents.iter().all(|incident| *incident == incidents[0]),
        "{incidents:?}"
    );
    for topic in &topics[..3] {
        let relay = fleet.relay(topic).ok_or_else(|| anyhow::anyhow!("no relay {topic}"))?;
        relay.set_offline(false);
    }
    let back = eventually("all of them to be back", PATIENCE, async || {
        let log = world.log().await.ok()?;
        let back = log
            .entries
            .iter()
            .filter(|entry| matches!(entry.event, Event::Device(DeviceEvent::DeviceCameBack { .. })));
        (back.count() == 3).then_some(log)
    });
    // A device that is lost alone would have been a fault after a second.
    let log = back.await?;
    assert!(!log.entries.iter().any(|entry| entry.aggregate_type == "Repair"));
    let alerts = ListAlertsRequest {
        hall_id: hall.hall_id.clone(),
        page_size: 20,
        min_position: log.head(),
        ..ListAlertsRequest::default()
    };
    let alerts = DeviceStateServiceClient::new(world.queries.clone())
        .list_alerts(timed(alerts))
        .await?
        .into_inner()
        .alerts;
    let of_hall = alerts.iter().filter(|alert| alert.kind() == AlertKind::HallLost);
    assert_eq!(of_hall.count(), 1, "told once: {alerts:?}");
    assert!(
        alerts.iter().all(|alert| alert.kind() != AlertKind::DeviceLost),
        "{alerts:?}"
    );
    hall.close(&opened.session_id).await?;
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}
