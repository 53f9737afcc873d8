//! Executes owed commands and calls: concurrently, commands through the same door as everybody's, until each has an answer.
//!
//! Calls wait in a lane for each provider: one that is slow delays neither commands nor another provider's calls.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use baize_domain::payment::{Channel, ProviderAnswer, ProviderRequest};
use baize_domain::{Command, Refusal};
use baize_eventlog::RequestKey;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::store::Owed;
use crate::dispatch::{Caller, CommandError, Dispatcher};
use crate::payments::Calls;

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

/// What effects go through.
pub struct Doors {
    /// For commands.
    pub dispatcher: Arc<Dispatcher>,
    /// For calls.
    pub calls: Arc<Calls>,
}

/// Executes what comes in, at most `concurrency` commands and the options' number of calls to each provider at a time, and answers each
/// exactly once; ends when the runner goes away. The runner bounds how much it hands over.
pub async fn execute(
    doors: Doors,
    mut orders: mpsc::UnboundedReceiver<Owed>,
    answers: mpsc::Sender<Answer>,
    concurrency: usize,
) {
    let mut lanes = Lanes {
        commands: Lane::new(concurrency),
        calls: BTreeMap::new(),
        calls_max: doors.calls.concurrency(),
    };
    let mut delayed = BinaryHeap::new();
    let mut running = FuturesUnordered::new();
    loop {
        while let Some(attempt) = lanes.next() {
            running.push(attempt_once(&doors, attempt));
        }
        let wake = delayed.peek().map(|Reverse(Delayed { at, .. })| *at);
        tokio::select! {
            biased;
            Some((provider, done)) = running.next() => {
                lanes.of(provider).in_work -= 1;
                match done {
                    Ok(answer) => {
                        if answers.send(answer).await.is_err() {
                            return;
                        }
                    }
                    Err(again) => delayed.push(Reverse(again)),
                }
            }
            order = orders.recv() => match order {
                Some(owed) => lanes.add(Attempt::first(owed)),
                None => return,
            },
            () = sleep_until(wake) => {
                if let Some(Reverse(due)) = delayed.pop() {
                    lanes.add(due.attempt);
                }
            }
        }
    }
}

/// What waits, and how much is in work.
struct Lanes {
    commands: Lane,
    calls: BTreeMap<Channel, Lane>,
    calls_max: usize,
}

struct Lane {
    waiting: VecDeque<Attempt>,
    in_work: usize,
    max: usize,
}

impl Lanes {
    fn of(&mut self, provider: Option<Channel>) -> &mut Lane {
        match provider {
            Some(channel) => self.calls.entry(channel).or_insert_with(|| Lane::new(self.calls_max)),
            None => &mut self.commands,
        }
    }

    fn add(&mut self, attempt: Attempt) {
        self.of(attempt.provider).waiting.push_back(attempt);
    }

    /// One that has room to be executed.
    fn next(&mut self) -> Option<Attempt> {
        let mut lanes = std::iter::once(&mut self.commands).chain(self.calls.values_mut());
        lanes.find_map(Lane::next)
    }
}

impl Lane {
    const fn new(max: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            in_work: 0,
            max,
        }
    }

    fn next(&mut self) -> Option<Attempt> {
        if self.in_work >= self.max {
            return None;
        }
        let attempt = self.waiting.pop_front()?;
        self.in_work += 1;
        Some(attempt)
    }
}

struct Attempt {
    owed: Owed,
    /// As it was read when it came; read again for another attempt.
    work: Option<Work>,
    /// Whose lane it waits in; none for commands, and for what cannot be read.
    provider: Option<Channel>,
    failures: u32,
}

impl Attempt {
    fn first(owed: Owed) -> Self {
        let work = read(&owed).ok();
        let provider = match &work {
            Some(Work::Call(request)) => Some(request.channel()),
            Some(Work::Command(_)) | None => None,
        };
        Self {
            owed,
            work,
            provider,
            failures: 0,
        }
    }
}

struct Delayed {
    at: Instant,
    attempt: Attempt,
}

