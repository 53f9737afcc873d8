//! A runner of process managers in memory, as unkind as it is told to be: it may deliver inputs twice, in another order and late, and
//! execute effects twice, as a real one may after a crash.

use std::collections::{BTreeMap, BTreeSet};

use baize_domain::command::Command;
use baize_domain::device::DeviceEvent;
use baize_domain::payment::{OrderNo, ProviderAnswer, ProviderRequest};
use baize_domain::processes::collecting::Collecting;
use baize_domain::processes::earning::Earning;
use baize_domain::processes::faulting::Faulting;
use baize_domain::processes::levelling::Levelling;
use baize_domain::processes::moving::Moving;
use baize_domain::processes::opening::Opening;
use baize_domain::processes::paying::Paying;
use baize_domain::processes::refunding::Refunding;
use baize_domain::processes::running::Running;
use baize_domain::processes::settling::Settling;
use baize_domain::processes::splitting::Splitting;
use baize_domain::processes::testing::Testing;
use baize_domain::processes::{Effect, Input, ProcessManager, Route};
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::{Event, Refusal};
use jiff::Timestamp;
use uuid::Uuid;

use crate::world::{DEVICE, World};

use super::provider::{Fault, Provider};

/// Inputs further back than this never overtake.
const WINDOW: usize = 6;
/// An evening that takes more steps does not end.
const STEPS_MAX: usize = 20_000;

pub(crate) struct Runner {
    pub world: World,
    pub now: Timestamp,
    /// How long the light takes to be confirmed; for ever, if there is none.
    pub light_seconds: Option<u32>,
    /// Commands from outside, by when they come.
    pub script: Vec<(Timestamp, Command)>,
    /// What takes money.
    pub provider: Provider,
    /// When somebody pays an order that can be paid.
    pub payers: Vec<(Timestamp, OrderNo)>,
    /// How many notifications of a payment arrive.
    pub notified: u8,
    /// Every command that a process dispatched, in order.
    pub dispatched: Vec<(Timestamp, &'static str, String, Command)>,
    chaos: Vec<u8>,
    machines: Vec<Box<dyn Machine>>,
    pending: Vec<Pending>,
    timers: BTreeMap<(usize, Uuid, String), Timestamp>,
    /// Events of the world's log that were queued for the processes.
    followed: usize,
}

#[derive(Clone)]
enum Pending {
    Event(usize, String, Event),
    Timer(usize, Uuid, String, Timestamp),
    Dispatch(usize, Uuid, String, Command),
    Call(usize, Uuid, String, ProviderRequest),
    /// After a crash: nobody knows whether it was made before.
    CallAgain(usize, Uuid, String, ProviderRequest),
    Told(usize, Uuid, String, ProviderAnswer),
    Answer(usize, Uuid, String, Result<(), Refusal>),
}

impl Runner {
    /// `chaos` is drawn from until it is used up; after that, everything goes in order. With none, all of it does.
    pub fn new(world: World, now: Timestamp, chaos: Vec<u8>) -> Self {
        Self {
            followed: world.log.len(),
            world,
            now,
            light_seconds: Some(1),
            script: Vec::new(),
            provider: Provider::default(),
            payers: Vec::new(),
            notified: 0,
            dispatched: Vec::new(),
            chaos,
            machines: vec![
                Box::new(Instances::<Opening>::default()),
                Box::new(Instances::<Running>::default()),
                Box::new(Instances::<Moving>::default()),
                Box::new(Instances::<Paying>::default()),
                Box::new(Instances::<Settling>::default()),
                Box::new(Instances::<Collecting>::default()),
                Box::new(Instances::<Refunding>::default()),
                Box::new(Instances::<Earning>::default()),
                Box::new(Instances::<Splitting>::default()),
                Box::new(Instances::<Levelling>::default()),
                Box::new(Instances::<Faulting>::default()),
                Box::new(Instances::<Testing>::default()),
            ],
            pending: Vec::new(),
            timers: BTreeMap::new(),
        }
    }

