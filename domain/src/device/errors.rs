//! Why a device refuses.

use crate::ids::DeviceId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is no such device.
    #[error("there is no such device")]
    NotFound,
    /// The device has no such output.
    #[error("the device has no output {channel}; it has {channels}")]
    NoSuchChannel {
        /// Asked for.
        channel: u8,
        /// How many there are.
        channels: u8,
    },
    /// The id is taken by a device with other content.
    #[error("device {0} exists with other content")]
    Exists(DeviceId),
    /// A report about a state that was never desired.
    #[error("state {rev} of output {channel} was never desired")]
    UnknownRev {
        /// The output.
        channel: u8,
        /// Reported.
        rev: u64,
    },
    /// The device confirmed another state than the desired one.
    #[error("output {channel} was confirmed {}, which is not what is desired", if *.on { "on" } else { "off" })]
    OtherState {
        /// The output.
        channel: u8,
        /// Reported.
        on: bool,
    },
    /// The time of the light is not over.
    #[error("the time of output {channel} is not over")]
    NotExpired {
        /// The output.
        channel: u8,
    },
    /// It left the hall for good.
    #[error("device {0} is no longer there")]
    Retired(DeviceId),
    /// A light is wanted on.
    #[error("output {channel} is wanted on")]
    Lit {
        /// The output.
        channel: u8,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<DeviceError> for Refusal {
    fn from(error: DeviceError) -> Self {
        let message = error.to_string();
        match error {
            DeviceError::NotFound => Self::new(
                RefusalKind::NotFound,
                "DEVICE_NOT_FOUND",
                message,
                "Register the device, or correct the table's light.",
            ),
            DeviceError::NoSuchChannel { channel, channels } => Self::new(
                RefusalKind::NotFound,
                "DEVICE_CHANNEL_NOT_FOUND",
                message,
                "Correct the number of the output.",
            )
            .with("channel", channel)
            .with("channels", channels),
            DeviceError::Exists(device_id) => Self::new(
                RefusalKind::AlreadyExists,
                "DEVICE_EXISTS",
                message,
                "Use a new id for the new device.",
            )
            .with("device_id", device_id),
            DeviceError::UnknownRev { channel, rev } => Self::new(
                RefusalKind::Precondition,
                "LIGHT_REV_UNKNOWN",
                message,
                "Read the desired states again from the log.",
            )
            .with("channel", channel)
            .with("rev", rev),
            DeviceError::OtherState { channel, on } => Self::new(
                RefusalKind::Precondition,
                "LIGHT_STATE_DIFFERS",
                message,
                "Report a mismatch or an expiry instead.",
            )
            .with("channel", channel)
            .with("on", on),
            DeviceError::NotExpired { channel } => Self::new(
                RefusalKind::Precondition,
                "LIGHT_NOT_EXPIRED",
                message,
                "Report a mismatch instead.",
            )
            .with("channel", channel),
            DeviceError::Retired(device_id) => Self::new(
                RefusalKind::Precondition,
                "DEVICE_RETIRED",
                message,
                "Give the table another light.",
            )
            .with("device_id", device_id),
            DeviceError::Lit { channel } => Self::new(
                RefusalKind::Precondition,
                "DEVICE_LIT",
                message,
                "Wait until its lights are off.",
            )
            .with("channel", channel),
            DeviceError::Invalid(invalid) => invalid.into(),
        }
    }
}
