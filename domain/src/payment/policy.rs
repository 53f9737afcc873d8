//! What a chain sets for its payments and refunds (the rules marked ⚙ in business rules 6), and what it gives on top of a top-up.

use serde::{Deserialize, Serialize};

use crate::money::Fen;
use crate::refusal::InvalidField;

use super::Channel;

/// Tiers of top-ups, at most.
pub const TIERS_MAX: usize = 20;

/// A chain's payment policy. An intent keeps the policy it began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct PaymentPolicy {
    /// Through whom money may come, in the order in which they are offered; none twice.
    pub channels: Vec<Channel>,
    /// How long an intent can be paid, in seconds: 60–7,200 (the shortest that WeChat Pay takes, and the life of its `prepay_id`).
    pub expiry_seconds: u32,
    /// With so many declined attempts an intent has failed: 1–10.
    pub declines_max: u32,
    /// When an order cannot be asked about for so many seconds, somebody must look: 60–86,400.
    pub review_seconds: u32,
    /// Between two questions about the same order at most so many seconds pass: 2–600.
    pub query_seconds_max: u32,
    /// What somebody asks to be refunded above this needs somebody else's word.
    pub refund_approval_above: Fen,
    /// The largest top-up.
    pub top_up_max: Fen,
}

impl Default for PaymentPolicy {
    fn default() -> Self {
        Self {
            channels: Channel::ALL.to_vec(),
            expiry_seconds: 900,
            declines_max: 3,
            review_seconds: 600,
            query_seconds_max: 60,
            refund_approval_above: Fen(20_000),
            // What a named prepaid card may hold (rules of the Ministry of Commerce on single-purpose cards).
            top_up_max: Fen(500_000),
        }
    }
}

impl PaymentPolicy {
    /// Whether every field is in its range.
    ///
    /// # Errors
    /// The first that is not.
    pub fn validate(&self) -> Result<(), InvalidField> {
        let twice = (1..self.channels.len()).any(|i| self.channels[..i].contains(&self.channels[i]));
        InvalidField::unless(!twice, "policy.channels", "must not hold a channel twice")?;
        let seconds = [
            (self.expiry_seconds, 60, 7_200, "policy.expiry_seconds"),
            (self.declines_max, 1, 10, "policy.declines_max"),
            (self.review_seconds, 60, 86_400, "policy.review_seconds"),
            (self.query_seconds_max, 2, 600, "policy.query_seconds_max"),
        ];
        for (value, min, max, field) in seconds {
            InvalidField::unless((min..=max).contains(&value), field, &format!("must be {min} to {max}"))?;
        }
        let amounts = [
            (self.refund_approval_above, Fen::ZERO, "policy.refund_approval_above"),
            (self.top_up_max, Fen(1), "policy.top_up_max"),
        ];
        for (value, min, field) in amounts {
            InvalidField::unless(
                (min..=Fen::MAX_INPUT).contains(&value),
                field,
                &format!("must be {} to 1000000000 fen", min.0),
            )?;
        }
        Ok(())
    }
}

/// What is given on top of a top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TopUpTier {
    /// Top-ups of this and more, up to the next tier.
    pub from: Fen,
    /// The bonus of each.
    pub bonus: Fen,
}

impl TopUpTier {
    /// The tier of a top-up, if it reaches one. `tiers` are as [`TopUpTier::validate`] wants them.
    pub fn of(tiers: &[Self], amount: Fen) -> Option<Self> {
        tiers.iter().rev().find(|tier| tier.from <= amount).copied()
    }

    /// Whether these can be a chain's tiers: ascending, each with a bonus that is not more than what is paid.
    ///
    /// # Errors
    /// The first field that is out of its range.
    pub fn validate(tiers: &[Self]) -> Result<(), InvalidField> {
        InvalidField::unless(
            tiers.len() <= TIERS_MAX,
            "tiers",
            &format!("must be at most {TIERS_MAX}"),
        )?;
        let mut below = Fen::ZERO;
        for (index, tier) in tiers.iter().enumerate() {
            InvalidField::unless(
                below < tier.from && tier.from <= Fen::MAX_INPUT,
                &format!("tiers[{index}].from"),
                "must be above the one before, at most 1000000000 fen",
            )?;
            InvalidField::unless(
                (Fen::ZERO..=tier.from).contains(&tier.bonus),
                &format!("tiers[{index}].bonus"),
                "must be 0 up to what is paid",
            )?;
            below = tier.from;
        }
        Ok(())
    }
}
