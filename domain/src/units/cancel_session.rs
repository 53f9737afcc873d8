//! A session comes to nothing: money back, table to repair, light off.

use jiff::Timestamp;

use crate::device::{self, Device};
use crate::ids::opening_repair;
use crate::refusal::Refusal;
use crate::repair::{Fault, Repair, Ticket};
use crate::session::{self, CancelReason, TableSession, TableSessionError};
use crate::table::{self, Table};
use crate::wallet::{self, Wallet, WalletEvent};

use super::Changes;
use super::faults::take_out_of_service;
use super::postings::Context;

/// What it is decided from.
#[derive(Clone, Copy, Debug)]
pub struct CancelSessionInput<'a> {
    /// Why.
    pub reason: CancelReason,
    /// The session.
    pub session: &'a TableSession,
    /// Its table.
    pub table: &'a Table,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// The device with the table's light.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
}

/// Cancels a session; a cancelled one stays as it is. A light that was confirmed meanwhile wins: the game goes on.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CLOSED`, `SESSION_LIGHT_CONFIRMED`, `SESSION_NOT_SECURED`.
pub fn cancel_session(input: CancelSessionInput<'_>) -> Result<Changes, Refusal> {
    let events = session::decide::cancel(input.session, input.reason, input.now)?;
    let Some(opening) = input.session.opening.as_ref().filter(|_| !events.is_empty()) else {
        return Ok(Changes::default());
    };
    let session_id = opening.session_id;
    let light = input.session.place(opening).light;
    if input.device.is_lit_for(light.channel, session_id) {
        return Err(TableSessionError::LightConfirmed.into());
    }
    let wallet_events = if opening.is_prepaid() {
        wallet::decide::refund_prepaid(input.wallet, session_id, input.now)?
    } else {
        wallet::decide::release(input.wallet, session_id, input.now)?
    };
    let context = Context {
        hall_id: Some(opening.hall_id),
        member_id: opening.member_id,
        at: input.now,
    };
    let journal = match wallet_events.as_slice() {
        [WalletEvent::PrepaidRefunded { amount, .. }] => context.prepaid_refund(session_id, *amount)?,
        _ => None,
    };
    let mut table_events = table::decide::release(input.table, session_id, input.now);
    let ticket = Ticket {
        repair_id: opening_repair(session_id),
        hall_id: opening.hall_id,
        table_id: input.session.place(opening).table_id,
        light,
        fault: fault_of(input.reason),
        since: opening.opened_at,
        session_id: Some(session_id),
    };
    let (taken_out, repair) = take_out_of_service(input.table, &Repair::default(), ticket, input.now)?;
    table_events.extend(taken_out);
    Ok(Changes {
        session: events,
        repair,
        table: table_events,
        wallet: wallet_events,
        device: device::decide::switch_off(input.device, light.channel, session_id, input.now).unwrap_or_default(),
        journal: journal.into_iter().collect(),
        ..Changes::default()
    })
}

const fn fault_of(reason: CancelReason) -> Fault {
    match reason {
        CancelReason::LightNotConfirmed => Fault::NotConfirmed,
    }
}
