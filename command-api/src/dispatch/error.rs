//! Why a command got no reply.

use baize_domain::Refusal;
use baize_eventlog::{AppendError, LoadError};
use baize_proto::access::Denial;

/// A command's failure. Only a refusal is final: everything else leaves the request id free to be tried again.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A rule refuses it. The refusal is stored; repeating the request gives it again.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// It is not the caller's to give. Nothing is stored.
    #[error(transparent)]
    Denied(Denial),
    /// Others changed what it is about, time and again.
    #[error("what the command is about keeps changing")]
    Conflict,
    /// The request id stands for another request.
    #[error("the request id was used before with other content")]
    RequestIdReused,
    /// More commands wait than can be taken.
    #[error("too many commands are waiting")]
    Overloaded,
    /// The database could not be reached. Whether the command was executed is unknown until it is repeated.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("{0:#}")]
    Internal(anyhow::Error),
}

impl CommandError {
    /// A refusal, for whatever reason an aggregate gives.
    pub fn refuse(reason: impl Into<Refusal>) -> Self {
        Self::Refused(Box::new(reason.into()))
    }

    /// Whether it passes by itself: what is wrong lies outside the command.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Conflict | Self::Overloaded | Self::Unavailable(_))
    }
}

impl From<Refusal> for CommandError {
    fn from(refusal: Refusal) -> Self {
        Self::refuse(refusal)
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unavailable(_) => Self::Unavailable(error.to_string()),
            LoadError::Unreadable { .. } => Self::Internal(error.into()),
        }
    }
}

impl From<AppendError> for CommandError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } => Self::Conflict,
            AppendError::RequestIdReused => Self::RequestIdReused,
            AppendError::Overloaded => Self::Overloaded,
            AppendError::Unavailable(why) => Self::Unavailable(why),
            AppendError::Closed => Self::Unavailable("this service is stopping".to_owned()),
            AppendError::TooLarge { .. } | AppendError::Invalid(_) => Self::Internal(error.into()),
        }
    }
}
