//! Errors of reading and connecting; appending has its own ([`crate::AppendError`]).

/// The database could not answer, or its answer was not a log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// Positions were not contiguous. Never seen unless somebody wrote past the append function.
    #[error("the log has a gap: position {expected} was expected, {found} was found")]
    Gap {
        /// The next position.
        expected: u64,
        /// What was there instead.
        found: u64,
    },
    /// A row or message that the log cannot have written.
    #[error("unreadable event: {0}")]
    Unreadable(String),
}

/// A result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
