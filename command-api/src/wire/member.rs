//! `hall.member.v1`.

use baize_domain::ids::{ChainId, MemberId};
use baize_domain::member::PaymentMethod;
use baize_domain::{Command, LevelCode};
use baize_proto::hall::member::v1::{
    self, BindPaymentMethodRequest, BindPaymentMethodResponse, BlacklistRequest, BlacklistResponse,
    MarkNoticesReadRequest, MarkNoticesReadResponse, RegisterMemberRequest, RegisterMemberResponse, SetLevelRequest,
    SetLevelResponse, UnbindPaymentMethodRequest, UnbindPaymentMethodResponse, UnblacklistRequest, UnblacklistResponse,
};

use uuid::Uuid;

use super::{Fields, Mutation, identity};
use crate::dispatch::Reply;
use crate::people::PhoneNumber;

/// Characters of a reason, at most.
pub const REASON_CHARS_MAX: usize = 200;

impl Mutation for RegisterMemberRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/RegisterMember";
    type Response = RegisterMemberResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        if !self.code.is_empty() {
            fields.refuse("code", "is of a phone number, and there is none");
        }
        Command::RegisterMember {
            member_id: fields.new_id("member_id", &self.member_id),
            chain_id: fields.id("chain_id", &self.chain_id),
            phone: None,
            nickname: None,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::MemberRegistered { member_id } = reply else {
            return None;
        };
        let member_id = member_id.to_string();
        Some(RegisterMemberResponse { member_id, position })
    }
}

/// A registration at the counter with a phone number.
pub struct WithPhone {
    pub request_id: Uuid,
    pub member_id: MemberId,
    pub chain_id: ChainId,
    pub phone: PhoneNumber,
}

/// The registration that a request with a phone number asks for; `None` only after noting a violation.
pub fn registration_with_phone(request: &RegisterMemberRequest, fields: &mut Fields) -> Option<WithPhone> {
    let (request_id, member_id) = (
        fields.id("request_id", &request.request_id),
        fields.new_id("member_id", &request.member_id),
    );
    let chain_id = fields.id("chain_id", &request.chain_id);
    let phone = identity::phone("phone", &request.phone, fields);
    identity::digits("code", &request.code, fields);
    Some(WithPhone {
        request_id,
        member_id,
        chain_id,
        phone: phone?,
    })
}

impl Mutation for BindPaymentMethodRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/BindPaymentMethod";
    type Response = BindPaymentMethodResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::BindPaymentMethod {
            member_id: fields.id("member_id", &self.member_id),
            method: fields.choice("method", payment_method(self.method()), PaymentMethod::Balance),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(BindPaymentMethodResponse { position })
    }
}

impl Mutation for UnbindPaymentMethodRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/UnbindPaymentMethod";
    type Response = UnbindPaymentMethodResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::UnbindPaymentMethod {
            member_id: fields.id("member_id", &self.member_id),
            method: fields.choice("method", payment_method(self.method()), PaymentMethod::Balance),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(UnbindPaymentMethodResponse { position })
    }
}

impl Mutation for MarkNoticesReadRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/MarkNoticesRead";
    type Response = MarkNoticesReadResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ReadNotices {
            member_id: fields.id("member_id", &self.member_id),
            up_to: self.up_to_position,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(MarkNoticesReadResponse { position })
    }
}

impl Mutation for SetLevelRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/SetLevel";
    type Response = SetLevelResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let level = LevelCode::try_new(&self.level, "level").unwrap_or_else(|invalid| {
            fields.refuse(&invalid.field, invalid.problem);
            LevelCode::member()
        });
        Command::ChangeLevel {
            member_id: fields.id("member_id", &self.member_id),
            level,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(SetLevelResponse { position })
    }
}

impl Mutation for BlacklistRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/Blacklist";
    type Response = BlacklistResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::Blacklist {
            member_id: fields.id("member_id", &self.member_id),
            reason: fields.text("reason", self.reason, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(BlacklistResponse { position })
    }
}

impl Mutation for UnblacklistRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/Unblacklist";
    type Response = UnblacklistResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::Unblacklist {
            member_id: fields.id("member_id", &self.member_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(UnblacklistResponse { position })
    }
}

fn payment_method(method: v1::PaymentMethod) -> Option<PaymentMethod> {
    match method {
        v1::PaymentMethod::Unspecified => None,
        v1::PaymentMethod::WechatPay => Some(PaymentMethod::WechatPay),
        v1::PaymentMethod::Alipay => Some(PaymentMethod::Alipay),
        v1::PaymentMethod::Balance => Some(PaymentMethod::Balance),
    }
}
