//! What a session decides.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::money::Fen;
use crate::refusal::InvalidField;
use crate::tariff::pricing::{minutes_after, seconds_after, within_grace};
use crate::tariff::{Course, PinnedTariff};

use super::fault;
use super::goods;
use super::moves;
use super::reach::{check_minutes, extension};
use super::{
    Awaited, Bill, BillLine, Billing, BillingStartCause, CancelReason, CloseCause, LapseReason, Opening, Phase,
    SessionMode, TableSession, TableSessionCommand, TableSessionError, TableSessionEvent, Warning,
};

/// Characters of a reason that staff give, at most.
pub const REASON_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(
    session: &TableSession,
    command: TableSessionCommand,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    match command {
        TableSessionCommand::AwaitPayment { awaited, at } => await_payment(session, *awaited, at),
        TableSessionCommand::Lapse { reason, at } => lapse(session, reason, at),
        TableSessionCommand::Open(opening) => open(session, *opening),
        TableSessionCommand::StartBilling { cause, at } => start_billing(session, cause, at),
        TableSessionCommand::Extend { minutes, at } => extend(session, minutes, at),
        TableSessionCommand::RaiseHold {
            held,
            covered_until,
            at,
        } => raise_hold(session, held, covered_until, at),
        TableSessionCommand::AddGoods { line, at } => goods::add(session, line, at),
        TableSessionCommand::RemoveGoods {
            code,
            quantity,
            reason,
            at,
        } => goods::remove(session, &code, quantity, &reason, at),
        TableSessionCommand::Transfer { to, terms, at } => moves::transfer(session, *to, terms, at),
        TableSessionCommand::Pause { reason, at } => moves::pause(session, &reason, at),
        TableSessionCommand::Resume { cause, at } => moves::resume(session, cause, at),
        TableSessionCommand::Warn { warning, at } => warn(session, warning, at),
        TableSessionCommand::Close { cause, reason, at } => close(session, cause, reason.as_deref(), at),
        TableSessionCommand::Settle { paid, outstanding, at } => settle(session, paid, outstanding, at),
        TableSessionCommand::Cancel { reason, at } => cancel(session, reason, at),
    }
}

/// Begins a session.
///
/// # Errors
/// [`TableSessionError::Exists`].
pub fn open(session: &TableSession, opening: Opening) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    if let Some(existing) = &session.opening {
        return Err(TableSessionError::Exists(existing.session_id));
    }
    Ok(vec![TableSessionEvent::SessionOpened {
        session_id: opening.session_id,
        table_id: opening.table_id,
        hall_id: opening.hall_id,
        member_id: opening.member_id,
        mode: opening.mode,
        light: opening.light,
        tariff: opening.tariff,
        discount: opening.discount,
        time_zone: opening.time_zone,
        policy: opening.policy,
        opened_at: opening.opened_at,
    }])
}

/// Waits for the payment of a session that was asked for.
///
/// # Errors
/// [`TableSessionError::Exists`].
pub fn await_payment(
    session: &TableSession,
    awaited: Awaited,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    if session.phase != Phase::Unopened {
        return Err(TableSessionError::Exists(awaited.asked.session_id));
    }
    let awaited = Arc::new(awaited);
    Ok(vec![TableSessionEvent::OpeningAwaited { awaited, at }])
}

/// What is to be begun now that it is paid; nothing if it has begun.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Lapsed`], also if it only is about to be let go.
pub fn payable(session: &TableSession, now: Timestamp) -> Result<Option<&Arc<Awaited>>, TableSessionError> {
    match (session.phase, &session.awaited) {
        (Phase::Awaiting, Some(awaited)) if now <= awaited.pay_by => Ok(Some(awaited)),
        (Phase::Awaiting | Phase::Lapsed, _) => Err(TableSessionError::Lapsed),
        (Phase::Unopened, _) => Err(TableSessionError::NotFound),
        _ => Ok(None),
    }
}

/// Waits no longer; an opening that was let go stays so.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Begun`], [`TableSessionError::PaymentAwaited`].
pub fn lapse(
    session: &TableSession,
    reason: LapseReason,
    now: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    match (session.phase, &session.awaited) {
        (Phase::Awaiting, Some(awaited)) if reason == LapseReason::NotPaid && now < awaited.pay_by => {
            Err(TableSessionError::PaymentAwaited { until: awaited.pay_by })
        }
        (Phase::Awaiting, _) => Ok(vec![TableSessionEvent::OpeningLapsed { reason, at: now }]),
        (Phase::Lapsed, _) => Ok(Vec::new()),
        (Phase::Unopened, _) => Err(TableSessionError::NotFound),
        _ => Err(TableSessionError::Begun),
    }
}

