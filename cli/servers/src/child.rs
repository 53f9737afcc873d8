//! One child process, kept by a thread of its own.
//!
//! The kernel sends the parent-death signal when the *thread* that forked ends, not the process. A child started
//! from a runtime's worker thread would therefore die with that worker; so each child has a keeper thread that
//! starts it and then waits for its end.

use std::io;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

#[derive(Debug)]
pub(crate) struct Child {
    pid: Pid,
    exit: Arc<Exit>,
}

#[derive(Debug, Default)]
struct Exit {
    status: Mutex<Option<String>>,
    changed: Condvar,
}

impl Child {
    pub(crate) fn spawn(name: &str, mut command: Command) -> io::Result<Self> {
        let exit = Arc::new(Exit::default());
        let (report, started) = mpsc::sync_channel(1);
        let keeper_exit = Arc::clone(&exit);
        thread::Builder::new().name(format!("keep-{name}")).spawn(move || {
            let spawned = command.spawn();
            match spawned {
                Err(error) => drop(report.send(Err(error))),
                Ok(mut child) => {
                    drop(report.send(Ok(child.id())));
                    keeper_exit.set(&child.wait());
                }
            }
        })?;
        let id = started.recv().map_err(io::Error::other)??;
        let pid = Pid::from_raw(i32::try_from(id).map_err(io::Error::other)?);
        Ok(Self { pid, exit })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, or `None` while it runs.
    pub(crate) fn exited(&self) -> Option<String> {
        self.exit.lock().clone()
    }

    /// Waits until it has ended; false if it still runs after `limit`.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let guard = self.exit.lock();
        let (guard, _) = self
            .exit
            .changed
            .wait_timeout_while(guard, limit, |status| status.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        guard.is_some()
    }

    /// Sends a signal. One to a child that has just ended is lost, which is what the caller wanted.
    pub(crate) fn signal(&self, signal: Signal) {
        // The lock keeps the status from being set between the check and the kill; a pid is never reused within it.
        let status = self.exit.lock();
        if status.is_none() {
            let _gone = signal::kill(self.pid, signal);
        }
    }
}

impl Exit {
    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, status: &io::Result<ExitStatus>) {
        let text = match status {
            Ok(status) => status.to_string(),
            Err(error) => format!("its end could not be observed: {error}"),
        };
        *self.lock() = Some(text);
        self.changed.notify_all();
    }
}
