//! The service in-process, on a real Postgres, asked by ordinary gRPC clients.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod alipay;
mod compensation;
mod contention;
mod crash;
mod entrance;
mod gifts;
mod identity;
mod messages;
mod outage;
mod payments;
mod people;
mod points;
mod processes;
mod publication;
mod reconciling;
mod reflection;
mod refunds;
mod repeats;
mod requests;
mod sessions;
mod staff;
mod tariffs;
mod venue;
mod wechat_pay;
mod world;
