//! Gifts for points: the piece, the points and the redemption change together, or none of them.

use jiff::Timestamp;

use crate::gift::{self, Gift, GiftContent, GiftError, GiftEvent};
use crate::hall::{self, Hall};
use crate::ids::{GiftId, RedemptionId};
use crate::member::{Member, MemberError};
use crate::points_account::{self, PointsAccount, PointsAccountEvent};
use crate::redemption::{self, Redemption, RedemptionEvent, RedemptionTerms};
use crate::refusal::Refusal;

/// The events of a unit about a redemption, by the aggregates that its input named. Nothing at all means that it was so already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RedemptionChanges {
    /// For the gift.
    pub gift: Vec<GiftEvent>,
    /// For the member's points.
    pub points: Vec<PointsAccountEvent>,
    /// For the redemption.
    pub redemption: Vec<RedemptionEvent>,
}

/// What a redemption is decided from.
#[derive(Clone, Copy, Debug)]
pub struct RedeemGiftInput<'a> {
    /// The redemption.
    pub redemption_id: RedemptionId,
    /// What the member will show at the counter.
    pub pick_up_code: &'a str,
    /// The stream of the redemption, which tells whether it was made before.
    pub redemption: &'a Redemption,
    /// Who redeems.
    pub member: &'a Member,
    /// The member's points.
    pub account: &'a PointsAccount,
    /// What is redeemed.
    pub gift: &'a Gift,
    /// The hall that hands it out.
    pub hall: &'a Hall,
    /// When.
    pub now: Timestamp,
}

/// Puts a gift into the catalogue of a hall.
///
/// # Errors
/// `HALL_NOT_FOUND`, `HALL_RETIRED`, `GIFT_EXISTS`, `INVALID_ARGUMENT`.
pub fn register_gift(
    hall: &Hall,
    gift: &Gift,
    gift_id: GiftId,
    content: GiftContent,
    now: Timestamp,
) -> Result<Vec<GiftEvent>, Refusal> {
    let hall_id = hall::decide::open(hall)?.hall_id;
    Ok(gift::decide::register(gift, gift_id, hall_id, content, now)?)
}

/// Gives a member's points for a piece of a gift, which is set aside; the same redemption again changes nothing.
///
/// # Errors
/// `REDEMPTION_EXISTS`, `MEMBER_NOT_FOUND`, `MEMBER_MERGED`, `MEMBER_ERASED`, `GUEST_NOT_ALLOWED`, `GIFT_NOT_FOUND` (also if it is of another chain),
/// `GIFT_RETIRED`, `OUT_OF_STOCK`, `NOT_ENOUGH_POINTS` (with the fact `shortfall_points`).
pub fn redeem_gift(input: RedeemGiftInput<'_>) -> Result<RedemptionChanges, Refusal> {
    let RedeemGiftInput {
        redemption_id,
        redemption,
        now,
        ..
    } = input;
    let profile = input.gift.profile.as_ref().ok_or(GiftError::NotFound)?;
    let member = match &redemption.terms {
        Some(_) => input.member.profile.as_deref().ok_or(MemberError::NotFound)?,
        None => input.member.members_only()?,
    };
    let mut terms = RedemptionTerms {
        redemption_id,
        member_id: member.member_id,
        gift_id: profile.gift_id,
        hall_id: profile.hall_id,
        shares: Vec::new(),
        pick_up_code: input.pick_up_code.to_owned(),
    };
    if redemption.terms.is_some() {
        redemption::decide::make(redemption, terms, now)?;
        return Ok(RedemptionChanges::default());
    }
    let chain_id = input.hall.profile.as_ref().map(|hall| hall.chain_id);
    if chain_id != Some(member.chain_id) {
        return Err(GiftError::NotFound.into());
    }
    let held = gift::decide::hold(input.gift, redemption_id, now)?;
    let given = points_account::decide::redeem(input.account, redemption_id, profile.content.points, now)?;
    if let [PointsAccountEvent::PointsRedeemed { shares, .. }] = given.as_slice() {
        terms.shares.clone_from(shares);
    }
    Ok(RedemptionChanges {
        gift: held,
        points: given,
        redemption: redemption::decide::make(redemption, terms, now)?,
    })
}

/// Hands the piece over to whoever shows the code; one that was handed over stays so.
///
/// # Errors
/// `REDEMPTION_NOT_FOUND`, `PICK_UP_CODE_WRONG`, `REDEMPTION_CANCELLED`.
pub fn hand_over_gift(
    redemption: &Redemption,
    gift: &Gift,
    pick_up_code: &str,
    now: Timestamp,
) -> Result<RedemptionChanges, Refusal> {
    let redemption_id = redemption::decide::made(redemption)?.redemption_id;
    Ok(RedemptionChanges {
        redemption: redemption::decide::hand_over(redemption, pick_up_code, now)?,
        gift: gift::decide::issue(gift, redemption_id, now),
        ..RedemptionChanges::default()
    })
}

/// Undoes a redemption: the piece goes back, and the points, with the expiry that they had. Whoever is forgotten meanwhile gets none. One that was
/// cancelled stays so.
///
/// # Errors
/// `REDEMPTION_NOT_FOUND`, `REDEMPTION_HANDED_OVER`.
pub fn cancel_redemption(
    redemption: &Redemption,
    gift: &Gift,
    member: &Member,
    account: &PointsAccount,
    now: Timestamp,
) -> Result<RedemptionChanges, Refusal> {
    let cancelled = redemption::decide::cancel(redemption, now)?;
    if cancelled.is_empty() {
        return Ok(RedemptionChanges::default());
    }
    let terms = redemption::decide::made(redemption)?;
    let points = match member.active() {
        Ok(_) => points_account::decide::restore(account, terms.redemption_id, terms.shares.clone(), now),
        Err(_) => Vec::new(),
    };
    Ok(RedemptionChanges {
        gift: gift::decide::release(gift, terms.redemption_id, now),
        points,
        redemption: cancelled,
    })
}
