//! How a bill is cut into shares: to the fen, so that they always sum to it.

use crate::money::Fen;
use crate::refusal::InvalidField;
use serde::{Deserialize, Serialize};

/// People who share a bill, at most, the opener among them.
pub const PEOPLE_MAX: usize = 20;
/// A weight, at most.
const WEIGHT_MAX: u32 = 1_000;

/// How a bill is cut. The opener's own share is always the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Division {
    /// Into as many equal shares.
    Equal {
        /// 2 to [`PEOPLE_MAX`].
        people: u32,
    },
    /// As said; they must sum to the bill.
    Amounts(Vec<Fen>),
    /// By weights.
    Weights(Vec<u32>),
}

impl Division {
    /// Into how many shares.
    pub const fn people(&self) -> usize {
        match self {
            Self::Equal { people } => *people as usize,
            Self::Amounts(amounts) => amounts.len(),
            Self::Weights(weights) => weights.len(),
        }
    }

    /// The shares of `bill`. Only the opener's own may be nothing.
    ///
    /// # Errors
    /// A part is out of its range, amounts do not sum to the bill, or the bill is too small for so many.
    pub fn of(&self, bill: Fen) -> Result<Vec<Fen>, InvalidField> {
        InvalidField::unless(
            (2..=PEOPLE_MAX).contains(&self.people()),
            "division",
            &format!("must be among 2 to {PEOPLE_MAX} people"),
        )?;
        let shares = match self {
            Self::Equal { people } => by_weight(bill, &vec![1; *people as usize]),
            Self::Weights(weights) => {
                let in_range = weights.iter().all(|weight| *weight <= WEIGHT_MAX);
                InvalidField::unless(in_range, "division.weights", &format!("must be 0 to {WEIGHT_MAX} each"))?;
                by_weight(
                    bill,
                    &weights.iter().map(|weight| i64::from(*weight)).collect::<Vec<_>>(),
                )
            }
            Self::Amounts(amounts) => {
                let in_range = amounts.iter().all(|amount| (Fen::ZERO..=bill).contains(amount));
                InvalidField::unless(in_range, "division.amounts", "must be 0 to the bill each")?;
                let sum: Fen = amounts.iter().copied().sum();
                InvalidField::unless(
                    sum == bill,
                    "division.amounts",
                    &format!("must sum to the bill, {}, not {}", bill.0, sum.0),
                )?;
                amounts.clone()
            }
        };
        let everybody_pays = shares.iter().skip(1).all(|share| share.is_positive());
        InvalidField::unless(
            everybody_pays,
            "division",
            "must leave something to pay for everybody else",
        )?;
        Ok(shares)
    }
}

/// Cuts `bill` by weights, rounding down; the fen that are left go one each to the largest remainders, the first of equals first.
pub(super) fn by_weight(bill: Fen, weights: &[i64]) -> Vec<Fen> {
    let whole: i128 = weights.iter().copied().map(i128::from).sum();
    if whole <= 0 {
        return vec![Fen::ZERO; weights.len()];
    }
    let parts = weights.iter().map(|weight| i128::from(bill.0) * i128::from(*weight));
    let (mut shares, mut remainders) = (Vec::with_capacity(weights.len()), Vec::with_capacity(weights.len()));
    for (place, part) in parts.enumerate() {
        shares.push(Fen(i64::try_from(part / whole).unwrap_or(i64::MAX)));
        remainders.push((-(part % whole), place));
    }
    remainders.sort_unstable();
    let cut: Fen = shares.iter().copied().sum();
    let left = usize::try_from((bill - cut).0).unwrap_or_default();
    for (_, place) in remainders.into_iter().take(left) {
        shares[place] += Fen(1);
    }
    shares
}
