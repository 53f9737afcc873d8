//! How events become notices.

use baize_domain::complaint::ComplaintEvent;
use baize_domain::device::{DeviceEvent, FailureKind};
use baize_domain::member::MemberEvent;
use baize_domain::session::{CloseCause, LapseReason, TableSessionEvent, Warning};
use baize_domain::split::{OPENER, SplitEvent};
use baize_domain::table::TableEvent;
use baize_domain::wallet::{TopUpChannel, WalletEvent};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{LabelRow, MarkRow, NoticeKind, NoticeRow, SessionRow};
use super::state::NoticesState;

pub(super) fn fold(state: &mut NoticesState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let position = decoded.position();
    match &decoded.event {
        Event::TableSession(event) => session(state, decoded, event)?,
        Event::Device(event) => device(state, event, position),
        Event::Table(TableEvent::TableRegistered { label, .. } | TableEvent::TableRenamed { label, .. }) => {
            state.labels.put(LabelRow {
                table_id: stream_id(decoded)?,
                label: label.clone(),
            });
        }
        Event::Wallet(event) => wallet(state, stream_id(decoded)?, event, position),
        Event::BillSplit(event) => split(state, event, position),
        Event::Complaint(event) => complaint(state, event, position),
        Event::Member(event) => member(state, stream_id(decoded)?, event, position),
        _ => {}
    }
    Ok(())
}

pub(super) fn stream_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

/// The session that an event is about.
pub(super) fn session_of(decoded: &Decoded<'_>) -> Option<Uuid> {
    match &decoded.event {
        Event::TableSession(_) => stream_id(decoded).ok(),
        Event::Device(DeviceEvent::LightConfirmed { session_id, .. } | DeviceEvent::LightFailed { session_id, .. }) => {
            session_id.map(|session_id| session_id.0)
        }
        _ => None,
    }
}

/// A notice about a session, with nothing but that in it.
fn about(session: &SessionRow, kind: NoticeKind, at: Timestamp, position: i64) -> NoticeRow {
    NoticeRow {
        position,
        member_id: session.member_id,
        kind,
        session_id: Some(session.session_id),
        hall_id: Some(session.hall_id),
        table_label: session.table_label.clone(),
        time_zone: session.time_zone.clone(),
        amount_fen: 0,
        minutes: 0,
        level: None,
        points: 0,
        until: None,
        at: at.into(),
    }
}

fn session(state: &mut NoticesState, decoded: &Decoded<'_>, event: &TableSessionEvent) -> Result<(), Contradiction> {
    let (session_id, position) = (stream_id(decoded)?, decoded.position());
    let label = |state: &NoticesState, table_id: Uuid| {
        let row = state.labels.get(table_id);
        row.map(|row| row.label.clone()).unwrap_or_default()
    };
    match event {
        TableSessionEvent::OpeningAwaited { awaited, at } => {
            let asked = &awaited.asked;
            let row = SessionRow {
                session_id,
                member_id: asked.member_id.0,
                hall_id: asked.hall_id.0,
                table_label: label(state, asked.table_id.0),
                time_zone: asked.time_zone.clone(),
                lit: false,
                over: false,
            };
            state.notices.put(NoticeRow {
                amount_fen: awaited.shortfall.0,
                until: Some(awaited.pay_by.into()),
                ..about(&row, NoticeKind::PaymentAwaited, *at, position)
            });
            state.sessions.put(row);
            return Ok(());
        }
        TableSessionEvent::SessionOpened {
            table_id,
            hall_id,
            member_id,
            time_zone,
            ..
        } => {
            state.sessions.put(SessionRow {
                session_id,
                member_id: member_id.0,
                hall_id: hall_id.0,
                table_label: label(state, table_id.0),
                time_zone: time_zone.clone(),
                lit: false,
                over: false,
            });
            return Ok(());
        }
        _ => {}
    }
    let moved_to = match event {
        TableSessionEvent::SessionTransferred { table_id, .. } => Some(label(state, table_id.0)),
        _ => None,
    };
    let Some(row) = state.sessions.change(session_id) else {
        return Err(Contradiction(format!("session {session_id} was never opened")));
    };
    if let Some(moved_to) = moved_to {
        row.table_label = moved_to;
    }
    let ends = matches!(
        event,
        TableSessionEvent::OpeningLapsed { .. }
            | TableSessionEvent::SessionSettled { .. }
            | TableSessionEvent::SessionCancelled { .. }
    );
    row.over |= ends;
    if let Some(notice) = told(row, event, position) {
        state.notices.put(notice);
    }
    Ok(())
}

