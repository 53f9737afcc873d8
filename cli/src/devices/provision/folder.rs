//! The directory of what is provisioned: for its owner only, each file replaced whole or not at all.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::inventory::Provisioned;

const STATE: &str = "provisioned.json";

/// The directory.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes it if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn at(path: &Path) -> anyhow::Result<Self> {
        make_dir(path)?;
        Ok(Self { path: path.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A directory in it, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn dir(&self, name: &str) -> anyhow::Result<PathBuf> {
        let dir = self.path.join(name);
        make_dir(&dir)?;
        Ok(dir)
    }

    /// What was provisioned before.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn provisioned(&self) -> anyhow::Result<Provisioned> {
        let file = self.path.join(STATE);
        if !file.exists() {
            return Ok(Provisioned::default());
        }
        let read = || anyhow::Ok(serde_json::from_slice(&fs::read(&file)?)?);
        read().with_context(|| file.display().to_string())
    }

    /// Keeps what is provisioned now.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, provisioned: &Provisioned) -> anyhow::Result<()> {
        self.write(STATE, &format!("{}\n", serde_json::to_string_pretty(provisioned)?))
    }

    /// Writes a file, which may lie in a directory of its own.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let file = self.path.join(name);
        if let Some(dir) = file.parent() {
            make_dir(dir)?;
        }
        replace(&file, text)
    }
}

fn make_dir(dir: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("making {}", dir.display()))
}

/// Puts a file, mode 0600, in the place of the one that is there. A broker that reads it meanwhile reads the one or the other.
///
/// # Errors
/// It cannot be written.
pub fn replace(file: &Path, text: &str) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let dir = file.parent().unwrap_or(Path::new("."));
        let mut new = tempfile::Builder::new()
            .prefix(".new-")
            .permissions(fs::Permissions::from_mode(0o600))
            .tempfile_in(dir)?;
        new.write_all(text.as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(file)?;
        Ok(())
    };
    write().with_context(|| format!("writing {}", file.display()))
}
