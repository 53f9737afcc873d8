//! ESPHome over MQTT, with the firmware of `docs/devices/esphome/`. `P` is the device's topic prefix.
//!
//! | topic | payload | meaning |
//! |---|---|---|
//! | `P/switch/light_n/command` | `ON`, `OFF` | set |
//! | `P/query/light_n/command` | empty | ask |
//! | `P/dead_man/light_n/command` | seconds | go off by itself so long after this, or after the next ON |
//! | `P/switch/light_n/state` | `ON`, `OFF` | it changed, was asked, or 10 s passed |
//! | `P/dead_man/light_n/state` | seconds, `refused` | what was accepted |
//! | `P/status` | `online`, `offline` | presence |
//!
//! Of these, stock ESPHome has `switch` and `status`. It says nothing when an output already is as commanded, has no
//! question and no dead man: those are automations of our firmware. Topics and payloads:
//! <https://esphome.io/components/mqtt.html>, <https://esphome.io/api/mqtt__switch_8cpp_source>.

use std::time::Duration;

use bytes::Bytes;

use super::{
    Capabilities, Confirmation, Driver, Frame, Grants, Operation, PAYLOAD_BYTES_MAX, Signal, whole_seconds_up_to,
};

/// Devices have at most this many outputs.
const CHANNELS_MAX: u8 = 32;
/// What the firmware accepts at most, 18 hours.
const DEAD_MAN_MAX: Duration = Duration::from_secs(64_800);

/// The driver; it has no state.
#[derive(Clone, Copy, Debug)]
pub struct EspHome;

