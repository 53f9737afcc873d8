//! Seals: proof that nothing that was recorded has been altered since.
//!
//! Every event is a leaf of one Merkle tree (RFC 9162, section 2.1), in the order of positions. From time to time the [`Sealer`] signs the
//! tree's *head*, its size and root, with Ed25519, in the form of a C2SP checkpoint (a signed note), stores it, and puts a copy where its
//! users want it. A head fixes every event before it: whoever has kept one can tell later, without trusting database, services or
//! operators, whether the log still has the same events, and that one event is among them ([`Inclusion`]).
//!
//! The tree needs no table of its own. Its roots follow from the events, so checking recomputes them from the rows ([`check`]); what is
//! kept beside a head is the few hashes from which the next one goes on.
//!
//! **Limit:** whoever holds the sealing key *and* the database can seal an altered log anew. So heads are worth something in the hands of
//! somebody else: let the copies go to storage that the operators cannot write, and keep the key off the database's machine.

mod check;
mod head;
mod inclusion;
mod sealer;
mod store;
mod tree;

pub use check::{Altered, Checked, check};
pub use head::{InvalidHead, SealKey, SealVerifier, TreeHead};
pub use inclusion::Inclusion;
pub use sealer::{SealOptions, SealStatus, Sealer};
pub use store::{StoredHead, heads};
pub use tree::{Frontier, Hash, leaf};

use crate::RecordedEvent;

/// What names a log in its heads: `baize/` and the beginning of the first event's hash. No two logs share it.
pub fn origin(first: &RecordedEvent) -> String {
    let hash = first.hash();
    let id: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("baize/{id}")
}