    /// Runs until nothing is pending, due or to come.
    pub fn run(&mut self) {
        for _ in 0..STEPS_MAX {
            self.let_payers_pay();
            self.take_from_script();
            self.follow();
            self.fire_timers();
            if self.pending.is_empty() {
                let Some(next) = self.next_instant() else {
                    return;
                };
                let late = u32::try_from(self.draw(4) * self.draw(40)).expect("a small number");
                self.now = seconds_after(next, late).max(self.now);
                continue;
            }
            let place = self.draw(self.pending.len().min(WINDOW));
            let pending = self.pending.remove(place);
            if self.draw(6) == 5 {
                self.repeat(pending);
            } else {
                self.work(pending);
            }
            if self.draw(12) == 11 {
                self.now = seconds_after(self.now, 1);
            }
        }
        panic!("the evening does not end");
    }

    /// Processes that are not over.
    pub fn unfinished(&self) -> Vec<(&'static str, Uuid)> {
        self.machines
            .iter()
            .flat_map(|machine| machine.instances().into_iter().map(|id| (machine.name(), id)))
            .collect()
    }

    fn draw(&mut self, choices: usize) -> usize {
        self.chaos.pop().map_or(0, |byte| usize::from(byte) % choices)
    }

    fn next_instant(&self) -> Option<Timestamp> {
        let scripted = self.script.iter().map(|(at, _)| *at);
        let paying = self.payers.iter().map(|(at, _)| *at);
        scripted.chain(paying).chain(self.timers.values().copied()).min()
    }

    fn let_payers_pay(&mut self) {
        while let Some(place) = self.payers.iter().position(|(at, _)| *at <= self.now) {
            let (_, order_no) = self.payers.remove(place);
            let Some(notice) = self.provider.pay(order_no, self.now) else {
                continue;
            };
            for _ in 0..self.notified {
                let late = u32::try_from(self.draw(90)).expect("a small number");
                self.script.push((seconds_after(self.now, late), notice.clone()));
            }
        }
    }

    fn take_from_script(&mut self) {
        while let Some(place) = self.script.iter().position(|(at, _)| *at <= self.now) {
            let (_, command) = self.script.remove(place);
            // What comes from outside may be refused; the tests look at the log.
            let _ = self.world.execute(&command, self.now);
        }
    }

    /// Queues new events for every process, and lets the device answer to what is desired of it.
    fn follow(&mut self) {
        for (stream, event) in self.world.log.split_off(self.followed) {
            if let (Some(seconds), Event::Device(DeviceEvent::LightDesired { channel, rev, on, .. })) =
                (self.light_seconds, &event)
            {
                let at = seconds_after(self.now, seconds);
                self.script.push((
                    at,
                    Command::ConfirmLight {
                        device_id: DEVICE,
                        channel: *channel,
                        rev: *rev,
                        on: *on,
                        attempts: 1,
                        at,
                    },
                ));
            }
            for machine in 0..self.machines.len() {
                if self.machines[machine].concerns(&stream, &event) {
                    self.pending
                        .push(Pending::Event(machine, stream.clone(), event.clone()));
                }
            }
            self.world.log.push((stream, event));
        }
        self.followed = self.world.log.len();
    }

    fn fire_timers(&mut self) {
        let due: Vec<_> = self
            .timers
            .iter()
            .filter(|(_, due)| **due <= self.now)
            .map(|(key, due)| (key.clone(), *due))
            .collect();
        for (key, due) in due {
            self.timers.remove(&key);
            let (machine, instance, name) = key;
            self.pending.push(Pending::Timer(machine, instance, name, due));
        }
    }

    /// Does it now and once more later. Of a call that a crash repeats only the last answer is heard.
    fn repeat(&mut self, pending: Pending) {
        if let Pending::Call(machine, instance, step, request) | Pending::CallAgain(machine, instance, step, request) =
            pending
        {
            let fault = self.fault(Fault::Away);
            self.provider.answer(&request, fault, self.now);
            self.pending.push(Pending::CallAgain(machine, instance, step, request));
        } else {
            self.pending.push(pending.clone());
            self.work(pending);
        }
    }

