//! A table opens: table occupied, session begun, money held or taken, light asked for. Of two who scan at once, exactly one wins, since
//! both write to the table's stream.

use std::sync::Arc;

use jiff::Timestamp;

use crate::command::OpenMode;
use crate::device::{self, DesireReason, Device};
use crate::hall::{Hall, HallError, HallProfile};
use crate::ids::{MemberId, SessionId, session_hold};
use crate::member::{Member, MemberError};
use crate::refusal::{Refusal, RefusalKind};
use crate::session::reach::{check_minutes, light_until};
use crate::session::{self, Opening, SessionMode, TableSession, TableSessionError};
use crate::table::{self, Table, TableError, TableProfile};
use crate::tariff::pricing::{minutes_after, whole_steps};
use crate::tariff::{Course, Discount, PublishedTariff, TariffPlan};
use crate::wallet::{self, Wallet, WalletEvent};

use super::Changes;
use super::postings::Context;

/// What it is decided from. Plan, hall and device are those that the table names; the wallet is the member's.
#[derive(Clone, Copy, Debug)]
pub struct OpenTableInput<'a> {
    /// The new session's id.
    pub session_id: SessionId,
    /// Who wants to play.
    pub member_id: MemberId,
    /// How it shall be paid.
    pub mode: OpenMode,
    /// What the person's level takes off the price of play.
    pub discount: Option<&'a Discount>,
    /// The stream of `session_id`, normally empty.
    pub session: &'a TableSession,
    /// The table.
    pub table: &'a Table,
    /// The table's hall.
    pub hall: &'a Hall,
    /// The table's tariff plan.
    pub plan: &'a TariffPlan,
    /// Who that is.
    pub member: &'a Member,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// The device with the table's light.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
}

/// Opens a table; the same opening again changes nothing.
///
/// # Errors
/// In this order: `SESSION_EXISTS`, `TABLE_NOT_FOUND`, `HALL_NOT_FOUND`, `TABLE_OCCUPIED`, `TABLE_IN_MAINTENANCE`, `MEMBER_NOT_FOUND`,
/// `MEMBER_MERGED`, `MEMBER_ERASED`, `MEMBER_BLACKLISTED`, `PHONE_NOT_VERIFIED`, `OTHER_CHAIN`, `TARIFF_NOT_PUBLISHED`, `INVALID_ARGUMENT`, `PAYMENT_METHOD_REQUIRED`, `UNPAID_BILL`, `MEMBER_HAS_OPEN_SESSION`, `TOP_UP_REQUIRED`, `DEVICE_NOT_FOUND`,
/// `DEVICE_CHANNEL_NOT_FOUND`.
pub fn open_table(input: OpenTableInput<'_>) -> Result<Changes, Refusal> {
    let profile = input.table.profile.as_ref().ok_or(TableError::NotFound)?;
    if let Some(existing) = &input.session.opening {
        return if is_same(existing, &input, profile) {
            Ok(Changes::default())
        } else {
            Err(TableSessionError::Exists(existing.session_id).into())
        };
    }
    let hall = input.hall.profile.as_ref().ok_or(HallError::NotFound)?;
    let table_events = table::decide::occupy(input.table, input.session_id, input.now)?;
    if input.member.may_open()?.chain_id != hall.chain_id {
        return Err(MemberError::OtherChain.into());
    }
    let plan = plan_for(input.plan, profile)?;
    let (mode, wallet_events) = secure(&input, hall, plan)?;
    let opening = Opening {
        session_id: input.session_id,
        table_id: profile.table_id,
        hall_id: profile.hall_id,
        member_id: input.member_id,
        light: profile.light,
        tariff: Arc::clone(&plan.pinned),
        discount: input.discount.cloned(),
        time_zone: hall.time_zone.clone(),
        policy: hall.policy.clone(),
        opened_at: input.now,
        mode,
    };
    let device_events = device::decide::desire_on(
        input.device,
        profile.light.channel,
        input.session_id,
        light_until(&opening, false, reach(&opening.mode)),
        DesireReason::SessionOpened,
        input.now,
    )?;
    let context = Context {
        hall_id: Some(profile.hall_id),
        member_id: input.member_id,
        at: input.now,
    };
    let journal = match wallet_events.as_slice() {
        [WalletEvent::PrepaidCharged { amount, .. }] => context.prepaid(input.session_id, 0, *amount)?,
        _ => None,
    };
    Ok(Changes {
        table: table_events,
        session: session::decide::open(input.session, opening)?,
        wallet: wallet_events,
        device: device_events,
        journal: journal.into_iter().collect(),
        ..Changes::default()
    })
}

/// Sets aside or takes what the mode needs.
fn secure(
    input: &OpenTableInput<'_>,
    hall: &HallProfile,
    plan: &PublishedTariff,
) -> Result<(SessionMode, Vec<WalletEvent>), Refusal> {
    let zone = crate::hall::time_zone_or_utc(&hall.time_zone);
    let course = Course {
        zone: &zone,
        past: &[],
        prices: &plan.pinned,
        from: input.now,
        discount: input.discount,
        goods: &[],
    };
    let sessions_max = hall.policy.open_sessions_max;
    match input.mode {
        OpenMode::Postpaid => {
            let held = course.prepaid(hall.policy.hold_minutes).total;
            let hold_id = session_hold(input.session_id);
            let mode = SessionMode::Postpaid {
                hold_id,
                held,
                covered_until: course.covered_until(held),
            };
            let events = wallet::decide::hold(input.wallet, hold_id, input.session_id, held, sessions_max, input.now)?;
            Ok((mode, events))
        }
        OpenMode::Prepaid { minutes } => {
            check_minutes(minutes, "mode.prepaid.minutes")?;
            let minutes = whole_steps(&plan.pinned.tariff, minutes);
            let price = course.prepaid(minutes).total;
            let mode = SessionMode::Prepaid {
                minutes,
                price,
                ends_at: minutes_after(input.now, minutes),
            };
            let events =
                wallet::decide::charge_prepaid(input.wallet, input.session_id, price, sessions_max, input.now)?;
            Ok((mode, events))
        }
    }
}

/// The published tariff of a table.
pub(super) fn plan_for<'a>(plan: &'a TariffPlan, table: &TableProfile) -> Result<&'a PublishedTariff, Refusal> {
    plan.published
        .as_deref()
        .filter(|published| published.hall_id == table.hall_id)
        .ok_or_else(|| {
            Refusal::new(
                RefusalKind::Precondition,
                "TARIFF_NOT_PUBLISHED",
                "the table has no published tariff",
                "Publish the table's tariff plan for its hall.",
            )
            .with("tariff_plan_id", table.tariff_plan_id)
        })
}

const fn reach(mode: &SessionMode) -> Timestamp {
    match mode {
        SessionMode::Postpaid { covered_until, .. } => *covered_until,
        SessionMode::Prepaid { ends_at, .. } => *ends_at,
    }
}

/// Whether an opened session is the one that is asked for.
fn is_same(existing: &Opening, input: &OpenTableInput<'_>, table: &TableProfile) -> bool {
    let same_mode = match (&existing.mode, input.mode) {
        (SessionMode::Postpaid { .. }, OpenMode::Postpaid) => true,
        (SessionMode::Prepaid { minutes: bought, .. }, OpenMode::Prepaid { minutes }) => {
            *bought == whole_steps(existing.prices(), minutes)
        }
        _ => false,
    };
    same_mode && existing.table_id == table.table_id && existing.member_id == input.member_id
}
