//! What a payment is.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::RefundId;
use crate::money::Fen;

use super::{AttemptFailure, Channel, Intent, Order, Paid, PaymentEvent, PaymentResolution, Presented, Use};

/// A payment, begun or not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// What is owed; nothing before it begins.
    pub intent: Option<Arc<Intent>>,
    /// How far it is.
    pub phase: Phase,
    /// All attempts, in order: the first has number 1.
    pub attempts: Vec<Attempt>,
    /// What of the attempts goes back or went.
    pub refunds: Vec<RefundPart>,
}

/// How far a payment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Not begun.
    #[default]
    Unstarted,
    /// Begun; nothing was asked of a provider yet.
    Created,
    /// An attempt was made.
    Processing,
    /// Paid.
    Succeeded,
    /// Declined too often.
    Failed,
    /// Not paid in time.
    Expired,
    /// Given up by its payer.
    Cancelled,
    /// Something else was paid than was asked: somebody must look.
    Conflicted,
    /// Nobody can tell how an order stands: somebody must look.
    ManualReview,
    /// Somebody looked, and it was not paid, or what was paid goes back.
    Resolved,
}

/// An attempt: one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The order.
    pub order: Order,
    /// How it stands.
    pub state: AttemptState,
}

/// How an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptState {
    /// To be asked of the provider.
    Asked,
    /// Waits for its payer.
    Presented(Presented),
    /// Nobody knows.
    Unknown,
    /// For too long.
    Unclear,
    /// Paid, for ever.
    Paid {
        /// What was paid.
        paid: Paid,
        /// What is done with it.
        used: Use,
    },
    /// Cannot be paid any more.
    Closed,
    /// Came to nothing.
    Failed(AttemptFailure),
}

/// A part of an attempt that goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPart {
    /// The refund.
    pub refund_id: RefundId,
    /// The attempt.
    pub attempt: u8,
    /// How much.
    pub amount: Fen,
}

impl Phase {
    /// Whether it can still be paid by a new attempt.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Processing)
    }

    /// Whether somebody must look.
    pub const fn waits_for_somebody(self) -> bool {
        matches!(self, Self::Conflicted | Self::ManualReview)
    }
}

impl Attempt {
    /// Whether it may still be paid, as far as anybody knows.
    pub const fn is_open(&self) -> bool {
        matches!(
            self.state,
            AttemptState::Asked | AttemptState::Presented(_) | AttemptState::Unknown | AttemptState::Unclear
        )
    }

    /// What was paid, if it was.
    pub const fn paid(&self) -> Option<&Paid> {
        match &self.state {
            AttemptState::Paid { paid, .. } => Some(paid),
            _ => None,
        }
    }
}

impl Payment {
    /// The attempt of that number.
    pub fn attempt(&self, number: u8) -> Option<&Attempt> {
        self.attempts.get(usize::from(number).checked_sub(1)?)
    }

    /// The attempts with their numbers.
    pub fn numbered(&self) -> impl DoubleEndedIterator<Item = (u8, &Attempt)> {
        (1u8..).zip(&self.attempts).collect::<Vec<_>>().into_iter()
    }

    /// Everything that providers took in for it.
    pub fn captured(&self) -> Fen {
        self.attempts
            .iter()
            .filter_map(Attempt::paid)
            .map(|paid| paid.amount)
            .sum()
    }

    /// What of an attempt can still be refunded.
    pub fn refundable(&self, attempt: u8) -> Fen {
        let paid = self.attempt(attempt).and_then(Attempt::paid);
        let kept: Fen = self
            .refunds
            .iter()
            .filter(|part| part.attempt == attempt)
            .map(|part| part.amount)
            .sum();
        paid.map_or(Fen::ZERO, |paid| paid.amount.saturating_sub_zero(kept))
    }

