//! Taking in what comparing a bill found, with what the provider kept posted beside it.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::{MemberId, TransactionId, reconciliation_id};
use crate::journal::JournalEvent;
use crate::money::Fen;
use crate::payment::Channel;
use crate::reconciliation::{self, Comparison, Reconciliation, ReconciliationEvent};
use crate::refusal::Refusal;

use super::postings::Context;

/// What [`record_comparison`] needs.
#[derive(Clone, Copy, Debug)]
pub struct ReconcileInput<'a> {
    /// The reconciliation of that day.
    pub reconciliation: &'a Reconciliation,
    /// The provider.
    pub channel: Channel,
    /// The day of its bill.
    pub date: Date,
    /// Now.
    pub now: Timestamp,
}

/// What [`record_comparison`] writes; nothing at all means that it was so already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconciled {
    /// For the reconciliation.
    pub reconciliation: Vec<ReconciliationEvent>,
    /// For new streams of the journal.
    pub journal: Vec<(TransactionId, Vec<JournalEvent>)>,
}

/// Takes in what was found, and posts what the provider kept as far as it was not posted before.
///
/// # Errors
/// More differs than anybody could look through.
pub fn record_comparison(input: ReconcileInput<'_>, comparison: Comparison) -> Result<Reconciled, Refusal> {
    let ReconcileInput {
        reconciliation,
        channel,
        date,
        now,
    } = input;
    let unposted = comparison.fees.billed - reconciliation.fees_posted;
    let mut events = reconciliation::decide::record(reconciliation, channel, date, comparison, now)?;
    let run = events.iter().find_map(|event| match event {
        ReconciliationEvent::BillCompared { run, .. } => Some(*run),
        _ => None,
    });
    let (Some(run), true) = (run, unposted != Fen::ZERO) else {
        return Ok(Reconciled {
            reconciliation: events,
            journal: Vec::new(),
        });
    };
    let context = Context {
        hall_id: None,
        member_id: MemberId::default(),
        at: now,
    };
    let posting = context.provider_fees(channel, reconciliation_id(channel, date), run, unposted)?;
    events.extend(
        posting
            .iter()
            .map(|(transaction_id, _)| ReconciliationEvent::FeesPosted {
                amount: unposted,
                transaction_id: *transaction_id,
                at: now,
            }),
    );
    Ok(Reconciled {
        reconciliation: events,
        journal: posting.into_iter().collect(),
    })
}
