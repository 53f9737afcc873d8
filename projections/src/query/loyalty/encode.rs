//! Rows as messages.

use baize_proto::hall::view::v1::{
    GetPointsResponse, Gift, GiftRedemption, OfferedGift, PointsEntry, PointsLot, StockedGift, gift_redemption,
    points_entry,
};

use crate::query::encode::timestamp;
use crate::views::loyalty::{GiftRow, PointsEntryKind, PointsEntryRow, PointsRow, RedemptionRow, RedemptionStatus};

pub(super) fn points(account: Option<PointsRow>, position: u64) -> GetPointsResponse {
    let Some(account) = account else {
        return GetPointsResponse {
            position,
            ..GetPointsResponse::default()
        };
    };
    let lots = account.lots.iter().map(|(expires_at, points)| PointsLot {
        points: *points,
        expires_at: jiff::Timestamp::from_second(*expires_at).ok().map(timestamp),
    });
    GetPointsResponse {
        points: account.points,
        owed_points: account.owed,
        lots: lots.collect(),
        position,
    }
}

pub(super) fn entry(row: PointsEntryRow) -> PointsEntry {
    let kind = match row.kind {
        PointsEntryKind::Earned => points_entry::Kind::Earned,
        PointsEntryKind::Reversed => points_entry::Kind::Reversed,
        PointsEntryKind::Expired => points_entry::Kind::Expired,
        PointsEntryKind::Forfeited => points_entry::Kind::Forfeited,
        PointsEntryKind::Redeemed => points_entry::Kind::Redeemed,
        PointsEntryKind::Restored => points_entry::Kind::Restored,
        PointsEntryKind::Granted => points_entry::Kind::Granted,
    };
    PointsEntry {
        kind: kind.into(),
        points: row.points,
        owed_points: row.owed,
        reference: row.reference.map(|reference| reference.to_string()).unwrap_or_default(),
        reason: row.reason.unwrap_or_default(),
        at: Some(timestamp(row.at.timestamp())),
        position: row.position as u64,
    }
}

/// A gift as a member finds it who has so many points.
pub(super) fn offered(row: GiftRow, points: i64) -> OfferedGift {
    OfferedGift {
        redeemable: !row.retired && row.available() > 0 && points >= row.points,
        gift: Some(gift(row)),
    }
}

pub(super) fn stocked(row: GiftRow) -> StockedGift {
    StockedGift {
        received: row.received,
        issued: row.issued,
        held: row.held,
        retired: row.retired,
        gift: Some(gift(row)),
    }
}

fn gift(row: GiftRow) -> Gift {
    Gift {
        available: row.available(),
        gift_id: row.gift_id.to_string(),
        hall_id: row.hall_id.to_string(),
        name_zh: row.name_zh,
        name_en: row.name_en,
        picture_url: row.picture_url,
        points: row.points,
    }
}

pub(super) fn redemption(row: RedemptionRow) -> GiftRedemption {
    let status = match row.status {
        RedemptionStatus::Waiting => gift_redemption::Status::Waiting,
        RedemptionStatus::HandedOver => gift_redemption::Status::HandedOver,
        RedemptionStatus::Cancelled => gift_redemption::Status::Cancelled,
    };
    GiftRedemption {
        redemption_id: row.redemption_id.to_string(),
        member_id: row.member_id.to_string(),
        hall_id: row.hall_id.to_string(),
        gift_id: row.gift_id.to_string(),
        status: status.into(),
        points: row.points,
        pick_up_code: row.pick_up_code,
        made_at: Some(timestamp(row.made_at.timestamp())),
        ended_at: row.ended_at.map(|ended_at| timestamp(ended_at.timestamp())),
    }
}
