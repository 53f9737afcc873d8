//! The table of bills.

use baize_domain::session::{BillLine, GoodsLine};
use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// How far a bill is.
    pub enum BillStatus {
        /// Play goes on.
        Running = "running",
        /// Play ended; settlement is under way.
        Closed = "closed",
        /// Paid whole.
        Paid = "paid",
        /// The wallet could not pay it all.
        Outstanding = "outstanding",
        /// The session came to nothing.
        Cancelled = "cancelled",
    }
}

impl BillStatus {
    /// True if nothing but a later payment of what is owed can change the bill.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Paid | Self::Outstanding | Self::Cancelled)
    }
}

table! {
    /// The bill of a session.
    pub struct BillRow("sessions", key session_id: Uuid, append_only false,
        indexes ["hall_id, opened_position", "member_id, opened_position"]) {
        /// The session.
        session_id: Uuid = "uuid NOT NULL",
        /// Where.
        hall_id: Uuid = "uuid NOT NULL",
        /// At which table.
        table_id: Uuid = "uuid NOT NULL",
        /// Who plays and pays.
        member_id: Uuid = "uuid NOT NULL",
        /// How far it is.
        status: BillStatus = "text NOT NULL",
        /// When the session was opened.
        opened_at: Instant = "timestamptz NOT NULL",
        /// From when on time is billed.
        billing_started_at: Option<Instant> = "timestamptz",
        /// When play ended.
        closed_at: Option<Instant> = "timestamptz",
        /// The plan by which it is billed.
        tariff_plan_id: Uuid = "uuid NOT NULL",
        /// The plan's version.
        tariff_version: i32 = "integer NOT NULL",
        /// What that version is called.
        tariff_name: String = "text NOT NULL",
        /// What was ordered and not taken off again, also while play goes on.
        goods: Json<Vec<GoodsLine>> = "jsonb NOT NULL",
        /// The lines, once play ended.
        lines: Json<Vec<BillLine>> = "jsonb NOT NULL",
        /// What the session costs, once play ended.
        total_fen: i64 = "bigint NOT NULL",
        /// What was paid of it.
        paid_fen: i64 = "bigint NOT NULL",
        /// What is still owed.
        outstanding_fen: i64 = "bigint NOT NULL",
        /// Position of the session's opening; bills are listed by it.
        opened_position: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

text_enum! {
    /// How something was paid for a session.
    pub enum PaymentKind {
        /// Prepaid time, or a package, was bought.
        Prepaid = "prepaid",
        /// What was prepaid went back.
        Refund = "refund",
        /// The bill was taken from the wallet.
        Settlement = "settlement",
        /// What the settlement had left open was paid later.
        Debt = "debt",
    }
}

table! {
    /// Money that went from a wallet to a session, or back.
    pub struct PaymentRow("payments", key position: i64, append_only true, indexes ["session_id, position"]) {
        /// Position of the event.
        position: i64 = "bigint NOT NULL",
        /// For which session.
        session_id: Uuid = "uuid NOT NULL",
        /// What for.
        kind: PaymentKind = "text NOT NULL",
        /// Of it, money that was paid in; negative if it went back.
        principal_fen: i64 = "bigint NOT NULL",
        /// Of it, money that was given; negative if it went back.
        bonus_fen: i64 = "bigint NOT NULL",
        /// When.
        at: Instant = "timestamptz NOT NULL",
    }
}