/// Starts billing at `at`, but neither before the opening nor later than the policy allows. What is paid or secured is moved by the same delay.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`].
pub fn start_billing(
    session: &TableSession,
    cause: BillingStartCause,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    let opening = playing(session)?;
    if session.billing.is_some() {
        return Ok(Vec::new());
    }
    let latest = seconds_after(opening.opened_at, opening.policy.billing_start_seconds_max);
    let at = at.clamp(opening.opened_at, latest);
    Ok(vec![billing_started(session, opening, cause, at)])
}

/// Sells more prepaid time.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`], [`TableSessionError::OtherMode`],
/// [`TableSessionError::TooLong`], [`TableSessionError::Invalid`].
pub fn extend(
    session: &TableSession,
    minutes: u32,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    let opening = playing(session)?;
    check_minutes(minutes, "minutes")?;
    if !opening.is_prepaid() {
        return Err(TableSessionError::OtherMode { prepaid: false });
    }
    let extension = extension(session, opening, minutes)?;
    Ok(vec![TableSessionEvent::SessionExtended {
        minutes: extension.minutes,
        price: extension.price,
        ends_at: extension.ends_at,
        at,
    }])
}

/// Records that the hold was raised.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`], [`TableSessionError::OtherMode`].
pub fn raise_hold(
    session: &TableSession,
    held: Fen,
    covered_until: Timestamp,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    if playing(session)?.is_prepaid() {
        return Err(TableSessionError::OtherMode { prepaid: true });
    }
    if session.held == held && session.covered_until == covered_until {
        return Ok(Vec::new());
    }
    Ok(vec![TableSessionEvent::HoldRenewed {
        held,
        covered_until,
        at,
    }])
}

/// Records a warning; each is given once for the present end.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`].
pub fn warn(
    session: &TableSession,
    warning: Warning,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    playing(session)?;
    if session.warned.contains(&warning) {
        return Ok(Vec::new());
    }
    Ok(vec![TableSessionEvent::CustomerWarned { warning, at }])
}

/// Ends play; a close of a closed session changes nothing.
///
/// A session that ends by itself ends when its time was over, however late the close comes; one that is closed by hand ends when it is
/// closed, but not after its light went off. `reason` is 1–200 characters.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Cancelled`], [`TableSessionError::NotOver`], [`TableSessionError::OtherMode`],
/// [`TableSessionError::Invalid`].
pub fn close(
    session: &TableSession,
    cause: CloseCause,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    if let Some(reason) = reason {
        InvalidField::unless_text(reason, REASON_CHARS_MAX, "reason")?;
    }
    if matches!(session.phase, Phase::Closed | Phase::Settled) {
        return Ok(Vec::new());
    }
    let opening = playing(session)?;
    let end = end_of_play(session, opening, cause, now)?;
    Ok(closed(session, opening, end, (cause, reason), now))
}

/// Ends play because the light has failed since `since`; a closed session stays as it is. Nothing is billed for the time after that, and no minimum.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Cancelled`].
pub fn close_for_fault(
    session: &TableSession,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    if matches!(session.phase, Phase::Closed | Phase::Settled) {
        return Ok(Vec::new());
    }
    let opening = playing(session)?;
    let latest = end_of_play(session, opening, CloseCause::Fault, now)?;
    // What was played before at another table, or before a pause, was played under its light.
    let end = since.max(session.from(opening)).min(latest);
    Ok(closed(session, opening, end, (CloseCause::Fault, None), now))
}

fn closed(
    session: &TableSession,
    opening: &Opening,
    end: Timestamp,
    (cause, reason): (CloseCause, Option<&str>),
    now: Timestamp,
) -> Vec<TableSessionEvent> {
    let mut events = Vec::with_capacity(2);
    let billing = session.billing.unwrap_or_else(|| {
        events.push(billing_started(
            session,
            opening,
            BillingStartCause::Closed,
            end.max(opening.opened_at),
        ));
        Billing {
            from: end.max(opening.opened_at),
            cause: BillingStartCause::Closed,
        }
    });
    let at = end.max(billing.from);
    let billed = TableSession {
        billing: Some(billing),
        ..session.clone()
    };
    let lingers_until = seconds_after(at, opening.policy.linger_seconds);
    events.push(TableSessionEvent::SessionClosed {
        at,
        cause,
        reason: reason.map(str::to_owned),
        bill: final_bill(&billed, opening, cause, at),
        light: session.place(opening).light,
        light_until: if lingers_until > now { lingers_until } else { at },
    });
    events
}

