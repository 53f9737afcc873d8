//! Gifts: the catalogue, the stock, and what is redeemed.

use std::sync::Arc;

use baize_domain::gift::{self, Gift, GiftContent, GiftError, GiftEvent};
use baize_domain::hall::Hall;
use baize_domain::ids::{GiftId, HallId, MemberId, RedemptionId};
use baize_domain::member::Member;
use baize_domain::points_account::PointsAccount;
use baize_domain::redemption::{self, Redemption, RedemptionTerms};
use baize_domain::units::gifts::{self, RedeemGiftInput};
use jiff::Timestamp;

use super::work::{Held, Work};
use super::{CommandError, Reply};

/// Puts a gift into the catalogue of a hall.
pub async fn register(
    work: &Work<'_>,
    gift_id: GiftId,
    hall_id: HallId,
    content: &GiftContent,
) -> Result<Reply, CommandError> {
    work.in_hall(hall_id);
    let (hall, gift) = tokio::try_join!(work.read::<Hall>(hall_id), work.read::<Gift>(gift_id))?;
    let events = gifts::register_gift(&hall, &gift, gift_id, content.clone(), work.now)?;
    work.write(&gift, events)?;
    Ok(Reply::GiftRegistered { gift_id })
}

/// Puts one question to a gift's state; answers with what can be had of it.
pub async fn tell(
    work: &Work<'_>,
    gift_id: GiftId,
    decide: impl FnOnce(&Gift, Timestamp) -> Result<Vec<GiftEvent>, GiftError>,
) -> Result<Reply, CommandError> {
    let gift = work.read::<Gift>(gift_id).await?;
    if let Some(profile) = &gift.profile {
        work.in_hall(profile.hall_id);
    }
    let events = decide(&gift, work.now).map_err(CommandError::refuse)?;
    let gift = work.write(&gift, events)?;
    Ok(Reply::Stock {
        available: gift.stock.available(),
    })
}

/// Gives a member's points for a piece of a gift.
pub async fn redeem(
    work: &Work<'_>,
    redemption_id: RedemptionId,
    gift_id: GiftId,
    member_id: MemberId,
    pick_up_code: &str,
) -> Result<Reply, CommandError> {
    let redemption = work.expect_new::<Redemption>(redemption_id).await?;
    let (gift, member, account) = tokio::try_join!(
        work.read::<Gift>(gift_id),
        work.read::<Member>(member_id),
        work.read::<PointsAccount>(member_id),
    )?;
    let hall_id = match &gift.profile {
        Some(profile) => profile.hall_id,
        None => return Err(CommandError::refuse(GiftError::NotFound)),
    };
    work.in_hall(hall_id);
    let hall = work.read::<Hall>(hall_id).await?;
    let changes = gifts::redeem_gift(RedeemGiftInput {
        redemption_id,
        pick_up_code,
        redemption: &redemption,
        member: &member,
        account: &account,
        gift: &gift,
        hall: &hall,
        now: work.now,
    })?;
    work.write(&gift, changes.gift)?;
    let account = work.write(&account, changes.points)?;
    let redemption = work.write(&redemption, changes.redemption)?;
    let terms = redemption::decide::made(&redemption).map_err(CommandError::refuse)?;
    Ok(Reply::GiftRedeemed {
        redemption_id,
        pick_up_code: terms.pick_up_code.clone(),
        points: account.lots.balance(),
    })
}

/// Hands a piece over to whoever shows its code.
pub async fn hand_over(
    work: &Work<'_>,
    redemption_id: RedemptionId,
    pick_up_code: &str,
) -> Result<Reply, CommandError> {
    let (redemption, terms) = made(work, redemption_id).await?;
    let gift = work.read::<Gift>(terms.gift_id).await?;
    let changes = gifts::hand_over_gift(&redemption, &gift, pick_up_code, work.now)?;
    work.write(&gift, changes.gift)?;
    work.write(&redemption, changes.redemption)?;
    Ok(Reply::Done)
}

/// Undoes a redemption.
pub async fn cancel(work: &Work<'_>, redemption_id: RedemptionId) -> Result<Reply, CommandError> {
    let (redemption, terms) = made(work, redemption_id).await?;
    let (gift, member, account) = tokio::try_join!(
        work.read::<Gift>(terms.gift_id),
        work.read::<Member>(terms.member_id),
        work.read::<PointsAccount>(terms.member_id),
    )?;
    let changes = gifts::cancel_redemption(&redemption, &gift, &member, &account, work.now)?;
    work.write(&gift, changes.gift)?;
    work.write(&account, changes.points)?;
    work.write(&redemption, changes.redemption)?;
    Ok(Reply::Done)
}

async fn made(
    work: &Work<'_>,
    redemption_id: RedemptionId,
) -> Result<(Held<Redemption>, Arc<RedemptionTerms>), CommandError> {
    let redemption = work.read::<Redemption>(redemption_id).await?;
    let terms = Arc::clone(redemption::decide::made(&redemption).map_err(CommandError::refuse)?);
    work.in_hall(terms.hall_id);
    Ok((redemption, terms))
}

/// Replaces what the catalogue says.
pub async fn change(work: &Work<'_>, gift_id: GiftId, content: &GiftContent) -> Result<Reply, CommandError> {
    tell(work, gift_id, |gift, now| {
        gift::decide::change(gift, content.clone(), now)
    })
    .await
}