/// What an event of a running session is told as.
fn told(row: &SessionRow, event: &TableSessionEvent, position: i64) -> Option<NoticeRow> {
    let about = |kind, at: &Timestamp| about(row, kind, *at, position);
    Some(match event {
        TableSessionEvent::OpeningLapsed { reason, at } => match reason {
            LapseReason::NotPaid | LapseReason::Refused => about(NoticeKind::OpeningLapsed, at),
            // Who cancels knows.
            LapseReason::Cancelled => return None,
        },
        TableSessionEvent::SessionTransferred { at, .. } => about(NoticeKind::Moved, at),
        TableSessionEvent::SessionPaused { until, at, .. } => NoticeRow {
            until: Some((*until).into()),
            ..about(NoticeKind::Paused, at)
        },
        TableSessionEvent::SessionResumed { at, .. } => about(NoticeKind::Resumed, at),
        TableSessionEvent::CustomerWarned { warning, at } => match warning {
            Warning::PrepaidEnding { minutes } => NoticeRow {
                minutes: i32::try_from(*minutes).unwrap_or(i32::MAX),
                ..about(NoticeKind::TimeEnding, at)
            },
            Warning::HoldRunningShort => about(NoticeKind::BalanceShort, at),
        },
        TableSessionEvent::SessionSettled { paid, outstanding, at } => {
            let (kind, amount) = match outstanding.is_positive() {
                true => (NoticeKind::BillDue, *outstanding),
                false => (NoticeKind::Settled, *paid),
            };
            NoticeRow {
                amount_fen: amount.0,
                ..about(kind, at)
            }
        }
        TableSessionEvent::SessionCancelled { at, .. } => about(NoticeKind::OpeningCancelled, at),
        TableSessionEvent::SessionClosed {
            cause: CloseCause::Fault,
            bill,
            at,
            ..
        } => NoticeRow {
            amount_fen: bill.total.0,
            until: Some((*at).into()),
            ..about(NoticeKind::EndedByFault, at)
        },
        TableSessionEvent::OpeningAwaited { .. }
        | TableSessionEvent::SessionOpened { .. }
        | TableSessionEvent::BillingStarted { .. }
        | TableSessionEvent::SessionExtended { .. }
        | TableSessionEvent::HoldRenewed { .. }
        | TableSessionEvent::GoodsAdded { .. }
        | TableSessionEvent::GoodsRemoved { .. }
        | TableSessionEvent::SessionClosed { .. } => return None,
    })
}

/// A light tells that its table is open when it is first on, and that something is wrong when it fails later: an opening whose light never comes
/// is cancelled, which is told instead.
fn device(state: &mut NoticesState, event: &DeviceEvent, position: i64) {
    let (session_id, at, failed) = match event {
        DeviceEvent::LightConfirmed {
            on: true,
            session_id: Some(session_id),
            at,
            ..
        } => (session_id.0, *at, false),
        // A light that is only late is being chased.
        DeviceEvent::LightFailed {
            session_id: Some(session_id),
            kind: FailureKind::Unreachable | FailureKind::Mismatch,
            at,
            ..
        } => (session_id.0, *at, true),
        _ => return,
    };
    let tells = |row: &SessionRow| !row.over && row.lit == failed;
    if !state.sessions.get(session_id).is_some_and(tells) {
        return;
    }
    let Some(row) = state.sessions.change(session_id) else {
        return;
    };
    row.lit = true;
    let kind = match failed {
        true => NoticeKind::LightFailed,
        false => NoticeKind::TableOpen,
    };
    let notice = about(row, kind, at, position);
    state.notices.put(notice);
}

fn wallet(state: &mut NoticesState, member_id: Uuid, event: &WalletEvent, position: i64) {
    let (kind, amount, session_id, at) = match event {
        // Whoever splits a bill is told when everybody has paid.
        WalletEvent::TopUpCredited {
            channel: TopUpChannel::Share { .. },
            ..
        } => return,
        WalletEvent::TopUpCredited {
            channel: TopUpChannel::Compensation { session_id },
            amount,
            at,
            ..
        } => (NoticeKind::Compensated, amount.total(), Some(session_id.0), at),
        WalletEvent::TopUpCredited { amount, at, .. } => (NoticeKind::ToppedUp, amount.total(), None, at),
        WalletEvent::DebtPaid {
            session_id,
            paid,
            outstanding,
            at,
        } if !outstanding.is_positive() => (NoticeKind::BillPaid, paid.total(), Some(session_id.0), at),
        _ => return,
    };
    let notice = of_money(member_id, kind, amount, *at, position);
    state.notices.put(NoticeRow { session_id, ..notice });
}

