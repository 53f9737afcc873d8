//! A closed session is paid: from the hold, then from what else the wallet can give; the rest is owed.

use jiff::Timestamp;

use crate::money::Fen;
use crate::refusal::Refusal;
use crate::session::{self, Opening, Phase, TableSession};
use crate::wallet::{self, Split, Wallet, WalletEvent};

use super::Changes;
use super::postings::Context;

/// What it is decided from. The wallet is that of the session's member.
#[derive(Clone, Copy, Debug)]
pub struct SettleSessionInput<'a> {
    /// The session.
    pub session: &'a TableSession,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// When.
    pub now: Timestamp,
}

/// Settles a closed session; a settled one stays as it is.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_STILL_OPEN`, `SESSION_CANCELLED`, `SESSION_NOT_SECURED`.
pub fn settle_session(input: SettleSessionInput<'_>) -> Result<Changes, Refusal> {
    let session = input.session;
    let (Phase::Closed, Some(opening), Some(closing)) = (session.phase, &session.opening, &session.closing) else {
        // Not closed, and so refused; or settled before, and so nothing.
        session::decide::settle(session, Fen::ZERO, Fen::ZERO, input.now)?;
        return Ok(Changes::default());
    };
    let total = closing.bill.total;
    if opening.is_prepaid() {
        settle_prepaid(&input, opening, total, closing.bill.goods_total())
    } else {
        settle_postpaid(&input, opening, total)
    }
}

/// The time was paid when it was bought: it is earned now, or, as far as it costs nothing after all, paid back. Goods are taken then.
fn settle_prepaid(
    input: &SettleSessionInput<'_>,
    opening: &Opening,
    total: Fen,
    goods: Fen,
) -> Result<Changes, Refusal> {
    let time = total - goods;
    let session_id = opening.session_id;
    let context = context(opening, input.now);
    let mut wallet_events = wallet::decide::settle_part_of_prepaid(input.wallet, session_id, time, input.now)?;
    let refunded = match wallet_events.first() {
        Some(WalletEvent::PrepaidRefunded { amount, .. }) => *amount,
        _ => Split::default(),
    };
    let mut journal: Vec<_> = context.prepaid_refund(session_id, refunded)?.into_iter().collect();
    let mut wallet = input.wallet.clone();
    wallet_events.iter().for_each(|event| wallet.evolve(event));
    let charged = wallet::decide::charge_goods(&wallet, session_id, opening.hall_id, goods, input.now);
    let captured = match charged.first() {
        Some(WalletEvent::GoodsCharged { amount, .. }) => *amount,
        _ => Split::default(),
    };
    let outstanding = goods - captured.total();
    wallet_events.extend(charged);
    journal.extend(context.prepaid_settlement(session_id, time, captured, outstanding)?);
    Ok(Changes {
        session: session::decide::settle(input.session, time + captured.total(), outstanding, input.now)?,
        wallet: wallet_events,
        journal,
        ..Changes::default()
    })
}

fn settle_postpaid(input: &SettleSessionInput<'_>, opening: &Opening, total: Fen) -> Result<Changes, Refusal> {
    let session_id = opening.session_id;
    let wallet_events = wallet::decide::capture(input.wallet, session_id, opening.hall_id, total, input.now)?;
    let captured = match wallet_events.first() {
        Some(WalletEvent::HoldCaptured { captured, .. }) => *captured,
        _ => Split::default(),
    };
    let outstanding = total - captured.total();
    let posting = context(opening, input.now).settlement(session_id, captured, outstanding)?;
    Ok(Changes {
        session: session::decide::settle(input.session, captured.total(), outstanding, input.now)?,
        wallet: wallet_events,
        journal: posting.into_iter().collect(),
        ..Changes::default()
    })
}

fn context(opening: &Opening, at: Timestamp) -> Context {
    Context {
        hall_id: Some(opening.hall_id),
        member_id: opening.member_id,
        at,
    }
}
