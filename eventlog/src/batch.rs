//! Which waiting units go into one flush, and what becomes of those that had to stand aside.
//!
//! Within one flush each stream is written by at most one unit and each request occurs once. A unit that only
//! asserts a stream may go before its writer, not behind it. So every unit can be checked against the state
//! before the flush, and any subset of accepted units is right in the order given.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    AppendError, Appended, StreamId, Unit,
    options::LogOptions,
    statement::{Outcome, events_of},
};

pub(crate) type Reply = oneshot::Sender<Result<Appended, AppendError>>;

/// A unit and whoever waits for it.
pub(crate) struct Waiting {
    pub(crate) unit: Unit,
    pub(crate) bytes: usize,
    pub(crate) reply: Reply,
}

/// One flush, and the units that clash with it.
pub(crate) struct Batch {
    pub(crate) taken: Vec<Unit>,
    pub(crate) replies: Vec<Reply>,
    pub(crate) parked: Vec<Parked>,
}

pub(crate) struct Parked {
    waiting: Waiting,
    /// The taken unit it clashes with.
    with: usize,
    clash: Clash,
}

enum Clash {
    /// The same request.
    Request,
    /// The claim, counted within the parked unit, whose stream the taken unit writes.
    Stream(usize),
}

enum Place {
    Take,
    Park { with: usize, clash: Clash },
}

/// Takes units from the front of the queue until a limit is reached.
pub(crate) fn gather(queue: &mut VecDeque<Waiting>, options: &LogOptions) -> Batch {
    let places = places(queue, options);
    let mut batch = Batch {
        taken: Vec::with_capacity(places.len()),
        replies: Vec::with_capacity(places.len()),
        parked: Vec::new(),
    };
    let looked_at = queue.drain(..places.len());
    for (waiting, place) in looked_at.zip(places) {
        match place {
            Place::Take => {
                batch.taken.push(waiting.unit);
                batch.replies.push(waiting.reply);
            }
            Place::Park { with, clash } => batch.parked.push(Parked { waiting, with, clash }),
        }
    }
    batch
}

fn places(queue: &VecDeque<Waiting>, options: &LogOptions) -> Vec<Place> {
    let mut requests: HashMap<(&str, Uuid), usize> = HashMap::with_capacity(queue.len());
    let mut written: HashMap<&StreamId, usize> = HashMap::with_capacity(queue.len());
    let mut places = Vec::with_capacity(queue.len());
    let (mut units, mut events, mut bytes) = (0, 0, 0);
    for Waiting { unit, bytes: size, .. } in queue {
        let request = requests.entry((&unit.request.scope, unit.request.request_id));
        let clash = match &request {
            Entry::Occupied(same) => Some((*same.get(), Clash::Request)),
            Entry::Vacant(_) => unit
                .streams
                .iter()
                .enumerate()
                .find_map(|(number, claim)| Some((*written.get(&claim.stream)?, Clash::Stream(number)))),
        };
        if let Some((with, clash)) = clash {
            places.push(Place::Park { with, clash });
            continue;
        }
        events += events_of(unit);
        bytes += size;
        let full = units == options.flush_units || events > options.flush_events || bytes > options.flush_bytes;
        if full && units > 0 {
            break;
        }
        request.or_insert(units);
        for claim in unit.streams.iter().filter(|claim| !claim.events.is_empty()) {
            written.insert(&claim.stream, units);
        }
        places.push(Place::Take);
        units += 1;
    }
    places
}

impl Parked {
    /// Answers the unit if the flush decided it; else returns it for the next flush.
    ///
    /// Called only after the flush: a caller that were told of a conflict earlier would load the old state again.
    pub(crate) fn settle(self, taken: &[Unit], outcomes: &[Result<Outcome, AppendError>]) -> Option<Waiting> {
        let Ok(outcome) = &outcomes[self.with] else {
            return Some(self.waiting);
        };
        let first = &taken[self.with];
        let answer = match self.clash {
            Clash::Request => repeat_of(first, outcome, &self.waiting.unit),
            Clash::Stream(claim) => overtaken_by(first, outcome, &self.waiting.unit, claim),
        };
        match answer {
            Some(answer) => {
                // A caller that left has no use for the answer.
                let _ = self.waiting.reply.send(answer);
                None
            }
            None => Some(self.waiting),
        }
    }
}

type Answer = Option<Result<Appended, AppendError>>;

fn repeat_of(first: &Unit, outcome: &Outcome, unit: &Unit) -> Answer {
    let same = first.request.content_hash == unit.request.content_hash;
    let replayed = |position: u64, response: &Vec<u8>| {
        Ok(Appended::Replayed {
            position,
            response: response.clone(),
        })
    };
    match outcome {
        Outcome::Accepted { position, .. } if same => Some(replayed(*position, &first.response)),
        Outcome::Replayed { position, response } if same => Some(replayed(*position, response)),
        Outcome::Accepted { .. } | Outcome::Replayed { .. } => Some(Err(AppendError::RequestIdReused)),
        Outcome::Reused => same.then_some(Err(AppendError::RequestIdReused)),
        Outcome::Conflict { claim } => {
            let alike = first.streams.len() == unit.streams.len()
                && first
                    .streams
                    .iter()
                    .zip(&unit.streams)
                    .all(|(a, b)| a.stream == b.stream && a.expected_version == b.expected_version);
            alike.then(|| {
                Err(AppendError::Conflict {
                    stream: first.streams[*claim].stream.clone(),
                })
            })
        }
    }
}

fn overtaken_by(first: &Unit, outcome: &Outcome, unit: &Unit, claim: usize) -> Answer {
    if !matches!(outcome, Outcome::Accepted { .. }) {
        return None;
    }
    let claim = &unit.streams[claim];
    let now = first
        .streams
        .iter()
        .find(|written| written.stream == claim.stream)
        .map(|written| written.expected_version + written.events.len() as u64)?;
    (claim.expected_version != now).then(|| {
        Err(AppendError::Conflict {
            stream: claim.stream.clone(),
        })
    })
}
