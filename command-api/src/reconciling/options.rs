//! What can be set about reconciling.

use std::time::Duration;

use baize_domain::payment::Channel;
use baize_domain::reconciliation::FeeRate;
use jiff::civil::{Time, time};
use rust_decimal::Decimal;

/// How providers' bills are reconciled.
#[derive(Clone, Debug)]
pub struct ReconcileOptions {
    /// WeChat Pay's.
    pub wechat_pay: BillOptions,
    /// Alipay's.
    pub alipay: BillOptions,
    /// Days that are caught up on, the newest of them yesterday. Providers keep bills for three months.
    pub days_max: u16,
    /// How often it is looked whether a day's turn has come, by the services' clock.
    pub interval: Duration,
    /// A bill that was not there is asked for again after this, and after twice as long each time.
    pub pause_min: Duration,
    /// But no later than after this.
    pub pause_max: Duration,
}

/// How one provider's bills are reconciled.
#[derive(Clone, Debug)]
pub struct BillOptions {
    /// From when on yesterday's bill is asked for, Beijing's time.
    pub from: Time,
    /// What the provider keeps by contract.
    pub fee_rate: FeeRate,
}

impl ReconcileOptions {
    /// Those of one provider.
    pub const fn of(&self, channel: Channel) -> &BillOptions {
        match channel {
            Channel::WechatPay => &self.wechat_pay,
            Channel::Alipay => &self.alipay,
        }
    }
}

impl Default for ReconcileOptions {
    /// WeChat Pay makes bills from nine o'clock on and asks merchants to come after ten
    /// (<https://pay.weixin.qq.com/doc/v3/merchant/4013071196>), Alipay has them at nine (<https://opendocs.alipay.com/open/02fkbc>).
    fn default() -> Self {
        // The rate that both take of most merchants.
        let fee_rate = FeeRate(Decimal::new(6, 3));
        let from = |from| BillOptions { from, fee_rate };
        Self {
            wechat_pay: from(time(10, 15, 0, 0)),
            alipay: from(time(9, 30, 0, 0)),
            days_max: 31,
            interval: Duration::from_secs(60),
            pause_min: Duration::from_secs(300),
            pause_max: Duration::from_secs(3_600),
        }
    }
}
