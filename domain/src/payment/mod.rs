//! Payments through providers: what is asked of a provider, what it answers, and the numbers that orders go by.
//!
//! What is owed is an intent; each try to collect it through a provider is an attempt with an order number of its own.
//! Nothing here guesses: an answer that did not come is [`ProviderAnswer::Unknown`], and is asked for again by its number.

mod channel;
mod order_no;
mod provider;

pub use channel::Channel;
pub use order_no::{InvalidNumber, OrderNo, RefundNo};
pub use provider::{
    Decline, Order, OrderState, Paid, Presentation, Presented, ProviderAnswer, ProviderRequest, RefundOrder,
    RefundState,
};