impl Driver for EspHome {
    fn kind(&self) -> baize_domain::device::Driver {
        baize_domain::device::Driver::EspHome
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            confirmation: Confirmation::Readback,
            dead_man_max: Some(DEAD_MAN_MAX),
        }
    }

    fn subscriptions(&self) -> &'static [&'static str] {
        &["+/switch/+/state", "+/dead_man/+/state", "+/status"]
    }

    fn command_filter(&self) -> &'static str {
        "+/+/+/command"
    }

    fn grants(&self) -> Grants {
        Grants {
            speaks: &["{}/switch/+/state", "{}/dead_man/+/state", "{}/status", "{}/debug"],
            listens: &["{}/switch/+/command", "{}/query/+/command", "{}/dead_man/+/command"],
        }
    }

    fn device_topic<'t>(&self, topic: &'t str) -> Option<&'t str> {
        Some(split(topic)?.0)
    }

    fn encode(&self, device: &str, operation: Operation, _correlation: u32) -> Vec<Frame> {
        let Operation::Switch { channel, on, dead_man } = operation;
        let word = Bytes::from_static(if on { b"ON" } else { b"OFF" });
        let switch = command(device, "switch", channel, word);
        match dead_man {
            // Before the ON: one that changes nothing starts no countdown.
            Some(after) if on => {
                let seconds = whole_seconds(after).to_string();
                vec![command(device, "dead_man", channel, seconds.into()), switch]
            }
            _ => vec![switch],
        }
    }

    fn query(&self, device: &str, channel: u8, _correlation: u32) -> Vec<Frame> {
        vec![command(device, "query", channel, Bytes::new())]
    }

    fn decode(&self, topic: &str, payload: &[u8]) -> Vec<Signal> {
        let Some((_, said)) = split(topic) else {
            return vec![Signal::Garbage];
        };
        if payload.len() > PAYLOAD_BYTES_MAX {
            return vec![Signal::Garbage];
        }
        let signal = match said {
            Said::Status => presence(payload),
            Said::State(object) => match (channel(object), state(payload)) {
                (Some(channel), Some(on)) => Some(Signal::Reported { channel, on }),
                (Some(_), None) => None,
                // A switch of the board that is no light.
                (None, _) => return Vec::new(),
            },
            Said::DeadMan(object) => channel(object).and_then(|channel| dead_man(channel, payload)),
        };
        vec![signal.unwrap_or(Signal::Garbage)]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said<'t> {
    Status,
    State(&'t str),
    DeadMan(&'t str),
}

/// The device and what it speaks of. Its prefix has one level, as topics of devices do here.
fn split(topic: &str) -> Option<(&str, Said<'_>)> {
    let (device, rest) = topic.split_once('/')?;
    let said = match rest.strip_suffix("/state").and_then(|rest| rest.split_once('/')) {
        Some(("switch", object)) => Said::State(object),
        Some(("dead_man", object)) => Said::DeadMan(object),
        _ if rest == "status" => Said::Status,
        _ => return None,
    };
    (!device.is_empty()).then_some((device, said))
}

fn command(device: &str, what: &str, channel: u8, payload: Bytes) -> Frame {
    Frame {
        topic: format!("{device}/{what}/light_{channel}/command"),
        payload,
    }
}

fn presence(payload: &[u8]) -> Option<Signal> {
    match payload {
        b"online" => Some(Signal::Presence(true)),
        b"offline" => Some(Signal::Presence(false)),
        _ => None,
    }
}

fn state(payload: &[u8]) -> Option<bool> {
    match payload {
        b"ON" => Some(true),
        b"OFF" => Some(false),
        _ => None,
    }
}

fn dead_man(channel: u8, payload: &[u8]) -> Option<Signal> {
    if payload == b"refused" {
        return Some(Signal::Fault);
    }
    let seconds = Duration::from_secs(number(std::str::from_utf8(payload).ok()?)?);
    let is_possible = !seconds.is_zero() && seconds <= DEAD_MAN_MAX;
    is_possible.then_some(Signal::DeadMan {
        channel,
        after: Some(seconds),
    })
}

fn channel(object: &str) -> Option<u8> {
    let number = u8::try_from(number(object.strip_prefix("light_")?)?).ok()?;
    (1..=CHANNELS_MAX).contains(&number).then_some(number)
}

/// Digits only: the standard parser would take a sign.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Not shorter than `after`, 18 hours at most; the firmware refuses 0.
fn whole_seconds(after: Duration) -> u64 {
    whole_seconds_up_to(DEAD_MAN_MAX, after)
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

    fn decode(topic: &str, payload: &str) -> Vec<Signal> {
        EspHome.decode(topic, payload.as_bytes())
    }

    #[test]
    fn commands_are_these_frames() {
        let encode = |operation| text(&EspHome.encode("table-3", operation, 7));
        assert_eq!(encode(switch(1, true, None)), ["table-3/switch/light_1/command ON"]);
        assert_eq!(encode(switch(2, false, None)), ["table-3/switch/light_2/command OFF"]);
        assert_eq!(
            encode(switch(4, true, Some(3_600))),
            [
                "table-3/dead_man/light_4/command 3600",
                "table-3/switch/light_4/command ON"
            ]
        );
        // Going off needs no dead man.
        assert_eq!(
            encode(switch(4, false, Some(3_600))),
            ["table-3/switch/light_4/command OFF"]
        );
        assert_eq!(text(&EspHome.query("t", 3, 7)), ["t/query/light_3/command "]);
    }

    #[test]
    fn answers_are_read_like_this() {
        let reported = |channel, on| Signal::Reported { channel, on };
        assert_eq!(decode("t/switch/light_1/state", "ON"), [reported(1, true)]);
        assert_eq!(decode("t/switch/light_32/state", "OFF"), [reported(32, false)]);
        assert_eq!(decode("t/status", "online"), [Signal::Presence(true)]);
        assert_eq!(decode("t/status", "offline"), [Signal::Presence(false)]);
        assert_eq!(
            decode("t/dead_man/light_2/state", "3600"),
            [Signal::DeadMan {
                channel: 2,
                after: Some(Duration::from_secs(3_600))
            }]
        );
        assert_eq!(decode("t/dead_man/light_2/state", "refused"), [Signal::Fault]);
        assert_eq!(decode("t/switch/fan/state", "ON"), []);
    }

    #[test]
    fn what_is_no_answer_is_garbage() {
        for (topic, payload) in [
            ("t/switch/light_1/state", "on"),
            ("t/switch/light_1/state", ""),
            ("t/status", "Online"),
            ("t/dead_man/light_1/state", "0"),
            ("t/dead_man/light_1/state", "64801"),
            ("t/dead_man/light_1/state", "+60"),
            ("t/dead_man/light_0/state", "60"),
            ("t/dead_man/light_33/state", "60"),
            ("t/sensor/light_1/state", "1"),
            ("/status", "online"),
            ("", ""),
        ] {
            assert_eq!(decode(topic, payload), [Signal::Garbage], "{topic} {payload}");
        }
        let long = "N".repeat(PAYLOAD_BYTES_MAX + 1);
        assert_eq!(decode("t/switch/light_1/state", &long), [Signal::Garbage]);
    }

    #[test]
    fn the_device_is_named_by_the_first_level() {
        assert_eq!(EspHome.device_topic("t/status"), Some("t"));
        assert_eq!(EspHome.device_topic("t/switch/light_1/state"), Some("t"));
        assert_eq!(EspHome.device_topic("t/switch/light_1/command"), None);
        assert_eq!(EspHome.device_topic("a/b/status"), None);
        assert_eq!(EspHome.device_topic("/status"), None);
    }

    proptest! {
        #[test]
        fn the_dead_man_is_never_early_and_at_most_a_second_late(millis in 1u64..64_800_000) {
            let said = Duration::from_secs(whole_seconds(Duration::from_millis(millis)));
            let late = said.checked_sub(Duration::from_millis(millis)).unwrap();
            prop_assert!(late < Duration::from_secs(1));
        }

        #[test]
        fn the_dead_man_is_never_more_than_the_firmware_accepts(seconds in any::<u64>()) {
            let said = whole_seconds(Duration::from_secs(seconds));
            prop_assert!((1..=DEAD_MAN_MAX.as_secs()).contains(&said));
        }
    }
}
