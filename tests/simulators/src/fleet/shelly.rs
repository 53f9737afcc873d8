//! What a Shelly device of the second generation answers.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::relay::{Cause, Effects, Message, Relay};

/// No such method.
const NO_HANDLER: i32 = 404;
/// An argument names what is not there.
const NOT_FOUND: i32 = -105;

pub(super) fn command_filter(topic: &str) -> String {
    format!("{topic}/rpc")
}

/// Executes a request, and answers where its `src` says.
pub(super) fn command(relay: &mut Relay, payload: &str, now: Timestamp) -> Effects {
    let mut effects = Effects::default();
    let Ok(request) = serde_json::from_str::<Value>(payload) else {
        return effects;
    };
    let answer = execute(relay, &request, now, &mut effects);
    if let Some(to) = request["src"].as_str() {
        let (name, content) = match answer {
            Ok(result) => ("result", result),
            Err((code, text)) => ("error", json!({"code": code, "message": text})),
        };
        let mut frame = Map::new();
        frame.insert("id".into(), request["id"].clone());
        frame.insert("src".into(), json!(name_of(relay)));
        frame.insert("dst".into(), json!(to));
        frame.insert(name.into(), content);
        effects.messages.push(Message {
            topic: format!("{to}/rpc"),
            payload: Value::Object(frame).to_string(),
        });
    }
    effects
}

