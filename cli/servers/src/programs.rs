//! Finds the servers' programs on this machine and asks them for their version.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result, Tried};

/// A server's program as found on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The file that would be run.
    pub path: PathBuf,
    /// Its version, such as `15.13` or `2.15.1`.
    pub version: String,
}

/// `name` in each directory of `PATH`.
pub(crate) fn on_path(name: &str) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found: Vec<_> = env::split_paths(&path)
        .map(|dir| dir.join(name))
        .filter(|file| file.is_file())
        .collect();
    found.into_iter()
}

/// What `program --version` prints.
pub(crate) fn version_text(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .tried(|| format!("run {} --version", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first dotted number in a text: `[2, 14, 1]` of `nats-server: v2.14.1-RC.2`.
pub(crate) fn first_version(text: &str) -> Option<Vec<u32>> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let number = text[start..].split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    number
        .split('.')
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect()
}

/// `[2, 14, 1]` as `2.14.1`.
pub(crate) fn dotted(version: &[u32]) -> String {
    version.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

/// A file named by an environment variable: it must exist, since naming it was a decision.
pub(crate) fn named_by(variable: &'static str, program: &'static str) -> Result<Option<PathBuf>> {
    let Some(value) = env::var_os(variable).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(value);
    if path.exists() {
        return Ok(Some(path));
    }
    Err(Error::NotFound {
        program,
        hint: format!("{variable} names {}, which does not exist.", path.display()),
    })
}

#[cfg(test)]
mod tests {
    use super::first_version;

    #[test]
    fn the_first_dotted_number_is_the_version() {
        assert_eq!(first_version("nats-server: v2.15.1"), Some(vec![2, 15, 1]));
        assert_eq!(first_version("nats-server: v2.14.0-RC.2"), Some(vec![2, 14, 0]));
        assert_eq!(
            first_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"),
            Some(vec![15, 13])
        );
        assert_eq!(first_version("postgres (PostgreSQL) 18beta1"), Some(vec![18]));
        assert_eq!(first_version("no number"), None);
    }
}