/// Records the payment of a closed session.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Cancelled`], [`TableSessionError::StillOpen`].
pub fn settle(
    session: &TableSession,
    paid: Fen,
    outstanding: Fen,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    match session.phase {
        Phase::Unopened => Err(TableSessionError::NotFound),
        Phase::Open => Err(TableSessionError::StillOpen),
        Phase::Cancelled => Err(TableSessionError::Cancelled),
        Phase::Awaiting => Err(awaiting(session)),
        Phase::Lapsed => Err(TableSessionError::Lapsed),
        Phase::Settled => Ok(Vec::new()),
        Phase::Closed => Ok(vec![TableSessionEvent::SessionSettled { paid, outstanding, at }]),
    }
}

/// Gives up a session whose light was never confirmed; a cancelled one stays so.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::LightConfirmed`].
pub fn cancel(
    session: &TableSession,
    reason: CancelReason,
    at: Timestamp,
) -> Result<Vec<TableSessionEvent>, TableSessionError> {
    if session.phase == Phase::Cancelled {
        return Ok(Vec::new());
    }
    playing(session)?;
    // Whoever moved or paused has played.
    let lit = !session.played.is_empty()
        || session
            .billing
            .is_some_and(|billing| billing.cause == BillingStartCause::LightConfirmed);
    if lit {
        return Err(TableSessionError::LightConfirmed);
    }
    Ok(vec![TableSessionEvent::SessionCancelled { reason, at }])
}

/// The opening of a session that is settled.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::StillOpen`], [`TableSessionError::NotSettled`], [`TableSessionError::Cancelled`],
/// [`TableSessionError::PaymentAwaited`], [`TableSessionError::Lapsed`].
pub fn settled(session: &TableSession) -> Result<&Arc<Opening>, TableSessionError> {
    match session.phase {
        Phase::Unopened => Err(TableSessionError::NotFound),
        Phase::Open => Err(TableSessionError::StillOpen),
        Phase::Closed => Err(TableSessionError::NotSettled),
        Phase::Cancelled => Err(TableSessionError::Cancelled),
        Phase::Awaiting => Err(awaiting(session)),
        Phase::Lapsed => Err(TableSessionError::Lapsed),
        Phase::Settled => session.opening.as_ref().ok_or(TableSessionError::NotFound),
    }
}

/// The opening of a session that is being played.
///
/// # Errors
/// [`TableSessionError::NotFound`], [`TableSessionError::Closed`], [`TableSessionError::Cancelled`].
pub fn playing(session: &TableSession) -> Result<&Arc<Opening>, TableSessionError> {
    match session.phase {
        Phase::Unopened => Err(TableSessionError::NotFound),
        Phase::Closed | Phase::Settled => Err(TableSessionError::Closed),
        Phase::Cancelled => Err(TableSessionError::Cancelled),
        Phase::Awaiting => Err(awaiting(session)),
        Phase::Lapsed => Err(TableSessionError::Lapsed),
        Phase::Open => session.opening.as_ref().ok_or(TableSessionError::NotFound),
    }
}

fn awaiting(session: &TableSession) -> TableSessionError {
    let until = session
        .awaited
        .as_ref()
        .map_or(Timestamp::MAX, |awaited| awaited.pay_by);
    TableSessionError::PaymentAwaited { until }
}

fn billing_started(
    session: &TableSession,
    opening: &Opening,
    cause: BillingStartCause,
    at: Timestamp,
) -> TableSessionEvent {
    let delay = match opening.package() {
        Some(package) if package.ends_by_the_clock => SignedDuration::ZERO,
        _ => at.duration_since(opening.opened_at),
    };
    TableSessionEvent::BillingStarted {
        at,
        cause,
        covered_until: session.covered_until.saturating_add(delay).unwrap_or(Timestamp::MAX),
    }
}

