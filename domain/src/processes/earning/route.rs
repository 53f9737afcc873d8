//! Which events earn points: those by which principal was spent on a session.

use crate::event::Event;
use crate::ids::{SessionId, debt_earning, goods_earning, settlement_earning};
use crate::points_account::Earning;
use crate::processes::Route;
use crate::wallet::{Split, WalletEvent};

pub(super) fn route(event: &Event) -> Route {
    match earning(event).filter(|earning| earning.principal.is_positive()) {
        Some(earning) => Route::Start(earning.session_id.0),
        None => Route::Ignore,
    }
}

/// The payment that an event tells of.
pub(super) fn earning(event: &Event) -> Option<Earning> {
    let settlement = |session_id: SessionId, paid: Split| Earning {
        earning_id: settlement_earning(session_id),
        session_id,
        principal: paid.principal,
    };
    let Event::Wallet(event) = event else { return None };
    match event {
        WalletEvent::HoldCaptured {
            session_id, captured, ..
        } => Some(settlement(*session_id, *captured)),
        WalletEvent::PrepaidSettled { session_id, amount, .. } => Some(settlement(*session_id, *amount)),
        WalletEvent::GoodsCharged { session_id, amount, .. } => Some(Earning {
            earning_id: goods_earning(*session_id),
            ..settlement(*session_id, *amount)
        }),
        WalletEvent::DebtPaid {
            session_id,
            paid,
            outstanding,
            ..
        } => Some(Earning {
            earning_id: debt_earning(*session_id, *outstanding),
            session_id: *session_id,
            principal: paid.principal,
        }),
        _ => None,
    }
}
