//! The harness of the journeys: real servers, real services as processes, simulated relays, and checks that read the
//! log, the stream and the views by themselves.
//!
//! The checks share nothing with what they check but the event types: positions are counted, payloads compared and
//! balances added up here, so that an error in a fold cannot hide itself.

pub mod browser;
pub mod check;
pub mod clients;
pub mod eventually;
pub mod hall;
pub mod log;
pub mod model;
pub mod program;
pub mod providers;
pub mod soak;
pub mod tools;
pub mod world;
