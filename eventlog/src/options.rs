//! What can be set about the log, with defaults that need no setting.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

/// How to reach the database and how far every queue and wait may go.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Where the database is.
    pub connect: PgConnectOptions,
    /// Role taken on every connection (`SET ROLE`); `baize_app` may only insert and select events.
    pub role: Option<String>,
    /// Connections for reading. Appending has one of its own.
    pub read_connections: u32,
    /// Appends that may wait; more are [`crate::AppendError::Overloaded`].
    pub queue_units: usize,
    /// Units in one flush.
    pub flush_units: usize,
    /// Events in one flush (one unit may hold as many).
    pub flush_events: usize,
    /// Bytes of payloads, metadata and responses in one flush (one unit may hold as many).
    pub flush_bytes: usize,
    /// Bytes of one event's payload. Below the message limit of NATS, so that every event can be published.
    pub payload_bytes_max: usize,
    /// How long one flush may run before its connection is given up and the flush repeated on another.
    pub flush_timeout: Duration,
    /// How long the database may be away before waiting appends are told so.
    pub unavailable_after: Duration,
    /// Recently committed events kept in memory for followers.
    pub ring_events: usize,
    /// Bytes of recently committed events kept in memory.
    pub ring_bytes: usize,
    /// How often followers look for what other processes appended.
    pub poll_interval: Duration,
}

impl LogOptions {
    /// Defaults for the database at `connect`.
    pub fn new(connect: PgConnectOptions) -> Self {
        Self {
            connect,
            role: None,
            read_connections: 8,
            queue_units: 8_192,
            flush_units: 512,
            flush_events: 4_096,
            flush_bytes: 4 << 20,
            payload_bytes_max: 512 << 10,
            flush_timeout: Duration::from_secs(4),
            unavailable_after: Duration::from_secs(8),
            ring_events: 16_384,
            ring_bytes: 32 << 20,
            poll_interval: Duration::from_millis(25),
        }
    }

    /// Takes `role` on every connection.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// Connection options with the role and the session settings that the log relies on.
    pub(crate) fn session(&self, application: &str) -> PgConnectOptions {
        let connect = self
            .connect
            .clone()
            .application_name(application)
            // The append function needs a fresh snapshot after taking its lock.
            .options([("default_transaction_isolation", "read\\ committed")])
            // Plans are made on whatever the tables hold at first: only index access stays right as they grow.
            .options([("enable_seqscan", "off"), ("jit", "off")])
            // A peer that vanished without a word holds its locks until the kernel notices.
            .options([
                ("tcp_keepalives_idle", "5"),
                ("tcp_keepalives_interval", "2"),
                ("tcp_keepalives_count", "3"),
            ]);
        match &self.role {
            Some(role) => connect.options([("role", role)]),
            None => connect,
        }
    }
}
