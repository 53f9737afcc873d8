//! The port to a provider of payments. One implementation each, no more behind it than the wire needs.
//!
//! Methods that ask the provider never fail: what went wrong on the way is an answer too ([`ProviderAnswer::Unknown`], after the client's own
//! bounded repeats), because whoever asked must know that nobody knows.

use async_trait::async_trait;
use baize_domain::Fen;
use baize_domain::payment::{
    Channel, Order, OrderNo, OrderState, Presented, ProviderAnswer, RefundNo, RefundOrder, RefundState,
};
use http::HeaderMap;
use jiff::Timestamp;
use jiff::civil::Date;

/// A provider of payments.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Which one.
    fn channel(&self) -> Channel;

    /// Makes an order; `payer` is the payer's id there, which orders in the provider's own app need.
    async fn create(&self, order: &Order, payer: Option<&str>) -> ProviderAnswer;

    /// How an order stands.
    async fn query(&self, order_no: OrderNo) -> ProviderAnswer;

    /// Sees to it that an order cannot be paid any more; tells if it was paid before.
    async fn close(&self, order_no: OrderNo) -> ProviderAnswer;

    /// Pays money back.
    async fn refund(&self, refund: &RefundOrder) -> ProviderAnswer;

    /// How a refund stands.
    async fn query_refund(&self, order_no: OrderNo, refund_no: RefundNo) -> ProviderAnswer;

    /// What the payer's app needs to pay the order, signed now.
    ///
    /// # Errors
    /// The order was not presented by this provider.
    fn sheet(&self, presented: &Presented, now: Timestamp) -> anyhow::Result<PaySheet>;

    /// Reads a notification: signature, age, merchant, content.
    ///
    /// # Errors
    /// It is not from the provider, or not for us. Nothing may be done because of it.
    fn notice(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notice, Forged>;

    /// What the provider expects for an answer: `taken` once what it told is stored.
    fn acknowledgement(&self, taken: bool) -> Acknowledgement;

    /// The provider's bill of a day (of Beijing's).
    ///
    /// # Errors
    /// [`BillError`]
    async fn bill(&self, date: Date) -> Result<Vec<BillRow>, BillError>;
}

/// What the payer's app is handed.
#[derive(Clone, PartialEq, Eq)]
pub enum PaySheet {
    /// The arguments of `wx.requestPayment`.
    WechatPay {
        /// Seconds since 1970, as text.
        time_stamp: String,
        /// Random.
        nonce_str: String,
        /// `prepay_id=…`
        package: String,
        /// `RSA`
        sign_type: String,
        /// Base64.
        pay_sign: String,
        /// The mini-program.
        app_id: String,
    },
    /// The argument of `my.tradePay`.
    Alipay {
        /// The provider's number of the trade.
        trade_no: String,
    },
    /// The text of a code that anybody may scan.
    Code(String),
}

/// What a provider tells unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// An order changed.
    Order {
        /// The order.
        order_no: OrderNo,
        /// How it stands.
        state: OrderState,
    },
    /// A refund changed.
    Refund {
        /// The refund.
        refund_no: RefundNo,
        /// How it stands.
        state: RefundState,
    },
    /// Something that does not concern us (an order that was never ours, an event that we do not take in). Acknowledged and logged.
    Other {
        /// What it was; never personal.
        what: String,
    },
}

/// A notification that is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// A header or field is missing or cannot be read.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// Signed with a key that we do not know.
    #[error("unknown key")]
    UnknownKey,
    /// The signature is wrong.
    #[error("wrong signature")]
    Signature,
    /// Older or newer than five minutes.
    #[error("too old or from the future")]
    Skew,
    /// Cannot be decrypted with our key.
    #[error("cannot be decrypted")]
    Decryption,
    /// Signed well, but for another merchant or app.
    #[error("for another merchant")]
    OtherMerchant,
}

/// What the provider is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

/// A row of a provider's bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillRow {
    /// Our number of the order, as it stands in the bill (it may be none of ours).
    pub order_no: String,
    /// The provider's number of the payment.
    pub transaction_id: String,
    /// Money in, or back.
    pub kind: BillKind,
    /// What moved, > 0.
    pub amount: Fen,
    /// What the provider keeps (> 0), or gives back with a refund (< 0).
    pub fee: Fen,
    /// When, by the provider's clock.
    pub at: Timestamp,
}

/// What a row of a bill stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillKind {
    /// A payment.
    Payment,
    /// A refund.
    Refund {
        /// Our number of it, as it stands in the bill.
        refund_no: String,
        /// How it stood when the bill was made.
        state: RefundState,
    },
}

/// Why there is no bill.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// The provider has not made it yet; it will.
    #[error("the bill is not there yet")]
    NotYet,
    /// The day had no business: an empty bill.
    #[error("no business on that day")]
    Empty,
    /// Not reached, or it said no.
    #[error("the bill cannot be fetched: {0}")]
    Failed(String),
    /// The file is not what it should be: nothing of it is used.
    #[error("the bill cannot be read, line {line}: {what}")]
    Unreadable {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}