/// Who has to do with a split is told what it means for them, and of each event one person.
fn split(state: &mut NoticesState, event: &SplitEvent, position: i64) {
    let (member_id, kind, amount, at) = match event {
        SplitEvent::ShareDeclined { opener, amount, at, .. } => (opener, NoticeKind::SplitDeclined, *amount, at),
        SplitEvent::SplitStalled {
            opener,
            unconfirmed,
            at,
            ..
        } => (opener, NoticeKind::SplitStalled, *unconfirmed, at),
        SplitEvent::ChargingBegan { opener, bill, at, .. } => (opener, NoticeKind::SplitCharging, *bill, at),
        // Of the own share nothing is taken from whoever splits the bill.
        SplitEvent::SharePaid {
            ordinal,
            member_id,
            amount,
            at,
            ..
        } if *ordinal != OPENER => (member_id, NoticeKind::ShareTaken, amount.total(), at),
        SplitEvent::ShareFailed {
            member_id,
            shortfall,
            at,
            ..
        } => (member_id, NoticeKind::ShareDue, *shortfall, at),
        SplitEvent::OpenerAsked { opener, amount, at, .. } => (opener, NoticeKind::ShareUnpaid, *amount, at),
        SplitEvent::SplitCompleted { opener, bill, at, .. } => (opener, NoticeKind::SplitDone, *bill, at),
        SplitEvent::ShareDelivered {
            member_id, amount, at, ..
        } => (member_id, NoticeKind::ShareDone, amount.total(), at),
        SplitEvent::SplitCancelled { opener, bill, at, .. } => (opener, NoticeKind::SplitCancelled, *bill, at),
        SplitEvent::ShareReturned {
            member_id, amount, at, ..
        } => (member_id, NoticeKind::ShareReturned, amount.total(), at),
        SplitEvent::SplitStarted { .. }
        | SplitEvent::ShareConfirmed { .. }
        | SplitEvent::ShareRemoved { .. }
        | SplitEvent::ShareTakenOver { .. }
        | SplitEvent::SharePaid { .. } => return,
    };
    state.notices.put(of_money(member_id.0, kind, amount, *at, position));
}

/// Whoever complains is told of answers, and whoever is to see to a complaint that they are, unless they took it themselves.
fn complaint(state: &mut NoticesState, event: &ComplaintEvent, position: i64) {
    let (member_id, kind, amount, at) = match event {
        ComplaintEvent::ComplaintAnswered {
            member_id,
            promised,
            at,
            ..
        } => {
            let amount = promised.map_or(Fen::ZERO, |promised| promised.amount);
            (member_id.0, NoticeKind::ComplaintAnswered, amount, at)
        }
        ComplaintEvent::ComplaintClosed { member_id, at, .. } => {
            (member_id.0, NoticeKind::ComplaintClosed, Fen::ZERO, at)
        }
        ComplaintEvent::ComplaintAssigned { to, by, at } if to != by => {
            (*to, NoticeKind::ComplaintAssigned, Fen::ZERO, at)
        }
        _ => return,
    };
    state.notices.put(of_money(member_id, kind, amount, *at, position));
}

/// A notice about what happens in no hall, with nothing but an amount in it.
fn of_money(member_id: Uuid, kind: NoticeKind, amount: Fen, at: Timestamp, position: i64) -> NoticeRow {
    NoticeRow {
        position,
        member_id,
        kind,
        session_id: None,
        hall_id: None,
        table_label: String::new(),
        time_zone: String::new(),
        amount_fen: amount.0,
        minutes: 0,
        level: None,
        points: 0,
        until: None,
        at: at.into(),
    }
}

fn member(state: &mut NoticesState, member_id: Uuid, event: &MemberEvent, position: i64) {
    match event {
        MemberEvent::NoticesRead { up_to, .. } => {
            // Nobody has read what was not there yet.
            let read_to = i64::try_from(*up_to).unwrap_or(i64::MAX).min(position);
            state.marks.put(MarkRow { member_id, read_to });
        }
        MemberEvent::LevelReached {
            level,
            gift_points,
            until,
            at,
            ..
        } => state.notices.put(NoticeRow {
            level: Some(level.to_string()),
            points: i64::try_from(*gift_points).unwrap_or(i64::MAX),
            until: Some((*until).into()),
            ..of_money(member_id, NoticeKind::LevelReached, Fen::ZERO, *at, position)
        }),
        MemberEvent::LevelLost { level, until, at, .. } => state.notices.put(NoticeRow {
            level: Some(level.to_string()),
            until: until.map(Into::into),
            ..of_money(member_id, NoticeKind::LevelLost, Fen::ZERO, *at, position)
        }),
        _ => {}
    }
}
