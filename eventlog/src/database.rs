//! The appender's connection: what to do when a flush fails.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep_until, timeout};

use crate::{
    AppendError, Unit,
    options::LogOptions,
    statement::{self, Outcome},
};

const BACKOFF_MIN: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

pub(crate) struct Database {
    options: LogOptions,
    connection: Option<PgConnection>,
    outage: Option<Outage>,
}

/// Since the last flush that worked.
struct Outage {
    since: Instant,
    next_attempt: Instant,
    backoff: Duration,
}

enum Failure {
    /// A unit of the flush can never be stored.
    Refused(sqlx::Error),
    /// The database was away for too long.
    Unavailable(String),
}

impl Database {
    pub(crate) async fn connect(options: LogOptions) -> Result<Self, sqlx::Error> {
        let connection = statement::connect(&options).await?;
        Ok(Self {
            options,
            connection: Some(connection),
            outage: None,
        })
    }

    /// Writes the units and tells what became of each, in order.
    pub(crate) async fn append(&mut self, units: &[Unit]) -> Vec<Result<Outcome, AppendError>> {
        match self.flush(units).await {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            // One of them is bad: find out which, so that the others go in.
            Err(Failure::Refused(_)) if units.len() > 1 => {
                let mut outcomes = Vec::with_capacity(units.len());
                for unit in units {
                    outcomes.push(self.append_one(unit).await);
                }
                outcomes
            }
            Err(failure) => {
                let error = AppendError::from(failure);
                units.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }

    async fn append_one(&mut self, unit: &Unit) -> Result<Outcome, AppendError> {
        let outcomes = self.flush(std::slice::from_ref(unit)).await?;
        let missing = || AppendError::Unavailable("the database gave no answer".into());
        outcomes.into_iter().next().ok_or_else(missing)
    }

    /// Runs the statement, again and again if the database is away, always with the same units.
    async fn flush(&mut self, units: &[Unit]) -> Result<Vec<Outcome>, Failure> {
        loop {
            let error = match self.attempt(units).await {
                Ok(outcomes) => {
                    if let Some(outage) = self.outage.take() {
                        tracing::info!(after = ?outage.since.elapsed(), "appending again");
                    }
                    return Ok(outcomes);
                }
                Err(error) if is_refusal(&error) => return Err(Failure::Refused(error)),
                Err(error) => error,
            };
            let now = Instant::now();
            let outage = self.outage.get_or_insert_with(|| {
                tracing::warn!(%error, "a flush failed, repeating it");
                Outage {
                    since: now,
                    next_attempt: now,
                    backoff: BACKOFF_MIN,
                }
            });
            outage.next_attempt = now + outage.backoff;
            outage.backoff = (outage.backoff * 2).min(BACKOFF_MAX);
            if outage.since.elapsed() >= self.options.unavailable_after {
                return Err(Failure::Unavailable(error.to_string()));
            }
        }
    }

    async fn attempt(&mut self, units: &[Unit]) -> Result<Vec<Outcome>, sqlx::Error> {
        if let Some(outage) = &self.outage {
            sleep_until(outage.next_attempt).await;
        }
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => limited(CONNECT_TIMEOUT, statement::connect(&self.options)).await?,
        };
        // A connection is kept only if it is known to be in order; any other is closed by dropping it.
        let flush = statement::append(&mut connection, units);
        let result = limited(self.options.flush_timeout, flush).await;
        match &result {
            Ok(_) => self.connection = Some(connection),
            Err(error) if is_refusal(error) => self.connection = Some(connection),
            Err(_) => drop(connection),
        }
        result
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(connection.close());
        }
    }
}

async fn limited<T>(limit: Duration, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = |_| {
        let kind = std::io::ErrorKind::TimedOut;
        Err(sqlx::Error::Io(std::io::Error::new(
            kind,
            format!("no answer within {limit:?}"),
        )))
    };
    timeout(limit, work).await.unwrap_or_else(late)
}

/// Whether the database refused the data, as opposed to not being able to take any.
fn is_refusal(error: &sqlx::Error) -> bool {
    match error {
        // Data exception, integrity constraint, program limit (such as an index row too long).
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class))),
        sqlx::Error::Encode(_) => true,
        _ => false,
    }
}

impl From<Failure> for AppendError {
    fn from(failure: Failure) -> Self {
        match failure {
            // The append function never violates a key: somebody wrote past it. The next attempt sees that.
            Failure::Refused(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                Self::Unavailable(error.to_string())
            }
            Failure::Refused(error) => Self::Invalid(error.to_string()),
            Failure::Unavailable(why) => Self::Unavailable(why),
        }
    }
}
