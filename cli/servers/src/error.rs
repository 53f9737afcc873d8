//! What can go wrong with a private server, told so that the reader knows what to do next.

use std::io;
use std::path::PathBuf;

/// Result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a private server could not be found, started, asked or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable program of that name is on this machine.
    #[error("{program} was not found. {hint}")]
    NotFound {
        /// The program looked for.
        program: &'static str,
        /// Where it was looked for and how to get it.
        hint: String,
    },
    /// A program was found, but of a version that must not be used.
    #[error("{} is version {found}, and Baize needs {program} {needed} or later. {hint}", path.display())]
    TooOld {
        /// The program looked for.
        program: &'static str,
        /// The file that was asked for its version.
        path: PathBuf,
        /// The version it answered.
        found: String,
        /// The oldest version that will do.
        needed: &'static str,
        /// How to get a good one.
        hint: &'static str,
    },
    /// The data directory was made by a version whose program is not on this machine.
    #[error("{} was made by PostgreSQL {made_by}; no PostgreSQL {made_by} was found, only {found}. Install postgresql-{made_by}, or move the directory away", path.display())]
    OtherVersion {
        /// The database directory.
        path: PathBuf,
        /// Major version that made it.
        made_by: String,
        /// Major versions found.
        found: String,
    },
    /// Another live process holds the data directory.
    #[error("{} is in use by another running Baize (process {holder})", path.display())]
    InUse {
        /// The lock file.
        path: PathBuf,
        /// The process id that the holder wrote into the lock file.
        holder: String,
    },
    /// The server ended, or did not become ready in time.
    #[error("{server} did not start: {reason}. The end of its log ({}):\n{tail}", log.display())]
    Start {
        /// The server.
        server: &'static str,
        /// What was seen.
        reason: String,
        /// Its log file.
        log: PathBuf,
        /// The last lines it wrote in this start.
        tail: String,
    },
    /// The call needs the server to be in another state.
    #[error("{server} is {state}; {call} needs it {needed}")]
    State {
        /// The server.
        server: &'static str,
        /// Its state.
        state: &'static str,
        /// What was called.
        call: &'static str,
        /// The state needed.
        needed: &'static str,
    },
    /// A helper program of the server (initdb, psql) reported failure.
    #[error("{program} failed: {output}")]
    Command {
        /// The program.
        program: &'static str,
        /// What it wrote.
        output: String,
    },
    /// A database name outside `[a-z_][a-z0-9_]{0,62}`.
    #[error("{0:?} is no database name: use lower-case letters, digits and _, at most 63, not starting with a digit")]
    DatabaseName(String),
    /// The operating system refused something.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried, with the path.
        action: String,
        /// The system's answer.
        source: io::Error,
    },
}

/// Names what was tried when the operating system refuses.
pub(crate) trait Tried<T> {
    fn tried(self, action: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Tried<T> for io::Result<T> {
    fn tried(self, action: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io {
            action: action(),
            source,
        })
    }
}
