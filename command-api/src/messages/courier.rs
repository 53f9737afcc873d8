//! Sends what is due: one process at a time, the oldest first, a few at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use baize_domain::Command;
use baize_domain::chain::Chain;
use baize_domain::hall::{Hall, time_zone_or_utc};
use baize_domain::ids::{MemberId, SessionId, derived};
use baize_domain::member::{Member, MessageChannel, MessageField, MessageKind, MessageNote, MessageOutcome};
use baize_domain::session::TableSession;
use baize_domain::table::Table;
use baize_eventlog::{Clock, EventLog, Lease, RequestKey};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::outbox::{self, Message, Outbox, State};
use super::plan::{Planned, Whom, planned};
use super::templates::{MessageOptions, Shape};
use crate::dispatch::{Caller, CommandError, Dispatcher};
use crate::people::{self, People, SendError, WechatMessage};

/// The lease under which one process sends.
const LEASE: &str = "messages";
/// Events that are read at once.
const EVENTS_MAX: usize = 1_024;
/// Messages that are read at once.
const DUE_MAX: i64 = 64;
/// Messages that are sent at the same time.
const AT_ONCE: usize = 8;
/// Text messages that a person gets in 24 hours, at most.
const TEXTS_MAX: i64 = 5;
/// A message that a provider does not take now is tried again after this, then after twice as long each time.
const PAUSE_MIN: SignedDuration = SignedDuration::from_secs(5);
const PAUSE_MAX: SignedDuration = SignedDuration::from_mins(5);
/// A checkpoint behind which nobody is told anything is stored this late.
const CHECKPOINT_LATE: Duration = Duration::from_secs(5);
/// Between two terms that the database ended.
const REST: Duration = Duration::from_secs(1);
/// So often it is looked for what is due, also if nothing seems to be.
const LOOK: SignedDuration = SignedDuration::from_mins(1);

/// Sends messages.
pub struct Courier {
    dispatcher: Arc<Dispatcher>,
    people: Arc<People>,
    log: EventLog,
    outbox: Outbox,
    clock: Clock,
    options: Arc<MessageOptions>,
    /// Something new is in the outbox.
    added: Notify,
}

/// Why a turn ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Outbox(#[from] outbox::Error),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    People(#[from] people::Error),
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
    #[error("it was stopped")]
    Stopped,
}

impl Ended {
    /// Whether it passes by itself: what is wrong lies outside the message.
    fn passes(&self) -> bool {
        match self {
            Self::Outbox(_) | Self::Stopped | Self::People(people::Error::Database(_)) => true,
            Self::Command(error) | Self::People(people::Error::Command(error)) => error.passes(),
            Self::People(_) | Self::Other(_) => false,
        }
    }
}

impl Courier {
    /// A courier that sends what `options` set up.
    pub fn new(
        dispatcher: Arc<Dispatcher>,
        people: Arc<People>,
        log: EventLog,
        clock: Clock,
        options: Arc<MessageOptions>,
    ) -> Self {
        Self {
            dispatcher,
            people,
            outbox: Outbox::new(log.pool().clone()),
            log,
            clock,
            options,
            added: Notify::new(),
        }
    }

