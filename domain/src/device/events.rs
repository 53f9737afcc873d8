//! What was asked of a device, and what it answered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{DeviceId, HallId, SessionId};

use super::Driver;

/// Why a state is desired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum DesireReason {
    /// A session opened.
    SessionOpened,
    /// A session may last longer.
    SessionProlonged,
    /// A session ended; the light lingers until `not_after`.
    Lingering,
    /// The lingering is over, or the session came to nothing.
    SessionOver,
    /// A light is tested after its repair.
    Testing,
}

/// How a desired state was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum FailureKind {
    /// Not confirmed in 1.8 s; the bridge goes on trying.
    Late,
    /// Confirmed neither after repeated attempts nor refused: the device is not there.
    Unreachable,
    /// The device answers, but reports another state.
    Mismatch,
}

/// Events of the stream `Device/<device_id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum DeviceEvent {
    /// A device was set up in a hall.
    DeviceRegistered {
        /// The device.
        device_id: DeviceId,
        /// Where it is.
        hall_id: HallId,
        /// The language it speaks.
        driver: Driver,
        /// Its MQTT topic.
        topic: String,
        /// How many outputs it has, 1–32.
        channels: u8,
    },
    /// The device left the hall for good.
    DeviceRetired {
        /// When.
        at: Timestamp,
    },
    /// A state of one output is desired; it replaces every lower `rev` of the device.
    LightDesired {
        /// The output.
        channel: u8,
        /// Monotone per device.
        rev: u64,
        /// On or off.
        on: bool,
        /// For which session.
        session_id: Option<SessionId>,
        /// On means off from this instant. Always present when `on`.
        not_after: Option<Timestamp>,
        /// Why.
        reason: DesireReason,
        /// When.
        issued_at: Timestamp,
    },
    /// The device confirmed the desired state.
    LightConfirmed {
        /// The output.
        channel: u8,
        /// Which desired state.
        rev: u64,
        /// The session that the state was desired for.
        session_id: Option<SessionId>,
        /// What the device says it is.
        on: bool,
        /// From `issued_at` to the confirmation, in milliseconds.
        latency_ms: u64,
        /// How many times it was sent.
        attempts: u32,
        /// When.
        at: Timestamp,
    },
    /// The device went off by itself or by the bridge, because `not_after` had passed.
    LightExpired {
        /// The output.
        channel: u8,
        /// Which desired state ran out.
        rev: u64,
        /// The session that the state was desired for.
        session_id: Option<SessionId>,
        /// When it was seen off.
        at: Timestamp,
    },
    /// Nothing is heard of the device any more, though it was asked.
    DeviceWentOffline {
        /// How many outputs it has.
        channels: u8,
        /// When it was last heard.
        last_heard_at: Timestamp,
        /// What it has in common with the other devices of its hall that were lost in the same moment, if more than half were.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident_id: Option<Uuid>,
        /// When it was given up.
        at: Timestamp,
    },
    /// The device is heard again, steadily.
    DeviceCameBack {
        /// Since when.
        at: Timestamp,
    },
    /// The device comes and goes: it counts as gone until it has stayed.
    DeviceFlapped {
        /// How often it was lost in the last ten minutes.
        drops: u32,
        /// It does not count as back before.
        hold_until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// The desired state was missed.
    LightFailed {
        /// The output.
        channel: u8,
        /// Which desired state.
        rev: u64,
        /// The session that the state was desired for.
        session_id: Option<SessionId>,
        /// How.
        kind: FailureKind,
        /// When.
        at: Timestamp,
    },
}

crate::event::domain_events!(DeviceEvent: DeviceRegistered, DeviceRetired, LightDesired, LightConfirmed, LightExpired, LightFailed, DeviceWentOffline, DeviceCameBack, DeviceFlapped);
