//! The log folded for the checks: sessions, wallets, transactions and lights as the events tell them.
//!
//! This is deliberately not the fold of the domain or of a view: a mistake there must not excuse itself here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::Context as _;
use baize_domain::Event;
use baize_domain::compensation::CompensationEvent;
use baize_domain::device::DeviceEvent;
use baize_domain::ids::{CompensationId, DeviceId, MemberId, SessionId, TableId};
use baize_domain::journal::{Entry, JournalEvent};
use baize_domain::member::MemberEvent;
use baize_domain::money::Fen;
use baize_domain::payment::{Channel, PaymentEvent};
use baize_domain::refund::RefundEvent;
use baize_domain::session::TableSessionEvent;
use baize_domain::table::TableEvent;
use baize_domain::wallet::WalletEvent;
use baize_eventlog::{EventLog, META_REQUEST_ID, RecordedEvent};
use jiff::Timestamp;
use uuid::Uuid;

use super::people::People;
use super::records::{Desired, Session, Topic, Wallet};

/// Everything the checks need to know of a log.
#[derive(Debug)]
pub struct Book {
    /// The last position.
    pub head: u64,
    /// Events counted.
    pub events: u64,
    /// Last sequence of each stream.
    pub streams: HashMap<(String, String), u64>,
    /// All sessions.
    pub sessions: BTreeMap<SessionId, Session>,
    /// All wallets.
    pub wallets: BTreeMap<MemberId, Wallet>,
    /// All transactions of the journal: position and entries.
    pub transactions: Vec<(u64, Vec<Entry>)>,
    /// The desired states of each light, in order.
    pub lights: BTreeMap<(DeviceId, u8), Vec<Desired>>,
    /// The MQTT topic of each device.
    pub topics: BTreeMap<DeviceId, String>,
    /// Session that has the table now.
    pub occupied: BTreeMap<TableId, SessionId>,
    /// Request ids that caused events, with the positions of those.
    pub requests: HashMap<Uuid, Vec<u64>>,
    /// Openings that waited for their payment, each with the request that asked for it.
    pub awaited: BTreeMap<SessionId, Option<Uuid>>,
    /// Those of them that came to nothing.
    pub lapsed: BTreeSet<SessionId>,
    /// Guests that were let in.
    pub guests: BTreeSet<MemberId>,
    /// Moves to another table, by the request that asked for it.
    pub moves: BTreeMap<Uuid, SessionId>,
    /// Sessions that goods were put on the bill of, by the request that did.
    pub orders_of_goods: BTreeMap<Uuid, SessionId>,
    /// What settlements left open, whether or not it was paid since.
    pub incurred: BTreeMap<SessionId, Fen>,
    /// What people and their levels say of discounts.
    pub people: People,
    /// What each provider took, less what it paid back.
    pub captured: BTreeMap<Channel, Fen>,
    /// What was given back for sessions.
    pub compensated: Fen,
    /// What waits for somebody's word to be given back.
    compensations_asked: HashMap<CompensationId, Fen>,
    /// The channel of each order: payment and attempt.
    orders: HashMap<(Uuid, u8), Channel>,
    /// The providers' numbers of payments that were taken in.
    provider_payments: HashSet<(Channel, String)>,
    /// Channel and amount of each refund.
    refunds: HashMap<Uuid, (Channel, Fen)>,
    /// What wallets gave for sessions that come later in the same unit.
    taken_early: BTreeMap<SessionId, Fen>,
    /// Sessions with events recorded after this are still under way, and not judged by what they lack yet.
    pub judged_until: Timestamp,
    /// Rules broken by the events themselves, by topic.
    pub faults: BTreeMap<Topic, Vec<String>>,
}

impl Book {
    /// A book with nothing in it.
    pub fn new(judged_until: Timestamp) -> Self {
        Self {
            head: 0,
            events: 0,
            streams: HashMap::new(),
            sessions: BTreeMap::new(),
            wallets: BTreeMap::new(),
            transactions: Vec::new(),
            lights: BTreeMap::new(),
            topics: BTreeMap::new(),
            occupied: BTreeMap::new(),
            requests: HashMap::new(),
            awaited: BTreeMap::new(),
            lapsed: BTreeSet::new(),
            guests: BTreeSet::new(),
            moves: BTreeMap::new(),
            orders_of_goods: BTreeMap::new(),
            incurred: BTreeMap::new(),
            people: People::default(),
            captured: BTreeMap::new(),
            compensated: Fen::ZERO,
            compensations_asked: HashMap::new(),
            orders: HashMap::new(),
            provider_payments: HashSet::new(),
            refunds: HashMap::new(),
            taken_early: BTreeMap::new(),
            judged_until,
            faults: BTreeMap::new(),
        }
    }

