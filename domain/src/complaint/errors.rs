//! Why something is refused about a complaint.

use crate::ids::ComplaintId;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

/// An error of a complaint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComplaintError {
    /// There is no such complaint.
    #[error("there is no such complaint")]
    NotFound,
    /// There is one about the same.
    #[error("complaint {0} is about the same")]
    Exists(ComplaintId),
    /// The session is another person's.
    #[error("only who played can complain about a session")]
    NotThePlayer,
    /// It is laid to rest.
    #[error("the complaint is closed")]
    Closed,
    /// It waits for an answer.
    #[error("the complaint was not answered")]
    NotAnswered,
    /// It is not laid to rest.
    #[error("the complaint is not closed")]
    StillOpen,
    /// It was open again before.
    #[error("the complaint was reopened before")]
    ReopenedBefore,
    /// As many answers as a complaint can have.
    #[error("the complaint was answered too often")]
    TooManyAnswers,
    /// It is about no session, so that nothing was paid.
    #[error("the complaint is about no session")]
    NoSession,
    /// Who is to see to it does not work in the hall.
    #[error("who is to see to it does not work in the hall")]
    NotOfTheHall,
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<ComplaintError> for Refusal {
    fn from(error: ComplaintError) -> Self {
        let message = error.to_string();
        let refuse = |reason, next_step| Self::new(RefusalKind::Precondition, reason, message.clone(), next_step);
        match error {
            ComplaintError::NotFound => Self::new(
                RefusalKind::NotFound,
                "COMPLAINT_NOT_FOUND",
                message,
                "Check the complaint's id.",
            ),
            ComplaintError::Exists(complaint_id) => Self::new(
                RefusalKind::AlreadyExists,
                "COMPLAINT_EXISTS",
                message,
                "Look at how it stands; once it is closed it can be reopened.",
            )
            .with("complaint_id", complaint_id),
            ComplaintError::NotThePlayer => refuse("NOT_THE_PLAYER", "Complain about the hall instead."),
            ComplaintError::Closed => refuse("COMPLAINT_CLOSED", "Look at what was answered."),
            ComplaintError::NotAnswered => refuse("COMPLAINT_NOT_ANSWERED", "Answer it first."),
            ComplaintError::StillOpen => refuse("COMPLAINT_STILL_OPEN", "Wait for the hall's answer."),
            ComplaintError::ReopenedBefore => refuse("COMPLAINT_REOPENED_BEFORE", "Speak to the hall's owner."),
            ComplaintError::TooManyAnswers => refuse("COMPLAINT_ANSWERED_TOO_OFTEN", "Close the complaint."),
            ComplaintError::NoSession => refuse(
                "COMPLAINT_ABOUT_NO_SESSION",
                "Answer without giving anything back, or compensate a session by its id.",
            ),
            ComplaintError::NotOfTheHall => refuse("NOT_STAFF_OF_HALL", "Choose somebody who works in the hall."),
            ComplaintError::Invalid(invalid) => invalid.into(),
        }
    }
}
