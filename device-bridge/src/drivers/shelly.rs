//! Shelly devices of the second generation and later: JSON-RPC over MQTT. `P` is the device's topic prefix.
//!
//! | topic | payload | meaning |
//! |---|---|---|
//! | `P/rpc` | `{"id":…,"src":"baize/P","method":"Switch.Set","params":{"id":0,"on":true,"toggle_after":3600}}` | set, and flip back later |
//! | | `…"method":"Switch.GetStatus","params":{"id":0}…` | ask |
//! | `baize/P/rpc` | `{"id":…,"src":"shellyplus1-…","dst":"baize/P","result":{"was_on":false}}` | it was set |
//! | | `…"result":{"id":0,"source":"MQTT","output":true,"timer_started_at":…,"timer_duration":…}` | state |
//! | | `…"error":{"code":-105,"message":"…"}` | refused |
//! | `P/events/rpc` | `{"method":"NotifyStatus","params":{"ts":…,"switch:0":{"id":0,"output":true,…}}}` | what changed, and only that |
//! | `P/online` | `true`, `false` | presence |
//!
//! A reply goes to `<src>/rpc`, so the question's `src` makes the reply's topic name the device. The reply to
//! `Switch.Set` names neither the output nor the timer: both travel in the request's `id`, which is echoed.
//! Outputs count from 0 there. Frames: <https://shelly-api-docs.shelly.cloud/gen2/General/RPCChannels>,
//! <https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Switch>,
//! <https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Mqtt>.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Capabilities, Confirmation, Driver, Frame, Grants, Operation, PAYLOAD_BYTES_MAX, Signal, whole_seconds_up_to,
};

/// Devices have at most this many outputs.
const CHANNELS_MAX: u8 = 32;
/// No longest `toggle_after` is documented; 18 hours are more than any device will be on at a stretch.
const TOGGLE_AFTER_MAX: Duration = Duration::from_secs(64_800);
/// The `id` of `Switch.Set` is seconds of the timer times this, plus the output.
const ID_CHANNELS: u64 = 100;

/// The driver; it has no state.
#[derive(Clone, Copy, Debug)]
pub struct Shelly;

