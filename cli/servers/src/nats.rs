//! A private nats-server with JetStream and an MQTT listener, each on its own loopback port.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use crate::data_dir::{self, Hold};
use crate::error::{Error, Result, Tried};
use crate::identity::Identity;
use crate::process::{self, Process, Starting};
use crate::programs::{Program, dotted};
use crate::{leftovers, port, programs};

/// The oldest nats-server that Baize accepts. Older ones silently ignore filters and expiry times of current clients.
pub const NATS_SERVER_MIN: &str = "2.14";
const MIN: [u32; 2] = [2, 14];
const VARIABLE: &str = "BAIZE_NATS_SERVER";
const PROGRAM: &str = "nats-server";
const HINT: &str = "`./justw setup` in a checkout fetches a good one into .tools/bin; BAIZE_NATS_SERVER names another.";
const PORT_TRIES_MAX: u32 = 5;
const FILE_STORE_BYTES_MAX: u64 = 16 << 30;

/// How to run a [`NatsServer`].
#[derive(Debug, Clone)]
pub struct NatsOptions {
    data_dir: PathBuf,
    port: Option<u16>,
    mqtt_port: Option<u16>,
    file_store_bytes_max: u64,
    devices_dir: Option<PathBuf>,
}

impl NatsOptions {
    /// A server that keeps everything below `data_dir`, which is made if absent, on ports of its own choice.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        Self {
            data_dir,
            port: None,
            mqtt_port: None,
            file_store_bytes_max: FILE_STORE_BYTES_MAX,
            devices_dir: None,
        }
    }

    /// Listens for NATS clients on this port instead of a chosen and remembered one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Listens for MQTT clients on this port instead of a chosen and remembered one.
    #[must_use]
    pub fn mqtt_port(mut self, port: u16) -> Self {
        self.mqtt_port = Some(port);
        self
    }

    /// Listens for MQTT clients as `mqtt.conf` in this directory says, and lets in the users of `users.conf` there, instead of everybody.
    /// `mqtt.conf` must name the port of [`mqtt_port`](Self::mqtt_port).
    #[must_use]
    pub fn devices_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.devices_dir = Some(dir.into());
        self
    }

    /// How much JetStream may keep on disk; 16 GiB if not said.
    #[must_use]
    pub fn file_store_bytes_max(mut self, bytes: u64) -> Self {
        self.file_store_bytes_max = bytes;
        self
    }
}

/// A nats-server of this process. Stopped in good order when dropped.
///
/// Clients need no password; both listeners are on loopback. NATS and MQTT clients are two accounts: what comes in
/// through the MQTT port cannot touch the event stream.
///
/// ```text
/// DATA_DIR/nats/store/          JetStream's files
/// DATA_DIR/nats/server.conf     written at each start
/// DATA_DIR/nats.port, nats.mqtt_port, nats.log, nats.lock
/// ```
#[derive(Debug)]
pub struct NatsServer {
    // Fields drop in this order: the server ends before the hold on its directory is given up.
    process: Process,
    program: PathBuf,
    data_dir: PathBuf,
    options: NatsOptions,
    ports: Ports,
    _hold: Hold,
}

#[derive(Debug)]
struct Ports {
    client: u16,
    mqtt: u16,
}

