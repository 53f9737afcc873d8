//! Servers for tests: one Postgres and one nats-server a test process, in a temporary directory.
//!
//! Test processes end without running destructors. The kernel ends their servers; their directories are removed by
//! the next test process that starts.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::sys::signal::Signal;

use crate::error::{Error, Result, Tried};
use crate::{Durability, NatsOptions, NatsServer, Postgres, PostgresOptions, leftovers};

/// Room for the databases of a big test process, with as much left for everything else.
const MEMORY_BYTES_MIN: u64 = 8 << 30;

/// The servers that all tests of a process share.
#[derive(Debug)]
pub struct Servers {
    /// With [`Durability::Relaxed`]. Tests take a [`Postgres::fresh_database`] each, and neither stop nor kill it.
    pub postgres: Postgres,
    /// Tests that use streams of fixed names, or stop the server, start their own with [`nats`].
    pub nats: NatsServer,
}

/// The shared servers, started at the first call, which takes some 0.3 s and panics with the reason if it fails.
///
/// From an async test it may be called as it is: nothing else runs on that test's thread yet.
#[allow(clippy::panic, reason = "a test without its servers has nothing to go on with")]
pub fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let start = || -> Result<Servers> {
            let dir = fresh_dir("shared")?;
            Ok(Servers {
                postgres: postgres_in(&dir)?,
                nats: NatsServer::launch(NatsOptions::new(&dir))?,
            })
        };
        start().unwrap_or_else(|error| panic!("the servers for the tests did not start: {error}"))
    })
}

/// The URL of a new, empty database on the shared Postgres.
#[allow(clippy::panic, reason = "a test without its database has nothing to go on with")]
pub fn fresh_database() -> String {
    let created = servers().postgres.fresh_database();
    created.unwrap_or_else(|error| panic!("no database for the test: {error}"))
}

/// A nats-server for one test, which may stop, kill and wipe it. Starts in some 50 ms.
pub fn nats() -> Result<NatsServer> {
    NatsServer::launch(NatsOptions::new(fresh_dir("nats")?))
}

/// A Postgres for one test, which may stop and kill it. Starts in some 200 ms.
pub fn postgres() -> Result<Postgres> {
    postgres_in(&fresh_dir("postgres")?)
}

/// A new directory whose name ends in `label`, removed after this process has ended.
pub fn fresh_dir(label: &str) -> Result<PathBuf> {
    let dir = process_dir()?.join(format!("{:08x}-{label}", rand::random::<u32>()));
    fs::create_dir(&dir).tried(|| format!("make {}", dir.display()))?;
    Ok(dir)
}

fn postgres_in(dir: &Path) -> Result<Postgres> {
    let options = PostgresOptions::new(dir)
        .durability(Durability::Relaxed)
        .template(template()?);
    Postgres::launch(options)
}

/// This process's directory; its lock file beside it is held until the process ends.
fn process_dir() -> Result<&'static Path> {
    static DIR: OnceLock<(PathBuf, File)> = OnceLock::new();
    if let Some((dir, _)) = DIR.get() {
        return Ok(dir);
    }
    let root = root()?;
    let guard = lock(&root.join("guard"))?;
    if DIR.get().is_none() {
        sweep(&root);
        let dir = root.join(format!("run-{}-{:08x}", std::process::id(), rand::random::<u32>()));
        let held = lock(&dir.with_extension("lock"))?;
        fs::create_dir(&dir).tried(|| format!("make {}", dir.display()))?;
        let _set_by_us = DIR.set((dir, held));
    }
    drop(guard);
    process_dir()
}

/// `baize-tests-UID`, which must be ours: another user could have made it to put a database into our hands.
fn root() -> Result<PathBuf> {
    let user = nix::unistd::Uid::effective().as_raw();
    let root = place().join(format!("baize-tests-{user}"));
    if let Err(error) = fs::DirBuilder::new().mode(0o711).create(&root)
        && error.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(error).tried(|| format!("make {}", root.display()));
    }
    let found = fs::symlink_metadata(&root).tried(|| format!("read {}", root.display()))?;
    if found.is_dir() && found.uid() == user {
        return Ok(root);
    }
    let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    Err(Error::Io {
        action: format!("use {}, which belongs to another user", root.display()),
        source,
    })
}

/// A directory in memory if there is room, else the usual one for temporary files. A new database is some 300 files:
/// 20 ms in memory, 250 ms on the disk where this was measured.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = nix::sys::statvfs::statvfs(memory).map(|fs| fs.blocks_available() * fs.fragment_size());
    if free.is_ok_and(|bytes| bytes >= MEMORY_BYTES_MIN) {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

/// Removes the directories of ended processes. Best effort: what cannot be removed is tried again next time.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let lock_file = entry.path();
        if lock_file.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let ended = File::open(&lock_file).is_ok_and(|file| file.try_lock().is_ok());
        let dir = lock_file.with_extension("");
        if ended {
            for data_dir in fs::read_dir(&dir).into_iter().flatten().flatten() {
                leftovers::end("postgres", &data_dir.path().join("postgres"), Signal::SIGINT);
            }
            let _next_time = fs::remove_dir_all(&dir);
            if !dir.exists() {
                let _next_time = fs::remove_file(&lock_file);
            }
        }
    }
}

/// A stopped, empty Postgres data directory to copy: made once a machine and version, since initdb takes long.
fn template() -> Result<PathBuf> {
    let root = root()?;
    let _guard = lock(&root.join("template-guard"))?;
    let version = Postgres::find()?.version;
    let plain: String = version
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let dir = root.join(format!("template-{plain}"));
    if !dir.join("postgres/PG_VERSION").exists() {
        drop(Postgres::prepare(PostgresOptions::new(&dir))?);
    }
    Ok(dir)
}

fn lock(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let file = file.tried(|| format!("open {}", path.display()))?;
    file.lock().tried(|| format!("lock {}", path.display()))?;
    Ok(file)
}
