//! What a merged guest has in the wallet, and owes, goes to the member who the guest turned out to be.

use jiff::Timestamp;

use crate::ids::{MemberId, TransactionId, taken_over_credit};
use crate::journal::JournalEvent;
use crate::refusal::Refusal;
use crate::wallet::{self, Wallet, WalletEvent};

use super::credit_top_up::debt_postings;
use super::postings::Context;

/// What is written to the two wallets, and the postings.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct MergedWallets {
    /// To the guest's.
    pub guest: Vec<WalletEvent>,
    /// To the member's.
    pub target: Vec<WalletEvent>,
    /// Two that are each other's opposite, so that the books of either person say what their wallet says, and those of paid debts.
    pub journal: Vec<(TransactionId, Vec<JournalEvent>)>,
}

/// Moves everything, each lot as it is: what came through a provider can still go back to its order. Debts, whosever they were, are paid from
/// what there is then.
///
/// # Errors
/// `GUEST_HAS_OPEN_SESSION` (with the fact `session_id`), `GUEST_HAS_OPEN_SHARE` (with the fact `share_id`), `TOO_MANY_TOP_UPS`.
pub(super) fn merge_wallets(
    (guest_id, guest): (MemberId, &Wallet),
    (target_id, target): (MemberId, &Wallet),
    now: Timestamp,
) -> Result<MergedWallets, Refusal> {
    let given = wallet::decide::hand_over(guest, target_id, now)?;
    if given.is_empty() {
        return Ok(MergedWallets::default());
    }
    let (lots, debts) = (guest.lots.shares(), guest.debts.clone());
    let taken = wallet::decide::take_over(target, target_id, guest_id, lots, debts, now)?;
    let context = |member_id| Context {
        hall_id: None,
        member_id,
        at: now,
    };
    let (balance, owed) = (guest.balance(), guest.owed());
    let mut journal = Vec::new();
    journal.extend(context(guest_id).handed_over(balance, owed)?);
    journal.extend(context(target_id).taken_over(guest_id, balance, owed)?);
    let mut before_paying = target.clone();
    before_paying.debts.extend(&guest.debts);
    let credit = taken_over_credit(guest_id);
    journal.extend(debt_postings(&before_paying, &taken, credit, context(target_id))?);
    Ok(MergedWallets {
        guest: given,
        target: taken,
        journal,
    })
}
