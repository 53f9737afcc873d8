//! How postings change accounts.

use baize_domain::hall::HallEvent;
use baize_domain::ids::derived;
use baize_domain::journal::{Entry, JournalEvent};
use baize_domain::member::MemberEvent;
use baize_domain::{Event, Fen};
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{AccountName, AccountRow, HallRow, MemberRow};
use super::state::TrialBalanceState;

pub(super) fn fold(state: &mut TrialBalanceState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    match &decoded.event {
        Event::Hall(HallEvent::HallRegistered { hall_id, chain_id, .. }) => state.halls.put(HallRow {
            hall_id: hall_id.0,
            chain_id: chain_id.0,
        }),
        Event::Member(
            MemberEvent::MemberRegistered {
                member_id, chain_id, ..
            }
            | MemberEvent::GuestStarted {
                member_id, chain_id, ..
            },
        ) => state.members.put(MemberRow {
            member_id: member_id.0,
            chain_id: chain_id.0,
        }),
        Event::Journal(JournalEvent::TransactionPosted {
            transaction_id,
            hall_id,
            member_id,
            entries,
            ..
        }) => {
            let sum: Fen = entries.iter().map(|entry| entry.amount).sum();
            if sum != Fen::ZERO {
                return Err(Contradiction(format!(
                    "the entries of transaction {transaction_id} sum to {sum}"
                )));
            }
            let hall_id = hall_id.map(|hall_id| hall_id.0);
            let chain_id = state.chain(hall_id, member_id.0);
            for entry in entries {
                post(state, chain_id, hall_id, *entry, decoded.position());
            }
        }
        _ => {}
    }
    Ok(())
}

/// The key of an account.
pub(super) fn account_id(chain_id: Option<Uuid>, hall_id: Option<Uuid>, account: AccountName) -> Uuid {
    let [chain_id, hall_id] = [chain_id, hall_id].map(|id| id.unwrap_or_default().to_string());
    derived(&["account", &chain_id, &hall_id, account.as_str()])
}

fn post(state: &mut TrialBalanceState, chain_id: Option<Uuid>, hall_id: Option<Uuid>, entry: Entry, position: i64) {
    let account = entry.account.into();
    let account_id = account_id(chain_id, hall_id, account);
    let mut row = state.accounts.get(account_id).cloned().unwrap_or(AccountRow {
        account_id,
        chain_id,
        hall_id,
        account,
        debit_fen: 0,
        credit_fen: 0,
        entries: 0,
        position,
    });
    row.debit_fen += entry.amount.0.max(0);
    row.credit_fen += (-entry.amount.0).max(0);
    row.entries += 1;
    row.position = position;
    state.accounts.put(row);
}
