//! What the log refuses before the database sees it, so that one bad unit never costs its neighbours a flush.

use std::collections::HashSet;

use serde::de::IgnoredAny;

use crate::{AppendError, NewEvent, Unit, options::LogOptions};

/// Names and ids travel in message headers and subjects as well as in columns.
const NAME_BYTES_MAX: usize = 256;

/// Checks the unit and returns its size in bytes.
pub(crate) fn check(unit: &Unit, options: &LogOptions) -> Result<usize, AppendError> {
    text("request scope", &unit.request.scope)?;
    let mut bytes = unit.response.len();
    for (key, value) in &unit.metadata {
        if key.contains('\0') || value.contains('\0') {
            return Err(invalid(format!("metadata {key:?} holds a NUL character")));
        }
        bytes += key.len() + value.len();
    }
    too_large("metadata", bytes - unit.response.len(), 16 << 10)?;

    let mut claimed = HashSet::with_capacity(unit.streams.len());
    let mut events = 0;
    for claim in &unit.streams {
        name("aggregate type", &claim.stream.aggregate_type)?;
        name("aggregate id", &claim.stream.aggregate_id)?;
        if unit.streams.len() > 1 && !claimed.insert(&claim.stream) {
            return Err(invalid(format!("{} is claimed twice", claim.stream)));
        }
        if claim.expected_version >= i64::MAX as u64 - claim.events.len() as u64 {
            return Err(invalid(format!("{} cannot have that version", claim.stream)));
        }
        for event in &claim.events {
            check_event(event, options)?;
            bytes += event.payload.len();
        }
        events += claim.events.len();
    }
    too_large("the number of events", events, options.flush_events)?;
    too_large("the unit", bytes, options.flush_bytes)?;
    Ok(bytes)
}

fn check_event(event: &NewEvent, options: &LogOptions) -> Result<(), AppendError> {
    name("event type", &event.event_type)?;
    name("event version", &event.event_version)?;
    too_large("payload", event.payload.len(), options.payload_bytes_max)?;
    if let Err(error) = serde_json::from_str::<IgnoredAny>(&event.payload) {
        return Err(invalid(format!("payload of {}: {error}", event.event_type)));
    }
    if holds_escaped_nul(&event.payload) {
        return Err(invalid(format!(
            "payload of {} holds a NUL character",
            event.event_type
        )));
    }
    Ok(())
}

/// JSON allows `\u0000`; a Postgres `text` cannot hold it, so no view could.
fn holds_escaped_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let backslashes_before = json.as_bytes()[..at]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        backslashes_before % 2 == 0
    })
}

/// A name survives as a message header, whose blank ends are cut off.
fn name(what: &'static str, name: &str) -> Result<(), AppendError> {
    text(what, name)?;
    if name.is_empty() || name.trim().len() != name.len() {
        return Err(invalid(format!("{what} {name:?} is empty or blank at an end")));
    }
    Ok(())
}

fn text(what: &'static str, text: &str) -> Result<(), AppendError> {
    too_large(what, text.len(), NAME_BYTES_MAX)?;
    if text.chars().any(char::is_control) {
        return Err(invalid(format!("{what} {text:?} holds a control character")));
    }
    Ok(())
}

fn too_large(what: &'static str, size: usize, max: usize) -> Result<(), AppendError> {
    if size > max {
        return Err(AppendError::TooLarge { what, size, max });
    }
    Ok(())
}

fn invalid(why: String) -> AppendError {
    AppendError::Invalid(why)
}

#[cfg(test)]
mod tests {
    use super::holds_escaped_nul;

    #[test]
    fn an_escaped_nul_is_told_from_an_escaped_backslash() {
        assert!(holds_escaped_nul(r#""\u0000""#));
        assert!(holds_escaped_nul(r#""\\\u0000""#));
        assert!(!holds_escaped_nul(r#""\\u0000""#));
        assert!(!holds_escaped_nul(
            r#""\u00001""#.replace("\\u0000", "\\u0001").as_str()
        ));
    }
}
