//! The oldest nats-server that is spoken to.

use async_nats::Client;

/// Older servers ignore stream and consumer settings they do not know, without a word.
const OLDEST: (u64, u64) = (2, 14);

/// The server is too old.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "nats-server {version} is too old: 2.14 or later is needed, as older ones silently ignore filters and limits of current clients"
)]
pub struct ServerTooOld {
    /// What the server says it is.
    pub version: String,
}

/// Refuses a server that is too old. A client may find another one at every reconnect.
pub fn check_server(client: &Client) -> Result<(), ServerTooOld> {
    check(&client.server_info().version)
}

fn check(version: &str) -> Result<(), ServerTooOld> {
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse::<u64>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST {
        let version = version.to_owned();
        return Err(ServerTooOld { version });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn versions_are_compared_as_numbers() {
        for accepted in ["2.14.0", "2.14.0-RC.1", "2.15.1", "2.100.0", "3.0.0"] {
            assert!(check(accepted).is_ok(), "{accepted}");
        }
        for refused in ["2.9.10", "2.13.9", "1.99.0", "", "unknown"] {
            assert!(check(refused).is_err(), "{refused}");
        }
    }
}
