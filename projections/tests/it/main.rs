//! The projections service on a real Postgres and a real nats-server.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod atomicity;
mod audit;
mod bi;
mod console;
mod directory;
mod evening;
mod faults;
mod indicators;
mod payments;
mod people;
mod poison;
mod queries;
mod rebuilding;
mod receipts;
mod reconciliations;
mod reports;
mod screen;
mod stage;
mod stream;
mod views;
mod watching;
mod web;
