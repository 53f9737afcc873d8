//! The sealer on its own: best on a machine that the operators of the database cannot reach, with the key that is nowhere else.

use std::path::Path;

use anyhow::Context as _;
use baize_eventlog::seal::{SealStatus, Sealer};
use baize_eventlog::{EventLog, LogOptions};
use tokio_util::sync::CancellationToken;

use super::{announce, needed, patience, withdraw};
use crate::ready::Ready;
use crate::seal;
use crate::settings::Settings;

pub(super) async fn serve(
    settings: &Settings,
    ready_file: Option<&Path>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let database_url = needed(&settings.database_url, "database_url")?;
    let key = settings.seal_key.as_deref().context(
        "this service needs seal_key: make one with `openssl genpkey -algorithm ed25519 -out seal-key.pem`, and set --seal-key, BAIZE_SEAL_KEY, or seal_key in the file",
    )?;
    let options = seal::named(settings, key)?;
    let log = LogOptions::new(database_url.parse()?).role(baize_schema::APP_ROLE);
    let connect = || async { Ok(EventLog::connect(log.clone()).await?) };
    let log = patience::until(&stop, "the database", connect).await?;
    let sealer = Sealer::start(log.clone(), options);
    announce(&Ready::new(), ready_file)?;
    let mut status = sealer.status();
    let served = tokio::select! {
        () = stop.cancelled() => Ok(()),
        failed = status.wait_for(|status| matches!(status, SealStatus::Failed(_))) => Err(match failed.as_deref() {
            Ok(SealStatus::Failed(why)) => anyhow::anyhow!("sealing has stopped: {why}"),
            _ => anyhow::anyhow!("the sealer ended by itself"),
        }),
    };
    sealer.stop().await;
    log.close().await;
    withdraw(ready_file);
    served
}
