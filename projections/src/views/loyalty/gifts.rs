//! How events change gifts and redemptions.

use baize_domain::gift::{GiftContent, GiftEvent};
use baize_domain::redemption::RedemptionEvent;
use jiff::Timestamp;
use uuid::Uuid;

use crate::engine::Contradiction;

use super::fold::signed;
use super::rows::{GiftRow, RedemptionRow, RedemptionStatus};
use super::state::LoyaltyState;

pub(super) fn gift(
    state: &mut LoyaltyState,
    gift_id: Uuid,
    event: &GiftEvent,
    position: i64,
) -> Result<(), Contradiction> {
    if let GiftEvent::GiftRegistered { hall_id, content, .. } = event {
        let GiftContent {
            name_zh,
            name_en,
            picture_url,
            points,
        } = content.clone();
        state.gifts.put(GiftRow {
            gift_id,
            hall_id: hall_id.0,
            name_zh,
            name_en,
            picture_url,
            points: signed(points),
            received: 0,
            issued: 0,
            held: 0,
            retired: false,
            registered: position,
            position,
        });
        return Ok(());
    }
    let Some(row) = state.gifts.change(gift_id) else {
        return Err(Contradiction(format!("gift {gift_id} was never registered")));
    };
    row.position = position;
    match event {
        GiftEvent::GiftRegistered { .. } => {}
        GiftEvent::GiftChanged { content, .. } => {
            row.name_zh.clone_from(&content.name_zh);
            row.name_en.clone_from(&content.name_en);
            row.picture_url.clone_from(&content.picture_url);
            row.points = signed(content.points);
        }
        GiftEvent::GiftRetired { .. } => row.retired = true,
        GiftEvent::StockReceived { pieces, .. } => row.received += i64::from(*pieces),
        GiftEvent::StockCounted { difference, .. } => row.received += difference,
        GiftEvent::PieceHeld { .. } => row.held += 1,
        GiftEvent::PieceIssued { .. } => {
            row.held -= 1;
            row.issued += 1;
        }
        GiftEvent::PieceReleased { .. } => row.held -= 1,
    }
    if row.available() < 0 || row.held < 0 {
        return Err(Contradiction(format!(
            "gift {gift_id} has {} pieces to give and {} set aside",
            row.available(),
            row.held
        )));
    }
    Ok(())
}

pub(super) fn redemption(
    state: &mut LoyaltyState,
    redemption_id: Uuid,
    event: &RedemptionEvent,
    position: i64,
) -> Result<(), Contradiction> {
    let (status, at) = match event {
        RedemptionEvent::RedemptionMade { terms, at } => {
            state.redemptions.put(RedemptionRow {
                redemption_id,
                member_id: terms.member_id.0,
                hall_id: terms.hall_id.0,
                gift_id: terms.gift_id.0,
                status: RedemptionStatus::Waiting,
                points: terms.shares.iter().map(|share| signed(share.points)).sum(),
                pick_up_code: terms.pick_up_code.clone(),
                made_at: (*at).into(),
                ended_at: None,
                made: position,
                position,
            });
            return Ok(());
        }
        RedemptionEvent::RedemptionHandedOver { at } => (RedemptionStatus::HandedOver, at),
        RedemptionEvent::RedemptionCancelled { at } => (RedemptionStatus::Cancelled, at),
    };
    end(state, redemption_id, status, *at, position)
}

fn end(
    state: &mut LoyaltyState,
    redemption_id: Uuid,
    status: RedemptionStatus,
    at: Timestamp,
    position: i64,
) -> Result<(), Contradiction> {
    let row = state.redemptions.change(redemption_id);
    let row = row.filter(|row| row.status == RedemptionStatus::Waiting);
    let Some(row) = row else {
        return Err(Contradiction(format!(
            "redemption {redemption_id} is {} and was not waiting",
            status.as_str()
        )));
    };
    row.status = status;
    row.ended_at = Some(at.into());
    row.position = position;
    Ok(())
}
