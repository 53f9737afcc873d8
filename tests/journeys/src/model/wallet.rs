//! A wallet, from its own stream.

use std::collections::BTreeMap;

use baize_domain::Fen;
use baize_domain::ids::{HoldId, SessionId};
use baize_domain::wallet::{Split, TopUpChannel, WalletEvent};

use super::Claims;

/// A wallet.
#[derive(Clone, Debug, Default)]
pub struct Wallet {
    /// Principal and bonus.
    pub balance: Split,
    /// What is set aside, by hold.
    pub holds: BTreeMap<HoldId, Fen>,
    /// What is owed, by session.
    pub owed: BTreeMap<SessionId, Fen>,
    /// What was spent for each session and not paid back.
    pub spent: BTreeMap<SessionId, Fen>,
    /// What came in by top-ups and was not taken out to go back.
    pub topped_up: Split,
}

impl Wallet {
    /// All that is set aside.
    pub fn held(&self) -> Fen {
        self.holds.values().copied().sum()
    }

    /// What can be used.
    pub fn available(&self) -> Fen {
        self.balance.total() - self.held()
    }

    /// All that is owed.
    pub fn owed(&self) -> Fen {
        self.owed.values().copied().sum()
    }

    pub(super) fn apply(&mut self, event: &WalletEvent, mut claims: Claims<'_>) {
        match event {
            WalletEvent::WalletOpened { .. } => {
                claims.that(self.topped_up == Split::default(), "the wallet was open already");
            }
            WalletEvent::TopUpCredited { channel, amount, .. } => {
                add(&mut self.balance, *amount);
                // A share of a bill comes out of another wallet.
                if !matches!(channel, TopUpChannel::Share { .. } | TopUpChannel::Compensation { .. }) {
                    add(&mut self.topped_up, *amount);
                }
            }
            WalletEvent::FundsHeld { hold_id, amount, .. } => {
                *self.holds.entry(*hold_id).or_default() += *amount;
            }
            WalletEvent::HoldCaptured {
                hold_id,
                session_id,
                captured,
                released,
                ..
            } => {
                let held = self.holds.remove(hold_id);
                let left = held.unwrap_or_default().saturating_sub_zero(captured.total());
                claims.that(held.is_some(), "captured a hold that is not there");
                claims.that(*released == left, "captured and released are not what was held");
                self.spend(*session_id, *captured);
            }
            WalletEvent::HoldReleased { hold_id, released, .. } => {
                let held = self.holds.remove(hold_id);
                claims.that(held == Some(*released), "released what was not held");
            }
            WalletEvent::PrepaidCharged { session_id, amount, .. }
            | WalletEvent::GoodsCharged { session_id, amount, .. } => {
                self.spend(*session_id, *amount);
            }
            WalletEvent::PrepaidRefunded { session_id, amount, .. } => {
                let spent = self.spent.entry(*session_id).or_default();
                claims.that(*spent >= amount.total(), "paid back what was not spent");
                *spent -= amount.total();
                add(&mut self.balance, *amount);
            }
            WalletEvent::PrepaidSettled { .. } => {}
            WalletEvent::ShareCharged { amount, .. } => {
                self.balance.principal -= amount.principal;
                self.balance.bonus -= amount.bonus;
            }
            WalletEvent::ShareReturned { amount, .. } => add(&mut self.balance, *amount),
            WalletEvent::ShareDelivered { .. } => {}
            WalletEvent::PrincipalWithdrawn { share, .. } => {
                self.balance.principal -= share.taken.principal;
                self.balance.bonus -= share.taken.bonus;
                self.topped_up.principal -= share.taken.principal;
                self.topped_up.bonus -= share.taken.bonus;
            }
            WalletEvent::PrincipalRestored { share, .. } => {
                add(&mut self.balance, share.taken);
                add(&mut self.topped_up, share.taken);
            }
            WalletEvent::WalletHandedOver { balance, owed, .. } => {
                claims.that(*balance == self.balance, "handed over what was not there");
                claims.that(*owed == self.owed(), "what is owed did not go along");
                claims.that(self.holds.is_empty(), "handed over what is set aside");
                self.balance = Split::default();
                self.owed.clear();
            }
            WalletEvent::WalletTakenOver { lots, debts, .. } => {
                lots.iter().for_each(|share| add(&mut self.balance, share.taken));
                self.owed
                    .extend(debts.iter().map(|debt| (debt.session_id, debt.outstanding)));
            }
            WalletEvent::DebtIncurred { session_id, amount, .. } => {
                let known = self.owed.insert(*session_id, *amount);
                claims.that(known.is_none(), "owes twice for one session");
            }
            WalletEvent::DebtPaid {
                session_id,
                paid,
                outstanding,
                ..
            } => {
                let owed = self.owed.remove(session_id).unwrap_or_default();
                claims.that(
                    owed == paid.total() + *outstanding,
                    "paid and outstanding are not what was owed",
                );
                if outstanding.is_positive() {
                    self.owed.insert(*session_id, *outstanding);
                }
                self.spend(*session_id, *paid);
            }
        }
        let Split { principal, bonus } = self.balance;
        claims.that(principal >= Fen::ZERO && bonus >= Fen::ZERO, "a negative balance");
        claims.that(self.available() >= Fen::ZERO, "more set aside than there is");
    }

    fn spend(&mut self, session_id: SessionId, amount: Split) {
        self.balance.principal -= amount.principal;
        self.balance.bonus -= amount.bonus;
        *self.spent.entry(session_id).or_default() += amount.total();
    }
}

fn add(balance: &mut Split, amount: Split) {
    balance.principal += amount.principal;
    balance.bonus += amount.bonus;
}
