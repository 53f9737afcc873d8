//! What the journal can be asked.

use super::Transaction;

/// Commands of the journal.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalCommand {
    /// Post a transaction.
    Post(Transaction),
}
