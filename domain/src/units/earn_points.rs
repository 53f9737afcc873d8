//! What a payment for a session earns: only members earn, by their chain's rules and the clocks of the hall; and the level that it leads to.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::chain::Chain;
use crate::member::standing::{self, Standing};
use crate::member::{Member, MemberEvent};
use crate::points_account::{self, Earning, PointsAccount, PointsAccountEvent};
use crate::refusal::Refusal;
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

/// The events of the unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EarnPointsChanges {
    /// For the member's points.
    pub account: Vec<PointsAccountEvent>,
    /// For the member.
    pub member: Vec<MemberEvent>,
}

/// Credits what a payment earns; the same payment again changes nothing. Who has spent enough with it comes to a higher level at once, and gets its
/// gift pack. Guests earn nothing, nor do those who were merged or are forgotten: what they paid stays paid.
pub fn earn_points(input: EarnPointsInput<'_>) -> EarnPointsChanges {
    if input.member.members_only().is_err() {
        return EarnPointsChanges::default();
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
    let mut account = points_account::decide::earn(
        input.account,
        input.earning,
        policy.fen_per_point,
        expires_at,
        input.now,
    );
    if account.is_empty() {
        return EarnPointsChanges::default();
    }
    let mut after = input.account.clone();
    account.iter().for_each(|event| after.evolve(event));
    let standing = Standing::new(input.chain, |levels| after.spent_within(levels.window_days, input.now));
    let member = standing::raise(input.member, &standing, input.now).unwrap_or_default();
    for event in &member {
        if let MemberEvent::LevelReached { level, gift_points, .. } = event {
            let gift = points_account::decide::grant(&after, level.clone(), *gift_points, expires_at, input.now);
            account.extend(gift);
        }
    }
    EarnPointsChanges { account, member }
}

/// Looks at a level whose time is over.
///
/// # Errors
/// `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `GUEST_NOT_ALLOWED`, `LEVEL_NOT_DUE`.
pub fn review_level(
    member: &Member,
    account: &PointsAccount,
    chain: &Chain,
    now: Timestamp,
) -> Result<Vec<MemberEvent>, Refusal> {
    let standing = Standing::new(chain, |levels| account.spent_within(levels.window_days, now));
    Ok(standing::review(member, &standing, now)?)
}
