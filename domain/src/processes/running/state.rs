//! What is remembered of a running session.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::SessionId;
use crate::session::CloseCause;

/// State of one running session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The session, once its opening was seen.
    pub game: Option<Game>,
    /// The latest end that was heard of. Ends only ever move forward, so the latest is the true one in whatever order they are heard.
    pub until: Option<Timestamp>,
    /// Warnings that were given for this end, or came too late when it was set.
    pub given: Vec<u32>,
    /// Postpaid: how the renewal of the hold stands.
    pub renewal: Renewal,
    /// Postpaid: the customer knows that this end will not be put off.
    pub warned_short: bool,
    /// The clock stands.
    pub pause: Option<Standstill>,
    /// The beginning of the latest pause that is over: news of it that comes late changes nothing.
    pub paused_last: Option<Timestamp>,
    /// A close is under way.
    pub closing: bool,
    /// A close was refused though this clock says that it is time: the one that decides is a little behind. Not again before then.
    pub not_before: Option<Timestamp>,
    /// When the timer is set to go off.
    pub armed: Option<Timestamp>,
}

/// What is known from the opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Game {
    /// The session.
    pub session_id: SessionId,
    /// Whether its end is fixed unless the customer puts it off: time was bought first, or a deposit put down.
    pub bounded: bool,
    /// Why it ends by itself.
    pub ends_by: CloseCause,
    /// Minutes before a prepaid end at which to warn.
    pub warning_minutes: Vec<u32>,
    /// Minutes before the end of what the hold covers at which to renew it.
    pub renewal_minutes: u32,
    /// How long play may go on when prepaid time is over.
    #[serde(default)]
    pub courtesy_minutes: u32,
}

/// A pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standstill {
    /// When the clock goes on at the latest.
    pub until: Timestamp,
    /// The clock was asked to go on; the answer will come.
    pub asked: bool,
}

/// How the renewal of a hold stands, for the present end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Renewal {
    /// Not asked for yet.
    #[default]
    Idle,
    /// Asked for; the answer will come.
    Asked {
        /// How many times it was refused before.
        refusals: u32,
    },
    /// Refused; to be asked for again, for the customer may top up meanwhile.
    Again {
        /// When.
        at: Timestamp,
        /// How many times it was refused.
        refusals: u32,
    },
    /// Not to be asked for any more.
    GivenUp,
}
