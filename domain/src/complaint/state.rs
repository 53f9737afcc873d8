//! How a complaint stands.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::personal::Sealed;

use super::{ComplaintEvent, ComplaintTerms};

/// A complaint; nobody's before it is filed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// Who complains about what.
    pub terms: Option<Arc<ComplaintTerms>>,
    /// How far it is.
    pub phase: Phase,
    /// Who sees to it.
    pub assigned_to: Option<Uuid>,
    /// What was said, oldest first.
    pub said: Vec<Said>,
    /// Whether it was open again after it was closed.
    pub reopened: bool,
}

/// How far a complaint is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Waits for an answer.
    #[default]
    Open,
    /// Was answered.
    Answered,
    /// Is laid to rest.
    Closed,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// By whom.
    pub by: Speaker,
    /// What, sealed for whoever complains.
    pub words: Sealed,
    /// When.
    pub at: Timestamp,
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Speaker {
    /// Whoever complains.
    Customer,
    /// Somebody of the staff.
    Staff(Uuid),
}

impl Complaint {
    /// How many times it was answered.
    pub fn answers(&self) -> usize {
        let answers = self.said.iter().filter(|said| said.by != Speaker::Customer);
        answers.count()
    }

    /// Folds an event in.
    pub fn evolve(&mut self, event: &ComplaintEvent) {
        match event {
            ComplaintEvent::ComplaintFiled { terms, at } => {
                self.say(Speaker::Customer, &terms.words, *at);
                self.terms = Some(Arc::new((**terms).clone()));
            }
            ComplaintEvent::ComplaintAssigned { to, .. } => self.assigned_to = Some(*to),
            ComplaintEvent::ComplaintAnswered { words, by, at, .. } => {
                self.say(Speaker::Staff(*by), words, *at);
                self.phase = Phase::Answered;
                self.assigned_to.get_or_insert(*by);
            }
            ComplaintEvent::ComplaintClosed { .. } => self.phase = Phase::Closed,
            ComplaintEvent::ComplaintReopened { words, at } => {
                self.say(Speaker::Customer, words, *at);
                (self.phase, self.reopened) = (Phase::Open, true);
            }
        }
    }

    fn say(&mut self, by: Speaker, words: &Sealed, at: Timestamp) {
        self.said.push(Said {
            by,
            words: words.clone(),
            at,
        });
    }
}
