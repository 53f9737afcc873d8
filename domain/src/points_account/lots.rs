//! Lots: points that expire together.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Points of one expiry: a lot, or a part of it that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PointsShare {
    /// When they expire.
    pub expires_at: Timestamp,
    /// How many, above 0.
    pub points: u64,
}

/// The points of an account, those that expire first in front.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PointsLots {
    lots: Vec<PointsShare>,
}

impl PointsLots {
    /// The lots, in the order in which they expire.
    pub fn iter(&self) -> impl Iterator<Item = &PointsShare> {
        self.lots.iter()
    }

    /// All points.
    pub fn balance(&self) -> u64 {
        sum(&self.lots)
    }

    /// The points that are still good at `at`.
    pub fn good(&self, at: Timestamp) -> u64 {
        self.lots
            .iter()
            .filter(|lot| lot.expires_at > at)
            .fold(0, |sum, lot| sum.saturating_add(lot.points))
    }

    /// Which points would be taken for `points`, as far as there are good ones: of the lot that expires at `preferred` first, then those that expire first.
    pub fn pick(&self, points: u64, preferred: Option<Timestamp>, at: Timestamp) -> Vec<PointsShare> {
        let is_preferred = |lot: &&PointsShare| Some(lot.expires_at) == preferred;
        let first = self.lots.iter().filter(is_preferred);
        let rest = self.lots.iter().filter(|lot| !is_preferred(lot));
        let mut due = points;
        let mut shares = Vec::new();
        for lot in first.chain(rest).filter(|lot| lot.expires_at > at) {
            let taken = lot.points.min(due);
            if taken == 0 {
                break;
            }
            due -= taken;
            shares.push(PointsShare { points: taken, ..*lot });
        }
        shares
    }

    /// Adds points to the lot of their expiry.
    pub fn add(&mut self, share: PointsShare) {
        if share.points == 0 {
            return;
        }
        match self.lots.binary_search_by_key(&share.expires_at, |lot| lot.expires_at) {
            Ok(index) => self.lots[index].points = self.lots[index].points.saturating_add(share.points),
            Err(index) => self.lots.insert(index, share),
        }
    }

    /// Takes points away.
    pub fn take(&mut self, shares: &[PointsShare]) {
        for share in shares {
            for lot in self.lots.iter_mut().filter(|lot| lot.expires_at == share.expires_at) {
                lot.points = lot.points.saturating_sub(share.points);
            }
        }
        self.lots.retain(|lot| lot.points > 0);
    }

    /// Drops what has expired by `at`.
    pub fn expire(&mut self, at: Timestamp) {
        self.lots.retain(|lot| lot.expires_at > at);
    }
}

/// All points of `shares`.
pub(super) fn sum(shares: &[PointsShare]) -> u64 {
    shares.iter().fold(0, |sum, share| sum.saturating_add(share.points))
}
