//! What the events amount to, added up by this crate itself: sessions, wallets, tables, lights and the books.

mod session;
mod table;
mod wallet;

use std::collections::{BTreeMap, HashMap};

use baize_domain::device::{DeviceEvent, LightChannel};
use baize_domain::ids::{DeviceId, MemberId, SessionId, TableId};
use baize_domain::journal::{Account, JournalEvent};
use baize_domain::session::TableSessionEvent;
use baize_domain::table::TableEvent;
use baize_domain::{Event, Fen};

pub use session::Session;
pub use table::{Light, Table};
pub use wallet::Wallet;

use crate::log::Log;

/// Everything, after the events up to some position.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Every session.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Every wallet.
    pub wallets: BTreeMap<MemberId, Wallet>,
    /// Every table.
    pub tables: BTreeMap<TableId, Table>,
    /// Every light that was ever asked for something.
    pub lights: HashMap<LightChannel, Light>,
    /// Balance of every account, and the members' share in it.
    pub books: BTreeMap<(Account, MemberId), Fen>,
    /// What no event may bring about, with the position where it did.
    pub faults: Vec<String>,
}

/// Notes what no event may bring about.
struct Claims<'a>(&'a mut Vec<String>);

impl Claims<'_> {
    fn that(&mut self, holds: bool, fault: &str) {
        if !holds {
            self.0.push(fault.to_owned());
        }
    }
}

impl Model {
    /// Adds up the events up to `position`.
    pub fn at(log: &Log, position: u64) -> Self {
        let mut model = Self::default();
        for entry in log.entries.iter().filter(|entry| entry.position <= position) {
            let faults = model.faults.len();
            model.apply(&entry.aggregate_id, &entry.event);
            let (position, event, aggregate) = (entry.position, &entry.event_type, &entry.aggregate_id);
            for fault in &mut model.faults[faults..] {
                *fault = format!("position {position}: {event} of {aggregate}: {fault}");
            }
        }
        model
    }

    /// The balance of an account over all members.
    pub fn balance(&self, account: Account) -> Fen {
        let entries = self.books.iter().filter(|((of, _), _)| *of == account);
        entries.map(|(_, amount)| *amount).sum()
    }

    /// One member's share in an account.
    pub fn share(&self, account: Account, member_id: MemberId) -> Fen {
        self.books.get(&(account, member_id)).copied().unwrap_or_default()
    }

    /// The light over a table.
    pub fn light(&self, table: &Table) -> Light {
        self.lights.get(&table.light).copied().unwrap_or_default()
    }

    fn apply(&mut self, aggregate_id: &str, event: &Event) {
        match event {
            Event::TableSession(event) => self.session(aggregate_id, event),
            Event::Wallet(event) => {
                let wallet = self.wallets.entry(aggregate_id.parse().unwrap_or_default());
                wallet.or_default().apply(event, Claims(&mut self.faults));
            }
            Event::Table(event) => self.table(aggregate_id, event),
            Event::Journal(event) => self.post(event),
            Event::Device(event) => self.device(aggregate_id, event),
            Event::Calendar(_)
            | Event::Chain(_)
            | Event::Staff(_)
            | Event::PointsAccount(_)
            | Event::Payment(_)
            | Event::Refund(_)
            | Event::Gift(_)
            | Event::Reconciliation(_)
            | Event::Redemption(_)
            | Event::BillSplit(_)
            | Event::Repair(_)
            | Event::Compensation(_)
            | Event::Complaint(_)
            | Event::Hall(_)
            | Event::TariffPlan(_)
            | Event::Member(_)
            | Event::Identity(_) => {}
        }
    }

    fn session(&mut self, aggregate_id: &str, event: &TableSessionEvent) {
        let id: SessionId = aggregate_id.parse().unwrap_or_default();
        let mut claims = Claims(&mut self.faults);
        match (Session::opened(event), self.sessions.get_mut(&id)) {
            (Some(opened), known) => {
                claims.that(known.is_none(), "opened twice");
                self.sessions.insert(id, opened);
            }
            (None, Some(session)) => session.apply(event, claims),
            // Waiting for its payment, it is no session yet; its table tells that it is kept.
            (None, None)
                if matches!(
                    event,
                    TableSessionEvent::OpeningAwaited { .. } | TableSessionEvent::OpeningLapsed { .. }
                ) => {}
            (None, None) => claims.that(false, "a session that was never opened"),
        }
    }

    fn table(&mut self, aggregate_id: &str, event: &TableEvent) {
        let id: TableId = aggregate_id.parse().unwrap_or_default();
        let mut claims = Claims(&mut self.faults);
        match (Table::registered(event), self.tables.get_mut(&id)) {
            (Some(registered), known) => {
                claims.that(known.is_none(), "registered twice");
                self.tables.insert(id, registered);
            }
            (None, Some(table)) => table.apply(event, claims),
            (None, None) => claims.that(false, "a table that was never registered"),
        }
    }

    fn device(&mut self, aggregate_id: &str, event: &DeviceEvent) {
        let device_id: DeviceId = aggregate_id.parse().unwrap_or_default();
        let (channel, rev) = match event {
            DeviceEvent::DeviceRegistered { .. }
            | DeviceEvent::DeviceRetired { .. }
            | DeviceEvent::DeviceWentOffline { .. }
            | DeviceEvent::DeviceCameBack { .. }
            | DeviceEvent::DeviceFlapped { .. } => return,
            DeviceEvent::LightDesired { channel, rev, .. }
            | DeviceEvent::LightConfirmed { channel, rev, .. }
            | DeviceEvent::LightExpired { channel, rev, .. }
            | DeviceEvent::LightFailed { channel, rev, .. } => (*channel, *rev),
        };
        let light = self.lights.entry(LightChannel { device_id, channel }).or_default();
        light.apply(rev, event, Claims(&mut self.faults));
    }

    fn post(&mut self, event: &JournalEvent) {
        let JournalEvent::TransactionPosted { member_id, entries, .. } = event;
        let sum: Fen = entries.iter().map(|entry| entry.amount).sum();
        let balanced = sum == Fen::ZERO && !entries.is_empty();
        Claims(&mut self.faults).that(balanced, "a transaction that does not sum to zero");
        for entry in entries {
            *self.books.entry((entry.account, *member_id)).or_default() += entry.amount;
        }
    }
}
