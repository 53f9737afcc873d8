//! What a wallet decides.

use jiff::Timestamp;

use crate::ids::{HallId, HoldId, MemberId, SessionId, TopUpId};
use crate::money::Fen;
use crate::refusal::InvalidField;

use super::{Debt, LotShare, Split, TopUpChannel, Wallet, WalletCommand, WalletError, WalletEvent, shares};

/// Unspent top-ups of a wallet, at most.
const LOTS_MAX: usize = 1000;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(wallet: &Wallet, command: WalletCommand) -> Result<Vec<WalletEvent>, WalletError> {
    match command {
        WalletCommand::CreditTopUp {
            member_id,
            top_up_id,
            channel,
            amount,
            at,
        } => credit_top_up(wallet, member_id, top_up_id, channel, amount, at),
        WalletCommand::Hold {
            hold_id,
            session_id,
            amount,
            open_sessions_max,
            at,
        } => hold(wallet, hold_id, session_id, amount, open_sessions_max, at),
        WalletCommand::RaiseHold { session_id, amount, at } => raise_hold(wallet, session_id, amount, at),
        WalletCommand::Capture {
            session_id,
            hall_id,
            total,
            at,
        } => capture(wallet, session_id, hall_id, total, at),
        WalletCommand::PayDebt { session_id, at } => pay_debt(wallet, session_id, at),
        WalletCommand::Release { session_id, at } => release(wallet, session_id, at),
        WalletCommand::ChargePrepaid {
            session_id,
            amount,
            open_sessions_max,
            at,
        } => charge_prepaid(wallet, session_id, amount, open_sessions_max, at),
        WalletCommand::ChargeMorePrepaid { session_id, amount, at } => {
            charge_more_prepaid(wallet, session_id, amount, at)
        }
        WalletCommand::RefundPrepaid { session_id, at } => refund_prepaid(wallet, session_id, at),
        WalletCommand::ChargeGoods {
            session_id,
            hall_id,
            total,
            at,
        } => Ok(charge_goods(wallet, session_id, hall_id, total, at)),
        WalletCommand::SettlePrepaid { session_id, at } => settle_prepaid(wallet, session_id, at),
        WalletCommand::ChargeShare { share_id, amount, at } => shares::charge(wallet, share_id, amount, at),
        WalletCommand::ReturnShare { share_id, at } => Ok(shares::give_back(wallet, share_id, at)),
        WalletCommand::DeliverShare { share_id, at } => Ok(shares::deliver(wallet, share_id, at)),
        WalletCommand::HandOver { to, at } => hand_over(wallet, to, at),
        WalletCommand::TakeOver {
            member_id,
            from,
            lots,
            debts,
            at,
        } => take_over(wallet, member_id, from, lots, debts, at),
    }
}

/// Credits a top-up and pays debts from it, oldest first. Whether the top-up was credited before is the journal's to know.
///
/// # Errors
/// [`WalletError::Invalid`], [`WalletError::TooManyLots`].
pub fn credit_top_up(
    wallet: &Wallet,
    member_id: MemberId,
    top_up_id: TopUpId,
    channel: TopUpChannel,
    amount: Split,
    at: Timestamp,
) -> Result<Vec<WalletEvent>, WalletError> {
    let in_range = |part: Fen| (Fen::ZERO..=Fen::MAX_INPUT).contains(&part);
    InvalidField::unless(
        in_range(amount.principal),
        "amount.principal",
        "must be 0 to 1000000000 fen",
    )?;
    InvalidField::unless(in_range(amount.bonus), "amount.bonus", "must be 0 to 1000000000 fen")?;
    InvalidField::unless(amount.total().is_positive(), "amount", "must be above 0")?;
    if !has_room(wallet) {
        return Err(WalletError::TooManyLots);
    }
    let mut events = Vec::with_capacity(2);
    if wallet.member_id.is_none() {
        events.push(WalletEvent::WalletOpened { member_id, at });
    }
    events.push(WalletEvent::TopUpCredited {
        top_up_id,
        channel,
        amount,
        at,
    });
    if !wallet.debts.is_empty() {
        pay_debts(wallet, &mut events, at);
    }
    Ok(events)
}

