//! A private PostgreSQL: made on first use, reachable on loopback with a password, durable by default.

mod cluster;
mod programs;

use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use crate::data_dir::{self, Hold};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::process::{self, Process, Starting};
use crate::programs::Program;
use crate::{leftovers, port};

use cluster::Cluster;
use programs::Programs;

const USER: &str = "postgres";
/// Choosing a free port and taking it are two steps; another process may come between.
const PORT_TRIES_MAX: u32 = 5;

/// Loopback TCP only; no socket file, whose path might be too long or closed to the other user.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "timezone=UTC",
    "log_timezone=UTC",
];

/// What a commit waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// PostgreSQL's defaults: a commit is on disk when it returns (`fsync`, `synchronous_commit`, `full_page_writes` on).
    #[default]
    Full,
    /// For tests: nothing waits for the disk (`fsync` and `full_page_writes` off). What was committed survives the
    /// end of any process, but not of the machine.
    Relaxed,
}

/// How to run a [`Postgres`].
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    data_dir: PathBuf,
    port: Option<u16>,
    durability: Durability,
    settings: Vec<(String, String)>,
    template: Option<PathBuf>,
}

impl PostgresOptions {
    /// A server that keeps everything below `data_dir`, which is made if absent, on a port of its own choice.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        Self {
            data_dir,
            port: None,
            durability: Durability::Full,
            settings: Vec::new(),
            template: None,
        }
    }

    /// Listens on this port instead of a chosen and remembered one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets what a commit waits for.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Adds a server setting, such as `max_wal_size`; a later one wins over an earlier one and over ours.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Copies a stopped server's data directory on first use, which is faster than initdb.
    #[must_use]
    pub(crate) fn template(mut self, data_dir: PathBuf) -> Self {
        self.template = Some(data_dir);
        self
    }
}

/// A PostgreSQL server of this process. Stopped in good order when dropped.
///
/// ```text
/// DATA_DIR/postgres/            the database directory, owned by the server's user
/// DATA_DIR/postgres.port        the port, kept over restarts
/// DATA_DIR/postgres.password    the superuser's password (0600)
/// DATA_DIR/postgres.log         what the server says
/// DATA_DIR/postgres.lock        held by the process that runs it
/// ```
#[derive(Debug)]
pub struct Postgres {
    // Fields drop in this order: the server ends before the hold on its directory is given up.
    process: Process,
    cluster: Cluster,
    programs: Programs,
    options: PostgresOptions,
    port: u16,
    password: String,
    _hold: Hold,
}

impl Postgres {
    /// Prepares the data directory if needed, ends what an earlier run left there, starts the server and returns
    /// once it accepts connections.
    pub fn launch(options: PostgresOptions) -> Result<Self> {
        let mut server = Self::prepare(options)?;
        let mut tries_left = PORT_TRIES_MAX;
        loop {
            match server.start() {
                Err(Error::Start { tail, .. })
                    if server.options.port.is_none() && tries_left > 0 && tail.contains("Address already in use") =>
                {
                    tries_left -= 1;
                    server.port = port::choose(&server.cluster.file("port"))?;
                }
                Err(error) => return Err(error),
                Ok(()) => return Ok(server),
            }
        }
    }

    /// The server program that a new data directory would be made with.
    pub fn find() -> Result<Program> {
        Ok(Programs::find(None)?.server())
    }

    /// Makes a stopped server: what [`Postgres::launch`] would start.
    pub(crate) fn prepare(options: PostgresOptions) -> Result<Self> {
        let (data_dir, hold) = data_dir::hold(&options.data_dir, "postgres")?;
        let identity = Identity::for_dir(&data_dir.join("postgres"))?;
        let programs = Programs::find(Some(&data_dir.join("postgres")))?;
        let cluster = Cluster { data_dir, identity };
        leftovers::end("postgres", &cluster.pgdata(), Signal::SIGINT);
        cluster.create_if_absent(&programs, options.template.as_deref())?;
        let password = data_dir::password(&cluster.file("password"), &cluster.identity)?;
        let port = match options.port {
            Some(port) => port,
            None => port::remembered(&cluster.file("port"))?,
        };
        let process = Process::new("postgres", cluster.file("log"), Signal::SIGINT);
        Ok(Self {
            process,
            cluster,
            programs,
            options,
            port,
            password,
            _hold: hold,
        })
    }

