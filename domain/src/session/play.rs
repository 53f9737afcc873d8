//! Where and by which prices a session was and is played.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::device::LightChannel;
use crate::ids::TableId;
use crate::money::Fen;
use crate::tariff::{Course, PinnedTariff, Stretch};

use super::{Opening, TableSession};

/// A table, its light and its prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Place {
    /// The table.
    pub table_id: TableId,
    /// The light over it.
    pub light: LightChannel,
    /// The prices.
    pub tariff: Arc<PinnedTariff>,
}

/// A stretch of play that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Played {
    /// By which prices.
    pub tariff: Arc<PinnedTariff>,
    /// From, inclusive.
    pub from: Timestamp,
    /// To, exclusive.
    pub to: Timestamp,
}

/// A pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pause {
    /// Since when.
    pub at: Timestamp,
    /// Until when at the latest.
    pub until: Timestamp,
}

/// Prepaid time by one tariff: what was bought at opening, or what was left when the session came to a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Leg {
    /// The prices.
    pub tariff: Arc<PinnedTariff>,
    /// From when on its time is priced.
    pub from: Timestamp,
    /// Minutes that were left when it began.
    pub carried: u32,
    /// Minutes in it by now.
    pub minutes: u32,
    /// Its first purchase, counted from 0.
    pub first_purchase: usize,
    /// Its time follows on a package.
    pub after_package: bool,
}

impl Leg {
    /// The prices of what is bought in it. Whoever has paid for a package has paid the minimum.
    pub fn prices(&self) -> Cow<'_, PinnedTariff> {
        if !self.after_package {
            return Cow::Borrowed(&self.tariff);
        }
        let mut prices = PinnedTariff::clone(&self.tariff);
        prices.tariff.minimum = Fen::ZERO;
        Cow::Owned(prices)
    }
}

impl TableSession {
    /// Where it is played.
    pub fn place(&self, opening: &Opening) -> Place {
        self.moved_to.as_deref().cloned().unwrap_or_else(|| Place {
            table_id: opening.table_id,
            light: opening.light,
            tariff: Arc::clone(&opening.tariff),
        })
    }

    /// The prices by which it is played.
    pub fn prices<'a>(&'a self, opening: &'a Opening) -> &'a PinnedTariff {
        self.moved_to.as_deref().map_or(&opening.tariff, |place| &place.tariff)
    }

    /// Since when the present stretch is played; of a pause, its beginning. Counted from the opening until billing starts.
    pub fn from(&self, opening: &Opening) -> Timestamp {
        let began = self.billing.map_or(opening.opened_at, |billing| billing.from);
        self.since.unwrap_or(began)
    }

    /// The stretches that are over.
    pub fn past(&self) -> Vec<Stretch<'_>> {
        let past = self.played.iter().map(|played| Stretch {
            prices: &played.tariff,
            from: played.from,
            to: played.to,
        });
        past.collect()
    }

    /// All stretches, if the present one ends at `to`.
    pub fn played_until<'a>(&'a self, opening: &'a Opening, to: Timestamp) -> Vec<Stretch<'a>> {
        let mut stretches = self.past();
        stretches.push(Stretch {
            prices: self.prices(opening),
            from: self.from(opening),
            to,
        });
        stretches
    }

    /// The course of play behind `past`, which is [`Self::past`].
    pub fn course<'a>(&'a self, opening: &'a Opening, zone: &'a TimeZone, past: &'a [Stretch<'a>]) -> Course<'a> {
        Course {
            past,
            prices: self.prices(opening),
            from: self.from(opening),
            goods: &self.goods,
            ..opening.course(zone)
        }
    }
}
