//! What a relay board with ESPHome answers, with the firmware of `docs/devices/esphome/`.

use std::time::Duration;

use jiff::Timestamp;

use super::relay::{Cause, Effects, Message, Relay, Timer};

/// The longest dead man, and the one in force until another is set.
const DEAD_MAN_SECONDS_MAX: u64 = 64_800;

pub(super) fn command_filter(topic: &str) -> String {
    format!("{topic}/+/+/command")
}

/// Executes a command: `what` are the two middle levels of its topic.
pub(super) fn command(relay: &mut Relay, what: &str, payload: &str, now: Timestamp) -> Effects {
    let mut effects = Effects::default();
    let address = what.split_once('/').and_then(|(kind, object)| {
        let channel = object.strip_prefix("light_")?.parse().ok()?;
        Some((kind, channel, relay.index(channel)?))
    });
    let Some((kind, channel, index)) = address else {
        return effects;
    };
    match kind {
        "switch" => switch(relay, channel, payload, now, &mut effects),
        "dead_man" => {
            let seconds = payload.parse().ok();
            let seconds = seconds.filter(|seconds| (1..=DEAD_MAN_SECONDS_MAX).contains(seconds));
            let said = seconds.map_or_else(|| "refused".to_owned(), |seconds| seconds.to_string());
            if let Some(seconds) = seconds {
                let output = &mut relay.outputs[index];
                output.pulse_time = seconds;
                let length = dead_man(seconds);
                output.timer = output.on.then_some(Timer { since: now, length });
            }
            effects.messages.push(message(relay, "dead_man", channel, said));
        }
        "query" => effects.messages.push(state(relay, channel)),
        _ => {}
    }
    effects
}

/// How long an output stays on with this setting.
pub(super) fn dead_man(seconds: u64) -> Duration {
    Duration::from_secs(if seconds == 0 { DEAD_MAN_SECONDS_MAX } else { seconds })
}

/// `P/switch/light_n/state`.
pub(super) fn state(relay: &Relay, channel: u8) -> Message {
    let word = if relay.is_on(channel) { "ON" } else { "OFF" };
    message(relay, "switch", channel, word.to_owned())
}

/// `P/status`.
pub(super) fn presence(topic: &str, is_online: bool) -> Message {
    Message {
        topic: format!("{topic}/status"),
        payload: if is_online { "online" } else { "offline" }.into(),
    }
}

/// What is so already is not told again, and starts no countdown.
fn switch(relay: &mut Relay, channel: u8, payload: &str, now: Timestamp, effects: &mut Effects) {
    let was_on = relay.is_on(channel);
    let on = match payload.to_ascii_uppercase().as_str() {
        "ON" => true,
        "OFF" => false,
        "TOGGLE" => !was_on,
        _ => return,
    };
    if on == was_on {
        return;
    }
    let timer = relay.lasting(channel, on);
    relay.switch(channel, on, timer, Cause::Command, now, effects);
    if relay.is_on(channel) != was_on {
        effects.messages.push(state(relay, channel));
    }
}

fn message(relay: &Relay, what: &str, channel: u8, payload: String) -> Message {
    Message {
        topic: format!("{}/{what}/light_{channel}/state", relay.topic),
        payload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::relay::{Contact, Firmware};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn board(channels: u8) -> Relay {
        Relay::new("t", channels, at(0)).with(Firmware::EspHome)
    }

    fn lines(effects: &Effects) -> Vec<String> {
        let line = |message: &Message| format!("{} {}", message.topic, message.payload);
        effects.messages.iter().map(line).collect()
    }

    #[test]
    fn a_change_is_told_once_and_what_is_so_already_only_when_asked() {
        let mut relay = board(2);
        let effects = relay.command("switch/light_2", "ON", at(0));
        assert_eq!(lines(&effects), ["t/switch/light_2/state ON"]);
        assert_eq!(relay.lamps_on(), [2]);
        assert_eq!(relay.command("switch/light_2", "ON", at(1)), Effects::default());
        let effects = relay.command("query/light_2", "", at(2));
        assert_eq!(lines(&effects), ["t/switch/light_2/state ON"]);
        assert_eq!(relay.command("switch/light_3", "ON", at(3)), Effects::default());
    }

    #[test]
    fn the_dead_man_counts_from_when_it_was_set_or_from_the_change_after_it() {
        let mut relay = board(1);
        let effects = relay.command("dead_man/light_1", "60", at(0));
        assert_eq!(lines(&effects), ["t/dead_man/light_1/state 60"]);
        assert_eq!(relay.due_at(), None);
        relay.command("switch/light_1", "ON", at(10));
        assert_eq!(relay.due_at(), Some(at(70)));
        // An ON that changes nothing starts nothing anew; the setting does.
        relay.command("switch/light_1", "ON", at(50));
        assert_eq!(relay.due_at(), Some(at(70)));
        relay.command("dead_man/light_1", "60", at(50));
        let effects = relay.elapse(at(110));
        assert_eq!(lines(&effects), ["t/switch/light_1/state OFF"]);
        assert_eq!(effects.switched[0].cause, Cause::Timer);
        let effects = relay.command("dead_man/light_1", "64801", at(120));
        assert_eq!(lines(&effects), ["t/dead_man/light_1/state refused"]);
    }

    #[test]
    fn without_a_setting_a_lamp_goes_off_after_18_hours() {
        let mut relay = board(1);
        relay.command("switch/light_1", "ON", at(0));
        assert_eq!(relay.due_at(), Some(at(64_800)));
    }

    #[test]
    fn stuck_contacts_say_what_they_are_when_asked() {
        let mut relay = board(1);
        relay.set_contact(Contact::Stuck);
        assert_eq!(relay.command("switch/light_1", "ON", at(0)), Effects::default());
        let effects = relay.command("query/light_1", "", at(0));
        assert_eq!(lines(&effects), ["t/switch/light_1/state OFF"]);
    }

    #[test]
    fn every_output_is_told_from_time_to_time() {
        let mut relay = board(2);
        relay.command("switch/light_2", "ON", at(0));
        let told: Vec<_> = relay.state(at(7)).into_iter().map(|message| message.payload).collect();
        assert_eq!(told, ["OFF", "ON"]);
    }
}