impl Driver for Shelly {
    fn kind(&self) -> baize_domain::device::Driver {
        baize_domain::device::Driver::Shelly
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            confirmation: Confirmation::Readback,
            dead_man_max: Some(TOGGLE_AFTER_MAX),
        }
    }

    fn subscriptions(&self) -> &'static [&'static str] {
        &["baize/+/rpc", "+/events/rpc", "+/online"]
    }

    fn command_filter(&self) -> &'static str {
        "+/rpc"
    }

    fn grants(&self) -> Grants {
        Grants {
            speaks: &["baize/{}/rpc", "{}/events/rpc", "{}/online", "{}/status/#"],
            listens: &["{}/rpc", "{}/command/#"],
        }
    }

    fn device_topic<'t>(&self, topic: &'t str) -> Option<&'t str> {
        Some(split(topic)?.0)
    }

    fn encode(&self, device: &str, operation: Operation, _correlation: u32) -> Vec<Frame> {
        let Operation::Switch { channel, on, dead_man } = operation;
        let mut params = Map::new();
        params.insert("id".into(), json!(index(channel)));
        params.insert("on".into(), json!(on));
        let timer = dead_man.filter(|_| on).map_or(0, whole_seconds);
        if timer > 0 {
            params.insert("toggle_after".into(), json!(timer));
        }
        let id = timer * ID_CHANNELS + u64::from(channel);
        vec![request(device, id, "Switch.Set", Value::Object(params))]
    }

    fn query(&self, device: &str, channel: u8, correlation: u32) -> Vec<Frame> {
        let params = json!({"id": index(channel)});
        vec![request(device, correlation.into(), "Switch.GetStatus", params)]
    }

    fn decode(&self, topic: &str, payload: &[u8]) -> Vec<Signal> {
        let Some((_, said)) = split(topic) else {
            return vec![Signal::Garbage];
        };
        if payload.len() > PAYLOAD_BYTES_MAX {
            return vec![Signal::Garbage];
        }
        if said == Said::Online {
            return match payload {
                b"true" => vec![Signal::Presence(true)],
                b"false" => vec![Signal::Presence(false)],
                _ => vec![Signal::Garbage],
            };
        }
        let Ok(Value::Object(frame)) = serde_json::from_slice(payload) else {
            return vec![Signal::Garbage];
        };
        match said {
            Said::Event => notified(&frame),
            _ => replied(&frame),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Reply,
    Event,
    Online,
}

/// The device and on which of its topics it speaks. Its prefix has one level, as topics of devices do here.
fn split(topic: &str) -> Option<(&str, Said)> {
    let (device, said) = if let Some(device) = topic.strip_suffix("/events/rpc") {
        (device, Said::Event)
    } else if let Some(device) = topic.strip_suffix("/online") {
        (device, Said::Online)
    } else {
        (topic.strip_prefix("baize/")?.strip_suffix("/rpc")?, Said::Reply)
    };
    (!device.is_empty() && !device.contains('/')).then_some((device, said))
}

fn request(device: &str, id: u64, method: &str, params: Value) -> Frame {
    let request = json!({"id": id, "src": format!("baize/{device}"), "method": method, "params": params});
    Frame {
        topic: format!("{device}/rpc"),
        payload: request.to_string().into(),
    }
}

fn replied(frame: &Map<String, Value>) -> Vec<Signal> {
    if frame.contains_key("error") {
        return vec![Signal::Fault];
    }
    let Some(Value::Object(result)) = frame.get("result") else {
        return vec![Signal::Garbage];
    };
    if result.contains_key("was_on") {
        let id = frame.get("id").and_then(Value::as_u64);
        return vec![id.and_then(timer).unwrap_or(Signal::Garbage)];
    }
    let mut signals = vec![output(result).unwrap_or(Signal::Garbage)];
    if let [Signal::Reported { channel, on: true }] = signals[..]
        && !result.contains_key("timer_duration")
    {
        // Somebody switched by hand, which ends the timer.
        signals.push(Signal::DeadMan { channel, after: None });
    }
    signals
}

/// What was asked for in the request with this `id`, now that the device did it.
fn timer(id: u64) -> Option<Signal> {
    let channel = u8::try_from(id % ID_CHANNELS).ok()?;
    let seconds = id / ID_CHANNELS;
    (1..=CHANNELS_MAX).contains(&channel).then_some(Signal::DeadMan {
        channel,
        after: (seconds > 0).then(|| Duration::from_secs(seconds)),
    })
}

fn notified(frame: &Map<String, Value>) -> Vec<Signal> {
    let is_status = matches!(
        frame.get("method").and_then(Value::as_str),
        Some("NotifyStatus" | "NotifyFullStatus")
    );
    let Some(params) = frame.get("params").and_then(Value::as_object).filter(|_| is_status) else {
        return match frame.get("method") {
            Some(Value::String(_)) => Vec::new(),
            _ => vec![Signal::Garbage],
        };
    };
    let switches = params.iter().filter(|(key, _)| key.starts_with("switch:"));
    switches
        .filter_map(|(_, status)| match status.as_object() {
            // The power changed, or the temperature.
            Some(status) if !status.contains_key("output") => None,
            Some(status) => Some(output(status).unwrap_or(Signal::Garbage)),
            None => Some(Signal::Garbage),
        })
        .collect()
}

fn output(status: &Map<String, Value>) -> Option<Signal> {
    let index = status.get("id")?.as_u64()?;
    let channel = u8::try_from(index.checked_add(1)?).ok()?;
    let on = status.get("output")?.as_bool()?;
    (channel <= CHANNELS_MAX).then_some(Signal::Reported { channel, on })
}

fn index(channel: u8) -> u8 {
    channel.saturating_sub(1)
}

/// Not shorter than `after`, 18 hours at most; a timer of 0 would be none.
fn whole_seconds(after: Duration) -> u64 {
    whole_seconds_up_to(TOGGLE_AFTER_MAX, after)
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
        Shelly.decode(topic, payload.as_bytes())
    }

    fn reported(channel: u8, on: bool) -> Signal {
        Signal::Reported { channel, on }
    }

    #[test]
    fn commands_are_these_frames() {
        let encode = |operation| text(&Shelly.encode("bar-3", operation, 7));
        assert_eq!(
            encode(switch(1, true, Some(3_600))),
            [
                r#"bar-3/rpc {"id":360001,"method":"Switch.Set","params":{"id":0,"on":true,"toggle_after":3600},"src":"baize/bar-3"}"#
            ]
        );
        assert_eq!(
            encode(switch(4, true, None)),
            [r#"bar-3/rpc {"id":4,"method":"Switch.Set","params":{"id":3,"on":true},"src":"baize/bar-3"}"#]
        );
        // A timer with OFF would switch on.
        assert_eq!(
            encode(switch(2, false, Some(3_600))),
            [r#"bar-3/rpc {"id":2,"method":"Switch.Set","params":{"id":1,"on":false},"src":"baize/bar-3"}"#]
        );
        assert_eq!(
            text(&Shelly.query("t", 3, 7)),
            [r#"t/rpc {"id":7,"method":"Switch.GetStatus","params":{"id":2},"src":"baize/t"}"#]
        );
    }

    #[test]
    fn the_answer_to_a_command_says_that_its_timer_runs() {
        let reply = |id: u64| {
            let reply = r#","src":"shellyplus1-a8032abc7158","dst":"baize/t","result":{"was_on":false}}"#;
            decode("baize/t/rpc", &format!(r#"{{"id":{id}{reply}"#))
        };
        let dead_man = |channel, seconds: Option<u64>| {
            let after = seconds.map(Duration::from_secs);
            [Signal::DeadMan { channel, after }]
        };
        assert_eq!(reply(360_001), dead_man(1, Some(3_600)));
        assert_eq!(reply(104), dead_man(4, Some(1)));
        assert_eq!(reply(32), dead_man(32, None));
        assert_eq!((reply(100), reply(33)), (vec![Signal::Garbage], vec![Signal::Garbage]));
    }

    #[test]
    fn states_are_read_like_this() {
        let status = r#"{"id":7,"src":"shellyplus2pm-08b61fd90730","dst":"baize/t","result":{"id":1,"source":"MQTT","output":true,"timer_started_at":1736603810.49,"timer_duration":3600.00,"apower":41.3,"voltage":233.1,"temperature":{"tC":46.5,"tF":115.7}}}"#;
        assert_eq!(decode("baize/t/rpc", status), [reported(2, true)]);
        let without_timer = r#"{"id":7,"src":"s","dst":"baize/t","result":{"id":0,"source":"switch","output":true}}"#;
        assert_eq!(
            decode("baize/t/rpc", without_timer),
            [
                reported(1, true),
                Signal::DeadMan {
                    channel: 1,
                    after: None
                }
            ]
        );
        let off = r#"{"id":7,"src":"s","dst":"baize/t","result":{"id":0,"source":"timer","output":false}}"#;
        assert_eq!(decode("baize/t/rpc", off), [reported(1, false)]);
        assert_eq!(decode("t/online", "true"), [Signal::Presence(true)]);
        assert_eq!(decode("t/online", "false"), [Signal::Presence(false)]);
        let refused =
            r#"{"id":7,"src":"s","dst":"baize/t","error":{"code":-105,"message":"Argument 'id', value 7 not found!"}}"#;
        assert_eq!(decode("baize/t/rpc", refused), [Signal::Fault]);
    }

    #[test]
    fn notifications_tell_only_what_changed() {
        let notify = |params: &str| {
            let frame = format!(
                r#"{{"src":"shelly1minig3-54320464a1d0","dst":"t/events","method":"NotifyStatus","params":{{"ts":1736603810.49,{params}}}}}"#
            );
            decode("t/events/rpc", &frame)
        };
        assert_eq!(
            notify(r#""switch:0":{"id":0,"output":false,"source":"HTTP_in"}"#),
            [reported(1, false)]
        );
        assert_eq!(notify(r#""switch:0":{"id":0,"apower":12.0}"#), []);
        assert_eq!(notify(r#""cloud":{"connected":true}"#), []);
        assert_eq!(
            notify(r#""switch:0":{"id":0,"output":true},"switch:1":{"id":1,"output":false}"#),
            [reported(1, true), reported(2, false)]
        );
        let event = r#"{"src":"s","dst":"t/events","method":"NotifyEvent","params":{"ts":1.0,"events":[]}}"#;
        assert_eq!(decode("t/events/rpc", event), []);
    }

    #[test]
    fn what_is_no_answer_is_garbage() {
        for (topic, payload) in [
            ("t/online", "Online"),
            ("baize/t/rpc", "true"),
            ("baize/t/rpc", r#"{"id":7}"#),
            ("baize/t/rpc", r#"{"id":7,"result":{"id":0,"output":1}}"#),
            ("baize/t/rpc", r#"{"id":7,"result":{"id":32,"output":true}}"#),
            ("baize/t/rpc", r#"{"id":"x","result":{"was_on":true}}"#),
            ("t/events/rpc", "{}"),
            (
                "t/events/rpc",
                r#"{"method":"NotifyStatus","params":{"switch:0":true}}"#,
            ),
            ("t/rpc", "{}"),
            ("", ""),
        ] {
            assert_eq!(decode(topic, payload), [Signal::Garbage], "{topic} {payload}");
        }
        let long = format!(r#"{{"method":"NotifyEvent","x":"{}"}}"#, "x".repeat(PAYLOAD_BYTES_MAX));
        assert_eq!(decode("t/events/rpc", &long), [Signal::Garbage]);
    }

    #[test]
    fn the_topic_of_whatever_a_device_says_names_it() {
        for topic in ["baize/t/rpc", "t/events/rpc", "t/online"] {
            assert_eq!(Shelly.device_topic(topic), Some("t"), "{topic}");
        }
        for topic in [
            "t/rpc",
            "baize/rpc",
            "baize//rpc",
            "/online",
            "a/b/online",
            "stat/t/POWER",
        ] {
            assert_eq!(Shelly.device_topic(topic), None, "{topic}");
        }
    }

    proptest! {
        #[test]
        fn decode_never_panics(
            topic in prop_oneof![any::<String>(), Just(String::from("baize/t/rpc")), Just(String::from("t/events/rpc"))],
            payload in any::<Vec<u8>>(),
        ) {
            Shelly.decode(&topic, &payload);
        }

        #[test]
        fn what_is_half_a_frame_never_panics(
            id in any::<u64>(),
            index in any::<u64>(),
            cut in 0..200usize,
            is_event in any::<bool>(),
        ) {
            let frame = format!(
                r#"{{"id":{id},"method":"NotifyStatus","params":{{"switch:0":{{"id":{index},"output":true}}}},"result":{{"id":{index},"output":true}}}}"#
            );
            let topic = if is_event { "t/events/rpc" } else { "baize/t/rpc" };
            Shelly.decode(topic, &frame.as_bytes()[..cut.min(frame.len())]);
            Shelly.decode("baize/t/rpc", format!(r#"{{"id":{id},"result":{{"was_on":true}}}}"#).as_bytes());
        }

        #[test]
        fn a_timer_is_never_shorter_than_asked_for_nor_longer_by_a_second(millis in 1..64_800_000u64) {
            let dead_man = Some(Duration::from_millis(millis));
            let operation = Operation::Switch { channel: 5, on: true, dead_man };
            let frame = &Shelly.encode("t", operation, 0)[0];
            let request: Value = serde_json::from_slice(&frame.payload).unwrap();
            let seconds = request["params"]["toggle_after"].as_u64().unwrap();
            prop_assert!(seconds * 1000 >= millis && seconds * 1000 < millis + 1000);
            let reply = json!({"id": request["id"], "result": {"was_on": true}}).to_string();
            let after = Some(Duration::from_secs(seconds));
            prop_assert_eq!(decode("baize/t/rpc", &reply), vec![Signal::DeadMan { channel: 5, after }]);
        }
    }
}