async fn attempt_once(doors: &Doors, mut attempt: Attempt) -> (Option<Channel>, Result<Answer, Delayed>) {
    let provider = attempt.provider;
    let work = attempt.work.take().map_or_else(|| read(&attempt.owed), Ok);
    let outcome = match work {
        Ok(Work::Command(command)) => dispatch(&doors.dispatcher, &attempt.owed, *command).await,
        Ok(Work::Call(request)) => {
            let answer = doors.calls.call(&request).await;
            answer.map(|answer| Outcome::Answered(for_all_terms(answer, attempt.owed.again)))
        }
        Err(error) => Err(error),
    };
    let done = match outcome {
        Ok(outcome) => Ok(Answer {
            owed: attempt.owed,
            outcome,
        }),
        Err(error) => Err(delay(attempt, &error)),
    };
    (provider, done)
}

/// What an answer means when an earlier term may have asked the same: that nothing was sent now does not say that nothing was ever sent.
fn for_all_terms(answer: ProviderAnswer, again: bool) -> ProviderAnswer {
    match answer {
        ProviderAnswer::Unavailable if again => ProviderAnswer::Unknown {
            why: "not sent, but perhaps before a restart".to_owned(),
        },
        answer => answer,
    }
}

fn read(owed: &Owed) -> Result<Work, CommandError> {
    let work = serde_json::from_str(&owed.work);
    work.map_err(|error| CommandError::Internal(anyhow::Error::new(error).context("a stored effect cannot be read")))
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

#[cfg(test)]
mod tests {
    use baize_domain::ids::PaymentIntentId;
    use baize_domain::payment::OrderNo;
    use uuid::Uuid;

    use super::super::store::Key;
    use super::*;

    fn attempt(work: &Work) -> Attempt {
        Attempt::first(Owed {
            request_id: Uuid::nil(),
            key: Key {
                process: "collecting",
                instance: Uuid::nil(),
            },
            step: "step".to_owned(),
            cause: "cause".to_owned(),
            work: serde_json::to_string(work).unwrap(),
            again: false,
        })
    }

    fn call(channel: Channel) -> Attempt {
        let order_no = OrderNo::new(PaymentIntentId::default(), 1).unwrap();
        attempt(&Work::Call(ProviderRequest::Query { channel, order_no }))
    }

    fn command() -> Attempt {
        let intent_id = PaymentIntentId::default();
        attempt(&Work::Command(Box::new(Command::CancelPayment { intent_id })))
    }

    #[test]
    fn a_slow_provider_keeps_neither_commands_nor_another_provider_waiting() {
        let mut lanes = Lanes {
            commands: Lane::new(1),
            calls: BTreeMap::new(),
            calls_max: 2,
        };
        let next = |lanes: &mut Lanes| lanes.next().map(|attempt| attempt.provider);
        (0..3).for_each(|_| lanes.add(call(Channel::WechatPay)));
        let slow = Some(Some(Channel::WechatPay));
        assert_eq!(
            (next(&mut lanes), next(&mut lanes), next(&mut lanes)),
            (slow, slow, None)
        );
        lanes.add(call(Channel::Alipay));
        lanes.add(command());
        lanes.add(command());
        assert_eq!(next(&mut lanes), Some(None), "a command");
        assert_eq!(next(&mut lanes), Some(Some(Channel::Alipay)));
        assert_eq!(next(&mut lanes), None, "one command at a time here, and two calls");
        lanes.of(Some(Channel::WechatPay)).in_work -= 1;
        assert_eq!(next(&mut lanes), slow);
    }

    #[test]
    fn what_an_earlier_term_may_have_sent_is_not_said_to_be_unsent() {
        let unavailable = || ProviderAnswer::Unavailable;
        assert_eq!(for_all_terms(unavailable(), false), unavailable());
        let told = for_all_terms(unavailable(), true);
        assert!(matches!(told, ProviderAnswer::Unknown { .. }), "{told:?}");
    }

    #[test]
    fn what_cannot_be_read_waits_with_the_commands() {
        let unreadable = Attempt::first(Owed {
            work: "{".to_owned(),
            ..command().owed
        });
        assert_eq!(unreadable.provider, None);
        assert!(unreadable.work.is_none());
    }
}