/// Whether the wallet can take another top-up.
pub fn has_room(wallet: &Wallet) -> bool {
    wallet.lots.count() < LOTS_MAX
}

/// Sets money aside for a session that opens.
///
/// # Errors
/// [`WalletError::NotOpened`], [`WalletError::Unpaid`], [`WalletError::OpenSession`], [`WalletError::TooLittle`].
pub fn hold(
    wallet: &Wallet,
    hold_id: HoldId,
    session_id: SessionId,
    amount: Fen,
    open_sessions_max: u32,
    at: Timestamp,
) -> Result<Vec<WalletEvent>, WalletError> {
    may_open(wallet, open_sessions_max)?;
    enough(wallet, amount)?;
    Ok(vec![WalletEvent::FundsHeld {
        hold_id,
        session_id,
        amount,
        at,
    }])
}

/// Sets more money aside for a session; nothing more changes nothing.
///
/// # Errors
/// [`WalletError::NothingHeld`], [`WalletError::TooLittle`].
pub fn raise_hold(
    wallet: &Wallet,
    session_id: SessionId,
    amount: Fen,
    at: Timestamp,
) -> Result<Vec<WalletEvent>, WalletError> {
    let (hold_id, _) = wallet
        .hold_for(session_id)
        .ok_or(WalletError::NothingHeld(session_id))?;
    if amount == Fen::ZERO {
        return Ok(Vec::new());
    }
    enough(wallet, amount)?;
    Ok(vec![WalletEvent::FundsHeld {
        hold_id,
        session_id,
        amount,
        at,
    }])
}

/// Takes a postpaid session's bill from its hold, then from what else can be spent; the rest is owed.
///
/// # Errors
/// [`WalletError::NothingHeld`].
pub fn capture(
    wallet: &Wallet,
    session_id: SessionId,
    hall_id: HallId,
    total: Fen,
    at: Timestamp,
) -> Result<Vec<WalletEvent>, WalletError> {
    let (hold_id, held) = wallet
        .hold_for(session_id)
        .ok_or(WalletError::NothingHeld(session_id))?;
    if total == Fen::ZERO {
        return release(wallet, session_id, at);
    }
    let taken = total.min(held + wallet.available());
    let mut events = vec![WalletEvent::HoldCaptured {
        hold_id,
        session_id,
        captured: wallet.split(taken),
        released: held.saturating_sub_zero(taken),
        at,
    }];
    if taken < total {
        events.push(WalletEvent::DebtIncurred {
            session_id,
            hall_id,
            amount: total - taken,
            at,
        });
    }
    Ok(events)
}

/// Pays all that is owed for a session; nothing owed changes nothing.
///
/// # Errors
/// [`WalletError::TooLittle`].
pub fn pay_debt(wallet: &Wallet, session_id: SessionId, at: Timestamp) -> Result<Vec<WalletEvent>, WalletError> {
    let Some(debt) = wallet.debts.iter().find(|debt| debt.session_id == session_id) else {
        return Ok(Vec::new());
    };
    enough(wallet, debt.outstanding)?;
    Ok(vec![WalletEvent::DebtPaid {
        session_id,
        paid: wallet.split(debt.outstanding),
        outstanding: Fen::ZERO,
        at,
    }])
}

/// Gives a hold back.
///
/// # Errors
/// [`WalletError::NothingHeld`].
pub fn release(wallet: &Wallet, session_id: SessionId, at: Timestamp) -> Result<Vec<WalletEvent>, WalletError> {
    let (hold_id, released) = wallet
        .hold_for(session_id)
        .ok_or(WalletError::NothingHeld(session_id))?;
    Ok(vec![WalletEvent::HoldReleased {
        hold_id,
        session_id,
        released,
        at,
    }])
}

