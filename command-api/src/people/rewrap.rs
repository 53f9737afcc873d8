//! Wraps the key of every person anew, by the key that wraps now: afterwards the older wrapping keys can go.
//!
//! What was done is done: broken off, it goes on where it was when it is begun again, since what the newest key wraps is passed over.

use baize_domain::ids::MemberId;
use sqlx::PgPool;
use uuid::Uuid;

use super::vault::Vault;
use super::{Error, PersonalKeys};

/// Keys of one statement.
const BATCH: i64 = 500;

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// People who had a key when it began.
    pub people: u64,
    /// Keys that were looked at.
    pub seen: u64,
    /// Keys that another key wrapped, and the newest wraps now.
    pub rewrapped: u64,
    /// Keys whose wrapping key is missing; they are as they were.
    pub unreadable: u64,
}

/// Wraps every person's key by the first of `keys`; tells after each batch how far it is.
///
/// # Errors
/// The database is away.
pub async fn rewrap_keys(
    pool: &PgPool,
    keys: PersonalKeys,
    mut told: impl FnMut(Rewrapped),
) -> anyhow::Result<Rewrapped> {
    let vault = Vault::new(keys, pool.clone());
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM person_keys WHERE wrapped IS NOT NULL")
        .fetch_one(pool)
        .await?;
    let mut done = Rewrapped {
        people: people.unsigned_abs(),
        ..Rewrapped::default()
    };
    let mut after = Uuid::nil();
    loop {
        let read = "SELECT person, wrapped FROM person_keys WHERE person > $1 AND wrapped IS NOT NULL ORDER BY person LIMIT $2";
        let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(read).bind(after).bind(BATCH).fetch_all(pool).await?;
        let Some((last, _)) = rows.last() else { return Ok(done) };
        after = *last;
        batch(pool, &vault, rows, &mut done).await?;
        told(done);
    }
}

async fn batch(pool: &PgPool, vault: &Vault, rows: Vec<(Uuid, Vec<u8>)>, done: &mut Rewrapped) -> Result<(), Error> {
    let (mut people, mut old, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for (person, stored) in rows {
        done.seen += 1;
        match vault.rewrapped(MemberId(person), &stored) {
            Ok(None) => {}
            Ok(Some(wrapped)) => {
                people.push(person);
                old.push(stored);
                new.push(wrapped);
            }
            Err(error) => {
                tracing::warn!(%person, %error, "a person's key stays as it is");
                done.unreadable += 1;
            }
        }
    }
    // A key that was destroyed meanwhile stays so.
    let write = "UPDATE person_keys k SET wrapped = n.new FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n(person, old, new)
         WHERE k.person = n.person AND k.wrapped = n.old";
    let written = sqlx::query(write)
        .bind(people)
        .bind(old)
        .bind(new)
        .execute(pool)
        .await?;
    done.rewrapped += written.rows_affected();
    Ok(())
}
