//! What the journal decides.

use crate::money::Fen;

use super::{Journal, JournalCommand, JournalError, JournalEvent, Transaction};

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(journal: &Journal, command: JournalCommand) -> Result<Vec<JournalEvent>, JournalError> {
    match command {
        JournalCommand::Post(transaction) => post(journal, transaction),
    }
}

/// Posts a transaction. The same posting again, at whatever time, changes nothing.
///
/// # Errors
/// [`JournalError::Exists`], [`JournalError::Malformed`], [`JournalError::Unbalanced`].
pub fn post(journal: &Journal, transaction: Transaction) -> Result<Vec<JournalEvent>, JournalError> {
    if let Some(posted) = &journal.posted {
        let same = Transaction {
            at: posted.at,
            ..transaction
        } == *posted;
        return if same {
            Ok(Vec::new())
        } else {
            Err(JournalError::Exists(posted.transaction_id))
        };
    }
    let entries = &transaction.entries;
    let repeated = (1..entries.len()).any(|i| entries[..i].iter().any(|entry| entry.account == entries[i].account));
    if entries.len() < 2 || repeated || entries.iter().any(|entry| entry.amount == Fen::ZERO) {
        return Err(JournalError::Malformed);
    }
    let sum: Fen = entries.iter().map(|entry| entry.amount).sum();
    if sum != Fen::ZERO {
        return Err(JournalError::Unbalanced(sum));
    }
    Ok(vec![JournalEvent::TransactionPosted {
        transaction_id: transaction.transaction_id,
        hall_id: transaction.hall_id,
        member_id: transaction.member_id,
        source: transaction.source,
        entries: transaction.entries,
        at: transaction.at,
    }])
}
