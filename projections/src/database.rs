//! Where the views and the log are, and what the database's errors mean.

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::Context as _;
use baize_eventlog::{EventLog, LogOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};

/// The role that may read events and owns the views, and nothing else.
pub const ROLE: &str = "baize_views";

/// The database that holds the log and the views.
#[derive(Debug, Clone)]
pub struct Database {
    connect: PgConnectOptions,
    role: String,
}

impl Database {
    /// The migrated database at `url`, used in the role [`ROLE`], of which the login must be a member.
    ///
    /// # Errors
    /// The URL cannot be read.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let connect = PgConnectOptions::from_str(url).context("the database URL")?;
        Ok(Self {
            connect,
            role: ROLE.to_owned(),
        })
    }

    /// Takes another role. It owns the tables it makes: never change it once there are views.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = role.into();
        self
    }

    /// The log, for reading.
    pub(crate) async fn log(&self) -> anyhow::Result<EventLog> {
        let mut options = LogOptions::new(self.connect.clone()).role(&self.role);
        options.read_connections = 3;
        EventLog::connect(options).await.context("connecting to the event log")
    }

    /// Connections for answering queries.
    pub(crate) fn pool(&self, connections: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(3))
            // A ping at every use would cost a round trip; one after a rest finds what a restart has cut.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > Duration::from_secs(1) {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(self.session("baize views"))
    }

    /// A connection for writing views.
    pub(crate) async fn writer(&self, application: &str) -> sqlx::Result<PgConnection> {
        // Durable commits, though a view could be folded again: whoever was answered at a position must find it there, also after the
        // server crashed.
        let session = self.session(application);
        let connecting = PgConnection::connect_with(&session);
        match tokio::time::timeout(Duration::from_secs(5), connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    fn session(&self, application: &str) -> PgConnectOptions {
        self.connect.clone().application_name(application).options([
            ("role", self.role.as_str()),
            ("default_transaction_isolation", "read\\ committed"),
            // A peer that vanished without a word keeps its locks until the kernel notices.
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
        ])
    }
}

/// Whether the database refused the data themselves, so that repeating the statement can never help.
pub(crate) fn is_refusal(error: &sqlx::Error) -> bool {
    match error {
        // Data exception, integrity constraint, program limit (such as an index row that is too long).
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class))),
        sqlx::Error::Encode(_) => true,
        _ => false,
    }
}

/// Whether a table was not there: its generation was retired and dropped in the meantime.
pub(crate) fn is_missing_table(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("42P01"))
}
