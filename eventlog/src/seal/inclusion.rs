//! Proofs that one event is in a sealed log, for somebody who has nothing of it but the head.

use super::tree::{Frontier, Hash, leaf, node};
use crate::{Error, EventLog, Result};

/// The path from a leaf to the root of a tree of `size` leaves (RFC 9162, 2.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// Position of the event, from 1.
    pub position: u64,
    /// Events in the tree.
    pub size: u64,
    /// Hashes from the leaf's sibling upwards.
    pub path: Vec<Hash>,
}

impl Inclusion {
    /// Reads the log up to `size` once and makes the proof for `position`; memory does not grow with the log.
    ///
    /// # Errors
    /// The log ends before `size`, `position` is not within 1–`size`, or the database is away.
    pub async fn prove(log: &EventLog, position: u64, size: u64) -> Result<Self> {
        if position == 0 || position > size {
            return Err(Error::Unreadable(format!("position {position} is not within 1–{size}")));
        }
        let mut siblings = Siblings::new(position - 1, size);
        let mut read = 0;
        let mut replay = log.replay(0, size).await?;
        while let Some(batch) = replay.next_batch().await? {
            for event in &batch {
                siblings.push(read, leaf(event));
                read += 1;
            }
        }
        if read < size {
            return Err(Error::Unreadable(format!("the log ends at {read}, before {size}")));
        }
        Ok(Self {
            position,
            size,
            path: siblings.path(),
        })
    }

    /// The root that follows from the event's leaf and the path; `None` if the path has the wrong length.
    pub fn root(&self, leaf: Hash) -> Option<Hash> {
        let (mut index, mut last) = (self.position.checked_sub(1)?, self.size.checked_sub(1)?);
        if index > last {
            return None;
        }
        let mut root = leaf;
        for sibling in &self.path {
            if last == 0 {
                return None;
            }
            if index % 2 == 1 || index == last {
                root = node(sibling, &root);
                while index % 2 == 0 && index != 0 {
                    index >>= 1;
                    last >>= 1;
                }
            } else {
                root = node(&root, sibling);
            }
            index >>= 1;
            last >>= 1;
        }
        (last == 0).then_some(root)
    }
}

/// The subtrees beside the way from the root down to one leaf.
struct Siblings {
    /// Their leaves, from the root downwards, each with what was seen of it.
    spans: Vec<(std::ops::Range<u64>, Frontier)>,
}

impl Siblings {
    fn new(index: u64, size: u64) -> Self {
        let (mut from, mut to, mut spans) = (0, size, Vec::new());
        while to - from > 1 {
            let middle = from + (to - from).next_power_of_two() / 2;
            let beside = if index < middle { middle..to } else { from..middle };
            if index < middle {
                to = middle;
            } else {
                from = middle;
            }
            spans.push((beside, Frontier::default()));
        }
        Self { spans }
    }

    fn push(&mut self, index: u64, leaf: Hash) {
        // No two of them overlap.
        if let Some((_, frontier)) = self.spans.iter_mut().find(|(span, _)| span.contains(&index)) {
            frontier.push(leaf);
        }
    }

    fn path(&self) -> Vec<Hash> {
        self.spans.iter().rev().map(|(_, frontier)| frontier.root()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::{defined, leaves};
    use super::*;

    fn proof(leaves: &[Hash], index: usize) -> Inclusion {
        let mut siblings = Siblings::new(index as u64, leaves.len() as u64);
        for (index, leaf) in leaves.iter().enumerate() {
            siblings.push(index as u64, *leaf);
        }
        Inclusion {
            position: index as u64 + 1,
            size: leaves.len() as u64,
            path: siblings.path(),
        }
    }

    #[test]
    fn every_leaf_of_every_tree_is_proved_and_no_other_passes_for_it() {
        let all = leaves(40);
        for size in 1..=all.len() {
            let (leaves, root) = (&all[..size], defined(&all[..size]));
            for index in 0..size {
                let proof = proof(leaves, index);
                assert_eq!(proof.root(leaves[index]), Some(root), "{index} of {size}");
                let other = leaves[(index + 1) % size];
                assert!(size == 1 || proof.root(other) != Some(root), "{index} of {size}");
            }
        }
    }

    #[test]
    fn a_path_of_another_length_or_place_proves_nothing() {
        let leaves = leaves(13);
        let root = defined(&leaves);
        let good = proof(&leaves, 5);
        let mut short = good.clone();
        short.path.pop();
        assert_eq!(short.root(leaves[5]), None);
        let mut long = good.clone();
        long.path.push(root);
        assert_eq!(long.root(leaves[5]), None);
        for position in 0..=14 {
            let moved = Inclusion {
                position,
                ..good.clone()
            };
            assert_eq!(moved.root(leaves[5]) == Some(root), position == 6, "{position}");
        }
    }
}
