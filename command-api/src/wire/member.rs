//! `hall.member.v1`.

use baize_domain::ids::{ChainId, MemberId};
use baize_domain::member::{MessageChannel, MessageKind, PaymentMethod};
use baize_domain::{Command, LevelCode};
use baize_proto::hall::member::v1::{
    self, AllowMessagesRequest, AllowMessagesResponse, BindPaymentMethodRequest, BindPaymentMethodResponse,
    BlacklistRequest, BlacklistResponse, ChooseMessagesRequest, ChooseMessagesResponse, MarkNoticesReadRequest,
    MarkNoticesReadResponse, RegisterMemberRequest, RegisterMemberResponse, SetLevelRequest, SetLevelResponse,
    UnbindPaymentMethodRequest, UnbindPaymentMethodResponse, UnblacklistRequest, UnblacklistResponse,
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

impl Mutation for AllowMessagesRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/AllowMessages";
    type Response = AllowMessagesResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let mut kinds = Vec::new();
        for (index, kind) in self.kinds().enumerate() {
            kinds.push(fields.choice(&format!("kinds[{index}]"), message_kind(kind), MessageKind::TableOpen));
        }
        Command::AllowMessages {
            member_id: fields.id("member_id", &self.member_id),
            kinds,
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(AllowMessagesResponse { position })
    }
}

impl Mutation for ChooseMessagesRequest {
    const METHOD: &'static str = "hall.member.v1.MemberService/ChooseMessages";
    type Response = ChooseMessagesResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let ways = [(MessageChannel::Wechat, self.wechat), (MessageChannel::Sms, self.sms)];
        let unwanted = ways.into_iter().filter(|(_, wanted)| !wanted);
        Command::ChooseMessages {
            member_id: fields.id("member_id", &self.member_id),
            unwanted: unwanted.map(|(way, _)| way).collect(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ChooseMessagesResponse { position })
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

const fn message_kind(kind: v1::MessageKind) -> Option<MessageKind> {
    Some(match kind {
        v1::MessageKind::Unspecified => return None,
        v1::MessageKind::TableOpen => MessageKind::TableOpen,
        v1::MessageKind::TimeEnding => MessageKind::TimeEnding,
        v1::MessageKind::BalanceShort => MessageKind::BalanceShort,
        v1::MessageKind::EndedByFault => MessageKind::EndedByFault,
        v1::MessageKind::Settled => MessageKind::Settled,
        v1::MessageKind::BillDue => MessageKind::BillDue,
        v1::MessageKind::ShareDue => MessageKind::ShareDue,
        v1::MessageKind::LevelReached => MessageKind::LevelReached,
        v1::MessageKind::ComplaintAnswered => MessageKind::ComplaintAnswered,
    })
}

/// What a message is about, on the wire.
pub const fn told_kind(kind: MessageKind) -> v1::MessageKind {
    match kind {
        MessageKind::TableOpen => v1::MessageKind::TableOpen,
        MessageKind::TimeEnding => v1::MessageKind::TimeEnding,
        MessageKind::BalanceShort => v1::MessageKind::BalanceShort,
        MessageKind::EndedByFault => v1::MessageKind::EndedByFault,
        MessageKind::Settled => v1::MessageKind::Settled,
        MessageKind::BillDue => v1::MessageKind::BillDue,
        MessageKind::ShareDue => v1::MessageKind::ShareDue,
        MessageKind::LevelReached => v1::MessageKind::LevelReached,
        MessageKind::ComplaintAnswered => v1::MessageKind::ComplaintAnswered,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_message_has_its_name_on_the_wire() {
        for kind in MessageKind::ALL {
            assert_eq!(message_kind(told_kind(kind)), Some(kind));
        }
    }
}
