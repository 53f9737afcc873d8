//! The reports that wait, on the bridge's own disk: one a line, in order, written anew whenever they change. They are few, as [`Outbox`] says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::disk;

use super::{Outbox, Report};

/// Gathers what comes close together. What a crash takes of it is found again by the bridge that follows, as far as it still is so.
const GATHER: Duration = Duration::from_millis(50);

/// Reads what an earlier run could not deliver.
pub(crate) fn load(file: &Path) -> Vec<Report> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let report = |line: &str| {
        let read = serde_json::from_str(line);
        read.inspect_err(|error| tracing::error!(%error, "an unreadable report on disk is left out"))
            .ok()
    };
    text.lines().filter_map(report).collect()
}

/// Keeps what waits, until cancelled, and then once more.
pub(crate) async fn keep(file: PathBuf, outbox: Outbox, cancel: CancellationToken) {
    loop {
        let is_last = tokio::select! {
            () = cancel.cancelled() => true,
            () = outbox.differs() => false,
        };
        if !is_last {
            tokio::time::sleep(GATHER).await;
        }
        let lines = outbox
            .all()
            .iter()
            .filter_map(|report| serde_json::to_string(report).ok())
            .collect::<Vec<_>>();
        let content = lines.into_iter().map(|line| line + "\n").collect::<String>();
        let place = file.clone();
        let writing = tokio::task::spawn_blocking(move || disk::replace(&place, content.as_bytes())).await;
        if let Ok(Err(error)) = writing {
            tracing::error!(%error, file = %file.display(), "the reports that wait cannot be kept on disk");
        }
        if is_last {
            return;
        }
    }
}
