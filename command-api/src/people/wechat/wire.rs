//! What WeChat's answers mean.
//!
//! `code2Session` <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html>,
//! `getStableAccessToken` <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html>,
//! `getPhoneNumber` <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/phone-number/getPhoneNumber.html>,
//! `sendMessage` <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::people::{Error, SendError, WechatMessage};

const NAME: &str = "WeChat";

/// To `code2Session`. The `session_key` beside it is left where it is: nothing here needs it.
#[derive(Deserialize)]
pub struct Session {
    #[serde(default)]
    errcode: i64,
    openid: Option<String>,
}

/// To `getStableAccessToken`.
#[derive(Deserialize)]
pub struct AccessToken {
    #[serde(default)]
    errcode: i64,
    pub access_token: Option<String>,
    /// Seconds.
    #[serde(default)]
    pub expires_in: u64,
}

/// To `getPhoneNumber`.
#[derive(Deserialize)]
pub struct Phone {
    #[serde(default)]
    errcode: i64,
    phone_info: Option<PhoneInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneInfo {
    phone_number: String,
}

/// What `sendMessage` is asked.
#[derive(Serialize)]
pub struct Subscribed<'m> {
    touser: &'m str,
    template_id: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'m str>,
    miniprogram_state: &'m str,
    lang: &'static str,
    data: BTreeMap<&'m str, Value<'m>>,
}

#[derive(Serialize)]
struct Value<'m> {
    value: &'m str,
}

impl<'m> Subscribed<'m> {
    pub fn new(openid: &'m str, message: &'m WechatMessage<'_>) -> Self {
        let value = |(key, value): (&'m String, &'m String)| (key.as_str(), Value { value });
        Self {
            touser: openid,
            template_id: message.template_id,
            page: message.page,
            miniprogram_state: message.version,
            lang: "zh_CN",
            data: message.data.iter().map(value).collect(),
        }
    }
}

/// To `sendMessage`.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    errcode: i64,
}

impl Sent {
    /// Sent, or to be asked again.
    ///
    /// # Errors
    /// It is not sent.
    pub fn outcome(self) -> Result<Outcome<()>, SendError> {
        match self.errcode {
            0 => Ok(Outcome::Answer(())),
            -1 => Ok(Outcome::Busy),
            40001 | 40014 | 42001 => Ok(Outcome::TokenExpired),
            43101 => Err(SendError::NotAllowed),
            45009 | 45011 => Err(SendError::Limited(NAME)),
            errcode => Err(SendError::Refused(format!("WeChat refuses with {errcode}"))),
        }
    }
}

/// What an answer is, seen from whoever asked.
pub enum Outcome<T> {
    /// It is an answer.
    Answer(T),
    /// WeChat is busy: ask again.
    Busy,
    /// The access token is good no more: get another.
    TokenExpired,
    /// It is a refusal.
    Failed(Error),
}

impl Session {
    pub fn openid(self) -> Outcome<String> {
        outcome(self.errcode, self.openid)
    }
}

impl AccessToken {
    pub fn token(self) -> Outcome<(String, u64)> {
        let expires_in = self.expires_in;
        outcome(self.errcode, self.access_token.map(|token| (token, expires_in)))
    }
}

impl Phone {
    pub fn number(self) -> Outcome<String> {
        outcome(self.errcode, self.phone_info.map(|info| info.phone_number))
    }
}

fn outcome<T>(errcode: i64, answer: Option<T>) -> Outcome<T> {
    Outcome::Failed(match (errcode, answer) {
        (0, Some(answer)) => return Outcome::Answer(answer),
        (-1, _) => return Outcome::Busy,
        (40001 | 42001, _) => return Outcome::TokenExpired,
        (40029, _) => Error::WechatCodeInvalid,
        (40163, _) => Error::WechatCodeUsed,
        (40226, _) => Error::WechatBlocked,
        (45009 | 45011, _) => Error::ProviderRateLimited(NAME),
        (0, None) => Error::Internal(anyhow::anyhow!("WeChat's answer is empty")),
        (errcode, _) => Error::Internal(anyhow::anyhow!("WeChat refuses with {errcode}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openid(answer: &str) -> Outcome<String> {
        serde_json::from_str::<Session>(answer).unwrap().openid()
    }

    #[test]
    fn a_message_is_sent_asked_again_or_refused() {
        let outcome = |errcode: i64| {
            serde_json::from_str::<Sent>(&format!(r#"{{"errcode":{errcode},"errmsg":"x"}}"#))
                .unwrap()
                .outcome()
        };
        assert!(matches!(outcome(0), Ok(Outcome::Answer(()))));
        assert!(matches!(outcome(-1), Ok(Outcome::Busy)));
        assert!(matches!(outcome(40_001), Ok(Outcome::TokenExpired)));
        assert!(matches!(outcome(43_101), Err(SendError::NotAllowed)));
        assert!(matches!(outcome(45_009), Err(SendError::Limited(_))));
        assert!(matches!(outcome(47_003), Err(SendError::Refused(why)) if why.contains("47003")));
    }

    #[test]
    fn each_of_the_documented_answers_has_its_meaning() {
        let answer = r#"{"openid":"o6_bm","session_key":"tiihtNczf5v6AKRyjwEUhQ==","unionid":"o6_b"}"#;
        assert!(matches!(openid(answer), Outcome::Answer(id) if id == "o6_bm"));
        assert!(matches!(
            openid(r#"{"errcode":-1,"errmsg":"system error"}"#),
            Outcome::Busy
        ));
        let failed = |errcode: i64| match openid(&format!(r#"{{"errcode":{errcode},"errmsg":"x"}}"#)) {
            Outcome::Failed(error) => error,
            _ => panic!("{errcode} is a refusal"),
        };
        assert!(matches!(failed(40029), Error::WechatCodeInvalid));
        assert!(matches!(failed(40163), Error::WechatCodeUsed));
        assert!(matches!(failed(40226), Error::WechatBlocked));
        assert!(matches!(failed(45011), Error::ProviderRateLimited(_)));
        assert!(matches!(failed(40013), Error::Internal(_)));
        assert!(matches!(openid("{}"), Outcome::Failed(Error::Internal(_))));
    }
}
