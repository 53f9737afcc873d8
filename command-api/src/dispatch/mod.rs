//! The one door that every command goes through: customers', staff's, devices' and process managers'.
//!
//! ```text
//! read (memory) ─► decide (pure) ─► append (one round trip) ─► remember ─► answer
//!   ▲                                  │ a stream had changed
//!   └────────── forget it, queue ◄─────┘ (bounded)
//! ```
//!
//! The append carries everything: the events of all streams, the versions of those that were only read, and the
//! answer under its request id. Hence a refusal is as reliable as an acceptance, and a repeated request costs no look-up.

mod awaited;
mod belonging;
mod calendar;
mod caller;
mod chain;
mod compensation;
mod complaints;
mod decide;
mod device;
mod error;
mod gifts;
mod goods;
mod moves;
mod offers;
mod payments;
mod people;
mod points;
mod queue;
mod quote;
mod reconciliation;
mod refunds;
mod repairs;
mod reply;
mod session;
mod splits;
mod staff;
mod venue;
mod wallet;
mod work;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use baize_domain::Command;
use baize_domain::complaint::Complaint;
use baize_domain::hall::Hall;
use baize_domain::identity::Identity;
use baize_domain::ids::{ComplaintId, IdentityId, MemberId, PaymentIntentId, ReconciliationId};
use baize_domain::member::Member;
use baize_domain::payment::Payment;
use baize_domain::reconciliation::Reconciliation;
use baize_eventlog::{
    AppendError, Appended, Clock, META_ACTOR, META_CAUSATION_ID, META_CORRELATION_ID, META_HALL, META_REQUEST_ID,
    META_TRACEPARENT, Metadata, Repository, RequestKey, StreamId, Unit,
};
use baize_proto::access::{Access, Scope};
use cqrs_es::Aggregate;
use jiff::Timestamp;

pub use belonging::Belongs;
pub use caller::Caller;
pub use error::CommandError;
pub use offers::Offers;
pub use quote::{Asked, PackageOffer, Play, Quoted, Whose};
pub use reply::Reply;

use decide::decide;
use queue::{Queues, Turn};
use reply::Stored;
use work::{Draft, Remember, Work};

/// Executes commands. Shared by all callers of a process.
pub struct Dispatcher {
    repository: Repository,
    clock: Clock,
    offers: Offers,
    queues: Queues,
    attempts_max: usize,
}

/// An accepted command.
#[derive(Debug)]
pub struct Done {
    /// Its answer.
    pub reply: Reply,
    /// The position of its last event, or the log's at that time if it changed nothing.
    pub position: u64,
}

impl Dispatcher {
    /// A dispatcher that decides a command at most `attempts_max` times while others change what it is about. Whoever finds a
    /// table taken is told of `offers`.
    pub fn new(repository: Repository, clock: Clock, offers: Offers, attempts_max: usize) -> Self {
        Self {
            repository,
            clock,
            offers,
            queues: Queues::default(),
            attempts_max,
        }
    }

    /// Executes the command, unless its request was executed before: then its answer comes again.
    ///
    /// # Errors
    /// A refusal, or why there is no answer. Dropping the future does not take the command back.
    pub async fn dispatch(&self, command: Command, request: RequestKey, caller: &Caller) -> Result<Done, CommandError> {
        let mut changed: Vec<StreamId> = Vec::new();
        for attempt in 0..self.attempts_max {
            let (mut result, draft, _turn) = self.attempt(&command, caller, &changed).await?;
            if let Stored::Refused(refusal) = &mut result {
                self.offers.add_to(refusal);
            }
            let (unit, remember) = unit(draft, &request, caller, &result)?;
            match self.repository.log().append(unit).await {
                Ok(Appended::Committed { position }) => {
                    remember.into_iter().for_each(|state| state(&self.repository));
                    return answer(result, position);
                }
                Ok(Appended::Replayed { position, response }) => {
                    let result = serde_json::from_slice(&response);
                    return answer(result.map_err(unreadable)?, position);
                }
                Err(AppendError::Conflict { stream }) => {
                    self.repository.forget(&stream);
                    changed.push(stream);
                }
                Err(error) => return Err(error.into()),
            }
            pause(attempt).await;
        }
        tracing::warn!(request_id = %request.request_id, stream = ?changed.last(), "gave up after conflicts");
        Err(CommandError::Conflict)
    }

