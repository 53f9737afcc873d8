//! The evening in figures, as the log grows.

use std::collections::{BTreeMap, BTreeSet};

use baize_domain::Event;
use baize_domain::device::DeviceEvent;
use baize_domain::ids::SessionId;
use baize_domain::money::Fen;
use baize_domain::session::TableSessionEvent;
use baize_eventlog::EventLog;
use tokio::sync::watch;

const BATCH: usize = 256;

/// Figures at one position of the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Log position.
    pub position: u64,
    /// Sessions opened so far.
    pub opened: usize,
    /// Openings that wait for their payment.
    pub waiting: BTreeSet<SessionId>,
    /// Sessions being played.
    pub open: BTreeSet<SessionId>,
    /// Sessions that ended and are not settled yet.
    pub unsettled: BTreeSet<SessionId>,
    /// Sessions that came to nothing.
    pub cancelled: usize,
    /// What settled sessions cost.
    pub revenue: Fen,
    /// Lights that are asked to be on, or were asked to be off and have not confirmed it.
    lights: BTreeMap<(String, u8), bool>,
}

impl Tally {
    /// Whether nobody plays or waits, everything is paid and every light is known to be off.
    pub fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && self.open.is_empty() && self.unsettled.is_empty() && self.lights_on() == 0
    }

    /// Lights that are not known to be off.
    pub fn lights_on(&self) -> usize {
        self.lights.values().filter(|on| **on).count()
    }

    fn take(&mut self, aggregate_id: &str, event: &Event) {
        match event {
            Event::TableSession(event) => self.session(SessionId(aggregate_id.parse().unwrap_or_default()), event),
            Event::Device(event) => self.device(aggregate_id, event),
            _ => {}
        }
    }

    fn session(&mut self, session_id: SessionId, event: &TableSessionEvent) {
        match event {
            TableSessionEvent::OpeningAwaited { .. } => {
                self.waiting.insert(session_id);
            }
            TableSessionEvent::OpeningLapsed { .. } => {
                self.waiting.remove(&session_id);
            }
            TableSessionEvent::SessionOpened { .. } => {
                self.waiting.remove(&session_id);
                self.opened += 1;
                self.open.insert(session_id);
            }
            TableSessionEvent::SessionClosed { .. } => {
                self.open.remove(&session_id);
                self.unsettled.insert(session_id);
            }
            TableSessionEvent::SessionCancelled { .. } => {
                self.open.remove(&session_id);
                self.cancelled += 1;
            }
            TableSessionEvent::SessionSettled { paid, outstanding, .. } => {
                self.unsettled.remove(&session_id);
                self.revenue += *paid + *outstanding;
            }
            _ => {}
        }
    }

    fn device(&mut self, device_id: &str, event: &DeviceEvent) {
        let (channel, on) = match event {
            DeviceEvent::LightDesired { channel, .. } => (*channel, true),
            DeviceEvent::LightConfirmed { channel, on, .. } => (*channel, *on),
            DeviceEvent::LightExpired { channel, .. } => (*channel, false),
            DeviceEvent::DeviceRegistered { .. }
            | DeviceEvent::DeviceRetired { .. }
            | DeviceEvent::DeviceWentOffline { .. }
            | DeviceEvent::DeviceCameBack { .. }
            | DeviceEvent::DeviceFlapped { .. }
            | DeviceEvent::LightFailed { .. } => return,
        };
        self.lights.insert((device_id.to_owned(), channel), on);
    }
}

/// Follows the log and tells the figures, until nobody listens.
///
/// # Errors
/// An event cannot be read. A database that is away is waited for.
pub async fn follow(log: EventLog, figures: watch::Sender<Tally>) -> anyhow::Result<()> {
    let mut follower = log.follow(0);
    let mut tally = Tally::default();
    while !figures.is_closed() {
        let batch = match follower.next_batch(BATCH).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(%error, "the log cannot be followed");
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                continue;
            }
        };
        for recorded in &batch {
            let event = Event::decode(&recorded.stream.aggregate_type, &recorded.payload)?;
            tally.take(&recorded.stream.aggregate_id, &event);
            tally.position = recorded.position;
        }
        figures.send_replace(tally.clone());
    }
    Ok(())
}
