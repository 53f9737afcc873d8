//! What is remembered of a payment that is collected.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::payment::Order;

/// State of one payment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Its rules, once its beginning was seen.
    pub rules: Option<Rules>,
    /// The timer of its end is set.
    pub armed: bool,
    /// Its time is over: nothing new is asked, what is open is closed.
    pub expiring: bool,
    /// It was asked to expire; the answer will come.
    pub expire_asked: bool,
    /// It takes no attempt any more.
    pub over: bool,
    /// Its orders, by the attempt's number.
    pub orders: BTreeMap<u8, Tracked>,
}

/// How long to ask, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// When nobody can tell for so many seconds, somebody must look.
    pub review_seconds: u32,
    /// The longest pause between two questions.
    pub query_seconds_max: u32,
}

/// An order, as far as this process knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked {
    /// The order.
    pub order: Order,
    /// How it stands.
    pub stage: Stage,
    /// It is wanted no more: it is to be closed.
    pub closing: bool,
    /// The provider knows nothing of it, so that there is nothing to close; whoever has its code may still pay it until its time is over.
    pub unseen: bool,
    /// Questions since it began to wait.
    pub asked: u32,
    /// Questions in a row that had no answer.
    pub failures: u32,
    /// Since when nobody can tell.
    pub failing_since: Option<Timestamp>,
}

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// To be made when the one before it is out of the way.
    Waiting,
    /// The provider was asked to make it.
    Creating,
    /// It waits for its payer.
    Presented,
    /// Nobody knows whether it was made.
    Unknown,
    /// What ended it is being recorded.
    Recording,
    /// It is over.
    Done,
}

impl Tracked {
    /// An order that was just asked for.
    pub const fn new(order: Order) -> Self {
        Self {
            order,
            stage: Stage::Waiting,
            closing: false,
            unseen: false,
            asked: 0,
            failures: 0,
            failing_since: None,
        }
    }

    /// Whether it can be asked about.
    pub const fn is_out(&self) -> bool {
        matches!(self.stage, Stage::Presented | Stage::Unknown)
    }
}

impl Default for Rules {
    fn default() -> Self {
        let policy = crate::payment::PaymentPolicy::default();
        Self {
            review_seconds: policy.review_seconds,
            query_seconds_max: policy.query_seconds_max,
        }
    }
}
