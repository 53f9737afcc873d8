//! What a device can be asked and told.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::SessionId;

use super::{DesireReason, DeviceProfile, FailureKind};

/// Commands of a device.
#[derive(Clone, Debug, PartialEq)]
pub enum DeviceCommand {
    /// Set the device up.
    Register(DeviceProfile),
    /// Take it out of the hall for good.
    Retire {
        /// When.
        at: Timestamp,
    },
    /// Want an output on for a session, until an instant.
    DesireOn {
        /// The output.
        channel: u8,
        /// The session.
        session_id: SessionId,
        /// Off from then on.
        not_after: Timestamp,
        /// Why.
        reason: DesireReason,
        /// When.
        at: Timestamp,
    },
    /// Want an output off, unless another session has it by now.
    SwitchOff {
        /// The output.
        channel: u8,
        /// The session that had it.
        session_id: SessionId,
        /// When.
        at: Timestamp,
    },
    /// The device confirmed a desired state.
    Confirm {
        /// The output.
        channel: u8,
        /// Which desired state.
        rev: u64,
        /// What the device says it is.
        on: bool,
        /// How many times it was sent.
        attempts: u32,
        /// When it was confirmed.
        at: Timestamp,
    },
    /// A light went off because its time was over.
    ReportExpired {
        /// The output.
        channel: u8,
        /// Which desired state ran out.
        rev: u64,
        /// When it was seen off.
        at: Timestamp,
    },
    /// Nothing is heard of the device any more.
    ReportOffline {
        /// When it was last heard.
        last_heard_at: Timestamp,
        /// What it has in common with others that were lost in the same moment.
        incident_id: Option<Uuid>,
        /// When it was given up.
        at: Timestamp,
    },
    /// The device is heard again.
    ReportBack {
        /// Since when.
        at: Timestamp,
    },
    /// The device comes and goes.
    ReportFlapping {
        /// How often it was lost in the last ten minutes.
        drops: u32,
        /// It does not count as back before.
        hold_until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Want an output on or off for a test.
    Test {
        /// The output.
        channel: u8,
        /// On or off.
        on: bool,
        /// With on: off from then on.
        not_after: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A desired state was missed.
    ReportFailure {
        /// The output.
        channel: u8,
        /// Which desired state.
        rev: u64,
        /// How.
        kind: FailureKind,
        /// When.
        at: Timestamp,
    },
}
