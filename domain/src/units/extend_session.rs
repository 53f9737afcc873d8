//! More play: prepaid time is bought, a postpaid session's hold is raised. The light may be on for longer.

use jiff::Timestamp;

use crate::device::{self, DesireReason, Device, DeviceEvent};
use crate::refusal::Refusal;
use crate::session::reach::{Raise, check_minutes, check_time, extension, light_until, raise};
use crate::session::{self, Opening, TableSession};
use crate::wallet::{self, Wallet, WalletEvent};

use super::Changes;
use super::postings::Context;

/// What it is decided from. The wallet is that of the session's member, the device that of its light.
#[derive(Clone, Copy, Debug)]
pub struct ExtendSessionInput<'a> {
    /// 1–1440; prepaid, rounded up to whole steps.
    pub minutes: u32,
    /// The session.
    pub session: &'a TableSession,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// The device with the table's light.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
}

/// Extends a session.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CLOSED`, `SESSION_CANCELLED`, `INVALID_ARGUMENT`, `SESSION_TIME_OVER`, `SESSION_TOO_LONG`, `TOP_UP_REQUIRED`, `SESSION_NOT_SECURED`.
pub fn extend_session(input: ExtendSessionInput<'_>) -> Result<Changes, Refusal> {
    let opening = session::decide::playing(input.session)?;
    check_minutes(input.minutes, "minutes")?;
    check_time(input.session, opening, input.now)?;
    if opening.is_prepaid() {
        sell(&input, opening)
    } else {
        let raise = raise(input.session, opening, input.minutes)?;
        secure(input.session, opening, input.wallet, input.device, raise, input.now)
    }
}

/// Raises a postpaid session's hold.
pub(super) fn secure(
    session: &TableSession,
    opening: &Opening,
    wallet: &Wallet,
    device: &Device,
    raise: Raise,
    now: Timestamp,
) -> Result<Changes, Refusal> {
    Ok(Changes {
        session: session::decide::raise_hold(session, raise.held, raise.covered_until, now)?,
        wallet: wallet::decide::raise_hold(wallet, opening.session_id, raise.added, now)?,
        device: prolong_light(session, opening, device, raise.covered_until, now),
        ..Changes::default()
    })
}

fn sell(input: &ExtendSessionInput<'_>, opening: &Opening) -> Result<Changes, Refusal> {
    let extension = extension(input.session, opening, input.minutes)?;
    let wallet_events =
        wallet::decide::charge_more_prepaid(input.wallet, opening.session_id, extension.price, input.now)?;
    let context = Context {
        hall_id: Some(opening.hall_id),
        member_id: opening.member_id,
        at: input.now,
    };
    let journal = match wallet_events.as_slice() {
        [WalletEvent::PrepaidCharged { amount, .. }] => {
            context.prepaid(opening.session_id, input.session.purchases.len(), *amount)?
        }
        _ => None,
    };
    Ok(Changes {
        session: session::decide::extend(input.session, input.minutes, input.now)?,
        wallet: wallet_events,
        device: prolong_light(input.session, opening, input.device, extension.ends_at, input.now),
        journal: journal.into_iter().collect(),
        ..Changes::default()
    })
}

/// Lets the light be on for longer. A device that is gone does not keep anybody from playing on.
fn prolong_light(
    session: &TableSession,
    opening: &Opening,
    device: &Device,
    covered_until: Timestamp,
    now: Timestamp,
) -> Vec<DeviceEvent> {
    device::decide::desire_on(
        device,
        session.place(opening).light.channel,
        opening.session_id,
        light_until(opening, session.billing.is_some(), covered_until),
        DesireReason::SessionProlonged,
        now,
    )
    .unwrap_or_default()
}