    /// How many attempts were declined.
    pub fn declined(&self) -> usize {
        let declined =
            |attempt: &&Attempt| matches!(attempt.state, AttemptState::Failed(AttemptFailure::Declined { .. }));
        self.attempts.iter().filter(declined).count()
    }

    /// The channels that a new attempt may use: those of the policy that no attempt found out of order.
    pub fn channels(&self) -> Vec<Channel> {
        let out_of_order = |channel: &Channel| {
            let last = self.attempts.iter().rfind(|attempt| attempt.order.channel == *channel);
            last.is_some_and(|attempt| attempt.state == AttemptState::Failed(AttemptFailure::ChannelUnavailable))
        };
        let allowed = self
            .intent
            .iter()
            .flat_map(|intent| intent.policy.channels.iter().copied());
        allowed.filter(|channel| !out_of_order(channel)).collect()
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::PaymentStarted { intent, .. } => {
                self.intent = Some(Arc::new((**intent).clone()));
                self.phase = Phase::Created;
            }
            PaymentEvent::AttemptAsked { order, .. } => {
                self.attempts.push(Attempt {
                    order: order.clone(),
                    state: AttemptState::Asked,
                });
                self.phase = Phase::Processing;
            }
            PaymentEvent::AttemptPresented { attempt, presented, .. } => {
                self.set(*attempt, AttemptState::Presented(presented.clone()));
            }
            PaymentEvent::AttemptUnknown { attempt, .. } => self.set(*attempt, AttemptState::Unknown),
            PaymentEvent::AttemptPaid {
                attempt, paid, used, ..
            } => {
                let (paid, used) = (paid.clone(), *used);
                self.set(*attempt, AttemptState::Paid { paid, used });
            }
            PaymentEvent::AttemptClosed { attempt, .. } => self.set(*attempt, AttemptState::Closed),
            PaymentEvent::AttemptFailed { attempt, failure, .. } => {
                self.set(*attempt, AttemptState::Failed(failure.clone()));
            }
            PaymentEvent::AttemptUnclear { attempt, .. } => {
                self.set(*attempt, AttemptState::Unclear);
                if self.phase.is_open() {
                    self.phase = Phase::ManualReview;
                }
            }
            PaymentEvent::PaymentSucceeded { .. } => self.phase = Phase::Succeeded,
            PaymentEvent::PaymentFailed { .. } => self.phase = Phase::Failed,
            PaymentEvent::PaymentExpired { .. } => self.phase = Phase::Expired,
            PaymentEvent::PaymentCancelled { .. } => self.phase = Phase::Cancelled,
            PaymentEvent::PaymentConflicted { .. } => self.phase = Phase::Conflicted,
            PaymentEvent::PaymentResolved { resolution, .. } => {
                self.decided(resolution);
                if self.phase.waits_for_somebody() {
                    self.phase = Phase::Resolved;
                }
            }
            PaymentEvent::RefundReserved {
                refund_id,
                attempt,
                amount,
                ..
            } => self.refunds.push(RefundPart {
                refund_id: *refund_id,
                attempt: *attempt,
                amount: *amount,
            }),
            PaymentEvent::RefundReleased { refund_id, .. } => {
                self.refunds.retain(|part| part.refund_id != *refund_id);
            }
        }
    }

    /// What waited for a decision has got it.
    fn decided(&mut self, resolution: &PaymentResolution) {
        for attempt in &mut self.attempts {
            if let AttemptState::Paid { used, .. } = &mut attempt.state
                && *used == Use::Suspended
            {
                *used = match resolution {
                    PaymentResolution::Refund => Use::Returned,
                    PaymentResolution::Paid { .. } | PaymentResolution::NotPaid => Use::Served,
                };
            }
        }
    }

    fn set(&mut self, attempt: u8, state: AttemptState) {
        let index = usize::from(attempt).checked_sub(1);
        if let Some(attempt) = index.and_then(|index| self.attempts.get_mut(index)) {
            attempt.state = state;
        }
    }
}
