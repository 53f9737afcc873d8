//! What the customers were told: every call with its answer, kept on their side, for the checks.
//!
//! An answer is `Ok`, `Refused` or `Unknown`. Unknown is a result of its own: the call may or may not have been
//! carried out, and only the log can tell. Looks at the board are not recorded; there are too many of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A day of customers, as they saw it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ledger {
    /// The seed that the day was made from.
    pub seed: u64,
    /// The hall they went to.
    pub hall_id: Uuid,
    /// When the first could come.
    pub opens_at: Timestamp,
    /// When all had to leave.
    pub closes_at: Timestamp,
    /// Every call, in the order in which they ended.
    pub calls: Vec<Call>,
    /// What became of each person.
    pub visits: Vec<Visit>,
    /// What no customer should have seen: sums that do not add up, answers that differ, refusals without cause.
    pub complaints: Vec<Complaint>,
}

/// One call, with all its repetitions under the same request id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Who called; 0 is the hall's counter.
    pub person: u32,
    /// What was called.
    pub method: Method,
    /// The request's id; queries have none.
    pub request_id: Option<Uuid>,
    /// What it was about.
    pub subject: Subject,
    /// When it began, by the hall's clock.
    pub at: Timestamp,
    /// How long it took in real time, repetitions included.
    pub took_ms: u64,
    /// How often it was sent.
    pub attempts: u32,
    /// How it ended.
    pub outcome: Outcome,
}

/// The calls that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "named as in the contract")]
pub enum Method {
    CreditTopUp,
    RegisterMember,
    SetLevel,
    StartGuestSession,
    VerifyPhoneCode,
    UpgradeGuest,
    QuoteSession,
    OpenTable,
    ExtendSession,
    TransferSession,
    OrderGoods,
    CloseSession,
    PayBill,
    GetBill,
    GetWallet,
    EndMaintenance,
}

/// What a call was about, as far as it applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// The member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_id: Option<Uuid>,
    /// The table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_id: Option<Uuid>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Outcome {
    /// Carried out.
    Ok {
        /// What was answered.
        answer: Answer,
    },
    /// Refused, with a reason: nothing was done.
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// No answer in time: it may have been carried out.
    Unknown {
        /// The last error.
        error: String,
    },
}

/// A refusal as it reaches a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// gRPC status code, such as `FailedPrecondition`.
    pub code: String,
    /// Stable reason, such as `TABLE_OCCUPIED`; empty if the service gave none.
    pub reason: String,
    /// For people.
    pub message: String,
    /// Facts behind it, such as `shortfall_fen`.
    pub facts: BTreeMap<String, String>,
}

/// The part of an answer that the checks need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "fields are named as in the contract")]
pub enum Answer {
    Joined {
        position: u64,
    },
    LevelSet {
        position: u64,
    },
    GuestStarted {
        member_id: Uuid,
        position: u64,
    },
    PhoneVerified {
        position: u64,
    },
    GuestUpgraded {
        position: u64,
    },
    ToppedUp {
        top_up_id: Uuid,
        principal_fen: i64,
        bonus_fen: i64,
        balance_fen: i64,
        available_fen: i64,
        position: u64,
    },
    Quoted {
        total_fen: i64,
        hold_fen: i64,
    },
    Opened {
        session_id: Uuid,
        prepaid_minutes: Option<u32>,
        secured_fen: i64,
        secured_until: Timestamp,
        position: u64,
    },
    /// The table is kept until the payment is there.
    Awaited {
        session_id: Uuid,
        due_fen: i64,
        shortfall_fen: i64,
        pay_by: Timestamp,
        position: u64,
    },
    Moved {
        amount_fen: i64,
        secured_until: Timestamp,
        position: u64,
    },
    Extended {
        minutes: u32,
        amount_fen: i64,
        secured_until: Timestamp,
        position: u64,
    },
    /// Goods are on the bill; all of them cost so much.
    Ordered {
        goods_fen: i64,
        position: u64,
    },
    BillPaid {
        session_id: Uuid,
        paid_fen: i64,
        position: u64,
    },
    Closed {
        total_fen: i64,
        closed_at: Timestamp,
        position: u64,
    },
    Bill {
        status: String,
        total_fen: i64,
        paid_fen: i64,
        outstanding_fen: i64,
        position: u64,
    },
    Wallet {
        principal_fen: i64,
        bonus_fen: i64,
        held_fen: i64,
        available_fen: i64,
        owed_fen: i64,
        position: u64,
    },
    Repaired {
        position: u64,
    },
}

/// What became of one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// The person's number, from 1 in the order of arrival.
    pub person: u32,
    /// The person's id.
    pub member_id: Uuid,
    /// What the person had in mind.
    pub habit: super::plan::Habit,
    /// When the person came.
    pub arrived_at: Timestamp,
    /// When the person left.
    pub left_at: Timestamp,
    /// How it ended.
    pub end: VisitEnd,
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitEnd {
    /// Played, and saw the bill settled.
    Played,
    /// No table was free for as long as the person would wait.
    NoTable,
    /// Had no money and did not want to top up.
    NoMoney,
    /// Only looked.
    Looked,
    /// Every table taken was cancelled again.
    Cancelled,
    /// The service did not answer.
    GaveUp,
}

/// Something no customer should have seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// Who saw it; 0 is the hall's counter.
    pub person: u32,
    /// When, by the hall's clock.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

impl Ledger {
    /// Reads a ledger from a file.
    ///
    /// # Errors
    /// The file cannot be read, or is no ledger.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no ledger", path.display()))
    }

    /// Writes the ledger to a file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let unfinished = path.with_extension("unfinished");
        let write = || std::fs::write(&unfinished, serde_json::to_vec(self)?).map_err(anyhow::Error::from);
        write()
            .and_then(|()| Ok(std::fs::rename(&unfinished, path)?))
            .with_context(|| format!("writing {}", path.display()))
    }

    /// The sessions that customers were told they have, with the call that said so.
    pub fn sessions_told(&self) -> BTreeMap<Uuid, &Call> {
        let told = self.calls.iter().filter_map(|call| match &call.outcome {
            Outcome::Ok {
                answer: Answer::Opened { session_id, .. },
            } => Some((*session_id, call)),
            _ => None,
        });
        told.collect()
    }

    /// How many calls of a method were refused, by reason.
    pub fn refusals(&self, method: Method) -> BTreeMap<&str, usize> {
        let mut count = BTreeMap::new();
        for call in self.calls.iter().filter(|call| call.method == method) {
            if let Outcome::Refused { refusal } = &call.outcome {
                *count.entry(refusal.reason.as_str()).or_default() += 1;
            }
        }
        count
    }
}
