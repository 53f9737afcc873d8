//! Waiting for what is not there yet: machines start in any order.

use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio_util::sync::CancellationToken;

const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Tries until it succeeds, or the program is told to stop, or the error is one that time does not heal.
///
/// # Errors
/// Told to stop, or such an error.
pub(super) async fn until<T, F>(
    stop: &CancellationToken,
    what: &str,
    mut attempt: impl FnMut() -> F,
) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let mut wait = BACKOFF.0;
    loop {
        let error = tokio::select! {
            result = attempt() => match result {
                Ok(done) => return Ok(done),
                Err(error) => error,
            },
            () = stop.cancelled() => bail!("told to stop while waiting for {what}"),
        };
        if is_for_good(&error) {
            return Err(error).with_context(|| format!("{what} cannot be started"));
        }
        tracing::warn!(error = format!("{error:#}"), "{what} is not there yet; trying again");
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => bail!("told to stop while waiting for {what}"),
        }
        wait = (wait * 2).min(BACKOFF.1);
    }
}

/// An address that is taken or not ours, a URL that is none: waiting would hide it.
fn is_for_good(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        matches!(
            io,
            Some(ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable | ErrorKind::PermissionDenied)
        ) || matches!(cause.downcast_ref::<sqlx::Error>(), Some(sqlx::Error::Configuration(_)))
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_comes_later_is_waited_for() {
        let tries = Cell::new(0);
        let stop = CancellationToken::new();
        let found = until(&stop, "it", async || {
            tries.set(tries.get() + 1);
            if tries.get() < 4 {
                bail!("connection refused")
            } else {
                Ok("there")
            }
        });
        assert_eq!(found.await.unwrap(), "there");
    }

    #[tokio::test(start_paused = true)]
    async fn a_taken_address_is_told_at_once() {
        let taken = || anyhow::Error::from(std::io::Error::from(ErrorKind::AddrInUse)).context("listening");
        let found = until(&CancellationToken::new(), "it", async || Err::<(), _>(taken())).await;
        assert!(format!("{:#}", found.unwrap_err()).contains("it cannot be started"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_waiting() {
        let stop = CancellationToken::new();
        let waiting = until(&stop, "it", async || Err::<(), _>(anyhow::anyhow!("away")));
        let (found, ()) = tokio::join!(waiting, async { stop.cancel() });
        assert!(found.unwrap_err().to_string().contains("told to stop"));
    }
}
