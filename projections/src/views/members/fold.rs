//! How events change what is shown of a person.

use baize_domain::Event;
use baize_domain::level::LevelCode;
use baize_domain::member::MemberEvent;
use baize_domain::session::TableSessionEvent;
use jiff::Timestamp;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::{MemberKind, MemberRow};
use super::state::MembersState;

pub(super) fn fold(state: &mut MembersState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let (id, position) = (member_id(decoded)?, decoded.position());
    match &decoded.event {
        Event::Member(event) => member(state, id, event, position),
        Event::TableSession(TableSessionEvent::SessionOpened { hall_id, opened_at, .. }) => {
            // Visits are counted of those who are known; a session of nobody is not this view's to judge.
            if let Some(row) = state.members.change(id) {
                row.sessions = row.sessions.saturating_add(1);
                row.last_visit_at = Some((*opened_at).into());
                row.last_hall_id = Some(hall_id.0);
                row.position = position;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The person that an event is about.
pub(super) fn member_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    if let Event::TableSession(TableSessionEvent::SessionOpened { member_id, .. }) = &decoded.event {
        return Ok(member_id.0);
    }
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}

fn member(state: &mut MembersState, id: Uuid, event: &MemberEvent, position: i64) -> Result<(), Contradiction> {
    let joined = |chain_id: Uuid, kind, level: LevelCode, phone_verified, at: &Timestamp| MemberRow {
        member_id: id,
        chain_id,
        kind,
        level: level.to_string(),
        level_until: None,
        blacklisted: None,
        merged_into: None,
        phone_verified,
        erased: false,
        joined_at: (*at).into(),
        last_login_at: (*at).into(),
        sessions: 0,
        last_visit_at: None,
        last_hall_id: None,
        joined: position,
        position,
    };
    match event {
        MemberEvent::MemberRegistered {
            chain_id, phone, at, ..
        } => {
            let row = joined(chain_id.0, MemberKind::Member, LevelCode::member(), phone.is_some(), at);
            state.members.put(row);
            return Ok(());
        }
        MemberEvent::GuestStarted { chain_id, at, .. } => {
            let row = joined(chain_id.0, MemberKind::Guest, LevelCode::guest(), false, at);
            state.members.put(row);
            return Ok(());
        }
        _ => {}
    }
    let Some(row) = state.members.change(id) else {
        return Err(Contradiction(format!("{id} never joined")));
    };
    match event {
        MemberEvent::MemberRegistered { .. } | MemberEvent::GuestStarted { .. } => {}
        MemberEvent::PhoneVerified { .. } => row.phone_verified = true,
        MemberEvent::GuestUpgraded { .. } => {
            row.kind = MemberKind::Member;
            row.level = LevelCode::member().to_string();
        }
        MemberEvent::GuestMerged { target_id, .. } => {
            row.merged_into = Some(target_id.0);
            row.phone_verified = false;
        }
        MemberEvent::GuestAbsorbed { phone, .. } => row.phone_verified |= phone.is_some(),
        MemberEvent::LevelReached { level, until, .. } => {
            row.level = level.to_string();
            row.level_until = Some((*until).into());
        }
        MemberEvent::LevelKept { until, .. } => row.level_until = Some((*until).into()),
        MemberEvent::LevelLost { level, until, .. } => {
            row.level = level.to_string();
            row.level_until = until.map(Into::into);
        }
        MemberEvent::LevelChanged { level, .. } => {
            row.level = level.to_string();
            row.level_until = None;
        }
        MemberEvent::MemberBlacklisted { reason, .. } => row.blacklisted = Some(reason.clone()),
        MemberEvent::MemberUnblacklisted { .. } => row.blacklisted = None,
        MemberEvent::LoginRecorded { at } => row.last_login_at = (*at).into(),
        MemberEvent::PersonErased { .. } => {
            row.erased = true;
            row.phone_verified = false;
        }
        MemberEvent::PaymentMethodBound { .. }
        | MemberEvent::PaymentMethodUnbound { .. }
        | MemberEvent::OpenidAttached { .. }
        | MemberEvent::NoticesRead { .. }
        | MemberEvent::MessagesAllowed { .. }
        | MemberEvent::MessagesChosen { .. }
        | MemberEvent::MessageNoted { .. } => {}
    }
    row.position = position;
    Ok(())
}
