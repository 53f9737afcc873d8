//! Asked to stop: the first signal begins an orderly end, the second ends at once, and so does time.
//!
//! All of it happens on a thread of its own: a program whose other threads hang must still be stoppable. Private servers
//! end with the process, however it ends.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// An end that a second signal asked for, as shells count it.
const INTERRUPTED: i32 = 130;

/// A token that SIGINT and SIGTERM cancel. If the process has not ended `end_within` after that, it is ended.
///
/// # Errors
/// The handlers cannot be installed.
pub fn stop_token(end_within: Duration) -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let stop = token.clone();
    let (sender, installed) = sync_channel(1);
    let run = move || -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(watch(&stop, end_within, &sender))
    };
    let thread = std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(run)
        .context("starting a thread")?;
    if installed.recv().is_ok() {
        return Ok(token);
    }
    // The thread has ended, and tells why.
    match thread.join() {
        Ok(Err(error)) => Err(error).context("listening for signals"),
        _ => anyhow::bail!("listening for signals failed"),
    }
}

async fn watch(stop: &CancellationToken, end_within: Duration, installed: &SyncSender<()>) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // The channel has room for it.
    let _told = installed.send(());
    either(&mut interrupt, &mut terminate).await;
    stop.cancel();
    tokio::select! {
        () = either(&mut interrupt, &mut terminate) => tracing::warn!("asked to stop a second time: ending at once"),
        () = tokio::time::sleep(end_within) => tracing::error!(?end_within, "not stopped in time: ending at once"),
    }
    std::process::exit(INTERRUPTED)
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
