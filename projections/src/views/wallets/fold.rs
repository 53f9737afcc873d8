//! How events change a wallet. Each change is an entry, and a wallet is the sum of its entries.

use baize_domain::Event;
use baize_domain::wallet::{Split, TopUpChannel, WalletEvent};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{EntryKind, EntryRow, WalletRow};
use super::state::WalletsState;

pub(super) fn fold(state: &mut WalletsState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let Event::Wallet(event) = &decoded.event else {
        return Ok(());
    };
    let (member_id, position) = (member_id(decoded)?, decoded.position());
    if let WalletEvent::WalletOpened { .. } = event {
        if state.wallets.get(member_id).is_some() {
            return Err(Contradiction(format!("the wallet of {member_id} was opened before")));
        }
        state.wallets.put(WalletRow {
            member_id,
            principal_fen: 0,
            bonus_fen: 0,
            held_fen: 0,
            owed_fen: 0,
            holds: Json::default(),
            position,
        });
        return Ok(());
    }
    let Some(wallet) = state.wallets.change(member_id) else {
        return Err(Contradiction(format!("the wallet of {member_id} was never opened")));
    };
    if let Some(entry) = entry(wallet, event, position)? {
        wallet.principal_fen += entry.principal_fen;
        wallet.bonus_fen += entry.bonus_fen;
        wallet.held_fen += entry.held_fen;
        wallet.owed_fen += entry.owed_fen;
        wallet.position = position;
        state.entries.put(entry);
    }
    Ok(())
}

/// The member whose wallet an event is about.
pub(super) fn member_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn entry(wallet: &mut WalletRow, event: &WalletEvent, position: i64) -> Result<Option<EntryRow>, Contradiction> {
    let member_id = wallet.member_id;
    let blank = |kind, reference: Uuid, at: &Timestamp| EntryRow {
        position,
        member_id,
        kind,
        principal_fen: 0,
        bonus_fen: 0,
        held_fen: 0,
        owed_fen: 0,
        reference,
        at: (*at).into(),
    };
    Ok(Some(match event {
        WalletEvent::WalletOpened { .. } | WalletEvent::PrepaidSettled { .. } | WalletEvent::ShareDelivered { .. } => {
            return Ok(None);
        }
        WalletEvent::TopUpCredited {
            top_up_id,
            channel,
            amount,
            at,
        } => match channel {
            TopUpChannel::Share { share_id } => gained(blank(EntryKind::ShareReceived, share_id.0, at), *amount),
            TopUpChannel::Compensation { session_id } => {
                gained(blank(EntryKind::Compensation, session_id.0, at), *amount)
            }
            TopUpChannel::Counter | TopUpChannel::Goodwill | TopUpChannel::Provider { .. } => {
                gained(blank(EntryKind::TopUp, top_up_id.0, at), *amount)
            }
        },
        WalletEvent::ShareCharged { share_id, amount, at } => spent(blank(EntryKind::Share, share_id.0, at), *amount),
        WalletEvent::ShareReturned { share_id, amount, at } => {
            gained(blank(EntryKind::ShareReturned, share_id.0, at), *amount)
        }
        WalletEvent::FundsHeld {
            hold_id,
            session_id,
            amount,
            at,
        } => {
            *wallet.holds.0.entry(hold_id.0).or_default() += amount.0;
            EntryRow {
                held_fen: amount.0,
                ..blank(EntryKind::Hold, session_id.0, at)
            }
        }
        WalletEvent::HoldCaptured {
            hold_id,
            session_id,
            captured,
            at,
            ..
        } => {
            let held_fen = -hold_gone(wallet, hold_id.0)?;
            spent(
                EntryRow {
                    held_fen,
                    ..blank(EntryKind::Capture, session_id.0, at)
                },
                *captured,
            )
        }
        WalletEvent::HoldReleased {
            hold_id,
            session_id,
            at,
            ..
        } => {
            let held_fen = -hold_gone(wallet, hold_id.0)?;
            EntryRow {
                held_fen,
                ..blank(EntryKind::Release, session_id.0, at)
            }
        }
        WalletEvent::PrepaidCharged { session_id, amount, at } => {
            spent(blank(EntryKind::Prepaid, session_id.0, at), *amount)
        }
        WalletEvent::GoodsCharged { session_id, amount, at } => {
            spent(blank(EntryKind::Goods, session_id.0, at), *amount)
        }
        WalletEvent::PrepaidRefunded { session_id, amount, at } => {
            gained(blank(EntryKind::PrepaidRefund, session_id.0, at), *amount)
        }
        WalletEvent::PrincipalWithdrawn { refund_id, share, at } => {
            spent(blank(EntryKind::Refund, refund_id.0, at), share.taken)
        }
        WalletEvent::PrincipalRestored { refund_id, share, at } => {
            gained(blank(EntryKind::RefundRejected, refund_id.0, at), share.taken)
        }
        WalletEvent::WalletHandedOver { to, balance, owed, at } => EntryRow {
            owed_fen: -owed.0,
            ..spent(blank(EntryKind::HandedOver, to.0, at), *balance)
        },
        WalletEvent::WalletTakenOver { from, lots, debts, at } => {
            let taken = lots.iter().fold(Split::default(), |sum, share| Split {
                principal: sum.principal + share.taken.principal,
                bonus: sum.bonus + share.taken.bonus,
            });
            EntryRow {
                owed_fen: debts.iter().map(|debt| debt.outstanding.0).sum(),
                ..gained(blank(EntryKind::TakenOver, from.0, at), taken)
            }
        }
        WalletEvent::DebtIncurred {
            session_id, amount, at, ..
        } => EntryRow {
            owed_fen: amount.0,
            ..blank(EntryKind::Debt, session_id.0, at)
        },
        WalletEvent::DebtPaid {
            session_id, paid, at, ..
        } => {
            let entry = spent(blank(EntryKind::DebtPaid, session_id.0, at), *paid);
            EntryRow {
                owed_fen: -paid.total().0,
                ..entry
            }
        }
    }))
}

fn hold_gone(wallet: &mut WalletRow, hold_id: Uuid) -> Result<i64, Contradiction> {
    let amount = wallet.holds.0.remove(&hold_id);
    amount.ok_or_else(|| Contradiction(format!("the wallet of {} has no hold {hold_id}", wallet.member_id)))
}

fn gained(entry: EntryRow, amount: Split) -> EntryRow {
    EntryRow {
        principal_fen: amount.principal.0,
        bonus_fen: amount.bonus.0,
        ..entry
    }
}

fn spent(entry: EntryRow, amount: Split) -> EntryRow {
    EntryRow {
        principal_fen: -amount.principal.0,
        bonus_fen: -amount.bonus.0,
        ..entry
    }
}
