//! The tables of points and their entries, of gifts and their redemptions.

use std::collections::BTreeMap;

use sqlx::types::Json;
use uuid::Uuid;

use crate::store::{Instant, table, text_enum};

text_enum! {
    /// What an entry is for.
    pub enum PointsEntryKind {
        /// A payment for a session.
        Earned = "earned",
        /// Money of a session went back.
        Reversed = "reversed",
        /// Their time is over.
        Expired = "expired",
        /// The person is forgotten.
        Forfeited = "forfeited",
        /// Given for a gift.
        Redeemed = "redeemed",
        /// Back from a cancelled redemption.
        Restored = "restored",
        /// The gift packs of levels that were reached.
        Granted = "granted",
    }
}

table! {
    /// What a member has.
    pub struct PointsRow("points", key member_id: Uuid, append_only false, indexes []) {
        /// Whose.
        member_id: Uuid = "uuid NOT NULL",
        /// All of them.
        points: i64 = "bigint NOT NULL",
        /// What reversals could not take any more.
        owed: i64 = "bigint NOT NULL",
        /// How many expire when, in seconds since 1970.
        lots: Json<BTreeMap<i64, i64>> = "jsonb NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A change of a member's points.
    pub struct PointsEntryRow("points_entries", key position: i64, append_only true, indexes ["member_id, position"]) {
        /// Position of the event.
        position: i64 = "bigint NOT NULL",
        /// Whose.
        member_id: Uuid = "uuid NOT NULL",
        /// What for.
        kind: PointsEntryKind = "text NOT NULL",
        /// Change of the points.
        points: i64 = "bigint NOT NULL",
        /// Change of what is owed.
        owed: i64 = "bigint NOT NULL",
        /// The session or redemption.
        reference: Option<Uuid> = "uuid",
        /// In the words of whoever took them back.
        reason: Option<String> = "text",
        /// When.
        at: Instant = "timestamptz NOT NULL",
    }
}

text_enum! {
    /// How far a redemption has come.
    pub enum RedemptionStatus {
        /// The piece waits at the counter.
        Waiting = "waiting",
        /// It was handed over.
        HandedOver = "handed_over",
        /// It went back.
        Cancelled = "cancelled",
    }
}

table! {
    /// A gift and its pieces.
    pub struct GiftRow("gifts", key gift_id: Uuid, append_only false, indexes ["hall_id, registered"]) {
        /// The gift.
        gift_id: Uuid = "uuid NOT NULL",
        /// The hall that hands it out.
        hall_id: Uuid = "uuid NOT NULL",
        /// Its name in Chinese.
        name_zh: String = "text NOT NULL",
        /// Its name in English.
        name_en: String = "text NOT NULL",
        /// Where its picture is; may be empty.
        picture_url: String = "text NOT NULL",
        /// What a piece costs.
        points: i64 = "bigint NOT NULL",
        /// Pieces that came in.
        received: i64 = "bigint NOT NULL",
        /// Pieces that were handed out.
        issued: i64 = "bigint NOT NULL",
        /// Pieces that are set aside.
        held: i64 = "bigint NOT NULL",
        /// Whether it can be had no more.
        retired: bool = "boolean NOT NULL",
        /// Position of its registration.
        registered: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

table! {
    /// A redemption.
    pub struct RedemptionRow("redemptions", key redemption_id: Uuid, append_only false, indexes ["member_id, made", "hall_id, made"]) {
        /// The redemption.
        redemption_id: Uuid = "uuid NOT NULL",
        /// Who redeemed.
        member_id: Uuid = "uuid NOT NULL",
        /// Where it is fetched.
        hall_id: Uuid = "uuid NOT NULL",
        /// What.
        gift_id: Uuid = "uuid NOT NULL",
        /// How far it has come.
        status: RedemptionStatus = "text NOT NULL",
        /// What it cost.
        points: i64 = "bigint NOT NULL",
        /// What the member shows.
        pick_up_code: String = "text NOT NULL",
        /// When it was made.
        made_at: Instant = "timestamptz NOT NULL",
        /// When it was handed over or cancelled.
        ended_at: Option<Instant> = "timestamptz",
        /// Position at which it was made.
        made: i64 = "bigint NOT NULL",
        /// Position of the last event that changed the row.
        position: i64 = "bigint NOT NULL",
    }
}

impl GiftRow {
    /// Pieces that can be had.
    pub const fn available(&self) -> i64 {
        self.received - self.issued - self.held
    }
}