/// Takes the price of prepaid time of a session that opens.
///
/// # Errors
/// [`WalletError::NotOpened`], [`WalletError::Unpaid`], [`WalletError::OpenSession`], [`WalletError::TooLittle`].
pub fn charge_prepaid(
    wallet: &Wallet,
    session_id: SessionId,
    amount: Fen,
    open_sessions_max: u32,
    at: Timestamp,
) -> Result<Vec<WalletEvent>, WalletError> {
    may_open(wallet, open_sessions_max)?;
    enough(wallet, amount)?;
    Ok(vec![WalletEvent::PrepaidCharged {
        session_id,
        amount: wallet.split(amount),
        at,
    }])
}

/// Takes the price of more prepaid time; a price of nothing changes nothing.
///
/// # Errors
/// [`WalletError::NothingHeld`], [`WalletError::TooLittle`].
pub fn charge_more_prepaid(
    wallet: &Wallet,
    session_id: SessionId,
    amount: Fen,
    at: Timestamp,
) -> Result<Vec<WalletEvent>, WalletError> {
    wallet
        .prepaid_for(session_id)
        .ok_or(WalletError::NothingHeld(session_id))?;
    if amount == Fen::ZERO {
        return Ok(Vec::new());
    }
    enough(wallet, amount)?;
    Ok(vec![WalletEvent::PrepaidCharged {
        session_id,
        amount: wallet.split(amount),
        at,
    }])
}

/// Pays a session's prepaid time back, each kind of money to its own lot.
///
/// # Errors
/// [`WalletError::NothingHeld`].
pub fn refund_prepaid(wallet: &Wallet, session_id: SessionId, at: Timestamp) -> Result<Vec<WalletEvent>, WalletError> {
    let amount = wallet
        .prepaid_for(session_id)
        .ok_or(WalletError::NothingHeld(session_id))?;
    Ok(vec![WalletEvent::PrepaidRefunded { session_id, amount, at }])
}

/// Takes what is on a prepaid session's bill beside its time; what the wallet cannot give is owed.
pub fn charge_goods(
    wallet: &Wallet,
    session_id: SessionId,
    hall_id: HallId,
    total: Fen,
    at: Timestamp,
) -> Vec<WalletEvent> {
    let taken = total.min(wallet.available());
    let mut events = Vec::with_capacity(2);
    if taken.is_positive() {
        let amount = wallet.split(taken);
        events.push(WalletEvent::GoodsCharged { session_id, amount, at });
    }
    if taken < total {
        events.push(WalletEvent::DebtIncurred {
            session_id,
            hall_id,
            amount: total - taken,
            at,
        });
    }
    events
}

/// Whether the wallet has that much to spend.
///
/// # Errors
/// [`WalletError::TooLittle`].
pub fn has(wallet: &Wallet, needed: Fen) -> Result<(), WalletError> {
    enough(wallet, needed)
}

/// Of a session's prepaid time `earned` is earned, principal first, and the rest goes back. `earned` is at most what was paid.
///
/// # Errors
/// [`WalletError::NothingHeld`].
pub fn settle_part_of_prepaid(
    wallet: &Wallet,
    session_id: SessionId,
    earned: Fen,
    at: Timestamp,
) -> Result<Vec<WalletEvent>, WalletError> {
    let paid = wallet
        .prepaid_for(session_id)
        .ok_or(WalletError::NothingHeld(session_id))?;
    let principal = paid.principal.min(earned);
    let kept = Split {
        principal,
        bonus: paid.bonus.min(earned - principal),
    };
    let back = Split {
        principal: paid.principal - kept.principal,
        bonus: paid.bonus - kept.bonus,
    };
    let refunded = (back.total() > Fen::ZERO).then_some(WalletEvent::PrepaidRefunded {
        session_id,
        amount: back,
        at,
    });
    // What was paid back whole is over with that.
    let settled = (kept.total() > Fen::ZERO || refunded.is_none()).then_some(WalletEvent::PrepaidSettled {
        session_id,
        amount: kept,
        at,
    });
    Ok(refunded.into_iter().chain(settled).collect())
}

