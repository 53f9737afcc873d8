//! The private servers of a `baize` that runs on a data directory, seen from another process.

use std::path::Path;

use crate::infrastructure::DATABASE;

/// Where the servers of a running `baize` are.
#[derive(Clone, Debug, Default)]
pub struct Attached {
    /// The process that runs them.
    pub holder: String,
    /// Its private Postgres, if it has one.
    pub database_url: Option<String>,
    /// Its private nats-server, if it has one.
    pub nats_url: Option<String>,
    /// The MQTT listener of that.
    pub mqtt_url: Option<String>,
}

/// Looks whether a `baize` runs servers on the directory.
pub fn to(data_dir: &Path) -> Option<Attached> {
    let postgres = holder(data_dir, "postgres.lock");
    let nats = holder(data_dir, "nats.lock");
    let word = |file: &str| Some(std::fs::read_to_string(data_dir.join(file)).ok()?.trim().to_owned());
    let database_url = || {
        let (port, password) = (word("postgres.port")?, word("postgres.password")?);
        Some(format!("postgres://postgres:{password}@127.0.0.1:{port}/{DATABASE}"))
    };
    let nats_url = || Some(format!("nats://127.0.0.1:{}", word("nats.port")?));
    let mqtt_url = || Some(format!("mqtt://127.0.0.1:{}", word("nats.mqtt_port")?));
    Some(Attached {
        database_url: postgres.as_ref().and_then(|_| database_url()),
        nats_url: nats.as_ref().and_then(|_| nats_url()),
        mqtt_url: nats.as_ref().and_then(|_| mqtt_url()),
        holder: postgres.or(nats)?,
    })
}

/// The process that holds a lock file, if one does.
fn holder(data_dir: &Path, lock: &str) -> Option<String> {
    let path = data_dir.join(lock);
    let file = std::fs::File::open(&path).ok()?;
    // Held by nobody: given back at once.
    if file.try_lock_shared().is_ok() {
        return None;
    }
    Some(std::fs::read_to_string(&path).ok()?.trim().to_owned())
}
