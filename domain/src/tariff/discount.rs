//! What a person's level takes off the price of play.

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::level::LevelCode;
use crate::money::Fen;

/// A level's discount. A session keeps the one it was opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Discount {
    /// The level that gives it.
    pub level: LevelCode,
    /// The part that is taken off, 0 to 1: 0.12 is 12 % off (八八折).
    pub rate: Decimal,
}

impl Discount {
    /// What is taken off `price`, rounded once, half-up: from nothing to all of it. It never grows faster than the price, so that a
    /// discounted price does not fall as time grows either.
    pub fn off(&self, price: Fen) -> Fen {
        let rate = self.rate.clamp(Decimal::ZERO, Decimal::ONE);
        let off = (Decimal::from(price.0) * rate).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        Fen(off.to_i64().unwrap_or(0))
    }
}
