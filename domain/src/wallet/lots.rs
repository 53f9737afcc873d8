//! Lots: each top-up keeps its own principal and bonus until they are spent.

use serde::{Deserialize, Serialize};

use crate::ids::TopUpId;
use crate::money::Fen;
use crate::payment::{Channel, OrderNo};

use super::{Split, TopUpChannel};

/// Where a lot came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Origin {
    /// 0 for the wallet's first top-up, then 1, 2, …; older lots are spent first.
    pub ordinal: u64,
    /// The top-up.
    pub top_up_id: TopUpId,
    /// How it came in.
    pub channel: TopUpChannel,
    /// What it brought in.
    pub credited: Split,
}

/// What is left of one top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lot {
    /// Where it came from.
    pub origin: Origin,
    /// What is left.
    pub remaining: Split,
}

/// What was taken from one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LotShare {
    /// The lot.
    pub origin: Origin,
    /// What was taken.
    pub taken: Split,
}

/// The lots of a wallet that still hold money, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Lots {
    lots: Vec<Lot>,
    next_ordinal: u64,
}

impl Origin {
    /// The order of a provider that the money goes back to, if it came from one.
    pub const fn order(&self) -> Option<(Channel, OrderNo)> {
        match self.channel {
            TopUpChannel::Counter
            | TopUpChannel::Goodwill
            | TopUpChannel::Share { .. }
            | TopUpChannel::Compensation { .. } => None,
            TopUpChannel::Provider { channel, order_no } => Some((channel, order_no)),
        }
    }

    /// The bonus that is lost with `principal` of this lot: as much of what was given as is given back of what was paid, half-up.
    pub fn bonus_of(&self, principal: Fen) -> Fen {
        let (paid, given) = (i128::from(self.credited.principal.0), i128::from(self.credited.bonus.0));
        if paid <= 0 {
            return Fen::ZERO;
        }
        let part = (2 * given * i128::from(principal.0) + paid) / (2 * paid);
        Fen(i64::try_from(part).unwrap_or(i64::MAX))
    }
}

impl Lots {
    /// The lots, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Lot> {
        self.lots.iter()
    }

    /// How many lots hold money.
    pub fn count(&self) -> usize {
        self.lots.len()
    }

    /// Everything together.
    pub fn balance(&self) -> Split {
        self.lots.iter().fold(Split::default(), |sum, lot| Split {
            principal: sum.principal + lot.remaining.principal,
            bonus: sum.bonus + lot.remaining.bonus,
        })
    }

    /// Adds a lot.
    pub fn add(&mut self, top_up_id: TopUpId, channel: TopUpChannel, amount: Split) {
        self.lots.push(Lot {
            origin: Origin {
                ordinal: self.next_ordinal,
                top_up_id,
                channel,
                credited: amount,
            },
            remaining: amount,
        });
        self.next_ordinal += 1;
        self.drop_empty();
    }

    /// Everything, as shares of the lots it is in.
    pub fn shares(&self) -> Vec<LotShare> {
        let share = |lot: &Lot| LotShare {
            origin: lot.origin,
            taken: lot.remaining,
        };
        self.lots.iter().map(share).collect()
    }

    /// Takes in what was a share of a lot in another wallet: as a lot of its own, the newest, which remembers where the money came from.
    pub fn take_over(&mut self, share: &LotShare) {
        self.lots.push(Lot {
            origin: Origin {
                ordinal: self.next_ordinal,
                ..share.origin
            },
            remaining: share.taken,
        });
        self.next_ordinal += 1;
        self.drop_empty();
    }

    /// Takes everything out.
    pub fn empty(&mut self) {
        self.lots.clear();
    }

    /// Takes `amount`, of each kind from the oldest lots that have it. Tells from which.
    pub fn take(&mut self, amount: Split) -> Vec<LotShare> {
        let mut due = amount;
        let mut shares = Vec::new();
        for lot in &mut self.lots {
            let taken = Split {
                principal: lot.remaining.principal.min(due.principal),
                bonus: lot.remaining.bonus.min(due.bonus),
            };
            if taken.total() == Fen::ZERO {
                continue;
            }
            lot.remaining = minus(lot.remaining, taken);
            due = minus(due, taken);
            shares.push(LotShare {
                origin: lot.origin,
                taken,
            });
        }
        self.drop_empty();
        shares
    }

    /// Takes a share out of its own lot, as far as that has it.
    pub fn take_share(&mut self, share: &LotShare) {
        let place = self
            .lots
            .binary_search_by_key(&share.origin.ordinal, |lot| lot.origin.ordinal);
        if let Ok(index) = place {
            self.lots[index].remaining = minus(self.lots[index].remaining, share.taken);
        }
        self.drop_empty();
    }

    /// Puts back what was taken, each share into its own lot, at its old place.
    pub fn put_back(&mut self, shares: &[LotShare]) {
        for share in shares {
            let place = self
                .lots
                .binary_search_by_key(&share.origin.ordinal, |lot| lot.origin.ordinal);
            match place {
                Ok(index) => {
                    let remaining = &mut self.lots[index].remaining;
                    remaining.principal += share.taken.principal;
                    remaining.bonus += share.taken.bonus;
                }
                Err(index) => self.lots.insert(
                    index,
                    Lot {
                        origin: share.origin,
                        remaining: share.taken,
                    },
                ),
            }
        }
    }

    fn drop_empty(&mut self) {
        self.lots.retain(|lot| lot.remaining.total() > Fen::ZERO);
    }
}

fn minus(from: Split, taken: Split) -> Split {
    Split {
        principal: from.principal - taken.principal,
        bonus: from.bonus - taken.bonus,
    }
}
