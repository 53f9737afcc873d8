use proptest::prelude::*;

use super::*;

fn device() -> DeviceId {
    DeviceId(baize_domain::ids::derived(&["device"]))
}

fn light(channel: u8) -> LightChannel {
    LightChannel {
        device_id: device(),
        channel,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn desired(channel: u8, rev: u64, on: bool) -> DeviceEvent {
    DeviceEvent::LightDesired {
        channel,
        rev,
        on,
        session_id: Some(SessionId::default()),
        not_after: on.then(|| at("2026-11-20T20:00:00Z")),
        reason: DesireReason::SessionOpened,
        issued_at: at("2026-11-20T18:00:00Z"),
    }
}

fn confirmed(channel: u8, rev: u64) -> DeviceEvent {
    DeviceEvent::LightConfirmed {
        channel,
        rev,
        session_id: None,
        on: true,
        latency_ms: 9,
        attempts: 1,
        at: at("2026-11-20T18:00:00Z"),
    }
}

fn registered() -> DeviceEvent {
    DeviceEvent::DeviceRegistered {
        device_id: device(),
        hall_id: HallId::default(),
        driver: Driver::Tasmota,
        topic: "table-1".into(),
        channels: 2,
    }
}

#[test]
fn of_an_output_the_highest_rev_counts() {
    let mut register = Register::default();
    assert_eq!(
        register.apply(5, device(), &desired(1, 2, true)),
        Some(Change::Desired(light(1)))
    );
    assert_eq!(register.apply(6, device(), &desired(1, 2, false)), None);
    assert_eq!(register.apply(7, device(), &desired(1, 1, false)), None);
    assert!(register.entry(light(1)).unwrap().desired.on);
    assert_eq!(
        register.apply(8, device(), &desired(1, 3, false)),
        Some(Change::Desired(light(1)))
    );
    assert!(!register.entry(light(1)).unwrap().desired.on);
}

#[test]
fn what_is_reported_belongs_to_its_rev_alone() {
    let mut register = Register::default();
    register.apply(1, device(), &desired(1, 1, true));
    assert_eq!(
        register.apply(2, device(), &confirmed(1, 1)),
        Some(Change::Outcome(light(1)))
    );
    assert_eq!(register.apply(3, device(), &confirmed(1, 1)), None);
    register.apply(4, device(), &desired(1, 2, true));
    assert!(!register.entry(light(1)).unwrap().outcomes.confirmed);
    assert_eq!(register.apply(5, device(), &confirmed(1, 1)), None);
    assert_eq!(register.apply(6, device(), &confirmed(2, 1)), None);
}

#[test]
fn a_register_restored_from_its_records_is_the_same_whatever_their_order() {
    let mut register = Register::default();
    register.apply(1, device(), &registered());
    register.apply(2, device(), &desired(1, 1, true));
    let older = register.channel_record(light(1)).unwrap();
    register.apply(3, device(), &confirmed(1, 1));
    register.apply(4, device(), &desired(1, 2, true));
    register.apply(5, device(), &desired(2, 3, false));
    register.apply(6, device(), &confirmed(1, 2));
    let mut records = vec![
        register.channel_record(light(2)).unwrap(),
        register.channel_record(light(1)).unwrap(),
        register.device_record(device()).unwrap(),
        older,
    ];
    for _ in 0..2 {
        let mut restored = Register::default();
        for record in &records {
            let json = serde_json::to_string(record).unwrap();
            restored.restore(serde_json::from_str(&json).unwrap());
        }
        assert_eq!(restored.device(device()), register.device(device()));
        records.reverse();
    }
}

#[test]
fn a_device_that_has_left_is_known_to_have_left_after_a_restart() {
    let mut register = Register::default();
    register.apply(1, device(), &registered());
    let retired = DeviceEvent::DeviceRetired {
        at: at("2026-11-20T18:00:00Z"),
    };
    assert_eq!(register.apply(2, device(), &retired), Some(Change::Retired(device())));
    assert_eq!(register.apply(2, device(), &retired), None);
    let mut restored = Register::default();
    restored.restore(register.device_record(device()).unwrap());
    assert!(restored.device(device()).unwrap().is_retired);
    assert_eq!(restored.device(device()), register.device(device()));
}

#[test]
fn a_record_looks_like_this() {
    let mut register = Register::default();
    register.apply(1, device(), &registered());
    register.apply(2, device(), &desired(1, 7, true));
    let record = register.channel_record(light(1)).unwrap();
    let hall = HallId::default();
    assert_eq!(record.subject("s"), format!("desired.s.{hall}.{}.1", device()));
    assert_eq!(
        serde_json::to_value(&record).unwrap(),
        serde_json::json!({
            "record": "channel", "device_id": device(), "channel": 1, "hall_id": hall, "rev": 7, "on": true,
            "session_id": SessionId::default(), "not_after": "2026-11-20T20:00:00Z", "reason": "SessionOpened",
            "issued_at": "2026-11-20T18:00:00Z", "position": 2,
            "outcomes": {"confirmed": false, "expired": false, "late": false, "unreachable": false, "mismatch": false,
                "recoveries": 0},
        })
    );
}

#[test]
fn without_a_session_or_an_end_a_light_is_never_on() {
    let desired = Desired {
        rev: 1,
        on: true,
        session_id: Some(SessionId::default()),
        not_after: Some(at("2026-11-20T20:00:00Z")),
        reason: DesireReason::SessionOpened,
        issued_at: at("2026-11-20T18:00:00Z"),
    };
    let before = at("2026-11-20T19:59:59.999Z");
    assert!(desired.is_on_at(before));
    assert!(!desired.is_on_at(at("2026-11-20T20:00:00Z")));
    assert!(desired.is_over_at(at("2026-11-20T20:00:00Z")));
    assert!(
        !Desired {
            session_id: None,
            ..desired
        }
        .is_on_at(before)
    );
    assert!(
        !Desired {
            not_after: None,
            ..desired
        }
        .is_on_at(before)
    );
    assert!(!Desired { on: false, ..desired }.is_on_at(before));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_late_twice_or_out_of_order_the_highest_rev_of_each_output_counts(
        told in prop::collection::vec((1u8..=2, 1u64..20, any::<bool>()), 1..60),
    ) {
        let mut register = Register::default();
        let mut expected = BTreeMap::<u8, (u64, bool)>::new();
        for (position, (channel, rev, on)) in (1..).zip(&told) {
            let changed = register.apply(position, device(), &desired(*channel, *rev, *on));
            let is_newer = expected.get(channel).is_none_or(|(known, _)| rev > known);
            prop_assert_eq!(changed, is_newer.then_some(Change::Desired(light(*channel))));
            if is_newer {
                expected.insert(*channel, (*rev, *on));
            }
        }
        for (channel, known) in expected {
            let entry = register.entry(light(channel)).unwrap();
            prop_assert_eq!((entry.desired.rev, entry.desired.on), known);
        }
    }
}
