//! One leader's term: takes inputs in batches, stores each batch's outcome, hands effects over.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use baize_domain::processes::Input;
use baize_eventlog::Clock;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use uuid::Uuid;

use super::effects::{Answer, Outcome};
use super::instances::Instances;
use super::manager::Manager;
use super::reader::{self, Routed, Stretch};
use super::schedule::Schedule;
use super::store::{self, Key, Owed, Store, Timer};
use super::{RunnerLimits, RunnerStatus};

/// A batch begins at most this often: fewer commits carry more.
const GATHER: Duration = Duration::from_millis(20);
/// After a batch of this many inputs the next one gathers for longer. What begins and ends meanwhile is never stored.
const BUSY: usize = 100;
const GATHER_BUSY: Duration = Duration::from_millis(100);
/// A checkpoint behind which nothing changed is stored this late: reading that stretch again would change nothing either.
const CHECKPOINT_LATE: Duration = Duration::from_secs(1);

/// Why a term ended.
#[derive(Debug, thiserror::Error)]
pub enum End {
    /// Somebody else leads, or the database could not answer: stand for election again.
    #[error("{0}")]
    Over(String),
    /// The log or a table holds what cannot be read.
    #[error("{0}")]
    Poison(String),
}

/// What the runner knows during one term.
pub struct Term<'s> {
    pub managers: Arc<[Box<dyn Manager>]>,
    pub store: Store,
    pub clock: Clock,
    pub limits: RunnerLimits,
    pub status: &'s watch::Sender<RunnerStatus>,
    pub instances: Instances,
    pub schedule: Schedule,
    /// Effects that were handed over and not answered.
    pub pending: HashSet<Uuid>,
    pub orders: mpsc::UnboundedSender<Owed>,
    /// As it is stored.
    pub checkpoint: u64,
    /// Everything up to here was taken in.
    pub position: u64,
    /// Where the log ended when the term began. Timers wait for it: what happened meanwhile may have cleared them.
    pub catch_up: u64,
}

/// Inputs that are taken in together.
#[derive(Default)]
struct Batch {
    answers: Vec<Answer>,
    timers: Vec<Timer>,
    events: Vec<Routed>,
    to: Option<u64>,
    /// Behind these there is nothing more to be read.
    end: Option<End>,
}

