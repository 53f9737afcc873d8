//! Bills: what each session costs, line by line, what of it is paid, and by which payments.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{BillRow, BillStatus, PaymentKind, PaymentRow};
pub use state::BillsState;

/// The view `bills`.
#[derive(Debug)]
pub struct Bills;

/// Events of sessions that change no bill.
const UNSEEN: &[&str] = &["SessionExtended", "HoldRenewed", "CustomerWarned"];

/// Events of wallets by which sessions are paid, or paid back.
const PAYMENTS: &[&str] = &[
    "PrepaidCharged",
    "PrepaidRefunded",
    "GoodsCharged",
    "HoldCaptured",
    "DebtPaid",
];

impl View for Bills {
    const NAME: &'static str = "bills";
    const SHAPE: i32 = 3;
    const TABLES: &'static [TableDef] = &[BillRow::TABLE, PaymentRow::TABLE];

    type State = BillsState;
    type Change = Arc<[BillRow]>;

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        match aggregate_type {
            "TableSession" => !UNSEEN.contains(&event_type),
            "Wallet" => PAYMENTS.contains(&event_type),
            _ => false,
        }
    }

    async fn load(
        state: &mut BillsState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut BillsState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(state: &BillsState) -> Arc<[BillRow]> {
        state.bills.changed().cloned().collect()
    }
}
