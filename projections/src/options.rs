//! What can be set about the service.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use baize_eventlog::Clock;
use baize_proto::access::Keys;

use crate::database::Database;
use crate::reports::ReportOptions;

/// How the projections service runs. [`Options::new`] gives defaults that need no setting.
#[derive(Debug, Clone)]
pub struct Options {
    /// The log and the views.
    pub database: Database,
    /// Such as `nats://127.0.0.1:4222`; several separated by commas.
    pub nats_url: String,
    /// The stream that holds the copy of the log.
    pub stream: String,
    /// Where gRPC is served; port 0 takes a free one.
    pub grpc_listen: SocketAddr,
    /// Where pages are served; port 0 takes a free one.
    pub http_listen: SocketAddr,
    /// Whether the gRPC server tells its contract.
    pub reflection: bool,
    /// The keys that callers' tokens are verified with; with none, nobody gets in but to health and reflection.
    pub keys: Keys,
    /// Beginning of the address in tables' codes, as [`crate::codes::check_base`] takes it.
    pub code_base: String,
    /// The time that the halls live in.
    pub clock: Clock,
    /// Reports by mail, if any are sent.
    pub reports: Option<ReportOptions>,
    /// Connections for answering queries.
    pub query_connections: u32,
    /// Streams that may be open at once, gRPC and pages together.
    pub watchers_max: usize,
    /// Rows of each view that are kept in memory between batches, so that they need not be loaded again.
    pub rows_held_max: usize,
    /// How often Postgres is asked for new events while the stream is away.
    pub poll_interval: Duration,
    /// A stream that is silent for this long is compared with the end of the log.
    pub silence_max: Duration,
}

impl Options {
    /// Defaults: free ports on loopback, no reflection, the machine's clock.
    pub fn new(database: Database, nats_url: impl Into<String>) -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            database,
            nats_url: nats_url.into(),
            stream: "EVENTS".to_owned(),
            grpc_listen: loopback,
            http_listen: loopback,
            reflection: false,
            keys: Keys::default(),
            code_base: crate::codes::BASE_DEFAULT.to_owned(),
            clock: Clock::real(),
            reports: None,
            query_connections: 8,
            watchers_max: 2_000,
            rows_held_max: 50_000,
            poll_interval: Duration::from_millis(50),
            silence_max: Duration::from_millis(200),
        }
    }
}