impl NatsServer {
    /// Prepares the data directory if needed, ends what an earlier run left there, starts the server and returns
    /// once both listeners are open.
    pub fn launch(options: NatsOptions) -> Result<Self> {
        let (data_dir, hold) = data_dir::hold(&options.data_dir, "nats")?;
        let program = Self::find(&data_dir)?.path;
        let file = |extension: &str| data_dir.join("nats").with_extension(extension);
        // Before the ports: whatever was left may still sit on them.
        leftovers::end(PROGRAM, &data_dir.join("nats"), Signal::SIGTERM);
        let ports = Ports {
            client: options.port.map_or_else(|| port::remembered(&file("port")), Ok)?,
            mqtt: options
                .mqtt_port
                .map_or_else(|| port::remembered(&file("mqtt_port")), Ok)?,
        };
        let process = Process::new(PROGRAM, file("log"), Signal::SIGTERM);
        let mut server = Self {
            process,
            program,
            data_dir,
            options,
            ports,
            _hold: hold,
        };
        let mut tries_left = PORT_TRIES_MAX;
        loop {
            match server.start() {
                Err(Error::Start { tail, .. }) if tries_left > 0 && tail.contains("address already in use") => {
                    tries_left -= 1;
                    server.choose_other_ports()?;
                }
                Err(error) => return Err(error),
                Ok(()) => return Ok(server),
            }
        }
    }

    /// The program that a server of this data directory would run, new enough for Baize: the one that
    /// `BAIZE_NATS_SERVER` names, else the first in the data directory's or the checkout's `.tools/bin` or on `PATH`.
    /// If there are only older ones, the error names the version found.
    pub fn find(data_dir: &Path) -> Result<Program> {
        find(data_dir)
    }

    /// Starts the server again after [`stop`](Self::stop), [`kill`](Self::kill) or its death, on the same ports with
    /// the same data. Does nothing if it runs.
    pub fn start(&self) -> Result<()> {
        if self.is_running() {
            return Ok(());
        }
        let dir = self.dir();
        fs::create_dir_all(self.store_dir()).tried(|| format!("make {}", self.store_dir().display()))?;
        leftovers::end(PROGRAM, &dir, Signal::SIGTERM);
        let config = dir.join("server.conf");
        self.write_config(&config)?;
        let mut command = process::command(&self.program, &Identity::Caller, Some(Signal::SIGTERM));
        command.arg("-c").arg(config).current_dir(dir);
        self.process.start(command, is_ready)
    }

    /// Stops the server in good order.
    pub fn stop(&self) {
        self.process.stop();
    }

    /// Ends the server as a crash would (`kill -9`).
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Stops the server in good order and starts it again.
    pub fn restart(&self) -> Result<()> {
        self.stop();
        self.start()
    }

    /// Starts the server again if it has ended without being stopped or killed through this handle; true if it had.
    /// A supervisor calls this every second or so.
    pub fn revive(&self) -> Result<bool> {
        let died = self.process.has_died();
        if died {
            self.start()?;
        }
        Ok(died)
    }

    /// Deletes all streams, consumers and MQTT sessions. The server must be stopped.
    pub fn wipe(&self) -> Result<()> {
        if self.is_running() {
            return Err(Error::State {
                server: PROGRAM,
                state: "running",
                call: "wipe",
                needed: "stopped",
            });
        }
        let store = self.store_dir();
        if store.exists() {
            fs::remove_dir_all(&store).tried(|| format!("remove {}", store.display()))?;
        }
        fs::create_dir_all(&store).tried(|| format!("make {}", store.display()))
    }

    /// Where JetStream keeps its files. A copy taken while the server is stopped can be put back while it is stopped.
    pub fn store_dir(&self) -> PathBuf {
        self.dir().join("store")
    }

    /// True while the server's process lives.
    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    /// The server's process id while it lives.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// The server's log file.
    pub fn log_path(&self) -> &Path {
        &self.process.log
    }

