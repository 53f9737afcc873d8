//! What a relay with Tasmota answers.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::relay::{Cause, Effects, Message, Relay, Timer};

/// Up to this, `PulseTime` counts tenths of a second; above, seconds plus 100.
const PULSE_TENTHS_MAX: u64 = 111;
const PULSE_MAX: u64 = 64_900;

pub(super) fn command_filter(topic: &str) -> String {
    format!("cmnd/{topic}/#")
}

/// Executes a command: `what` is the last level of its topic.
pub(super) fn command(relay: &mut Relay, what: &str, payload: &str, now: Timestamp) -> Effects {
    let mut effects = Effects::default();
    let what = what.to_ascii_uppercase();
    let numbered = |name| number(&what, name).filter(|channel| relay.index(*channel).is_some());
    if let Some(channel) = numbered("POWER") {
        let on = match payload.to_ascii_uppercase().as_str() {
            "ON" | "1" | "TRUE" => Some(true),
            "OFF" | "0" | "FALSE" => Some(false),
            "TOGGLE" | "2" => Some(!relay.is_on(channel)),
            _ => None,
        };
        if let (Some(on), Some(index)) = (on, relay.index(channel)) {
            // Also when it is on already: ON restarts the countdown.
            let timer = pulse(relay.outputs[index].pulse_time);
            relay.switch(channel, on, timer, Cause::Command, now, &mut effects);
        }
        announce(relay, channel, &mut effects);
    } else if let Some(channel) = numbered("PULSETIME") {
        pulse_time(relay, channel, payload, now, &mut effects);
    } else {
        let unknown = message(relay, "stat", "RESULT", json!({"Command": "Unknown"}));
        effects.messages.push(unknown);
    }
    effects
}

/// `tele/T/STATE`.
pub(super) fn state(relay: &Relay, now: Timestamp) -> Message {
    let mut fields = Map::new();
    let uptime = now.duration_since(relay.booted_at).as_secs().max(0);
    fields.insert("Time".into(), json!(now.strftime("%Y-%m-%dT%H:%M:%S").to_string()));
    fields.insert("UptimeSec".into(), json!(uptime));
    for channel in (1u8..).take(relay.outputs.len()) {
        fields.insert(power(relay, channel), json!(word(relay.is_on(channel))));
    }
    fields.insert("Wifi".into(), json!({"RSSI": 74, "Signal": -63}));
    message(relay, "tele", "STATE", Value::Object(fields))
}

/// `tele/T/LWT`.
pub(super) fn presence(topic: &str, is_online: bool) -> Message {
    Message {
        topic: format!("tele/{topic}/LWT"),
        payload: if is_online { "Online" } else { "Offline" }.into(),
    }
}

/// The state twice, as the firmware does.
pub(super) fn announce(relay: &Relay, channel: u8, effects: &mut Effects) {
    let (power, state) = (power(relay, channel), word(relay.is_on(channel)));
    let mut fields = Map::new();
    fields.insert(power.clone(), json!(state));
    let result = message(relay, "stat", "RESULT", Value::Object(fields));
    effects.messages.push(result);
    effects.messages.push(Message {
        topic: format!("stat/{}/{power}", relay.topic),
        payload: state.into(),
    });
}

/// How long an output stays on with this `PulseTime`.
pub(super) fn pulse(value: u64) -> Option<Duration> {
    match value {
        0 => None,
        tenths if tenths <= PULSE_TENTHS_MAX => Some(Duration::from_millis(tenths * 100)),
        value => Some(Duration::from_secs(value - 100)),
    }
}

fn pulse_time(relay: &mut Relay, channel: u8, payload: &str, now: Timestamp, effects: &mut Effects) {
    let Some(index) = relay.index(channel) else { return };
    let output = &mut relay.outputs[index];
    if let Ok(value) = payload.parse::<u64>() {
        output.pulse_time = value.min(PULSE_MAX);
        let length = pulse(output.pulse_time).filter(|_| output.on);
        output.timer = length.map(|length| Timer { since: now, length });
    }
    let remaining = output
        .timer
        .map_or(0, |timer| timer.ends_at().duration_since(now).as_secs().max(0) + 100);
    let set = json!({"Set": output.pulse_time, "Remaining": remaining});
    let mut fields = Map::new();
    fields.insert(format!("PulseTime{channel}"), set);
    let result = message(relay, "stat", "RESULT", Value::Object(fields));
    effects.messages.push(result);
}

