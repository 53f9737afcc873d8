//! The tables of wallets and their entries.

use std::collections::BTreeMap;

use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// What an entry is for.
    pub enum EntryKind {
        /// Money came in.
        TopUp = "top_up",
        /// Money was set aside for a session.
        Hold = "hold",
        /// Money set aside went back.
        Release = "release",
        /// Money set aside was spent.
        Capture = "capture",
        /// Prepaid time was paid.
        Prepaid = "prepaid",
        /// Goods of a prepaid session were paid.
        Goods = "goods",
        /// Prepaid time was paid back.
        PrepaidRefund = "prepaid_refund",
        /// A settlement could not be paid whole.
        Debt = "debt",
        /// Something owed was paid.
        DebtPaid = "debt_paid",
        /// Money went out to be refunded.
        Refund = "refund",
        /// Money whose refund was rejected came back.
        RefundRejected = "refund_rejected",
        /// Money was set aside for a share of a bill.
        Share = "share",
        /// It came back: not everybody paid.
        ShareReturned = "share_returned",
        /// Somebody's share of a bill came in.
        ShareReceived = "share_received",
        /// Everything went to the wallet of the person who a guest turned out to be.
        HandedOver = "handed_over",
        /// What a guest had and owed came in.
        TakenOver = "taken_over",
        /// Given back by the staff for a session.
        Compensation = "compensation",
    }
}

table! {
    /// What a member has.
    pub struct WalletRow("accounts", key member_id: Uuid, append_only false, indexes []) {
        /// Whose.
        member_id: Uuid = "uuid NOT NULL",
        /// Money paid in and not spent.
        principal_fen: i64 = "bigint NOT NULL",
        /// Money given and not spent.
        bonus_fen: i64 = "bigint NOT NULL",
        /// Set aside for running sessions.
        held_fen: i64 = "bigint NOT NULL",
        /// Owed for settled sessions.
        owed_fen: i64 = "bigint NOT NULL",
        /// Each hold's amount: a capture says what was spent, not how large the hold was.
        holds: Json<BTreeMap<Uuid, i64>> = "jsonb NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A change of a wallet.
    pub struct EntryRow("entries", key position: i64, append_only true, indexes ["member_id, position"]) {
        /// Position of the event.
        position: i64 = "bigint NOT NULL",
        /// Whose.
        member_id: Uuid = "uuid NOT NULL",
        /// What for.
        kind: EntryKind = "text NOT NULL",
        /// Change of principal.
        principal_fen: i64 = "bigint NOT NULL",
        /// Change of bonus.
        bonus_fen: i64 = "bigint NOT NULL",
        /// Change of what is held.
        held_fen: i64 = "bigint NOT NULL",
        /// Change of what is owed.
        owed_fen: i64 = "bigint NOT NULL",
        /// The session, the top-up, the refund, or the other person.
        reference: Uuid = "uuid NOT NULL",
        /// When.
        at: Instant = "timestamptz NOT NULL",
    }
}

impl WalletRow {
    /// What can be spent now.
    pub fn available_fen(&self) -> i64 {
        self.principal_fen + self.bonus_fen - self.held_fen
    }
}
