//! What a wallet is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{HallId, HoldId, MemberId, RefundId, SessionId, ShareId};
use crate::money::Fen;

use super::{LotShare, Lots, Split, WalletEvent};

/// A wallet, opened or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    /// Whose; nobody's before it is opened.
    pub member_id: Option<MemberId>,
    /// The money.
    pub lots: Lots,
    /// Sessions that are neither settled nor cancelled.
    pub sessions: Vec<OpenSession>,
    /// What settlements left open, oldest first.
    pub debts: Vec<Debt>,
    /// What is set aside for shares of other people's bills.
    pub shares: Vec<SetAside>,
    /// The principal that went back within a day before the last of it, without what was rejected.
    #[serde(default)]
    pub withdrawals: Vec<Withdrawal>,
}

/// For how long what went back counts towards the second person's word.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Principal that goes back to where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The refund.
    pub refund_id: RefundId,
    /// How much.
    pub principal: Fen,
    /// When it was asked for.
    pub at: Timestamp,
}

/// What is set aside for a share of somebody else's bill, and from which lots, in case it goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The share.
    pub share_id: ShareId,
    /// From where.
    pub taken: Vec<LotShare>,
}

/// A session for which the wallet stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// The session.
    pub session_id: SessionId,
    /// By what.
    pub secured: Secured,
}

/// How a session is secured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Secured {
    /// By money set aside.
    Hold {
        /// The hold.
        hold_id: HoldId,
        /// All of it.
        amount: Fen,
    },
    /// By money spent, and from which lots, in case it goes back.
    Prepaid {
        /// One share for each lot and purchase.
        shares: Vec<LotShare>,
    },
}

/// What a settlement left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Debt {
    /// The session.
    pub session_id: SessionId,
    /// The hall that is owed.
    pub hall_id: HallId,
    /// What is still owed.
    pub outstanding: Fen,
}

impl Wallet {
    /// All money of the wallet, held or not.
    pub fn balance(&self) -> Split {
        self.lots.balance()
    }

    /// What is set aside.
    pub fn held(&self) -> Fen {
        self.sessions.iter().map(OpenSession::held).sum()
    }

    /// What can be spent or set aside.
    pub fn available(&self) -> Fen {
        self.balance().total().saturating_sub_zero(self.held())
    }

    /// The principal that was asked back in the 24 hours before an instant, and was not rejected.
    pub fn withdrawn_lately(&self, now: Timestamp) -> Fen {
        let late = self.withdrawals.iter().filter(|withdrawal| counts(withdrawal, now));
        late.map(|withdrawal| withdrawal.principal).sum()
    }

    /// What is owed for all sessions.
    pub fn owed(&self) -> Fen {
        self.debts.iter().map(|debt| debt.outstanding).sum()
    }

    /// What is set aside for one session, if it has a hold.
    pub fn hold_for(&self, session_id: SessionId) -> Option<(HoldId, Fen)> {
        match self.session(session_id)?.secured {
            Secured::Hold { hold_id, amount } => Some((hold_id, amount)),
            Secured::Prepaid { .. } => None,
        }
    }

    /// What was spent on one session's prepaid time, if it has any.
    pub fn prepaid_for(&self, session_id: SessionId) -> Option<Split> {
        match &self.session(session_id)?.secured {
            Secured::Hold { .. } => None,
            Secured::Prepaid { shares } => Some(taken(shares)),
        }
    }

    /// What is set aside for a share of somebody else's bill.
    pub fn share(&self, share_id: ShareId) -> Option<Split> {
        let share = self.shares.iter().find(|share| share.share_id == share_id);
        share.map(|share| taken(&share.taken))
    }

