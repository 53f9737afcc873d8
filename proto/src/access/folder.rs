//! The keys on disk: a directory with one PEM file a key, and one file that says which of them signs since when.
//!
//! ```text
//! keys/
//!   3f2a…b1.pem    a pair, or a public key alone where nothing is signed; readable by its owner only
//!   9c07…44.pem
//!   signing        2026-11-01T00:00:00Z 3f2a…b1
//!                  2026-11-22T06:00:00Z 9c07…44      the newest line signs
//! ```
//!
//! Rotation: add a key and let every service read it ([`KeyFolder::add`]), sign with it ([`KeyFolder::sign_with`]), and
//! drop the old one when no token of it can be good any more ([`KeyFolder::drop_key`]).

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Key, KeyError, KeyRing, Keys, Role};

const SIGNING: &str = "signing";
/// More would be a mistake: a rotation has two.
const KEYS_MAX: usize = 64;

/// A directory of keys.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    path: PathBuf,
}

/// Why the directory does not do.
#[derive(Debug, thiserror::Error)]
pub enum KeyFolderError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is no key.
    #[error("{} {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The list of signing keys cannot be read.
    #[error("{}: line {line} is not `instant key-id`", path.display())]
    Signing {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// No such key.
    #[error("there is no key {0}")]
    Unknown(String),
    /// Only its public half is here.
    #[error("the key {0} is here without its private half: it cannot sign")]
    PublicOnly(String),
    /// It signs.
    #[error("the key {0} signs: let another one sign first")]
    Signs(String),
    /// Tokens that it signed may still be good.
    #[error("tokens of the key {id} may be good until {until}: drop it then, or force it and refuse them")]
    StillNeeded {
        /// The key.
        id: String,
        /// When no token of it can be good any more.
        until: Timestamp,
    },
    /// More than a ring may have.
    #[error("there are more than {KEYS_MAX} keys: drop those that have retired")]
    TooMany,
}

/// A key of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Its id.
    pub id: String,
    /// Whether the private half is here.
    pub private: bool,
    /// Since when it signs; `None` if it never has.
    pub signs_since: Option<Timestamp>,
    /// When it stopped signing; `None` if it has not.
    pub retired_at: Option<Timestamp>,
}

impl KeyState {
    /// When no token of it can be good any more: the longest lifetime after it stopped signing.
    pub fn droppable_at(&self) -> Option<Timestamp> {
        let longest = Role::ALL.map(Role::lifetime_max).into_iter().max();
        let longest = SignedDuration::try_from(longest.unwrap_or_default()).ok()?;
        self.retired_at?.checked_add(longest).ok()
    }
}

