//! One person's calls, each noted in the ledger with its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rand::Rng as _;
use rand::rngs::StdRng;
use tonic::{Response, Status};
use uuid::Uuid;

use super::ledger::{Answer, Call, Complaint, Method, Outcome, Subject, Visit};
use super::plan::Habit;
use super::wire::{Asked, Failed, Wire};

/// What all persons write into.
#[derive(Default)]
pub(crate) struct Notes {
    calls: Mutex<Vec<Call>>,
    visits: Mutex<Vec<Visit>>,
    complaints: Mutex<Vec<Complaint>>,
}

impl Notes {
    pub(crate) fn visit(&self, visit: Visit) {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner).push(visit);
    }

    fn call(&self, call: Call) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    fn complaint(&self, complaint: Complaint) {
        self.complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(complaint);
    }

    /// Everything noted so far.
    pub(crate) fn take(&self) -> (Vec<Call>, Vec<Visit>, Vec<Complaint>) {
        let Self {
            calls,
            visits,
            complaints,
        } = self;
        (
            std::mem::take(&mut *calls.lock().unwrap_or_else(PoisonError::into_inner)),
            std::mem::take(&mut *visits.lock().unwrap_or_else(PoisonError::into_inner)),
            std::mem::take(&mut *complaints.lock().unwrap_or_else(PoisonError::into_inner)),
        )
    }
}

/// A person with a telephone; 0 is the counter's.
pub(crate) struct Caller {
    pub(crate) person: u32,
    pub(crate) wire: Wire,
    pub(crate) notes: Arc<Notes>,
    /// How this person treats commands.
    pub(crate) habit: Habit,
    pub(crate) rng: StdRng,
}

impl Caller {
    pub(crate) fn now(&self) -> Timestamp {
        self.wire.clock.now()
    }

    pub(crate) fn complain(&self, text: impl Into<String>) {
        let text = text.into();
        tracing::error!(person = self.person, %text, "complaint");
        self.notes.complaint(Complaint {
            person: self.person,
            at: self.now(),
            text,
        });
    }

    /// Sends a command as this person would, notes what came of it and, sent twice, that both answers are one.
    pub(super) async fn command<T, F>(
        &mut self,
        method: Method,
        request_id: &str,
        subject: Subject,
        call: impl Fn(&Wire) -> F,
        answer: impl Fn(&T) -> Answer,
    ) -> Result<Answer, Failed>
    where
        T: Clone + PartialEq + std::fmt::Debug,
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let request_id = id(request_id);
        let at = self.now();
        if self.habit == Habit::LosesConnection {
            self.lose(method, request_id, subject, &call).await;
        }
        let wire = self.wire.clone();
        let (first, second) = match self.habit {
            Habit::SendsTwice if self.rng.random() => {
                let (first, second) = tokio::join!(wire.ask(|| call(&wire)), wire.ask(|| call(&wire)));
                (first, Some(second))
            }
            Habit::SendsTwice => (wire.ask(|| call(&wire)).await, Some(wire.ask(|| call(&wire)).await)),
            _ => (wire.ask(|| call(&wire)).await, None),
        };
        let first = self.note(method, Some(request_id), subject, at, first, &answer);
        if let Some(second) = second {
            let second = self.note(method, Some(request_id), subject, at, second, &answer);
            let both_known = !matches!(
                (&first, &second),
                (Err(Failed::Unknown(_)), _) | (_, Err(Failed::Unknown(_)))
            );
            if both_known && first != second {
                self.complain(format!(
                    "{method:?} {request_id} was answered {first:?} and then {second:?}"
                ));
            }
        }
        first.map(|first| answer(&first))
    }

    /// Begins the call on a connection of its own and drops it before, or just when, the answer comes.
    async fn lose<T, F>(&mut self, method: Method, request_id: Uuid, subject: Subject, call: &impl Fn(&Wire) -> F)
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let at = self.now();
        let Ok(fresh) = self.wire.fresh() else { return };
        let patience = Duration::from_micros(self.rng.random_range(500..15_000));
        let answered = tokio::time::timeout(patience, call(&fresh)).await.is_ok();
        let error = if answered {
            "the answer was not read"
        } else {
            "the connection was lost"
        };
        self.notes.call(Call {
            person: self.person,
            method,
            request_id: Some(request_id),
            subject,
            at,
            took_ms: millis(patience),
            attempts: 1,
            outcome: Outcome::Unknown {
                error: error.to_owned(),
            },
        });
    }

    pub(super) fn note<T>(
        &self,
        method: Method,
        request_id: Option<Uuid>,
        subject: Subject,
        at: Timestamp,
        asked: Asked<T>,
        answer: impl Fn(&T) -> Answer,
    ) -> Result<T, Failed> {
        let outcome = match &asked.result {
            Ok(given) => Outcome::Ok { answer: answer(given) },
            Err(Failed::Refused(refusal)) => Outcome::Refused {
                refusal: refusal.clone(),
            },
            Err(Failed::Unknown(error)) => Outcome::Unknown { error: error.clone() },
        };
        let (took_ms, attempts) = (millis(asked.took), asked.attempts);
        self.notes.call(Call {
            person: self.person,
            method,
            request_id,
            subject,
            at,
            took_ms,
            attempts,
            outcome,
        });
        asked.result
    }
}

/// An id of an answer; nil, which no check accepts, if it is none.
pub(crate) fn id(text: &str) -> Uuid {
    text.parse().unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
