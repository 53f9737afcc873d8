//! The rules of a billiard hall, pure: no I/O, no clock, no randomness, no async runtime.
//!
//! Ids, times and prices arrive in commands; `decide` turns a state and a command into events or a refusal;
//! `evolve` folds events into a state and never fails. What spans several aggregates is decided in [`units`] and
//! written as one unit of work; what waits for the outside world is a process manager in [`processes`].

pub mod calendar;
pub mod chain;
pub mod command;
pub mod compensation;
pub mod complaint;
pub mod device;
pub mod event;
mod event_schemas;
pub mod fold;
pub mod gift;
pub mod hall;
pub mod identity;
pub mod ids;
pub mod journal;
pub mod level;
pub mod member;
pub mod money;
pub mod payment;
pub mod personal;
pub mod points_account;
pub mod processes;
pub mod reconciliation;
pub mod redemption;
pub mod refund;
pub mod refusal;
pub mod repair;
pub mod session;
pub mod split;
pub mod staff;
pub mod table;
pub mod tariff;
pub mod units;
pub mod wallet;

pub use command::Command;
pub use event::Event;
pub use event_schemas::event_schemas;
pub use level::LevelCode;
pub use money::Fen;
pub use refusal::Refusal;
