//! The program as its users meet it: as a process, with flags, files, signals and exit codes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod audit;
mod codes;
mod configuration;
mod devices;
mod doctor;
mod hall;
mod help;
mod import;
mod keys;
mod messages;
mod program;
mod reports;
mod schemas;
mod serve_all;
mod single_services;
