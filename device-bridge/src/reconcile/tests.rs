//! The reconciler against a relay of flesh and wires, in virtual time.

use std::collections::BTreeMap;

use baize_domain::device::DesireReason;
use baize_domain::ids::SessionId;
use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

const LONGEST: Duration = Duration::from_secs(64_800);
/// From the bridge to the relay, and from the relay to the bridge.
const TRANSIT: Duration = Duration::from_millis(3);

fn epoch() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn ms(millis: i64) -> SignedDuration {
    SignedDuration::from_millis(millis)
}

#[derive(Clone, Copy, Debug)]
enum Message {
    ToRelay(Option<Switch>),
    State(bool),
    Armed(Duration),
}

/// One relay, one pursuit, and the messages between them.
struct World {
    now: Timestamp,
    desired: Desired,
    pursuit: Pursuit,
    is_connected: bool,
    may_switch_on: bool,
    health: Health,
    lamp: bool,
    lamp_off_at: Option<Timestamp>,
    stuck: Option<bool>,
    is_there: bool,
    lose: u32,
    messages: BTreeMap<(Timestamp, u64), Message>,
    sent: u64,
    switches: Vec<(i64, bool)>,
    queries: Vec<i64>,
    outcomes: Vec<(i64, Outcome)>,
}

impl World {
    fn new(desired: Desired) -> Self {
        Self {
            now: epoch(),
            desired,
            pursuit: Pursuit::new(&desired, epoch(), 11),
            is_connected: true,
            may_switch_on: true,
            health: Health::Unknown,
            lamp: false,
            lamp_off_at: None,
            stuck: None,
            is_there: true,
            lose: 0,
            messages: BTreeMap::new(),
            sent: 0,
            switches: Vec::new(),
            queries: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    fn restored(desired: Desired) -> Self {
        Self {
            pursuit: Pursuit::restored(&desired, epoch(), 11),
            ..Self::new(desired)
        }
    }

    fn millis(&self) -> i64 {
        (self.now.duration_since(epoch()).as_millis()) as i64
    }

    fn send(&mut self, message: Message) {
        self.sent += 1;
        self.messages.insert((self.now + TRANSIT, self.sent), message);
    }

    fn desire(&mut self, on: bool, seconds: i64) {
        self.desired = Desired {
            rev: self.desired.rev + 1,
            on,
            not_after: on.then(|| self.now + SignedDuration::from_secs(seconds)),
            ..self.desired
        };
        self.step();
    }

    fn step(&mut self) -> Option<Timestamp> {
        let situation = Situation {
            desired: &self.desired,
            known: Outcomes::default(),
            health: self.health,
            is_connected: self.is_connected,
            may_switch_on: self.may_switch_on,
            dead_man_max: Some(LONGEST),
            now: self.now,
        };
        let step = self.pursuit.step(&situation);
        if let Some(switch) = step.switch {
            assert_eq!(
                switch.on,
                self.desired.is_on_at(self.now),
                "sent what is not desired now"
            );
            assert!(!switch.on || self.may_switch_on);
            assert!(self.is_connected, "sent without a connection");
            if let (true, Some(end)) = (switch.on, self.desired.not_after) {
                assert!(self.now + switch.dead_man.unwrap() <= end);
            }
            self.switches.push((self.millis(), switch.on));
            self.send(Message::ToRelay(Some(switch)));
        }
        if step.query {
            assert!(self.is_connected);
            self.queries.push(self.millis());
            self.send(Message::ToRelay(None));
        }
        let at = self.millis();
        self.outcomes
            .extend(step.outcomes.into_iter().map(|outcome| (at, outcome)));
        assert!(step.wake_at.is_none_or(|wake| wake > self.now), "would spin");
        step.wake_at
    }

    fn deliver(&mut self, message: Message) {
        match message {
            Message::ToRelay(asked) => {
                if !self.is_there {
                    return;
                }
                if self.lose > 0 {
                    self.lose -= 1;
                    return;
                }
                if let Some(switch) = asked {
                    if let Some(after) = switch.dead_man {
                        // Whole seconds, as the firmware counts.
                        let after = Duration::from_secs(after.as_millis().div_ceil(1000) as u64);
                        self.lamp_off_at = Some(self.now + after);
                        self.send(Message::Armed(after));
                    }
                    self.lamp = self.stuck.unwrap_or(switch.on);
                }
                self.send(Message::State(self.lamp));
            }
            Message::State(on) if self.is_connected => {
                self.pursuit.heard(self.now);
                self.pursuit.report(on, self.now);
            }
            Message::Armed(after) if self.is_connected => {
                self.pursuit.heard(self.now);
                self.pursuit.armed(Some(after), self.now);
            }
            Message::State(_) | Message::Armed(_) => {}
        }
    }

    /// Lets everything happen that happens in `millis`.
    fn run(&mut self, millis: i64) {
        let until = self.now + ms(millis);
        loop {
            let wake = self.step();
            let message = self.messages.first_key_value().map(|((at, _), _)| *at);
            let dead_man = self.lamp_off_at.filter(|_| self.lamp && self.stuck.is_none());
            let next = [wake, message, dead_man].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= until) else {
                self.now = until;
                self.step();
                return;
            };
            self.now = next.max(self.now);
            if dead_man == Some(next) {
                self.lamp = false;
            }
            while let Some(entry) = self.messages.first_entry().filter(|entry| entry.key().0 <= next) {
                let message = entry.remove();
                self.deliver(message);
            }
        }
    }

    fn reconnect(&mut self) {
        self.is_connected = true;
        self.pursuit.forget();
        self.pursuit.release(self.now);
    }

    fn restart(&mut self) {
        self.pursuit = Pursuit::restored(&self.desired, self.now, 12);
        self.pursuit.release(self.now);
    }

    fn outcomes_only(&self) -> Vec<Outcome> {
        self.outcomes.iter().map(|(_, outcome)| *outcome).collect()
    }
}

fn on_for(seconds: i64) -> Desired {
    Desired {
        rev: 1,
        on: true,
        session_id: Some(SessionId::default()),
        not_after: Some(epoch() + SignedDuration::from_secs(seconds)),
        reason: DesireReason::SessionOpened,
        issued_at: epoch(),
    }
}

fn off() -> Desired {
    Desired {
        on: false,
        not_after: None,
        reason: DesireReason::SessionOver,
        ..on_for(0)
    }
}

const LATE: Outcome = Outcome::Failed(FailureKind::Late);
const UNREACHABLE: Outcome = Outcome::Failed(FailureKind::Unreachable);
const MISMATCH: Outcome = Outcome::Failed(FailureKind::Mismatch);

fn confirmed(on: bool, attempts: u32) -> Outcome {
    Outcome::Confirmed { on, attempts }
}

#[test]
fn a_light_that_answers_is_sent_once_and_confirmed_once() {
    let mut world = World::new(on_for(3_600));
    world.run(60_000);
    assert!(world.lamp && world.pursuit.is_settled());
    assert_eq!(world.switches, [(0, true)]);
    assert_eq!(world.outcomes, [(6, confirmed(true, 1))]);
}

#[test]
fn a_lost_command_is_sent_again_after_half_a_second() {
    let mut world = World::new(on_for(3_600));
    world.lose = 2;
    world.run(60_000);
    assert_eq!(world.switches, [(0, true), (500, true)]);
    assert_eq!(world.outcomes, [(506, confirmed(true, 2))]);
}

#[test]
fn a_silent_device_is_late_then_unreachable_and_tried_for_ever_ever_more_rarely() {
    let mut world = World::new(on_for(36_000));
    world.is_there = false;
    world.run(3_600_000);
    assert_eq!(world.outcomes, [(1_800, LATE), (10_000, UNREACHABLE)]);
    let times: Vec<_> = world.switches.iter().map(|(at, _)| *at).collect();
    assert_eq!(times[..3], [0, 500, 1_100]);
    let pauses: Vec<_> = times.windows(2).skip(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, nominal) in pauses.iter().zip([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
        assert!((pause - nominal).abs() <= nominal / 5, "{pauses:?}");
    }
    assert!((50..80).contains(&times.len()), "{}", times.len());
}

#[test]
fn a_device_that_comes_back_is_not_kept_waiting_by_a_long_pause() {
    let mut world = World::new(on_for(36_000));
    world.is_there = false;
    world.run(400_000);
    world.is_there = true;
    // Its greeting.
    world.pursuit.heard(world.now);
    world.run(10);
    assert!(world.lamp && world.pursuit.is_settled());
}

#[test]
fn a_stuck_device_is_late_and_contradicts() {
    let mut world = World::new(on_for(3_600));
    world.stuck = Some(false);
    world.run(60_000);
    assert_eq!(world.outcomes, [(1_800, LATE), (1_800, MISMATCH)]);
    assert!(world.switches.len() < 9, "{:?}", world.switches);
    world.stuck = None;
    world.run(70_000);
    assert!(matches!(
        world.outcomes_only()[2..],
        [Outcome::Confirmed { on: true, .. }]
    ));
}

#[test]
fn when_the_time_is_over_the_light_goes_off_without_any_event() {
    let mut world = World::new(on_for(100));
    world.run(99_999);
    assert!(world.lamp);
    world.run(10);
    assert!(!world.lamp);
    assert_eq!(world.outcomes_only(), [confirmed(true, 1), Outcome::Expired]);
    world.run(600_000);
    assert_eq!(world.switches, [(0, true), (100_000, false)]);
}

#[test]
fn a_light_whose_device_turned_itself_off_in_time_is_reported_expired() {
    let mut world = World::new(on_for(100));
    world.run(1_000);
    world.is_connected = false;
    world.run(110_000);
    assert!(!world.lamp, "the dead man");
    world.reconnect();
    world.run(1_000);
    assert_eq!(world.outcomes_only()[0], confirmed(true, 1));
    assert!(world.outcomes_only().contains(&Outcome::Expired));
}

#[test]
fn without_a_session_or_an_end_nothing_is_switched_on() {
    for unknown in [
        Desired {
            session_id: None,
            ..on_for(3_600)
        },
        Desired {
            not_after: None,
            ..on_for(3_600)
        },
    ] {
        let mut world = World::new(unknown);
        world.lamp = true;
        world.run(60_000);
        assert!(!world.lamp);
        assert!(world.switches.iter().all(|(_, on)| !on));
        assert_eq!(world.outcomes, []);
    }
}

#[test]
fn a_restored_pursuit_waits_then_asks_and_leaves_what_is_right() {
    let mut world = World::restored(off());
    world.run(60_000);
    assert_eq!((world.queries.len(), world.switches.len()), (0, 0));
    world.pursuit.release(world.now);
    world.run(10_000);
    assert_eq!((world.queries.len(), world.switches.len()), (1, 0));
    assert_eq!(world.outcomes_only(), [confirmed(false, 1)]);
}

#[test]
fn a_restored_pursuit_commands_at_once_when_the_answer_is_contrary() {
    let mut world = World::restored(off());
    world.lamp = true;
    world.pursuit.release(world.now);
    world.run(60_000);
    assert_eq!(world.switches, [(6, false)]);
    assert!(!world.lamp);
}

#[test]
fn a_restored_light_gets_its_dead_man_again() {
    let mut world = World::restored(on_for(3_600));
    world.lamp = true;
    world.pursuit.release(world.now);
    world.run(60_000);
    assert!(world.pursuit.is_settled());
    assert_eq!(
        world
            .lamp_off_at
            .map(|at| at >= epoch() + SignedDuration::from_secs(3_600)),
        Some(true)
    );
    assert_eq!(world.outcomes_only(), [confirmed(true, 1)]);
}

#[test]
fn nothing_is_switched_on_while_the_register_may_be_behind() {
    let mut world = World::restored(on_for(3_600));
    world.may_switch_on = false;
    world.pursuit.release(world.now);
    world.run(60_000);
    assert_eq!((world.queries.len(), world.switches.len()), (0, 0));
    world.desire(false, 0);
    world.run(1_000);
    assert_eq!(world.switches, [(60_000, false)]);
}

#[test]
fn a_device_that_is_not_there_is_asked_but_not_commanded() {
    let mut world = World::new(on_for(3_600));
    world.is_there = false;
    world.health = Health::Offline;
    world.run(60_000);
    assert!(world.queries.len() > 4 && world.switches.is_empty());
    world.is_there = true;
    world.health = Health::Online;
    world.pursuit.forget();
    world.pursuit.release(world.now);
    world.run(20);
    assert!(world.lamp);
    assert_eq!(world.switches.len(), 1);
}

#[test]
fn a_settled_light_that_is_reported_otherwise_is_asked_before_it_is_touched() {
    let mut world = World::new(on_for(3_600));
    world.run(10_000);
    // An old answer that arrives late.
    world.pursuit.report(false, world.now);
    world.run(10_000);
    assert_eq!((world.queries.len(), world.switches.len()), (2, 1));
    // Somebody at the switch.
    world.lamp = false;
    world.pursuit.report(false, world.now);
    world.run(10_000);
    assert!(world.lamp);
    assert_eq!(world.switches.len(), 2);
    assert_eq!(world.outcomes.len(), 1);
}

#[test]
fn a_light_longer_than_the_device_can_count_is_armed_again() {
    let hours = 40;
    let mut world = World::new(on_for(hours * 3_600));
    world.run((hours * 3_600 - 1) * 1_000);
    assert!(world.lamp, "went off by itself");
    assert!(world.switches.len() == 3, "{:?}", world.switches);
    world.run(2_000);
    assert!(!world.lamp);
}

#[test]
fn a_dead_man_set_for_an_earlier_desired_state_does_not_count() {
    let mut world = World::new(on_for(3_600));
    world.run(1_000);
    // The light is to linger for three minutes; the device misses both, and an old acknowledgement arrives.
    world.lose = 2;
    world.desire(true, 180);
    world.pursuit.armed(Some(Duration::from_secs(3_599)), world.now);
    world.pursuit.report(true, world.now);
    world.run(5_000);
    assert_eq!(world.switches.len(), 3, "{:?}", world.switches);
    assert!(world.lamp_off_at.unwrap() < epoch() + SignedDuration::from_secs(190));
}

#[test]
fn a_lost_connection_delays_and_does_not_hide_lateness() {
    let mut world = World::new(on_for(3_600));
    world.is_connected = false;
    world.run(5_000);
    assert_eq!(world.outcomes, [(1_800, LATE)]);
    world.reconnect();
    world.run(1_000);
    assert!(world.lamp);
}

#[derive(Clone, Debug)]
enum Happening {
    Pass(i64),
    Desire { on: bool, seconds: i64 },
    Lose(u32),
    Stick(Option<bool>),
    Away(bool),
    Health(bool),
    Disconnect,
    Reconnect,
    Restart,
    Button,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => prop_oneof![0i64..50, 0i64..5_000, 0i64..300_000].prop_map(Happening::Pass),
        4 => (any::<bool>(), 1i64..600).prop_map(|(on, seconds)| Happening::Desire { on, seconds }),
        1 => (1u32..8).prop_map(Happening::Lose),
        1 => proptest::option::of(any::<bool>()).prop_map(Happening::Stick),
        2 => any::<bool>().prop_map(Happening::Away),
        1 => any::<bool>().prop_map(Happening::Health),
        1 => Just(Happening::Disconnect),
        2 => Just(Happening::Reconnect),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Button),
    ]
}

