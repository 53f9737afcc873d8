//! What the log says of payments, refunds, the books and reconciliations, added up by this crate itself.

use std::collections::BTreeMap;

use baize_domain::ids::{PaymentIntentId, ReconciliationId, RefundId};
use baize_domain::journal::{Account, JournalEvent, Source};
use baize_domain::payment::{Channel, Order, PaymentEvent, PaymentFailure, Use};
use baize_domain::reconciliation::{Difference, ReconciliationEvent};
use baize_domain::refund::{RefundEvent, RefundRequest};
use baize_domain::{Event, Fen};
use jiff::civil::Date;

use crate::log::Log;

/// Everything that concerns the providers.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Every payment.
    pub intents: BTreeMap<PaymentIntentId, Intent>,
    /// Every refund.
    pub refunds: BTreeMap<RefundId, Refund>,
    /// What is in each provider's clearing account, but for what it keeps of it.
    pub clearing: BTreeMap<Account, Fen>,
    /// Every day that was reconciled.
    pub days: BTreeMap<ReconciliationId, Day>,
}

/// How a payment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It has none.
    #[default]
    None,
    /// It succeeded.
    Succeeded,
    /// It failed: too often declined.
    Failed,
    /// When the money came, there was nothing to pay for any more.
    NothingToPayFor,
    /// The payer gave it up or let it expire.
    GivenUp,
    /// Somebody has to look.
    Queue,
    /// Somebody looked.
    Resolved,
}

/// A payment.
#[derive(Debug, Default)]
pub struct Intent {
    /// Its attempts, by number.
    pub attempts: BTreeMap<u8, Attempt>,
    /// How it stands.
    pub end: End,
    /// Somebody had to look at some time.
    pub queued: bool,
}

/// An attempt.
#[derive(Debug)]
pub struct Attempt {
    /// What was asked of the provider.
    pub order: Order,
    /// What was paid and what was done with it.
    pub paid: Option<(Fen, Use)>,
    /// Nothing is to come of it any more.
    pub over: bool,
}

/// How a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// On its way.
    UnderWay,
    /// Somebody has to look.
    Queue,
    /// The payer has the money.
    Arrived,
    /// It is over in another way: rejected, replaced, given back by hand.
    Over,
}

/// A refund.
#[derive(Debug)]
pub struct Refund {
    /// What was asked.
    pub request: RefundRequest,
    /// How it stands.
    pub stage: Stage,
}

/// A day of a provider.
#[derive(Debug)]
pub struct Day {
    /// Which provider.
    pub channel: Channel,
    /// Which day.
    pub date: Date,
    /// How many rows the bill has, how many of them are the same in the books.
    pub rows: (u32, u32),
    /// What differs, by number, and whether it is still open.
    pub differences: BTreeMap<u32, (Difference, bool)>,
    /// Another run was asked for and has not come.
    pub rerun_asked: bool,
}

impl Ledger {
    /// Adds up a log.
    pub fn of(log: &Log) -> Self {
        let mut ledger = Self::default();
        for entry in &log.entries {
            let id = &entry.aggregate_id;
            match &entry.event {
                Event::Payment(event) => ledger.payment(id.parse().unwrap_or_default(), event),
                Event::Refund(event) => ledger.refund(id.parse().unwrap_or_default(), event),
                Event::Journal(event) => ledger.posted(event),
                Event::Reconciliation(event) => ledger.reconciled(id.parse().unwrap_or_default(), event),
                _ => {}
            }
        }
        ledger
    }

