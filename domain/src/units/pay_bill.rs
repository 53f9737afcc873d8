//! What a settlement left open is paid from the wallet when its member says so.

use jiff::Timestamp;

use crate::ids::MemberId;
use crate::refusal::Refusal;
use crate::session::{self, TableSession};
use crate::wallet::{self, Wallet, WalletEvent};

use super::Changes;
use super::postings::Context;

/// What it is decided from.
#[derive(Clone, Copy, Debug)]
pub struct PayBillInput<'a> {
    /// The session.
    pub session: &'a TableSession,
    /// The session's member, or who that guest turned out to be.
    pub payer: MemberId,
    /// The payer's wallet.
    pub wallet: &'a Wallet,
    /// When.
    pub now: Timestamp,
}

/// Pays all that is owed for a settled session; what is paid stays so.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_STILL_OPEN`, `SESSION_NOT_SETTLED`, `SESSION_CANCELLED`, `TOP_UP_REQUIRED` (with the fact `shortfall_fen`).
pub fn pay_bill(input: PayBillInput<'_>) -> Result<Changes, Refusal> {
    let opening = session::decide::settled(input.session)?;
    let session_id = opening.session_id;
    let events = wallet::decide::pay_debt(input.wallet, session_id, input.now)?;
    let Some(WalletEvent::DebtPaid { paid, .. }) = events.first() else {
        return Ok(Changes::default());
    };
    let context = Context {
        hall_id: Some(opening.hall_id),
        member_id: input.payer,
        at: input.now,
    };
    let posting = context.bill_payment(session_id, *paid)?;
    Ok(Changes {
        wallet: events,
        journal: posting.into_iter().collect(),
        ..Changes::default()
    })
}
