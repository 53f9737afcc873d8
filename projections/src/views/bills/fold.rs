//! How events change a bill.

use baize_domain::Event;
use baize_domain::session::{TableSessionEvent, goods};
use baize_domain::wallet::{Split, WalletEvent};
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{BillRow, BillStatus, PaymentKind, PaymentRow};
use super::state::BillsState;

pub(super) fn fold(state: &mut BillsState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let position = decoded.position();
    match &decoded.event {
        Event::TableSession(event) => session(state, session_id(decoded)?, event, position),
        Event::Wallet(event) => {
            if let Some(payment) = payment(event, position) {
                state.payments.put(payment);
            }
            match event {
                WalletEvent::DebtPaid {
                    session_id,
                    paid,
                    outstanding,
                    ..
                } => change(state, session_id.0, position, |bill| {
                    bill.paid_fen += paid.total().0;
                    bill.outstanding_fen = outstanding.0;
                    bill.status = settled(outstanding.0);
                }),
                _ => Ok(()),
            }
        }
        Event::Calendar(_)
        | Event::Chain(_)
        | Event::Staff(_)
        | Event::PointsAccount(_)
        | Event::Payment(_)
        | Event::Refund(_)
        | Event::Gift(_)
        | Event::Reconciliation(_)
        | Event::Redemption(_)
        | Event::BillSplit(_)
        | Event::Repair(_)
        | Event::Compensation(_)
        | Event::Complaint(_)
        | Event::Hall(_)
        | Event::Table(_)
        | Event::TariffPlan(_)
        | Event::Member(_)
        | Event::Identity(_)
        | Event::Device(_)
        | Event::Journal(_) => Ok(()),
    }
}

/// The session that an event is about, or why that cannot be said.
pub(super) fn session_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    if let Event::Wallet(
        WalletEvent::DebtPaid { session_id, .. }
        | WalletEvent::HoldCaptured { session_id, .. }
        | WalletEvent::PrepaidCharged { session_id, .. }
        | WalletEvent::GoodsCharged { session_id, .. }
        | WalletEvent::PrepaidRefunded { session_id, .. },
    ) = &decoded.event
    {
        return Ok(session_id.0);
    }
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn session(
    state: &mut BillsState,
    session_id: Uuid,
    event: &TableSessionEvent,
    position: i64,
) -> Result<(), Contradiction> {
    match event {
        TableSessionEvent::SessionOpened {
            table_id,
            hall_id,
            member_id,
            tariff,
            opened_at,
            ..
        } => {
            if state.bills.get(session_id).is_some() {
                return Err(Contradiction(format!("session {session_id} was opened before")));
            }
            state.bills.put(BillRow {
                session_id,
                hall_id: hall_id.0,
                table_id: table_id.0,
                member_id: member_id.0,
                status: BillStatus::Running,
                opened_at: (*opened_at).into(),
                billing_started_at: None,
                closed_at: None,
                tariff_plan_id: tariff.plan_id.0,
                tariff_version: i32::try_from(tariff.version).unwrap_or(i32::MAX),
                tariff_name: tariff.tariff.name.clone(),
                goods: Json(Vec::new()),
                lines: Json(Vec::new()),
                total_fen: 0,
                paid_fen: 0,
                outstanding_fen: 0,
                opened_position: position,
                position,
            });
            Ok(())
        }
        TableSessionEvent::BillingStarted { at, .. } => change(state, session_id, position, |bill| {
            bill.billing_started_at = Some((*at).into())
        }),
        // A bill names the table, and the tariff, that was played by last; its lines tell of all.
        TableSessionEvent::SessionTransferred { table_id, tariff, .. } => change(state, session_id, position, |bill| {
            bill.table_id = table_id.0;
            bill.tariff_plan_id = tariff.plan_id.0;
            bill.tariff_version = i32::try_from(tariff.version).unwrap_or(i32::MAX);
            bill.tariff_name.clone_from(&tariff.tariff.name);
        }),
        TableSessionEvent::SessionClosed { at, bill: closed, .. } => change(state, session_id, position, |bill| {
            bill.status = BillStatus::Closed;
            bill.closed_at = Some((*at).into());
            bill.lines = Json(closed.lines.clone());
            bill.total_fen = closed.total.0;
        }),
        TableSessionEvent::SessionSettled { paid, outstanding, .. } => change(state, session_id, position, |bill| {
            bill.paid_fen = paid.0;
            bill.outstanding_fen = outstanding.0;
            bill.status = settled(outstanding.0);
        }),
        TableSessionEvent::SessionCancelled { at, .. } => change(state, session_id, position, |bill| {
            bill.status = BillStatus::Cancelled;
            bill.goods.0.clear();
            bill.closed_at = Some((*at).into());
        }),
        TableSessionEvent::GoodsAdded { line, .. } => {
            change(state, session_id, position, |bill| goods::put(&mut bill.goods.0, line))
        }
        TableSessionEvent::GoodsRemoved { code, quantity, .. } => change(state, session_id, position, |bill| {
            goods::take(&mut bill.goods.0, code, *quantity)
        }),
        TableSessionEvent::SessionExtended { .. }
        | TableSessionEvent::HoldRenewed { .. }
        | TableSessionEvent::OpeningAwaited { .. }
        | TableSessionEvent::OpeningLapsed { .. }
        | TableSessionEvent::SessionPaused { .. }
        | TableSessionEvent::SessionResumed { .. }
        | TableSessionEvent::CustomerWarned { .. } => Ok(()),
    }
}

/// The payment that an event tells of. Of prepaid time it comes before the session's opening, which it pays for.
fn payment(event: &WalletEvent, position: i64) -> Option<PaymentRow> {
    let (kind, session_id, amount, at) = match event {
        WalletEvent::PrepaidCharged { session_id, amount, at } => (PaymentKind::Prepaid, session_id, *amount, at),
        WalletEvent::GoodsCharged { session_id, amount, at } => (PaymentKind::Settlement, session_id, *amount, at),
        WalletEvent::HoldCaptured {
            session_id,
            captured,
            at,
            ..
        } => (PaymentKind::Settlement, session_id, *captured, at),
        WalletEvent::DebtPaid {
            session_id, paid, at, ..
        } => (PaymentKind::Debt, session_id, *paid, at),
        WalletEvent::PrepaidRefunded { session_id, amount, at } => {
            let back = Split {
                principal: -amount.principal,
                bonus: -amount.bonus,
            };
            (PaymentKind::Refund, session_id, back, at)
        }
        _ => return None,
    };
    Some(PaymentRow {
        position,
        session_id: session_id.0,
        kind,
        principal_fen: amount.principal.0,
        bonus_fen: amount.bonus.0,
        at: (*at).into(),
    })
}

fn settled(outstanding_fen: i64) -> BillStatus {
    if outstanding_fen > 0 {
        BillStatus::Outstanding
    } else {
        BillStatus::Paid
    }
}

fn change(
    state: &mut BillsState,
    session_id: Uuid,
    position: i64,
    change: impl FnOnce(&mut BillRow),
) -> Result<(), Contradiction> {
    let Some(bill) = state.bills.change(session_id) else {
        return Err(Contradiction(format!("session {session_id} was never opened")));
    };
    change(bill);
    bill.position = position;
    Ok(())
}