type Answer = Result<Value, (i32, &'static str)>;

fn execute(relay: &mut Relay, request: &Value, now: Timestamp, effects: &mut Effects) -> Answer {
    let params = &request["params"];
    let channel = params["id"]
        .as_u64()
        .and_then(|index| u8::try_from(index).ok()?.checked_add(1));
    let channel = channel.filter(|channel| relay.index(*channel).is_some());
    let channel = channel.ok_or((NOT_FOUND, "Argument 'id', value not found!"))?;
    match request["method"].as_str() {
        Some("Switch.Set") => {
            let on = params["on"]
                .as_bool()
                .ok_or((NOT_FOUND, "Missing required argument 'on'!"))?;
            let was_on = relay.is_on(channel);
            let timer = params["toggle_after"].as_f64();
            let timer = timer.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            relay.switch(channel, on, timer, Cause::Command, now, effects);
            // What did not change is not told.
            if relay.is_on(channel) != was_on {
                effects.messages.push(notify(relay, channel, Cause::Command, now));
            }
            Ok(json!({"was_on": was_on}))
        }
        Some("Switch.GetStatus") => Ok(status(relay, channel, "MQTT")),
        _ => Err((NO_HANDLER, "No handler for method")),
    }
}

/// What changed of an output.
pub(super) fn notify(relay: &Relay, channel: u8, cause: Cause, now: Timestamp) -> Message {
    let source = match cause {
        Cause::Command => "MQTT",
        Cause::Timer => "timer",
        Cause::Hand => "switch",
    };
    event(relay, channel, status(relay, channel, source), now)
}

/// Unasked, from time to time: a reading, without the output, which did not change.
pub(super) fn notification(relay: &Relay, now: Timestamp) -> Message {
    event(
        relay,
        1,
        json!({"id": 0, "temperature": {"tC": 46.5, "tF": 115.7}}),
        now,
    )
}

/// `P/online`.
pub(super) fn presence(topic: &str, is_online: bool) -> Message {
    Message {
        topic: format!("{topic}/online"),
        payload: is_online.to_string(),
    }
}

fn event(relay: &Relay, channel: u8, content: Value, now: Timestamp) -> Message {
    let mut params = Map::new();
    params.insert("ts".into(), json!(seconds(now)));
    params.insert(format!("switch:{}", channel.saturating_sub(1)), content);
    let frame = json!({
        "src": name_of(relay),
        "dst": format!("{}/events", relay.topic),
        "method": "NotifyStatus",
        "params": params,
    });
    Message {
        topic: format!("{}/events/rpc", relay.topic),
        payload: frame.to_string(),
    }
}

fn status(relay: &Relay, channel: u8, source: &str) -> Value {
    let mut status = Map::new();
    status.insert("id".into(), json!(channel.saturating_sub(1)));
    status.insert("source".into(), json!(source));
    status.insert("output".into(), json!(relay.is_on(channel)));
    let timer = relay.index(channel).and_then(|index| relay.outputs[index].timer);
    if let Some(timer) = timer {
        status.insert("timer_started_at".into(), json!(seconds(timer.since)));
        status.insert("timer_duration".into(), json!(timer.length.as_secs_f64()));
    }
    Value::Object(status)
}

/// Its own name, which is not its topic.
fn name_of(relay: &Relay) -> String {
    format!("shellyplus1-{}", relay.topic)
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::relay::{Contact, Firmware, Switched};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn shelly(channels: u8) -> Relay {
        Relay::new("t", channels, at(0)).with(Firmware::Shelly)
    }

    fn ask(relay: &mut Relay, method: &str, params: &Value, now: Timestamp) -> Effects {
        let request = json!({"id": 7, "src": "baize/t", "method": method, "params": params});
        relay.command("rpc", &request.to_string(), now)
    }

    fn said(effects: &Effects) -> Vec<(&str, Value)> {
        let said = |message: &'_ Message| serde_json::from_str(&message.payload).unwrap();
        effects
            .messages
            .iter()
            .map(|message| (&*message.topic, said(message)))
            .collect()
    }

    #[test]
    fn a_change_is_told_and_answered_and_what_is_so_already_is_only_answered() {
        let mut relay = shelly(2);
        let on = json!({"id": 1, "on": true});
        let effects = ask(&mut relay, "Switch.Set", &on, at(0));
        let told = said(&effects);
        assert_eq!(
            told.iter().map(|(topic, _)| *topic).collect::<Vec<_>>(),
            ["t/events/rpc", "baize/t/rpc"]
        );
        assert_eq!(told[0].1["params"]["switch:1"]["output"], json!(true));
        assert_eq!(
            told[1].1,
            json!({"id": 7, "src": "shellyplus1-t", "dst": "baize/t", "result": {"was_on": false}})
        );
        assert_eq!(relay.lamps_on(), [2]);
        let effects = ask(&mut relay, "Switch.Set", &on, at(1));
        assert_eq!(said(&effects)[0].1["result"], json!({"was_on": true}));
        assert_eq!(effects.messages.len(), 1);
    }

    #[test]
    fn toggle_after_counts_from_the_last_on_and_a_hand_ends_it() {
        let mut relay = shelly(1);
        let on = json!({"id": 0, "on": true, "toggle_after": 60});
        ask(&mut relay, "Switch.Set", &on, at(0));
        ask(&mut relay, "Switch.Set", &on, at(50));
        let effects = ask(&mut relay, "Switch.GetStatus", &json!({"id": 0}), at(60));
        assert_eq!(said(&effects)[0].1["result"]["timer_duration"], json!(60.0));
        assert_eq!(relay.due_at(), Some(at(110)));
        let expected = Switched {
            channel: 1,
            on: false,
            cause: Cause::Timer,
        };
        assert_eq!(relay.elapse(at(110)).switched, [expected]);
        ask(&mut relay, "Switch.Set", &on, at(120));
        relay.press(1, at(130));
        relay.press(1, at(131));
        assert_eq!((relay.due_at(), relay.is_on(1)), (None, true));
    }

    #[test]
    fn what_it_does_not_know_it_refuses() {
        let mut relay = shelly(1);
        let code = |effects: &Effects| said(effects)[0].1["error"]["code"].clone();
        let effects = ask(&mut relay, "Switch.Set", &json!({"id": 1, "on": true}), at(0));
        assert_eq!(code(&effects), json!(NOT_FOUND));
        let effects = ask(&mut relay, "Lamp.Set", &json!({"id": 0}), at(0));
        assert_eq!(code(&effects), json!(NO_HANDLER));
        assert_eq!(relay.command("rpc", "ON", at(0)), Effects::default());
    }

    #[test]
    fn stuck_contacts_answer_and_report_what_they_are() {
        let mut relay = shelly(1);
        relay.set_contact(Contact::Stuck);
        let effects = ask(&mut relay, "Switch.Set", &json!({"id": 0, "on": true}), at(0));
        assert_eq!((effects.messages.len(), effects.switched.len()), (1, 0));
        let effects = ask(&mut relay, "Switch.GetStatus", &json!({"id": 0}), at(1));
        assert_eq!(said(&effects)[0].1["result"]["output"], json!(false));
    }
}
