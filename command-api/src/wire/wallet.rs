//! `hall.wallet.v1`.

use baize_domain::wallet::{Split, TopUpChannel};
use baize_domain::{Command, Fen};
use baize_proto::hall::wallet::v1::{self, CreditTopUpRequest, CreditTopUpResponse, PayBillRequest, PayBillResponse};

use super::{Fields, Mutation};
use crate::dispatch::Reply;

impl Mutation for CreditTopUpRequest {
    const METHOD: &'static str = "hall.wallet.v1.WalletService/CreditTopUp";
    type Response = CreditTopUpResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CreditTopUp {
            member_id: fields.id("member_id", &self.member_id),
            top_up_id: fields.new_id("top_up_id", ""),
            channel: fields.choice("channel", channel(self.channel()), TopUpChannel::Counter),
            amount: Split {
                principal: fields.fen("principal_fen", self.principal_fen, 1..=Fen::MAX_INPUT.0),
                bonus: fields.fen("bonus_fen", self.bonus_fen, 0..=Fen::MAX_INPUT.0),
            },
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::ToppedUp {
            top_up_id,
            balance,
            available,
        } = reply
        else {
            return None;
        };
        Some(CreditTopUpResponse {
            top_up_id: top_up_id.to_string(),
            balance_fen: balance.0,
            available_fen: available.0,
            position,
        })
    }
}

impl Mutation for PayBillRequest {
    const METHOD: &'static str = "hall.wallet.v1.WalletService/PayBill";
    type Response = PayBillResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::PayBill {
            session_id: fields.id("session_id", &self.session_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::BillPaid { paid } = reply else {
            return None;
        };
        Some(PayBillResponse {
            paid_fen: paid.0,
            position,
        })
    }
}

fn channel(channel: v1::TopUpChannel) -> Option<TopUpChannel> {
    match channel {
        v1::TopUpChannel::Unspecified => None,
        v1::TopUpChannel::Counter => Some(TopUpChannel::Counter),
    }
}
