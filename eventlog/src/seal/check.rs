//! Is the log still the one whose heads were signed?

use std::collections::BTreeMap;

use super::{Frontier, Hash, SealVerifier, TreeHead, leaf, origin};
use crate::{EventLog, Result};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Heads that were compared.
    pub heads: usize,
    /// Events that the last of them fixes.
    pub sealed: u64,
    /// Events in the log.
    pub events: u64,
    /// What does not fit.
    pub altered: Vec<Altered>,
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Altered {
    /// A head cannot be believed.
    #[error("the head kept as {name} {why}")]
    Head {
        /// Where it is from.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two heads of the same size fix different events.
    #[error("two heads of {size} events have different roots")]
    Fork {
        /// Their size.
        size: u64,
    },
    /// The head is of another log.
    #[error("the head of {size} events is of the log {origin}, not of this one")]
    OtherLog {
        /// Its size.
        size: u64,
        /// Its log.
        origin: String,
    },
    /// The events are not those that were sealed.
    #[error("an event at one of the positions {from} to {to} is not the one that was sealed")]
    Events {
        /// Behind the last head that fits, plus one.
        from: u64,
        /// The size of the first that does not.
        to: u64,
    },
    /// Events are missing at the end.
    #[error("the log ends at {events}, and {size} events were sealed")]
    Shortened {
        /// What is there.
        events: u64,
        /// What was.
        size: u64,
    },
}

/// Reads the whole log once and compares it with every head; `notes` are named by where they are from. Tells `progress` how far it is.
///
/// # Errors
/// The database is away, or what it holds is not a log (a gap, an unreadable row).
pub async fn check(
    log: &EventLog,
    verifier: &SealVerifier,
    notes: &[(String, String)],
    mut progress: impl FnMut(u64, u64),
) -> Result<Checked> {
    let mut checked = Checked {
        events: log.head().await?,
        ..Checked::default()
    };
    let heads = believed(verifier, notes, &mut checked);
    let mut pending = heads.values().peekable();
    let (mut frontier, mut fits, mut own) = (Frontier::default(), 0, None);
    let mut replay = log.replay(0, checked.events).await?;
    while let Some(batch) = replay.next_batch().await? {
        for event in &batch {
            own.get_or_insert_with(|| origin(event));
            frontier.push(leaf(event));
            let Some(head) = pending.next_if(|head| head.size == event.position) else {
                continue;
            };
            if own.as_ref() != Some(&head.origin) {
                checked.altered.push(Altered::OtherLog {
                    size: head.size,
                    origin: head.origin.clone(),
                });
            }
            // Behind the first that does not fit none can.
            if frontier.root() == head.root {
                fits = head.size;
            } else if !checked
                .altered
                .iter()
                .any(|altered| matches!(altered, Altered::Events { .. }))
            {
                checked.altered.push(Altered::Events {
                    from: fits + 1,
                    to: head.size,
                });
            }
        }
        progress(frontier.size(), checked.events);
    }
    if let Some(last) = pending.last() {
        checked.altered.push(Altered::Shortened {
            events: checked.events,
            size: last.size,
        });
    }
    Ok(checked)
}

/// The heads that the key signed, by size.
fn believed(verifier: &SealVerifier, notes: &[(String, String)], checked: &mut Checked) -> BTreeMap<u64, TreeHead> {
    let mut heads: BTreeMap<u64, TreeHead> = BTreeMap::new();
    let mut forked: Vec<(u64, Hash)> = Vec::new();
    for (name, note) in notes {
        match verifier.open(note) {
            Ok(head) => {
                checked.heads += 1;
                checked.sealed = checked.sealed.max(head.size);
                let root = head.root;
                let size = head.size;
                let first = heads.entry(size).or_insert(head);
                if first.root != root && !forked.contains(&(size, root)) {
                    forked.push((size, root));
                    checked.altered.push(Altered::Fork { size });
                }
            }
            Err(why) => checked.altered.push(Altered::Head {
                name: name.clone(),
                why: why.to_string(),
            }),
        }
    }
    heads
}
