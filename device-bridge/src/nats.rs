//! The connection to NATS.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;

use crate::NatsOptions;

const RECONNECT_STEP: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(250);

/// Connects, however long that takes. The count goes up whenever the connection is gained or lost.
pub(crate) async fn connect(options: &NatsOptions) -> (Client, watch::Receiver<u64>) {
    let (changes, receiver) = watch::channel(0);
    let changes = Arc::new(changes);
    let connect = || {
        let changes = Arc::clone(&changes);
        let settings: ConnectOptions = (options.connect)();
        settings
            .name("baize device-bridge")
            .reconnect_delay_callback(|attempt| {
                RECONNECT_STEP
                    .saturating_mul(u32::try_from(attempt).unwrap_or(u32::MAX))
                    .min(RECONNECT_MAX)
            })
            .event_callback(move |event| {
                if matches!(event, Event::Connected | Event::Disconnected) {
                    changes.send_modify(|count| *count += 1);
                }
                async {}
            })
            .connect(&options.url)
    };
    let client = until_ok("NATS cannot be reached", connect).await;
    let check = || async { baize_eventlog::check_server(&client) };
    until_ok("this NATS server will not do", check).await;
    (client, receiver)
}

/// Tries until it works.
pub(crate) async fn until_ok<T, E: Display, F: Future<Output = Result<T, E>>>(
    what: &'static str,
    mut attempt: impl FnMut() -> F,
) -> T {
    let mut failures = 0u64;
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) if failures.is_power_of_two() || failures == 0 => {
                tracing::warn!(%error, failures, "{what}; trying again");
            }
            Err(_) => {}
        }
        failures += 1;
        tokio::time::sleep(PAUSE).await;
    }
}
