//! Projecting the log to a table: one worker, from an empty view to the head.

use std::time::Instant;

use anyhow::ensure;
use baize_projections::{Database, Phase, RebuildOptions, rebuild};

/// Builds `view` from the whole log and measures the loading: events per second.
///
/// # Errors
/// The rebuild fails.
pub async fn rate(database_url: &str, view: &str) -> anyhow::Result<f64> {
    let database = Database::new(database_url)?;
    let (mut begin, mut end, mut events) = (None, None, 0);
    let options = RebuildOptions {
        accept_difference: true,
    };
    rebuild(&database, view, options, |progress| match progress.phase {
        Phase::Loading => {
            begin.get_or_insert_with(Instant::now);
            end = Some(Instant::now());
            events = events.max(progress.done);
        }
        Phase::Preparing | Phase::Comparing | Phase::Switching | Phase::Cleaning => {}
    })
    .await?;
    let (Some(begin), Some(end)) = (begin, end) else {
        anyhow::bail!("{view} was not loaded")
    };
    ensure!(events > 0, "{view} had nothing to load");
    Ok(events as f64 / (end - begin).as_secs_f64())
}
