//! `baize serve`: one service, or all of them in one process.
//!
//! With no servers named, `all` starts private ones and migrates their database. A service on its own needs its
//! servers named, and waits for those that are not there yet.

mod all;
mod command_api;
mod device_bridge;
mod patience;
pub(crate) mod payments;
pub(crate) mod people;
pub(crate) mod projections;
mod sealer;
mod tokens;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::ready::Ready;
use crate::settings::Settings;
use crate::{migrate, signals};

pub use all::All;

/// How long stopping private servers may take beside the services.
const SERVERS_END_WITHIN: Duration = Duration::from_secs(70);

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to run
    #[arg(value_enum)]
    what: What,
    /// Write process id and addresses to this file (JSON, 0600: it holds passwords) once everything runs
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Apply missing migrations first; a private database is always migrated
    #[arg(long)]
    migrate: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Everything, in one process
    All,
    /// gRPC commands, publication and processes; needs database_url and nats_url
    CommandApi,
    /// Views, queries and the web page; needs database_url and nats_url
    Projections,
    /// Lights; needs nats_url, mqtt_url and command_url
    DeviceBridge,
    /// Signed tree heads, which prove that nothing was altered; needs database_url and seal_key
    Sealer,
}

impl Args {
    /// Serves until told to stop.
    ///
    /// # Errors
    /// Something needed is not named, cannot be started, or does not stop in good order.
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        let stop = signals::stop_token(settings.drain() + SERVERS_END_WITHIN)?;
        let ready_file = self.ready_file.as_deref();
        self.warn_of_listeners(&settings);
        if self.migrate
            && let Some(url) = &settings.database_url
        {
            patience::until(&stop, "the database", || migrate::migrate(url)).await?;
        }
        match self.what {
            What::All => serve_all(&settings, ready_file, stop).await,
            What::CommandApi => command_api::serve(&settings, ready_file, stop).await,
            What::Projections => projections::serve(&settings, ready_file, stop).await,
            What::DeviceBridge => device_bridge::serve(&settings, ready_file, stop).await,
            What::Sealer => sealer::serve(&settings, ready_file, stop).await,
        }
    }
}

impl Args {
    /// Tokens are secrets, and these listeners speak plainly.
    fn warn_of_listeners(&self, settings: &Settings) {
        let listens = match self.what {
            What::All => vec![
                settings.command_listen(),
                settings.query_listen(),
                settings.web_listen(),
            ],
            What::CommandApi => vec![settings.command_listen()],
            What::Projections => vec![settings.query_listen(), settings.web_listen()],
            What::DeviceBridge | What::Sealer => Vec::new(),
        };
        for address in listens.iter().filter(|address| !address.ip().is_loopback()) {
            tracing::warn!(%address, "this is not loopback, and tokens would cross the network in the clear: put something that speaks TLS in front");
        }
    }
}

async fn serve_all(settings: &Settings, ready_file: Option<&Path>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut all = All::start(settings, &stop).await?;
    let mut served = announce(&all.ready(), ready_file);
    if served.is_ok() {
        served = tokio::select! {
            () = stop.cancelled() => Ok(()),
            error = all.failed() => Err(error),
        };
    }
    all.stop(settings.drain()).await;
    withdraw(ready_file);
    served
}

/// Tells where everything is: to people on stdout, to programs in the file.
fn announce(ready: &Ready, file: Option<&Path>) -> anyhow::Result<()> {
    let lines = [
        ("web page", &ready.web),
        ("gRPC commands", &ready.command),
        ("gRPC queries", &ready.query),
        ("MQTT", &ready.mqtt),
    ];
    for (what, address) in lines {
        if let Some(address) = address {
            println!("{what:14} {address}");
        }
    }
    println!("ready; Ctrl-C stops");
    file.map_or(Ok(()), |file| ready.write(file))
}

fn withdraw(file: Option<&Path>) {
    if let Some(file) = file {
        // Gone already is as good.
        let _gone = std::fs::remove_file(file);
    }
}

/// A setting without which a service cannot do.
fn needed<'s>(value: &'s Option<String>, key: &str) -> anyhow::Result<&'s str> {
    let flag = key.replace('_', "-");
    let variable = format!("BAIZE_{}", key.to_uppercase());
    value.as_deref().ok_or_else(|| {
        anyhow::anyhow!(
            "this service needs {key}: set --{flag}, {variable}, or {key} in the file (`baize serve all` needs nothing)"
        )
    })
}
