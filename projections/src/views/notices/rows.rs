//! The tables of notices.

use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// What a notice is about.
    pub enum NoticeKind {
        /// A table is kept until its payment has come.
        PaymentAwaited = "payment_awaited",
        /// A table was not paid in time, or could not be opened.
        OpeningLapsed = "opening_lapsed",
        /// The table is open: its light is on.
        TableOpen = "table_open",
        /// The light did not come on, so nothing is charged.
        OpeningCancelled = "opening_cancelled",
        /// Play goes on at another table.
        Moved = "moved",
        /// The clock stands.
        Paused = "paused",
        /// The clock goes on.
        Resumed = "resumed",
        /// Prepaid time ends soon.
        TimeEnding = "time_ending",
        /// The balance secures no more play.
        BalanceShort = "balance_short",
        /// The light does what it should not.
        LightFailed = "light_failed",
        /// A fault of the light ended the game.
        EndedByFault = "ended_by_fault",
        /// The bill was paid.
        Settled = "settled",
        /// The bill was not paid whole.
        BillDue = "bill_due",
        /// What was still owed is paid.
        BillPaid = "bill_paid",
        /// Money came into the wallet.
        ToppedUp = "topped_up",
        /// Somebody does not pay a share of your bill.
        SplitDeclined = "split_declined",
        /// Not everybody has confirmed in time.
        SplitStalled = "split_stalled",
        /// Everybody has confirmed, and is charged.
        SplitCharging = "split_charging",
        /// A share of a bill was paid.
        ShareTaken = "share_taken",
        /// A share of a bill could not be paid.
        ShareDue = "share_due",
        /// A share cannot be paid; the opener is asked.
        ShareUnpaid = "share_unpaid",
        /// Everybody has paid.
        SplitDone = "split_done",
        /// Everybody has paid, and so the own share is final.
        ShareDone = "share_done",
        /// The split was cancelled.
        SplitCancelled = "split_cancelled",
        /// A share came back.
        ShareReturned = "share_returned",
        /// A higher level was reached.
        LevelReached = "level_reached",
        /// The time of a level was over.
        LevelLost = "level_lost",
        /// The staff gave something back for a game.
        Compensated = "compensated",
        /// Your complaint was answered.
        ComplaintAnswered = "complaint_answered",
        /// Your complaint was laid to rest.
        ComplaintClosed = "complaint_closed",
        /// You are to see to a complaint.
        ComplaintAssigned = "complaint_assigned",
    }
}

table! {
    /// Something that a person is told.
    pub struct NoticeRow("notices", key position: i64, append_only true, indexes ["member_id, position"]) {
        /// Position of the event.
        position: i64 = "bigint NOT NULL",
        /// Who is told.
        member_id: Uuid = "uuid NOT NULL",
        /// What it is about.
        kind: NoticeKind = "text NOT NULL",
        /// The session, if it is about one.
        session_id: Option<Uuid> = "uuid",
        /// Where that is.
        hall_id: Option<Uuid> = "uuid",
        /// What was written on its table.
        table_label: String = "text NOT NULL",
        /// The hall's clocks; empty for what happens in no hall.
        time_zone: String = "text NOT NULL",
        /// An amount, if it is about one.
        amount_fen: i64 = "bigint NOT NULL",
        /// Minutes, if it is about some.
        minutes: i32 = "integer NOT NULL",
        /// The code of a level, if it is about one.
        level: Option<String> = "text",
        /// Points, if it is about some.
        points: i64 = "bigint NOT NULL",
        /// An instant that it is about.
        until: Option<Instant> = "timestamptz",
        /// When it happened.
        at: Instant = "timestamptz NOT NULL",
    }
}

table! {
    /// What notices need to know of a session.
    pub struct SessionRow("sessions", key session_id: Uuid, append_only false, indexes []) {
        /// The session.
        session_id: Uuid = "uuid NOT NULL",
        /// Who plays.
        member_id: Uuid = "uuid NOT NULL",
        /// Where.
        hall_id: Uuid = "uuid NOT NULL",
        /// What is written on the table.
        table_label: String = "text NOT NULL",
        /// The hall's clocks.
        time_zone: String = "text NOT NULL",
        /// Its light was on.
        lit: bool = "boolean NOT NULL",
        /// It is over, or came to nothing.
        over: bool = "boolean NOT NULL",
    }
}

table! {
    /// What is written on a table.
    pub struct LabelRow("labels", key table_id: Uuid, append_only false, indexes []) {
        /// The table.
        table_id: Uuid = "uuid NOT NULL",
        /// Its label.
        label: String = "text NOT NULL",
    }
}

table! {
    /// How far a person has read.
    pub struct MarkRow("marks", key member_id: Uuid, append_only false, indexes []) {
        /// Who.
        member_id: Uuid = "uuid NOT NULL",
        /// Up to this position.
        read_to: i64 = "bigint NOT NULL",
    }
}
