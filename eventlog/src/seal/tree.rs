//! The Merkle tree of RFC 9162, section 2.1, grown leaf by leaf in memory that does not grow with it.

use sha2::{Digest, Sha256};

use crate::RecordedEvent;

/// SHA-256.
pub type Hash = [u8; 32];

/// The leaf of an event: its [hash](RecordedEvent::hash) as a leaf of the tree.
pub fn leaf(event: &RecordedEvent) -> Hash {
    let mut sha = Sha256::new_with_prefix([0]);
    sha.update(event.hash());
    sha.finalize().into()
}

/// The node above two.
pub(super) fn node(left: &Hash, right: &Hash) -> Hash {
    let mut sha = Sha256::new_with_prefix([1]);
    sha.update(left);
    sha.update(right);
    sha.finalize().into()
}

/// The right edge of a tree: the roots of the largest complete subtrees that its leaves make, from left to right. One for each bit that is
/// set in the size, so at most 64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// A frontier as it was stored; `None` if it is not one of a tree of that size.
    pub fn restore(size: u64, stored: &[u8]) -> Option<Self> {
        let (roots, rest) = stored.as_chunks::<32>();
        let fits = rest.is_empty() && roots.len() as u32 == size.count_ones();
        fits.then(|| Self {
            size,
            roots: roots.to_vec(),
        })
    }

    /// As [`Self::restore`] reads it.
    pub fn stored(&self) -> Vec<u8> {
        self.roots.concat()
    }

    /// Leaves so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        // Every complete pair becomes one: as many as the size has ones at its end.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.roots.pop() else { break };
            root = node(&left, &root);
        }
        self.roots.push(root);
        self.size += 1;
    }

    /// The root of the tree; of an empty one the hash of nothing.
    pub fn root(&self) -> Hash {
        self.roots
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node(&left, &right))
            .unwrap_or_else(|| Sha256::digest([]).into())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The definition, word by word (RFC 9162, 2.1.1).
    pub fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node(&defined(left), &defined(right))
            }
        }
    }

    /// The largest power of two below `size`.
    pub fn split(size: usize) -> usize {
        size.next_power_of_two() / 2
    }

    pub fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|n| Sha256::digest(n.to_be_bytes()).into()).collect()
    }

    #[test]
    fn every_root_is_as_defined_and_goes_on_from_what_was_stored() {
        let leaves = leaves(200);
        let mut frontier = Frontier::default();
        for size in 0..=leaves.len() {
            assert_eq!(frontier.root(), defined(&leaves[..size]), "size {size}");
            frontier = Frontier::restore(size as u64, &frontier.stored()).unwrap();
            if let Some(leaf) = leaves.get(size) {
                frontier.push(*leaf);
            }
        }
    }

    #[test]
    fn the_known_roots_of_certificate_transparency() {
        // The test vectors of RFC 6962's reference implementation.
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let mut frontier = Frontier::default();
        let mut roots = Vec::new();
        for input in inputs {
            let mut sha = Sha256::new_with_prefix([0]);
            sha.update(input);
            frontier.push(sha.finalize().into());
            roots.push(
                frontier
                    .root()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<String>(),
            );
        }
        assert_eq!(
            roots[0],
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            roots[1],
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
        assert_eq!(
            roots[7],
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    #[test]
    fn what_does_not_fit_its_size_is_no_frontier() {
        assert_eq!(Frontier::restore(3, &[0; 32]), None);
        assert_eq!(Frontier::restore(1, &[0; 33]), None);
    }
}
