//! The table of members.

use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// Whether somebody gave a name.
    pub enum MemberKind {
        /// No.
        Guest = "guest",
        /// Yes.
        Member = "member",
    }
}

table! {
    /// A person of a chain.
    pub struct MemberRow("people", key member_id: Uuid, append_only false, indexes ["chain_id, joined"]) {
        /// Who.
        member_id: Uuid = "uuid NOT NULL",
        /// The chain.
        chain_id: Uuid = "uuid NOT NULL",
        /// Guest or member.
        kind: MemberKind = "text NOT NULL",
        /// The code of the level.
        level: String = "text NOT NULL",
        /// Until when it holds, if it ends.
        level_until: Option<Instant> = "timestamptz",
        /// Why the person may not play, if so.
        blacklisted: Option<String> = "text",
        /// Who stands for this guest now.
        merged_into: Option<Uuid> = "uuid",
        /// A phone number was proved.
        phone_verified: bool = "boolean NOT NULL",
        /// The person is forgotten.
        erased: bool = "boolean NOT NULL",
        /// When the person came first.
        joined_at: Instant = "timestamptz NOT NULL",
        /// When the person logged in last, or came.
        last_login_at: Instant = "timestamptz NOT NULL",
        /// Sessions opened.
        sessions: i32 = "integer NOT NULL",
        /// When the last of them was.
        last_visit_at: Option<Instant> = "timestamptz",
        /// In which hall.
        last_hall_id: Option<Uuid> = "uuid",
        /// Position at which the person joined: the order of lists.
        joined: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}
