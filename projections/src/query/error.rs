//! Why a query was not answered, and how that is said in `google.rpc` terms.

use std::collections::HashMap;
use std::time::Duration;

use baize_proto::access::Denial;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};
use uuid::Uuid;

/// Domain of the reasons in `ErrorInfo`.
const DOMAIN: &str = "baize";
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Why a query was not answered.
#[derive(Debug)]
pub(crate) enum Error {
    /// Fields that cannot be.
    Invalid(Vec<FieldViolation>),
    /// It is not the caller's to ask for.
    Denied(Denial),
    /// There is no such thing, as of the position that was read.
    NotFound {
        /// Such as `hall`.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// A session that has no receipt, and the stable reason.
    NoReceipt(&'static str),
    /// A table's code that was replaced, or whose table is gone.
    CodeRetired,
    /// The view did not reach the position in time.
    TooEarly {
        /// The view.
        view: &'static str,
        /// What was waited for.
        wanted: u64,
        /// What it had reached.
        reached: u64,
    },
    /// The view stands still until it is rebuilt.
    Stopped {
        /// The view.
        view: &'static str,
        /// Why.
        reason: String,
    },
    /// Something is away that will come back.
    Unavailable(String),
    /// No more of this at once.
    TooMany(&'static str),
    /// A fault of ours.
    Internal(String),
}

impl Error {
    pub(crate) fn database(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
                Self::Internal(error.to_string())
            }
            sqlx::Error::Database(refused) => match refused.code().as_deref() {
                // Syntax, names and rights do not mend themselves.
                Some(code) if code.starts_with("42") => Self::Internal(error.to_string()),
                _ => Self::Unavailable(error.to_string()),
            },
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => invalid(violations),
            Error::Denied(denial) => denial.into(),
            Error::NotFound { kind, id } => {
                let mut details = info(&format!("{}_NOT_FOUND", kind.to_uppercase()), []);
                details.set_resource_info(kind, id.clone(), "", "");
                Self::with_error_details(Code::NotFound, format!("there is no {kind} {id}"), details)
            }
            Error::CodeRetired => {
                let (reason, next_step) = (
                    "QR_TOKEN_RETIRED",
                    "Scan the code that is on the table now, or ask the staff.",
                );
                let message = "this code is no longer in use";
                let mut details = info(reason, []);
                details.add_precondition_failure_violation(reason, "qr_token", next_step);
                details.set_localized_message("en", format!("This code is no longer in use. {next_step}"));
                Self::with_error_details(Code::FailedPrecondition, message, details)
            }
            Error::NoReceipt(reason) => {
                let (message, next_step) = match reason {
                    "SESSION_STILL_OPEN" => ("the session is still open", "Close the session first."),
                    "SESSION_CANCELLED" => ("the session was cancelled", "Nothing was charged for it."),
                    _ => (
                        "the session is not settled yet",
                        "Wait a moment: the bill is being taken from the wallet.",
                    ),
                };
                let mut details = info(reason, []);
                details.add_precondition_failure_violation(reason, "session", next_step);
                Self::with_error_details(Code::FailedPrecondition, message, details)
            }
            Error::TooEarly { view, wanted, reached } => {
                let metadata = [("wanted", wanted.to_string()), ("reached", reached.to_string())];
                Self::with_error_details(
                    Code::DeadlineExceeded,
                    format!("the view {view} has reached position {reached}, not yet {wanted}"),
                    info("POSITION_NOT_REACHED", metadata),
                )
            }
            Error::Stopped { view, reason } => {
                tracing::debug!(view, reason, "a query of a view that stands still");
                let message = format!("the view {view} stands still until it is rebuilt");
                Self::with_error_details(Code::Unavailable, message, info("VIEW_STOPPED", []))
            }
            Error::Unavailable(reason) => {
                tracing::warn!(reason, "a query could not be answered");
                let message = "the views cannot be read at the moment".to_owned();
                retry(Code::Unavailable, "DATABASE_UNAVAILABLE", message)
            }
            Error::TooMany(what) => retry(
                Code::ResourceExhausted,
                "OVERLOADED",
                format!("too many {what} at once"),
            ),
            Error::Internal(reason) => {
                let error_id = Uuid::new_v4();
                tracing::error!(%error_id, reason, "a query failed");
                let details = info("INTERNAL", [("error_id", error_id.to_string())]);
                Self::with_error_details(Code::Internal, format!("internal error {error_id}"), details)
            }
        }
    }
}

fn invalid(violations: Vec<FieldViolation>) -> Status {
    let told: Vec<_> = violations
        .iter()
        .map(|violation| format!("{} {}", violation.field, violation.description))
        .collect();
    let mut details = info("INVALID_ARGUMENT", []);
    details.set_bad_request(violations);
    Status::with_error_details(Code::InvalidArgument, told.join("; "), details)
}

fn retry(code: Code, reason: &str, message: String) -> Status {
    let mut details = info(reason, []);
    details.set_retry_info(Some(RETRY_DELAY));
    Status::with_error_details(code, message, details)
}

fn info<const N: usize>(reason: &str, metadata: [(&str, String); N]) -> ErrorDetails {
    let metadata: HashMap<String, String> = metadata
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    ErrorDetails::with_error_info(reason, DOMAIN, metadata)
}
