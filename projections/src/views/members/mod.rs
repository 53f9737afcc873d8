//! Members: who there is in a chain, on which level, and how often they come. Nothing personal: names and numbers are sealed, and stay where
//! the keys are.

mod fold;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use sqlx::PgConnection;

use crate::engine::{Contradiction, Decoded, View};
use crate::store::{Row, TableDef, TableNames};

pub use rows::{MemberKind, MemberRow};
pub use state::MembersState;

/// The view `members`.
#[derive(Debug)]
pub struct Members;

/// Events of people that change nothing that is shown.
const UNSEEN: &[&str] = &[
    "OpenidAttached",
    "PaymentMethodBound",
    "PaymentMethodUnbound",
    "NoticesRead",
    "MessagesAllowed",
    "MessagesChosen",
    "MessageNoted",
];

impl View for Members {
    const NAME: &'static str = "members";
    const SHAPE: i32 = 2;
    const TABLES: &'static [TableDef] = &[MemberRow::TABLE];

    type State = MembersState;
    type Change = ();

    fn concerns(aggregate_type: &str, event_type: &str) -> bool {
        match aggregate_type {
            "Member" => !UNSEEN.contains(&event_type),
            "TableSession" => event_type == "SessionOpened",
            _ => false,
        }
    }

    async fn load(
        state: &mut MembersState,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        state.load(connection, names, events).await
    }

    fn fold(state: &mut MembersState, event: &Decoded<'_>) -> Result<(), Contradiction> {
        fold::fold(state, event)
    }

    fn change(_: &MembersState) {}
}
