//! Money that is set aside for a share of somebody else's bill: it leaves the lots, and it is remembered from which, until it is known whether
//! everybody has paid.

use jiff::Timestamp;

use crate::ids::ShareId;
use crate::money::Fen;

use super::{Wallet, WalletError, WalletEvent};

/// Sets a share aside; one that was changes nothing. Who owes something pays that first.
///
/// # Errors
/// [`WalletError::NotOpened`], [`WalletError::Unpaid`], [`WalletError::TooLittle`].
pub fn charge(wallet: &Wallet, share_id: ShareId, amount: Fen, at: Timestamp) -> Result<Vec<WalletEvent>, WalletError> {
    if wallet.share(share_id).is_some() {
        return Ok(Vec::new());
    }
    if wallet.member_id.is_none() {
        return Err(WalletError::NotOpened);
    }
    if let Some(debt) = wallet.debts.first() {
        return Err(WalletError::Unpaid {
            session_id: debt.session_id,
            outstanding: debt.outstanding,
        });
    }
    let available = wallet.available();
    if available < amount {
        return Err(WalletError::too_little(amount, available));
    }
    let amount = wallet.split(amount);
    Ok(vec![WalletEvent::ShareCharged { share_id, amount, at }])
}

/// Puts a share back into the lots that it came from; one that is not set aside changes nothing.
pub fn give_back(wallet: &Wallet, share_id: ShareId, at: Timestamp) -> Vec<WalletEvent> {
    let amount = wallet.share(share_id);
    let returned = amount.map(|amount| WalletEvent::ShareReturned { share_id, amount, at });
    returned.into_iter().collect()
}

/// A share goes to whose bill it is; one that is not set aside changes nothing.
pub fn deliver(wallet: &Wallet, share_id: ShareId, at: Timestamp) -> Vec<WalletEvent> {
    let amount = wallet.share(share_id);
    let delivered = amount.map(|amount| WalletEvent::ShareDelivered { share_id, amount, at });
    delivered.into_iter().collect()
}
