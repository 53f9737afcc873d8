//! The `baize` program as a process: built once, started with a ready file, killed and started again.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use crate::eventually::eventually;
use crate::tools::repository;

/// How long a service may take to become ready. Right after a crash it waits for the servers to recover.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// The program, built from this checkout; `BAIZE_PROGRAM` names another.
///
/// # Panics
/// If it cannot be built.
#[allow(clippy::panic, reason = "no test can go on without the program")]
pub fn baize() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("BAIZE_PROGRAM") {
        Some(named) => PathBuf::from(named),
        None => build("baize").unwrap_or_else(|error| panic!("the program was not built: {error:#}")),
    })
}

/// The program of the simulators, built from this checkout.
///
/// # Panics
/// If it cannot be built.
#[allow(clippy::panic, reason = "no test can go on without the program")]
pub fn simulators() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        build("baize-simulators").unwrap_or_else(|error| panic!("the simulators were not built: {error:#}"))
    })
}

/// `cargo test` holds no lock while tests run, so it may be asked to build what they start.
fn build(package: &str) -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Some build scripts look at what cargo tells a test about its package, and would run again, and again next time.
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_"]
            .iter()
            .any(|told| name_text.starts_with(told))
        {
            cargo.env_remove(&name);
        }
    }
    cargo.args([
        "build",
        "--package",
        package,
        "--bin",
        package,
        "--message-format",
        "json-render-diagnostics",
    ]);
    let output = cargo.current_dir(repository()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("cargo build: {}", output.status);
    }
    let messages = String::from_utf8(output.stdout)?;
    let built = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let executable = built
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    executable.context("cargo named no executable")
}

/// A process of the program that can be killed and started again with the same arguments.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    arguments: Vec<OsString>,
    log: PathBuf,
    ready: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Prepares `baize ARGUMENTS --ready-file …`; its log and ready file are `dir/name.*`.
    pub fn new(name: &'static str, dir: &Path, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let ready = dir.join(name).with_extension("ready");
        let mut arguments: Vec<OsString> = arguments.into_iter().collect();
        arguments.extend(["--ready-file".into(), ready.clone().into()]);
        Self {
            name,
            arguments,
            log: dir.join(name).with_extension("log"),
            ready,
            child: None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Starts it and returns at once. It dies with the thread that called this.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(&mut self) -> anyhow::Result<()> {
        let _absent = std::fs::remove_file(&self.ready);
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(baize())
            .args(&self.arguments);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().with_context(|| format!("starting {}", self.name))?);
        Ok(())
    }

    /// Waits until it says that it is ready, and returns what its ready file holds.
    ///
    /// # Errors
    /// It ended, or was not ready in time; with the end of its log.
    pub async fn ready(&mut self) -> anyhow::Result<String> {
        let ready = eventually("the ready file", READY_LIMIT, async || {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().transpose()) {
                return Some(Err(format!("ended with {status:?}")));
            }
            std::fs::read_to_string(&self.ready).ok().map(Ok)
        });
        match ready.await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(reason)) => bail!("{} {reason}\n{}", self.name, self.log_tail()),
            Err(late) => bail!("{}: {late}\n{}", self.name, self.log_tail()),
        }
    }

    /// Ends it as a crash would (`kill -9`), and waits for its end.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Stops it without ending it, as a machine that hangs: its connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.as_ref().and_then(|child| i32::try_from(child.id()).ok());
        if let Some(pid) = pid {
            let _ended = nix::sys::signal::kill(Pid::from_raw(pid), signal);
        }
    }

    /// True while it runs.
    pub fn is_running(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// The last lines of its log.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    /// What it said last is shown if the test fails, and else swallowed by the test harness.
    fn drop(&mut self) {
        self.kill();
        println!("── {} said last:\n{}", self.name, self.log_tail());
    }
}
