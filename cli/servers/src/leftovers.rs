//! Ends server processes that an earlier run left behind.
//!
//! A server's working directory is its own directory, so a process of that name standing there is its. That is
//! safer than a process id from a file: ids are reused, and a killed postmaster leaves workers that no file names.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

/// Ends every process called `program` that stands in `dir`: orderly first, then by force.
/// The caller holds the directory's lock, so none of them belongs to a live Baize.
pub(crate) fn end(program: &str, dir: &Path, orderly: Signal) {
    let steps = [(orderly, 30), (Signal::SIGQUIT, 5), (Signal::SIGKILL, 5)];
    for (signal, limit_seconds) in steps {
        let found = standing_in(program, dir);
        if found.is_empty() {
            return;
        }
        tracing::warn!(program, ?found, %signal, dir = %dir.display(), "ending processes left by an earlier run");
        for pid in found {
            let _gone = signal::kill(pid, signal);
        }
        await_none(program, dir, Duration::from_secs(limit_seconds));
    }
}

fn await_none(program: &str, dir: &Path, limit: Duration) {
    let since = Instant::now();
    while since.elapsed() < limit && !standing_in(program, dir).is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
}

/// A zombie has no working directory, so it is not found: it has ended already.
fn standing_in(program: &str, dir: &Path) -> Vec<Pid> {
    let Ok(dir) = dir.canonicalize() else {
        return Vec::new();
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let ours = pids.filter(|pid| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == dir)
            && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == program)
    });
    ours.map(Pid::from_raw).collect()
}