fn message(relay: &Relay, prefix: &str, what: &str, payload: Value) -> Message {
    Message {
        topic: format!("{prefix}/{}/{what}", relay.topic),
        payload: payload.to_string(),
    }
}

/// A single output has no number.
fn power(relay: &Relay, channel: u8) -> String {
    match relay.outputs.len() {
        1 => "POWER".into(),
        _ => format!("POWER{channel}"),
    }
}

fn number(text: &str, name: &str) -> Option<u8> {
    match text.strip_prefix(name)? {
        "" => Some(1),
        digits => digits.parse().ok(),
    }
}

fn word(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::relay::{Contact, Switched};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn lines(effects: &Effects) -> Vec<String> {
        effects
            .messages
            .iter()
            .map(|message| format!("{} {}", message.topic, message.payload))
            .collect()
    }

    #[test]
    fn every_command_is_answered_twice_also_when_nothing_changes() {
        let mut relay = Relay::new("t", 1, at(0));
        for changes in [1, 0] {
            let effects = relay.command("POWER1", "ON", at(0));
            assert_eq!(lines(&effects), [r#"stat/t/RESULT {"POWER":"ON"}"#, "stat/t/POWER ON"]);
            assert_eq!(effects.switched.len(), changes);
        }
        let effects = relay.command("POWER", "", at(0));
        assert_eq!(lines(&effects), [r#"stat/t/RESULT {"POWER":"ON"}"#, "stat/t/POWER ON"]);
    }

    #[test]
    fn several_outputs_are_numbered() {
        let mut relay = Relay::new("t", 4, at(0));
        let effects = relay.command("POWER3", "on", at(0));
        assert_eq!(
            lines(&effects),
            [r#"stat/t/RESULT {"POWER3":"ON"}"#, "stat/t/POWER3 ON"]
        );
        assert_eq!(relay.lamps_on(), [3]);
        let effects = relay.command("POWER5", "ON", at(0));
        assert_eq!(lines(&effects), [r#"stat/t/RESULT {"Command":"Unknown"}"#]);
    }

    #[test]
    fn pulse_time_counts_from_the_last_on() {
        let mut relay = Relay::new("t", 1, at(0));
        let effects = relay.command("PulseTime1", "160", at(0));
        assert_eq!(
            lines(&effects),
            [r#"stat/t/RESULT {"PulseTime1":{"Remaining":0,"Set":160}}"#]
        );
        relay.command("POWER1", "ON", at(0));
        relay.command("POWER1", "ON", at(50));
        assert_eq!(relay.due_at(), Some(at(110)));
        assert_eq!(relay.elapse(at(109)), Effects::default());
        let effects = relay.elapse(at(110));
        assert_eq!(
            effects.switched,
            [Switched {
                channel: 1,
                on: false,
                cause: Cause::Timer
            }]
        );
        assert_eq!(relay.due_at(), None);
    }

    #[test]
    fn broken_contacts_do_not_move() {
        let mut relay = Relay::new("t", 1, at(0));
        relay.set_contact(Contact::Stuck);
        let effects = relay.command("POWER1", "ON", at(0));
        assert_eq!(lines(&effects)[1], "stat/t/POWER OFF");
        relay.set_contact(Contact::Welding);
        relay.command("POWER1", "ON", at(0));
        assert!(relay.command("POWER1", "OFF", at(0)).switched.is_empty());
        assert_eq!(relay.lamps_on(), [1]);
    }

    #[test]
    fn the_telemetry_names_all_outputs() {
        let mut relay = Relay::new("t", 2, at(0));
        relay.command("POWER2", "ON", at(0));
        let told: Value = serde_json::from_str(&state(&relay, at(7)).payload).unwrap();
        assert_eq!(
            (&told["POWER1"], &told["POWER2"], &told["UptimeSec"]),
            (&json!("OFF"), &json!("ON"), &json!(7))
        );
    }
}