    /// How `amount` is spent: principal first. `amount` must not exceed the balance.
    pub fn split(&self, amount: Fen) -> Split {
        let principal = self.balance().principal.min(amount);
        Split {
            principal,
            bonus: amount - principal,
        }
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &WalletEvent) {
        match event {
            WalletEvent::WalletOpened { member_id, .. } => self.member_id = Some(*member_id),
            WalletEvent::TopUpCredited {
                top_up_id,
                channel,
                amount,
                ..
            } => self.lots.add(*top_up_id, *channel, *amount),
            WalletEvent::PrincipalWithdrawn { refund_id, share, at } => {
                self.lots.take_share(share);
                self.withdrawals.retain(|before| counts(before, *at));
                self.withdrawals.push(Withdrawal {
                    refund_id: *refund_id,
                    principal: share.taken.principal,
                    at: *at,
                });
            }
            WalletEvent::PrincipalRestored { refund_id, share, .. } => {
                self.lots.put_back(&[*share]);
                self.withdrawals.retain(|before| before.refund_id != *refund_id);
            }
            WalletEvent::WalletHandedOver { .. } => {
                self.lots.empty();
                self.debts.clear();
            }
            WalletEvent::WalletTakenOver { lots, debts, .. } => {
                lots.iter().for_each(|share| self.lots.take_over(share));
                self.debts.extend(debts);
            }
            WalletEvent::FundsHeld {
                hold_id,
                session_id,
                amount,
                ..
            } => self.hold(*hold_id, *session_id, *amount),
            WalletEvent::HoldCaptured {
                session_id, captured, ..
            } => {
                self.forget(*session_id);
                self.lots.take(*captured);
            }
            WalletEvent::HoldReleased { session_id, .. } | WalletEvent::PrepaidSettled { session_id, .. } => {
                self.forget(*session_id);
            }
            WalletEvent::PrepaidCharged { session_id, amount, .. } => {
                let shares = self.lots.take(*amount);
                self.charge(*session_id, shares);
            }
            WalletEvent::PrepaidRefunded { session_id, amount, .. } => self.refund(*session_id, *amount),
            WalletEvent::GoodsCharged { amount, .. } => {
                self.lots.take(*amount);
            }
            WalletEvent::ShareCharged { share_id, amount, .. } => {
                let taken = self.lots.take(*amount);
                let share_id = *share_id;
                self.shares.push(SetAside { share_id, taken });
            }
            WalletEvent::ShareReturned { share_id, .. } => {
                for share in self.shares.extract_if(.., |share| share.share_id == *share_id) {
                    self.lots.put_back(&share.taken);
                }
            }
            WalletEvent::ShareDelivered { share_id, .. } => self.shares.retain(|share| share.share_id != *share_id),
            WalletEvent::DebtIncurred {
                session_id,
                hall_id,
                amount,
                ..
            } => self.debts.push(Debt {
                session_id: *session_id,
                hall_id: *hall_id,
                outstanding: *amount,
            }),
            WalletEvent::DebtPaid {
                session_id,
                paid,
                outstanding,
                ..
            } => {
                self.lots.take(*paid);
                for debt in &mut self.debts {
                    if debt.session_id == *session_id {
                        debt.outstanding = *outstanding;
                    }
                }
                self.debts.retain(|debt| debt.outstanding > Fen::ZERO);
            }
        }
    }

    fn session(&self, session_id: SessionId) -> Option<&OpenSession> {
        self.sessions.iter().find(|session| session.session_id == session_id)
    }

    fn hold(&mut self, hold_id: HoldId, session_id: SessionId, added: Fen) {
        for session in &mut self.sessions {
            if let Secured::Hold { amount, .. } = &mut session.secured
                && session.session_id == session_id
            {
                *amount += added;
                return;
            }
        }
        self.sessions.push(OpenSession {
            session_id,
            secured: Secured::Hold { hold_id, amount: added },
        });
    }

    fn charge(&mut self, session_id: SessionId, more: Vec<LotShare>) {
        for session in &mut self.sessions {
            if let Secured::Prepaid { shares } = &mut session.secured
                && session.session_id == session_id
            {
                shares.extend(more);
                return;
            }
        }
        self.sessions.push(OpenSession {
            session_id,
            secured: Secured::Prepaid { shares: more },
        });
    }

    /// Puts back what was paid last; a session of which nothing is left is over.
    fn refund(&mut self, session_id: SessionId, amount: Split) {
        let Some(OpenSession {
            secured: Secured::Prepaid { mut shares },
            ..
        }) = self.forget(session_id)
        else {
            return;
        };
        let mut due = amount;
        for share in shares.iter_mut().rev() {
            let back = Split {
                principal: share.taken.principal.min(due.principal),
                bonus: share.taken.bonus.min(due.bonus),
            };
            let minus = |from: Split, taken: Split| Split {
                principal: from.principal - taken.principal,
                bonus: from.bonus - taken.bonus,
            };
            if back.total() == Fen::ZERO {
                continue;
            }
            (due, share.taken) = (minus(due, back), minus(share.taken, back));
            self.lots.put_back(&[LotShare { taken: back, ..*share }]);
        }
        shares.retain(|share| share.taken.total() > Fen::ZERO);
        if !shares.is_empty() {
            self.charge(session_id, shares);
        }
    }

    fn forget(&mut self, session_id: SessionId) -> Option<OpenSession> {
        let index = self
            .sessions
            .iter()
            .position(|session| session.session_id == session_id)?;
        Some(self.sessions.remove(index))
    }
}

impl OpenSession {
    fn held(&self) -> Fen {
        match self.secured {
            Secured::Hold { amount, .. } => amount,
            Secured::Prepaid { .. } => Fen::ZERO,
        }
    }
}

fn taken(shares: &[LotShare]) -> Split {
    shares.iter().fold(Split::default(), |sum, share| Split {
        principal: sum.principal + share.taken.principal,
        bonus: sum.bonus + share.taken.bonus,
    })
}

fn counts(withdrawal: &Withdrawal, now: Timestamp) -> bool {
    now.duration_since(withdrawal.at) < COUNTS_FOR
}
