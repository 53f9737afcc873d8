//! Why a command was refused by a rule: a stable reason code, what to do next, and the facts behind it.
//! A refusal is an answer, not a failure: it is stored under the request id like any other result.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::table::FreeTable;

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
    /// Other tables of the hall, if the one asked for cannot be had: those that were free a moment ago.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub free_tables: Box<[FreeTable]>,
}

impl Refusal {
    /// A refusal without facts.
    pub fn new(kind: RefusalKind, reason: &str, message: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.to_owned(),
            message: message.into(),
            next_step: next_step.into(),
            facts: BTreeMap::new(),
            free_tables: Box::default(),
        }
    }

    /// A field out of its range. `field` is its path, such as `tariff.bands[2].name`.
    pub fn invalid(field: &str, problem: impl Into<String>) -> Self {
        Self::new(
            RefusalKind::Invalid,
            "INVALID_ARGUMENT",
            problem,
            "Correct the field and send the request again.",
        )
        .with("field", field)
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

/// A field out of its range, as an aggregate's error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InvalidField {
    /// The field's path, such as `tariff.bands[2].name`.
    pub field: String,
    /// What is wrong, to be read after the field's name: `must be 1 to 60`.
    pub problem: String,
}

impl InvalidField {
    /// A field and its problem.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }

    /// `Ok` if `holds`, else this field's error.
    ///
    /// # Errors
    /// When `holds` is false.
    pub fn unless(holds: bool, field: &str, problem: &str) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::new(field, problem)) }
    }

    /// `Ok` if `text` is neither blank nor longer than `max` characters.
    ///
    /// # Errors
    /// When it is.
    pub fn unless_text(text: &str, max: usize, field: &str) -> Result<(), Self> {
        let chars = text.chars().count();
        Self::unless(
            !text.trim().is_empty() && chars <= max,
            field,
            &format!("must be 1 to {max} characters, not only blanks"),
        )
    }
}

impl From<InvalidField> for Refusal {
    fn from(invalid: InvalidField) -> Self {
        let message = invalid.to_string();
        Self::invalid(&invalid.field, message)
    }
}
