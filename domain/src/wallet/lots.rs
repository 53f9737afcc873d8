//! Lots: each top-up keeps its own principal and bonus until they are spent.

use serde::{Deserialize, Serialize};

use crate::ids::TopUpId;
use crate::money::Fen;

use super::Split;

/// What is left of one top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// 0 for the wallet's first top-up, then 1, 2, …; older lots are spent first.
    pub ordinal: u64,
    /// The top-up.
    pub top_up_id: TopUpId,
    /// What is left.
    pub remaining: Split,
}

/// What was taken from one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotShare {
    /// The lot's ordinal.
    pub ordinal: u64,
    /// The lot's top-up.
    pub top_up_id: TopUpId,
    /// What was taken.
    pub taken: Split,
}

/// The lots of a wallet that still hold money, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lots {
    lots: Vec<Lot>,
    next_ordinal: u64,
}

impl Lots {
    /// The lots, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Lot> {
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
    pub fn add(&mut self, top_up_id: TopUpId, amount: Split) {
        self.lots.push(Lot {
            ordinal: self.next_ordinal,
            top_up_id,
            remaining: amount,
        });
        self.next_ordinal += 1;
        self.drop_empty();
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
                ordinal: lot.ordinal,
                top_up_id: lot.top_up_id,
                taken,
            });
        }
        self.drop_empty();
        shares
    }

    /// Puts back what was taken, each share into its own lot, at its old place.
    pub fn put_back(&mut self, shares: &[LotShare]) {
        for share in shares {
            let place = self.lots.binary_search_by_key(&share.ordinal, |lot| lot.ordinal);
            match place {
                Ok(index) => {
                    let remaining = &mut self.lots[index].remaining;
                    remaining.principal += share.taken.principal;
                    remaining.bonus += share.taken.bonus;
                }
                Err(index) => self.lots.insert(
                    index,
                    Lot {
                        ordinal: share.ordinal,
                        top_up_id: share.top_up_id,
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
