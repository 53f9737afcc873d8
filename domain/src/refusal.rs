//! Why a command was refused by a rule: a stable reason code, what to do next, and the facts behind it.
//! A refusal is an answer, not a failure: it is stored under the request id like any other result.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How a refusal maps to a class of error at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalKind {
    /// The state of the hall does not allow it: `FAILED_PRECONDITION`.
    Precondition,
    /// What it names does not exist: `NOT_FOUND`.
    NotFound,
    /// What it would create exists with other content: `ALREADY_EXISTS`.
    AlreadyExists,
    /// A field is out of its range: `INVALID_ARGUMENT`.
    Invalid,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its class.
    pub kind: RefusalKind,
    /// Stable, for programs: `TABLE_OCCUPIED`.
    pub reason: String,
    /// For people, in English; clients translate by `reason`.
    pub message: String,
    /// What the customer or the staff can do next.
    pub next_step: String,
    /// Facts, such as `shortfall_fen` or `session_id`. For [`RefusalKind::Invalid`] the key `field` names the field.
    pub facts: BTreeMap<String, String>,
}

impl Refusal {
    /// A refusal without facts.
    pub fn new(kind: RefusalKind, reason: &str, message: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { kind, reason: reason.to_owned(), message: message.into(), next_step: next_step.into(), facts: BTreeMap::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

impl std::error::Error for Refusal {}
