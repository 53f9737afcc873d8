//! The user a server runs as: the caller, or an unprivileged one when the caller is root (which Postgres refuses).

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid, User};

use crate::error::{Error, Result, Tried};

/// Users to fall back to, best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];
/// Numbers of the capabilities in `CapEff` (linux/capability.h).
const CAP_DAC_READ_SEARCH: u32 = 2;

/// Whom a child runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// As the caller.
    Caller,
    /// As another user, which only root can ask for.
    Other {
        uid: u32,
        gid: u32,
        /// The one capability it keeps, if it could not reach its directory without.
        capability: Option<&'static str>,
    },
}

impl Identity {
    /// The user for a server that refuses root and whose directory is `dir`: the directory's owner if it exists.
    pub(crate) fn for_dir(dir: &Path) -> Result<Self> {
        if !Uid::effective().is_root() {
            return Ok(Self::Caller);
        }
        let (uid, gid) = match fs::metadata(dir) {
            Ok(existing) if existing.uid() != 0 => (existing.uid(), existing.gid()),
            _ => unprivileged_user()?,
        };
        let closed = dir.ancestors().skip(1).find(|ancestor| !may_enter(ancestor, uid, gid));
        let capability = closed.map(|closed| {
            let capability = if has_capability(CAP_DAC_READ_SEARCH) {
                "dac_read_search"
            } else {
                "dac_override"
            };
            tracing::warn!(
                closed = %closed.display(), uid, capability,
                "the server's user may not enter its parent directory, so it keeps a capability of root; \
                 use a data directory that others may enter"
            );
            capability
        });
        Ok(Self::Other { uid, gid, capability })
    }

    /// Adds the arguments of `setpriv` which make this so.
    pub(crate) fn apply(&self, command: &mut Command) {
        let Self::Other { uid, gid, capability } = self else {
            return;
        };
        command.args([
            "--reuid",
            &uid.to_string(),
            "--regid",
            &gid.to_string(),
            "--clear-groups",
        ]);
        if let Some(capability) = capability {
            command.args(["--inh-caps", &format!("-all,+{capability}")]);
            command.args(["--ambient-caps", &format!("-all,+{capability}")]);
        }
    }

    /// Gives a file or directory of the caller to this user.
    pub(crate) fn own(&self, path: &Path) -> Result<()> {
        match self {
            Self::Caller => Ok(()),
            Self::Other { uid, gid, .. } => std::os::unix::fs::chown(path, Some(*uid), Some(*gid))
                .tried(|| format!("give {} to user {uid}", path.display())),
        }
    }
}

fn unprivileged_user() -> Result<(u32, u32)> {
    let found = UNPRIVILEGED
        .iter()
        .find_map(|name| User::from_name(name).ok().flatten());
    let user = found.ok_or_else(|| Error::NotFound {
        program: "an unprivileged user",
        hint: format!(
            "Postgres refuses to run as root. Create one of the users {UNPRIVILEGED:?}, or do not run as root."
        ),
    })?;
    Ok((Uid::as_raw(user.uid), Gid::as_raw(user.gid)))
}

fn may_enter(dir: &Path, uid: u32, gid: u32) -> bool {
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    let Ok(found) = fs::metadata(dir) else {
        return true;
    };
    let mode = found.permissions().mode();
    let shift = match (found.uid() == uid, found.gid() == gid) {
        (true, _) => 6,
        (false, true) => 3,
        (false, false) => 0,
    };
    mode >> shift & 0o1 == 1
}

fn has_capability(number: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = effective
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0);
    bits >> number & 1 == 1
}
