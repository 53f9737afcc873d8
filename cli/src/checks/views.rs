//! The views: each against the fold of the log, by the code that folds it.

use std::time::Duration;

use baize_projections::{Comparison, Database, Progress};

use super::Check;

const CATCH_UP_WITHIN: Duration = Duration::from_secs(30);

/// Compares one view, row by row.
///
/// # Errors
/// The database is away, or the view was never built.
pub async fn equals_log(
    database: &Database,
    view: &str,
    progress: impl FnMut(Progress) + Send,
) -> anyhow::Result<Check> {
    let comparison = baize_projections::verify(database, view, progress).await?;
    Ok(of(view, &comparison))
}

/// The same, once the view has come to `position`.
///
/// # Errors
/// As [`equals_log`].
pub async fn reaches_and_equals_log(database: &Database, view: &str, position: u64) -> anyhow::Result<Check> {
    let deadline = tokio::time::Instant::now() + CATCH_UP_WITHIN;
    loop {
        let comparison = baize_projections::verify(database, view, |_| {}).await?;
        let late = tokio::time::Instant::now() >= deadline;
        if comparison.position >= position || !comparison.is_equal() || late {
            let mut check = of(view, &comparison);
            if comparison.position < position {
                check
                    .faults
                    .push(format!("it is at {}, the log at {position}", comparison.position));
            }
            return Ok(check);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn of(view: &str, comparison: &Comparison) -> Check {
    let mut faults = comparison
        .differences
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    if !comparison.is_equal() && faults.is_empty() {
        faults.push(comparison.to_string());
    }
    let equal = comparison.rows.saturating_sub(comparison.different);
    Check {
        name: format!("view {view} = fold of the log at {}", comparison.position),
        expected: format!("{} rows", comparison.rows),
        actual: format!("{equal} rows"),
        faults,
    }
}
