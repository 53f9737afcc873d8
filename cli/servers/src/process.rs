//! The life of one server: started with its log watched, stopped by signal, killed, started again.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::child::Child;
use crate::error::{Error, Result, Tried};
use crate::identity::Identity;

/// How long a server may take to become ready. Crash recovery of a long write-ahead log is the slow case.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long an orderly stop may take before the server is killed.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);
const LOG_BYTES_MAX: u64 = 8 << 20;
const TAIL_BYTES: u64 = 4096;

/// The settings of a process that stay the same over its restarts, and the running child if there is one.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) server: &'static str,
    pub(crate) log: PathBuf,
    pub(crate) stop_signal: Signal,
    child: Mutex<Option<Child>>,
}

/// What a readiness check may look at.
pub(crate) struct Starting<'a> {
    pub(crate) pid: Pid,
    log: &'a Path,
    log_start: u64,
}

impl Process {
    pub(crate) fn new(server: &'static str, log: PathBuf, stop_signal: Signal) -> Self {
        Self {
            server,
            log,
            stop_signal,
            child: Mutex::new(None),
        }
    }

    /// Starts the server and returns once `ready` says so. Does nothing if it runs.
    pub(crate) fn start(&self, mut command: Command, ready: impl Fn(&Starting<'_>) -> bool) -> Result<()> {
        let mut slot = self.lock();
        if slot.as_ref().is_some_and(|child| child.exited().is_none()) {
            return Ok(());
        }
        let (log, log_start) = self.open_log()?;
        let log_too = log.try_clone().tried(|| format!("open {}", self.log.display()))?;
        command.stdin(Stdio::null()).stdout(log).stderr(log_too);
        let child = Child::spawn(self.server, command).tried(|| format!("start {} through setpriv", self.server))?;
        let starting = Starting {
            pid: child.pid(),
            log: &self.log,
            log_start,
        };
        self.await_ready(&child, &starting, ready)?;
        tracing::debug!(server = self.server, pid = child.pid().as_raw(), "server is ready");
        *slot = Some(child);
        Ok(())
    }

    /// Asks the server to stop and waits for its end; kills it if it takes too long.
    pub(crate) fn stop(&self) {
        if let Some(child) = self.lock().take() {
            child.signal(self.stop_signal);
            if !child.wait(STOP_LIMIT) {
                tracing::warn!(server = self.server, "server did not stop in time and is killed");
                kill(&child);
            }
        }
    }

    /// Ends the server as a crash would, and waits for its end.
    pub(crate) fn kill(&self) {
        if let Some(child) = self.lock().take() {
            kill(&child);
        }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        let slot = self.lock();
        let child = slot.as_ref().filter(|child| child.exited().is_none())?;
        u32::try_from(child.pid().as_raw()).ok()
    }

    /// True if the server was started, not stopped by us, and has ended all the same.
    pub(crate) fn has_died(&self) -> bool {
        self.lock().as_ref().is_some_and(|child| child.exited().is_some())
    }

    fn await_ready(&self, child: &Child, starting: &Starting<'_>, ready: impl Fn(&Starting<'_>) -> bool) -> Result<()> {
        let since = Instant::now();
        loop {
            if let Some(status) = child.exited() {
                return Err(self.start_error(format!("it ended with {status}"), starting));
            }
            if ready(starting) {
                return Ok(());
            }
            if since.elapsed() > START_LIMIT {
                kill(child);
                return Err(self.start_error(format!("it was not ready after {} s", START_LIMIT.as_secs()), starting));
            }
            thread::sleep(POLL);
        }
    }

    fn start_error(&self, reason: String, starting: &Starting<'_>) -> Error {
        let tail = starting.log_tail();
        Error::Start {
            server: self.server,
            reason,
            log: self.log.clone(),
            tail,
        }
    }

    /// Opens the log to append, after setting a grown one aside; also returns where this start's lines begin.
    fn open_log(&self) -> Result<(File, u64)> {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
            let older = self.log.with_extension("log.1");
            fs::rename(&self.log, older).tried(|| format!("set {} aside", self.log.display()))?;
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .tried(|| format!("open {}", self.log.display()))?;
        let length = log.metadata().tried(|| format!("read {}", self.log.display()))?.len();
        Ok((log, length))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Starting<'_> {
    /// What the server has written since this start, at most its last 4 kB.
    pub(crate) fn log_tail(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut log = File::open(self.log)?;
            let from = self.log_start.max(log.metadata()?.len().saturating_sub(TAIL_BYTES));
            log.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            log.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        read().unwrap_or_else(|error| format!("(the log cannot be read: {error})"))
    }
}

fn kill(child: &Child) {
    child.signal(Signal::SIGKILL);
    if !child.wait(STOP_LIMIT) {
        tracing::error!(pid = child.pid().as_raw(), "a killed server has not ended");
    }
}

/// A command that runs `program` as `identity`, in a process group of its own, so that a Ctrl-C in the terminal
/// reaches Baize alone and the servers are stopped after the services.
pub(crate) fn command(program: &Path, identity: &Identity, signal_on_parent_death: Option<Signal>) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(signal) = signal_on_parent_death {
        // setpriv knows the names without SIG. It sets this last, after the change of user, which would clear it.
        command.args(["--pdeathsig", signal.as_str().trim_start_matches("SIG")]);
    }
    identity.apply(&mut command);
    command.arg("--").arg(program);
    command.process_group(0).stdin(Stdio::null());
    // A caller's PGPORT, PGOPTIONS or LC_ALL must not change what the private server does.
    command.env_clear().env(
        "PATH",
        std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()),
    );
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    // The caller's directory may be closed to the other user.
    command.current_dir("/");
    command
}
