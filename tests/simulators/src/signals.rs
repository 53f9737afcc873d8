//! When a simulator is asked to end.

use tokio::signal::unix::{SignalKind, signal};

/// Returns at SIGINT or SIGTERM.
///
/// # Errors
/// The system does not let signals be listened for.
pub(crate) async fn stop() -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
