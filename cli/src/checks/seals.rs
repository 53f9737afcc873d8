//! The seals: is the log still the one whose tree heads were signed?

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baize_eventlog::EventLog;
use baize_eventlog::seal;

use super::Check;

/// Compares the log with the heads in the database and with those that were kept elsewhere: files, and directories of them.
///
/// # Errors
/// The key or a head cannot be read, or the database is away.
pub async fn fit(
    log: &EventLog,
    key: &Path,
    kept: &[PathBuf],
    progress: impl FnMut(u64, u64),
) -> anyhow::Result<Check> {
    let mut notes = Vec::new();
    for head in seal::heads(log.pool()).await? {
        notes.push((format!("{} in the database", head.size), head.note));
    }
    for path in kept {
        read(path, &mut notes).with_context(|| path.display().to_string())?;
    }
    let name = "seals: every signed tree head = the root of the events before it";
    if notes.is_empty() {
        return Ok(Check::equal(name, "no head yet", "no head yet"));
    }
    let checked = seal::check(log, &crate::seal::verifier(key)?, &notes, progress).await?;
    Ok(Check {
        name: name.to_owned(),
        expected: format!("{} heads", notes.len()),
        actual: format!(
            "{} heads, {} of {} events",
            checked.heads, checked.sealed, checked.events
        ),
        faults: checked.altered.iter().map(ToString::to_string).collect(),
    })
}

fn read(path: &Path, notes: &mut Vec<(String, String)>) -> std::io::Result<()> {
    if !path.is_dir() {
        notes.push((path.display().to_string(), std::fs::read_to_string(path)?));
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "head") {
            notes.push((file.display().to_string(), std::fs::read_to_string(&file)?));
        }
    }
    Ok(())
}
