//! An opening as it was asked for: everything that is fixed before money is.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::command::OpenMode;
use crate::device::LightChannel;
use crate::hall::HallPolicy;
use crate::ids::{HallId, MemberId, SessionId, TableId};
use crate::money::Fen;
use crate::tariff::{Discount, PinnedTariff};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Asked {
    /// The session.
    pub session_id: SessionId,
    /// The table.
    pub table_id: TableId,
    /// The hall.
    pub hall_id: HallId,
    /// Who wants to play.
    pub member_id: MemberId,
    /// How it shall be paid.
    pub mode: OpenMode,
    /// The light over the table.
    pub light: LightChannel,
    /// The prices.
    pub tariff: Arc<PinnedTariff>,
    /// What the person's level takes off the price of play.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Discount>,
    /// The hall's time zone (IANA).
    pub time_zone: String,
    /// The hall's policy.
    pub policy: HallPolicy,
}

/// An opening that waits for its payment; the table is kept meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Awaited {
    /// What was asked for.
    pub asked: Asked,
    /// What must be there for it to begin, as priced when it was asked for.
    pub due: Fen,
    /// How much of that was missing then.
    pub shortfall: Fen,
    /// Until when the table is kept.
    pub pay_by: Timestamp,
}