/// A session's prepaid time is earned; the wallet no longer stands for it.
///
/// # Errors
/// [`WalletError::NothingHeld`].
pub fn settle_prepaid(wallet: &Wallet, session_id: SessionId, at: Timestamp) -> Result<Vec<WalletEvent>, WalletError> {
    let amount = wallet
        .prepaid_for(session_id)
        .ok_or(WalletError::NothingHeld(session_id))?;
    Ok(vec![WalletEvent::PrepaidSettled { session_id, amount, at }])
}

/// Gives everything to another wallet; of nothing there is nothing to give.
///
/// # Errors
/// [`WalletError::SessionUnderWay`], [`WalletError::ShareUnderWay`]: the wallet stands for a session or a share, and what becomes of that is not known.
pub fn hand_over(wallet: &Wallet, to: MemberId, at: Timestamp) -> Result<Vec<WalletEvent>, WalletError> {
    if let Some(open) = wallet.sessions.first() {
        return Err(WalletError::SessionUnderWay(open.session_id));
    }
    if let Some(share) = wallet.shares.first() {
        return Err(WalletError::ShareUnderWay(share.share_id));
    }
    if wallet.lots.count() == 0 && wallet.debts.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![WalletEvent::WalletHandedOver {
        to,
        balance: wallet.balance(),
        owed: wallet.owed(),
        at,
    }])
}

/// Takes in what another wallet gives, and pays debts from what there is then, oldest first; nothing changes nothing.
///
/// # Errors
/// [`WalletError::TooManyLots`].
pub fn take_over(
    wallet: &Wallet,
    member_id: MemberId,
    from: MemberId,
    lots: Vec<LotShare>,
    debts: Vec<Debt>,
    at: Timestamp,
) -> Result<Vec<WalletEvent>, WalletError> {
    if lots.is_empty() && debts.is_empty() {
        return Ok(Vec::new());
    }
    if wallet.lots.count() + lots.len() > LOTS_MAX {
        return Err(WalletError::TooManyLots);
    }
    let mut events = Vec::with_capacity(3);
    if wallet.member_id.is_none() {
        events.push(WalletEvent::WalletOpened { member_id, at });
    }
    events.push(WalletEvent::WalletTakenOver { from, lots, debts, at });
    pay_debts(wallet, &mut events, at);
    Ok(events)
}

/// Whether the member may begin another session.
fn may_open(wallet: &Wallet, open_sessions_max: u32) -> Result<(), WalletError> {
    if wallet.member_id.is_none() {
        return Err(WalletError::NotOpened);
    }
    if let Some(debt) = wallet.debts.first() {
        return Err(WalletError::Unpaid {
            session_id: debt.session_id,
            outstanding: debt.outstanding,
        });
    }
    let full = usize::try_from(open_sessions_max).is_ok_and(|max| wallet.sessions.len() >= max);
    if let Some(open) = wallet.sessions.first().filter(|_| full) {
        return Err(WalletError::OpenSession {
            session_id: open.session_id,
            open_sessions_max,
        });
    }
    Ok(())
}

fn enough(wallet: &Wallet, needed: Fen) -> Result<(), WalletError> {
    let available = wallet.available();
    if available < needed {
        return Err(WalletError::too_little(needed, available));
    }
    Ok(())
}

/// Pays debts from what can be spent once `events` have happened, oldest debt first.
fn pay_debts(wallet: &Wallet, events: &mut Vec<WalletEvent>, at: Timestamp) {
    let mut after = wallet.clone();
    for event in &*events {
        after.evolve(event);
    }
    for debt in after.debts.clone() {
        let paid = debt.outstanding.min(after.available());
        if paid == Fen::ZERO {
            return;
        }
        let event = WalletEvent::DebtPaid {
            session_id: debt.session_id,
            paid: after.split(paid),
            outstanding: debt.outstanding - paid,
            at,
        };
        after.evolve(&event);
        events.push(event);
    }
}
