//! What can go wrong with an order, chosen by a test or drawn from a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use super::desk::Seeded;

/// Something that goes wrong once; what concerns a bill stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The next call is done, and its reply breaks off.
    ReplyLost,
    /// The next call is done long after the caller has given up.
    DoneLate,
    /// The next call is answered with 500 and not done; the one after it succeeds.
    ErrorFirst,
    /// The next call is done at once and answered late.
    SlowReply,
    /// The payer pays in the instant in which the order is to be closed.
    PaidWhileClosing,
    /// What the next call brings about is told before the call is answered: an order is paid as soon as it is made, a refund settles at once.
    NoticeBeforeReply,
    /// The next notification waits a minute.
    NoticeLate,
    /// The next notification comes twice.
    NoticeDoubled,
    /// The next notification comes after the one that follows it.
    NoticeReordered,
    /// The next notification never comes.
    NoticeDropped,
    /// The next notification comes with a wrong signature first.
    NoticeForged,
    /// The next notification tells another amount first.
    NoticeWrongAmount,
    /// The next notification is for another merchant first.
    NoticeOtherMerchant,
    /// The next refund ends abnormally.
    RefundAbnormal,
    /// The next refund is closed.
    RefundClosed,
    /// The order is missing in the bill.
    BillMissing,
    /// The bill has a payment beside the order that was never made.
    BillExtra,
    /// The bill has another fee for the order.
    BillOtherFee,
}

impl Fault {
    /// What is drawn from. Those that leave nothing to recover by themselves (a closed refund, a bill that differs) are for tests to set.
    const DRAWN: [Self; 11] = [
        Self::ReplyLost,
        Self::DoneLate,
        Self::ErrorFirst,
        Self::SlowReply,
        Self::PaidWhileClosing,
        Self::NoticeBeforeReply,
        Self::NoticeLate,
        Self::NoticeDoubled,
        Self::NoticeReordered,
        Self::NoticeDropped,
        Self::NoticeForged,
    ];
}

/// The faults that are still to come, by order.
#[derive(Debug, Default)]
pub struct Faults {
    set: BTreeMap<String, Vec<Fault>>,
    drawn: BTreeSet<String>,
    seeded: Option<Seeded>,
}

impl Faults {
    /// With faults drawn from a seed, or none but those that are set.
    pub fn new(seeded: Option<Seeded>) -> Self {
        Self {
            seeded,
            ..Self::default()
        }
    }

    /// A fault is to come.
    pub fn set(&mut self, order_no: &str, fault: Fault) {
        self.set.entry(order_no.to_owned()).or_default().push(fault);
    }

    /// Whether this is the time for that fault; it is past then.
    pub fn take(&mut self, order_no: &str, fault: Fault) -> bool {
        self.draw(order_no);
        let Some(set) = self.set.get_mut(order_no) else {
            return false;
        };
        let Some(index) = set.iter().position(|&known| known == fault) else {
            return false;
        };
        set.remove(index);
        true
    }

    /// Whether that fault is to come, and stays.
    pub fn has(&self, order_no: &str, fault: Fault) -> bool {
        self.set.get(order_no).is_some_and(|set| set.contains(&fault))
    }

    /// The same seed gives the same order the same fault, whatever came before.
    fn draw(&mut self, order_no: &str) {
        let Some(Seeded { seed, rate }) = self.seeded else {
            return;
        };
        if !self.drawn.insert(order_no.to_owned()) {
            return;
        }
        let mut hasher = DefaultHasher::new();
        (seed, order_no).hash(&mut hasher);
        let mut random = StdRng::seed_from_u64(hasher.finish());
        if random.random_bool(rate.clamp(0.0, 1.0))
            && let Some(&fault) = Fault::DRAWN.choose(&mut random)
        {
            self.set(order_no, fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_comes_once_and_a_seed_draws_the_same_again() {
        let mut faults = Faults::default();
        faults.set("A1", Fault::ReplyLost);
        assert!(!faults.take("A2", Fault::ReplyLost));
        assert!(faults.take("A1", Fault::ReplyLost));
        assert!(!faults.take("A1", Fault::ReplyLost));

        let drawn = |order: &str| {
            let mut faults = Faults::new(Some(Seeded { seed: 7, rate: 1.0 }));
            Fault::DRAWN
                .into_iter()
                .find(|&fault| faults.take(order, fault))
                .unwrap()
        };
        let all: BTreeSet<_> = (0..50)
            .map(|order| format!("{:?}", drawn(&order.to_string())))
            .collect();
        assert!(all.len() > 5, "{all:?}");
        assert_eq!(drawn("3"), drawn("3"));
    }
}