    /// What the request was answered, if it was executed before.
    ///
    /// # Errors
    /// What it was answered, if that was a refusal; or the id stands for another request, or the database is away.
    pub async fn answered(&self, request: &RequestKey) -> Result<Option<Done>, CommandError> {
        let stored = self
            .repository
            .log()
            .stored_result(&request.scope, request.request_id)
            .await;
        let stored = stored.map_err(|error| CommandError::Unavailable(error.to_string()))?;
        let Some(stored) = stored else { return Ok(None) };
        if stored.content_hash != request.content_hash {
            return Err(CommandError::RequestIdReused);
        }
        let result = serde_json::from_slice(&stored.response).map_err(unreadable)?;
        answer(result, stored.position).map(Some)
    }

    /// The last position of the log.
    ///
    /// # Errors
    /// The database is away.
    pub async fn head(&self) -> Result<u64, CommandError> {
        let head = self.repository.log().head().await;
        head.map_err(|error| CommandError::Unavailable(error.to_string()))
    }

    /// An aggregate, as this process knows it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn known<A: Aggregate + Clone + 'static>(&self, id: impl Display) -> Result<Arc<A>, CommandError> {
        Ok(self.repository.load::<A>(&id.to_string()).await?.aggregate)
    }

    /// An aggregate as it is now: read anew, for another process may have changed it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn anew<A: Aggregate + Clone + 'static>(&self, id: impl Display) -> Result<Arc<A>, CommandError> {
        let id = id.to_string();
        self.repository.forget(&StreamId::new(A::TYPE, &id));
        Ok(self.repository.load::<A>(&id).await?.aggregate)
    }

    /// A person, as this process knows the person: a command decides on what is true.
    ///
    /// # Errors
    /// The database is away.
    pub async fn member(&self, member_id: MemberId) -> Result<Arc<Member>, CommandError> {
        self.known(member_id).await
    }

    /// A complaint as it is now: read anew, for another process may have taken in what was said.
    ///
    /// # Errors
    /// The database is away.
    pub async fn complaint(&self, complaint_id: ComplaintId) -> Result<Arc<Complaint>, CommandError> {
        self.anew(complaint_id).await
    }

    /// A payment as it is now: read anew, for its payer waits for what another process may have recorded.
    ///
    /// # Errors
    /// The database is away.
    pub async fn payment(&self, intent_id: PaymentIntentId) -> Result<Arc<Payment>, CommandError> {
        self.anew(intent_id).await
    }

    /// A reconciliation as it is now: read anew, for another process may have taken in what somebody said about it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn reconciliation(&self, id: ReconciliationId) -> Result<Arc<Reconciliation>, CommandError> {
        self.anew(id).await
    }

    /// The instant that rules go by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Who has an openid or a phone number, as this process knows it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn owner(&self, identity_id: IdentityId) -> Result<Option<MemberId>, CommandError> {
        let identity = self.repository.load::<Identity>(&identity_id.to_string()).await?;
        Ok(identity.aggregate.owner)
    }

    /// Decides the command, when its turn has come at a stream that others want to write as well.
    async fn attempt<'a>(
        &'a self,
        command: &Command,
        caller: &Caller,
        changed: &[StreamId],
    ) -> Result<(Stored, Draft, Option<Turn<'a>>), CommandError> {
        let mut turn = match changed.last() {
            Some(stream) => Some(self.queues.turn(stream.clone()).await),
            None => None,
        };
        loop {
            let work = Work::new(&self.repository, changed, self.clock.now());
            let decision = match decide(&work, command).await {
                // What could not be read is nobody's yet: that it could not is all there is to tell.
                Err(error) if !matches!(error, CommandError::Refused(_)) => return Err(error),
                decision => decision,
            };
            if let Some(access) = &caller.access {
                self.permit(access, command, &work).await?;
            }
            let (result, draft) = draft(decision, work)?;
            match &turn {
                None => match self.queues.crowded(draft.written()) {
                    Some(stream) => turn = Some(self.queues.turn(stream.clone()).await),
                    None => return Ok((result, draft, None)),
                },
                // Only those who write to the stream have to go one by one.
                Some(held) => {
                    let needed = draft.written().any(|stream| stream == held.stream());
                    return Ok((result, draft, turn.filter(|_| needed)));
                }
            }
        }
    }
}

