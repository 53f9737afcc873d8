//! What the program says while it works: to stderr, for people or as JSON. Results go to stdout.

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Starts logging; `quiet` is what is logged when nothing else was set.
///
/// # Errors
/// The filter cannot be read.
pub fn start(settings: &Settings, quiet: &str) -> anyhow::Result<()> {
    let filter = settings.log.as_deref().unwrap_or(quiet);
    let filter = EnvFilter::try_new(filter).with_context(|| format!("{filter:?} is no log filter"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match settings.log_format.unwrap_or_default() {
        LogFormat::Text => subscriber
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("starting the log: {error}"))
}
