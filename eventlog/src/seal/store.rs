//! Heads in the database.

use sqlx::{PgPool, Row};

use super::{Frontier, SealVerifier, TreeHead};
use crate::{Error, Result};

/// A head as it is stored: what its signature is worth is for whoever has the key to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHead {
    /// Events that it fixes.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// All heads, smallest first.
///
/// # Errors
/// The database is away.
pub async fn heads(pool: &PgPool) -> Result<Vec<StoredHead>> {
    let rows = sqlx::query("SELECT size, note FROM tree_heads ORDER BY size")
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(StoredHead {
                size: row.try_get::<i64, _>(0)? as u64,
                note: row.try_get(1)?,
            })
        })
        .collect()
}

/// The last head and the frontier to go on from. A row that this key did not sign, or whose frontier is not its root's, is an error:
/// nothing is built on it.
pub(super) async fn last(pool: &PgPool, verifier: &SealVerifier) -> Result<Option<(TreeHead, Frontier)>> {
    let row = sqlx::query("SELECT size, note, frontier FROM tree_heads ORDER BY size DESC LIMIT 1")
        .fetch_optional(pool)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let size = row.try_get::<i64, _>(0)? as u64;
    let wrong = |why: String| Error::Unreadable(format!("the tree head of {size} events {why}"));
    let head = verifier
        .open(&row.try_get::<String, _>(1)?)
        .map_err(|error| wrong(error.to_string()))?;
    let frontier = Frontier::restore(size, &row.try_get::<Vec<u8>, _>(2)?)
        .filter(|frontier| frontier.root() == head.root && head.size == size)
        .ok_or_else(|| wrong("has a frontier that is not its own".to_owned()))?;
    Ok(Some((head, frontier)))
}

/// Stores a head; false if somebody else stored one of the same size.
pub(super) async fn insert(pool: &PgPool, head: &TreeHead, note: &str, frontier: &Frontier) -> Result<bool> {
    let done = sqlx::query("INSERT INTO tree_heads (size, note, frontier) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(head.size as i64)
        .bind(note)
        .bind(frontier.stored())
        .execute(pool)
        .await?;
    Ok(done.rows_affected() == 1)
}
