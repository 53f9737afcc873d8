//! The world outside as processes of their own: the program `baize-simulators`, which no service is linked with.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

const PROGRAM: &str = "baize-simulators";

/// A running simulator.
pub struct Simulator {
    name: String,
    child: Child,
    log: PathBuf,
}

/// The program, which cargo and the packages put beside this one.
///
/// # Errors
/// It is not there.
pub fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("finding this program")?;
    let beside = own.with_file_name(PROGRAM);
    if beside.is_file() {
        return Ok(beside);
    }
    bail!(
        "{} is missing: the demo needs the simulators beside this program (in a checkout: cargo build -p baize-simulators)",
        beside.display()
    )
}

impl Simulator {
    /// Starts a simulator of some kind under a name; what it says goes to a file in `dir`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(kind: &str, name: &str, program: &Path, args: &[String], dir: &Path) -> anyhow::Result<Self> {
        let log = dir.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("making {}", log.display()))?;
        // Were this program killed, nobody would be left to end the simulator but the kernel.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM", "--"])
            .arg(program)
            .arg(kind)
            .args(args);
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true);
        // A Ctrl-C at the terminal is for this program, which tells the simulators in its own time.
        command.process_group(0);
        let child = command
            .spawn()
            .with_context(|| format!("starting the simulator {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// Waits until it says `ready`.
    ///
    /// # Errors
    /// It ends, or does not become ready in time.
    pub async fn ready(&mut self, within: Duration) -> anyhow::Result<()> {
        let is_ready = async {
            while !std::fs::read_to_string(&self.log)?.lines().any(|line| line == "ready") {
                self.check_running()?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        };
        match tokio::time::timeout(within, is_ready).await {
            Ok(ready) => ready,
            Err(_) => bail!(
                "the simulator {} was not ready within {within:?}: {}",
                self.name,
                self.last_words()
            ),
        }
    }

    /// What it said after a word at the beginning of a line.
    ///
    /// # Errors
    /// It did not say that.
    pub fn said(&self, word: &str) -> anyhow::Result<String> {
        let text = std::fs::read_to_string(&self.log)?;
        let said = text.lines().find_map(|line| line.strip_prefix(word));
        let said = said.with_context(|| format!("the simulator {} did not say {word:?}", self.name))?;
        Ok(said.trim().to_owned())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It failed.
    pub async fn wait(&mut self) -> anyhow::Result<()> {
        let status = self
            .child
            .wait()
            .await
            .with_context(|| format!("waiting for the simulator {}", self.name))?;
        self.well(status)
    }

    /// Fails if it has ended already.
    ///
    /// # Errors
    /// It has ended.
    pub fn check_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!(
                "the simulator {} has ended ({status}): {}",
                self.name,
                self.last_words()
            ),
        }
    }

    /// Asks it to end, and ends it if it does not.
    ///
    /// # Errors
    /// It failed or had to be killed.
    pub async fn stop(&mut self, within: Duration) -> anyhow::Result<()> {
        if let Some(id) = self.child.id() {
            let id = i32::try_from(id).context("a process id")?;
            // It may have ended this moment, which is as good.
            let _gone = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        match tokio::time::timeout(within, self.child.wait()).await {
            Ok(status) => self.well(status?),
            Err(_) => {
                self.child.kill().await?;
                bail!(
                    "the simulator {} did not end within {within:?} and was killed",
                    self.name
                )
            }
        }
    }

    fn well(&self, status: ExitStatus) -> anyhow::Result<()> {
        if status.success() {
            return Ok(());
        }
        bail!("the simulator {} failed ({status}): {}", self.name, self.last_words())
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }
}
