//! One relay with Tasmota firmware: what it does and answers, without any transport.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Up to this, `PulseTime` counts tenths of a second; above, seconds plus 100.
const PULSE_TENTHS_MAX: u64 = 111;
const PULSE_MAX: u64 = 64_900;

/// A message of the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Full topic.
    pub topic: String,
    /// Content.
    pub payload: String,
}

/// Why a lamp changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A command.
    Command,
    /// `PulseTime` ran out.
    PulseTime,
    /// A hand at the switch.
    Hand,
}

/// A lamp that really changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switched {
    /// The output, from 1.
    pub channel: u8,
    /// On or off now.
    pub on: bool,
    /// Why.
    pub cause: Cause,
}

/// What came of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// To be published.
    pub messages: Vec<Message>,
    /// What changed.
    pub switched: Vec<Switched>,
}

/// The relay.
#[derive(Clone, Debug)]
pub struct Relay {
    topic: String,
    outputs: Vec<Output>,
    booted_at: Timestamp,
    contact: Contact,
}

/// What is wrong with the contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contact {
    /// Nothing.
    #[default]
    Sound,
    /// They stay as they are.
    Stuck,
    /// They close once more and then stay closed.
    Welding,
}

#[derive(Clone, Copy, Debug, Default)]
struct Output {
    on: bool,
    pulse_time: u64,
    off_at: Option<Timestamp>,
}

impl Relay {
    /// A relay that has just booted; all outputs are off (`PowerOnState 0`).
    pub fn new(topic: impl Into<String>, channels: u8, now: Timestamp) -> Self {
        Self {
            topic: topic.into(),
            outputs: vec![Output::default(); usize::from(channels.max(1))],
            booted_at: now,
            contact: Contact::default(),
        }
    }

    /// Whether the lamp at an output is on.
    pub fn is_on(&self, channel: u8) -> bool {
        self.index(channel).is_some_and(|index| self.outputs[index].on)
    }

    /// The outputs whose lamps are on.
    pub fn lamps_on(&self) -> Vec<u8> {
        (1u8..)
            .take(self.outputs.len())
            .filter(|channel| self.is_on(*channel))
            .collect()
    }

    /// Breaks or mends the contacts.
    pub fn set_contact(&mut self, contact: Contact) {
        self.contact = contact;
    }

    /// Executes a command: `what` is the last level of its topic.
    pub fn command(&mut self, what: &str, payload: &str, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        let what = what.to_ascii_uppercase();
        if let Some(channel) = number(&what, "POWER").and_then(|n| self.index(n).map(|_| n)) {
            match payload.to_ascii_uppercase().as_str() {
                "" => {}
                "ON" | "1" | "TRUE" => self.switch(channel, true, Cause::Command, now, &mut effects),
                "OFF" | "0" | "FALSE" => self.switch(channel, false, Cause::Command, now, &mut effects),
                "TOGGLE" | "2" => {
                    let on = !self.is_on(channel);
                    self.switch(channel, on, Cause::Command, now, &mut effects);
                }
                _ => {}
            }
            self.announce(channel, &mut effects);
        } else if let Some(channel) = number(&what, "PULSETIME").and_then(|n| self.index(n).map(|_| n)) {
            self.pulse_time(channel, payload, now, &mut effects);
        } else {
            effects
                .messages
                .push(self.message("stat", "RESULT", json!({"Command": "Unknown"})));
        }
        effects
    }

    /// Somebody presses the button of an output.
    pub fn press(&mut self, channel: u8, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        let on = !self.is_on(channel);
        self.switch(channel, on, Cause::Hand, now, &mut effects);
        self.announce(channel, &mut effects);
        effects
    }

    /// Lets the time pass up to `now`.
    pub fn elapse(&mut self, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        for channel in (1u8..).take(self.outputs.len()) {
            let output = &mut self.outputs[usize::from(channel) - 1];
            if output.off_at.is_some_and(|at| at <= now) {
                output.off_at = None;
                self.switch(channel, false, Cause::PulseTime, now, &mut effects);
                self.announce(channel, &mut effects);
            }
        }
        effects
    }

