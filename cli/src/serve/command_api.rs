//! The command service on its own.

use std::path::Path;

use baize_command_api::{CommandApi, Options};
use baize_proto::access::Keys;
use tokio_util::sync::CancellationToken;

use super::{announce, needed, patience, payments, people, tokens, withdraw};
use crate::ready::{Ready, http};
use crate::settings::Settings;

/// How the service is run with these settings and servers.
pub(super) fn options(settings: &Settings, keys: Keys, database_url: &str, nats_url: &str) -> anyhow::Result<Options> {
    let mut options = Options::new(database_url);
    options.listen = settings.command_listen();
    options.nats_url = Some(nats_url.to_owned());
    options.keys = keys;
    options.reflection = settings.reflection();
    options.clock = settings.clock()?;
    options.limits.drain_max = settings.drain();
    options.payments = payments::options(settings)?;
    options.messages = people::messages(settings)?;
    options.limits.answers_kept = settings.answers_kept();
    Ok(options)
}

pub(super) async fn serve(
    settings: &Settings,
    ready_file: Option<&Path>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let database_url = needed(&settings.database_url, "database_url")?;
    let nats_url = needed(&settings.nats_url, "nats_url")?;
    let keys = tokens::keys(settings, false)?;
    let mut options = options(settings, keys.clone(), database_url, nats_url)?;
    options.people = people::if_named(settings, keys)?;
    let mut service = patience::until(&stop, "the command service", || CommandApi::start(options.clone())).await?;
    announce(
        &Ready {
            command: Some(http(service.address())),
            callbacks: service.callbacks().map(http),
            ..Ready::new()
        },
        ready_file,
    )?;
    let served = tokio::select! {
        () = stop.cancelled() => Ok(()),
        error = service.failed() => Err(error),
    };
    service.stop().await;
    withdraw(ready_file);
    served
}