impl World {
    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Pass(millis) => self.run(*millis),
            Happening::Desire { on, seconds } => self.desire(*on, *seconds),
            Happening::Lose(count) => self.lose = *count,
            Happening::Stick(stuck) => {
                self.stuck = *stuck;
                self.lamp = stuck.unwrap_or(self.lamp);
            }
            Happening::Away(away) => self.is_there = !away,
            Happening::Health(online) => {
                self.health = if *online { Health::Online } else { Health::Offline };
            }
            Happening::Disconnect => self.is_connected = false,
            Happening::Reconnect => self.reconnect(),
            Happening::Restart => self.restart(),
            Happening::Button => {
                if self.stuck.is_none() {
                    self.lamp = !self.lamp;
                    self.send(Message::State(self.lamp));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// `World::step` asserts on the way that nothing is sent that is not desired at that very moment.
    #[test]
    fn whatever_happens_the_light_ends_up_as_desired(happenings in prop::collection::vec(happening(), 0..40)) {
        let mut world = World::new(off());
        for happening in &happenings {
            world.happen(happening);
        }
        world.stuck = None;
        world.lose = 0;
        world.is_there = true;
        world.health = Health::Online;
        world.reconnect();
        // Two of the longest pauses.
        world.run(150_000);
        if world.desired.is_over_at(world.now) {
            // Its time may have run out this very moment.
            world.run(100);
        }
        prop_assert!(world.pursuit.is_settled());
        prop_assert_eq!(world.lamp, world.desired.is_on_at(world.now));
    }

    #[test]
    fn what_is_for_no_session_never_turns_a_light_on_whatever_happens(
        happenings in prop::collection::vec(happening(), 0..40),
    ) {
        let mut world = World::new(Desired { session_id: None, ..on_for(600) });
        for happening in &happenings {
            world.happen(happening);
        }
        world.reconnect();
        world.run(150_000);
        prop_assert!(world.switches.iter().all(|(_, on)| !on), "{:?}", world.switches);
    }

    #[test]
    fn no_light_outlives_its_time_by_more_than_a_second_even_if_the_bridge_is_gone(
        happenings in prop::collection::vec(happening(), 0..40),
    ) {
        let mut world = World::new(off());
        for happening in &happenings {
            // A stuck relay cannot be helped, and a hand at the switch is not the bridge's.
            if !matches!(happening, Happening::Stick(_) | Happening::Button) {
                world.happen(happening);
            }
        }
        let last = world.desired.not_after.filter(|_| world.desired.on).unwrap_or(world.now);
        world.is_connected = false;
        world.is_there = true;
        // At most ten minutes were desired; what the device was last told may be older than what is desired.
        let patience = last.duration_since(world.now).max(SignedDuration::ZERO) + SignedDuration::from_secs(601);
        world.run(patience.as_millis() as i64);
        prop_assert!(!world.lamp);
    }

    #[test]
    fn each_outcome_is_reported_at_most_once_a_rev_and_once_more_after_each_recovery(happenings in prop::collection::vec(happening(), 0..40)) {
        let mut world = World::new(off());
        let mut reported = std::collections::HashSet::new();
        let mut failed = std::collections::HashSet::new();
        let mut recoveries = std::collections::HashMap::<u64, u32>::new();
        for happening in &happenings {
            if matches!(happening, Happening::Restart) {
                continue;
            }
            let rev = world.desired.rev;
            world.happen(happening);
            for (_, outcome) in world.outcomes.drain(..) {
                let kind = std::mem::discriminant(&outcome);
                let failure = match outcome {
                    Outcome::Failed(failure) => Some(failure as u8),
                    _ => None,
                };
                let rev = if matches!(happening, Happening::Desire { .. }) { rev + 1 } else { rev };
                match outcome {
                    Outcome::Failed(FailureKind::Unreachable | FailureKind::Mismatch) => {
                        failed.insert(rev);
                    }
                    Outcome::Confirmed { .. } if failed.remove(&rev) => *recoveries.entry(rev).or_default() += 1,
                    _ => {}
                }
                let once = matches!(outcome, Outcome::Expired | Outcome::Failed(FailureKind::Late));
                let round = if once { 0 } else { recoveries.get(&rev).copied().unwrap_or_default() };
                prop_assert!(reported.insert((rev, round, kind, failure)), "{outcome:?} twice for {rev}");
            }
        }
    }

    #[test]
    fn attempts_are_never_closer_than_the_schedule_allows(
        happenings in prop::collection::vec(happening(), 0..40),
    ) {
        let mut world = World::new(off());
        for happening in &happenings {
            world.happen(happening);
        }
        world.switches.clear();
        world.queries.clear();
        // At most two chases (the time may run out), each begun again once: 6 attempts in 12 s, then rarely.
        world.run(60_000);
        prop_assert!(world.switches.len() <= 24, "{} commands", world.switches.len());
        prop_assert!(world.queries.len() <= 24, "{} questions", world.queries.len());
    }
}
