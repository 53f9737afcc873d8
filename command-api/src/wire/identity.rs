//! `hall.identity.v1`.

use baize_domain::ids::ChainId;
use baize_proto::hall::identity::v1::{self, LoginWithWechatRequest, QuickRegisterRequest, merge_guest_request};
use uuid::Uuid;

use super::staff::staff_role;
use super::{Fields, timestamp};
use crate::people::{ActAs, PhoneNumber, Proof, Tokens};

/// WeChat's codes are far shorter.
const CODE_BYTES_MAX: usize = 256;
/// Characters of a nickname, at most.
const NICKNAME_CHARS_MAX: usize = 64;

/// A login with WeChat.
pub struct Login<'r> {
    pub request_id: Uuid,
    pub chain_id: ChainId,
    pub code: String,
    pub nickname: Option<&'r str>,
    pub act_as: Option<ActAs>,
}

/// The login that a request asks for.
pub fn login<'r>(request: &'r LoginWithWechatRequest, fields: &mut Fields) -> Login<'r> {
    Login {
        request_id: fields.id("request_id", &request.request_id),
        chain_id: fields.id("chain_id", &request.chain_id),
        code: code("code", &request.code, fields),
        nickname: nickname(&request.nickname, fields),
        act_as: act_as(request.act_as.as_ref(), fields),
    }
}

/// The login and the phone code of a request.
pub fn quick_registration<'r>(request: &'r QuickRegisterRequest, fields: &mut Fields) -> (Login<'r>, String) {
    let login = Login {
        request_id: fields.id("request_id", &request.request_id),
        chain_id: fields.id("chain_id", &request.chain_id),
        code: code("code", &request.code, fields),
        nickname: nickname(&request.nickname, fields),
        act_as: None,
    };
    (login, code("phone_code", &request.phone_code, fields))
}

/// The role to act in, if a request names one.
pub fn act_as(wanted: Option<&v1::ActAs>, fields: &mut Fields) -> Option<ActAs> {
    let wanted = wanted?;
    Some(ActAs {
        chain_id: fields.id("act_as.chain_id", &wanted.chain_id),
        role: staff_role("act_as.role", wanted.role(), fields),
    })
}

/// A phone number; `None` only after noting a violation.
pub fn phone(field: &str, text: &str, fields: &mut Fields) -> Option<PhoneNumber> {
    let phone = PhoneNumber::parse(text);
    if phone.is_none() {
        fields.refuse(field, "is not a mobile number of mainland China");
    }
    phone
}

/// Notes a violation unless the text is six digits.
pub fn digits(field: &str, text: &str, fields: &mut Fields) {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        fields.refuse(field, "is not six digits");
    }
}

/// A nickname, if there is one.
pub fn nickname<'r>(text: &'r str, fields: &mut Fields) -> Option<&'r str> {
    if text.is_empty() {
        return None;
    }
    fields.text("nickname", text.to_owned(), NICKNAME_CHARS_MAX);
    Some(text)
}

/// A code of WeChat's, if there is one.
pub fn optional_code<'r>(field: &str, text: &'r str, fields: &mut Fields) -> Option<&'r str> {
    if text.is_empty() {
        return None;
    }
    code(field, text, fields);
    Some(text)
}

/// How a guest proves to be a member; `None` only after noting a violation.
pub fn proof(proof: Option<&merge_guest_request::Proof>, fields: &mut Fields) -> Option<Proof> {
    match proof {
        Some(merge_guest_request::Proof::WechatCode(text)) => Some(Proof::Wechat(code("wechat_code", text, fields))),
        Some(merge_guest_request::Proof::Phone(text)) => phone("phone", text, fields).map(Proof::Phone),
        None => {
            fields.refuse("proof", "is required: wechat_code or phone");
            None
        }
    }
}

/// Tokens as the wire has them.
pub fn tokens(tokens: Tokens) -> v1::Tokens {
    v1::Tokens {
        access_token: tokens.access,
        access_expires_at: Some(timestamp(tokens.access_expires_at)),
        refresh_token: tokens.refresh,
        refresh_expires_at: Some(timestamp(tokens.refresh_expires_at)),
    }
}

fn code(field: &str, text: &str, fields: &mut Fields) -> String {
    fields.text(field, text.to_owned(), CODE_BYTES_MAX)
}
