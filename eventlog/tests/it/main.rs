//! The event log on real servers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(missing_docs)]

mod account;
mod appending;
mod barriers;
mod checkpoints;
mod concurrency;
mod faults;
mod following;
mod leases;
mod proxy;
mod relay_faults;
mod relaying;
mod repositories;
mod seals;
mod stores;
mod support;
