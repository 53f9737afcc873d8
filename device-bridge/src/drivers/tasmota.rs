//! Tasmota firmware over MQTT, with the default full topic `%prefix%/%topic%/`.
//!
//! | topic | payload | meaning |
//! |---|---|---|
//! | `cmnd/T/POWERn` | `ON`, `OFF`, empty | set, set, ask |
//! | `cmnd/T/PulseTimen` | value | go off by itself after the next ON |
//! | `stat/T/RESULT` | `{"POWERn":"ON"}`, `{"PulseTimen":{"Set":3700,…}}` | reply, also when nothing changed |
//! | `stat/T/POWERn` | `ON`, `OFF` | the same reply again |
//! | `tele/T/STATE` | `{"POWERn":"ON","UptimeSec":…}` | every TelePeriod |
//! | `tele/T/LWT` | `Online`, `Offline` | presence |
//!
//! Output 1 is `POWER` or `POWER1`. Replies carry no correlation id. `TOGGLE` is never sent.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{Capabilities, Confirmation, Driver, Frame, Grants, Operation, PAYLOAD_BYTES_MAX, Signal};

/// Devices have at most this many outputs.
const CHANNELS_MAX: u8 = 32;
/// Up to this, `PulseTime` counts tenths of a second; above, seconds plus 100.
const PULSE_TENTHS_MAX: u64 = 111;
const PULSE_SECONDS_OFFSET: u64 = 100;
/// The firmware's largest value, 18 hours.
const PULSE_MAX: u64 = 64_900;

/// The driver; it has no state.
#[derive(Clone, Copy, Debug)]
pub struct Tasmota;

