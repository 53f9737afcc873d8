//! What a bridge keeps on its own disk, for when the centre is away: the register, and the reports that wait.
//!
//! The disk is a copy. While the message server answers, a bridge starts from the stream `DESIRED`; the copy serves the bridge that is started while
//! it does not. A disk that cannot be written is told of, and changes nothing else.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The files of one shard.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    /// Records, the newest of each counts.
    pub register: PathBuf,
    /// Reports that command-api has not taken, in order.
    pub reports: PathBuf,
}

impl Disk {
    /// In a directory, which is made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn in_dir(dir: &Path, shard: &str) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self {
            register: dir.join(format!("{shard}.register")),
            reports: dir.join(format!("{shard}.reports")),
        })
    }
}

/// Puts a file in the place of the one that is there; after a crash it is the one or the other.
pub(crate) fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let new = file.with_added_extension("new");
    let mut writing = fs::File::create(&new)?;
    writing.write_all(content)?;
    writing.sync_all()?;
    fs::rename(new, file)
}

/// Writes behind the records that are there.
pub(crate) fn append(file: &Path, content: &[u8]) -> io::Result<()> {
    let mut writing = fs::OpenOptions::new().append(true).create(true).open(file)?;
    writing.write_all(content)?;
    writing.sync_data()
}
