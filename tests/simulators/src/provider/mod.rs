//! A simulated provider of payments, apart from its wire: a book of orders and refunds, payers who pay when they are told to, faults
//! per order, and notifications that are repeated until they are taken.
//!
//! [`crate::wechat_pay`] speaks for it; the book is the truth that the services are checked against.

pub mod args;
pub mod book;
pub mod control;
pub mod courier;
pub mod desk;
pub mod faults;
pub mod inbox;
pub mod steering;

pub use book::{Book, NewOrder, NewRefund, Order, OrderState, Payment, Refund, RefundState, Refused, Row};
pub use courier::{Flaw, Letter, Letters, Told, http};
pub use desk::{Desk, DeskOptions, Reply};
pub use faults::{Fault, Faults, Reach, Seeded};
pub use inbox::Inbox;
pub use steering::Steering;
