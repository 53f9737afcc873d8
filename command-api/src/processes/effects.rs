//! Executes owed commands and calls: concurrently, commands through the same door as everybody's, until each has an answer.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use baize_domain::payment::{ProviderAnswer, ProviderRequest};
use baize_domain::{Command, Refusal};
use baize_eventlog::RequestKey;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::store::Owed;
use crate::dispatch::{Caller, CommandError, Dispatcher};

/// Request ids of effects are their own namespace.
const SCOPE: &str = "process";
const BACKOFF_MIN: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// What became of an effect.
#[derive(Debug)]
pub struct Answer {
    /// The effect.
    pub owed: Owed,
    /// What it was answered.
    pub outcome: Outcome,
}

/// What is to be done for a process, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub enum Work {
    /// A command to dispatch.
    Command(Box<Command>),
    /// A provider of payments to call.
    Call(ProviderRequest),
}

/// An answer.
#[derive(Debug)]
pub enum Outcome {
    /// The command was accepted.
    Accepted,
    /// A rule refused the command.
    Refused(Box<Refusal>),
    /// The provider answered, or it is known that it did not.
    Answered(ProviderAnswer),
}

/// Executes what comes in, at most `concurrency` at a time, and answers each exactly once; ends when the runner
/// goes away. The runner bounds how much it hands over.
pub async fn execute(
    dispatcher: Arc<Dispatcher>,
    mut orders: mpsc::UnboundedReceiver<Owed>,
    answers: mpsc::Sender<Answer>,
    concurrency: usize,
) {
    let mut waiting = VecDeque::new();
    let mut delayed = BinaryHeap::new();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < concurrency
            && let Some(attempt) = waiting.pop_front()
        {
            running.push(attempt_once(&dispatcher, attempt));
        }
        let wake = delayed.peek().map(|Reverse(Delayed { at, .. })| *at);
        tokio::select! {
            biased;
            Some(done) = running.next() => match done {
                Ok(answer) => {
                    if answers.send(answer).await.is_err() {
                        return;
                    }
                }
                Err(again) => delayed.push(Reverse(again)),
            },
            order = orders.recv() => match order {
                Some(owed) => waiting.push_back(Attempt { owed, failures: 0 }),
                None => return,
            },
            () = sleep_until(wake) => {
                if let Some(Reverse(due)) = delayed.pop() {
                    waiting.push_back(due.attempt);
                }
            }
        }
    }
}

struct Attempt {
    owed: Owed,
    failures: u32,
}

struct Delayed {
    at: Instant,
    attempt: Attempt,
}

async fn attempt_once(dispatcher: &Dispatcher, attempt: Attempt) -> Result<Answer, Delayed> {
    match work(dispatcher, &attempt.owed).await {
        Ok(outcome) => Ok(Answer {
            owed: attempt.owed,
            outcome,
        }),
        Err(error) => Err(delay(attempt, &error)),
    }
}

async fn work(dispatcher: &Dispatcher, owed: &Owed) -> Result<Outcome, CommandError> {
    let work: Work = serde_json::from_str(&owed.work)
        .map_err(|error| CommandError::Internal(anyhow::Error::new(error).context("a stored effect cannot be read")))?;
    match work {
        Work::Command(command) => dispatch(dispatcher, owed, *command).await,
        // No provider is set up here, and that is what is answered.
        Work::Call(_) => Ok(Outcome::Answered(ProviderAnswer::Unavailable)),
    }
}

async fn dispatch(dispatcher: &Dispatcher, owed: &Owed, command: Command) -> Result<Outcome, CommandError> {
    let request = RequestKey::new(SCOPE, owed.request_id, owed.work.as_bytes());
    let caller = Caller::process(owed.key.process, &owed.cause);
    match dispatcher.dispatch(command, request, &caller).await {
        Ok(_) => Ok(Outcome::Accepted),
        Err(CommandError::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
        Err(error) => Err(error),
    }
}

/// An effect is never given up: somebody's money may depend on it.
fn delay(attempt: Attempt, error: &CommandError) -> Delayed {
    let Owed {
        key, step, request_id, ..
    } = &attempt.owed;
    let (process, instance) = (key.process, key.instance);
    if error.passes() {
        tracing::debug!(process, %instance, step, %request_id, %error, "an effect waits");
    } else {
        tracing::error!(process, %instance, step, %request_id, %error, "an effect cannot be executed; it is tried again");
    }
    let backoff = BACKOFF_MIN
        .saturating_mul(1 << attempt.failures.min(16))
        .min(BACKOFF_MAX);
    // The id is as good as random: those that failed together do not come back together.
    let jitter = f64::from(request_id.as_fields().0 & 0xff) / 512.0;
    let at = Instant::now() + backoff.mul_f64(1.0 - jitter);
    Delayed {
        at,
        attempt: Attempt {
            failures: attempt.failures + 1,
            ..attempt
        },
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Delayed {}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}
