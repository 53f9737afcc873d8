//! Private Postgres, nats-server and mosquitto child processes for the embedded default and the tests.
//!
//! Each server keeps everything it owns in a data directory: its data, its port, its password, its log and a lock
//! that one live process holds. Starting on a directory that was used before finds the same data at the same
//! address, whatever ended the last run.
//!
//! **Invariant:** a server never outlives the program that started it. `Drop` stops it; if the program is ended by
//! `kill -9`, the kernel signals the server (`PR_SET_PDEATHSIG`, through `setpriv`); if even that is lost, the next
//! start on the same directory ends what was left over.
//!
//! Every call blocks, for some hundred milliseconds where it starts or stops a server. Call it from async code
//! through `tokio::task::spawn_blocking`.

mod child;
mod data_dir;
mod error;
mod identity;
mod leftovers;
mod mosquitto;
mod nats;
mod port;
mod postgres;
mod process;
mod programs;
pub mod testing;

pub use error::{Error, Result};
pub use mosquitto::{Mosquitto, MosquittoOptions};
pub use nats::{NATS_SERVER_MIN, NatsOptions, NatsServer};
pub use postgres::{Durability, Postgres, PostgresOptions};
pub use programs::Program;