    fn work(&mut self, pending: Pending) {
        match pending {
            Pending::Event(machine, stream, event) => {
                let input = Input::Event {
                    aggregate_id: &stream,
                    event: &event,
                };
                let reaction = self.machines[machine].event(&stream, &event, &input, self.now);
                self.effects(machine, reaction);
            }
            Pending::Timer(machine, instance, name, due) => {
                let input = Input::Timer { name: &name, due };
                let effects = self.machines[machine].react(instance, &input, self.now);
                self.effects(machine, effects.map(|effects| (instance, effects)));
            }
            Pending::Dispatch(machine, instance, step, command) => {
                let answer = self.world.execute(&command, self.now).map(|_| ());
                self.pending.push(Pending::Answer(machine, instance, step, answer));
            }
            Pending::Call(machine, instance, step, request) => {
                let fault = self.fault(Fault::Away);
                let answer = self.provider.answer(&request, fault, self.now);
                self.pending.push(Pending::Told(machine, instance, step, answer));
            }
            Pending::CallAgain(machine, instance, step, request) => {
                let fault = self.fault(Fault::RequestLost);
                let answer = self.provider.answer(&request, fault, self.now);
                self.pending.push(Pending::Told(machine, instance, step, answer));
            }
            Pending::Told(machine, instance, step, answer) => {
                let (step, answer) = (step.as_str(), &answer);
                let effects = self.machines[machine].react(instance, &Input::Answered { step, answer }, self.now);
                self.effects(machine, effects.map(|effects| (instance, effects)));
            }
            Pending::Answer(machine, instance, step, answer) => {
                let input = match &answer {
                    Ok(()) => Input::Accepted { step: &step },
                    Err(refusal) => Input::Refused { step: &step, refusal },
                };
                let effects = self.machines[machine].react(instance, &input, self.now);
                self.effects(machine, effects.map(|effects| (instance, effects)));
            }
        }
    }

    fn fault(&mut self, away: Fault) -> Fault {
        match self.draw(8) {
            1 => Fault::RequestLost,
            2 => Fault::AnswerLost,
            3 => away,
            4 => Fault::Slow,
            _ => Fault::None,
        }
    }

    fn effects(&mut self, machine: usize, reaction: Option<(Uuid, Vec<Effect>)>) {
        let Some((instance, effects)) = reaction else {
            return;
        };
        for effect in effects {
            match effect {
                Effect::Dispatch { step, command } => {
                    let name = self.machines[machine].name();
                    self.dispatched.push((self.now, name, step.clone(), (*command).clone()));
                    self.pending.push(Pending::Dispatch(machine, instance, step, *command));
                }
                Effect::Call { step, request } => self.pending.push(Pending::Call(machine, instance, step, request)),
                Effect::SetTimer { name, due } => {
                    self.timers.insert((machine, instance, name), due);
                }
                Effect::ClearTimer { name } => {
                    self.timers.remove(&(machine, instance, name));
                }
                Effect::End => {
                    self.machines[machine].end(instance);
                    self.timers.retain(|(m, i, _), _| (*m, *i) != (machine, instance));
                }
            }
        }
    }
}

/// A process manager with its instances.
trait Machine {
    fn name(&self) -> &'static str;
    fn concerns(&self, stream: &str, event: &Event) -> bool;
    fn instances(&self) -> BTreeSet<Uuid>;
    fn event(&mut self, stream: &str, event: &Event, input: &Input<'_>, now: Timestamp) -> Option<(Uuid, Vec<Effect>)>;
    fn react(&mut self, instance: Uuid, input: &Input<'_>, now: Timestamp) -> Option<Vec<Effect>>;
    fn end(&mut self, instance: Uuid);
}

struct Instances<P: ProcessManager>(BTreeMap<Uuid, P::State>);

impl<P: ProcessManager> Default for Instances<P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<P: ProcessManager> Machine for Instances<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn concerns(&self, stream: &str, event: &Event) -> bool {
        P::route(stream, event) != Route::Ignore
    }

    fn instances(&self) -> BTreeSet<Uuid> {
        self.0.keys().copied().collect()
    }

    fn event(&mut self, stream: &str, event: &Event, input: &Input<'_>, now: Timestamp) -> Option<(Uuid, Vec<Effect>)> {
        let instance = match P::route(stream, event) {
            Route::Ignore => return None,
            Route::Start(instance) => {
                self.0.entry(instance).or_default();
                instance
            }
            Route::Continue(instance) => instance,
        };
        Some((instance, self.react(instance, input, now)?))
    }

    fn react(&mut self, instance: Uuid, input: &Input<'_>, now: Timestamp) -> Option<Vec<Effect>> {
        let state = self.0.get_mut(&instance)?;
        // Between two inputs a state is a row.
        let row = serde_json::to_string(state).expect("JSON");
        *state = serde_json::from_str(&row).expect("the state again");
        Some(P::react(state, input, now))
    }

    fn end(&mut self, instance: Uuid) {
        self.0.remove(&instance);
    }
}