    /// Sends until `stop`; what is under way then is sent to its end.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let acquired = Lease::acquire(&self.log.options().connect, LEASE);
            let Some(lease) = stop.run_until_cancelled(acquired).await else {
                return;
            };
            tokio::select! {
                Err(error) = self.term(&stop) => match error {
                    Ended::Stopped => return,
                    error => tracing::warn!(%error, "messages rest for a moment"),
                },
                () = lease.lost() => tracing::warn!("another process may send messages now"),
            }
            drop(lease);
            stop.run_until_cancelled(tokio::time::sleep(REST)).await;
        }
    }

    async fn term(&self, stop: &CancellationToken) -> Result<(), Ended> {
        let position = self.outbox.begin(&self.log).await?;
        for (position, member_id, kind, channel) in self.outbox.left().await? {
            let outcome = MessageOutcome::Unclear;
            self.note(position, member_id, MessageNote { kind, channel, outcome })
                .await?;
            let problem = "the process ended while it was sent";
            self.outbox.done(position, State::Unclear, Some(problem)).await?;
        }
        tokio::try_join!(self.gather(position), self.deliver(stop))?;
        Ok(())
    }

    /// Follows the log into the outbox, for ever.
    async fn gather(&self, mut position: u64) -> Result<(), Ended> {
        let mut follower = self.log.follow(position);
        let mut stored_at = tokio::time::Instant::now();
        loop {
            let events = follower.next_batch(EVENTS_MAX).await.map_err(outbox::Error::from)?;
            let mut told = Vec::new();
            for event in &events {
                told.extend(planned(event)?.filter(|planned| self.options.templates.contains_key(&planned.kind)));
            }
            if !told.is_empty() || stored_at.elapsed() > CHECKPOINT_LATE {
                self.outbox.add(&told, position, follower.position()).await?;
                position = follower.position();
                stored_at = tokio::time::Instant::now();
                self.added.notify_one();
            }
        }
    }

    /// Sends what is due, until `stop`.
    async fn deliver(&self, stop: &CancellationToken) -> Result<(), Ended> {
        loop {
            if stop.is_cancelled() {
                return Err(Ended::Stopped);
            }
            let due = self.outbox.due(self.clock.now(), DUE_MAX).await?;
            if due.is_empty() {
                let look = self.clock.now() + LOOK;
                let next = self.outbox.next_due().await?.map_or(look, |next| next.min(look));
                tokio::select! {
                    () = self.clock.sleep_until(next) => {}
                    () = self.added.notified() => {}
                    () = stop.cancelled() => {}
                }
                continue;
            }
            let found = stream::iter(due).map(|message| self.prepare(message)).buffered(AT_ONCE);
            let found: Vec<_> = found.try_collect().await?;
            // One after the other to the same person: each uses up what the person allows.
            let mut of_person: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for (message, told) in found.into_iter().flatten() {
                of_person.entry(told.member_id).or_default().push((message, told));
            }
            let sent = stream::iter(of_person.into_values()).map(|messages| self.send_all(messages));
            sent.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        }
    }

    /// Finds out what a message says, and to whom; `None` if it is not to be sent any more.
    async fn prepare(&self, message: Message) -> Result<Option<(Message, Told)>, Ended> {
        let Planned { position, kind, at, .. } = message.planned;
        if self.clock.now().duration_since(at) > kind.lifetime() {
            self.outbox.done(position, State::Late, None).await?;
            return Ok(None);
        }
        match self.look_up(&message.planned).await {
            Ok(Some(told)) => return Ok(Some((message, told))),
            Ok(None) => self.outbox.done(position, State::Unreachable, None).await?,
            // One that cannot be looked up keeps no other waiting.
            Err(error) if !error.passes() => {
                tracing::error!(position, ?kind, %error, "a message cannot be written");
                let problem = error.to_string();
                self.outbox.done(position, State::Refused, Some(&problem)).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(None)
    }

    async fn send_all(&self, messages: Vec<(Message, Told)>) -> Result<(), Ended> {
        for (message, told) in messages {
            self.send(&message, &told).await?;
        }
        Ok(())
    }

    /// Sends one message on the best way that takes it.
    async fn send(&self, message: &Message, told: &Told) -> Result<(), Ended> {
        let Planned { position, kind, at, .. } = message.planned;
        let mut refused = None;
        for channel in self.ways(told.member_id, kind).await? {
            if !self.outbox.sending(position, told.member_id, channel).await? {
                // Somebody else has it.
                return Ok(());
            }
            let sent = self.through(channel, kind, told).await;
            let outcome = match &sent {
                Ok(()) => Some(MessageOutcome::Sent),
                Err(SendError::Unclear(_)) => Some(MessageOutcome::Unclear),
                Err(SendError::NotAllowed) => Some(MessageOutcome::NotAllowed),
                Err(SendError::NotNow(_) | SendError::Limited(_) | SendError::Refused(_)) => None,
            };
            if let Some(outcome) = outcome {
                let note = MessageNote { kind, channel, outcome };
                self.note(position, told.member_id, note).await?;
            }
            match sent {
                Ok(()) => return Ok(self.outbox.done(position, State::Sent, None).await?),
                Err(error @ SendError::Unclear(_)) => {
                    let problem = error.to_string();
                    tracing::warn!(
                        position,
                        ?kind,
                        ?channel,
                        problem,
                        "whether a message was sent is not known"
                    );
                    return Ok(self.outbox.done(position, State::Unclear, Some(&problem)).await?);
                }
                Err(error @ (SendError::NotNow(_) | SendError::Limited(_))) => {
                    let due = self.clock.now() + pause(message.tries);
                    return Ok(self.outbox.again(position, due, &error.to_string()).await?);
                }
                Err(error @ (SendError::NotAllowed | SendError::Refused(_))) => {
                    if let SendError::Refused(problem) = &error {
                        tracing::warn!(position, ?kind, ?channel, problem, "a provider refuses a message");
                    }
                    refused = Some(error.to_string());
                    // Perhaps the next way takes it.
                    self.outbox.again(position, at, "refused on one way").await?;
                }
            }
        }
        let state = refused.as_ref().map_or(State::Unreachable, |_| State::Refused);
        Ok(self.outbox.done(position, state, refused.as_deref()).await?)
    }

    /// The ways that are open to a person, and set up.
    async fn ways(&self, member_id: MemberId, kind: MessageKind) -> Result<Vec<MessageChannel>, Ended> {
        let member = self.dispatcher.anew::<Member>(member_id).await?;
        let mut ways = member
            .profile
            .as_ref()
            .map(|profile| profile.ways(kind))
            .unwrap_or_default();
        ways.retain(|way| self.options.has(kind, *way) && self.people.can_send(*way));
        if ways.contains(&MessageChannel::Sms) {
            let since = self.clock.now() - SignedDuration::from_hours(24);
            if self.outbox.texts_since(member_id, since).await? >= TEXTS_MAX {
                ways.retain(|way| *way != MessageChannel::Sms);
            }
        }
        Ok(ways)
    }

    async fn through(&self, channel: MessageChannel, kind: MessageKind, told: &Told) -> Result<(), SendError> {
        let Some(templates) = self.options.templates.get(&kind) else {
            return Err(SendError::Refused("no template".to_owned()));
        };
        match (channel, &templates.wechat, &templates.sms) {
            (MessageChannel::Wechat, Some(template), _) => {
                let value = |(key, field): (&String, &MessageField)| {
                    let shape = Shape::of(key)?;
                    Some((key.clone(), shape.fit(&told.text(*field))))
                };
                let message = WechatMessage {
                    template_id: &template.template_id,
                    page: Some(template.page.as_str()).filter(|page| !page.is_empty()),
                    version: &self.options.wechat_version,
                    data: template.data.iter().filter_map(value).collect(),
                };
                self.people.send_wechat(told.member_id, &message).await
            }
            (MessageChannel::Sms, _, Some(template)) => {
                let parameters: Vec<_> = template.parameters.iter().map(|field| told.text(*field)).collect();
                let send = self
                    .people
                    .send_text(told.member_id, &template.template_id, &parameters);
                send.await
            }
            _ => Err(SendError::Refused("no template".to_owned())),
        }
    }

    /// What a message says. `None` if there is nobody to tell any more.
    async fn look_up(&self, planned: &Planned) -> Result<Option<Told>, Ended> {
        let (person, place) = match planned.whom {
            Whom::Person(member_id) => (member_id, Place::nowhere(planned.at)),
            Whom::Player(session_id) => match self.place(session_id, planned.at).await? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let Some((member_id, chain_id)) = self.people.stands_for(person).await? else {
            return Ok(None);
        };
        let level = match &planned.facts.level {
            Some(code) => {
                let chain = self.dispatcher.known::<Chain>(chain_id).await?;
                let name = chain.level(code).map(|level| level.name_zh.clone());
                name.unwrap_or_else(|| code.to_string())
            }
            None => String::new(),
        };
        Ok(Some(Told {
            member_id,
            place,
            amount: planned.facts.amount.to_string(),
            minutes: planned.facts.minutes.to_string(),
            level,
        }))
    }

    /// Who plays, and where.
    async fn place(&self, session_id: SessionId, at: Timestamp) -> Result<Option<(MemberId, Place)>, Ended> {
        let session = self.dispatcher.anew::<TableSession>(session_id).await?;
        let Some(opening) = session.opening.as_deref() else {
            return Ok(None);
        };
        let table = self.dispatcher.known::<Table>(session.place(opening).table_id).await?;
        let hall = self.dispatcher.known::<Hall>(opening.hall_id).await?;
        let place = Place {
            hall: hall.profile.as_ref().map(|hall| hall.name.clone()).unwrap_or_default(),
            table: table
                .profile
                .as_ref()
                .map(|table| table.label.clone())
                .unwrap_or_default(),
            time: time(at, &opening.time_zone),
        };
        Ok(Some((opening.member_id, place)))
    }

    /// Puts on record what became of a message; the same message again changes nothing.
    async fn note(&self, position: u64, member_id: MemberId, note: MessageNote) -> Result<(), Ended> {
        let request_id = derived(&["message", &position.to_string(), code(note.channel)]);
        let request = RequestKey::new("messages", request_id, &position.to_be_bytes());
        let caller = Caller::process("messages", &format!("event:{position}"));
        let command = Command::NoteMessage { member_id, note };
        match self.dispatcher.dispatch(command, request, &caller).await {
            Ok(_) | Err(CommandError::Refused(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a message says, and to whom.
struct Told {
    member_id: MemberId,
    place: Place,
    amount: String,
    minutes: String,
    level: String,
}

struct Place {
    hall: String,
    table: String,
    time: String,
}

impl Place {
    /// Of what happens in no hall.
    fn nowhere(at: Timestamp) -> Self {
        Self {
            hall: String::new(),
            table: String::new(),
            time: time(at, "Asia/Shanghai"),
        }
    }
}

fn time(at: Timestamp, zone: &str) -> String {
    at.to_zoned(time_zone_or_utc(zone))
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

impl Told {
    fn text(&self, field: MessageField) -> String {
        let text = match field {
            MessageField::Hall => &self.place.hall,
            MessageField::Table => &self.place.table,
            MessageField::Time => &self.place.time,
            MessageField::Amount => &self.amount,
            MessageField::Minutes => &self.minutes,
            MessageField::Level => &self.level,
        };
        // Providers refuse a message with nothing in one place.
        match text.is_empty() {
            true => "—".to_owned(),
            false => text.clone(),
        }
    }
}

const fn code(channel: MessageChannel) -> &'static str {
    match channel {
        MessageChannel::Wechat => "wechat",
        MessageChannel::Sms => "sms",
    }
}

fn pause(tries: i32) -> SignedDuration {
    let doubled = PAUSE_MIN.saturating_mul(1 << tries.clamp(0, 16));
    doubled.min(PAUSE_MAX)
}
