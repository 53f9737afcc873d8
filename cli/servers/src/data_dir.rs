//! The data directory: made on first use, held by one process at a time, with small files beside the servers' data.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, Tried};
use crate::identity::Identity;

/// One server's hold on its data directory, for as long as this lives. The kernel gives it up with the process.
#[derive(Debug)]
pub(crate) struct Hold {
    _lock: File,
}

/// Makes the directory, absolute and enterable by the servers' user, and takes the hold for `server`.
pub(crate) fn hold(dir: &Path, server: &str) -> Result<(PathBuf, Hold)> {
    fs::create_dir_all(dir).tried(|| format!("make {}", dir.display()))?;
    let dir = dir.canonicalize().tried(|| format!("enter {}", dir.display()))?;
    open_to_enter(&dir)?;
    let path = dir.join(format!("{server}.lock"));
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    let mut lock = options.open(&path).tried(|| format!("open {}", path.display()))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _unknown = lock.read_to_string(&mut holder);
            return Err(Error::InUse {
                path,
                holder: holder.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(source)) => {
            return Err(Error::Io {
                action: format!("lock {}", path.display()),
                source,
            });
        }
    }
    let note = |lock: &mut File| {
        lock.set_len(0)?;
        lock.rewind()?;
        writeln!(lock, "{}", std::process::id())
    };
    note(&mut lock).tried(|| format!("write {}", path.display()))?;
    Ok((dir, Hold { _lock: lock }))
}

/// The password in `file`, made on first use; readable by its owner, the server's user, only.
pub(crate) fn password(file: &Path, owner: &Identity) -> Result<String> {
    if let Ok(text) = fs::read_to_string(file)
        && !text.trim().is_empty()
    {
        return Ok(text.trim().to_owned());
    }
    let password = format!("{:032x}", rand::random::<u128>());
    let write = || {
        let mut opened = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(file)?;
        writeln!(opened, "{password}")?;
        opened.sync_all()
    };
    write().tried(|| format!("write {}", file.display()))?;
    owner.own(file)?;
    Ok(password)
}

/// Lets the servers' user pass through; what lies inside stays as closed as it is.
fn open_to_enter(dir: &Path) -> Result<()> {
    let mode = fs::metadata(dir)
        .tried(|| format!("read {}", dir.display()))?
        .permissions()
        .mode();
    if mode & 0o111 == 0o111 || !nix::unistd::Uid::effective().is_root() {
        return Ok(());
    }
    fs::set_permissions(dir, fs::Permissions::from_mode(mode | 0o111)).tried(|| format!("open {}", dir.display()))
}
