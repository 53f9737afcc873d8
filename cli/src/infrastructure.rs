//! The database, the message server and the MQTT broker: those that the configuration names, or private ones.
//!
//! Private servers are children of this process, keep everything in the data directory and end with the process,
//! however it ends. One that dies by itself is started again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use baize_servers::{NatsOptions, NatsServer, Postgres, PostgresOptions};
use tokio::task::{AbortHandle, spawn_blocking};

use crate::attached;
use crate::settings::Settings;

/// The database of a private Postgres.
pub const DATABASE: &str = "baize";
const REVIVE_EVERY: Duration = Duration::from_secs(1);

/// Where the servers are, and those of them that are ours.
pub struct Infrastructure {
    /// The database; holds the password.
    pub database_url: String,
    /// The message server; holds the password.
    pub nats_url: String,
    /// The broker of the devices.
    pub mqtt_url: String,
    postgres: Option<Arc<Postgres>>,
    nats: Option<Arc<NatsServer>>,
    supervisor: AbortHandle,
}

impl Infrastructure {
    /// Starts what the configuration does not name.
    ///
    /// # Errors
    /// A server cannot be found or started, the data directory is in use, or a broker must be named and is not.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        anyhow::ensure!(
            settings.nats_url.is_none() || settings.mqtt_url.is_some(),
            "nats_url is set and mqtt_url is not: name the MQTT broker of the devices too (--mqtt-url, BAIZE_MQTT_URL or mqtt_url in the file)"
        );
        let data_dir = settings.data_dir();
        let postgres = match settings.database_url {
            Some(_) => None,
            None => Some(private_postgres(&data_dir).await?),
        };
        let nats = match settings.nats_url {
            Some(_) => None,
            None => Some(private_nats(&data_dir).await?),
        };
        let supervisor = tokio::spawn(supervise(postgres.clone(), nats.clone())).abort_handle();
        let private_mqtt = nats
            .as_ref()
            .map(|nats| nats.mqtt_address())
            .map(|(host, port)| format!("mqtt://{host}:{port}"));
        let given = "named or started above";
        Ok(Self {
            database_url: settings
                .database_url
                .clone()
                .or_else(|| Some(postgres.as_ref()?.url(DATABASE)))
                .context(given)?,
            nats_url: settings
                .nats_url
                .clone()
                .or_else(|| Some(nats.as_ref()?.url()))
                .context(given)?,
            mqtt_url: settings.mqtt_url.clone().or(private_mqtt).context(given)?,
            postgres,
            nats,
            supervisor,
        })
    }

    /// The database alone: the one that is named, that of a `baize` running on the data directory, or a private one,
    /// which is made if `may_make`.
    ///
    /// # Errors
    /// As [`Infrastructure::start`], or there is none.
    pub async fn database_only(settings: &Settings, may_make: bool) -> anyhow::Result<Self> {
        let data_dir = settings.data_dir();
        let running = || attached::to(&data_dir)?.database_url;
        let there = settings.database_url.clone().or_else(running);
        anyhow::ensure!(
            may_make || there.is_some() || data_dir.join("postgres").join("PG_VERSION").exists(),
            "there is no database in {}: name one with --database-url, or another directory with --data-dir",
            data_dir.display()
        );
        let postgres = match there {
            Some(_) => None,
            None => Some(private_postgres(&data_dir).await?),
        };
        let database_url = there.or_else(|| Some(postgres.as_ref()?.url(DATABASE)));
        Ok(Self {
            database_url: database_url.context("named or started above")?,
            nats_url: String::new(),
            mqtt_url: String::new(),
            supervisor: tokio::spawn(supervise(postgres.clone(), None)).abort_handle(),
            postgres,
            nats: None,
        })
    }

    /// Whether the database is a private one, which this program may change as it likes.
    pub fn owns_database(&self) -> bool {
        self.postgres.is_some()
    }

    /// Process ids of the private servers, by name.
    pub fn pids(&self) -> Vec<(&'static str, u32)> {
        let postgres = self
            .postgres
            .as_ref()
            .and_then(|server| Some(("postgres", server.pid()?)));
        let nats = self
            .nats
            .as_ref()
            .and_then(|server| Some(("nats-server", server.pid()?)));
        postgres.into_iter().chain(nats).collect()
    }

    /// Stops the private servers in good order.
    pub async fn stop(self) {
        self.supervisor.abort();
        let stop = move || {
            // The message server first: nothing is published that the database could no longer confirm.
            if let Some(nats) = &self.nats {
                nats.stop();
            }
            if let Some(postgres) = &self.postgres {
                postgres.stop();
            }
        };
        if spawn_blocking(stop).await.is_err() {
            tracing::error!("stopping the private servers failed");
        }
    }
}

async fn private_postgres(data_dir: &Path) -> anyhow::Result<Arc<Postgres>> {
    let options = PostgresOptions::new(data_dir);
    let start = move || {
        let server = Postgres::launch(options)?;
        server.create_database(DATABASE)?;
        Ok::<_, baize_servers::Error>(server)
    };
    let server = spawn_blocking(start)
        .await
        .context("starting Postgres")?
        .context("the private Postgres")?;
    Ok(Arc::new(server))
}

async fn private_nats(data_dir: &Path) -> anyhow::Result<Arc<NatsServer>> {
    let options = NatsOptions::new(data_dir);
    let start = move || NatsServer::launch(options);
    let server = spawn_blocking(start)
        .await
        .context("starting nats-server")?
        .context("the private nats-server")?;
    Ok(Arc::new(server))
}

/// Starts a private server again that has died; without it every service would wait for ever.
async fn supervise(postgres: Option<Arc<Postgres>>, nats: Option<Arc<NatsServer>>) {
    loop {
        tokio::time::sleep(REVIVE_EVERY).await;
        let (postgres, nats) = (postgres.clone(), nats.clone());
        let revive = move || {
            let postgres = postgres.map_or(Ok(false), |server| server.revive());
            let nats = nats.map_or(Ok(false), |server| server.revive());
            [("postgres", postgres), ("nats-server", nats)]
        };
        let Ok(revived) = spawn_blocking(revive).await else {
            return;
        };
        for (server, outcome) in revived {
            match outcome {
                Ok(false) => {}
                Ok(true) => tracing::warn!(server, "a private server had died and was started again"),
                Err(error) => tracing::error!(server, %error, "a private server died and cannot be started"),
            }
        }
    }
}
