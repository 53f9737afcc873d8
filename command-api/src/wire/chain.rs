//! `hall.venue.v1`: chains and their levels.

use baize_domain::chain::{LEVELS_MAX, Level, LevelPolicy};
use baize_domain::{Command, Fen, LevelCode};
use baize_proto::hall::venue::v1::{
    self, DefineLevelsRequest, DefineLevelsResponse, RegisterChainRequest, RegisterChainResponse, RenameChainRequest,
    RenameChainResponse,
};
use rust_decimal::Decimal;

use super::{Fields, Mutation};
use crate::dispatch::Reply;

const NAME_CHARS_MAX: usize = 100;
const LEVEL_NAME_CHARS_MAX: usize = 50;
/// Characters of a discount: "0.1234".
const DISCOUNT_CHARS_MAX: usize = 6;

impl Mutation for RegisterChainRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RegisterChain";
    type Response = RegisterChainResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RegisterChain {
            chain_id: fields.new_id("chain_id", &self.chain_id),
            name: fields.text("name", self.name, NAME_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::ChainRegistered { chain_id } = reply else {
            return None;
        };
        Some(RegisterChainResponse {
            chain_id: chain_id.to_string(),
            position,
        })
    }
}

impl Mutation for RenameChainRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/RenameChain";
    type Response = RenameChainResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::RenameChain {
            chain_id: fields.id("chain_id", &self.chain_id),
            name: fields.text("name", self.name, NAME_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(RenameChainResponse { position })
    }
}

impl Mutation for DefineLevelsRequest {
    const METHOD: &'static str = "hall.venue.v1.VenueService/DefineLevels";
    type Response = DefineLevelsResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        if self.levels.len() > LEVELS_MAX {
            fields.refuse("levels", format!("has more than {LEVELS_MAX} entries"));
        }
        let sent = self.levels.into_iter().take(LEVELS_MAX).enumerate();
        Command::DefineLevels {
            chain_id: fields.id("chain_id", &self.chain_id),
            levels: sent
                .map(|(index, sent)| fields.item("levels", index, |fields| level(fields, sent)))
                .collect(),
            policy: policy(fields, self.window_days, self.period_months),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::LevelsDefined { version } = reply else {
            return None;
        };
        Some(DefineLevelsResponse { version, position })
    }
}

fn level(fields: &mut Fields, sent: v1::Level) -> Level {
    let code = LevelCode::try_new(&sent.code, "code").unwrap_or_else(|invalid| {
        fields.refuse(&invalid.field, invalid.problem);
        LevelCode::guest()
    });
    Level {
        code,
        name_zh: fields.text("name_zh", sent.name_zh, LEVEL_NAME_CHARS_MAX),
        name_en: fields.text("name_en", sent.name_en, LEVEL_NAME_CHARS_MAX),
        discount: discount(fields, &sent.discount),
        upgrade_from: (sent.upgrade_from_fen != 0).then_some(Fen(sent.upgrade_from_fen)),
        gift_points: sent.gift_points,
    }
}

/// Zero is the default.
fn policy(fields: &mut Fields, window_days: u32, period_months: u32) -> LevelPolicy {
    let mut chosen = LevelPolicy::default();
    for (field, given, place) in [
        ("window_days", window_days, &mut chosen.window_days),
        ("period_months", period_months, &mut chosen.period_months),
    ] {
        match u16::try_from(given) {
            Ok(0) => {}
            Ok(given) => *place = given,
            Err(_) => fields.refuse(field, format!("is {given}, out of its range")),
        }
    }
    chosen
}

fn discount(fields: &mut Fields, text: &str) -> Decimal {
    if text.is_empty() {
        return Decimal::ZERO;
    }
    let plain = text.len() <= DISCOUNT_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value = text.parse::<Decimal>().ok();
    let value = value.filter(|value| plain && *value <= Decimal::ONE);
    value.unwrap_or_else(|| {
        fields.refuse("discount", "is not a number from 0 to 1 with at most 4 decimals");
        Decimal::ZERO
    })
}
