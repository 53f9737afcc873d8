//! The bridge between real servers: the log and its relay on Postgres, JetStream, MQTT brokers, simulated relays,
//! and a command-api that decides as the real one does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod brokers;
mod cut_off;
mod esphome;
mod evening;
mod latency;
mod lights;
mod office;
mod restarts;
mod scale;
mod shelly;
mod stage;