    /// The URL for NATS clients.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.ports.client)
    }

    /// Host and port for MQTT 3.1.1 clients, without TLS or password.
    pub fn mqtt_address(&self) -> (String, u16) {
        ("127.0.0.1".to_owned(), self.ports.mqtt)
    }

    /// The server's working directory.
    fn dir(&self) -> PathBuf {
        self.data_dir.join("nats")
    }

    fn choose_other_ports(&mut self) -> Result<()> {
        let file = |extension: &str| self.data_dir.join("nats").with_extension(extension);
        if self.options.port.is_none() {
            self.ports.client = port::choose(&file("port"))?;
        }
        if self.options.mqtt_port.is_none() {
            self.ports.mqtt = port::choose(&file("mqtt_port"))?;
        }
        Ok(())
    }

    fn write_config(&self, path: &Path) -> Result<()> {
        let Ports { client, mqtt } = self.ports;
        let store = self.store_dir();
        let (listener, users) = match &self.options.devices_dir {
            Some(dir) => {
                let dir = included(&self.dir(), dir);
                (
                    format!("include \"{dir}/mqtt.conf\""),
                    format!("include \"{dir}/users.conf\""),
                )
            }
            None => (
                format!("mqtt {{\n  listen: \"127.0.0.1:{mqtt}\"\n  no_auth_user: device\n}}"),
                "users: [ { user: device } ]".to_owned(),
            ),
        };
        let config = format!(
            r#"# Written at each start; changes are lost.
# MQTT needs a fixed server name and JetStream.
server_name: baize
listen: "127.0.0.1:{client}"
jetstream {{
  store_dir: {store:?}
  max_file_store: {file_store}
  max_memory_store: 67108864
}}
{listener}
accounts {{
  # Not for MQTT clients, which would be let in as this user if they named none.
  BAIZE {{ jetstream: enabled, users: [ {{ user: baize, allowed_connection_types: ["STANDARD"] }} ] }}
  DEVICES {{
    jetstream: enabled
    {users}
  }}
}}
no_auth_user: baize
"#,
            file_store = self.options.file_store_bytes_max,
        );
        fs::write(path, config).tried(|| format!("write {}", path.display()))
    }
}

/// The path of a directory as the server wants it: from that of the file which includes.
fn included(from: &Path, dir: &Path) -> String {
    let up = "../".repeat(from.components().count().saturating_sub(1));
    let dir = dir.display().to_string();
    format!("{up}{}", dir.trim_start_matches('/'))
}

fn is_ready(starting: &Starting<'_>) -> bool {
    starting.log_tail().contains("Server is ready")
}

/// The first nats-server that is new enough; if there are only older ones, says so.
fn find(data_dir: &Path) -> Result<Program> {
    if let Some(named) = programs::named_by(VARIABLE, PROGRAM)? {
        return check_version(named);
    }
    let mut refused = None;
    for candidate in candidates(data_dir) {
        match check_version(candidate) {
            Ok(good) => return Ok(good),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let hint = format!("It was looked for in the data directory, in the checkout's .tools/bin and on PATH. {HINT}");
    Err(refused.unwrap_or(Error::NotFound { program: PROGRAM, hint }))
}

/// The checkout is found from the running program, which cargo puts below it; the working directory is not
/// looked at, since anybody may have put a file there.
fn candidates(data_dir: &Path) -> impl Iterator<Item = PathBuf> {
    let own = std::env::current_exe().unwrap_or_default();
    let above: Vec<_> = own.ancestors().skip(1).map(Path::to_owned).collect();
    let tools = std::iter::once(data_dir.to_owned())
        .chain(above)
        .map(|dir| dir.join(".tools/bin").join(PROGRAM));
    tools.filter(|file| file.is_file()).chain(programs::on_path(PROGRAM))
}

fn check_version(path: PathBuf) -> Result<Program> {
    let text = programs::version_text(&path)?;
    match programs::first_version(&text) {
        Some(version) if version.as_slice() >= MIN.as_slice() => Ok(Program {
            path,
            version: dotted(&version),
        }),
        Some(version) => {
            let found = dotted(&version);
            Err(Error::TooOld {
                program: PROGRAM,
                path,
                found,
                needed: NATS_SERVER_MIN,
                hint: HINT,
            })
        }
        None => {
            let hint = format!(
                "{} answered {text:?} when asked for its version. {HINT}",
                path.display()
            );
            Err(Error::NotFound { program: PROGRAM, hint })
        }
    }
}
