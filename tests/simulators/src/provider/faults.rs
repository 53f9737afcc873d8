//! What can go wrong with an order, chosen by a test or drawn from a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// Faults drawn from a seed.
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    /// The seed.
    pub seed: u64,
    /// The share of orders that meet one, 0–1.
    pub rate: f64,
    /// Which are drawn.
    pub reach: Reach,
}

/// How far faults that are drawn go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Reach {
    /// Only those that a repeat or a question heals.
    Healing,
    /// Also those that leave something to look into: another amount, another merchant, a refund that does not arrive, a bill that differs.
    All,
}

impl Seeded {
    /// The same seed gives the same order the same fault, whatever came before.
    pub fn draw<F: Copy>(&self, order_no: &str, healing: &[F], all: &[F]) -> Option<F> {
        let mut hasher = DefaultHasher::new();
        (self.seed, order_no).hash(&mut hasher);
        let mut random = StdRng::seed_from_u64(hasher.finish());
        let from = match self.reach {
            Reach::Healing => healing,
            Reach::All => all,
        };
        let meets = random.random_bool(self.rate.clamp(0.0, 1.0));
        from.choose(&mut random).copied().filter(|_| meets)
    }
}

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
    /// What a repeat or a question heals.
    pub const HEALING: [Self; 11] = [
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

    /// All of them.
    pub const ALL: [Self; 18] = [
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
        Self::NoticeWrongAmount,
        Self::NoticeOtherMerchant,
        Self::RefundAbnormal,
        Self::RefundClosed,
        Self::BillMissing,
        Self::BillExtra,
        Self::BillOtherFee,
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

    fn draw(&mut self, order_no: &str) {
        let Some(seeded) = self.seeded else {
            return;
        };
        if self.drawn.insert(order_no.to_owned())
            && let Some(fault) = seeded.draw(order_no, &Fault::HEALING, &Fault::ALL)
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

        let drawn = |order: &str, reach| {
            let rate = 1.0;
            let mut faults = Faults::new(Some(Seeded { seed: 7, rate, reach }));
            let taken = Fault::ALL.into_iter().find(|&fault| faults.take(order, fault));
            taken.unwrap()
        };
        for (reach, kinds) in [(Reach::Healing, Fault::HEALING.len()), (Reach::All, Fault::ALL.len())] {
            let of = |order: i32| drawn(&order.to_string(), reach);
            let all: BTreeSet<_> = (0..500).map(|order| format!("{:?}", of(order))).collect();
            assert_eq!(all.len(), kinds, "every one is drawn: {all:?}");
            assert_eq!(of(3), of(3));
        }
    }
}