    /// When [`Relay::elapse`] has something to do.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.outputs.iter().filter_map(|output| output.off_at).min()
    }

    /// `tele/T/STATE`.
    pub fn state(&self, now: Timestamp) -> Message {
        let mut fields = Map::new();
        let uptime = now.duration_since(self.booted_at).as_secs().max(0);
        fields.insert("Time".into(), json!(now.strftime("%Y-%m-%dT%H:%M:%S").to_string()));
        fields.insert("UptimeSec".into(), json!(uptime));
        for channel in (1u8..).take(self.outputs.len()) {
            fields.insert(self.power(channel), json!(word(self.is_on(channel))));
        }
        fields.insert("Wifi".into(), json!({"RSSI": 74, "Signal": -63}));
        self.message("tele", "STATE", Value::Object(fields))
    }

    /// `tele/T/LWT`.
    pub fn presence(&self, is_online: bool) -> Message {
        Message {
            topic: format!("tele/{}/LWT", self.topic),
            payload: if is_online { "Online" } else { "Offline" }.into(),
        }
    }

    fn switch(&mut self, channel: u8, on: bool, cause: Cause, now: Timestamp, effects: &mut Effects) {
        let Some(index) = self.index(channel) else { return };
        let output = &mut self.outputs[index];
        // Also when it is on already: ON restarts the countdown.
        output.off_at = on.then(|| pulse(output.pulse_time)).flatten().map(|after| now + after);
        if output.on == on || self.contact == Contact::Stuck {
            return;
        }
        output.on = on;
        if on && self.contact == Contact::Welding {
            self.contact = Contact::Stuck;
        }
        effects.switched.push(Switched { channel, on, cause });
    }

    fn pulse_time(&mut self, channel: u8, payload: &str, now: Timestamp, effects: &mut Effects) {
        let Some(index) = self.index(channel) else { return };
        let output = &mut self.outputs[index];
        if let Ok(value) = payload.parse::<u64>() {
            output.pulse_time = value.min(PULSE_MAX);
            output.off_at = pulse(output.pulse_time).filter(|_| output.on).map(|after| now + after);
        }
        let remaining = output
            .off_at
            .map_or(0, |at| at.duration_since(now).as_secs().max(0) + 100);
        let set = json!({"Set": output.pulse_time, "Remaining": remaining});
        let mut fields = Map::new();
        fields.insert(format!("PulseTime{channel}"), set);
        effects
            .messages
            .push(self.message("stat", "RESULT", Value::Object(fields)));
    }

    /// The state twice, as the firmware does.
    fn announce(&self, channel: u8, effects: &mut Effects) {
        let (power, state) = (self.power(channel), word(self.is_on(channel)));
        let mut fields = Map::new();
        fields.insert(power.clone(), json!(state));
        effects
            .messages
            .push(self.message("stat", "RESULT", Value::Object(fields)));
        effects.messages.push(Message {
            topic: format!("stat/{}/{power}", self.topic),
            payload: state.into(),
        });
    }

    fn message(&self, prefix: &str, what: &str, payload: Value) -> Message {
        Message {
            topic: format!("{prefix}/{}/{what}", self.topic),
            payload: payload.to_string(),
        }
    }

    /// A single output has no number.
    fn power(&self, channel: u8) -> String {
        match self.outputs.len() {
            1 => "POWER".into(),
            _ => format!("POWER{channel}"),
        }
    }

    fn index(&self, channel: u8) -> Option<usize> {
        let index = usize::from(channel.checked_sub(1)?);
        (index < self.outputs.len()).then_some(index)
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

fn pulse(value: u64) -> Option<Duration> {
    match value {
        0 => None,
        tenths if tenths <= PULSE_TENTHS_MAX => Some(Duration::from_millis(tenths * 100)),
        value => Some(Duration::from_secs(value - 100)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                cause: Cause::PulseTime
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
        let state: Value = serde_json::from_str(&relay.state(at(7)).payload).unwrap();
        assert_eq!(
            (&state["POWER1"], &state["POWER2"], &state["UptimeSec"]),
            (&json!("OFF"), &json!("ON"), &json!(7))
        );
    }
}
