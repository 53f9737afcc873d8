//! What is to be sent, and what became of it: the table `messages`.

use baize_domain::ids::{MemberId, SessionId};
use baize_domain::member::{MessageChannel, MessageKind};
use baize_domain::{Fen, LevelCode};
use baize_eventlog::checkpoint::{self, AdvanceError};
use baize_eventlog::{EventLog, SqlTimestamp};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use super::plan::{Facts, Planned, Whom};

const CHECKPOINT: &str = "messages";

/// A failure of the table.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is away.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// Another process sends.
    #[error(transparent)]
    Advance(#[from] AdvanceError),
    /// A row cannot be read.
    #[error("message {0} cannot be read")]
    Unreadable(i64),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] baize_eventlog::Error),
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// What, to whom.
    pub planned: Planned,
    /// How often it was tried.
    pub tries: i32,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A provider took it.
    Sent,
    /// Nobody knows.
    Unclear,
    /// No provider takes it.
    Refused,
    /// It was no news any more.
    Late,
    /// The person allows no way, or none is set up.
    Unreachable,
}

impl State {
    const fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unclear => "unclear",
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Unreachable => "unreachable",
        }
    }
}

/// The table.
#[derive(Clone)]
pub struct Outbox {
    pool: PgPool,
}

impl Outbox {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// From where the log is to be read on. Where nothing was ever sent it begins at the log's end: nobody is told of what is long over.
    ///
    /// # Errors
    /// The database is away, or another process begins too.
    pub async fn begin(&self, log: &EventLog) -> Result<u64, Error> {
        let position = checkpoint::position(&self.pool, CHECKPOINT).await?;
        if position > 0 {
            return Ok(position);
        }
        let head = log.head().await?;
        if head > 0 {
            self.add(&[], 0, head).await?;
        }
        Ok(head)
    }

