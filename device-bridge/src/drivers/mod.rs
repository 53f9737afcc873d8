//! Drivers: what one kind of device understands and says, as bytes, without any transport.
//!
//! A driver knows topics and payloads and nothing else. It holds no state, opens no connection and cannot fail:
//! what it cannot read is [`Signal::Garbage`].

mod esphome;
mod shelly;
mod tasmota;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

pub use esphome::EspHome;
pub use shelly::Shelly;
pub use tasmota::Tasmota;

/// Payloads above this are garbage unread; no device that is served here sends as much.
pub const PAYLOAD_BYTES_MAX: usize = 4096;

/// One message on its way to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Full MQTT topic.
    pub topic: String,
    /// Its content.
    pub payload: Bytes,
}

/// What a device is asked to do. Absolute, never relative: repeating it is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Set one output.
    Switch {
        /// The output, from 1.
        channel: u8,
        /// On or off.
        on: bool,
        /// With `on`: go off by yourself after this long, whatever else happens.
        dead_man: Option<Duration>,
    },
}

/// What a device said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The device, or the broker in its name, says whether it is there. A hint.
    Presence(bool),
    /// An output's state as the device knows it.
    Reported {
        /// The output, from 1.
        channel: u8,
        /// On or off.
        on: bool,
    },
    /// The device accepted to go off by itself this long after the last ON; `None` if it will not.
    DeadMan {
        /// The output, from 1.
        channel: u8,
        /// How long after the last ON.
        after: Option<Duration>,
    },
    /// The device refused or did not understand a command.
    Fault,
    /// Not readable.
    Garbage,
}

/// What a device's confirmation is worth, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirmation {
    /// It received the command.
    Accepted,
    /// It says that its output is so.
    Readback,
    /// Something measured that it is so.
    Sensed,
}

/// What a kind of device can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// What its answers are worth.
    pub confirmation: Confirmation,
    /// The longest time after which it can go off by itself, if it can at all.
    pub dead_man_max: Option<Duration>,
}

/// What a device may do at the broker: topic filters in which `{}` stands for the device's topic.
///
/// The first of each is where provisioning tries it out: a message `echo` under it must mean nothing to anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Where it may speak. The bridge hears the first.
    pub speaks: &'static [&'static str],
    /// Where it may listen. The bridge may speak there.
    pub listens: &'static [&'static str],
}

/// One kind of device.
pub trait Driver: fmt::Debug + Send + Sync {
    /// The kind.
    fn kind(&self) -> baize_domain::device::Driver;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Topic filters under which all devices of the kind speak.
    fn subscriptions(&self) -> &'static [&'static str];

    /// The topic filter under which all devices of the kind listen.
    fn command_filter(&self) -> &'static str;

    /// What a device of the kind may do at the broker. One that is not reached through it may do nothing there.
    fn grants(&self) -> Grants {
        Grants::default()
    }

    /// The part of a full topic that names the device, if it is a topic of this kind.
    fn device_topic<'t>(&self, topic: &'t str) -> Option<&'t str>;

    /// The messages that ask the device with topic `device` for `operation`. `correlation` is carried where
    /// the wire form has a place for it.
    fn encode(&self, device: &str, operation: Operation, correlation: u32) -> Vec<Frame>;

    /// The messages that ask the device for the state of one output.
    fn query(&self, device: &str, channel: u8, correlation: u32) -> Vec<Frame>;

    /// What a message says. Empty if it says nothing of interest; the device lives all the same.
    fn decode(&self, topic: &str, payload: &[u8]) -> Vec<Signal>;
}

/// The driver for devices of a kind.
pub fn driver(kind: baize_domain::device::Driver) -> &'static dyn Driver {
    match kind {
        baize_domain::device::Driver::Tasmota => &Tasmota,
        baize_domain::device::Driver::Shelly => &Shelly,
        baize_domain::device::Driver::EspHome => &EspHome,
    }
}

/// All drivers.
pub fn all() -> &'static [&'static dyn Driver] {
    &[&Tasmota, &Shelly, &EspHome]
}

/// The whole seconds of a countdown: not shorter than `after`, but `max` at most; never 0, which would be none.
fn whole_seconds_up_to(max: Duration, after: Duration) -> u64 {
    let after = after.min(max);
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    seconds.max(1)
}

#[cfg(test)]
mod tests;