    /// Starts the server again after [`stop`](Self::stop), [`kill`](Self::kill) or its death, on the same port with
    /// the same data. Does nothing if it runs.
    pub fn start(&self) -> Result<()> {
        if self.is_running() {
            return Ok(());
        }
        // Workers of a killed postmaster end by themselves, but a new one refuses to start beside them.
        leftovers::end("postgres", &self.cluster.pgdata(), Signal::SIGINT);
        self.cluster.remove_misleading_lock()?;
        let mut command = process::command(
            &self.programs.file("postgres"),
            &self.cluster.identity,
            Some(Signal::SIGINT),
        );
        command.arg("-D").arg(self.cluster.pgdata());
        for setting in self.settings() {
            command.args(["-c", &setting]);
        }
        self.process.start(command, |starting| self.is_ready(starting))
    }

    /// Stops the server in good order (fast shutdown: open transactions are rolled back, clients disconnected).
    pub fn stop(&self) {
        self.process.stop();
    }

    /// Ends the server as a crash would (`kill -9` of the postmaster).
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

    /// True while the server's process lives.
    pub fn is_running(&self) -> bool {
        self.pid().is_some()
    }

    /// The postmaster's process id while it lives.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's log file.
    pub fn log_path(&self) -> &Path {
        &self.process.log
    }

    /// A connection URL of the superuser for `database`; `postgres` always exists. It holds the password.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// Creates a database; false if it exists already.
    pub fn create_database(&self, name: &str) -> Result<bool> {
        self.create_database_from(name, "template0")
    }

    /// Creates a database as a copy of another one, to which nobody may be connected; false if it exists already.
    pub fn create_database_from(&self, name: &str, template: &str) -> Result<bool> {
        for name in [name, template] {
            check_name(name)?;
        }
        match self.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}")) {
            Ok(_) => Ok(true),
            Err(Error::Command { output, .. }) if output.contains("already exists") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Creates a new, empty database of a name never used before and returns its URL.
    pub fn fresh_database(&self) -> Result<String> {
        let name = format!("fresh_{:016x}", rand::random::<u64>());
        self.create_database(&name)?;
        Ok(self.url(&name))
    }

    /// Runs statements through `psql` as the superuser and returns its plain output: a line a row, `|` between columns.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        let mut command = std::process::Command::new(self.programs.file("psql"));
        command.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            USER,
        ]);
        command.args(["-p", &self.port.to_string(), "-d", database, "-c", sql]);
        // The password stays off the command line, which every user can read.
        command.env("PGPASSWORD", &self.password).env("PGCONNECT_TIMEOUT", "10");
        cluster::output_of("psql", command)
    }

    /// Settings as `name=value`; where one comes twice, the later counts.
    fn settings(&self) -> Vec<String> {
        let relaxed: &[&str] = match self.options.durability {
            Durability::Full => &[],
            Durability::Relaxed => &["fsync=off", "full_page_writes=off"],
        };
        let fixed = SETTINGS.iter().chain(relaxed).map(|&setting| setting.to_owned());
        let own = self
            .options
            .settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        fixed.chain([format!("port={}", self.port)]).chain(own).collect()
    }

    /// What `pg_ctl` looks at: the last line of the lock file of this very postmaster.
    fn is_ready(&self, starting: &Starting<'_>) -> bool {
        let Ok(lock_file) = std::fs::read_to_string(self.cluster.pgdata().join("postmaster.pid")) else {
            return false;
        };
        let mut lines = lock_file.lines();
        let ours = lines.next().is_some_and(|pid| pid.trim() == starting.pid.to_string());
        ours && lines.last().is_some_and(|status| status.trim() == "ready")
    }
}

/// Not a quoting of arbitrary names: those we make are plain, and nothing else is let through into SQL.
fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if starts_well && name.len() <= 63 && name.chars().all(plain) {
        return Ok(());
    }
    Err(Error::DatabaseName(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn only_plain_names_reach_sql() {
        for good in ["baize", "fresh_00ff", "_x"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "1x", "Upper", "a-b", "a b", "a;drop", "a\"b", &"x".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
