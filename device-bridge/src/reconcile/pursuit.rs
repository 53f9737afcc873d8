//! The pursuit of one output's desired state.

use std::time::Duration;

use baize_domain::device::FailureKind;
use jiff::{SignedDuration, Timestamp};

use crate::register::{Desired, Outcomes};

use super::chase::Chase;
use super::schedule::{LATE_AFTER, UNREACHABLE_AFTER};
use super::{Health, Outcome, Situation, Step, Switch};

/// Commands that a device must contradict before it counts as stuck.
const CONTRARY_COMMANDS: u32 = 3;
/// A dead man that ends before the light's time is armed again when this little of it is left.
const REARM_BEFORE: Duration = Duration::from_secs(3_600);
/// A dead man that ends this much after the light's time was set for an earlier desired state.
const ARMED_SLACK: Duration = Duration::from_secs(30);

/// One output: what the device said, and the chase after what is desired.
#[derive(Clone, Debug)]
pub struct Pursuit {
    seed: u64,
    /// What is pursued: derived from the desired state and the time.
    target: Target,
    /// What the device said of the output since the target was set; `None` is unknown.
    reported: Option<bool>,
    /// The device goes off by itself then, as it said since the last new `rev`.
    armed_until: Option<Timestamp>,
    /// `None`: settled, the output is as desired.
    chase: Option<Chase>,
    /// What is told about the `rev`, by this pursuit and before it.
    told: Option<Outcomes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    rev: u64,
    on: bool,
}

impl Pursuit {
    /// Pursues a state that is desired from now on: the command goes out at the next step.
    pub fn new(desired: &Desired, now: Timestamp, seed: u64) -> Self {
        Self {
            seed,
            target: Target::of(desired, now),
            reported: None,
            armed_until: None,
            chase: Some(Chase::commanding(now)),
            told: None,
        }
    }

    /// Pursues a state that was desired some time ago: nothing is known of the output, and nothing is sent before
    /// [`Pursuit::release`].
    pub fn restored(desired: &Desired, now: Timestamp, seed: u64) -> Self {
        Self {
            chase: Some(Chase::waiting()),
            ..Self::new(desired, now, seed)
        }
    }

    /// Nothing is known of the output any more. After [`Pursuit::release`] it is asked first.
    pub fn forget(&mut self) {
        self.reported = None;
        self.armed_until = None;
        self.chase.get_or_insert_with(Chase::waiting).wait();
    }

    /// Its turn has come, if it waits for one.
    pub fn release(&mut self, now: Timestamp) {
        if let Some(chase) = &mut self.chase {
            chase.release(now);
        }
    }

    /// Whether it waits for [`Pursuit::release`].
    pub fn is_waiting(&self) -> bool {
        self.chase.as_ref().is_some_and(Chase::is_waiting)
    }

    /// Whether the output is as desired, as far as is known.
    pub fn is_settled(&self) -> bool {
        self.chase.is_none()
    }

    /// Whether the light is to be on.
    pub fn is_on(&self) -> bool {
        self.target.on
    }

    /// The device lives.
    pub fn heard(&mut self, now: Timestamp) {
        if let Some(chase) = &mut self.chase {
            chase.heard(now);
        }
    }

    /// The device says that the output is `on`.
    pub fn report(&mut self, on: bool, now: Timestamp) {
        self.reported = Some(on);
        if on == self.target.on {
            return;
        }
        match &mut self.chase {
            Some(chase) => chase.contradicted(now),
            // The device changed by itself, or this is an old answer: ask before interfering.
            None => self.chase = Some(Chase::asking(now)),
        }
    }

    /// The device says that it goes off by itself `after` the last ON.
    pub fn armed(&mut self, after: Option<Duration>, now: Timestamp) {
        self.armed_until = after.and_then(|after| now.checked_add(after).ok());
    }

    /// What to do now. The caller sends the command, then the question, then the reports.
    pub fn step(&mut self, situation: &Situation<'_>) -> Step {
        let now = situation.now;
        self.aim(situation);
        let mut step = Step::default();
        if self.target.on {
            step.wake(situation.desired.not_after);
        }
        let is_as_desired = self.reported == Some(self.target.on);
        if is_as_desired {
            self.succeed(situation, &mut step);
        }
        if self.chase.is_none() {
            self.rearm(situation, &mut step);
        }
        let seed = self.seed ^ self.target.rev;
        let Some(chase) = &mut self.chase else {
            return step;
        };
        let may_send = !self.target.on || situation.may_switch_on;
        let Some(due) = chase.next_at().filter(|_| may_send) else {
            return step;
        };
        if situation.is_connected {
            if due <= now {
                step.query = true;
                if chase.attempt(now, seed, situation.health == Health::Offline) {
                    step.switch = Some(Switch {
                        on: self.target.on,
                        dead_man: self.target.on.then(|| dead_man(situation)).flatten(),
                    });
                }
            }
            step.wake(chase.next_at());
        }
        if !is_as_desired {
            self.complain(situation, &mut step);
        }
        step
    }

