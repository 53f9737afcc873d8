//! What a points account decides.

use jiff::Timestamp;

use crate::ids::{RedemptionId, SessionId};
use crate::level::LevelCode;
use crate::money::Fen;
use crate::refusal::InvalidField;

use super::lots::sum;
use super::state::points_for;
use super::{Earning, PointsAccount, PointsAccountCommand, PointsAccountError, PointsAccountEvent, PointsShare};

/// Characters of a reason, at most.
const REASON_CHARS_MAX: usize = 200;

/// Decides a command.
///
/// # Errors
/// Why it is refused.
pub fn decide(
    account: &PointsAccount,
    command: PointsAccountCommand,
) -> Result<Vec<PointsAccountEvent>, PointsAccountError> {
    match command {
        PointsAccountCommand::Earn {
            earning,
            fen_per_point,
            expires_at,
            at,
        } => Ok(earn(account, earning, fen_per_point, expires_at, at)),
        PointsAccountCommand::Grant {
            level,
            points,
            expires_at,
            at,
        } => Ok(grant(account, level, points, expires_at, at)),
        PointsAccountCommand::Reverse {
            session_id,
            refunded,
            reason,
            at,
        } => reverse(account, session_id, refunded, reason, at),
        PointsAccountCommand::Redeem {
            redemption_id,
            points,
            at,
        } => redeem(account, redemption_id, points, at),
        PointsAccountCommand::Restore {
            redemption_id,
            shares,
            at,
        } => Ok(restore(account, redemption_id, shares, at)),
        PointsAccountCommand::Expire { at } => Ok(expire(account, at)),
        PointsAccountCommand::Forfeit { at } => Ok(forfeit(account, at)),
    }
}

/// Credits what a payment earns, after what is owed; the same payment again changes nothing. Payments for one session count together, at the price
/// of a point that the first of them had.
pub fn earn(
    account: &PointsAccount,
    earning: Earning,
    fen_per_point: Fen,
    expires_at: Timestamp,
    at: Timestamp,
) -> Vec<PointsAccountEvent> {
    let Earning {
        earning_id,
        session_id,
        principal,
    } = earning;
    let session = account.session(session_id);
    let known = session.is_some_and(|session| session.earnings.contains(&earning_id));
    if known || !principal.is_positive() {
        return Vec::new();
    }
    let fen_per_point = session.map_or(fen_per_point, |session| session.fen_per_point);
    let before = session.map_or(Fen::ZERO, |session| session.principal - session.refunded);
    let points = points_for(before + principal, fen_per_point) - points_for(before, fen_per_point);
    vec![PointsAccountEvent::PointsEarned {
        earning_id,
        session_id,
        principal,
        fen_per_point,
        points,
        met_owed: points.min(account.owed),
        expires_at,
        at,
    }]
}

/// Credits the gift packs of levels that were reached, after what is owed. That each is given once is the member's to know.
pub fn grant(
    account: &PointsAccount,
    level: LevelCode,
    points: u64,
    expires_at: Timestamp,
    at: Timestamp,
) -> Vec<PointsAccountEvent> {
    if points == 0 {
        return Vec::new();
    }
    vec![PointsAccountEvent::PointsGranted {
        level,
        points,
        met_owed: points.min(account.owed),
        expires_at,
        at,
    }]
}

/// Takes back the points of money that went back: `refunded` is all that went back for the session so far, so that a repeat or an older figure changes
/// nothing. What the account has no more is owed.
///
/// # Errors
/// [`PointsAccountError::NothingEarned`], [`PointsAccountError::Invalid`].
pub fn reverse(
    account: &PointsAccount,
    session_id: SessionId,
    refunded: Fen,
    reason: String,
    at: Timestamp,
) -> Result<Vec<PointsAccountEvent>, PointsAccountError> {
    InvalidField::unless_text(&reason, REASON_CHARS_MAX, "reason")?;
    let session = account
        .session(session_id)
        .ok_or(PointsAccountError::NothingEarned(session_id))?;
    InvalidField::unless(
        (Fen::ZERO..=session.principal).contains(&refunded),
        "refunded_fen",
        "must be 0 to what was paid of principal for the session",
    )?;
    if refunded <= session.refunded {
        return Ok(Vec::new());
    }
    let left = points_for(session.principal - refunded, session.fen_per_point);
    let points = session.points().saturating_sub(left);
    let shares = account.lots.pick(points, Some(session.expires_at), at);
    let owed = points - sum(&shares);
    Ok(vec![PointsAccountEvent::PointsReversed {
        session_id,
        refunded,
        shares,
        owed,
        reason,
        at,
    }])
}

/// Gives points for a gift, those that expire first. That a redemption is made once is the redemption's to know.
///
/// # Errors
/// [`PointsAccountError::NotEnough`].
pub fn redeem(
    account: &PointsAccount,
    redemption_id: RedemptionId,
    points: u64,
    at: Timestamp,
) -> Result<Vec<PointsAccountEvent>, PointsAccountError> {
    let available = account.lots.good(at);
    if available < points {
        return Err(PointsAccountError::NotEnough {
            needed: points,
            available,
            shortfall: points - available,
        });
    }
    Ok(vec![PointsAccountEvent::PointsRedeemed {
        redemption_id,
        shares: account.lots.pick(points, None, at),
        at,
    }])
}

/// Puts back what was given, with the expiry that it had; what has expired meanwhile is gone, and what is owed is met first, from what would expire first.
pub fn restore(
    account: &PointsAccount,
    redemption_id: RedemptionId,
    given: Vec<PointsShare>,
    at: Timestamp,
) -> Vec<PointsAccountEvent> {
    let (good, expired): (Vec<_>, Vec<_>) = given.into_iter().partition(|share| share.expires_at > at);
    let met_owed = account.owed.min(sum(&good));
    let mut due = met_owed;
    let mut shares = Vec::with_capacity(good.len());
    for share in good {
        let met = share.points.min(due);
        due -= met;
        if share.points > met {
            shares.push(PointsShare {
                points: share.points - met,
                ..share
            });
        }
    }
    vec![PointsAccountEvent::PointsRestored {
        redemption_id,
        shares,
        met_owed,
        lapsed: sum(&expired),
        at,
    }]
}

/// Drops the lots whose time is over, and the sessions that have no points left.
pub fn expire(account: &PointsAccount, at: Timestamp) -> Vec<PointsAccountEvent> {
    let points = account.lots.balance() - account.lots.good(at);
    if points == 0 && account.sessions.iter().all(|session| session.expires_at > at) {
        return Vec::new();
    }
    vec![PointsAccountEvent::PointsExpired { points, at }]
}

/// Drops everything; an empty account stays as it is.
pub fn forfeit(account: &PointsAccount, at: Timestamp) -> Vec<PointsAccountEvent> {
    if *account == PointsAccount::default() {
        return Vec::new();
    }
    vec![PointsAccountEvent::PointsForfeited {
        points: account.lots.balance(),
        at,
    }]
}