impl Term<'_> {
    /// Works until the term ends.
    pub async fn run(
        mut self,
        mut stretches: mpsc::Receiver<Result<Stretch, reader::Error>>,
        mut answers: mpsc::Receiver<Answer>,
    ) -> End {
        let mut next = Instant::now();
        let mut unsaved_since = None;
        loop {
            if let Err(end) = self.read_timers().await {
                return end;
            }
            self.tell();
            let mut batch = Batch::default();
            let room = self.has_room();
            let late = unsaved_since.map(|since| since + CHECKPOINT_LATE);
            let mut is_late = false;
            tokio::select! {
                biased;
                Some(answer) = answers.recv() => batch.answers.push(answer),
                stretch = stretches.recv(), if room => batch.take(stretch),
                () = self.next_timer(), if room => {}
                () = sleep_until(late) => is_late = true,
            }
            tokio::time::sleep_until(next).await;
            let began = Instant::now();
            self.gather(&mut batch, &mut stretches, &mut answers);
            next = began + self.gather_time(&batch);
            let end = batch.end.take();
            let taken_in = self.take_in(batch, is_late).await;
            if let Some(end) = taken_in.err().or(end) {
                return end;
            }
            unsaved_since = match self.position > self.checkpoint {
                true => unsaved_since.or(Some(began)),
                false => None,
            };
        }
    }

    /// What else waits, up to a batch's limits.
    fn gather(
        &mut self,
        batch: &mut Batch,
        stretches: &mut mpsc::Receiver<Result<Stretch, reader::Error>>,
        answers: &mut mpsc::Receiver<Answer>,
    ) {
        while batch.answers.len() < self.limits.answers_max
            && let Ok(answer) = answers.try_recv()
        {
            batch.answers.push(answer);
        }
        if !self.has_room() {
            return;
        }
        while batch.events.len() < self.limits.events_max
            && batch.end.is_none()
            && let Ok(stretch) = stretches.try_recv()
        {
            batch.take(Some(stretch));
        }
        if self.caught_up() {
            batch.timers = self.schedule.take_due(self.clock.now(), self.limits.timers_max);
        }
    }

    async fn take_in(&mut self, batch: Batch, save_checkpoint: bool) -> Result<(), End> {
        let now = self.clock.now();
        self.position = batch.to.unwrap_or(self.position);
        self.instances
            .prepare(&self.store, &self.managers, batch.keys())
            .await?;
        let mut answered = Vec::with_capacity(batch.answers.len());
        for Answer { owed, outcome } in batch.answers {
            let step = owed.step.as_str();
            let input = match &outcome {
                Outcome::Accepted => Input::Accepted { step },
                Outcome::Refused(refusal) => Input::Refused { step, refusal },
                Outcome::Answered(answer) => Input::Answered { step, answer },
            };
            let cause = || format!("answer:{}", owed.request_id);
            self.instances.react(owed.key, None, &input, &cause, now)?;
            answered.push(owed.request_id);
        }
        for routed in &batch.events {
            self.take_in_event(routed, now)?;
        }
        // Behind the events: one that clears a timer just in time is heard.
        for timer in &batch.timers {
            self.fire(timer, now)?;
        }
        let mut changes = self.instances.changes()?;
        changes.answered = answered;
        if save_checkpoint || !changes.is_empty() {
            self.store.commit(&changes, self.checkpoint, self.position).await?;
            self.checkpoint = self.position;
        }
        self.instances.stored(&mut self.schedule);
        for answered in &changes.answered {
            self.pending.remove(answered);
        }
        for owed in changes.owed {
            if self.pending.insert(owed.request_id) {
                // The executor ends only with this term.
                let _ = self.orders.send(owed);
            }
        }
        Ok(())
    }

    fn fire(&mut self, timer: &Timer, now: Timestamp) -> Result<(), End> {
        if !self.instances.is_set(timer) {
            return Ok(());
        }
        let Timer { due, key, name } = timer;
        let input = Input::Timer { name, due: *due };
        let cause = || format!("timer:{name}:{}", due.as_microsecond());
        Ok(self.instances.react(*key, None, &input, &cause, now.max(*due))?)
    }

    fn take_in_event(&mut self, routed: &Routed, now: Timestamp) -> Result<(), End> {
        let Routed {
            position,
            aggregate_id,
            event,
            concerned,
        } = routed;
        let input = Input::Event { aggregate_id, event };
        let cause = || format!("event:{position}");
        for (key, begins) in concerned {
            let manager = self
                .managers
                .iter()
                .find(|manager| *begins && manager.name() == key.process);
            self.instances
                .react(*key, manager.map(AsRef::as_ref), &input, &cause, now)?;
        }
        Ok(())
    }

    async fn read_timers(&mut self) -> Result<(), End> {
        if let Some(limit) = self.schedule.short_of() {
            self.schedule.fill(self.store.soonest(limit).await?);
        }
        Ok(())
    }

    async fn next_timer(&self) {
        match self.schedule.next_due() {
            Some(due) if self.caught_up() => self.clock.sleep_until(due).await,
            _ => std::future::pending().await,
        }
    }

    /// How long to gather for the batch behind this one. Whoever lags does not wait.
    fn gather_time(&self, batch: &Batch) -> Duration {
        let inputs = batch.events.len() + batch.answers.len() + batch.timers.len();
        match inputs {
            _ if batch.events.len() >= self.limits.events_max => Duration::ZERO,
            BUSY.. => GATHER_BUSY,
            _ => GATHER,
        }
    }

    fn caught_up(&self) -> bool {
        self.position >= self.catch_up
    }

    fn has_room(&self) -> bool {
        self.pending.len() < self.limits.pending_max
    }

    fn tell(&self) {
        self.status.send_replace(RunnerStatus::Leading {
            position: self.position,
            pending: self.pending.len(),
        });
    }
}

impl Batch {
    fn take(&mut self, stretch: Option<Result<Stretch, reader::Error>>) {
        match stretch {
            Some(Ok(stretch)) => {
                self.to = Some(stretch.to);
                self.events.extend(stretch.events);
            }
            Some(Err(reader::Error::Database(error))) => self.end = Some(End::Over(error.to_string())),
            Some(Err(poison)) => self.end = Some(End::Poison(poison.to_string())),
            None => self.end = Some(End::Over("the reader ended".to_owned())),
        }
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        let answers = self.answers.iter().map(|answer| answer.owed.key);
        let timers = self.timers.iter().map(|timer| timer.key);
        let events = self
            .events
            .iter()
            .flat_map(|routed| routed.concerned.iter().map(|(key, _)| *key));
        answers.chain(timers).chain(events)
    }
}

impl From<store::Error> for End {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unreadable(_) => Self::Poison(error.to_string()),
            store::Error::Deposed | store::Error::Database(_) => Self::Over(error.to_string()),
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