impl Driver for Tasmota {
    fn kind(&self) -> baize_domain::device::Driver {
        baize_domain::device::Driver::Tasmota
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            confirmation: Confirmation::Readback,
            dead_man_max: Some(Duration::from_secs(PULSE_MAX - PULSE_SECONDS_OFFSET)),
        }
    }

    fn subscriptions(&self) -> &'static [&'static str] {
        &["stat/#", "tele/#"]
    }

    fn command_filter(&self) -> &'static str {
        "cmnd/#"
    }

    fn grants(&self) -> Grants {
        Grants {
            speaks: &["stat/{}/#", "tele/{}/#"],
            listens: &["cmnd/{}/#"],
        }
    }

    fn device_topic<'t>(&self, topic: &'t str) -> Option<&'t str> {
        Some(split(topic)?.1)
    }

    fn encode(&self, device: &str, operation: Operation, _correlation: u32) -> Vec<Frame> {
        let Operation::Switch { channel, on, dead_man } = operation;
        let power = command(
            device,
            format_args!("POWER{channel}"),
            Bytes::from_static(if on { b"ON" } else { b"OFF" }),
        );
        match dead_man {
            // Before the ON, which starts the countdown.
            Some(after) if on => {
                let value = pulse_time(after).to_string();
                vec![command(device, format_args!("PulseTime{channel}"), value.into()), power]
            }
            _ => vec![power],
        }
    }

    fn query(&self, device: &str, channel: u8, _correlation: u32) -> Vec<Frame> {
        vec![command(device, format_args!("POWER{channel}"), Bytes::new())]
    }

    fn decode(&self, topic: &str, payload: &[u8]) -> Vec<Signal> {
        let Some((prefix, _, what)) = split(topic) else {
            return vec![Signal::Garbage];
        };
        if payload.len() > PAYLOAD_BYTES_MAX {
            return vec![Signal::Garbage];
        }
        match (prefix, what) {
            ("tele", "LWT") => match payload {
                b"Online" => vec![Signal::Presence(true)],
                b"Offline" => vec![Signal::Presence(false)],
                _ => vec![Signal::Garbage],
            },
            ("stat", "RESULT") | ("tele", "STATE") => match serde_json::from_slice(payload) {
                Ok(Value::Object(fields)) => fields_of(&fields),
                _ => vec![Signal::Garbage],
            },
            ("stat", power) => match (numbered(power, "POWER"), state(payload)) {
                (Some(channel), Some(on)) => vec![Signal::Reported { channel, on }],
                (Some(_), None) => vec![Signal::Garbage],
                (None, _) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

/// `prefix/device/what`; the device's own topic may have several levels.
fn split(topic: &str) -> Option<(&str, &str, &str)> {
    let (prefix, rest) = topic.split_once('/')?;
    let (device, what) = rest.rsplit_once('/')?;
    (matches!(prefix, "stat" | "tele") && !device.is_empty()).then_some((prefix, device, what))
}

fn command(device: &str, what: std::fmt::Arguments<'_>, payload: Bytes) -> Frame {
    Frame {
        topic: format!("cmnd/{device}/{what}"),
        payload,
    }
}

fn fields_of(fields: &Map<String, Value>) -> Vec<Signal> {
    let mut signals = Vec::new();
    for (key, value) in fields {
        if let Some(channel) = numbered(key, "POWER") {
            let on = value.as_str().and_then(|text| state(text.as_bytes()));
            signals.push(on.map_or(Signal::Garbage, |on| Signal::Reported { channel, on }));
        } else if let Some(channel) = numbered(key, "PulseTime") {
            let set = value.get("Set").and_then(Value::as_u64);
            signals.push(set.map_or(Signal::Garbage, |set| Signal::DeadMan {
                channel,
                after: pulse_duration(set),
            }));
        } else if key == "Command" && matches!(value.as_str(), Some("Unknown" | "Error")) {
            signals.push(Signal::Fault);
        }
    }
    signals
}

/// The number behind `name`: 1 if there is none, as the firmware leaves it away on devices with one output.
fn numbered(text: &str, name: &str) -> Option<u8> {
    match text.strip_prefix(name)? {
        "" => Some(1),
        digits => {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse().ok().filter(|_| plain)?;
            (1..=CHANNELS_MAX).contains(&number).then_some(number)
        }
    }
}

fn state(payload: &[u8]) -> Option<bool> {
    match payload {
        b"ON" => Some(true),
        b"OFF" => Some(false),
        _ => None,
    }
}

/// The smallest value that is not shorter than `after`; 18 hours if that is too long to be said.
fn pulse_time(after: Duration) -> u64 {
    let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    let tenths = millis.div_ceil(100).max(1);
    if tenths <= PULSE_TENTHS_MAX {
        return tenths;
    }
    millis
        .div_ceil(1000)
        .saturating_add(PULSE_SECONDS_OFFSET)
        // 100–111 would be tenths again.
        .clamp(PULSE_TENTHS_MAX + 1, PULSE_MAX)
}

fn pulse_duration(value: u64) -> Option<Duration> {
    match value {
        0 => None,
        tenths if tenths <= PULSE_TENTHS_MAX => Some(Duration::from_millis(tenths * 100)),
        value => Some(Duration::from_secs(value - PULSE_SECONDS_OFFSET)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(frames: &[Frame]) -> Vec<String> {
        let line = |frame: &Frame| format!("{} {}", frame.topic, String::from_utf8_lossy(&frame.payload));
        frames.iter().map(line).collect()
    }

    fn switch(channel: u8, on: bool, dead_man_seconds: Option<u64>) -> Operation {
        Operation::Switch {
            channel,
            on,
            dead_man: dead_man_seconds.map(Duration::from_secs),
        }
    }

    #[test]
    fn commands_are_these_frames() {
        let encode = |operation| text(&Tasmota.encode("hall-1/table-3", operation, 7));
        assert_eq!(encode(switch(1, true, None)), ["cmnd/hall-1/table-3/POWER1 ON"]);
        assert_eq!(encode(switch(2, false, None)), ["cmnd/hall-1/table-3/POWER2 OFF"]);
        assert_eq!(
            encode(switch(4, true, Some(3_600))),
            ["cmnd/hall-1/table-3/PulseTime4 3700", "cmnd/hall-1/table-3/POWER4 ON"]
        );
        // Going off needs no dead man.
        assert_eq!(
            encode(switch(4, false, Some(3_600))),
            ["cmnd/hall-1/table-3/POWER4 OFF"]
        );
        assert_eq!(text(&Tasmota.query("t", 3, 7)), ["cmnd/t/POWER3 "]);
    }

    #[test]
    fn answers_are_read_like_this() {
        let decode = |topic: &str, payload: &str| Tasmota.decode(topic, payload.as_bytes());
        let reported = |channel, on| Signal::Reported { channel, on };
        assert_eq!(decode("stat/t/RESULT", r#"{"POWER":"ON"}"#), [reported(1, true)]);
        assert_eq!(decode("stat/t/RESULT", r#"{"POWER2":"OFF"}"#), [reported(2, false)]);
        assert_eq!(decode("stat/t/POWER", "OFF"), [reported(1, false)]);
        assert_eq!(decode("stat/a/b/POWER32", "ON"), [reported(32, true)]);
        assert_eq!(decode("tele/t/LWT", "Online"), [Signal::Presence(true)]);
        assert_eq!(decode("tele/t/LWT", "Offline"), [Signal::Presence(false)]);
        assert_eq!(
            decode(
                "tele/t/STATE",
                r#"{"Time":"2026-11-20T18:00:00","UptimeSec":41,"POWER1":"ON","POWER2":"OFF","Wifi":{"RSSI":74},"MqttCount":1}"#
            ),
            [reported(1, true), reported(2, false)]
        );
        assert_eq!(
            decode("stat/t/RESULT", r#"{"PulseTime1":{"Set":3700,"Remaining":3700}}"#),
            [Signal::DeadMan {
                channel: 1,
                after: Some(Duration::from_secs(3_600))
            }]
        );
        assert_eq!(
            decode("stat/t/RESULT", r#"{"PulseTime1":{"Set":0,"Remaining":0}}"#),
            [Signal::DeadMan {
                channel: 1,
                after: None
            }]
        );
        assert_eq!(decode("stat/t/RESULT", r#"{"Command":"Unknown"}"#), [Signal::Fault]);
        assert_eq!(decode("stat/t/STATUS", r#"{"Status":{}}"#), []);
        assert_eq!(decode("tele/t/SENSOR", "{}"), []);
    }

    #[test]
    fn what_is_no_answer_is_garbage() {
        for (topic, payload) in [
            ("stat/t/RESULT", "ON"),
            ("stat/t/RESULT", r#"{"POWER":1}"#),
            ("stat/t/RESULT", r#"{"POWER":"ON""#),
            ("stat/t/POWER1", "TOGGLE"),
            ("tele/t/LWT", ""),
            ("tele/t/STATE", "[]"),
            ("stat/RESULT", "{}"),
            ("", ""),
        ] {
            let signals = Tasmota.decode(topic, payload.as_bytes());
            assert_eq!(signals, [Signal::Garbage], "{topic} {payload}");
        }
        let long = format!(r#"{{"POWER":"ON","x":"{}"}}"#, "x".repeat(PAYLOAD_BYTES_MAX));
        assert_eq!(Tasmota.decode("stat/t/RESULT", long.as_bytes()), [Signal::Garbage]);
        assert_eq!(Tasmota.decode("stat/t/POWER33", b"ON"), []);
        assert_eq!(Tasmota.decode("stat/t/POWER+1", b"ON"), []);
    }

    #[test]
    fn the_device_is_named_between_prefix_and_last_level() {
        assert_eq!(Tasmota.device_topic("stat/t/RESULT"), Some("t"));
        assert_eq!(Tasmota.device_topic("tele/hall/t/LWT"), Some("hall/t"));
        assert_eq!(Tasmota.device_topic("cmnd/t/POWER"), None);
        assert_eq!(Tasmota.device_topic("stat/RESULT"), None);
        assert_eq!(Tasmota.device_topic("stat//RESULT"), None);
    }

    #[test]
    fn pulse_time_counts_tenths_then_seconds_up_to_18_hours() {
        let value = |millis| pulse_time(Duration::from_millis(millis));
        let expected = [
            (0, 1),
            (1, 1),
            (11_100, 111),
            (11_101, 112),
            (12_000, 112),
            (12_001, 113),
            (3_600_000, 3_700),
            (64_800_000, 64_900),
            (64_800_001, 64_900),
            (u64::MAX, 64_900),
        ];
        for (millis, pulse) in expected {
            assert_eq!(value(millis), pulse, "{millis} ms");
        }
    }

    proptest! {
        #[test]
        fn decode_never_panics(topic in any::<String>(), payload in any::<Vec<u8>>()) {
            Tasmota.decode(&topic, &payload);
            Tasmota.device_topic(&topic);
        }

        #[test]
        fn decode_never_panics_on_its_own_topics(
            topic in "(stat|tele|cmnd)/[a-z/]{0,4}/(RESULT|STATE|LWT|POWER[0-9]{0,3})",
            payload in prop_oneof![
                any::<Vec<u8>>(),
                r#"\{"(POWER|PulseTime|Command)[0-9]{0,3}":("ON"|1|null|\{"Set":[0-9]{1,25}\}|\[)\}?"#.prop_map(String::into_bytes),
            ],
        ) {
            Tasmota.decode(&topic, &payload);
        }

        #[test]
        fn the_dead_man_is_never_early_and_at_most_a_second_late(millis in 1u64..64_800_000) {
            let said = pulse_duration(pulse_time(Duration::from_millis(millis))).unwrap();
            let late = said.checked_sub(Duration::from_millis(millis)).unwrap();
            prop_assert!(late < Duration::from_secs(1));
        }
    }
}
