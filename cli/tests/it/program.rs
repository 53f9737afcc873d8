//! Runs the program and waits for facts about it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use baize_proto::access::{Badge, Bearing, KeyFolder, Keys};
use jiff::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use tonic::transport::Channel;

/// Generous: these machines are shared.
pub const LIMIT: Duration = Duration::from_secs(60);

/// What the ready file says.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    pub pid: i32,
    pub command: Option<String>,
    pub query: Option<String>,
    pub database_url: Option<String>,
    #[serde(default)]
    pub servers: std::collections::BTreeMap<String, i32>,
}

/// A running `baize`. Killed when dropped, so that a failed test leaves nothing behind.
pub struct Running {
    child: Child,
    ready_file: PathBuf,
    log: PathBuf,
}

/// A command that sees no configuration but its own flags.
pub fn baize(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baize"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BAIZE_")) {
        // Which programs to run the servers from is the machine's matter.
        if !["BAIZE_NATS_SERVER", "BAIZE_POSTGRES_BIN", "BAIZE_MOSQUITTO"].contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command.env("BAIZE_KEYS_DIR", keys_dir());
    command.args(args).stdin(Stdio::null());
    command
}

/// The keys of every program that these tests start.
pub fn keys_dir() -> &'static Path {
    static DIR: LazyLock<PathBuf> = LazyLock::new(|| {
        let dir = tempfile::tempdir().unwrap().keep().join("keys");
        KeyFolder::at(&dir).ensure(Timestamp::now()).unwrap();
        dir
    });
    &DIR
}

/// A channel of somebody who may do everything.
pub fn bearing(channel: Channel) -> Bearing {
    let keys = Keys::new(KeyFolder::at(keys_dir()).read().unwrap());
    Bearing::new(channel, Badge::of_the_house(&keys))
}

/// Runs to the end.
pub fn output(args: &[&str]) -> Output {
    baize(args).output().unwrap()
}

/// What it wrote, for messages.
pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// `serve all` on a data directory, on free ports.
pub fn serve_all(data_dir: &Path) -> Running {
    let data_dir = data_dir.to_str().unwrap();
    serve(&[
        "all",
        "--data-dir",
        data_dir,
        "--command-listen",
        "127.0.0.1:0",
        "--query-listen",
        "127.0.0.1:0",
        "--web-listen",
        "127.0.0.1:0",
    ])
}

/// `serve` with these arguments; not ready yet.
pub fn serve(args: &[&str]) -> Running {
    let dir = tempfile::tempdir().unwrap().keep();
    let (ready_file, log) = (dir.join("ready.json"), dir.join("log"));
    let output = std::fs::File::create(&log).unwrap();
    let mut command = baize(&["serve"]);
    command.args(args).arg("--ready-file").arg(&ready_file);
    command.stdout(output.try_clone().unwrap()).stderr(output);
    Running {
        child: command.spawn().unwrap(),
        ready_file,
        log,
    }
}

impl Running {
    /// Waits until it is ready.
    pub fn ready(&mut self) -> Ready {
        let found = wait_for(|| {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended with {status} before it was ready:\n{}", self.log());
            }
            std::fs::read(&self.ready_file).ok()
        });
        let text = found.unwrap_or_else(|| panic!("it did not become ready:\n{}", self.log()));
        serde_json::from_slice(&text).unwrap()
    }

    pub fn is_ready(&self) -> bool {
        self.ready_file.exists()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let ended = wait_for(|| self.child.try_wait().unwrap());
        ended.unwrap_or_else(|| panic!("it did not end:\n{}", self.log()))
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
        if let Some(dir) = self.log.parent() {
            let _gone = std::fs::remove_dir_all(dir);
        }
    }
}

/// Waits until a process is gone.
pub fn is_gone(pid: i32) -> bool {
    // Signal 0 asks without sending; a zombie still answers, but nobody's child here is ours.
    wait_for(|| kill(Pid::from_raw(pid), None).is_err().then_some(())).is_some()
}

/// Asks until there is an answer, for a bounded time.
pub fn wait_for<T>(mut fact: impl FnMut() -> Option<T>) -> Option<T> {
    let since = Instant::now();
    while since.elapsed() < LIMIT {
        if let Some(found) = fact() {
            return Some(found);
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    None
}
