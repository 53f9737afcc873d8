//! What was sold and billed, held against what the lamps really did.

use std::collections::BTreeMap;

use baize_domain::Event;
use baize_domain::device::{DeviceEvent, LightChannel};
use baize_domain::ids::{RepairId, SessionId, TableId};
use baize_domain::repair::RepairEvent;
use baize_domain::session::{Bill, BillLine, CloseCause, SessionMode, TableSessionEvent};
use baize_domain::table::TableEvent;
use baize_journeys::check::Broken;
use baize_journeys::check::lamps::Burning;
use baize_journeys::log::Log;
use jiff::{SignedDuration, Timestamp};

use super::fate::Breakage;

/// A game at one table, from its own stream.
#[derive(Clone, Debug, Default)]
struct Game {
    table_id: TableId,
    /// Fen paid for time before it was played; nothing if it is paid at the end.
    bought: Option<i64>,
    billed_from: Option<Timestamp>,
    closed: Option<(Timestamp, CloseCause, Bill)>,
    /// It was played at several tables, or stood still.
    is_broken_up: bool,
}

/// The log's word on tables and games, and the lamps'.
pub struct Truth {
    games: BTreeMap<SessionId, Game>,
    lights: BTreeMap<TableId, LightChannel>,
    topics: BTreeMap<String, String>,
    repairs: BTreeMap<RepairId, TableId>,
    /// Tests that were passed, with their table.
    passed: Vec<(TableId, Timestamp)>,
    sold_broken: Broken,
    burnt: Vec<Burning>,
}

impl Truth {
    /// Reads the log.
    pub fn of(log: &Log, burnt: Vec<Burning>) -> Self {
        let mut truth = Self {
            games: BTreeMap::new(),
            lights: BTreeMap::new(),
            topics: BTreeMap::new(),
            repairs: BTreeMap::new(),
            passed: Vec::new(),
            sold_broken: Broken::new(),
            burnt,
        };
        let mut under_repair: BTreeMap<TableId, RepairId> = BTreeMap::new();
        for entry in &log.entries {
            match &entry.event {
                Event::Device(DeviceEvent::DeviceRegistered { device_id, topic, .. }) => {
                    truth.topics.insert(device_id.to_string(), topic.clone());
                }
                Event::Table(TableEvent::TableRegistered { table_id, light, .. }) => {
                    truth.lights.insert(*table_id, *light);
                }
                Event::Repair(RepairEvent::RepairOpened { ticket, .. }) => {
                    truth.repairs.insert(ticket.repair_id, ticket.table_id);
                    under_repair.insert(ticket.table_id, ticket.repair_id);
                }
                Event::Repair(RepairEvent::RepairTestPassed { at, .. }) => {
                    let repair_id: RepairId = entry.aggregate_id.parse().unwrap_or_default();
                    if let Some(table_id) = truth.repairs.get(&repair_id) {
                        under_repair.remove(table_id);
                        truth.passed.push((*table_id, *at));
                    }
                }
                Event::TableSession(event) => {
                    if let Some(table_id) = taken(event)
                        && let Some(repair_id) = under_repair.get(&table_id)
                    {
                        let (session, position) = (&entry.aggregate_id, entry.position);
                        truth.sold_broken.push(format!(
                            "position {position}: {session} has table {table_id}, which is under repair {repair_id}"
                        ));
                    }
                    let game = truth.games.entry(entry.aggregate_id.parse().unwrap_or_default());
                    game.or_default().apply(event);
                }
                _ => {}
            }
        }
        truth
    }

    /// How often something was found broken.
    pub fn repairs(&self) -> usize {
        self.repairs.len()
    }

    /// No table is opened, or moved to, between the start of its repair and the test that ends it.
    pub fn nothing_is_sold_that_is_under_repair(&self) -> Broken {
        self.sold_broken.clone()
    }

    /// No light passes its test that really was broken then.
    pub fn nothing_broken_passes_its_test(&self, broken: &[Breakage], tolerance: SignedDuration) -> Broken {
        let mut wrong = Broken::new();
        for (table_id, at) in &self.passed {
            let topic = self.topic(*table_id);
            let lies = |breakage: &&Breakage| {
                breakage.topic == topic
                    && breakage.fails_tests()
                    && breakage.from + tolerance < *at
                    && *at < breakage.to
            };
            if let Some(breakage) = broken.iter().find(lies) {
                wrong.push(format!("{topic} passed its test at {at}, and was broken: {breakage:?}"));
            }
        }
        wrong
    }

