//! Play moves to another free table of the hall: the tables change hands, the price goes on by the new table's tariff, the lights follow.

use jiff::Timestamp;

use crate::calendar::Calendar;
use crate::device::{self, DesireReason, Device, DeviceEvent};
use crate::refusal::Refusal;
use crate::session::moves::{terms, transfer, underway};
use crate::session::reach::light_until;
use crate::session::{Opening, Place, TableSession, TableSessionError};
use crate::table::{self, Table, TableError};
use crate::tariff::TariffPlan;
use crate::wallet::{self, Wallet, WalletEvent};

use super::Changes;
use super::open_table::plan_for;
use super::postings::Context;

/// What it is decided from. `device` has the light of the table that is left, `wallet` is that of the session's member.
#[derive(Clone, Copy, Debug)]
pub struct TransferSessionInput<'a> {
    /// The session.
    pub session: &'a TableSession,
    /// The table that is left.
    pub from: &'a Table,
    /// The table that it goes to.
    pub to: &'a Table,
    /// The tariff plan of that table.
    pub plan: &'a TariffPlan,
    /// The calendar that the plan names; empty if it names none.
    pub calendar: &'a Calendar,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// The device with the light of the table that is left.
    pub device: &'a Device,
    /// The device with the light of the table that it goes to, if it is another.
    pub to_device: Option<&'a Device>,
    /// When.
    pub now: Timestamp,
}

/// Moves a session; one that is at that table stays as it is. Play stays secured for as long as it was: what that costs more is held or paid now.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CLOSED`, `SESSION_CANCELLED`, `SESSION_PAUSED`, `SESSION_STARTING`, `SESSION_TIME_OVER`, `TABLE_NOT_FOUND`,
/// `TABLE_IN_OTHER_HALL`, `TABLE_OCCUPIED`, `TABLE_IN_MAINTENANCE`, `TARIFF_NOT_PUBLISHED`, `TOP_UP_REQUIRED`, `DEVICE_NOT_FOUND`,
/// `DEVICE_CHANNEL_NOT_FOUND`.
pub fn transfer_session(input: TransferSessionInput<'_>) -> Result<Changes, Refusal> {
    let TransferSessionInput { session, to, now, .. } = input;
    let opening = underway(session, now)?;
    let profile = to.profile.as_ref().ok_or(TableError::NotFound)?;
    let left = session.place(opening);
    if profile.table_id == left.table_id {
        return Ok(Changes::default());
    }
    if profile.hall_id != opening.hall_id {
        let label = profile.label.clone();
        return Err(TableSessionError::OtherHall { label }.into());
    }
    let occupied = table::decide::occupy(to, opening.session_id, now)?;
    let plan = plan_for(input.plan, profile)?;
    let prices = plan.pin(input.calendar, &opening.zone(), now);
    let terms = terms(session, opening, &prices, now);
    let wallet_events = if opening.is_prepaid() {
        wallet::decide::charge_more_prepaid(input.wallet, opening.session_id, terms.surcharge, now)?
    } else {
        wallet::decide::raise_hold(input.wallet, opening.session_id, terms.added, now)?
    };
    let context = Context {
        hall_id: Some(opening.hall_id),
        member_id: opening.member_id,
        at: now,
    };
    let journal = match wallet_events.as_slice() {
        [WalletEvent::PrepaidCharged { amount, .. }] => {
            context.prepaid(opening.session_id, session.purchases.len(), *amount)?
        }
        _ => None,
    };
    let place = Place {
        table_id: profile.table_id,
        light: profile.light,
        tariff: prices,
    };
    let (device, to_device) = lights(&input, opening, &left, &place, terms.covered_until)?;
    Ok(Changes {
        table: table::decide::release(input.from, opening.session_id, now),
        to_table: occupied,
        session: transfer(session, place, terms, now)?,
        wallet: wallet_events,
        device,
        to_device,
        journal: journal.into_iter().collect(),
        ..Changes::default()
    })
}

/// The light that is left lingers, the other goes on. A device that is gone keeps nobody at a table, but nobody is sent into the dark.
fn lights(
    input: &TransferSessionInput<'_>,
    opening: &Opening,
    left: &Place,
    place: &Place,
    covered_until: Timestamp,
) -> Result<(Vec<DeviceEvent>, Vec<DeviceEvent>), Refusal> {
    let (session_id, now) = (opening.session_id, input.now);
    let mut left_events = let_linger(input.device, opening, left, now);
    let desire = |device: &Device| {
        device::decide::desire_on(
            device,
            place.light.channel,
            session_id,
            light_until(opening, true, covered_until),
            DesireReason::SessionOpened,
            now,
        )
    };
    if let Some(device) = input.to_device {
        return Ok((left_events, desire(device)?));
    }
    let mut device = input.device.clone();
    left_events.iter().for_each(|event| device.evolve(event));
    left_events.extend(desire(&device)?);
    Ok((left_events, Vec::new()))
}

/// A light lingers for the policy's time if it is still the session's.
fn let_linger(device: &Device, opening: &Opening, left: &Place, now: Timestamp) -> Vec<DeviceEvent> {
    let session_id = opening.session_id;
    let channel = left.light.channel;
    let has_light = device
        .output(channel)
        .and_then(|output| output.desired)
        .is_some_and(|desired| desired.on && desired.session_id == Some(session_id));
    if !has_light {
        return Vec::new();
    }
    let until = crate::tariff::pricing::seconds_after(now, opening.policy.linger_seconds);
    let decided = if until > now {
        device::decide::desire_on(device, channel, session_id, until, DesireReason::Lingering, now)
    } else {
        device::decide::switch_off(device, channel, session_id, now)
    };
    decided.unwrap_or_default()
}
