//! The limits and delays that a hall sets for itself (the rules marked ⚙ in the business rules).

use serde::{Deserialize, Serialize};

use crate::money::Fen;

/// A hall's policy. A session keeps the policy it opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct HallPolicy {
    /// A session whose light is not confirmed within this many seconds is cancelled.
    pub light_timeout_seconds: u32,
    /// Billing starts at the light's confirmation or this many seconds after opening, whichever is first.
    pub billing_start_seconds_max: u32,
    /// How long a light stays on after its session ended, unless the next one has begun.
    pub linger_seconds: u32,
    /// A postpaid session's first hold, and each later one, covers this many minutes of play (or the minimum charge if that is more).
    pub hold_minutes: u32,
    /// The hold is topped up when less than this many minutes of play are covered; the customer is warned if it cannot be.
    pub hold_renewal_minutes: u32,
    /// Warnings before a prepaid end, in minutes before it, each given once per end.
    pub warning_minutes: Vec<u32>,
    /// Sessions that one person may have at the same time, a session counting until it is settled.
    pub open_sessions_max: u32,
    /// A pause lasts at most this many minutes.
    pub pause_minutes_max: u32,
    /// What is secured for a session that is opened on a deposit (押金).
    pub deposit: Fen,
    /// How long a table is kept for an opening that waits for its payment.
    pub payment_wait_seconds: u32,
    /// How long play may go on, free of charge, when prepaid time is over; then the session is closed.
    pub auto_close_minutes: u32,
    /// Whether customers may put goods on their own bill; staff always may.
    pub goods_by_customers: bool,
    /// How long a link to a share of a bill is good for.
    pub split_minutes: u32,
    /// A light that fails for this many seconds takes its table off sale and ends what is played there.
    pub fault_seconds: u32,
    /// A device that is silent for this many seconds, since it was missed, does the same.
    pub offline_fault_seconds: u32,
    /// How long a light may take to answer each command of a test.
    pub test_answer_seconds: u32,
    /// The bonus for a member whose game a fault has ended; 0 is none.
    pub goodwill: Fen,
}

impl Default for HallPolicy {
    fn default() -> Self {
        Self {
            light_timeout_seconds: 30,
            billing_start_seconds_max: 10,
            linger_seconds: 180,
            hold_minutes: 60,
            hold_renewal_minutes: 10,
            warning_minutes: vec![30, 5],
            open_sessions_max: 1,
            pause_minutes_max: 30,
            deposit: Fen(10_000),
            payment_wait_seconds: 180,
            auto_close_minutes: 0,
            goods_by_customers: true,
            split_minutes: 10,
            fault_seconds: 60,
            offline_fault_seconds: 300,
            test_answer_seconds: 10,
            goodwill: Fen::ZERO,
        }
    }
}
