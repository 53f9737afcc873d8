//! A private mosquitto broker: what production uses for devices, here for the tests that run against it too.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use crate::data_dir::{self, Hold};
use crate::error::{Error, Result, Tried};
use crate::identity::Identity;
use crate::process::{self, Process};
use crate::{leftovers, port, programs};

const VARIABLE: &str = "BAIZE_MOSQUITTO";
const PROGRAM: &str = "mosquitto";
const HINT: &str =
    "Install it (`apt-get install mosquitto`, or `./justw setup` in a checkout), or set BAIZE_MOSQUITTO.";

/// How to run a [`Mosquitto`].
#[derive(Debug, Clone)]
pub struct MosquittoOptions {
    data_dir: PathBuf,
    port: Option<u16>,
    include_dir: Option<PathBuf>,
}

impl MosquittoOptions {
    /// A broker that keeps everything below `data_dir`, which is made if absent, on a port of its own choice.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            port: None,
            include_dir: None,
        }
    }

    /// Listens as the `.conf` files in this directory say, instead of in the clear to everybody. They must name the port of
    /// [`port`](Self::port).
    #[must_use]
    pub fn include_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.include_dir = Some(dir.into());
        self
    }

    /// Listens on this port instead of a chosen and remembered one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }
}

/// A mosquitto of this process. Stopped in good order when dropped. Anonymous clients on loopback may do anything.
#[derive(Debug)]
pub struct Mosquitto {
    process: Process,
    program: PathBuf,
    data_dir: PathBuf,
    port: u16,
    include_dir: Option<PathBuf>,
    _hold: Hold,
}

impl Mosquitto {
    /// The program, if it is installed.
    pub fn find() -> Result<PathBuf> {
        if let Some(named) = programs::named_by(VARIABLE, PROGRAM)? {
            return Ok(named);
        }
        // Debian puts it where an ordinary user's PATH does not reach.
        let usual = [PathBuf::from("/usr/sbin/mosquitto")]
            .into_iter()
            .filter(|file| file.is_file());
        let found = programs::on_path(PROGRAM).chain(usual).next();
        found.ok_or_else(|| Error::NotFound {
            program: PROGRAM,
            hint: HINT.to_owned(),
        })
    }

    /// Starts a broker and returns once it accepts connections.
    pub fn launch(options: &MosquittoOptions) -> Result<Self> {
        let program = Self::find()?;
        let (data_dir, hold) = data_dir::hold(&options.data_dir, PROGRAM)?;
        // Before the port: whatever was left may still sit on it.
        leftovers::end(PROGRAM, &data_dir.join(PROGRAM), Signal::SIGTERM);
        let port = match options.port {
            Some(port) => port,
            None => port::remembered(&data_dir.join("mosquitto.port"))?,
        };
        let process = Process::new(PROGRAM, data_dir.join("mosquitto.log"), Signal::SIGTERM);
        let server = Self {
            process,
            program,
            data_dir,
            port,
            include_dir: options.include_dir.clone(),
            _hold: hold,
        };
        server.start()?;
        Ok(server)
    }

    /// Starts the broker again after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port with the retained
    /// messages it had saved. Does nothing if it runs.
    pub fn start(&self) -> Result<()> {
        if self.is_running() {
            return Ok(());
        }
        let dir = self.data_dir.join("mosquitto");
        fs::create_dir_all(&dir).tried(|| format!("make {}", dir.display()))?;
        leftovers::end(PROGRAM, &dir, Signal::SIGTERM);
        let config = dir.join("mosquitto.conf");
        fs::write(&config, self.config(&dir)).tried(|| format!("write {}", config.display()))?;
        let mut command = process::command(&self.program, &Identity::Caller, Some(Signal::SIGTERM));
        command.arg("-c").arg(config).current_dir(dir);
        self.process
            .start(command, |_| TcpStream::connect(("127.0.0.1", self.port)).is_ok())
    }

    /// Stops the broker in good order; retained messages and sessions are saved.
    pub fn stop(&self) {
        self.process.stop();
    }

    /// Ends the broker as a crash would (`kill -9`).
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Stops the broker in good order and starts it again.
    pub fn restart(&self) -> Result<()> {
        self.stop();
        self.start()
    }

    /// True while the broker's process lives.
    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    /// The broker's process id while it lives.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// The broker's log file.
    pub fn log_path(&self) -> &Path {
        &self.process.log
    }

    /// Host and port for MQTT clients; without TLS or password, unless an included file says otherwise.
    pub fn mqtt_address(&self) -> (String, u16) {
        ("127.0.0.1".to_owned(), self.port)
    }

    /// Without `set_tcp_nodelay` each message waits some 40 ms; with the usual queue of 1,000, wills of a fleet that
    /// drops off at once are lost. As root it would change to a user who may not write here, hence `user`.
    fn config(&self, dir: &Path) -> String {
        let listener = match &self.include_dir {
            Some(included) => format!("include_dir {}\n", included.display()),
            None => format!(
                "listener {} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 100000\n\
                 max_inflight_messages 1000\n",
                self.port
            ),
        };
        format!(
            "persistence true\npersistence_location {dir}/\nuser root\nlog_dest stderr\nlog_type error\nlog_type warning\n\
             log_type notice\nconnection_messages false\n{listener}",
            dir = dir.display(),
        )
    }
}
