//! Why a payment refuses.

use crate::ids::PaymentIntentId;
use crate::money::Fen;
use crate::refusal::{InvalidField, Refusal, RefusalKind};

use super::{Channel, OrderNo};

/// The reason of a refusal: what a notification tells must be asked about first.
pub const AMOUNT_UNCONFIRMED: &str = "AMOUNT_UNCONFIRMED";

/// An error of a payment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// There is no such payment.
    #[error("there is no such payment")]
    NotFound,
    /// The id is taken by a payment of something else.
    #[error("payment {0} exists with other content")]
    Exists(PaymentIntentId),
    /// There is no such order, or it is another provider's.
    #[error("there is no order {0}")]
    OrderNotFound(OrderNo),
    /// A notification tells of another amount than was asked.
    #[error("told that {told} was paid for order {order_no}, which is not what was asked")]
    AmountUnconfirmed {
        /// The order.
        order_no: OrderNo,
        /// What is said to have been paid.
        told: Fen,
    },
    /// Nothing is owed for it any more, or what it would pay for is over.
    #[error("there is nothing to pay")]
    NothingToPay,
    /// It is paid, or cannot be paid any more.
    #[error("the payment is over")]
    Over,
    /// It is paid.
    #[error("the payment has succeeded")]
    Succeeded,
    /// Somebody is to look at it first.
    #[error("the payment is being looked into")]
    UnderReview,
    /// The chain takes no money through that provider.
    #[error("{} is not offered", .0.code())]
    ChannelNotOffered(Channel),
    /// As many attempts were made as a payment can have.
    #[error("too many attempts were made")]
    TooManyAttempts,
    /// It can still be paid.
    #[error("the payment can still be paid")]
    NotExpired,
    /// An order of it can still be paid.
    #[error("an order of the payment is still open")]
    AttemptOpen,
    /// Nobody needs to look at it, or it is not to be settled like that.
    #[error("the payment cannot be settled like that: {0}")]
    CannotResolve(&'static str),
    /// More than what can still be refunded.
    #[error("only {refundable} of the order can be refunded")]
    RefundTooMuch {
        /// What can be.
        refundable: Fen,
    },
    /// A field is out of its range.
    #[error(transparent)]
    Invalid(#[from] InvalidField),
}

impl From<PaymentError> for Refusal {
    fn from(error: PaymentError) -> Self {
        let message = error.to_string();
        let refuse = |reason, next_step| Self::new(RefusalKind::Precondition, reason, message.clone(), next_step);
        match error {
            PaymentError::NotFound => Self::new(
                RefusalKind::NotFound,
                "PAYMENT_NOT_FOUND",
                message,
                "Check the payment's id.",
            ),
            PaymentError::Exists(intent_id) => Self::new(
                RefusalKind::AlreadyExists,
                "PAYMENT_EXISTS",
                message,
                "Use a new id for what is a new payment.",
            )
            .with("intent_id", intent_id),
            PaymentError::OrderNotFound(order_no) => Self::new(
                RefusalKind::NotFound,
                "ORDER_NOT_FOUND",
                message,
                "Check the order's number and its provider.",
            )
            .with("order_no", order_no),
            PaymentError::AmountUnconfirmed { order_no, .. } => {
                refuse(AMOUNT_UNCONFIRMED, "Ask the provider how the order stands.").with("order_no", order_no)
            }
            PaymentError::NothingToPay => refuse("NOTHING_TO_PAY", "Look again: it may be paid, or over."),
            PaymentError::Over => refuse("PAYMENT_OVER", "Begin a new payment if something is still owed."),
            PaymentError::Succeeded => refuse("PAYMENT_SUCCEEDED", "Ask for a refund if the money shall go back."),
            PaymentError::UnderReview => refuse(
                "PAYMENT_UNDER_REVIEW",
                "Wait: the staff are looking into it. Money that was paid is not lost.",
            ),
            PaymentError::ChannelNotOffered(channel) => {
                refuse("CHANNEL_NOT_OFFERED", "Choose another way to pay.").with("channel", channel.code())
            }
            PaymentError::TooManyAttempts => refuse("TOO_MANY_ATTEMPTS", "Begin a new payment."),
            PaymentError::NotExpired => refuse("PAYMENT_NOT_EXPIRED", "Wait until its time is over."),
            PaymentError::AttemptOpen => refuse("PAYMENT_ATTEMPT_OPEN", "Wait until its orders are closed."),
            PaymentError::CannotResolve(_) => refuse(
                "CANNOT_RESOLVE",
                "Look at how the payment stands, and choose what fits.",
            ),
            PaymentError::RefundTooMuch { refundable } => {
                refuse("REFUND_TOO_MUCH", "Refund at most what is left.").with("refundable_fen", refundable.0)
            }
            PaymentError::Invalid(invalid) => invalid.into(),
        }
    }
}
