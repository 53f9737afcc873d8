//! How events change a member's points. Each change is an entry, and the points are the sum of their entries.

use baize_domain::Event;
use baize_domain::points_account::{PointsAccountEvent, PointsShare};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::gifts;
use super::rows::{PointsEntryKind, PointsEntryRow, PointsRow};
use super::state::LoyaltyState;

pub(super) fn fold(state: &mut LoyaltyState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let (id, position) = (stream_id(decoded)?, decoded.position());
    match &decoded.event {
        Event::PointsAccount(event) => points(state, id, event, position),
        Event::Gift(event) => gifts::gift(state, id, event, position),
        Event::Redemption(event) => gifts::redemption(state, id, event, position),
        _ => Ok(()),
    }
}

/// The member, gift or redemption that an event is about.
pub(super) fn stream_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn points(
    state: &mut LoyaltyState,
    member_id: Uuid,
    event: &PointsAccountEvent,
    position: i64,
) -> Result<(), Contradiction> {
    if state.points.get(member_id).is_none() {
        state.points.put(PointsRow {
            member_id,
            points: 0,
            owed: 0,
            lots: Json::default(),
            position,
        });
    }
    let Some(account) = state.points.change(member_id) else {
        return Err(Contradiction(format!("the points of {member_id} cannot be changed")));
    };
    let entry = entry(account, event, position);
    account.points += entry.points;
    account.owed += entry.owed;
    account.position = position;
    let in_lots: i64 = account.lots.values().sum();
    if in_lots != account.points || account.owed < 0 {
        return Err(Contradiction(format!(
            "{member_id} has {} points, {in_lots} in lots, and owes {}",
            account.points, account.owed
        )));
    }
    if (entry.points, entry.owed) != (0, 0) {
        state.entries.put(entry);
    }
    Ok(())
}

fn entry(account: &mut PointsRow, event: &PointsAccountEvent, position: i64) -> PointsEntryRow {
    let member_id = account.member_id;
    let blank = |kind, at: &Timestamp| PointsEntryRow {
        position,
        member_id,
        kind,
        points: 0,
        owed: 0,
        reference: None,
        reason: None,
        at: (*at).into(),
    };
    match event {
        PointsAccountEvent::PointsEarned {
            session_id,
            points,
            met_owed,
            expires_at,
            at,
            ..
        } => {
            let credited = signed(*points) - signed(*met_owed);
            change(account, *expires_at, credited);
            PointsEntryRow {
                points: credited,
                owed: -signed(*met_owed),
                reference: Some(session_id.0),
                ..blank(PointsEntryKind::Earned, at)
            }
        }
        PointsAccountEvent::PointsGranted {
            points,
            met_owed,
            expires_at,
            at,
            ..
        } => {
            let credited = signed(*points) - signed(*met_owed);
            change(account, *expires_at, credited);
            PointsEntryRow {
                points: credited,
                owed: -signed(*met_owed),
                ..blank(PointsEntryKind::Granted, at)
            }
        }
        PointsAccountEvent::PointsReversed {
            session_id,
            shares,
            owed,
            reason,
            at,
            ..
        } => PointsEntryRow {
            points: -taken(account, shares),
            owed: signed(*owed),
            reference: Some(session_id.0),
            reason: Some(reason.clone()),
            ..blank(PointsEntryKind::Reversed, at)
        },
        PointsAccountEvent::PointsRedeemed {
            redemption_id,
            shares,
            at,
        } => PointsEntryRow {
            points: -taken(account, shares),
            reference: Some(redemption_id.0),
            ..blank(PointsEntryKind::Redeemed, at)
        },
        PointsAccountEvent::PointsRestored {
            redemption_id,
            shares,
            met_owed,
            at,
            ..
        } => {
            for share in shares {
                change(account, share.expires_at, signed(share.points));
            }
            PointsEntryRow {
                points: shares.iter().map(|share| signed(share.points)).sum(),
                owed: -signed(*met_owed),
                reference: Some(redemption_id.0),
                ..blank(PointsEntryKind::Restored, at)
            }
        }
        PointsAccountEvent::PointsExpired { points, at } => {
            account.lots.retain(|expires_at, _| *expires_at > at.as_second());
            PointsEntryRow {
                points: -signed(*points),
                ..blank(PointsEntryKind::Expired, at)
            }
        }
        PointsAccountEvent::PointsForfeited { points, at } => {
            account.lots.clear();
            PointsEntryRow {
                points: -signed(*points),
                owed: -account.owed,
                ..blank(PointsEntryKind::Forfeited, at)
            }
        }
    }
}

/// Takes shares out of the lots; tells how many points they are.
fn taken(account: &mut PointsRow, shares: &[PointsShare]) -> i64 {
    for share in shares {
        change(account, share.expires_at, -signed(share.points));
    }
    shares.iter().map(|share| signed(share.points)).sum()
}

fn change(account: &mut PointsRow, expires_at: Timestamp, points: i64) {
    let lots = &mut account.lots.0;
    *lots.entry(expires_at.as_second()).or_default() += points;
    lots.retain(|_, points| *points != 0);
}

pub(super) fn signed(points: u64) -> i64 {
    i64::try_from(points).unwrap_or(i64::MAX)
}
