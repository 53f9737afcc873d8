//! What a payment for a session earns: only members earn, by their chain's rules and the clocks of the hall.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::chain::Chain;
use crate::member::Member;
use crate::points_account::{self, Earning, PointsAccount, PointsAccountEvent};
use crate::session::TableSession;

/// What it is decided from.
#[derive(Clone, Copy, Debug)]
pub struct EarnPointsInput<'a> {
    /// The payment.
    pub earning: Earning,
    /// Who paid.
    pub member: &'a Member,
    /// The member's points.
    pub account: &'a PointsAccount,
    /// The session that was paid.
    pub session: &'a TableSession,
    /// The member's chain.
    pub chain: &'a Chain,
    /// When.
    pub now: Timestamp,
}

/// Credits what a payment earns; the same payment again changes nothing. Guests earn nothing, nor do those who were merged or are forgotten: what they
/// paid stays paid.
pub fn earn_points(input: EarnPointsInput<'_>) -> Vec<PointsAccountEvent> {
    if input.member.members_only().is_err() {
        return Vec::new();
    }
    let policy = input
        .chain
        .profile
        .as_ref()
        .map(|chain| chain.points)
        .unwrap_or_default();
    let opening = input.session.opening.as_ref();
    let zone = opening.map_or(TimeZone::UTC, |opening| opening.zone());
    let expires_at = policy.expiry(input.now, &zone);
    points_account::decide::earn(
        input.account,
        input.earning,
        policy.fen_per_point,
        expires_at,
        input.now,
    )
}
