//! What the book keeps of sessions, wallets and lights.

use std::collections::BTreeMap;
use std::sync::Arc;

use baize_domain::device::LightChannel;
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{HoldId, SessionId, ShareId};
use baize_domain::money::Fen;
use baize_domain::session::{Bill, CancelReason, CloseCause, GoodsLine, SessionMode};
use baize_domain::tariff::{Discount, PinnedTariff};
use baize_domain::wallet::Split;
use jiff::Timestamp;
use uuid::Uuid;

/// What a broken rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Positions count 1, 2, 3, …
    Positions,
    /// Each stream counts 1, 2, 3, …
    Streams,
    /// One session at a time has a table.
    Tables,
    /// A session goes through its life once.
    Sessions,
    /// No wallet is ever negative.
    Wallets,
    /// A provider's payment is taken in once.
    Payments,
}

/// A session.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named as in the events")]
pub struct Session {
    pub mode: SessionMode,
    pub light: LightChannel,
    pub tariff: Arc<PinnedTariff>,
    pub discount: Option<Discount>,
    pub time_zone: String,
    pub policy: HallPolicy,
    pub opened_at: Timestamp,
    pub request_id: Option<Uuid>,
    pub billing_from: Option<Timestamp>,
    /// Stretches that are over: by which prices, from and to.
    pub past: Vec<(Arc<PinnedTariff>, Timestamp, Timestamp)>,
    /// The prices and the beginning of the present stretch, if it is not the first.
    pub present: Option<(Arc<PinnedTariff>, Timestamp)>,
    /// Moved to another table at some time.
    pub moved: bool,
    /// Goods that were put on the bill, and not taken off.
    pub goods: Vec<GoodsLine>,
    /// Minutes and price of each extension.
    pub extensions: Vec<(u32, Fen)>,
    pub closed: Option<(Timestamp, CloseCause, Bill)>,
    /// Paid and outstanding, of each settlement.
    pub settlements: Vec<(Fen, Fen)>,
    pub cancelled: Option<(Timestamp, CancelReason)>,
    /// What the wallet gave for it, less what it gave back.
    pub taken: Fen,
    /// When its last event was recorded, by the database's clock.
    pub recorded_at: Timestamp,
}

/// A wallet.
#[derive(Clone, Debug, Default)]
pub struct Wallet {
    /// Money paid in.
    pub principal: Fen,
    /// Money given.
    pub bonus: Fen,
    /// What is set aside.
    pub holds: BTreeMap<HoldId, Fen>,
    /// What is owed for settled sessions.
    pub debts: BTreeMap<SessionId, Fen>,
    /// What is set aside for shares of other people's bills.
    pub shares: BTreeMap<ShareId, Fen>,
    /// How many entries it has.
    pub entries: u64,
}

/// A desired state of a light, and what became of it.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Its number.
    pub rev: u64,
    /// On or off.
    pub on: bool,
    /// For which session.
    pub session_id: Option<SessionId>,
    /// On means off from here.
    pub not_after: Option<Timestamp>,
    /// From when on it held.
    pub issued_at: Timestamp,
    /// When the device confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// When the light was seen off because its time was over.
    pub expired_at: Option<Timestamp>,
}

/// A stretch of time in which a light was really on.
#[derive(Clone, Debug, PartialEq)]
pub struct Lit {
    /// The device's MQTT topic.
    pub topic: String,
    /// Its output.
    pub channel: u8,
    /// From.
    pub from: Timestamp,
    /// To; `None` if it is still on.
    pub to: Option<Timestamp>,
}

impl Wallet {
    /// What may be spent now.
    pub fn available(&self) -> Fen {
        let held: Fen = self.holds.values().copied().sum();
        self.principal + self.bonus - held
    }

    pub(super) fn add(&mut self, amount: Split) {
        self.principal += amount.principal;
        self.bonus += amount.bonus;
    }

    pub(super) fn take(&mut self, amount: Split) {
        self.principal -= amount.principal;
        self.bonus -= amount.bonus;
    }
}

impl Session {
    /// Takes so many of a kind off, the dearest first.
    pub fn take_goods(&mut self, code: &str, quantity: u32) {
        self.goods.sort_by_key(|line| std::cmp::Reverse(line.price));
        let mut left = quantity;
        for line in self.goods.iter_mut().filter(|line| line.code == code) {
            let taken = line.quantity.min(left);
            line.quantity -= taken;
            left -= taken;
        }
    }

    /// Ends the stretch that is being played; the next begins there, by `prices` if they are other ones.
    pub(super) fn end_stretch(&mut self, at: Timestamp, prices: Option<Arc<PinnedTariff>>) {
        let (tariff, from) = self.stretch();
        self.present = Some((prices.unwrap_or_else(|| Arc::clone(&tariff)), at));
        self.past.push((tariff, from, at));
    }

    /// The prices and the beginning of the stretch that is being played.
    pub(super) fn stretch(&self) -> (Arc<PinnedTariff>, Timestamp) {
        self.present.clone().unwrap_or_else(|| {
            let from = self.billing_from.unwrap_or(self.opened_at);
            (Arc::clone(&self.tariff), from)
        })
    }
}
