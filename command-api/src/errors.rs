//! One table: what went wrong, and how a client is told (`google.rpc.Status` with details).
//!
//! | What | Code | Details |
//! |---|---|---|
//! | fields out of range | `INVALID_ARGUMENT` | every field in `BadRequest`; reason `INVALID_ARGUMENT` |
//! | refused by a rule | `FAILED_PRECONDITION`, `NOT_FOUND`, `ALREADY_EXISTS` | stable reason, facts, next step |
//! | table taken or off sale | `FAILED_PRECONDITION` | as above, and `hall.table.v1.FreeTables` if there are any |
//! | no, an expired or a forged token | `UNAUTHENTICATED` | reason `TOKEN_REQUIRED`, `TOKEN_EXPIRED`, `TOKEN_INVALID` |
//! | a role that may not, or what is not the caller's | `PERMISSION_DENIED` | reason `ROLE_NOT_ALLOWED`, `NOT_YOURS` |
//! | request id stands for another request | `INVALID_ARGUMENT` | reason `REQUEST_ID_REUSED` |
//! | others keep changing it | `ABORTED` | reason `CONFLICT`, `RetryInfo` |
//! | too much at once | `RESOURCE_EXHAUSTED` | reason `OVERLOADED`, `RetryInfo` |
//! | not done in time | `DEADLINE_EXCEEDED` | reason `DEADLINE_EXCEEDED` |
//! | database away | `UNAVAILABLE` | reason `DATABASE_UNAVAILABLE`, `RetryInfo` |
//! | our fault | `INTERNAL` | reason `INTERNAL`, an id that our log has as well |
//!
//! Every status carries `ErrorInfo` of domain `baize`. What may be shown to people is in `LocalizedMessage`.

use std::collections::HashMap;
use std::time::Duration;

use baize_domain::Refusal;
use baize_domain::refusal::RefusalKind;
use baize_proto::hall::table::v1::FreeTables;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};
use uuid::Uuid;

use crate::dispatch::CommandError;
use crate::wire;

/// The domain of all reasons.
pub const DOMAIN: &str = "baize";

/// A moment: whoever was in the way is gone by then.
const RETRY_CONFLICT: Duration = Duration::from_millis(50);
const RETRY_OVERLOAD: Duration = Duration::from_millis(500);
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(1);

/// A failed command's status.
pub fn status(error: CommandError) -> Status {
    match error {
        CommandError::Refused(refusal) => refused(*refusal),
        CommandError::RequestIdReused => {
            let violation = FieldViolation::new("request_id", "was used before with other content");
            let mut details = details("REQUEST_ID_REUSED", HashMap::new());
            details.set_bad_request(vec![violation]);
            Status::with_error_details(Code::InvalidArgument, error.to_string(), details)
        }
        CommandError::Denied(denial) => denial.into(),
        CommandError::Conflict => retry(Code::Aborted, "CONFLICT", error.to_string(), RETRY_CONFLICT),
        CommandError::Overloaded => overloaded(),
        CommandError::Unavailable(why) => {
            tracing::warn!(why, "the database is unavailable");
            let message = "the database is unavailable; repeat the request with the same request_id";
            retry(
                Code::Unavailable,
                "DATABASE_UNAVAILABLE",
                message.to_owned(),
                RETRY_UNAVAILABLE,
            )
        }
        CommandError::Internal(error) => internal(&error),
    }
}

/// Fields that are out of their ranges, all of them.
pub fn invalid(violations: Vec<FieldViolation>) -> Status {
    let told: Vec<_> = violations
        .iter()
        .map(|violation| format!("{} {}", violation.field, violation.description))
        .collect();
    let mut details = details("INVALID_ARGUMENT", HashMap::new());
    details.set_bad_request(violations);
    Status::with_error_details(Code::InvalidArgument, told.join("; "), details)
}

/// More is asked than can be done at once.
pub fn overloaded() -> Status {
    let message = "too many requests at once".to_owned();
    retry(Code::ResourceExhausted, "OVERLOADED", message, RETRY_OVERLOAD)
}

/// The request was not done within its deadline. Whether it was executed is unknown until it is repeated.
pub fn deadline_exceeded() -> Status {
    let message = "not done in time; repeat the request with the same request_id to learn its outcome";
    Status::with_error_details(
        Code::DeadlineExceeded,
        message,
        details("DEADLINE_EXCEEDED", HashMap::new()),
    )
}

/// A fault of ours: its cause stays here, under an id that the caller can name.
pub fn internal(error: &anyhow::Error) -> Status {
    let error_id = Uuid::new_v4();
    tracing::error!(%error_id, "internal error: {error:#}");
    let facts = HashMap::from([("error_id".to_owned(), error_id.to_string())]);
    Status::with_error_details(
        Code::Internal,
        format!("internal error {error_id}"),
        details("INTERNAL", facts),
    )
}

fn refused(refusal: Refusal) -> Status {
    tracing::info!(target: "baize::business", reason = refusal.reason, facts = ?refusal.facts, "refused");
    let Refusal {
        kind,
        reason,
        message,
        next_step,
        facts,
        free_tables,
    } = refusal;
    let field = facts.get("field").cloned();
    let subject = subject(&facts);
    let mut details = details(&reason, facts.into_iter().collect());
    details.set_localized_message("en", format!("{}. {next_step}", sentence(&message)));
    let code = match kind {
        RefusalKind::Precondition => {
            details.add_precondition_failure_violation(reason, subject, next_step);
            Code::FailedPrecondition
        }
        RefusalKind::NotFound => Code::NotFound,
        RefusalKind::AlreadyExists => Code::AlreadyExists,
        RefusalKind::Invalid => {
            details.add_bad_request_violation(field.unwrap_or_default(), &message);
            Code::InvalidArgument
        }
    };
    let status = Status::with_error_details(code, message, details);
    match free_tables.is_empty() {
        true => status,
        false => with_offers(&status, wire::free_tables(free_tables.into_vec())),
    }
}

/// Adds where else to play to a status's details.
fn with_offers(status: &Status, offers: FreeTables) -> Status {
    // The details were encoded a moment ago.
    let mut details = tonic_types::Status::decode(status.details()).unwrap_or_default();
    details.details.push(prost_types::Any {
        type_url: "type.googleapis.com/hall.table.v1.FreeTables".to_owned(),
        value: offers.encode_to_vec(),
    });
    Status::with_details(status.code(), status.message(), details.encode_to_vec().into())
}

fn retry(code: Code, reason: &str, message: String, after: Duration) -> Status {
    let mut details = details(reason, HashMap::new());
    details.set_retry_info(Some(after));
    Status::with_error_details(code, message, details)
}

fn details(reason: &str, facts: HashMap<String, String>) -> ErrorDetails {
    ErrorDetails::with_error_info(reason, DOMAIN, facts)
}

/// What a precondition failed on, as `table/UUID`: the first fact that names something.
fn subject(facts: &std::collections::BTreeMap<String, String>) -> String {
    let named = facts
        .iter()
        .find_map(|(name, value)| Some(format!("{}/{value}", name.strip_suffix("_id")?)));
    named.unwrap_or_default()
}

/// Messages begin in lower case and have no full stop, so that they can be put into other messages.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
