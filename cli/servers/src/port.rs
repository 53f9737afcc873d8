//! Loopback ports that a data directory keeps over restarts.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use rand::Rng;

use crate::error::{Result, Tried};

/// Below the range from which Linux takes the ports of outgoing connections, so that none of those
/// sits on a server's port while the server restarts.
const RANGE: std::ops::Range<u16> = 15_000..32_000;
const TRIES_MAX: u32 = 1_000;

/// The port written in `file` if it is free, else a new one, which is then written.
pub(crate) fn remembered(file: &Path) -> Result<u16> {
    let known = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    match known {
        Some(port) if is_free(port) => Ok(port),
        Some(port) => {
            tracing::warn!(port, file = %file.display(), "the port of the last run is taken; choosing another");
            choose(file)
        }
        None => choose(file),
    }
}

/// A new free port, written to `file`.
pub(crate) fn choose(file: &Path) -> Result<u16> {
    let mut rng = rand::rng();
    let candidates = std::iter::repeat_with(|| rng.random_range(RANGE)).take(TRIES_MAX as usize);
    let port = candidates.into_iter().find(|port| is_free(*port)).ok_or_else(|| {
        std::io::Error::new(
            std::io::ErrorKind::AddrInUse,
            format!("no free port in {TRIES_MAX} tries in {RANGE:?}"),
        )
    });
    let port = port.tried(|| "choose a port".to_owned())?;
    fs::write(file, format!("{port}\n")).tried(|| format!("write {}", file.display()))?;
    Ok(port)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
