//! How a person can pay.

use serde::{Deserialize, Serialize};

/// A way to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum PaymentMethod {
    /// WeChat Pay.
    WechatPay,
    /// Alipay.
    Alipay,
    /// The wallet at the hall; members only.
    Balance,
}
