//! Checkpoints: how far a reader of the log has come, moved in the reader's own transaction.
//!
//! A checkpoint moves by compare-and-set. Of two readers that believe to be the only one, the second to commit
//! is refused and its work rolled back with it.

use sqlx::{PgConnection, PgExecutor};

/// A checkpoint could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// Somebody else moved it: roll back and start again from where it is.
    #[error("checkpoint {name} is not at {expected}")]
    Moved {
        /// The checkpoint.
        name: String,
        /// Where the caller believed it to be.
        expected: u64,
    },
    /// The database could not answer.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Where the checkpoint is; 0 if it was never moved.
pub async fn position(executor: impl PgExecutor<'_>, name: &str) -> Result<u64, sqlx::Error> {
    let position: Option<i64> = sqlx::query_scalar("SELECT position FROM checkpoints WHERE name = $1")
        .bind(name)
        .fetch_optional(executor)
        .await?;
    Ok(position.unwrap_or(0) as u64)
}

/// Moves the checkpoint from `old` to `new` within the caller's transaction.
pub async fn advance(tx: &mut PgConnection, name: &str, old: u64, new: u64) -> Result<(), AdvanceError> {
    let statement = if old == 0 {
        "INSERT INTO checkpoints (name, position) VALUES ($1, $3)
         ON CONFLICT (name) DO UPDATE SET position = $3, moved_at = now() WHERE checkpoints.position = $2"
    } else {
        "UPDATE checkpoints SET position = $3, moved_at = now() WHERE name = $1 AND position = $2"
    };
    let done = sqlx::query(statement)
        .bind(name)
        .bind(old as i64)
        .bind(new as i64)
        .execute(tx)
        .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(AdvanceError::Moved {
            name: name.to_owned(),
            expected: old,
        }),
    }
}
