//! Payments through providers: how each stands with its attempts and refunds, and the queue of those that wait for somebody; and what the staff give
//! back for sessions.

mod compensations;
mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{
    CompensationRow, CompensationStatus, PaymentRow, PaymentStatus, ProviderName, RefundNote, RefundRow, ReviewReason,
    ReviewRow,
};
pub use state::PaymentsState;

/// The view `payments`.
#[derive(Debug)]
pub struct Payments;

impl View for Payments {
    const NAME: &'static str = "payments";
    /// Raised also when the domain's payment or refund changes: rows hold them.
    const SHAPE: i32 = 2;
    const TABLES: &'static [TableDef] = &[
        PaymentRow::TABLE,
        RefundRow::TABLE,
        ReviewRow::TABLE,
        CompensationRow::TABLE,
    ];

    type State = PaymentsState;
    type Change = Arc<[PaymentRow]>;

    fn concerns(aggregate_type: &str, _: &str) -> bool {
        matches!(aggregate_type, "Payment" | "Refund" | "Compensation")
    }

    async fn load(
        state: &mut PaymentsState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut PaymentsState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(state: &PaymentsState) -> Arc<[PaymentRow]> {
        state.payments.changed().cloned().collect()
    }
}
