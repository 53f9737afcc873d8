//! What must hold after an evening, whatever happened in it: the log is read once, folded by rules written down here a
//! second time and on their own, and compared with what everybody else says it was.
//!
//! A check that finds nothing to look at says so in its figures; it does not pass silently for having compared nothing.

mod bills;
mod book;
mod lights;
mod log;
mod money;
mod people;
mod records;
pub mod seals;
pub mod stream;
mod table;
#[cfg(test)]
mod tests;
pub mod views;

pub use book::Book;
pub use lights::{in_truth as lights_in_truth, light_times};
pub use money::{TrialBalance, trial_balance};
pub use records::Lit;
pub use table::render;

use std::fmt::Display;

use serde::Serialize;

/// One line of the table of checks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub actual: String,
    /// What is wrong; none if all is well.
    pub faults: Vec<String>,
}

impl Check {
    /// A check of two figures that should be equal.
    pub fn equal<T: PartialEq + Display>(name: impl Into<String>, expected: T, actual: T) -> Self {
        let faults = if expected == actual {
            Vec::new()
        } else {
            vec![format!("{actual} instead of {expected}")]
        };
        Self {
            name: name.into(),
            expected: expected.to_string(),
            actual: actual.to_string(),
            faults,
        }
    }

    /// A check of many things, of which each must be well.
    pub fn all(name: impl Into<String>, looked_at: usize, faults: Vec<String>) -> Self {
        let well = looked_at.saturating_sub(faults.len());
        Self {
            name: name.into(),
            expected: looked_at.to_string(),
            actual: well.to_string(),
            faults,
        }
    }

    /// Whether all is well.
    pub fn ok(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What the log alone must satisfy.
pub fn of_the_log(book: &Book) -> Vec<Check> {
    let mut checks = log::checks(book);
    checks.extend(lights::of_the_log(book));
    checks.extend(bills::checks(book));
    checks.extend(money::checks(book));
    checks
}
