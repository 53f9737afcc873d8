//! Where the bench happens: a private Postgres with default durability, on disk, and a database for each part.

use std::str::FromStr as _;

use anyhow::Context as _;
use baize_eventlog::{EventLog, LogOptions};
use baize_servers::{Postgres, PostgresOptions};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tempfile::TempDir;

/// The private Postgres.
pub struct Place {
    /// The server.
    pub postgres: Postgres,
    /// Gone with the place; dropped after the server.
    pub dir: TempDir,
}

impl Place {
    /// Starts the server. Only the number of connections is not Postgres's default.
    ///
    /// # Errors
    /// Postgres is missing or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("baize-bench-").tempdir()?;
        let postgres =
            Postgres::launch(PostgresOptions::new(dir.path().join("data")).setting("max_connections", "300"))?;
        Ok(Self { postgres, dir })
    }

    /// A new database without tables.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn empty(&self, name: &str) -> anyhow::Result<(PgConnectOptions, PgPool)> {
        self.postgres.create_database(name)?;
        let options = PgConnectOptions::from_str(&self.postgres.url(name)).context("the server's url")?;
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect_with(options.clone())
            .await?;
        Ok((options, pool))
    }

    /// A new migrated database.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn migrated(&self, name: &str) -> anyhow::Result<(PgConnectOptions, PgPool)> {
        let (options, pool) = self.empty(name).await?;
        baize_schema::migrate(&pool).await?;
        Ok((options, pool))
    }

    /// What decides durability, as the server itself tells it.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn settings(&self, pool: &PgPool) -> anyhow::Result<Vec<(String, String)>> {
        let mut settings = Vec::new();
        for name in [
            "server_version",
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "wal_sync_method",
            "shared_buffers",
        ] {
            let value: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(name)
                .fetch_one(pool)
                .await?;
            settings.push((name.to_owned(), value));
        }
        Ok(settings)
    }
}

/// A log on that database, in the role of the services.
///
/// # Errors
/// The database does not answer.
pub async fn log(options: &PgConnectOptions) -> anyhow::Result<EventLog> {
    Ok(EventLog::connect(LogOptions::new(options.clone()).role("baize_app")).await?)
}

/// The last position of the log in that database.
///
/// # Errors
/// The database does not answer.
pub async fn head(pool: &PgPool) -> anyhow::Result<u64> {
    let head: i64 = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events")
        .fetch_one(pool)
        .await?;
    Ok(u64::try_from(head)?)
}