    fn payment(&mut self, id: PaymentIntentId, event: &PaymentEvent) {
        let intent = self.intents.entry(id).or_default();
        match event {
            PaymentEvent::AttemptAsked { attempt, order, .. } => {
                let new = Attempt {
                    order: order.clone(),
                    paid: None,
                    over: false,
                };
                intent.attempts.insert(*attempt, new);
            }
            PaymentEvent::AttemptPaid {
                attempt, paid, used, ..
            } => {
                if let Some(attempt) = intent.attempts.get_mut(attempt) {
                    (attempt.paid, attempt.over) = (Some((paid.amount, *used)), true);
                }
            }
            PaymentEvent::AttemptClosed { attempt, .. }
            | PaymentEvent::AttemptFailed { attempt, .. }
            | PaymentEvent::AttemptUnclear { attempt, .. } => {
                if let Some(attempt) = intent.attempts.get_mut(attempt) {
                    attempt.over = true;
                }
                if matches!(event, PaymentEvent::AttemptUnclear { .. }) {
                    (intent.end, intent.queued) = (End::Queue, true);
                }
            }
            PaymentEvent::PaymentSucceeded { .. } => intent.end = End::Succeeded,
            PaymentEvent::PaymentFailed { why, .. } => {
                intent.end = match why {
                    PaymentFailure::DeclinedTooOften => End::Failed,
                    PaymentFailure::NothingToPayFor => End::NothingToPayFor,
                };
            }
            PaymentEvent::PaymentExpired { .. } | PaymentEvent::PaymentCancelled { .. } => intent.end = End::GivenUp,
            PaymentEvent::PaymentConflicted { .. } => (intent.end, intent.queued) = (End::Queue, true),
            PaymentEvent::PaymentResolved { .. } => intent.end = End::Resolved,
            PaymentEvent::PaymentStarted { .. }
            | PaymentEvent::AttemptPresented { .. }
            | PaymentEvent::AttemptUnknown { .. }
            | PaymentEvent::RefundReserved { .. }
            | PaymentEvent::RefundReleased { .. } => {}
        }
    }

    fn refund(&mut self, id: RefundId, event: &RefundEvent) {
        if let RefundEvent::RefundRequested {
            request,
            needs_approval,
            ..
        } = event
        {
            let request = (**request).clone();
            let stage = if *needs_approval { Stage::Queue } else { Stage::UnderWay };
            self.refunds.insert(id, Refund { request, stage });
        }
        let Some(refund) = self.refunds.get_mut(&id) else {
            return;
        };
        refund.stage = match event {
            RefundEvent::RefundRequested { .. } => refund.stage,
            RefundEvent::RefundSucceeded { .. } => Stage::Arrived,
            RefundEvent::RefundFailed { .. } => Stage::Queue,
            RefundEvent::RefundApproved { .. } | RefundEvent::RefundSent { .. } | RefundEvent::RefundRetried { .. } => {
                Stage::UnderWay
            }
            RefundEvent::RefundRejected { .. }
            | RefundEvent::RefundReplaced { .. }
            | RefundEvent::RefundSettledByHand { .. } => Stage::Over,
        };
    }

    fn posted(&mut self, event: &JournalEvent) {
        let JournalEvent::TransactionPosted { entries, source, .. } = event;
        if matches!(source, Source::ProviderFees(_)) {
            return;
        }
        for entry in entries {
            if matches!(entry.account, Account::WechatPayClearing | Account::AlipayClearing) {
                *self.clearing.entry(entry.account).or_default() += entry.amount;
            }
        }
    }

    fn reconciled(&mut self, id: ReconciliationId, event: &ReconciliationEvent) {
        if let ReconciliationEvent::ReconciliationStarted { channel, date, .. } = event {
            let day = Day {
                channel: *channel,
                date: *date,
                rows: (0, 0),
                differences: BTreeMap::new(),
                rerun_asked: false,
            };
            self.days.insert(id, day);
        }
        let Some(day) = self.days.get_mut(&id) else { return };
        match event {
            ReconciliationEvent::BillCompared { bill, matched, .. } => {
                (day.rows, day.rerun_asked) = ((bill.rows, matched.rows), false);
            }
            ReconciliationEvent::DifferencesOpened { differences, .. }
            | ReconciliationEvent::DifferencesReopened { differences, .. } => {
                let open = differences
                    .iter()
                    .map(|numbered| (numbered.number, (numbered.difference.clone(), true)));
                day.differences.extend(open);
            }
            ReconciliationEvent::DifferencesVanished { numbers, .. } => {
                numbers.iter().for_each(|number| drop(day.differences.remove(number)));
            }
            ReconciliationEvent::DifferenceClosed { number, .. } => {
                if let Some((_, open)) = day.differences.get_mut(number) {
                    *open = false;
                }
            }
            ReconciliationEvent::RerunAsked { .. } => day.rerun_asked = true,
            ReconciliationEvent::ReconciliationStarted { .. }
            | ReconciliationEvent::FeesPosted { .. }
            | ReconciliationEvent::DifferenceExplained { .. }
            | ReconciliationEvent::ReconciliationFinished { .. } => {}
        }
    }
}