impl Dispatcher {
    /// Asks whether everything that the command read is the caller's to ask for. Whatever was decided, a caller who may
    /// not is told only that: not even that there is such a thing.
    async fn permit(&self, access: &Access, command: &Command, work: &Work<'_>) -> Result<(), CommandError> {
        let mut things = work.things();
        things.extend(belonging::named(command));
        if access.scope() == Scope::Chain {
            for thing in things.iter_mut().filter(|thing| thing.chain.is_none()) {
                let Some(hall_id) = thing.hall else { continue };
                let hall = self.repository.load::<Hall>(&hall_id.to_string()).await?;
                thing.chain = hall.aggregate.profile.as_ref().map(|profile| profile.chain_id.0);
            }
        }
        access.permit(&things).map_err(CommandError::Denied)
    }
}

/// Splits an attempt into its result and what is to be appended; a failure that is no answer ends the command.
fn draft(decision: Result<Reply, CommandError>, work: Work<'_>) -> Result<(Stored, Draft), CommandError> {
    let mut draft = work.finish();
    match decision {
        Ok(reply) => Ok((Stored::Accepted(reply), draft)),
        Err(CommandError::Refused(refusal)) => {
            draft.withdraw_events();
            Ok((Stored::Refused(refusal), draft))
        }
        Err(error) => Err(error),
    }
}

fn unit(
    draft: Draft,
    request: &RequestKey,
    caller: &Caller,
    result: &Stored,
) -> Result<(Unit, Vec<Remember>), CommandError> {
    let response = serde_json::to_vec(result).map_err(|error| CommandError::Internal(error.into()))?;
    let unit = Unit {
        request: request.clone(),
        metadata: metadata(&draft, request, caller),
        streams: draft.streams,
        response,
    };
    Ok((unit, draft.remember))
}

fn metadata(draft: &Draft, request: &RequestKey, caller: &Caller) -> Metadata {
    let request_id = request.request_id.to_string();
    let correlation = draft.session.map(|session_id| session_id.to_string());
    let entries = [
        (META_HALL, draft.hall.map(|hall_id| hall_id.to_string())),
        (
            META_CORRELATION_ID,
            Some(correlation.unwrap_or_else(|| request_id.clone())),
        ),
        (META_REQUEST_ID, Some(request_id)),
        (META_ACTOR, Some(caller.actor.clone())),
        (META_CAUSATION_ID, caller.causation.clone()),
        (META_TRACEPARENT, caller.traceparent.clone()),
    ];
    let known = entries
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    known.collect()
}

fn answer(result: Stored, position: u64) -> Result<Done, CommandError> {
    match result {
        Stored::Accepted(reply) => Ok(Done { reply, position }),
        Stored::Refused(refusal) => Err(CommandError::Refused(refusal)),
    }
}

fn unreadable(error: serde_json::Error) -> CommandError {
    CommandError::Internal(anyhow::Error::new(error).context("a stored answer cannot be read"))
}

/// Before the third attempt and later ones: processes that met twice do not go on meeting in step.
async fn pause(attempt: usize) {
    if attempt > 0 {
        let micros = uuid::Uuid::new_v4().as_fields().0 % 2_000;
        tokio::time::sleep(Duration::from_micros(u64::from(micros) * attempt as u64)).await;
    }
}
