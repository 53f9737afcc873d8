//! What the lights really did: the fleet's own record, one change a line.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;

use crate::checks::Lit;

#[derive(Debug, Deserialize)]
struct Change {
    at: Timestamp,
    topic: String,
    channel: u8,
    on: bool,
}

/// Reads the record as stretches of light.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> anyhow::Result<Vec<Lit>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading the fleet's record {}", path.display()))?;
    stretches(&text).with_context(|| format!("{} is no record of a fleet", path.display()))
}

fn stretches(text: &str) -> anyhow::Result<Vec<Lit>> {
    let mut lit = Vec::new();
    let mut on: BTreeMap<(String, u8), Timestamp> = BTreeMap::new();
    for line in text.lines() {
        let Change {
            at,
            topic,
            channel,
            on: is_on,
        } = serde_json::from_str(line)?;
        let key = (topic, channel);
        if is_on {
            on.entry(key).or_insert(at);
        } else if let Some(from) = on.remove(&key) {
            lit.push(Lit {
                topic: key.0,
                channel,
                from,
                to: Some(at),
            });
        }
    }
    lit.extend(on.into_iter().map(|((topic, channel), from)| Lit {
        topic,
        channel,
        from,
        to: None,
    }));
    Ok(lit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_become_stretches_of_light() {
        let line = |second: u8, topic: &str, on: bool| {
            format!(
                r#"{{"at":"2026-11-20T10:00:{second:02}Z","topic":"{topic}","channel":1,"on":{on},"cause":"command"}}"#
            )
        };
        let record = [
            line(1, "a", true),
            line(2, "b", true),
            line(3, "a", false),
            line(4, "b", true),
        ]
        .join("\n");
        let at = |second: u8| format!("2026-11-20T10:00:{second:02}Z").parse::<Timestamp>().unwrap();
        let expected = [
            Lit {
                topic: "a".to_owned(),
                channel: 1,
                from: at(1),
                to: Some(at(3)),
            },
            Lit {
                topic: "b".to_owned(),
                channel: 1,
                from: at(2),
                to: None,
            },
        ];
        assert_eq!(stretches(&record).unwrap(), expected);
        assert!(stretches("no record").is_err());
    }
}
