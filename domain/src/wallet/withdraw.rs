//! Principal goes back to where it came from: from the newest lots that a provider brought in, and with it the bonus that was given for it.

use jiff::Timestamp;

use crate::ids::RefundId;
use crate::money::Fen;

use super::{LotShare, Split, Wallet, WalletError, WalletEvent};

/// Lots that one refund may touch, at most: each goes back by itself.
pub const LOTS_PER_REFUND_MAX: usize = 20;

/// The shares of `amount` of principal, from the newest lots that came through a provider.
///
/// # Errors
/// [`WalletError::NothingToWithdraw`], [`WalletError::MoneyHeld`].
pub fn shares(wallet: &Wallet, amount: Fen) -> Result<Vec<LotShare>, WalletError> {
    let mut due = amount;
    let mut shares = Vec::new();
    let from_providers = wallet.lots.iter().rev().filter(|lot| lot.origin.order().is_some());
    for lot in from_providers.take(LOTS_PER_REFUND_MAX) {
        let principal = lot.remaining.principal.min(due);
        if principal.is_positive() {
            due -= principal;
            shares.push(LotShare {
                origin: lot.origin,
                taken: Split {
                    principal,
                    bonus: lot.origin.bonus_of(principal).min(lot.remaining.bonus),
                },
            });
        }
    }
    if due.is_positive() || shares.is_empty() {
        return Err(WalletError::NothingToWithdraw {
            refundable: amount - due,
        });
    }
    let needed: Fen = shares.iter().map(|share| share.taken.total()).sum();
    let available = wallet.available();
    if needed > available {
        return Err(WalletError::MoneyHeld { available });
    }
    Ok(shares)
}

/// Everything that can go back to providers; nothing while the wallet stands for a session or something is owed.
pub fn leftover(wallet: &Wallet) -> Vec<LotShare> {
    if !wallet.sessions.is_empty() || !wallet.debts.is_empty() {
        return Vec::new();
    }
    let newest = wallet.lots.iter().rev().filter(|lot| lot.origin.order().is_some());
    let all: Fen = newest
        .take(LOTS_PER_REFUND_MAX)
        .map(|lot| lot.remaining.principal)
        .sum();
    shares(wallet, all).unwrap_or_default()
}

/// Takes a share out for a refund.
pub const fn withdraw(refund_id: RefundId, share: LotShare, at: Timestamp) -> WalletEvent {
    WalletEvent::PrincipalWithdrawn { refund_id, share, at }
}

/// Puts a share back whose refund was rejected.
pub const fn restore(refund_id: RefundId, share: LotShare, at: Timestamp) -> WalletEvent {
    WalletEvent::PrincipalRestored { refund_id, share, at }
}