    /// Reads the whole log up to its present head.
    ///
    /// # Errors
    /// The database is away, or an event cannot be read.
    pub async fn read(log: &EventLog, judged_until: Timestamp) -> anyhow::Result<Self> {
        let mut book = Self::new(judged_until);
        let until = log.head().await.context("asking for the head of the log")?;
        let mut replay = log.replay(0, until).await.context("reading the log")?;
        while let Some(batch) = replay.next_batch().await.context("reading the log")? {
            for event in &batch {
                book.take(event)?;
            }
        }
        Ok(book)
    }

    /// Sessions that can be judged by what they lack: nothing has happened in them for a while.
    pub fn at_rest(&self) -> impl Iterator<Item = (&SessionId, &Session)> {
        self.sessions
            .iter()
            .filter(|(_, session)| session.recorded_at <= self.judged_until)
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// No known event can be read from it.
    pub fn take(&mut self, recorded: &RecordedEvent) -> anyhow::Result<()> {
        let RecordedEvent {
            position,
            stream,
            sequence,
            ..
        } = recorded;
        let event = Event::decode(&stream.aggregate_type, &recorded.payload)
            .with_context(|| format!("event {position}, {} of {stream}, cannot be read", recorded.event_type))?;
        if *position != self.head + 1 {
            self.fault(Topic::Positions, format!("position {position} follows {}", self.head));
        }
        self.head = *position;
        self.events += 1;
        let key = (stream.aggregate_type.clone().into_owned(), stream.aggregate_id.clone());
        let before = self.streams.insert(key, *sequence).unwrap_or(0);
        if *sequence != before + 1 {
            self.fault(
                Topic::Streams,
                format!("{stream} goes from {before} to {sequence} at position {position}"),
            );
        }
        let request_id = recorded
            .metadata
            .get(META_REQUEST_ID)
            .and_then(|id| id.parse::<Uuid>().ok());
        if let Some(request_id) = request_id {
            self.requests.entry(request_id).or_default().push(*position);
        }
        self.apply(&stream.aggregate_id, *position, request_id, recorded.recorded_at, event);
        Ok(())
    }

    fn apply(
        &mut self,
        aggregate_id: &str,
        position: u64,
        request_id: Option<Uuid>,
        recorded_at: Timestamp,
        event: Event,
    ) {
        let id = aggregate_id.parse::<Uuid>().unwrap_or_default();
        match event {
            Event::Table(event) => self.table(TableId(id), position, &event),
            Event::TableSession(event) => self.session(SessionId(id), position, request_id, recorded_at, event),
            Event::Wallet(event) => self.wallet(MemberId(id), position, &event),
            Event::Device(event) => self.device(DeviceId(id), event),
            Event::Journal(JournalEvent::TransactionPosted { entries, .. }) => {
                self.transactions.push((position, entries))
            }
            Event::Chain(event) => self.people.chain(id, &event),
            Event::Member(event) => {
                if let MemberEvent::GuestStarted { .. } = event {
                    self.guests.insert(MemberId(id));
                }
                self.people.member(MemberId(id), &event);
            }
            Event::Compensation(event) => self.compensation(event),
            Event::Payment(event) => self.payment(id, position, event),
            Event::Refund(event) => self.refund(id, event),
            Event::Calendar(_)
            | Event::Staff(_)
            | Event::PointsAccount(_)
            | Event::Gift(_)
            | Event::Reconciliation(_)
            | Event::Redemption(_)
            | Event::BillSplit(_)
            | Event::Repair(_)
            | Event::Complaint(_)
            | Event::Hall(_)
            | Event::TariffPlan(_)
            | Event::Identity(_) => {}
        }
    }

    fn compensation(&mut self, event: CompensationEvent) {
        match event {
            CompensationEvent::CompensationAsked {
                terms, needs_approval, ..
            } if needs_approval => {
                self.compensations_asked.insert(terms.compensation_id, terms.amount);
            }
            CompensationEvent::CompensationAsked { terms, .. } => self.compensated += terms.amount,
            CompensationEvent::CompensationApproved { compensation_id, .. } => {
                self.compensated += self.compensations_asked.remove(&compensation_id).unwrap_or_default();
            }
            CompensationEvent::CompensationRejected { compensation_id, .. } => {
                self.compensations_asked.remove(&compensation_id);
            }
        }
    }

    fn payment(&mut self, payment: Uuid, position: u64, event: PaymentEvent) {
        match event {
            PaymentEvent::AttemptAsked { attempt, order, .. } => {
                self.orders.insert((payment, attempt), order.channel);
            }
            PaymentEvent::AttemptPaid { attempt, paid, .. } => {
                let Some(channel) = self.orders.get(&(payment, attempt)).copied() else {
                    let fault = format!(
                        "attempt {attempt} of payment {payment} was never asked, and is paid at position {position}"
                    );
                    return self.fault(Topic::Payments, fault);
                };
                *self.captured.entry(channel).or_default() += paid.amount;
                if !self.provider_payments.insert((channel, paid.transaction_id.clone())) {
                    let fault = format!(
                        "{} of {} is taken in again at position {position}",
                        paid.transaction_id,
                        channel.code()
                    );
                    self.fault(Topic::Payments, fault);
                }
            }
            _ => {}
        }
    }

    fn refund(&mut self, refund: Uuid, event: RefundEvent) {
        match event {
            RefundEvent::RefundRequested { request, .. } => {
                let order = &request.order;
                self.refunds.insert(refund, (order.channel, order.amount));
            }
            RefundEvent::RefundSucceeded { .. } => {
                if let Some((channel, amount)) = self.refunds.get(&refund).copied() {
                    *self.captured.entry(channel).or_default() -= amount;
                }
            }
            _ => {}
        }
    }

    fn table(&mut self, table_id: TableId, position: u64, event: &TableEvent) {
        match event {
            TableEvent::TableOccupied { session_id, .. } => {
                if let Some(other) = self.occupied.insert(table_id, *session_id) {
                    self.fault(
                        Topic::Tables,
                        format!("table {table_id} has {other} and {session_id} at position {position}"),
                    );
                }
            }
            TableEvent::TableReleased { session_id, .. } => {
                if self.occupied.remove(&table_id) != Some(*session_id) {
                    self.fault(Topic::Tables, format!("table {table_id} is released by {session_id}, which did not have it, at position {position}"));
                }
            }
            TableEvent::TableRegistered { .. }
            | TableEvent::TableRenamed { .. }
            | TableEvent::TableReclassified { .. }
            | TableEvent::TableTariffChanged { .. }
            | TableEvent::TableLightChanged { .. }
            | TableEvent::QrTokenRotated { .. }
            | TableEvent::TableRetired { .. }
            | TableEvent::MaintenanceStarted { .. }
            | TableEvent::MaintenanceEnded { .. } => {}
        }
    }

    fn session(
        &mut self,
        session_id: SessionId,
        position: u64,
        request_id: Option<Uuid>,
        recorded_at: Timestamp,
        event: TableSessionEvent,
    ) {
        if let TableSessionEvent::SessionOpened {
            mode,
            light,
            tariff,
            discount,
            time_zone,
            policy,
            opened_at,
            member_id,
            ..
        } = event
        {
            // An opening that waited was asked for when it began to wait.
            let request_id = self.awaited.get(&session_id).copied().unwrap_or(request_id);
            self.people.opened(session_id, member_id, discount.as_ref());
            let session = Session {
                mode,
                light,
                tariff,
                discount,
                time_zone,
                policy,
                opened_at,
                request_id,
                billing_from: None,
                past: Vec::new(),
                present: None,
                moved: false,
                extensions: Vec::new(),
                goods: Vec::new(),
                closed: None,
                settlements: Vec::new(),
                cancelled: None,
                taken: self.taken_early.remove(&session_id).unwrap_or_default(),
                recorded_at,
            };
            if self.sessions.insert(session_id, session).is_some() {
                self.fault(
                    Topic::Sessions,
                    format!("session {session_id} is opened again at position {position}"),
                );
            }
            return;
        }
        match event {
            TableSessionEvent::OpeningAwaited { .. } => {
                self.awaited.insert(session_id, request_id);
                return;
            }
            TableSessionEvent::OpeningLapsed { .. } => {
                self.lapsed.insert(session_id);
                return;
            }
            TableSessionEvent::SessionTransferred { .. } => {
                self.moves.insert(request_id.unwrap_or_default(), session_id);
            }
            TableSessionEvent::GoodsAdded { .. } => {
                self.orders_of_goods.insert(request_id.unwrap_or_default(), session_id);
            }
            _ => {}
        }
        let mut fault = None;
        let Some(session) = self.sessions.get_mut(&session_id) else {
            self.fault(
                Topic::Sessions,
                format!("session {session_id} was never opened, yet goes on at position {position}"),
            );
            return;
        };
        session.recorded_at = recorded_at;
        match event {
            TableSessionEvent::BillingStarted { at, .. } if session.billing_from.is_none() => {
                session.billing_from = Some(at)
            }
            TableSessionEvent::SessionClosed { at, cause, bill, .. }
                if session.closed.is_none() && session.cancelled.is_none() =>
            {
                session.closed = Some((at, cause, bill));
            }
            TableSessionEvent::SessionCancelled { reason, at }
                if session.closed.is_none() && session.cancelled.is_none() =>
            {
                session.cancelled = Some((at, reason));
            }
            TableSessionEvent::SessionExtended { minutes, price, .. } => session.extensions.push((minutes, price)),
            TableSessionEvent::SessionTransferred {
                tariff, surcharge, at, ..
            } => {
                session.end_stretch(at, Some(tariff));
                session.moved = true;
                session.extensions.push((0, surcharge));
            }
            TableSessionEvent::GoodsAdded { line, .. } => session.goods.push(line),
            TableSessionEvent::GoodsRemoved { code, quantity, .. } => session.take_goods(&code, quantity),
            TableSessionEvent::SessionPaused { at, .. } => session.end_stretch(at, None),
            TableSessionEvent::SessionResumed { at, .. } => {
                session.present = session.present.take().map(|(tariff, _)| (tariff, at));
            }
            TableSessionEvent::SessionSettled { paid, outstanding, .. } => {
                session.settlements.push((paid, outstanding))
            }
            TableSessionEvent::HoldRenewed { .. } | TableSessionEvent::CustomerWarned { .. } => {}
            TableSessionEvent::OpeningAwaited { .. }
            | TableSessionEvent::OpeningLapsed { .. }
            | TableSessionEvent::SessionOpened { .. }
            | TableSessionEvent::BillingStarted { .. }
            | TableSessionEvent::SessionClosed { .. }
            | TableSessionEvent::SessionCancelled { .. } => {
                fault = Some(format!(
                    "session {session_id} begins, bills or ends twice at position {position}"
                ));
            }
        }
        if let Some(fault) = fault {
            self.fault(Topic::Sessions, fault);
        }
    }

    fn wallet(&mut self, member_id: MemberId, position: u64, event: &WalletEvent) {
        let wallet = self.wallets.entry(member_id).or_default();
        let mut spent = None;
        let mut share = None;
        match event {
            WalletEvent::WalletOpened { .. } | WalletEvent::PrepaidSettled { .. } => {}
            WalletEvent::TopUpCredited { amount, .. } => wallet.add(*amount),
            WalletEvent::FundsHeld { hold_id, amount, .. } => *wallet.holds.entry(*hold_id).or_default() += *amount,
            WalletEvent::HoldCaptured {
                hold_id,
                session_id,
                captured,
                released,
                ..
            } => {
                // What is captured beyond the hold comes from what was free.
                let held = wallet.holds.remove(hold_id).unwrap_or_default();
                wallet.take(*captured);
                spent = Some((*session_id, captured.total()));
                let expected = held.saturating_sub_zero(captured.total());
                if *released != expected {
                    let fault = format!(
                        "hold {hold_id} of {held} gave {} and {released} back at position {position}",
                        captured.total()
                    );
                    self.fault(Topic::Wallets, fault);
                }
            }
            WalletEvent::HoldReleased { hold_id, released, .. } => {
                let held = wallet.holds.remove(hold_id).unwrap_or_default();
                if held != *released {
                    self.fault(
                        Topic::Wallets,
                        format!("hold {hold_id} of {held} was released as {released} at position {position}"),
                    );
                }
            }
            WalletEvent::PrepaidCharged { session_id, amount, .. }
            | WalletEvent::GoodsCharged { session_id, amount, .. } => {
                wallet.take(*amount);
                spent = Some((*session_id, amount.total()));
            }
            WalletEvent::PrepaidRefunded { session_id, amount, .. } => {
                wallet.add(*amount);
                spent = Some((*session_id, -amount.total()));
            }
            WalletEvent::ShareCharged { share_id, amount, .. } => {
                wallet.take(*amount);
                wallet.shares.insert(*share_id, amount.total());
            }
            WalletEvent::ShareReturned { share_id, amount, .. } => {
                wallet.add(*amount);
                share = Some((*share_id, amount.total(), wallet.shares.remove(share_id)));
            }
            WalletEvent::ShareDelivered { share_id, amount, .. } => {
                share = Some((*share_id, amount.total(), wallet.shares.remove(share_id)));
            }
            WalletEvent::PrincipalWithdrawn { share, .. } => wallet.take(share.taken),
            WalletEvent::PrincipalRestored { share, .. } => wallet.add(share.taken),
            WalletEvent::WalletHandedOver { balance, owed, .. } => {
                wallet.take(*balance);
                let known: Fen = std::mem::take(&mut wallet.debts).values().copied().sum();
                let left = wallet.principal != Fen::ZERO || wallet.bonus != Fen::ZERO;
                if left || known != *owed {
                    let fault = format!(
                        "the wallet of {member_id} gave not all or owed {known}, not {owed}, at position {position}"
                    );
                    self.fault(Topic::Wallets, fault);
                }
            }
            WalletEvent::WalletTakenOver { lots, debts, .. } => {
                lots.iter().for_each(|share| wallet.add(share.taken));
                for debt in debts {
                    *wallet.debts.entry(debt.session_id).or_default() += debt.outstanding;
                }
            }
            WalletEvent::DebtIncurred { session_id, amount, .. } => {
                *wallet.debts.entry(*session_id).or_default() += *amount;
                self.incurred.insert(*session_id, *amount);
            }
            WalletEvent::DebtPaid {
                session_id,
                paid,
                outstanding,
                ..
            } => {
                wallet.take(*paid);
                let owed = wallet.debts.remove(session_id).unwrap_or_default() - paid.total();
                if owed != Fen::ZERO {
                    wallet.debts.insert(*session_id, owed);
                }
                if owed != *outstanding {
                    self.fault(
                        Topic::Wallets,
                        format!("{owed} is owed for session {session_id}, not {outstanding}, at position {position}"),
                    );
                }
            }
        }
        if let Some((session_id, amount)) = spent {
            self.spent(session_id, amount);
        }
        if let Some((share_id, moved, held)) = share.filter(|(_, moved, held)| *held != Some(*moved)) {
            let held = held.unwrap_or_default();
            let fault = format!("share {share_id} moves {moved} of {held} that are set aside, at position {position}");
            self.fault(Topic::Wallets, fault);
        }
        let wallet = self.wallets.entry(member_id).or_default();
        wallet.entries += 1;
        let (principal, bonus, free) = (wallet.principal, wallet.bonus, wallet.available());
        if principal < Fen::ZERO || bonus < Fen::ZERO || free < Fen::ZERO {
            let fault = format!(
                "wallet {member_id} has {principal} principal, {bonus} bonus, {free} free at position {position}"
            );
            self.fault(Topic::Wallets, fault);
        }
    }

    /// Books what a wallet gave for a session, which may be recorded just after.
    fn spent(&mut self, session_id: SessionId, amount: Fen) {
        match self.sessions.get_mut(&session_id) {
            Some(session) => session.taken += amount,
            None => *self.taken_early.entry(session_id).or_default() += amount,
        }
    }

    fn device(&mut self, device_id: DeviceId, event: DeviceEvent) {
        match event {
            DeviceEvent::DeviceRetired { .. }
            | DeviceEvent::DeviceWentOffline { .. }
            | DeviceEvent::DeviceCameBack { .. }
            | DeviceEvent::DeviceFlapped { .. } => {}
            DeviceEvent::DeviceRegistered { topic, .. } => {
                self.topics.insert(device_id, topic);
            }
            DeviceEvent::LightDesired {
                channel,
                rev,
                on,
                session_id,
                not_after,
                issued_at,
                ..
            } => {
                let desired = Desired {
                    rev,
                    on,
                    session_id,
                    not_after,
                    issued_at,
                    confirmed_at: None,
                    expired_at: None,
                };
                self.lights.entry((device_id, channel)).or_default().push(desired);
            }
            DeviceEvent::LightConfirmed { channel, rev, at, .. } => {
                if let Some(desired) = self.desired(device_id, channel, rev) {
                    desired.confirmed_at.get_or_insert(at);
                }
            }
            DeviceEvent::LightExpired { channel, rev, at, .. } => {
                if let Some(desired) = self.desired(device_id, channel, rev) {
                    desired.expired_at.get_or_insert(at);
                }
            }
            DeviceEvent::LightFailed { .. } => {}
        }
    }

    fn desired(&mut self, device_id: DeviceId, channel: u8, rev: u64) -> Option<&mut Desired> {
        self.lights
            .get_mut(&(device_id, channel))?
            .iter_mut()
            .rfind(|desired| desired.rev == rev)
    }

    fn fault(&mut self, topic: Topic, text: String) {
        self.faults.entry(topic).or_default().push(text);
    }
}
