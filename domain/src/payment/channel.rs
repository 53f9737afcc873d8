//! Through whom money comes.

use serde::{Deserialize, Serialize};

/// A provider of payments. The member's wallet is not one: it needs nobody outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Channel {
    /// WeChat Pay, API v3.
    WechatPay,
    /// Alipay, gateway with RSA2.
    Alipay,
}

impl Channel {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::WechatPay, Self::Alipay];

    /// Stable code for metadata, files and addresses: `wechat_pay`, `alipay`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WechatPay => "wechat_pay",
            Self::Alipay => "alipay",
        }
    }
}
