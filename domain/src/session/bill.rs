//! What a session costs, line by line.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::level::LevelCode;
use crate::money::Fen;

/// One line of a bill. `MinimumCharge`, `Cap`, `Overnight` and `Discount` lines are adjustments so that the lines always sum to the total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum BillLine {
    /// Time billed within one band: the whole steps of the session, minute by minute by the clock of the hall.
    Time {
        /// The band's name, or the tariff's name outside all bands.
        band: String,
        /// From, inclusive.
        from: Timestamp,
        /// To, exclusive. Of the last line, the end of the last step, which may be later than the end of play.
        to: Timestamp,
        /// Minutes billed, whole steps of the session shared out over its bands.
        minutes: u32,
        /// Price per hour.
        price_per_hour: Fen,
        /// What it costs, rounded half-up.
        amount: Fen,
    },
    /// Added to reach the minimum charge.
    MinimumCharge {
        /// ≥ 0.
        amount: Fen,
    },
    /// Taken off to stay within the cap.
    Cap {
        /// ≤ 0.
        amount: Fen,
    },
    /// Taken off because a night costs no more than its overnight price.
    Overnight {
        /// What the tariff calls the night.
        name: String,
        /// ≤ 0.
        amount: Fen,
    },
    /// Play bought beforehand at a fixed price. The discount leaves it as it is.
    Package {
        /// The package's code in the tariff.
        code: String,
        /// What customers read.
        name: String,
        /// From when on play was paid.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
        /// What it costs.
        amount: Fen,
    },
    /// Prepaid time: bought at opening or by extension, billed whole.
    Prepaid {
        /// Minutes bought.
        minutes: u32,
        /// What they cost, before the discount.
        amount: Fen,
    },
    /// Taken off the price of play by the person's level.
    Discount {
        /// The level that gives it.
        level: LevelCode,
        /// The part that is taken off, 0 to 1.
        rate: Decimal,
        /// ≤ 0, rounded half-up once.
        amount: Fen,
    },
    /// Paid because prepaid time was taken to a dearer table.
    Surcharge {
        /// > 0.
        amount: Fen,
    },
    /// Something to eat, to drink or to use. The discount leaves it as it is.
    Goods(GoodsLine),
}

/// Goods of one kind, as they were priced when they were put on the bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GoodsLine {
    /// The code in the hall's list of goods.
    pub code: String,
    /// What customers read in Chinese.
    pub name_zh: String,
    /// What customers read in English.
    pub name_en: String,
    /// How many, at least 1.
    pub quantity: u32,
    /// Price of one.
    pub price: Fen,
}

impl Bill {
    /// What the goods on it cost together.
    pub fn goods_total(&self) -> Fen {
        let goods = self.lines.iter().filter(|line| matches!(line, BillLine::Goods(_)));
        goods.map(BillLine::amount).sum()
    }
}

impl GoodsLine {
    /// What they cost together.
    pub const fn amount(&self) -> Fen {
        Fen(self.price.0.saturating_mul(self.quantity as i64))
    }
}

impl BillLine {
    /// The line's amount.
    pub const fn amount(&self) -> Fen {
        match self {
            Self::Time { amount, .. }
            | Self::MinimumCharge { amount }
            | Self::Cap { amount }
            | Self::Overnight { amount, .. }
            | Self::Package { amount, .. }
            | Self::Prepaid { amount, .. }
            | Self::Surcharge { amount }
            | Self::Discount { amount, .. } => *amount,
            Self::Goods(line) => line.amount(),
        }
    }
}

/// A session's bill. Invariant: the lines sum to `total`, and `total` ≥ 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Bill {
    /// Where the total comes from.
    pub lines: Vec<BillLine>,
    /// What the session costs.
    pub total: Fen,
}
