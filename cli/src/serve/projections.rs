//! The projections service on its own.

use std::path::Path;

use anyhow::Context as _;
use baize_projections::reports::{ReportOptions, read_subscriptions};
use baize_projections::{Database, MailOptions, Options, Projections};
use baize_proto::access::Keys;
use tokio_util::sync::CancellationToken;

use super::{announce, needed, patience, tokens, withdraw};
use crate::ready::{Ready, http};
use crate::settings::Settings;

/// How the service is run with these settings and servers.
pub(super) fn options(settings: &Settings, keys: Keys, database_url: &str, nats_url: &str) -> anyhow::Result<Options> {
    let mut options = Options::new(Database::new(database_url)?, nats_url);
    options.grpc_listen = settings.query_listen();
    options.http_listen = settings.web_listen();
    options.keys = keys;
    options.reflection = settings.reflection();
    options.clock = settings.clock()?;
    settings.code_base().clone_into(&mut options.code_base);
    options.reports = reports(settings)?;
    Ok(options)
}

/// How reports are sent; nothing if nobody gets any.
pub(crate) fn reports(settings: &Settings) -> anyhow::Result<Option<ReportOptions>> {
    let Some(file) = &settings.reports_file else {
        return Ok(None);
    };
    let mail = MailOptions {
        smtp_url: needed(&settings.smtp_url, "smtp_url")?.to_owned(),
        from: needed(&settings.mail_from, "mail_from")?.to_owned(),
    };
    mail.check()?;
    let text = std::fs::read_to_string(file).with_context(|| format!("reports_file {}", file.display()))?;
    if let Err(problem) = read_subscriptions(&text) {
        anyhow::bail!("reports_file {}: {problem}", file.display());
    }
    Ok(Some(ReportOptions::new(mail, file.clone())))
}

pub(super) async fn serve(
    settings: &Settings,
    ready_file: Option<&Path>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let database_url = needed(&settings.database_url, "database_url")?;
    let nats_url = needed(&settings.nats_url, "nats_url")?;
    let options = options(settings, tokens::keys(settings, false)?, database_url, nats_url)?;
    let service = patience::until(&stop, "the projections service", || Projections::start(options.clone())).await?;
    let (query, web) = (Some(http(service.grpc_address())), Some(http(service.http_address())));
    announce(
        &Ready {
            query,
            web,
            ..Ready::new()
        },
        ready_file,
    )?;
    stop.cancelled().await;
    withdraw(ready_file);
    if tokio::time::timeout(settings.drain(), service.stop()).await.is_err() {
        tracing::warn!("queries did not end in time and were cut off");
    }
    Ok(())
}
