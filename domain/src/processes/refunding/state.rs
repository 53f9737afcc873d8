//! What is remembered of a refund that goes out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::payment::RefundOrder;

/// State of one refund.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What goes back, once its request was seen.
    pub order: Option<RefundOrder>,
    /// It may go out.
    pub approved: bool,
    /// How far it is.
    pub stage: Stage,
    /// Since when it is out, for the bound on waiting.
    pub since: Option<Timestamp>,
    /// Questions and sendings since then.
    pub asked: u32,
    /// Beginnings of the sendings that were seen, so that news of one that come twice send nothing twice.
    pub begun: Vec<Timestamp>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Nothing is to be done now.
    #[default]
    Idle,
    /// To be sent, and not known to have arrived at the provider.
    Sending,
    /// The provider has it.
    Sent,
    /// What became of it is being recorded.
    Recording,
}