impl KeyFolder {
    /// The directory at `path`, which need not be there yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the directory with a first key that signs, unless it has one that does.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub fn ensure(&self, now: Timestamp) -> Result<(), KeyFolderError> {
        if self.path.join(SIGNING).exists() {
            return Ok(());
        }
        let id = self.add()?;
        self.sign_with(&id, now)
    }

    /// Adds a new key, which is trusted and does not sign yet. Returns its id.
    ///
    /// # Errors
    /// The directory cannot be written, or is full.
    pub fn add(&self) -> Result<String, KeyFolderError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        made.map_err(|source| self.io(&self.path, source))?;
        if self.files()?.len() >= KEYS_MAX {
            return Err(KeyFolderError::TooMany);
        }
        let key = Key::generate();
        let key = key.map_err(|source| KeyFolderError::Key {
            path: self.path.clone(),
            source,
        })?;
        let text = key.private_pem().unwrap_or_default();
        self.write(&format!("{}.pem", key.id()), &text)?;
        Ok(key.id().to_owned())
    }

    /// Signs with this key from `now` on.
    ///
    /// # Errors
    /// It is not here, or not as a pair.
    pub fn sign_with(&self, id: &str, now: Timestamp) -> Result<(), KeyFolderError> {
        let ring = self.read()?;
        let key = ring.keys().find(|key| key.id() == id);
        let key = key.ok_or_else(|| KeyFolderError::Unknown(id.to_owned()))?;
        if !key.signs() {
            return Err(KeyFolderError::PublicOnly(id.to_owned()));
        }
        let mut lines = String::new();
        for (since, id) in self.history()? {
            lines.push_str(&format!("{since} {id}\n"));
        }
        lines.push_str(&format!("{now} {id}\n"));
        self.write(SIGNING, &lines)
    }

    /// Removes a key: tokens that it signed are refused as soon as the services have noticed.
    ///
    /// # Errors
    /// It signs; or tokens of it may still be good at `now`, and it is not forced.
    pub fn drop_key(&self, id: &str, now: Timestamp, force: bool) -> Result<(), KeyFolderError> {
        let state = self.list()?.into_iter().find(|state| state.id == id);
        let state = state.ok_or_else(|| KeyFolderError::Unknown(id.to_owned()))?;
        if state.signs_since.is_some() && state.retired_at.is_none() {
            return Err(KeyFolderError::Signs(id.to_owned()));
        }
        if let Some(until) = state.droppable_at().filter(|until| *until > now && !force) {
            let id = id.to_owned();
            return Err(KeyFolderError::StillNeeded { id, until });
        }
        for path in self.files()? {
            if self.key(&path)?.id() == id {
                fs::remove_file(&path).map_err(|source| self.io(&path, source))?;
            }
        }
        Ok(())
    }

    /// The keys, those that signed first before those that never did.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn list(&self) -> Result<Vec<KeyState>, KeyFolderError> {
        let history = self.history()?;
        let mut states = Vec::new();
        for key in self.read()?.keys() {
            let last = history.iter().rposition(|(_, id)| id == key.id());
            states.push(KeyState {
                id: key.id().to_owned(),
                private: key.signs(),
                signs_since: last.map(|at| history[at].0),
                retired_at: last.and_then(|at| Some(history.get(at + 1)?.0)),
            });
        }
        states.sort_by_key(|state| (state.signs_since.is_none(), state.signs_since));
        Ok(states)
    }

    /// The ring as it is on disk.
    ///
    /// # Errors
    /// The directory cannot be read, or something in it is no key.
    pub fn read(&self) -> Result<KeyRing, KeyFolderError> {
        let mut ring = KeyRing::default();
        let files = self.files()?;
        if files.len() > KEYS_MAX {
            return Err(KeyFolderError::TooMany);
        }
        for path in files {
            ring = ring.with(self.key(&path)?);
        }
        Ok(match self.history()?.pop() {
            Some((_, id)) => ring.signing_with(&id),
            None => ring,
        })
    }

    /// Reads the directory every `interval` into `keys`, for ever; keeps what it has while the directory cannot be read.
    pub async fn follow(self, keys: Keys, interval: Duration) {
        loop {
            tokio::time::sleep(interval).await;
            match self.read() {
                // Only when it is another one: what was verified with the same ring is remembered.
                Ok(ring) if ring == *keys.ring() => {}
                Ok(ring) => {
                    tracing::info!("the keys have changed");
                    keys.replace(ring);
                }
                Err(error) => tracing::error!(%error, "the keys cannot be read again; those known stay in use"),
            }
        }
    }

    fn history(&self) -> Result<Vec<(Timestamp, String)>, KeyFolderError> {
        let path = self.path.join(SIGNING);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.io(&path, source)),
        };
        let lines = text.lines().enumerate().map(|(line, text)| {
            let parts = text.split_once(' ');
            let parts = parts.and_then(|(since, id)| Some((since.parse().ok()?, id.to_owned())));
            parts.ok_or_else(|| KeyFolderError::Signing {
                path: path.clone(),
                line: line + 1,
            })
        });
        lines.collect()
    }

    fn files(&self) -> Result<Vec<PathBuf>, KeyFolderError> {
        let entries = fs::read_dir(&self.path).map_err(|source| self.io(&self.path, source))?;
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| self.io(&self.path, source))?.path();
            if path.extension().is_some_and(|extension| extension == "pem") {
                files.push(path);
            }
        }
        Ok(files)
    }

    fn key(&self, path: &Path) -> Result<Key, KeyFolderError> {
        let text = fs::read_to_string(path).map_err(|source| self.io(path, source))?;
        Key::from_pem(&text).map_err(|source| KeyFolderError::Key {
            path: path.to_owned(),
            source,
        })
    }

    /// Whole or not at all: readers look at any time.
    fn write(&self, name: &str, text: &str) -> Result<(), KeyFolderError> {
        let path = self.path.join(name);
        let draft = self.path.join(format!(".{name}.new"));
        let written = (|| {
            let mut options = fs::OpenOptions::new();
            let mut file = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        })();
        written.map_err(|source| self.io(&path, source))
    }

    fn io(&self, path: &Path, source: std::io::Error) -> KeyFolderError {
        KeyFolderError::Io {
            path: path.to_owned(),
            source,
        }
    }
}
