//! Notices: what each person is told in the app, as it happened, and how far the person has read.
//!
//! A notice is a row, and its words are found when it is read; so both languages, and better words, need no rebuild. It is told by the event
//! that makes it true: that a table is open, for one, by its light.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{LabelRow, MarkRow, NoticeKind, NoticeRow, SessionRow};
pub use state::NoticesState;

/// The view `notices`.
#[derive(Debug)]
pub struct Notices;

/// The events that somebody is told of, or that tell what another notice needs.
const SEEN: &[(&str, &[&str])] = &[
    (
        "TableSession",
        &[
            "OpeningAwaited",
            "OpeningLapsed",
            "SessionOpened",
            "SessionTransferred",
            "SessionPaused",
            "SessionResumed",
            "CustomerWarned",
            "SessionClosed",
            "SessionSettled",
            "SessionCancelled",
        ],
    ),
    ("Table", &["TableRegistered", "TableRenamed"]),
    ("Device", &["LightConfirmed", "LightFailed"]),
    ("Wallet", &["TopUpCredited", "DebtPaid"]),
    (
        "Complaint",
        &["ComplaintAnswered", "ComplaintClosed", "ComplaintAssigned"],
    ),
    ("Member", &["NoticesRead", "LevelReached", "LevelLost"]),
    (
        "BillSplit",
        &[
            "ShareDeclined",
            "SplitStalled",
            "ChargingBegan",
            "SharePaid",
            "ShareFailed",
            "OpenerAsked",
            "SplitCompleted",
            "ShareDelivered",
            "SplitCancelled",
            "ShareReturned",
        ],
    ),
];

impl View for Notices {
    const NAME: &'static str = "notices";
    const SHAPE: i32 = 6;
    const TABLES: &'static [TableDef] = &[NoticeRow::TABLE, SessionRow::TABLE, LabelRow::TABLE, MarkRow::TABLE];

    type State = NoticesState;
    /// Whose notices, or how far they are read, changed.
    type Change = Arc<[Uuid]>;

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        let of = SEEN.iter().find(|(aggregate, _)| *aggregate == aggregate_type);
        of.is_some_and(|(_, types)| types.contains(&event_type))
    }

    async fn load(
        state: &mut NoticesState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut NoticesState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(state: &NoticesState) -> Arc<[Uuid]> {
        let told = state.notices.changed().map(|notice| notice.member_id);
        let read = state.marks.changed().map(|mark| mark.member_id);
        told.chain(read).collect()
    }
}