    /// Takes in what is told of a stretch of the log, which ends at `to`.
    ///
    /// # Errors
    /// The database is away, or another process takes in, too.
    pub async fn add(&self, planned: &[Planned], from: u64, to: u64) -> Result<(), Error> {
        let mut transaction = self.pool.begin().await?;
        if !planned.is_empty() {
            let column = |of: fn(&Planned) -> Option<Uuid>| planned.iter().map(of).collect::<Vec<_>>();
            sqlx::query(
                "INSERT INTO messages (position, kind, member_id, session_id, amount_fen, minutes, level, happened_at, due_at)
                 SELECT position, kind, member_id, session_id, amount_fen, minutes, level, happened_at, happened_at
                   FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::int[], $7::text[], $8::timestamptz[])
                     AS told (position, kind, member_id, session_id, amount_fen, minutes, level, happened_at)
                 ON CONFLICT DO NOTHING",
            )
            .bind(planned.iter().map(|one| place(one.position)).collect::<Vec<_>>())
            .bind(planned.iter().map(|one| code(&one.kind)).collect::<Vec<_>>())
            .bind(column(|one| match one.whom {
                Whom::Person(member_id) => Some(member_id.0),
                Whom::Player(_) => None,
            }))
            .bind(column(|one| match one.whom {
                Whom::Player(session_id) => Some(session_id.0),
                Whom::Person(_) => None,
            }))
            .bind(planned.iter().map(|one| one.facts.amount.0).collect::<Vec<_>>())
            .bind(
                planned
                    .iter()
                    .map(|one| i32::try_from(one.facts.minutes).unwrap_or(i32::MAX))
                    .collect::<Vec<_>>(),
            )
            .bind(
                planned
                    .iter()
                    .map(|one| one.facts.level.as_ref().map(ToString::to_string))
                    .collect::<Vec<_>>(),
            )
            .bind(planned.iter().map(|one| SqlTimestamp(one.at)).collect::<Vec<_>>())
            .execute(&mut *transaction)
            .await?;
        }
        checkpoint::advance(&mut transaction, CHECKPOINT, from, to).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What is due, the oldest first. A row that cannot be read, as another release may have left it, is laid aside.
    ///
    /// # Errors
    /// The database is away.
    pub async fn due(&self, now: Timestamp, max: i64) -> Result<Vec<Message>, Error> {
        let rows = sqlx::query(
            "SELECT position, kind, member_id, session_id, amount_fen, minutes, level, happened_at, tries
               FROM messages WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at, position LIMIT $2",
        );
        let rows = rows.bind(SqlTimestamp(now)).bind(max).fetch_all(&self.pool).await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in &rows {
            match message(row) {
                Ok(message) => due.push(message),
                Err(error @ Error::Unreadable(position)) => {
                    tracing::error!(%error, "a message is laid aside");
                    let position = position.unsigned_abs();
                    self.done(position, State::Refused, Some("it cannot be read")).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(due)
    }

    /// When the next one is due.
    ///
    /// # Errors
    /// The database is away.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let next: Option<SqlTimestamp> = sqlx::query_scalar("SELECT min(due_at) FROM messages WHERE state = 'waiting'")
            .fetch_one(&self.pool)
            .await?;
        Ok(next.map(|next| next.0))
    }

    /// Marks a message before a provider is asked; tells whether it still was to be sent.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sending(&self, position: u64, to: MemberId, channel: MessageChannel) -> Result<bool, Error> {
        let marked = sqlx::query(
            "UPDATE messages SET state = 'sending', channel = $2, member_id = $3, tries = tries + 1
             WHERE position = $1 AND state = 'waiting'",
        );
        let marked = marked.bind(place(position)).bind(code(&channel)).bind(to.0);
        Ok(marked.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Writes down what became of a message.
    ///
    /// # Errors
    /// The database is away.
    pub async fn done(&self, position: u64, state: State, problem: Option<&str>) -> Result<(), Error> {
        sqlx::query(
            "UPDATE messages SET state = $2, problem = $3 WHERE position = $1 AND state IN ('waiting', 'sending')",
        )
        .bind(place(position))
        .bind(state.code())
        .bind(problem)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Has a message tried again: nothing was sent.
    ///
    /// # Errors
    /// The database is away.
    pub async fn again(&self, position: u64, due: Timestamp, problem: &str) -> Result<(), Error> {
        sqlx::query("UPDATE messages SET state = 'waiting', due_at = $2, problem = $3 WHERE position = $1 AND state = 'sending'")
            .bind(place(position))
            .bind(SqlTimestamp(due))
            .bind(problem)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Those that a process was sending when it ended: what they are, to whom, and through whom.
    ///
    /// # Errors
    /// The database is away, or a row cannot be read.
    pub async fn left(&self) -> Result<Vec<(u64, MemberId, MessageKind, MessageChannel)>, Error> {
        let rows = sqlx::query(
            "SELECT position, member_id, kind, channel FROM messages WHERE state = 'sending' ORDER BY position",
        )
        .fetch_all(&self.pool)
        .await?;
        let left = |row: &PgRow| {
            let position: i64 = row.try_get("position")?;
            let member_id: Uuid = row.try_get("member_id")?;
            let kind = named(row, "kind", position)?;
            let channel = named(row, "channel", position)?;
            Ok((position.unsigned_abs(), MemberId(member_id), kind, channel))
        };
        rows.iter().map(left).collect()
    }

    /// Text messages that a person got, or may have got, since then.
    ///
    /// # Errors
    /// The database is away.
    pub async fn texts_since(&self, member_id: MemberId, since: Timestamp) -> Result<i64, Error> {
        let texts = sqlx::query_scalar(
            "SELECT count(*) FROM messages
             WHERE member_id = $1 AND channel = 'sms' AND happened_at > $2 AND state IN ('sending', 'sent', 'unclear')",
        );
        Ok(texts
            .bind(member_id.0)
            .bind(SqlTimestamp(since))
            .fetch_one(&self.pool)
            .await?)
    }
}

/// Deletes what became of messages of before `until`, at most `max`; tells how many went.
///
/// # Errors
/// The database is away.
pub async fn forget(pool: &PgPool, until: Timestamp, max: u32) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query(
        "DELETE FROM messages WHERE position IN (
             SELECT position FROM messages WHERE state NOT IN ('waiting', 'sending') AND happened_at < $1 ORDER BY position LIMIT $2)",
    );
    let gone = gone.bind(SqlTimestamp(until)).bind(i64::from(max));
    Ok(gone.execute(pool).await?.rows_affected())
}

fn message(row: &PgRow) -> Result<Message, Error> {
    let position: i64 = row.try_get("position")?;
    let unreadable = || Error::Unreadable(position);
    let (member_id, session_id): (Option<Uuid>, Option<Uuid>) = (row.try_get("member_id")?, row.try_get("session_id")?);
    let whom = match (session_id, member_id) {
        (Some(session_id), _) => Whom::Player(SessionId(session_id)),
        (None, Some(member_id)) => Whom::Person(MemberId(member_id)),
        (None, None) => return Err(unreadable()),
    };
    let level: Option<String> = row.try_get("level")?;
    let level = level.map(|level| LevelCode::try_new(&level, "level")).transpose();
    Ok(Message {
        planned: Planned {
            position: position.unsigned_abs(),
            kind: named(row, "kind", position)?,
            whom,
            facts: Facts {
                amount: Fen(row.try_get("amount_fen")?),
                minutes: row.try_get::<i32, _>("minutes")?.unsigned_abs(),
                level: level.map_err(|_| unreadable())?,
            },
            at: row.try_get::<SqlTimestamp, _>("happened_at")?.0,
        },
        tries: row.try_get("tries")?,
    })
}

/// A code as the domain writes it.
fn code<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        _ => String::new(),
    }
}

fn named<T: DeserializeOwned>(row: &PgRow, column: &str, position: i64) -> Result<T, Error> {
    let code: String = row.try_get(column)?;
    serde_json::from_value(serde_json::Value::String(code)).map_err(|_| Error::Unreadable(position))
}

fn place(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}