    /// No game is billed for a longer stretch in the dark than it takes to find a fault.
    pub fn nobody_pays_for_the_dark(&self, longest: SignedDuration) -> Broken {
        let mut wrong = Broken::new();
        for (session_id, game) in self.games.iter().filter(|(_, game)| !game.is_broken_up) {
            let (Some(from), Some((to, cause, bill))) = (game.billed_from, &game.closed) else {
                continue;
            };
            let dark = self.darkest(&self.topic(game.table_id), from, *to);
            if dark > longest {
                wrong.push(format!(
                    "{session_id} was billed {} from {from} to {to} ({cause:?}), {dark:#} of it in one dark stretch",
                    bill.total
                ));
            }
        }
        wrong
    }

    /// How many games a fault has ended, and the bills of those that are not `fen_per_minute` for each minute begun until the fault, or what was
    /// bought if that is less.
    pub fn fault_bills(&self, fen_per_minute: i64) -> (usize, Broken) {
        let (mut ended, mut wrong) = (0, Broken::new());
        for (session_id, game) in &self.games {
            let Some((to, CloseCause::Fault, bill)) = &game.closed else {
                continue;
            };
            ended += 1;
            if game.is_broken_up {
                continue;
            }
            let played = game
                .billed_from
                .map_or(0, |from| to.as_millisecond() - from.as_millisecond());
            let minutes = (played.max(0) + 59_999) / 60_000;
            let expected = game.bought.unwrap_or(i64::MAX).min(minutes * fen_per_minute);
            let goods = bill.lines.iter().filter(|line| matches!(line, BillLine::Goods(_)));
            let play = bill.total.0 - goods.map(|line| line.amount().0).sum::<i64>();
            if play != expected {
                wrong.push(format!(
                    "{session_id} ended by a fault at {to}: billed {play} fen for {minutes} minutes, expected {expected}: {game:?}"
                ));
            }
        }
        (ended, wrong)
    }

    fn topic(&self, table_id: TableId) -> String {
        let light = self.lights.get(&table_id);
        let topic = light.and_then(|light| self.topics.get(&light.device_id.to_string()));
        topic.cloned().unwrap_or_default()
    }

    /// The longest stretch in which the lamp was off.
    fn darkest(&self, topic: &str, from: Timestamp, to: Timestamp) -> SignedDuration {
        let (mut since, mut longest) = (from, SignedDuration::ZERO);
        let mut burnings: Vec<_> = self.burnt.iter().filter(|burning| burning.topic == topic).collect();
        burnings.sort_by_key(|burning| burning.from);
        for burning in burnings {
            longest = longest.max(burning.from.min(to).duration_since(since));
            since = since.max(burning.to);
        }
        longest.max(to.duration_since(since))
    }
}

impl Game {
    fn apply(&mut self, event: &TableSessionEvent) {
        match event {
            TableSessionEvent::SessionOpened { table_id, mode, .. } => {
                self.table_id = *table_id;
                if let SessionMode::Prepaid { price, .. } = mode {
                    self.bought = Some(price.0);
                }
            }
            TableSessionEvent::BillingStarted { at, .. } => self.billed_from = Some(*at),
            TableSessionEvent::SessionExtended { price, .. } => {
                self.bought = self.bought.map(|bought| bought + price.0);
            }
            TableSessionEvent::SessionTransferred { .. } | TableSessionEvent::SessionPaused { .. } => {
                self.is_broken_up = true;
            }
            TableSessionEvent::SessionClosed { at, cause, bill, .. } => {
                self.closed = Some((*at, *cause, bill.clone()));
            }
            _ => {}
        }
    }
}

/// The table that a session has from then on.
fn taken(event: &TableSessionEvent) -> Option<TableId> {
    match event {
        TableSessionEvent::SessionOpened { table_id, .. } | TableSessionEvent::SessionTransferred { table_id, .. } => {
            Some(*table_id)
        }
        _ => None,
    }
}
