//! One chase: attempts, and what came back.

use jiff::Timestamp;

use super::schedule;

/// Unanswered attempts after which a sign of life starts the schedule anew.
const SILENT_ATTEMPTS: u32 = 2;

/// Attempts to make an output as desired.
#[derive(Clone, Debug)]
pub(super) struct Chase {
    /// When it was first allowed to act.
    pub begun_at: Option<Timestamp>,
    /// Commands sent.
    pub sent: u32,
    /// Commands that the device contradicted.
    pub contrary: u32,
    /// Whether anything was heard from the device.
    pub is_heard: bool,
    /// `None`: waits for its turn.
    next_at: Option<Timestamp>,
    ask: Ask,
    /// Attempts since the schedule last began.
    tries: u32,
    /// Whether anything was heard since the last attempt.
    is_answered: bool,
    /// Attempts in a row that nothing was heard after.
    silent: u32,
    /// Whether the last command was contradicted.
    is_contradicted: bool,
}

/// Whether the device is asked before it is commanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    No,
    Next,
    Asked,
}

impl Chase {
    /// Commands at once.
    pub fn commanding(now: Timestamp) -> Self {
        Self {
            begun_at: Some(now),
            sent: 0,
            contrary: 0,
            is_heard: false,
            next_at: Some(now),
            ask: Ask::No,
            tries: 0,
            is_answered: true,
            silent: 0,
            is_contradicted: false,
        }
    }

    /// Asks at once; commands when the answer is contrary or missing.
    pub fn asking(now: Timestamp) -> Self {
        Self {
            ask: Ask::Next,
            ..Self::commanding(now)
        }
    }

    /// Asks when released.
    pub fn waiting() -> Self {
        Self {
            begun_at: None,
            next_at: None,
            ..Self::asking(Timestamp::UNIX_EPOCH)
        }
    }

    /// Goes back to waiting; what it has done so far still counts.
    pub fn wait(&mut self) {
        *self = Self {
            begun_at: self.begun_at,
            sent: self.sent,
            contrary: self.contrary,
            is_heard: self.is_heard,
            ..Self::waiting()
        };
    }

    pub fn release(&mut self, now: Timestamp) {
        self.begun_at.get_or_insert(now);
        self.next_at.get_or_insert(now);
    }

    pub fn is_waiting(&self) -> bool {
        self.next_at.is_none()
    }

    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_at
    }

    /// Makes an attempt; true if it commands, false if it only asks.
    pub fn attempt(&mut self, now: Timestamp, seed: u64, only_asks: bool) -> bool {
        if !self.is_answered {
            self.silent += 1;
        }
        self.is_answered = false;
        self.tries += 1;
        self.next_at = Some(now + schedule::pause_after(self.tries, seed));
        let asks = self.ask == Ask::Next;
        self.ask = if asks { Ask::Asked } else { Ask::No };
        if asks || only_asks {
            return false;
        }
        self.sent += 1;
        self.is_contradicted = false;
        true
    }

    /// The device said something. If it had been silent, it does not have to wait for the end of a long pause.
    pub fn heard(&mut self, now: Timestamp) {
        self.is_heard = true;
        self.is_answered = true;
        if self.silent >= SILENT_ATTEMPTS && !self.is_waiting() {
            self.begin_again(now);
        }
        self.silent = 0;
    }

    /// The device says that the output is not as desired.
    pub fn contradicted(&mut self, now: Timestamp) {
        if self.ask == Ask::Asked {
            self.ask = Ask::No;
            self.begin_again(now);
        } else if self.sent > 0 && !self.is_contradicted {
            // One contradiction a command: an answer that crossed it on the way is not held against the device.
            self.is_contradicted = true;
            self.contrary += 1;
        }
    }

    fn begin_again(&mut self, now: Timestamp) {
        self.next_at = Some(now);
        self.tries = 0;
    }
}
