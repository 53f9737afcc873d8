//! `hall.loyalty.v1`.

use baize_domain::gift::GiftContent;
use baize_domain::points_account::PointsPolicy;
use baize_domain::{Command, Fen};
use baize_proto::hall::loyalty::v1::{
    self, CancelRedemptionRequest, CancelRedemptionResponse, ChangeGiftRequest, ChangeGiftResponse,
    ChangePointsPolicyRequest, ChangePointsPolicyResponse, CountStockRequest, CountStockResponse, HandOverGiftRequest,
    HandOverGiftResponse, ReceiveStockRequest, ReceiveStockResponse, RedeemGiftRequest, RedeemGiftResponse,
    RegisterGiftRequest, RegisterGiftResponse, RetireGiftRequest, RetireGiftResponse, ReversePointsRequest,
    ReversePointsResponse,
};
use rand::Rng as _;

use super::{Fields, Mutation, REASON_CHARS_MAX};
use crate::dispatch::Reply;

const NAME_CHARS_MAX: usize = 50;
/// Digits and letters that nobody takes for one another.
const CODE_ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// Of a code that only staff try out, and only for a redemption that they name.
const CODE_CHARS: usize = 6;
/// Characters of a code as somebody typed it, at most.
const CODE_CHARS_MAX: usize = 32;

impl Mutation for ChangePointsPolicyRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/ChangePointsPolicy";
    type Response = ChangePointsPolicyResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let policy = self.policy.unwrap_or_default();
        Command::ChangePointsPolicy {
            chain_id: fields.id("chain_id", &self.chain_id),
            policy: fields.within("policy", |fields| PointsPolicy {
                fen_per_point: fields.fen("fen_per_point", policy.fen_per_point, 1..=1_000_000),
                expiry_months: fields.uint("expiry_months", policy.expiry_months, 1..=120),
            }),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ChangePointsPolicyResponse { position })
    }
}

impl Mutation for ReversePointsRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/ReversePoints";
    type Response = ReversePointsResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ReversePoints {
            member_id: fields.id("member_id", &self.member_id),
            session_id: fields.id("session_id", &self.session_id),
            refunded: fields.fen("refunded_fen", self.refunded_fen, 0..=Fen::MAX_INPUT.0),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Points { points, owed } = reply else {
            return None;
        };
        Some(ReversePointsResponse {
            points,
            owed_points: owed,
            position,
        })
    }
}

impl Mutation for RegisterGiftRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/RegisterGift";
    type Response = RegisterGiftResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RegisterGift {
            gift_id: fields.new_id("gift_id", ""),
            hall_id: fields.id("hall_id", &self.hall_id),
            content: content(fields, self.gift),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::GiftRegistered { gift_id } = reply else {
            return None;
        };
        Some(RegisterGiftResponse {
            gift_id: gift_id.to_string(),
            position,
        })
    }
}

impl Mutation for ChangeGiftRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/ChangeGift";
    type Response = ChangeGiftResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ChangeGift {
            gift_id: fields.id("gift_id", &self.gift_id),
            content: content(fields, self.gift),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Stock { .. }).then_some(ChangeGiftResponse { position })
    }
}

impl Mutation for RetireGiftRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/RetireGift";
    type Response = RetireGiftResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RetireGift {
            gift_id: fields.id("gift_id", &self.gift_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Stock { .. }).then_some(RetireGiftResponse { position })
    }
}

impl Mutation for ReceiveStockRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/ReceiveStock";
    type Response = ReceiveStockResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ReceiveStock {
            gift_id: fields.id("gift_id", &self.gift_id),
            pieces: fields.uint("pieces", self.pieces, 1..=1_000_000),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Stock { available } = reply else {
            return None;
        };
        Some(ReceiveStockResponse { available, position })
    }
}

impl Mutation for CountStockRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/CountStock";
    type Response = CountStockResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CountStock {
            gift_id: fields.id("gift_id", &self.gift_id),
            found: within(fields, "found", self.found, 0, 1_000_000),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::Stock { available } = reply else {
            return None;
        };
        Some(CountStockResponse { available, position })
    }
}

impl Mutation for RedeemGiftRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/RedeemGift";
    type Response = RedeemGiftResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RedeemGift {
            redemption_id: fields.new_id("redemption_id", ""),
            gift_id: fields.id("gift_id", &self.gift_id),
            member_id: fields.id("member_id", &self.member_id),
            pick_up_code: pick_up_code(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::GiftRedeemed {
            redemption_id,
            pick_up_code,
            points,
        } = reply
        else {
            return None;
        };
        Some(RedeemGiftResponse {
            redemption_id: redemption_id.to_string(),
            pick_up_code,
            points,
            position,
        })
    }
}

impl Mutation for HandOverGiftRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/HandOverGift";
    type Response = HandOverGiftResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::HandOverGift {
            redemption_id: fields.id("redemption_id", &self.redemption_id),
            pick_up_code: fields
                .text("pick_up_code", self.pick_up_code, CODE_CHARS_MAX)
                .trim()
                .to_ascii_uppercase(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(HandOverGiftResponse { position })
    }
}

impl Mutation for CancelRedemptionRequest {
    const METHOD: &'static str = "hall.loyalty.v1.LoyaltyService/CancelRedemption";
    type Response = CancelRedemptionResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CancelRedemption {
            redemption_id: fields.id("redemption_id", &self.redemption_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(CancelRedemptionResponse { position })
    }
}

fn content(fields: &mut Fields, sent: Option<v1::GiftContent>) -> GiftContent {
    let sent = sent.unwrap_or_default();
    fields.within("gift", |fields| GiftContent {
        name_zh: fields.text("name_zh", sent.name_zh, NAME_CHARS_MAX),
        name_en: fields.text("name_en", sent.name_en, NAME_CHARS_MAX),
        // What an address must look like is the domain's to say.
        picture_url: sent.picture_url,
        points: within(fields, "points", sent.points, 1, 10_000_000),
    })
}

fn within(fields: &mut Fields, field: &str, value: u64, min: u64, max: u64) -> u64 {
    if !(min..=max).contains(&value) {
        fields.refuse(field, format!("is {value}, not {min} to {max}"));
    }
    value
}

/// What a member shows at the counter.
fn pick_up_code() -> String {
    let mut random = rand::rng();
    let letter = || char::from(CODE_ALPHABET[random.random_range(0..CODE_ALPHABET.len())]);
    std::iter::repeat_with(letter).take(CODE_CHARS).collect()
}
