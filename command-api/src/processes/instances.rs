//! Instances of processes in memory: a bounded cache in front of their table, and what a batch changed in it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use baize_domain::ids::derived;
use baize_domain::processes::{Effect, Input};
use jiff::Timestamp;

use super::effects::Work;
use super::manager::{Manager, State};
use super::schedule::Schedule;
use super::store::{Changes, Error, Key, Owed, Store, Stored, Timer, whole_micros};

/// The instances that were lately used.
pub struct Instances {
    known: HashMap<Key, Instance>,
    max: usize,
    batch: u64,
    touched: Vec<Key>,
    changes: Changes,
}

/// An instance, or the knowledge that there is none.
#[derive(Default)]
struct Instance {
    state: Option<Box<dyn State>>,
    timers: Vec<(String, Timestamp)>,
    /// As the tables have it.
    stored_state: Option<String>,
    stored_timers: Vec<(String, Timestamp)>,
    /// When it was last used.
    batch: u64,
}

impl Instances {
    /// A cache of about `max` instances. What a batch needs is kept beyond that until the batch is over.
    pub fn new(max: usize) -> Self {
        Self {
            known: HashMap::new(),
            max,
            batch: 0,
            touched: Vec::new(),
            changes: Changes::default(),
        }
    }

    /// Brings what a batch is about into memory, with one question for all that is missing.
    pub async fn prepare(
        &mut self,
        store: &Store,
        managers: &[Box<dyn Manager>],
        keys: impl Iterator<Item = Key>,
    ) -> Result<(), Error> {
        self.batch += 1;
        let mut missing = Vec::new();
        for key in keys {
            match self.known.entry(key) {
                Entry::Occupied(known) => known.into_mut().batch = self.batch,
                Entry::Vacant(vacant) => {
                    vacant.insert(Instance {
                        batch: self.batch,
                        ..Instance::default()
                    });
                    missing.push(key);
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        for stored in store.load(&missing).await? {
            let key = stored.key;
            let instance = Instance::restore(stored, managers, self.batch)?;
            self.known.insert(key, instance);
        }
        Ok(())
    }

    /// Whether a timer is still set as it was when it was scheduled.
    pub fn is_set(&self, timer: &Timer) -> bool {
        let instance = self.known.get(&timer.key);
        instance.is_some_and(|instance| {
            let timers = &instance.timers;
            timers
                .iter()
                .any(|(name, due)| *name == timer.name && *due == timer.due)
        })
    }

    /// Gives an instance an input; one that does not exist begins if `begin` is there.
    ///
    /// # Errors
    /// If a command cannot be stored.
    pub fn react(
        &mut self,
        key: Key,
        begin: Option<&dyn Manager>,
        input: &Input<'_>,
        cause: &dyn Fn() -> String,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(instance) = self.known.get_mut(&key) else {
            return Err(Error::Unreadable(format!("{key:?} was not prepared")));
        };
        if let Input::Timer { name, .. } = input {
            instance.timers.retain(|(set, _)| set != name);
            self.touched.push(key);
        }
        let state = match (&mut instance.state, begin) {
            (Some(state), _) => state,
            (none, Some(manager)) => none.insert(manager.begin()),
            (None, None) => return Ok(()),
        };
        let effects = state.react(input, now);
        self.touched.push(key);
        for effect in effects {
            match effect {
                Effect::Dispatch { step, command } => {
                    self.changes
                        .owed
                        .push(owed(key, step, cause(), &Work::Command(command))?);
                }
                Effect::Call { step, request } => {
                    self.changes.owed.push(owed(key, step, cause(), &Work::Call(request))?);
                }
                Effect::SetTimer { name, due } => {
                    instance.timers.retain(|(set, _)| *set != name);
                    instance.timers.push((name, whole_micros(due)));
                }
                Effect::ClearTimer { name } => instance.timers.retain(|(set, _)| *set != name),
                Effect::End => {
                    instance.state = None;
                    instance.timers.clear();
                }
            }
        }
        Ok(())
    }

    /// What the batch changed. States that came out as they were, and timers set and cleared within the batch,
    /// are no change.
    ///
    /// # Errors
    /// If a state cannot be stored.
    pub fn changes(&mut self) -> Result<Changes, Error> {
        let mut changes = std::mem::take(&mut self.changes);
        self.touched.sort_unstable();
        self.touched.dedup();
        for key in &self.touched {
            if let Some(instance) = self.known.get_mut(key) {
                instance.note(*key, &mut changes)?;
            }
        }
        Ok(changes)
    }

    /// The changes are stored: what is in memory is what the tables have.
    pub fn stored(&mut self, schedule: &mut Schedule) {
        for key in self.touched.drain(..) {
            let Some(instance) = self.known.get_mut(&key) else {
                continue;
            };
            let timer = |(name, due): &(String, Timestamp)| Timer {
                due: *due,
                key,
                name: name.clone(),
            };
            let (before, after) = (&instance.stored_timers, &instance.timers);
            before
                .iter()
                .filter(|timer| !after.contains(timer))
                .for_each(|gone| schedule.clear(&timer(gone)));
            after
                .iter()
                .filter(|timer| !before.contains(timer))
                .for_each(|new| schedule.set(timer(new)));
            instance.stored_timers.clone_from(&instance.timers);
        }
        self.evict();
    }

    /// Drops the half that was not used for the longest time, once there are too many.
    fn evict(&mut self) {
        if self.known.len() <= self.max {
            return;
        }
        let mut ages: Vec<u64> = self.known.values().map(|instance| instance.batch).collect();
        let middle = ages.len() / 2;
        let (_, median, _) = ages.select_nth_unstable(middle);
        let median = *median;
        self.known.retain(|_, instance| instance.batch > median);
    }
}

fn owed(key: Key, step: String, cause: String, work: &Work) -> Result<Owed, Error> {
    let work = serde_json::to_string(work);
    Ok(Owed {
        request_id: derived(&["effect", key.process, &key.instance.to_string(), &step, &cause]),
        key,
        step,
        cause,
        work: work.map_err(|error| Error::Unreadable(format!("an effect of {key:?}: {error}")))?,
        again: false,
    })
}

impl Instance {
    fn restore(stored: Stored, managers: &[Box<dyn Manager>], batch: u64) -> Result<Self, Error> {
        let unreadable = |why: String| Error::Unreadable(format!("{:?}: {why}", stored.key));
        let manager = managers.iter().find(|manager| manager.name() == stored.key.process);
        let manager = manager.ok_or_else(|| unreadable("no such process".to_owned()))?;
        let state = manager
            .restore(&stored.state)
            .map_err(|error| unreadable(error.to_string()))?;
        Ok(Self {
            state: Some(state),
            timers: stored.timers.clone(),
            stored_state: Some(stored.state),
            stored_timers: stored.timers,
            batch,
        })
    }

    fn note(&mut self, key: Key, changes: &mut Changes) -> Result<(), Error> {
        let state = match &self.state {
            Some(state) => {
                let text = state.store();
                Some(text.map_err(|error| Error::Unreadable(format!("the state of {key:?}: {error}")))?)
            }
            None => None,
        };
        if state != self.stored_state {
            match &state {
                Some(text) => changes.states.push((key, text.clone())),
                None => changes.over.push(key),
            }
            self.stored_state = state;
        }
        let (before, after) = (&self.stored_timers, &self.timers);
        for (name, _) in before
            .iter()
            .filter(|(name, _)| !after.iter().any(|(kept, _)| kept == name))
        {
            changes.cleared.push((key, name.clone()));
        }
        for (name, due) in after.iter().filter(|timer| !before.contains(timer)) {
            changes.set.push(Timer {
                due: *due,
                key,
                name: name.clone(),
            });
        }
        Ok(())
    }
}
