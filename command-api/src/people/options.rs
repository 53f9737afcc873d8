//! What can be set about people.

use std::fmt;
use std::time::Duration;

use baize_proto::access::Signer;

use super::PersonalKeys;

/// How people are let in.
#[derive(Clone)]
pub struct PeopleOptions {
    /// The keys of personal data.
    pub keys: PersonalKeys,
    /// Signs access tokens.
    pub signer: Signer,
    /// The mini program; without it nobody logs in with WeChat.
    pub wechat: Option<WechatOptions>,
    /// Who sends codes to phones; without it no phone number can be verified.
    pub sms: Option<TencentSmsOptions>,
    /// Limits of codes.
    pub codes: CodeLimits,
    /// Lifetimes of tokens.
    pub logins: LoginLimits,
}

impl PeopleOptions {
    /// Defaults: no providers.
    pub fn new(keys: PersonalKeys, signer: Signer) -> Self {
        Self {
            keys,
            signer,
            wechat: None,
            sms: None,
            codes: CodeLimits::default(),
            logins: LoginLimits::default(),
        }
    }
}

/// A WeChat mini program.
#[derive(Clone)]
pub struct WechatOptions {
    /// Normally `https://api.weixin.qq.com`.
    pub base_url: String,
    /// The mini program's AppID.
    pub app_id: String,
    /// Its AppSecret.
    pub app_secret: String,
    /// No attempt takes longer.
    pub timeout: Duration,
}

impl fmt::Debug for WechatOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_url, app_id, .. } = self;
        write!(f, "WechatOptions({base_url}, {app_id})")
    }
}

/// An account at Tencent Cloud SMS.
#[derive(Clone)]
pub struct TencentSmsOptions {
    /// Normally `https://sms.tencentcloudapi.com`.
    pub base_url: String,
    /// Of the API key.
    pub secret_id: String,
    /// Of the API key.
    pub secret_key: String,
    /// Such as `ap-guangzhou`.
    pub region: String,
    /// The application at the provider.
    pub sdk_app_id: String,
    /// The approved signature, such as the hall's name.
    pub sign_name: String,
    /// The approved template of codes: its first parameter is the code, the second the minutes it is good for.
    pub template_id: String,
    /// No attempt takes longer.
    pub timeout: Duration,
}

impl fmt::Debug for TencentSmsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            base_url, sdk_app_id, ..
        } = self;
        write!(f, "TencentSmsOptions({base_url}, {sdk_app_id})")
    }
}

/// Limits of the codes that are sent to phones.
#[derive(Clone, Debug)]
pub struct CodeLimits {
    /// How long a code is good.
    pub lifetime: Duration,
    /// After so many wrong codes the phone number is locked.
    pub wrong_max: u32,
    /// For how long.
    pub lock: Duration,
    /// How long a right code stands for its number when the number turns out to be somebody else's.
    pub proof: Duration,
    /// Codes to one phone number in a minute, an hour, a day.
    pub per_phone: [u32; 3],
    /// Codes asked for from one address in a minute, an hour, a day. A hall's guests share its address.
    pub per_peer: [u32; 3],
}

impl Default for CodeLimits {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(5 * 60),
            wrong_max: 3,
            lock: Duration::from_secs(5 * 60),
            proof: Duration::from_secs(5 * 60),
            per_phone: [1, 5, 10],
            per_peer: [10, 60, 300],
        }
    }
}

/// Lifetimes of tokens.
#[derive(Clone, Debug)]
pub struct LoginLimits {
    /// Of an access token; at most 15 minutes.
    pub access: Duration,
    /// Of a refresh token.
    pub refresh: Duration,
}

impl Default for LoginLimits {
    fn default() -> Self {
        Self {
            access: Duration::from_secs(10 * 60),
            refresh: Duration::from_secs(30 * 24 * 3_600),
        }
    }
}
