//! What is asked of a provider and what it answers, in words that hold for all of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::MemberId;
use crate::money::Fen;

use super::{Channel, OrderNo, RefundNo};

/// How the payer meets the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Presentation {
    /// In the provider's own app: the mini-program calls its payment sheet. Needs to know the payer there.
    InApp,
    /// A code that anybody may scan.
    QrCode,
}

/// An order that a payer can pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Order {
    /// The provider.
    pub channel: Channel,
    /// Our number. The same number always comes with the same order, so asking twice is harmless.
    pub order_no: OrderNo,
    /// What is to be paid, > 0.
    pub amount: Fen,
    /// What the payer reads; ≤ 42 characters, so that it stays below 127 bytes.
    pub description: String,
    /// How the payer meets it.
    pub presentation: Presentation,
    /// Who pays; whom the provider knows by that id is looked up when it is called, and is in no event.
    pub payer: MemberId,
    /// From then on it cannot be paid; at least one minute ahead when the order is made.
    pub expires_at: Timestamp,
}

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RefundOrder {
    /// The provider.
    pub channel: Channel,
    /// The order that was paid.
    pub order_no: OrderNo,
    /// Our number of the refund. The same number refunds once.
    pub refund_no: RefundNo,
    /// What goes back, > 0.
    pub amount: Fen,
    /// What was paid.
    pub paid: Fen,
    /// What the payer reads; ≤ 26 characters.
    pub reason: String,
}

/// What can be asked of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum ProviderRequest {
    /// Make an order.
    Create(Order),
    /// How does the order stand?
    Query {
        /// The provider.
        channel: Channel,
        /// The order.
        order_no: OrderNo,
    },
    /// See to it that the order cannot be paid any more.
    Close {
        /// The provider.
        channel: Channel,
        /// The order.
        order_no: OrderNo,
    },
    /// Pay money back.
    Refund(RefundOrder),
    /// How does the refund stand?
    QueryRefund {
        /// The provider.
        channel: Channel,
        /// The order that was paid.
        order_no: OrderNo,
        /// The refund.
        refund_no: RefundNo,
    },
}

impl ProviderRequest {
    /// Whom it is for.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Create(Order { channel, .. })
            | Self::Refund(RefundOrder { channel, .. })
            | Self::Query { channel, .. }
            | Self::Close { channel, .. }
            | Self::QueryRefund { channel, .. } => *channel,
        }
    }
}

/// What a provider answered, or that it did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum ProviderAnswer {
    /// To [`ProviderRequest::Create`]: the order waits for its payer.
    Created(Presented),
    /// To [`ProviderRequest::Query`] and, where closing shows it, to [`ProviderRequest::Close`].
    Order(OrderState),
    /// To [`ProviderRequest::Refund`] and [`ProviderRequest::QueryRefund`].
    Refund(RefundState),
    /// No, for good: asking again unchanged is no use.
    Declined {
        /// Why, in our words.
        why: Decline,
        /// Why, in the provider's: its code, never personal.
        code: String,
    },
    /// Nobody knows whether it was done: timeout, lost reply, an answer whose signature is wrong. Ask by the number.
    Unknown {
        /// What happened; for people who look into it.
        why: String,
    },
    /// It was never sent, not before a crash either: the provider is not set up, or is taken out for a while.
    Unavailable,
}

/// What a payer needs to pay the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Presented {
    /// WeChat Pay's `prepay_id`, good for two hours; what the mini-program needs is signed when it asks for it.
    PrepayId(String),
    /// Alipay's `trade_no`, for the payment sheet of its mini-program.
    TradeNo(String),
    /// The text of a code to scan.
    Code(String),
}

/// How an order stands with its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum OrderState {
    /// The provider knows no such order: it never arrived, or nobody has looked at the code yet (Alipay makes the trade when it is scanned).
    NotFound,
    /// It waits for its payer.
    Waiting,
    /// It was paid (and may have been refunded since).
    Paid(Paid),
    /// It was not paid and cannot be any more.
    Closed,
}

/// A payment, as the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Paid {
    /// The provider's number: WeChat Pay's `transaction_id`, Alipay's `trade_no`.
    pub transaction_id: String,
    /// What was paid. Compared with what was asked by whoever takes it in.
    pub amount: Fen,
    /// When, by the provider's clock.
    pub paid_at: Timestamp,
}

/// How a refund stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RefundState {
    /// The provider knows no such refund.
    NotFound,
    /// Accepted, under way.
    Processing,
    /// The payer has the money.
    Succeeded {
        /// What went back.
        amount: Fen,
        /// When, by the provider's clock.
        at: Timestamp,
    },
    /// It was closed without money moving.
    Closed,
    /// The provider cannot pay it out (the payer's card is gone): somebody must look.
    Abnormal,
}

/// Why a provider says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Decline {
    /// The payer has too little there, or is barred there.
    PayerCannot,
    /// The merchant has too little there for a refund.
    MerchantShort,
    /// The number was used for another order.
    NumberUsed,
    /// The order is in a state that does not allow it (paid and to be closed, unpaid and to be refunded).
    WrongState,
    /// More was to be refunded than was paid.
    TooMuch,
    /// Our settings or our request are wrong: the staff must look.
    Merchant,
}