    /// Follows what is desired, and the time.
    fn aim(&mut self, situation: &Situation<'_>) {
        let target = Target::of(situation.desired, situation.now);
        if target == self.target {
            return;
        }
        if target.rev != self.target.rev {
            self.told = None;
            self.armed_until = None;
        }
        self.target = target;
        self.reported = None;
        self.chase = Some(Chase::commanding(situation.now));
    }

    fn succeed(&mut self, situation: &Situation<'_>, step: &mut Step) {
        let desired = situation.desired;
        if self.target.on == desired.on {
            // A restarted bridge does not know how often the one before it sent; once, at least.
            let attempts = self.chase.as_ref().map_or(1, |chase| chase.sent.max(1));
            let on = desired.on;
            self.raise(situation, step, Outcome::Confirmed { on, attempts });
        } else if desired.is_over_at(situation.now) {
            self.raise(situation, step, Outcome::Expired);
        }
        if self.is_armed(situation) {
            self.chase = None;
        }
    }

    /// The device will go off by itself when the light's time is over, or it cannot.
    fn is_armed(&self, situation: &Situation<'_>) -> bool {
        let (true, Some(longest), Some(end)) = (self.target.on, situation.dead_man_max, situation.desired.not_after)
        else {
            return true;
        };
        let earliest = end.min(situation.now + longest.saturating_sub(REARM_BEFORE));
        let latest = end.min(situation.now + longest) + ARMED_SLACK;
        self.armed_until
            .is_some_and(|until| until >= earliest && until <= latest)
    }

    /// A light that is on for longer than the device can count is armed again in time.
    fn rearm(&mut self, situation: &Situation<'_>, step: &mut Step) {
        let ends_early = |until: &Timestamp| Some(*until) < situation.desired.not_after;
        let Some(until) = self.armed_until.filter(ends_early) else {
            return;
        };
        if !self.target.on || situation.dead_man_max.is_none() {
            return;
        }
        let due = until - REARM_BEFORE;
        if due > situation.now {
            return step.wake(Some(due));
        }
        self.armed_until = None;
        self.chase = Some(Chase::commanding(situation.now));
    }

    /// Raises what has been missed, each once a `rev`, and once more after each time that the device recovered.
    fn complain(&mut self, situation: &Situation<'_>, step: &mut Step) {
        let now = situation.now;
        let Some(chase) = &self.chase else { return };
        let Some(begun_at) = chase.begun_at else {
            return;
        };
        let (contrary, is_heard) = (chase.contrary, chase.is_heard);
        let late_at = begun_at + LATE_AFTER;
        if now < late_at {
            return step.wake(Some(late_at));
        }
        self.raise(situation, step, Outcome::Failed(FailureKind::Late));
        if contrary >= CONTRARY_COMMANDS {
            self.raise(situation, step, Outcome::Failed(FailureKind::Mismatch));
        }
        if is_heard {
            return;
        }
        let unreachable_at = begun_at + UNREACHABLE_AFTER;
        if situation.health == Health::Offline || now >= unreachable_at {
            self.raise(situation, step, Outcome::Failed(FailureKind::Unreachable));
        } else {
            step.wake(Some(unreachable_at));
        }
    }

    fn raise(&mut self, situation: &Situation<'_>, step: &mut Step, outcome: Outcome) {
        let told = self.told.get_or_insert(situation.known);
        if !outcome.is_in(told) {
            outcome.note(told);
            step.outcomes.push(outcome);
            step.recoveries = told.recoveries;
        }
    }
}

fn dead_man(situation: &Situation<'_>) -> Option<Duration> {
    let left = situation.desired.not_after?.duration_since(situation.now);
    let left = left.max(SignedDuration::ZERO).unsigned_abs();
    Some(left.min(situation.dead_man_max?))
}

impl Target {
    fn of(desired: &Desired, now: Timestamp) -> Self {
        Self {
            rev: desired.rev,
            on: desired.is_on_at(now),
        }
    }
}

impl Outcome {
    const fn is_in(&self, outcomes: &Outcomes) -> bool {
        match self {
            Self::Confirmed { .. } => outcomes.confirmed,
            Self::Expired => outcomes.expired,
            Self::Failed(FailureKind::Late) => outcomes.late,
            Self::Failed(FailureKind::Unreachable) => outcomes.unreachable,
            Self::Failed(FailureKind::Mismatch) => outcomes.mismatch,
        }
    }

    fn note(&self, outcomes: &mut Outcomes) {
        match self {
            Self::Confirmed { .. } => outcomes.confirm(),
            Self::Expired => outcomes.expired = true,
            Self::Failed(kind) => outcomes.fail(*kind),
        }
    }
}

impl Step {
    fn wake(&mut self, at: Option<Timestamp>) {
        self.wake_at = match (self.wake_at, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}
