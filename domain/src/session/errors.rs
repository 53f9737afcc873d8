//! Why a session refuses.

use jiff::Timestamp;

use crate::ids::SessionId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableSessionError {
    /// There is no such session.
    #[error("there is no such session")]
    NotFound,
    /// The id is taken by a session with other content.
    #[error("session {0} exists with other content")]
    Exists(SessionId),
    /// It is over.
    #[error("the session is closed")]
    Closed,
    /// It came to nothing.
    #[error("the session was cancelled")]
    Cancelled,
    /// It is still being played.
    #[error("the session is still open")]
    StillOpen,
    /// It is over, and its bill is being taken from the wallet.
    #[error("the session is not settled yet")]
    NotSettled,
    /// Its time is not over, so it does not end by itself yet.
    #[error("the session's time is not over before {until}")]
    NotOver {
        /// When it is.
        until: Timestamp,
    },
    /// Its time is over and its light off, so it cannot be prolonged any more.
    #[error("the session's time was over at {until}")]
    TimeOver {
        /// When it was.
        until: Timestamp,
    },
    /// It waits for its payment.
    #[error("the opening waits for its payment until {until}")]
    PaymentAwaited {
        /// Until when the table is kept.
        until: Timestamp,
    },
    /// It was not paid in time.
    #[error("the opening was not paid in time")]
    Lapsed,
    /// It waits for nothing any more.
    #[error("the session has begun")]
    Begun,
    /// The clock stands.
    #[error("the session is paused")]
    Paused,
    /// Its light was asked for a moment ago, and its billing has not begun.
    #[error("the session is just beginning")]
    Starting,
    /// The longest pause is not over.
    #[error("the pause is not over before {until}")]
    PauseNotOver {
        /// When it is.
        until: Timestamp,
    },
    /// It cannot be moved to a table of another hall.
    #[error("table {label} stands in another hall")]
    OtherHall {
        /// What is written on the table.
        label: String,
    },
    /// Its light is on, so it does not come to nothing.
    #[error("the session's light was confirmed")]
    LightConfirmed,
    /// Its bill has as many lines of goods as it can.
    #[error("the bill has {lines_max} lines of goods, and can have no more")]
    TooManyGoods {
        /// The most.
        lines_max: usize,
    },
    /// So many of these goods are not on the bill.
    #[error("only {on_bill} of {code} are on the bill")]
    NotOnBill {
        /// Their code.
        code: String,
        /// How many are.
        on_bill: u32,
    },
    /// The hall lets only staff put goods on a bill.
    #[error("goods are put on the bill by staff")]
    GoodsByStaffOnly,
    /// It is not paid in the way that the command needs.
    #[error("the session is paid {}", if *.prepaid { "beforehand" } else { "afterwards" })]
    OtherMode {
        /// How it is paid.
        prepaid: bool,
    },
    /// It would last too long.
    #[error("a session lasts at most {minutes_max} minutes")]
    TooLong {
        /// The most.
        minutes_max: u32,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<TableSessionError> for Refusal {
    fn from(error: TableSessionError) -> Self {
        let message = error.to_string();
        let refuse = |reason, next_step| Self::new(RefusalKind::Precondition, reason, message.clone(), next_step);
        match error {
            TableSessionError::NotFound => Self::new(
                RefusalKind::NotFound,
                "SESSION_NOT_FOUND",
                message,
                "Check the session's id.",
            ),
            TableSessionError::Exists(session_id) => Self::new(
                RefusalKind::AlreadyExists,
                "SESSION_EXISTS",
                message,
                "Use a new id for the new session.",
            )
            .with("session_id", session_id),
            TableSessionError::Closed => refuse("SESSION_CLOSED", "Open a table to play on; see the bill."),
            TableSessionError::Cancelled => refuse("SESSION_CANCELLED", "Open another table."),
            TableSessionError::StillOpen => refuse("SESSION_STILL_OPEN", "Close the session first."),
            TableSessionError::NotSettled => refuse(
                "SESSION_NOT_SETTLED",
                "Wait a moment: the bill is being taken from the wallet.",
            ),
            TableSessionError::NotOver { until } => {
                refuse("SESSION_NOT_OVER", "Wait for its end, or close it by hand.").with("until", until)
            }
            TableSessionError::TimeOver { until } => {
                refuse("SESSION_TIME_OVER", "Open a table to play on.").with("until", until)
            }
            TableSessionError::PaymentAwaited { until } => {
                refuse("PAYMENT_AWAITED", "Top up what is missing; the table opens by itself.").with("until", until)
            }
            TableSessionError::Lapsed => refuse(
                "OPENING_LAPSED",
                "Open the table again; what was paid is in the wallet.",
            ),
            TableSessionError::Begun => refuse("SESSION_BEGUN", "Close the session instead."),
            TableSessionError::Paused => refuse("SESSION_PAUSED", "Ask the staff to let the game go on."),
            TableSessionError::Starting => refuse("SESSION_STARTING", "Wait a moment and try again."),
            TableSessionError::PauseNotOver { until } => {
                refuse("PAUSE_NOT_OVER", "Wait for its end, or let the game go on by hand.").with("until", until)
            }
            TableSessionError::OtherHall { .. } => refuse("TABLE_IN_OTHER_HALL", "Choose a table of the same hall."),
            TableSessionError::LightConfirmed => refuse("SESSION_LIGHT_CONFIRMED", "Close the session instead."),
            TableSessionError::TooManyGoods { lines_max } => {
                refuse("TOO_MANY_GOODS", "Close the session and open another.").with("lines_max", lines_max)
            }
            TableSessionError::NotOnBill { code, on_bill } => refuse("GOODS_NOT_ON_BILL", "Look at the bill again.")
                .with("code", code)
                .with("on_bill", on_bill),
            TableSessionError::GoodsByStaffOnly => refuse("GOODS_BY_STAFF_ONLY", "Ask the staff."),
            TableSessionError::OtherMode { prepaid } => refuse(
                if prepaid {
                    "SESSION_IS_PREPAID"
                } else {
                    "SESSION_IS_POSTPAID"
                },
                "Use what fits the way in which the session is paid.",
            ),
            TableSessionError::TooLong { minutes_max } => refuse(
                "SESSION_TOO_LONG",
                "Ask for fewer minutes, or close this session and open another.",
            )
            .with("minutes_max", minutes_max),
            TableSessionError::Invalid(invalid) => invalid.into(),
        }
    }
}
