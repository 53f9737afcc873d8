//! One relay: its contacts and timers, and what it answers in its firmware's words, without any transport.

use std::time::Duration;

use jiff::Timestamp;

use super::{esphome, shelly, tasmota};

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
    /// The relay's own timer ran out: `PulseTime`, `toggle_after`, the dead man of ours.
    Timer,
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

/// What a relay speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Firmware {
    /// Tasmota.
    #[default]
    Tasmota,
    /// Shelly, second generation.
    Shelly,
    /// ESPHome, with the firmware that is served here.
    EspHome,
}

/// The relay.
#[derive(Clone, Debug)]
pub struct Relay {
    pub(super) topic: String,
    pub(super) outputs: Vec<Output>,
    pub(super) booted_at: Timestamp,
    firmware: Firmware,
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
pub(super) struct Output {
    pub on: bool,
    /// How long it stays on, in the words of the firmware; outlives what is switched.
    pub pulse_time: u64,
    /// The timer that runs.
    pub timer: Option<Timer>,
}

/// A timer that switches off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    pub since: Timestamp,
    pub length: Duration,
}

impl Timer {
    pub fn ends_at(self) -> Timestamp {
        self.since + self.length
    }
}

impl Relay {
    /// A relay with Tasmota that has just booted; all outputs are off.
    pub fn new(topic: impl Into<String>, channels: u8, now: Timestamp) -> Self {
        Self {
            topic: topic.into(),
            outputs: vec![Output::default(); usize::from(channels.max(1))],
            booted_at: now,
            firmware: Firmware::Tasmota,
            contact: Contact::default(),
        }
    }

    /// The same relay with another firmware.
    #[must_use]
    pub fn with(self, firmware: Firmware) -> Self {
        Self { firmware, ..self }
    }

    /// The topic filter of its commands.
    pub fn command_filter(&self) -> String {
        match self.firmware {
            Firmware::Tasmota => tasmota::command_filter(&self.topic),
            Firmware::Shelly => shelly::command_filter(&self.topic),
            Firmware::EspHome => esphome::command_filter(&self.topic),
        }
    }

    /// Executes a command: `what` is what its topic says beside the device.
    pub fn command(&mut self, what: &str, payload: &str, now: Timestamp) -> Effects {
        match self.firmware {
            Firmware::Tasmota => tasmota::command(self, what, payload, now),
            Firmware::Shelly => shelly::command(self, payload, now),
            Firmware::EspHome => esphome::command(self, what, payload, now),
        }
    }

    /// What it says unasked from time to time.
    pub fn state(&self, now: Timestamp) -> Vec<Message> {
        match self.firmware {
            Firmware::Tasmota => vec![tasmota::state(self, now)],
            Firmware::Shelly => vec![shelly::notification(self, now)],
            Firmware::EspHome => {
                let channels = (1u8..).take(self.outputs.len());
                channels.map(|channel| esphome::state(self, channel)).collect()
            }
        }
    }

    /// What it says when it comes, and the broker when it has gone.
    pub fn presence(&self, is_online: bool) -> Message {
        match self.firmware {
            Firmware::Tasmota => tasmota::presence(&self.topic, is_online),
            Firmware::Shelly => shelly::presence(&self.topic, is_online),
            Firmware::EspHome => esphome::presence(&self.topic, is_online),
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

    /// Somebody presses the button of an output.
    pub fn press(&mut self, channel: u8, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        let on = !self.is_on(channel);
        let timer = self.lasting(channel, on);
        self.switch(channel, on, timer, Cause::Hand, now, &mut effects);
        self.announce(channel, Cause::Hand, now, &mut effects);
        effects
    }

    /// Lets the time pass up to `now`.
    pub fn elapse(&mut self, now: Timestamp) -> Effects {
        let mut effects = Effects::default();
        for channel in (1u8..).take(self.outputs.len()) {
            let output = &self.outputs[usize::from(channel) - 1];
            if output.timer.is_some_and(|timer| timer.ends_at() <= now) {
                self.switch(channel, false, None, Cause::Timer, now, &mut effects);
                self.announce(channel, Cause::Timer, now, &mut effects);
            }
        }
        effects
    }

    /// When [`Relay::elapse`] has something to do.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.outputs
            .iter()
            .filter_map(|output| Some(output.timer?.ends_at()))
            .min()
    }

    /// Moves the contacts. `timer`: how long it stays on, from now, also if it was on before.
    pub(super) fn switch(
        &mut self,
        channel: u8,
        on: bool,
        timer: Option<Duration>,
        cause: Cause,
        now: Timestamp,
        effects: &mut Effects,
    ) {
        let Some(index) = self.index(channel) else { return };
        let output = &mut self.outputs[index];
        output.timer = timer.filter(|_| on).map(|length| Timer { since: now, length });
        if output.on == on || self.contact == Contact::Stuck {
            return;
        }
        output.on = on;
        if on && self.contact == Contact::Welding {
            self.contact = Contact::Stuck;
        }
        effects.switched.push(Switched { channel, on, cause });
    }

    /// How long an output stays on that is switched without a timer.
    pub(super) fn lasting(&self, channel: u8, on: bool) -> Option<Duration> {
        match self.firmware {
            Firmware::Tasmota if on => tasmota::pulse(self.outputs[self.index(channel)?].pulse_time),
            Firmware::EspHome if on => Some(esphome::dead_man(self.outputs[self.index(channel)?].pulse_time)),
            _ => None,
        }
    }

    fn announce(&self, channel: u8, cause: Cause, now: Timestamp, effects: &mut Effects) {
        match self.firmware {
            Firmware::Tasmota => tasmota::announce(self, channel, effects),
            Firmware::Shelly => effects.messages.push(shelly::notify(self, channel, cause, now)),
            Firmware::EspHome => effects.messages.push(esphome::state(self, channel)),
        }
    }

    pub(super) fn index(&self, channel: u8) -> Option<usize> {
        let index = usize::from(channel.checked_sub(1)?);
        (index < self.outputs.len()).then_some(index)
    }
}
