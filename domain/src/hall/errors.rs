//! Why a hall refuses.

use crate::ids::{DeviceId, HallId, TableId};
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a hall.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HallError {
    /// There is no such hall.
    #[error("there is no such hall")]
    NotFound,
    /// The id is taken by a hall with other content.
    #[error("hall {0} exists with other content")]
    Exists(HallId),
    /// It closed for good.
    #[error("the hall is retired")]
    Retired,
    /// Tables still stand in it.
    #[error("{tables} tables are still in the hall")]
    NotEmpty {
        /// How many.
        tables: usize,
    },
    /// Somebody plays in it.
    #[error("{sessions} sessions are open in the hall")]
    SessionsOpen {
        /// How many.
        sessions: usize,
    },
    /// Another table of the hall has the label.
    #[error("another table of the hall is labelled {label}")]
    LabelTaken {
        /// The label.
        label: String,
        /// The other table.
        table_id: TableId,
    },
    /// Another device of the hall has the topic.
    #[error("another device of the hall has the topic {topic}")]
    TopicTaken {
        /// The topic.
        topic: String,
        /// The other device.
        device_id: DeviceId,
    },
    /// The device lights tables.
    #[error("the device lights {labels}")]
    DeviceInUse {
        /// The tables' labels, comma separated.
        labels: String,
    },
    /// No such link to its screen, or one that expired.
    #[error("there is no such link to a screen of the hall")]
    DisplayNotFound,
    /// It has as many as it can.
    #[error("the hall has {max} {what}, and can have no more")]
    Full {
        /// `tables`, `devices` or `links to screens`.
        what: &'static str,
        /// How many.
        max: usize,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<HallError> for Refusal {
    fn from(error: HallError) -> Self {
        let message = error.to_string();
        match error {
            HallError::NotFound => Self::new(
                RefusalKind::NotFound,
                "HALL_NOT_FOUND",
                message,
                "Check the hall's id, or register the hall first.",
            ),
            HallError::Exists(hall_id) => Self::new(
                RefusalKind::AlreadyExists,
                "HALL_EXISTS",
                message,
                "Use a new id, or change the existing hall.",
            )
            .with("hall_id", hall_id),
            HallError::Retired => Self::new(
                RefusalKind::Precondition,
                "HALL_RETIRED",
                message,
                "Choose another hall.",
            ),
            HallError::NotEmpty { tables } => Self::new(
                RefusalKind::Precondition,
                "HALL_NOT_EMPTY",
                message,
                "Retire the tables first.",
            )
            .with("tables", tables),
            HallError::SessionsOpen { sessions } => Self::new(
                RefusalKind::Precondition,
                "HALL_HAS_OPEN_SESSIONS",
                message,
                "Try again when nobody plays.",
            )
            .with("sessions", sessions),
            HallError::LabelTaken { label, table_id } => Self::new(
                RefusalKind::Precondition,
                "TABLE_LABEL_TAKEN",
                message,
                "Choose another label.",
            )
            .with("label", label)
            .with("table_id", table_id),
            HallError::TopicTaken { topic, device_id } => Self::new(
                RefusalKind::Precondition,
                "DEVICE_TOPIC_TAKEN",
                message,
                "Choose another topic, or retire the other device.",
            )
            .with("topic", topic)
            .with("device_id", device_id),
            HallError::DeviceInUse { labels } => Self::new(
                RefusalKind::Precondition,
                "DEVICE_IN_USE",
                message,
                "Give these tables another light first.",
            )
            .with("labels", labels),
            HallError::DisplayNotFound => Self::new(
                RefusalKind::NotFound,
                "DISPLAY_NOT_FOUND",
                message,
                "Check the link's id; what has expired shows nothing anyway.",
            ),
            HallError::Full { what, max } => Self::new(
                RefusalKind::Precondition,
                "HALL_FULL",
                message,
                "Retire what is no longer there.",
            )
            .with("what", what)
            .with("max", max),
            HallError::Invalid(invalid) => invalid.into(),
        }
    }
}
