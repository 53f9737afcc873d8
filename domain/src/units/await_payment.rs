//! An opening that waits for its payment: it opens by itself when the money is there, or lets go of the table when its time is over.
//!
//! The money may come from anywhere that credits the wallet: the counter, or a provider. What comes too late stays in the
//! wallet, where it is the member's.

use jiff::Timestamp;

use crate::device::Device;
use crate::ids::{MemberId, session_hold};
use crate::money::Fen;
use crate::refusal::Refusal;
use crate::session::{self, Asked, LapseReason, TableSession};
use crate::table::{self, Table, TableEvent};
use crate::tariff::pricing::seconds_after;
use crate::wallet::{self, Wallet, WalletError, WalletEvent};

use super::Changes;
use super::begin_session::{NotSecured, begin, secure};

/// What a waiting opening is decided from. The wallet is that of the member, the device that of the table's light.
#[derive(Clone, Copy, Debug)]
pub struct AwaitedInput<'a> {
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

/// Keeps the table until the payment has come or its time is over. A hold of nothing makes the session one of those that the person has.
pub(super) fn await_payment(
    asked: Asked,
    occupied: Vec<TableEvent>,
    session: &TableSession,
    wallet: &Wallet,
    (due, shortfall): (Fen, Fen),
    now: Timestamp,
) -> Result<Changes, Refusal> {
    let (session_id, policy) = (asked.session_id, asked.policy.clone());
    let (mut wallet_events, wallet) = opened(wallet, asked.member_id, now);
    wallet_events.extend(wallet::decide::hold(
        &wallet,
        session_hold(session_id),
        session_id,
        Fen::ZERO,
        policy.open_sessions_max,
        now,
    )?);
    Ok(Changes {
        table: occupied,
        wallet: wallet_events,
        session: session::decide::await_payment(
            session,
            session::Awaited {
                asked,
                due,
                shortfall,
                pay_by: seconds_after(now, policy.payment_wait_seconds),
            },
            now,
        )?,
        ..Changes::default()
    })
}

/// The wallet, opened if it was not: who has none yet can pay through a provider.
pub(super) fn opened(wallet: &Wallet, member_id: MemberId, at: Timestamp) -> (Vec<WalletEvent>, Wallet) {
    let events = match wallet.member_id {
        Some(_) => Vec::new(),
        None => vec![WalletEvent::WalletOpened { member_id, at }],
    };
    let mut after = wallet.clone();
    events.iter().for_each(|event| after.evolve(event));
    (events, after)
}

/// Begins a session whose payment has come; one that has begun stays as it is.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `OPENING_LAPSED`, `PACKAGE_NOT_ON_OFFER`, `PAYMENT_METHOD_REQUIRED`, `UNPAID_BILL`, `TOP_UP_REQUIRED`, `DEVICE_NOT_FOUND`, `DEVICE_CHANNEL_NOT_FOUND`.
pub fn pay_opening(input: AwaitedInput<'_>) -> Result<Changes, Refusal> {
    let Some(awaited) = session::decide::payable(input.session, input.now)? else {
        return Ok(Changes::default());
    };
    let asked = &awaited.asked;
    let mut wallet_events = wallet::decide::release(input.wallet, asked.session_id, input.now)?;
    let mut wallet = input.wallet.clone();
    wallet_events.iter().for_each(|event| wallet.evolve(event));
    let mut secured = secure(asked, &wallet, input.now)?;
    wallet_events.append(&mut secured.wallet);
    secured.wallet = wallet_events;
    begin(asked, secured, input.session, input.device, input.now)
}

/// What the wallet lacks now for a waiting opening to begin; nothing, if it may begin as it is or cannot begin at all.
pub(super) fn shortfall(awaited: &session::Awaited, wallet: &Wallet, now: Timestamp) -> Option<Fen> {
    let session_id = awaited.asked.session_id;
    let mut released = wallet.clone();
    for event in wallet::decide::release(wallet, session_id, now).ok()? {
        released.evolve(&event);
    }
    match secure(&awaited.asked, &released, now) {
        Err(NotSecured::Wallet(WalletError::TooLittle { shortfall, .. })) => Some(shortfall),
        _ => None,
    }
}

/// Lets go of the table; an opening that was let go stays so.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_BEGUN`, `PAYMENT_AWAITED` (with the fact `until`).
pub fn lapse_opening(input: AwaitedInput<'_>, reason: LapseReason) -> Result<Changes, Refusal> {
    let events = session::decide::lapse(input.session, reason, input.now)?;
    let Some(awaited) = input.session.awaited.as_ref().filter(|_| !events.is_empty()) else {
        return Ok(Changes::default());
    };
    let session_id = awaited.asked.session_id;
    Ok(Changes {
        table: table::decide::release(input.table, session_id, input.now),
        wallet: wallet::decide::release(input.wallet, session_id, input.now)?,
        session: events,
        ..Changes::default()
    })
}
