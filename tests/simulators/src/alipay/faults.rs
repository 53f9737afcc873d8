//! What can go wrong with one order. Each happens once, in the order in which they were asked for.

use serde::{Deserialize, Serialize};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A call is carried out, and its reply is cut off.
    ReplyLost,
    /// The payer pays while the order is made, and the reply to making it is cut off.
    ChargedReplyLost,
    /// A call is answered 500 and not carried out.
    ServerError,
    /// A call is answered 20000 and not carried out.
    Busy,
    /// A call is carried out, and answered a second later.
    Slow,
    /// A call is carried out, and its answer is wrongly signed.
    AnswerForged,
    /// The payer pays while the order is made, and the notification comes before the reply.
    NotificationFirst,
    /// A notification comes three seconds late.
    NotificationLate,
    /// A notification comes twice.
    NotificationDoubled,
    /// After the notification of the payment comes one that says that the order waits for its payer.
    NotificationsOutOfOrder,
    /// A notification never comes.
    NotificationDropped,
    /// A notification is wrongly signed.
    NotificationForged,
    /// A notification says one fen more, and is signed well.
    NotificationWrongAmount,
    /// A notification is for another merchant, and is signed well.
    NotificationOtherMerchant,
    /// The payer pays in the moment in which the order is to be closed.
    PaysWhileClosing,
    /// A refund is under way when it is asked about first, and has failed when it is asked about again.
    RefundFails,
    /// The order's payment is not in the bill.
    BillRowMissing,
    /// The bill has a payment more, of an order that nobody made.
    BillRowExtra,
    /// Alipay keeps a fen more than it should.
    BillOtherFee,
}

impl Fault {
    /// What a repeat or a question heals.
    pub const HEALING: [Self; 13] = [
        Self::ReplyLost,
        Self::ChargedReplyLost,
        Self::ServerError,
        Self::Busy,
        Self::Slow,
        Self::AnswerForged,
        Self::NotificationFirst,
        Self::NotificationLate,
        Self::NotificationDoubled,
        Self::NotificationsOutOfOrder,
        Self::NotificationDropped,
        Self::NotificationForged,
        Self::PaysWhileClosing,
    ];

    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::ReplyLost,
        Self::ChargedReplyLost,
        Self::ServerError,
        Self::Busy,
        Self::Slow,
        Self::AnswerForged,
        Self::NotificationFirst,
        Self::NotificationLate,
        Self::NotificationDoubled,
        Self::NotificationsOutOfOrder,
        Self::NotificationDropped,
        Self::NotificationForged,
        Self::NotificationWrongAmount,
        Self::NotificationOtherMerchant,
        Self::PaysWhileClosing,
        Self::RefundFails,
        Self::BillRowMissing,
        Self::BillRowExtra,
        Self::BillOtherFee,
    ];

    /// Whether it can happen to a call of this method.
    pub(super) const fn of_call(self, making: bool) -> bool {
        match self {
            Self::ReplyLost | Self::ServerError | Self::Busy | Self::Slow | Self::AnswerForged => true,
            Self::ChargedReplyLost | Self::NotificationFirst => making,
            _ => false,
        }
    }

    /// Whether it can happen to a notification.
    pub(super) const fn of_notification(self) -> bool {
        matches!(
            self,
            Self::NotificationLate
                | Self::NotificationDoubled
                | Self::NotificationsOutOfOrder
                | Self::NotificationDropped
                | Self::NotificationForged
                | Self::NotificationWrongAmount
                | Self::NotificationOtherMerchant
        )
    }
}
