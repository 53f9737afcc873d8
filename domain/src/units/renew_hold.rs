//! A postpaid session plays on: its hold is raised by another stretch, or by as much as the wallet can still give.

use jiff::Timestamp;

use crate::device::Device;
use crate::refusal::Refusal;
use crate::session::reach::{check_time, raise, raise_within};
use crate::session::{self, TableSession, TableSessionError};
use crate::wallet::{Wallet, WalletError};

use super::Changes;
use super::extend_session::secure;

/// What it is decided from. The wallet is that of the session's member, the device that of its light.
#[derive(Clone, Copy, Debug)]
pub struct RenewHoldInput<'a> {
    /// The session.
    pub session: &'a TableSession,
    /// The member's wallet.
    pub wallet: &'a Wallet,
    /// The device with the table's light.
    pub device: &'a Device,
    /// When.
    pub now: Timestamp,
}

/// Raises the hold by the policy's `hold_minutes`, or as far as the wallet reaches if that is a step or more.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_CLOSED`, `SESSION_CANCELLED`, `SESSION_IS_PREPAID`, `SESSION_TIME_OVER`, `SESSION_TOO_LONG`, `TOP_UP_REQUIRED`,
/// `SESSION_NOT_SECURED`.
pub fn renew_hold(input: RenewHoldInput<'_>) -> Result<Changes, Refusal> {
    let RenewHoldInput {
        session,
        wallet,
        device,
        now,
    } = input;
    let opening = session::decide::playing(session)?;
    if opening.is_prepaid() {
        return Err(TableSessionError::OtherMode { prepaid: true }.into());
    }
    check_time(session, opening, now)?;
    let whole = raise(session, opening, opening.policy.hold_minutes)?;
    let available = wallet.available();
    let raise = if whole.added <= available {
        whole
    } else {
        raise_within(session, opening, available).ok_or_else(|| WalletError::too_little(whole.added, available))?
    };
    secure(session, opening, wallet, device, raise, now)
}
