//! Who gets which report: a file, so that addresses of people are in no event.
//!
//! ```toml
//! [[report]]
//! hall = "0199a000-0000-7000-8000-000000000001"   # or chain = "…", for all its halls together
//! kinds = ["daily", "weekly", "monthly"]
//! to = ["owner@example.com"]
//! language = "zh"                                  # or "en"
//! alerts = true                                    # also what staff have to know, within minutes
//! ```

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;
use serde::Deserialize;
use uuid::Uuid;

use super::Kind;
use crate::web::Language;

/// Addresses of one report.
const TO_MAX: usize = 20;

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One hall.
    Hall(Uuid),
    /// All halls of a chain.
    Chain(Uuid),
}

/// Somebody gets reports.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// About what.
    pub scope: Scope,
    /// How often.
    pub kinds: Vec<Kind>,
    /// Whether alerts are sent too.
    pub alerts: bool,
    pub(super) to: Vec<Mailbox>,
    pub(super) language: Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    report: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    hall: Option<Uuid>,
    chain: Option<Uuid>,
    #[serde(default)]
    kinds: Vec<Kind>,
    #[serde(default)]
    alerts: bool,
    to: Vec<String>,
    #[serde(default)]
    language: Code,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Code {
    #[default]
    Zh,
    En,
}

/// Reads who gets which report.
///
/// # Errors
/// What is wrong, and in which line or which report.
pub fn read(text: &str) -> Result<Vec<Subscription>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut subscriptions: Vec<Subscription> = Vec::new();
    for (number, entry) in (1..).zip(file.report) {
        let subscription = entry.read().map_err(|problem| format!("report {number}: {problem}"))?;
        if subscriptions.iter().any(|other| other.scope == subscription.scope) {
            return Err(format!("report {number}: {} is there twice", subscription.scope));
        }
        subscriptions.push(subscription);
    }
    Ok(subscriptions)
}

impl Entry {
    fn read(self) -> Result<Subscription, String> {
        let scope = match (self.hall, self.chain) {
            (Some(hall), None) => Scope::Hall(hall),
            (None, Some(chain)) => Scope::Chain(chain),
            _ => return Err("is of a hall or of a chain".to_owned()),
        };
        if self.kinds.is_empty() && !self.alerts {
            return Err("kinds are daily, weekly or monthly, or alerts is true".to_owned());
        }
        if self.to.is_empty() || self.to.len() > TO_MAX {
            return Err(format!("goes to 1 to {TO_MAX} addresses"));
        }
        let address = |text: &String| text.parse().map_err(|error| format!("{text}: {error}"));
        let mut kinds = self.kinds;
        kinds.sort_unstable();
        kinds.dedup();
        Ok(Subscription {
            scope,
            kinds,
            alerts: self.alerts,
            to: self.to.iter().map(address).collect::<Result<_, _>>()?,
            language: match self.language {
                Code::Zh => Language::ZhCn,
                Code::En => Language::En,
            },
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hall(id) => write!(f, "hall:{id}"),
            Self::Chain(id) => write!(f, "chain:{id}"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id = |id: &str| id.parse().map_err(|_| format!("{id} is no UUID"));
        match text.split_once(':') {
            Some(("hall", hall)) => id(hall).map(Self::Hall),
            Some(("chain", chain)) => id(chain).map(Self::Chain),
            _ => Err("is hall:<id> or chain:<id>".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALL: &str = "0199a000-0000-7000-8000-000000000001";

    #[test]
    fn who_gets_which_report_is_read() {
        let text = format!(
            "[[report]]\nhall = \"{HALL}\"\nkinds = [\"weekly\", \"daily\", \"daily\"]\nto = [\"白泽 <a@example.com>\"]\n"
        );
        let read = read(&text).unwrap();
        assert_eq!(read[0].scope, format!("hall:{HALL}").parse().unwrap());
        assert_eq!(read[0].kinds, [Kind::Daily, Kind::Weekly]);
        assert_eq!(read[0].language, Language::ZhCn);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let entry = |more: &str| {
            format!("[[report]]\nhall = \"{HALL}\"\nkinds = [\"daily\"]\nto = [\"a@example.com\"]\n{more}")
        };
        let twice = entry("") + &entry("");
        let cases = [
            (twice.as_str(), "report 2"),
            (
                &entry("chain = \"0199a000-0000-7000-8000-000000000001\""),
                "report 1: is of a hall or of a chain",
            ),
            (&entry("").replace("a@example.com", "nobody"), "report 1: nobody"),
            (&entry("").replace("\"daily\"", ""), "report 1: kinds"),
            (
                &entry("").replace("\"a@example.com\"", ""),
                "report 1: goes to 1 to 20 addresses",
            ),
            (&entry("").replace("daily", "yearly"), "line 3"),
            (&entry("colour = 1"), "line 5"),
        ];
        for (text, told) in cases {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(told), "{told}: {problem}");
        }
    }
}
