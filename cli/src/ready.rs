//! The ready file: where everything is, for programs that start this one and must find it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

/// Addresses of what runs; absent is what this process does not run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ready {
    /// This process.
    pub pid: u32,
    /// gRPC commands, such as `http://127.0.0.1:7401`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Where providers of payments notify.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callbacks: Option<String>,
    /// gRPC queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The web page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    /// MQTT broker of the devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<String>,
    /// The database, with its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// The message server, with its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nats_url: Option<String>,
    /// Process ids of private servers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub servers: BTreeMap<&'static str, u32>,
}

impl Ready {
    /// Of this process, with nothing running yet.
    pub fn new() -> Self {
        Self {
            pid: std::process::id(),
            ..Self::default()
        }
    }

    /// Writes the file, whole or not at all, for its owner only: it may hold passwords.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let unfinished = path.with_extension(format!("{}.unfinished", self.pid));
        let write = || -> anyhow::Result<()> {
            let mut file = std::fs::File::options()
                .create(true)
                .truncate(true)
                .write(true)
                .mode(0o600)
                .open(&unfinished)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            Ok(std::fs::rename(&unfinished, path)?)
        };
        write().with_context(|| format!("writing the ready file {}", path.display()))
    }
}

/// The URL of something that listens with HTTP.
pub fn http(address: SocketAddr) -> String {
    format!("http://{address}")
}
