//! The database directory: made by initdb, whole or not at all.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::USER;
use super::programs::Programs;
use crate::data_dir;
use crate::error::{Error, Result, Tried};
use crate::identity::Identity;
use crate::process;

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) data_dir: PathBuf,
    pub(super) identity: Identity,
}

impl Cluster {
    pub(super) fn pgdata(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    pub(super) fn file(&self, extension: &str) -> PathBuf {
        self.pgdata().with_extension(extension)
    }

    /// Makes the database directory under another name and then renames it: an interrupted start leaves nothing
    /// that the next one would take for a database.
    pub(super) fn create_if_absent(&self, programs: &Programs, template: Option<&Path>) -> Result<()> {
        if self.pgdata().join("PG_VERSION").exists() {
            return Ok(());
        }
        let unfinished = self.file("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).tried(|| format!("remove {}", unfinished.display()))?;
        }
        match template {
            Some(template) => self.copy(template, &unfinished)?,
            None => self.initdb(programs, &unfinished)?,
        }
        fs::rename(&unfinished, self.pgdata()).tried(|| format!("rename {}", unfinished.display()))
    }

    /// After a crash `postmaster.pid` may name a process that has nothing to do with us by now. Postgres then takes it
    /// for a live postmaster if it belongs to the same user, and refuses to start. All other cases are left to Postgres.
    pub(super) fn remove_misleading_lock(&self) -> Result<()> {
        let file = self.pgdata().join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&file) else {
            return Ok(());
        };
        let pid = text.lines().next().unwrap_or_default().trim();
        let stranger = fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() != "postgres");
        if !stranger {
            return Ok(());
        }
        tracing::warn!(pid, file = %file.display(), "removing a stale lock file that names another program");
        fs::remove_file(&file).tried(|| format!("remove {}", file.display()))
    }

    fn initdb(&self, programs: &Programs, pgdata: &Path) -> Result<()> {
        let made = fs::DirBuilder::new().mode(0o700).create(pgdata);
        made.tried(|| format!("make {}", pgdata.display()))?;
        self.identity.own(pgdata)?;
        let password_file = self.file("password");
        data_dir::password(&password_file, &self.identity)?;
        let mut command = process::command(&programs.file("initdb"), &self.identity, None);
        command
            .arg("-D")
            .arg(pgdata)
            .arg("--pwfile")
            .arg(password_file)
            .args(["-U", USER, "--auth=scram-sha-256"]);
        // Byte order sorts and compares fastest and never changes with the system's library; letters are Unicode's.
        command.args([
            "--encoding=UTF8",
            "--lc-collate=C",
            "--lc-ctype=C.UTF-8",
            "--lc-messages=C",
        ]);
        tracing::info!(dir = %self.pgdata().display(), "making a new PostgreSQL database directory");
        output_of("initdb", command).map(drop)
    }

    fn copy(&self, template: &Path, pgdata: &Path) -> Result<()> {
        let mut command = Command::new("cp");
        command
            .args(["-a", "--reflink=auto"])
            .arg(template.join("postgres"))
            .arg(pgdata);
        output_of("cp", command)?;
        let password = self.file("password");
        fs::copy(template.join("postgres.password"), &password).tried(|| format!("write {}", password.display()))?;
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&password, private).tried(|| format!("close {}", password.display()))?;
        self.identity.own(&password)
    }
}

/// Runs a helper program to its end; what it wrote, or all it wrote as an error.
pub(super) fn output_of(program: &'static str, mut command: Command) -> Result<String> {
    let output = command.output().tried(|| format!("run {program}"))?;
    let written = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(written.trim_end().to_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Error::Command {
        program,
        output: format!("{written}{complaint} ({})", output.status),
    })
}