/// When play ended, if it may end for that cause.
fn end_of_play(
    session: &TableSession,
    opening: &Opening,
    cause: CloseCause,
    now: Timestamp,
) -> Result<Timestamp, TableSessionError> {
    let until = session.covered_until;
    let (prepaid, end) = (opening.is_prepaid(), minutes_after(until, opening.courtesy_minutes()));
    if let Some(pause) = session.pause {
        return match cause {
            CloseCause::PrepaidEnd | CloseCause::HoldExhausted => Err(TableSessionError::Paused),
            CloseCause::Customer | CloseCause::Staff | CloseCause::Fault => Ok(pause.at),
        };
    }
    match cause {
        CloseCause::PrepaidEnd if !prepaid => Err(TableSessionError::OtherMode { prepaid }),
        CloseCause::HoldExhausted if prepaid => Err(TableSessionError::OtherMode { prepaid }),
        CloseCause::PrepaidEnd | CloseCause::HoldExhausted if now < end => {
            Err(TableSessionError::NotOver { until: end })
        }
        CloseCause::PrepaidEnd | CloseCause::HoldExhausted => Ok(end),
        CloseCause::Customer | CloseCause::Staff | CloseCause::Fault if prepaid => Ok(now.min(end)),
        CloseCause::Customer | CloseCause::Staff | CloseCause::Fault => {
            Ok(now.min(seconds_after(until, opening.policy.linger_seconds)))
        }
    }
}

/// Postpaid: the time played. Prepaid: what was bought, unless play was so short that it costs nothing, or a fault ended it.
fn final_bill(session: &TableSession, opening: &Opening, cause: CloseCause, to: Timestamp) -> Bill {
    if cause == CloseCause::Fault {
        return fault::bill(session, opening, to).unwrap_or_else(|| bought_bill(session, opening, to));
    }
    bought_bill(session, opening, to)
}

fn bought_bill(session: &TableSession, opening: &Opening, to: Timestamp) -> Bill {
    let zone = opening.zone();
    if !opening.is_prepaid() {
        let past = session.past();
        return session.course(opening, &zone, &past).bill(to);
    }
    let free = within_grace(&session.played_until(opening, to));
    let mut lines = if free { Vec::new() } else { purchases(session, opening) };
    let listed: Fen = lines.iter().map(BillLine::amount).sum();
    let off = if free {
        Fen::ZERO
    } else {
        session.bought_price() - listed
    };
    if let Some(discount) = opening.discount.as_ref().filter(|_| off != Fen::ZERO) {
        lines.push(BillLine::Discount {
            level: discount.level.clone(),
            rate: discount.rate,
            amount: off,
        });
    }
    lines.extend(session.goods.iter().cloned().map(BillLine::Goods));
    Bill {
        total: lines.iter().map(BillLine::amount).sum(),
        lines,
    }
}

/// What was bought, each time at the price before the discount: what all time bought at that table by then costs, less what was bought there
/// before.
fn purchases(session: &TableSession, opening: &Opening) -> Vec<BillLine> {
    let zone = opening.zone();
    let mut lines = Vec::with_capacity(session.purchases.len());
    lines.extend(package_line(opening));
    for (number, leg) in session.legs.iter().enumerate() {
        let next = session.legs.get(number + 1);
        let end = next.map_or(session.purchases.len(), |next| next.first_purchase);
        let undiscounted = |tariff: &PinnedTariff, minutes| {
            let course = Course {
                prices: tariff,
                from: leg.from,
                discount: None,
                ..opening.course(&zone)
            };
            course.prepaid(minutes).total
        };
        let mut minutes = leg.carried;
        for purchase in session.purchases.get(leg.first_purchase..end).unwrap_or_default() {
            let line = if purchase.minutes == 0 {
                let left = number.checked_sub(1).and_then(|before| session.legs.get(before));
                let before = left.map_or(Fen::ZERO, |left| undiscounted(&left.tariff, minutes));
                BillLine::Surcharge {
                    amount: undiscounted(&leg.tariff, minutes).saturating_sub_zero(before),
                }
            } else {
                let prices = leg.prices();
                let before = undiscounted(&prices, minutes);
                minutes += purchase.minutes;
                BillLine::Prepaid {
                    minutes: purchase.minutes,
                    amount: undiscounted(&prices, minutes) - before,
                }
            };
            lines.push(line);
        }
    }
    lines
}

/// The package that the session began with.
fn package_line(opening: &Opening) -> Option<BillLine> {
    let SessionMode::Prepaid {
        price,
        ends_at,
        package: Some(package),
        ..
    } = &opening.mode
    else {
        return None;
    };
    Some(BillLine::Package {
        code: package.code.clone(),
        name: package.name.clone(),
        from: opening.opened_at,
        to: *ends_at,
        amount: *price,
    })
}
