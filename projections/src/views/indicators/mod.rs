//! Indicators: what happened in each hall, hour by hour of its business days, and which tables are taken now.
//!
//! An hour is one of the hall's clock; where the business day ends within it, each part is a row of its own. What an hour holds
//! can be added up: counts, sums and [`Buckets`] of latencies, so days, halls and chains come from the same rows.
//!
//! The links to the halls' wall screens are kept beside them: what shows the figures must know whether a link is still good.
//!
//! | Counted | In the hour | By |
//! |---|---|---|
//! | a session | in which it was opened | `SessionOpened` |
//! | an opening that succeeded, and how long it took | in which it was opened | the first `LightConfirmed` of its light |
//! | an opening that failed | in which it was opened | `SessionCancelled` |
//! | a bill | in which play ended | `SessionClosed` |
//! | a payment that succeeded or failed | in which that was known | `PaymentSucceeded`; `PaymentFailed`, `PaymentConflicted` |
//! | a complaint | in which it was filed | `ComplaintFiled` |
//! | how fast a device answered | in which it did | `LightConfirmed` |
//! | the time that a table was taken | each its part | `TableOccupied` to `TableReleased` |

mod buckets;
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

pub use buckets::Buckets;
pub use rows::{DeviceRow, DisplayRow, HallRow, HourRow, PaymentRow, SessionRow, TableRow};
pub use state::IndicatorsState;
pub(crate) use state::{hour_start, stretches};

/// The view `indicators`.
#[derive(Debug)]
pub struct Indicators;

/// Events of the aggregates that are looked at which change no figure.
const UNSEEN: &[&str] = &[
    "HallPolicyChanged",
    "TableListed",
    "TableDelisted",
    "DeviceListed",
    "DeviceDelisted",
    "GoodsListed",
    "TableRenamed",
    "TableReclassified",
    "TableTariffChanged",
    "TableLightChanged",
    "QrTokenRotated",
    "MaintenanceStarted",
    "MaintenanceEnded",
    "OpeningAwaited",
    "OpeningLapsed",
    "GoodsAdded",
    "GoodsRemoved",
    "BillingStarted",
    "SessionExtended",
    "HoldRenewed",
    "SessionTransferred",
    "SessionPaused",
    "SessionResumed",
    "CustomerWarned",
    "SessionSettled",
    "DeviceRetired",
    "LightDesired",
    "LightExpired",
    "LightFailed",
    "DeviceWentOffline",
    "DeviceCameBack",
    "DeviceFlapped",
    "AttemptAsked",
    "AttemptPresented",
    "AttemptUnknown",
    "AttemptPaid",
    "AttemptClosed",
    "AttemptFailed",
    "AttemptUnclear",
    "PaymentExpired",
    "PaymentCancelled",
    "PaymentResolved",
    "RefundReserved",
    "RefundReleased",
    "ComplaintAssigned",
    "ComplaintAnswered",
    "ComplaintClosed",
    "ComplaintReopened",
];

impl View for Indicators {
    const NAME: &'static str = "indicators";
    const SHAPE: i32 = 2;
    const TABLES: &'static [TableDef] = &[
        HallRow::TABLE,
        DisplayRow::TABLE,
        TableRow::TABLE,
        DeviceRow::TABLE,
        SessionRow::TABLE,
        PaymentRow::TABLE,
        HourRow::TABLE,
    ];

    type State = IndicatorsState;
    /// The halls whose figures changed.
    type Change = Arc<[Uuid]>;

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        matches!(
            aggregate_type,
            "Hall" | "Table" | "TableSession" | "Device" | "Payment" | "Complaint"
        ) && !UNSEEN.contains(&event_type)
    }

    async fn load(
        state: &mut IndicatorsState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut IndicatorsState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(state: &IndicatorsState) -> Arc<[Uuid]> {
        state.changed_halls()
    }
}
