//! The providers' own books, in one form: who paid what, and what went back. They are the truth that the services are held against.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use baize_domain::payment::Channel;
use baize_simulators::provider::{Seeded, Steering};
use baize_simulators::{alipay, provider};
use jiff::Timestamp;
use serde_json::Value;

/// An order at a provider.
#[derive(Clone, Debug)]
pub struct Order {
    /// Which provider.
    pub channel: Channel,
    /// What was paid, if it was.
    pub paid: Option<Paid>,
    /// What was asked to go back, by the merchant's number.
    pub refunds: Vec<Refund>,
}

/// Money that a provider took.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The provider's number.
    pub transaction_id: String,
    /// How much, in fen.
    pub fen: i64,
    /// When.
    pub at: Timestamp,
}

/// Money that was asked to go back.
#[derive(Clone, Debug)]
pub struct Refund {
    /// The merchant's number.
    pub number: String,
    /// How much, in fen.
    pub fen: i64,
    /// The payer has it.
    pub arrived: bool,
}

impl Order {
    /// What the provider has of the payer's: taken less given back, in fen.
    pub fn kept(&self) -> i64 {
        let back = self.refunds.iter().filter(|refund| refund.arrived);
        self.paid.as_ref().map_or(0, |paid| paid.fen) - back.map(|refund| refund.fen).sum::<i64>()
    }
}

/// Both books: orders by the merchant's number.
pub type Books = BTreeMap<String, Order>;

/// Reads a provider's book.
///
/// # Errors
/// The provider is not there, or its book is not in a form that is known.
pub async fn read(channel: Channel, steering: &Steering) -> anyhow::Result<Books> {
    let book = steering.book().await?;
    let orders = book["orders"].as_object().context("a book without orders")?;
    let mut known: Books = orders
        .iter()
        .map(|(number, order)| Ok((number.clone(), of(channel, order)?)))
        .collect::<anyhow::Result<_>>()?;
    // WeChat Pay's refunds stand beside the orders.
    for (number, refund) in book["refunds"].as_object().into_iter().flatten() {
        let order = refund["order_no"].as_str().and_then(|order| known.get_mut(order));
        let order = order.with_context(|| format!("refund {number} of no order"))?;
        let arrived = refund["state"].get("succeeded").is_some();
        order.refunds.push(back(number, refund, arrived)?);
    }
    Ok(known)
}

fn of(channel: Channel, order: &Value) -> anyhow::Result<Order> {
    let (payment, number, at) = match channel {
        Channel::WechatPay => (&order["state"]["paid"], "transaction_id", "at"),
        Channel::Alipay => (order, "trade_no", "paid_at"),
    };
    let paid = match &payment[at] {
        Value::Null => None,
        at => Some(Paid {
            transaction_id: payment[number]
                .as_str()
                .context("a payment without a number")?
                .to_owned(),
            fen: order["amount_fen"].as_i64().context("an order without an amount")?,
            at: at.as_str().context("no time")?.parse()?,
        }),
    };
    let refunds = order["refunds"].as_array().into_iter().flatten();
    let refunds = refunds.map(|refund| {
        let number = refund["refund_no"].as_str().context("a refund without a number")?;
        back(number, refund, refund["state"] == "Success")
    });
    Ok(Order {
        channel,
        paid,
        refunds: refunds.collect::<anyhow::Result<_>>()?,
    })
}

fn back(number: &str, refund: &Value, arrived: bool) -> anyhow::Result<Refund> {
    Ok(Refund {
        number: number.to_owned(),
        fen: refund["amount_fen"].as_i64().context("a refund without an amount")?,
        arrived,
    })
}

/// What goes wrong with an order, as the provider draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A repeat or a question heals it.
    Healing(&'static str),
    /// It stays: another amount or merchant is told, a refund does not arrive.
    Lasting(&'static str),
    /// The bill differs.
    OfBill(&'static str),
}

impl Fault {
    /// The fault of an order, if it has one.
    pub fn of(channel: Channel, order_no: &str, drawn: &Seeded) -> Option<Self> {
        match channel {
            Channel::WechatPay => {
                use provider::Fault as F;
                let fault = drawn.draw(order_no, &F::HEALING, &F::ALL)?;
                let healing = F::HEALING.contains(&fault);
                let of_bill = matches!(fault, F::BillMissing | F::BillExtra | F::BillOtherFee);
                Some(Self::named(wechat_pays(fault), healing, of_bill))
            }
            Channel::Alipay => {
                use alipay::Fault as F;
                let fault = drawn.draw(order_no, &F::HEALING, &F::ALL)?;
                let healing = F::HEALING.contains(&fault);
                let of_bill = matches!(fault, F::BillRowMissing | F::BillRowExtra | F::BillOtherFee);
                Some(Self::named(alipays(fault), healing, of_bill))
            }
        }
    }

    /// All faults that there are, by name.
    pub fn names() -> BTreeSet<&'static str> {
        let wechat_pays = provider::Fault::ALL.into_iter().map(wechat_pays);
        wechat_pays.chain(alipay::Fault::ALL.into_iter().map(alipays)).collect()
    }

    const fn named(name: &'static str, healing: bool, of_bill: bool) -> Self {
        match (healing, of_bill) {
            (true, _) => Self::Healing(name),
            (false, true) => Self::OfBill(name),
            (false, false) => Self::Lasting(name),
        }
    }

    /// In one word for both providers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healing(name) | Self::Lasting(name) | Self::OfBill(name) => name,
        }
    }
}

const fn wechat_pays(fault: provider::Fault) -> &'static str {
    use provider::Fault as F;
    match fault {
        F::ReplyLost => "reply lost",
        F::DoneLate => "done after the timeout",
        F::ErrorFirst => "500, then success",
        F::SlowReply => "slow",
        F::PaidWhileClosing => "paid while closing",
        F::NoticeBeforeReply => "told before the reply",
        F::NoticeLate => "told late",
        F::NoticeDoubled => "told twice",
        F::NoticeReordered => "told out of order",
        F::NoticeDropped => "not told",
        F::NoticeForged => "told, wrongly signed",
        F::NoticeWrongAmount => "told, wrong amount",
        F::NoticeOtherMerchant => "told, other merchant",
        F::RefundAbnormal => "refund abnormal",
        F::RefundClosed => "refund closed",
        F::BillMissing => "bill row missing",
        F::BillExtra => "bill row extra",
        F::BillOtherFee => "bill with another fee",
    }
}

const fn alipays(fault: alipay::Fault) -> &'static str {
    use alipay::Fault as F;
    match fault {
        F::ReplyLost => "reply lost",
        F::ChargedReplyLost => "reply lost after the charge",
        F::ServerError => "500, then success",
        F::Busy => "busy, then success",
        F::Slow => "slow",
        F::AnswerForged => "answer wrongly signed",
        F::NotificationFirst => "told before the reply",
        F::NotificationLate => "told late",
        F::NotificationDoubled => "told twice",
        F::NotificationsOutOfOrder => "told out of order",
        F::NotificationDropped => "not told",
        F::NotificationForged => "told, wrongly signed",
        F::NotificationWrongAmount => "told, wrong amount",
        F::NotificationOtherMerchant => "told, other merchant",
        F::PaysWhileClosing => "paid while closing",
        F::RefundFails => "refund abnormal",
        F::BillRowMissing => "bill row missing",
        F::BillRowExtra => "bill row extra",
        F::BillOtherFee => "bill with another fee",
    }
}
