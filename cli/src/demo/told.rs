//! What the customers were told, against what the log says happened.
//!
//! The simulators are other programs: their ledger is read as JSON, of which only what is compared is known here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;
use baize_domain::ids::{MemberId, SessionId};
use serde::Deserialize;
use uuid::Uuid;

use crate::checks::{Book, Check};

/// The ledger of a day of customers.
#[derive(Debug, Deserialize)]
pub struct Told {
    calls: Vec<Call>,
    visits: Vec<Visit>,
    complaints: Vec<Complaint>,
}

#[derive(Debug, Deserialize)]
struct Call {
    method: String,
    request_id: Option<Uuid>,
    outcome: Outcome,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
enum Outcome {
    Ok { answer: Answer },
    Refused { refusal: Refusal },
    Unknown {},
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Answer {
    Opened {
        session_id: Uuid,
    },
    Awaited {
        session_id: Uuid,
    },
    GuestStarted {
        member_id: Uuid,
    },
    Moved {},
    Ordered {},
    BillPaid {
        session_id: Uuid,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    reason: String,
    #[serde(default)]
    facts: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Visit {
    end: String,
}

#[derive(Debug, Deserialize)]
struct Complaint {
    person: u32,
    text: String,
}

impl Told {
    /// Reads the ledger.
    ///
    /// # Errors
    /// The file cannot be read or is no ledger.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).with_context(|| format!("reading the customers' ledger {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no ledger of customers", path.display()))
    }

    /// What became of the visitors, counted.
    pub fn visits(&self) -> BTreeMap<&str, usize> {
        let mut count = BTreeMap::new();
        for visit in &self.visits {
            *count.entry(visit.end.as_str()).or_default() += 1;
        }
        count
    }

    /// Refused openings by reason, each request once.
    pub fn refused_openings(&self) -> BTreeMap<&str, usize> {
        let mut seen = BTreeSet::new();
        let mut count = BTreeMap::new();
        for call in self.calls.iter().filter(|call| call.method == "open_table") {
            if let Outcome::Refused { refusal } = &call.outcome
                && refusal.reason != "REQUEST_ID_REUSED"
                && seen.insert(call.request_id)
            {
                *count.entry(refusal.reason.as_str()).or_default() += 1;
            }
        }
        count
    }

    /// Compares with the log.
    pub fn checks(&self, book: &Book) -> Vec<Check> {
        let complaints = self
            .complaints
            .iter()
            .map(|complaint| format!("person {}: {}", complaint.person, complaint.text))
            .collect();
        let complaints: Vec<String> = complaints;
        vec![
            self.sessions(book),
            self.awaited(book),
            self.guests(book),
            self.moves(book),
            self.goods(book),
            self.debts(book),
            self.refusals(book),
            self.repeats(),
            Check {
                faults: complaints.clone(),
                ..Check::equal("complaints of customers", 0, complaints.len())
            },
        ]
    }

    /// Every session that somebody was told of is in the log, and every one in the log was asked for by one of them.
    fn sessions(&self, book: &Book) -> Check {
        let told: BTreeSet<SessionId> = self.calls.iter().filter_map(Call::opened).map(SessionId).collect();
        let waited: BTreeSet<SessionId> = self.calls.iter().filter_map(Call::awaited).map(SessionId).collect();
        let asked: BTreeSet<Uuid> = self
            .calls
            .iter()
            .filter(|call| call.method == "open_table")
            .filter_map(|call| call.request_id)
            .collect();
        let lost = told.iter().filter(|session_id| !book.sessions.contains_key(session_id));
        let mut faults: Vec<_> = lost
            .map(|session_id| format!("session {session_id} was promised and is not in the log"))
            .collect();
        for (session_id, session) in book
            .sessions
            .iter()
            .filter(|(session_id, _)| !told.contains(session_id) && !waited.contains(session_id))
        {
            // Right if the answer was never seen; its request tells.
            if !session.request_id.is_some_and(|request_id| asked.contains(&request_id)) {
                faults.push(format!("session {session_id} is in the log, and nobody asked for it"));
            }
        }
        if told.is_empty() {
            faults.push("nobody opened a table: there is nothing to compare".to_owned());
        }
        let later = waited
            .iter()
            .filter(|session_id| book.sessions.contains_key(session_id));
        let told = told.len() + later.count();
        Check {
            faults,
            ..Check::equal("sessions opened: told = in the log", told, book.sessions.len())
        }
    }

    /// Every opening that was kept waiting opened or was let go.
    fn awaited(&self, book: &Book) -> Check {
        let told: BTreeSet<SessionId> = self.calls.iter().filter_map(Call::awaited).map(SessionId).collect();
        let mut faults = Vec::new();
        for session_id in &told {
            let (opened, lapsed) = (book.sessions.contains_key(session_id), book.lapsed.contains(session_id));
            if !book.awaited.contains_key(session_id) {
                faults.push(format!(
                    "opening {session_id} was promised to wait and is not in the log"
                ));
            } else if opened == lapsed {
                faults.push(format!("opening {session_id}: opened {opened}, let go {lapsed}"));
            }
        }
        Check::all("openings that waited opened, or were let go", told.len(), faults)
    }

    /// Everybody who was let in as a guest is in the log, and nobody else.
    fn guests(&self, book: &Book) -> Check {
        let told: BTreeSet<MemberId> = self.calls.iter().filter_map(Call::guest).map(MemberId).collect();
        let faults = told.symmetric_difference(&book.guests);
        Check {
            faults: faults
                .map(|guest| format!("guest {guest} is known to one side only"))
                .collect(),
            ..Check::equal("guests let in: told = in the log", told.len(), book.guests.len())
        }
    }

    /// Every move that somebody was told of is in the log, and every one in the log was asked for.
    fn moves(&self, book: &Book) -> Check {
        let moved = self
            .calls
            .iter()
            .filter(|call| call.answer().is_some_and(Answer::is_move));
        let told: BTreeSet<Uuid> = moved.filter_map(|call| call.request_id).collect();
        let asked = self.calls.iter().filter(|call| call.method == "transfer_session");
        let asked: BTreeSet<Uuid> = asked.filter_map(|call| call.request_id).collect();
        let lost = told.iter().filter(|request_id| !book.moves.contains_key(request_id));
        let unasked = book.moves.keys().filter(|request_id| !asked.contains(request_id));
        let lost = lost.map(|request_id| format!("move {request_id} was promised and is not in the log"));
        let unasked = unasked.map(|request_id| format!("move {request_id} is in the log, and nobody asked for it"));
        Check {
            faults: lost.chain(unasked).collect(),
            ..Check::equal(
                "moves to another table: told = in the log",
                told.len(),
                book.moves.len(),
            )
        }
    }

    /// All that somebody was told is on the bill was put on it, and nothing was that nobody asked for.
    fn goods(&self, book: &Book) -> Check {
        let ordered = |call: &&Call| call.answer().is_some_and(|answer| matches!(answer, Answer::Ordered {}));
        let told: BTreeSet<Uuid> = self
            .calls
            .iter()
            .filter(ordered)
            .filter_map(|call| call.request_id)
            .collect();
        let asked = self.calls.iter().filter(|call| call.method == "order_goods");
        let asked: BTreeSet<Uuid> = asked.filter_map(|call| call.request_id).collect();
        let known = &book.orders_of_goods;
        let lost = told.iter().filter(|request_id| !known.contains_key(request_id));
        let unasked = known.keys().filter(|request_id| !asked.contains(request_id));
        let lost = lost.map(|request_id| format!("order {request_id} was promised and is not in the log"));
        let unasked = unasked.map(|request_id| format!("order {request_id} is in the log, and nobody asked for it"));
        Check {
            faults: lost.chain(unasked).collect(),
            ..Check::equal("orders of goods: told = in the log", told.len(), known.len())
        }
    }

    /// Whoever was kept from a table by an unpaid bill did owe it, and what was paid is owed no more.
    fn debts(&self, book: &Book) -> Check {
        let blocked: BTreeSet<SessionId> = self.calls.iter().filter_map(Call::unpaid_bill).map(SessionId).collect();
        let paid: BTreeSet<SessionId> = self.calls.iter().filter_map(Call::paid_bill).map(SessionId).collect();
        let owed: BTreeSet<&SessionId> = book.wallets.values().flat_map(|wallet| wallet.debts.keys()).collect();
        let unowed = blocked.iter().filter(|session| !book.incurred.contains_key(session));
        let unowed = unowed.map(|session| format!("the bill of session {session} kept somebody out and was paid"));
        let unpaid = paid.iter().filter(|session| owed.contains(session));
        let unpaid = unpaid.map(|session| format!("the bill of session {session} is said to be paid and is owed"));
        Check::all(
            "unpaid bills kept people out and were paid",
            blocked.union(&paid).count(),
            unowed.chain(unpaid).collect(),
        )
    }

    /// What was refused left no trace.
    fn refusals(&self, book: &Book) -> Check {
        let mut refused = BTreeSet::new();
        for call in &self.calls {
            match (&call.outcome, call.request_id) {
                (Outcome::Refused { refusal }, Some(request_id)) if refusal.reason != "REQUEST_ID_REUSED" => {
                    refused.insert(request_id);
                }
                _ => {}
            }
        }
        let with_events = refused
            .iter()
            .filter_map(|request_id| Some((request_id, book.requests.get(request_id)?)));
        let faults = with_events
            .map(|(request_id, positions)| format!("request {request_id} was refused, yet made events {positions:?}"));
        Check::all("refused commands left no events", refused.len(), faults.collect())
    }

    /// One request id, one answer: a request that succeeded and was repeated opened one session.
    fn repeats(&self) -> Check {
        let mut answers: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
        let mut times: BTreeMap<Uuid, usize> = BTreeMap::new();
        for call in &self.calls {
            let Some(request_id) = call.request_id else { continue };
            *times.entry(request_id).or_default() += 1;
            answers.entry(request_id).or_default().extend(call.opened());
        }
        let repeated = times.values().filter(|times| **times > 1).count();
        let two = answers.iter().filter(|(_, sessions)| sessions.len() > 1);
        let faults = two
            .map(|(request_id, sessions)| format!("request {request_id} opened {sessions:?}"))
            .collect();
        Check::all("requests sent again had one answer", repeated, faults)
    }
}

impl Answer {
    fn is_move(&self) -> bool {
        matches!(self, Self::Moved {})
    }
}

impl Call {
    fn answer(&self) -> Option<&Answer> {
        match &self.outcome {
            Outcome::Ok { answer } => Some(answer),
            _ => None,
        }
    }

    fn opened(&self) -> Option<Uuid> {
        match self.answer()? {
            Answer::Opened { session_id } => Some(*session_id),
            _ => None,
        }
    }

    fn awaited(&self) -> Option<Uuid> {
        match self.answer()? {
            Answer::Awaited { session_id } => Some(*session_id),
            _ => None,
        }
    }

    /// The session whose bill kept somebody from opening a table.
    fn unpaid_bill(&self) -> Option<Uuid> {
        match &self.outcome {
            Outcome::Refused { refusal } if refusal.reason == "UNPAID_BILL" => {
                refusal.facts.get("session_id")?.parse().ok()
            }
            _ => None,
        }
    }

    fn paid_bill(&self) -> Option<Uuid> {
        match self.answer()? {
            Answer::BillPaid { session_id } => Some(*session_id),
            _ => None,
        }
    }

    fn guest(&self) -> Option<Uuid> {
        match self.answer()? {
            Answer::GuestStarted { member_id } => Some(*member_id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use baize_domain::money::Fen;

    use super::*;

    const SESSION: &str = "00000000-0000-0000-0000-000000000002";

    fn told(calls: &str) -> Told {
        serde_json::from_str(&format!(r#"{{"calls":[{calls}],"visits":[],"complaints":[]}}"#)).unwrap()
    }

    fn opened(request: u8, session: &str) -> String {
        let answer = format!(r#"{{"kind":"opened","session_id":"{session}","secured_fen":1}}"#);
        call(request, &format!(r#"{{"result":"ok","answer":{answer}}}"#))
    }

    fn call(request: u8, outcome: &str) -> String {
        format!(
            r#"{{"method":"open_table","request_id":"00000000-0000-0000-0000-0000000000{request:02}","outcome":{outcome}}}"#
        )
    }

    fn failing(told: &Told, book: &Book) -> Vec<String> {
        told.checks(book)
            .into_iter()
            .filter(|check| !check.ok())
            .map(|check| check.name)
            .collect()
    }

    fn empty() -> Book {
        Book::new(jiff::Timestamp::MAX)
    }

    #[test]
    fn a_session_that_was_promised_and_is_not_in_the_log_fails() {
        assert_eq!(
            failing(&told(&opened(1, SESSION)), &empty()),
            ["sessions opened: told = in the log"]
        );
    }

    #[test]
    fn a_day_in_which_nobody_opened_anything_shows_nothing() {
        assert_eq!(failing(&told(""), &empty()), ["sessions opened: told = in the log"]);
    }

    #[test]
    fn a_refused_request_that_made_events_fails() {
        let mut book = empty();
        book.requests
            .insert("00000000-0000-0000-0000-000000000001".parse().unwrap(), vec![7]);
        let refused = call(1, r#"{"result":"refused","refusal":{"reason":"TABLE_OCCUPIED"}}"#);
        assert!(failing(&told(&refused), &book).contains(&"refused commands left no events".to_owned()));
        let unknown = call(1, r#"{"result":"unknown","error":"gone"}"#);
        assert!(!failing(&told(&unknown), &book).contains(&"refused commands left no events".to_owned()));
    }

    #[test]
    fn one_request_with_two_answers_fails() {
        let other = "00000000-0000-0000-0000-000000000003";
        let twice = format!("{},{}", opened(1, SESSION), opened(1, other));
        assert!(failing(&told(&twice), &empty()).contains(&"requests sent again had one answer".to_owned()));
        let same = format!("{},{}", opened(1, SESSION), opened(1, SESSION));
        assert!(!failing(&told(&same), &empty()).contains(&"requests sent again had one answer".to_owned()));
    }

    #[test]
    fn a_complaint_fails() {
        let ledger =
            r#"{"calls":[],"visits":[],"complaints":[{"person":4,"at":"2026-11-20T10:00:00Z","text":"wrong"}]}"#;
        let told: Told = serde_json::from_str(ledger).unwrap();
        assert!(failing(&told, &empty()).contains(&"complaints of customers".to_owned()));
    }

    fn called(method: &str, request: u8, outcome: &str) -> String {
        call(request, outcome).replace("open_table", method)
    }

    #[test]
    fn goods_that_were_promised_or_that_nobody_asked_for_fail() {
        let check = "orders of goods: told = in the log".to_owned();
        let ordered = called(
            "order_goods",
            1,
            r#"{"result":"ok","answer":{"kind":"ordered","goods_fen":600}}"#,
        );
        let mut book = empty();
        assert!(
            failing(&told(&ordered), &book).contains(&check),
            "promised and not there"
        );
        let request = "00000000-0000-0000-0000-000000000001".parse().unwrap();
        book.orders_of_goods.insert(request, SESSION.parse().unwrap());
        assert!(!failing(&told(&ordered), &book).contains(&check));
        assert!(failing(&told(""), &book).contains(&check), "nobody asked for it");
    }

    #[test]
    fn a_bill_that_kept_somebody_out_though_nothing_was_owed_fails() {
        let check = "unpaid bills kept people out and were paid".to_owned();
        let refusal = format!(r#"{{"reason":"UNPAID_BILL","facts":{{"session_id":"{SESSION}"}}}}"#);
        let blocked = call(1, &format!(r#"{{"result":"refused","refusal":{refusal}}}"#));
        let mut book = empty();
        assert!(failing(&told(&blocked), &book).contains(&check));
        book.incurred.insert(SESSION.parse().unwrap(), Fen(600));
        assert!(!failing(&told(&blocked), &book).contains(&check));
    }

    #[test]
    fn a_bill_that_is_said_to_be_paid_and_is_still_owed_fails() {
        let check = "unpaid bills kept people out and were paid".to_owned();
        let answer = format!(r#"{{"result":"ok","answer":{{"kind":"bill_paid","session_id":"{SESSION}"}}}}"#);
        let paid = called("pay_bill", 1, &answer);
        let mut book = empty();
        assert!(!failing(&told(&paid), &book).contains(&check));
        let wallet = book.wallets.entry(MemberId(Uuid::from_u128(9))).or_default();
        wallet.debts.insert(SESSION.parse().unwrap(), Fen(600));
        assert!(failing(&told(&paid), &book).contains(&check));
    }
}
