//! Finds PostgreSQL's programs: where Debian puts them, on `PATH`, or where the user says.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::programs::{Program, dotted, first_version, named_by, on_path, version_text};

const VARIABLE: &str = "BAIZE_POSTGRES_BIN";
/// One directory a major version, each with `bin/`.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The oldest that the tests run on; older ones lack nothing we know of, but nobody has tried.
const MAJOR_MIN: u32 = 15;
const HINT: &str = "Install PostgreSQL 15 or later (`apt-get install postgresql`, or `./justw setup` in a checkout), \
                    or set BAIZE_POSTGRES_BIN to the directory of initdb, postgres and psql.";

/// The directory of `postgres`, `initdb` and `psql`, all of one version.
#[derive(Debug)]
pub(super) struct Programs {
    bin: PathBuf,
    version: Vec<u32>,
}

impl Programs {
    /// The programs of the version that made `pgdata`; the newest if it is not made yet.
    pub(super) fn find(pgdata: Option<&Path>) -> Result<Self> {
        let mut found = candidates()?;
        found.sort_by(|one, other| other.version.cmp(&one.version));
        let made = pgdata.and_then(|path| Some((path, fs::read_to_string(path.join("PG_VERSION")).ok()?)));
        let Some((path, made_by)) = made else {
            let newest = found.into_iter().next();
            return newest.ok_or_else(|| Error::NotFound {
                program: "PostgreSQL",
                hint: HINT.to_owned(),
            });
        };
        let made_by = made_by.trim().to_owned();
        let majors: Vec<_> = found.iter().map(|programs| programs.major().to_string()).collect();
        let same = found
            .into_iter()
            .find(|programs| programs.major().to_string() == made_by);
        same.ok_or_else(|| Error::OtherVersion {
            path: path.to_owned(),
            made_by,
            found: majors.join(", "),
        })
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    pub(super) fn server(&self) -> Program {
        Program {
            path: self.file("postgres"),
            version: dotted(&self.version),
        }
    }

    fn major(&self) -> u32 {
        self.version.first().copied().unwrap_or(0)
    }

    /// The programs in this directory, if all are there and of a version that will do.
    fn in_dir(bin: PathBuf) -> Option<Self> {
        if !["postgres", "initdb", "psql"]
            .iter()
            .all(|name| bin.join(name).is_file())
        {
            return None;
        }
        let version = first_version(&version_text(&bin.join("postgres")).ok()?)?;
        Some(Self { bin, version }).filter(|programs| programs.major() >= MAJOR_MIN)
    }
}

fn candidates() -> Result<Vec<Programs>> {
    if let Some(bin) = named_by(VARIABLE, "PostgreSQL")? {
        return Ok(Programs::in_dir(bin).into_iter().collect());
    }
    let debian = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"));
    // A link on PATH leads to the directory where all three programs are.
    let linked = on_path("postgres").filter_map(|file| Some(file.canonicalize().ok()?.parent()?.to_owned()));
    let mut dirs: Vec<_> = linked.chain(debian).collect();
    dirs.sort();
    dirs.dedup();
    Ok(dirs.into_iter().filter_map(Programs::in_dir).collect())
}
