//! Leadership: at most one holder of a name per database, as far as that can be known.
//!
//! A lease is a session-level advisory lock on a connection of its own. Postgres gives it to the next one as
//! soon as it notices that the holder's connection is gone, and the holder notices as soon as a ping fails;
//! neither moment is the same for both. **For a few seconds two may believe to hold it.** Whoever works under
//! a lease must therefore stay harmless with a twin: the relay publishes with the expected last sequence, and
//! readers move their checkpoint by compare-and-set.

use std::time::Duration;

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

const RETRY_INTERVAL: Duration = Duration::from_millis(250);
const PING_INTERVAL: Duration = Duration::from_secs(1);
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// The first key of the lock; the second is the hash of the name.
const LOCK_CLASS: i32 = 0x4241_495a;

/// Leadership under a name. Dropping it gives it up.
pub struct Lease {
    lost: CancellationToken,
    _release: DropGuard,
}

impl Lease {
    /// Waits until the name is free and takes it; keeps trying while the database is away.
    pub async fn acquire(options: &PgConnectOptions, name: &str) -> Self {
        let options = options
            .clone()
            .application_name(&format!("baize lease {name}"))
            .options([
                ("tcp_keepalives_idle", "2"),
                ("tcp_keepalives_interval", "1"),
                ("tcp_keepalives_count", "3"),
            ]);
        let connection = loop {
            match wait_for(&options, name).await {
                Ok(connection) => break connection,
                Err(error) => tracing::debug!(%error, name, "the lease cannot be asked for"),
            }
            sleep(RETRY_INTERVAL).await;
        };
        tracing::info!(name, "leading");
        let (lost, release) = (CancellationToken::new(), CancellationToken::new());
        tokio::spawn(hold(connection, lost.clone(), release.clone(), name.to_owned()));
        Self {
            lost,
            _release: release.drop_guard(),
        }
    }

    /// Cancelled when the lease is lost.
    pub fn token(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Whether the lease is known to be lost.
    pub fn is_lost(&self) -> bool {
        self.lost.is_cancelled()
    }

    /// Waits until the lease is lost.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

async fn wait_for(options: &PgConnectOptions, name: &str) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    loop {
        let taken: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
            .bind(LOCK_CLASS)
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
        if taken {
            return Ok(connection);
        }
        sleep(RETRY_INTERVAL).await;
    }
}

/// Pings until the connection fails or the holder lets go; then the lock goes with the connection.
async fn hold(mut connection: PgConnection, lost: CancellationToken, release: CancellationToken, name: String) {
    loop {
        tokio::select! {
            () = release.cancelled() => {
                // If it cannot be closed in good order, dropping it does as well.
                let _ = timeout(PING_TIMEOUT, connection.close()).await;
                lost.cancel();
                return;
            }
            () = sleep(PING_INTERVAL) => {}
        }
        let ping = sqlx::query("SELECT 1").execute(&mut connection);
        if !matches!(timeout(PING_TIMEOUT, ping).await, Ok(Ok(_))) {
            tracing::warn!(name, "the lease is lost");
            lost.cancel();
            return;
        }
    }
}
