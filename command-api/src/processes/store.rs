//! What the runner keeps in the database: one call a batch, under a term that only one leader has.

use baize_eventlog::SqlTimestamp;
use jiff::{Timestamp, ToSpan};
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// Which instance of which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The process's name.
    pub process: &'static str,
    /// The instance.
    pub instance: Uuid,
}

/// A timer of an instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// When it goes off, in whole microseconds.
    pub due: Timestamp,
    /// Whose it is.
    pub key: Key,
    /// Its name within the instance.
    pub name: String,
}

/// A command or a call that a process asked for and whose answer it has not taken in.
#[derive(Clone, Debug)]
pub struct Owed {
    /// Derived from process, instance, step and cause.
    pub request_id: Uuid,
    /// Who asked.
    pub key: Key,
    /// As what.
    pub step: String,
    /// In reaction to what.
    pub cause: String,
    /// The [`super::effects::Work`] as it is stored, byte for byte: it is the content that the request id stands for. Its column is called
    /// `command`, after what most of them are.
    pub work: String,
    /// An earlier term owed it already, and may have executed it.
    pub again: bool,
}

/// An instance as it is stored.
#[derive(Debug)]
pub struct Stored {
    /// The instance.
    pub key: Key,
    /// Its state's text.
    pub state: String,
    /// Its timers by name.
    pub timers: Vec<(String, Timestamp)>,
}

/// What one batch changes.
#[derive(Debug, Default)]
pub struct Changes {
    /// States to store.
    pub states: Vec<(Key, String)>,
    /// Instances that are over.
    pub over: Vec<Key>,
    /// Timers to set.
    pub set: Vec<Timer>,
    /// Timers to clear.
    pub cleared: Vec<(Key, String)>,
    /// Effects to owe.
    pub owed: Vec<Owed>,
    /// Effects whose answers were taken in.
    pub answered: Vec<Uuid>,
}

impl Changes {
    /// Whether there is nothing to store but the checkpoint.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
            && self.over.is_empty()
            && self.set.is_empty()
            && self.cleared.is_empty()
            && self.owed.is_empty()
            && self.answered.is_empty()
    }
}

/// The tables could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another leader has begun a term.
    #[error("another runner has taken over")]
    Deposed,
    /// The database could not answer.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A row that no release up to this one wrote, or one of a process that this release does not know.
    #[error("unreadable row: {0}")]
    Unreadable(String),
}

/// The tables during one term.
pub struct Store {
    pool: PgPool,
    processes: Vec<&'static str>,
    term: i64,
}

impl Store {
    /// Begins a term; every earlier one is over. Also returns the checkpoint.
    pub async fn begin(pool: PgPool, processes: Vec<&'static str>) -> Result<(Self, u64), Error> {
        let row = sqlx::query("UPDATE process_runner SET term = term + 1, failure = NULL RETURNING term, position")
            .fetch_one(&pool)
            .await?;
        let term = row.try_get(0)?;
        let position: i64 = row.try_get(1)?;
        let store = Self { pool, processes, term };
        Ok((store, position as u64))
    }

    /// Writes down why the runner has stopped, for whoever looks after it.
    pub async fn failed(pool: &PgPool, why: &str) -> Result<(), Error> {
        sqlx::query("UPDATE process_runner SET failure = $1")
            .bind(why)
            .execute(pool)
            .await?;
        Ok(())
    }

    /// All effects that are owed, oldest first. As many as the runner lets gather, so memory is bounded.
    pub async fn owed(&self) -> Result<Vec<Owed>, Error> {
        let rows = sqlx::query(
            "SELECT request_id, process, instance, step, cause, command::text FROM process_effects ORDER BY number",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Owed {
                    request_id: row.try_get(0)?,
                    key: self.key(row.try_get(1)?, row.try_get(2)?)?,
                    step: row.try_get(3)?,
                    cause: row.try_get(4)?,
                    work: row.try_get(5)?,
                    again: true,
                })
            })
            .collect()
    }

    /// The `limit` soonest timers and all that are due at the same instant as the last of them.
    pub async fn soonest(&self, limit: usize) -> Result<Vec<Timer>, Error> {
        let rows = sqlx::query(
            "SELECT due, process, instance, name FROM process_timers ORDER BY due FETCH FIRST $1 ROWS WITH TIES",
        )
        .bind(limit as i64)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Timer {
                    due: row.try_get::<SqlTimestamp, _>(0)?.0,
                    key: self.key(row.try_get(1)?, row.try_get(2)?)?,
                    name: row.try_get(3)?,
                })
            })
            .collect()
    }

    /// Those of the instances that exist.
    pub async fn load(&self, keys: &[Key]) -> Result<Vec<Stored>, Error> {
        let (processes, instances): (Vec<_>, Vec<_>) = keys.iter().map(|key| (key.process, key.instance)).unzip();
        let rows = sqlx::query("SELECT n, state, names, dues FROM load_processes($1, $2)")
            .bind(processes)
            .bind(instances)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let n: i64 = row.try_get(0)?;
                let names: Vec<String> = row.try_get(2)?;
                let dues: Vec<SqlTimestamp> = row.try_get(3)?;
                Ok(Stored {
                    key: keys[n as usize - 1],
                    state: row.try_get(1)?,
                    timers: names.into_iter().zip(dues.into_iter().map(|due| due.0)).collect(),
                })
            })
            .collect()
    }

    /// Stores the changes and moves the checkpoint, all of it or nothing. After a database error the outcome is
    /// unknown: begin another term.
    pub async fn commit(&self, changes: &Changes, from: u64, to: u64) -> Result<(), Error> {
        let (s_process, s_instance, s_state) = unzip3(
            changes
                .states
                .iter()
                .map(|(key, state)| (key.process, key.instance, state.as_str())),
        );
        let (o_process, o_instance): (Vec<_>, Vec<_>) =
            changes.over.iter().map(|key| (key.process, key.instance)).unzip();
        let (t_process, t_instance, t_name) = unzip3(
            changes
                .set
                .iter()
                .map(|timer| (timer.key.process, timer.key.instance, timer.name.as_str())),
        );
        let t_due: Vec<_> = changes.set.iter().map(|timer| SqlTimestamp(timer.due)).collect();
        let (c_process, c_instance, c_name) = unzip3(
            changes
                .cleared
                .iter()
                .map(|(key, name)| (key.process, key.instance, name.as_str())),
        );
        let (e_process, e_instance, e_step) = unzip3(
            changes
                .owed
                .iter()
                .map(|owed| (owed.key.process, owed.key.instance, owed.step.as_str())),
        );
        let (e_request, e_cause, e_command) = unzip3(
            changes
                .owed
                .iter()
                .map(|owed| (owed.request_id, owed.cause.as_str(), owed.work.as_str())),
        );
        let stored: bool = sqlx::query_scalar(
            "SELECT commit_processes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        )
        .bind(self.term)
        .bind(from as i64)
        .bind(to as i64)
        .bind(s_process)
        .bind(s_instance)
        .bind(s_state)
        .bind(o_process)
        .bind(o_instance)
        .bind(t_process)
        .bind(t_instance)
        .bind(t_name)
        .bind(t_due)
        .bind(c_process)
        .bind(c_instance)
        .bind(c_name)
        .bind(e_request)
        .bind(e_process)
        .bind(e_instance)
        .bind(e_step)
        .bind(e_cause)
        .bind(e_command)
        .bind(&changes.answered)
        .fetch_one(&self.pool)
        .await?;
        if stored { Ok(()) } else { Err(Error::Deposed) }
    }

    fn key(&self, process: &str, instance: Uuid) -> Result<Key, Error> {
        let known = self.processes.iter().find(|known| **known == process);
        match known {
            Some(process) => Ok(Key { process, instance }),
            None => Err(Error::Unreadable(format!("process {process:?} is not known"))),
        }
    }
}

/// `at`, or the next whole microsecond: what the database keeps, and never early.
pub fn whole_micros(at: Timestamp) -> Timestamp {
    let part = at.as_nanosecond().rem_euclid(1_000);
    if part == 0 {
        return at;
    }
    at.saturating_add((1_000 - part as i64).nanoseconds())
        .unwrap_or(Timestamp::MAX)
}

fn unzip3<A, B, C>(rows: impl Iterator<Item = (A, B, C)>) -> (Vec<A>, Vec<B>, Vec<C>) {
    let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        a.push(row.0);
        b.push(row.1);
        c.push(row.2);
    }
    (a, b, c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_instant_is_rounded_up() {
        let round = |text: &str| whole_micros(text.parse().unwrap()).to_string();
        assert_eq!(round("2026-01-01T00:00:00.000001Z"), "2026-01-01T00:00:00.000001Z");
        assert_eq!(round("2026-01-01T00:00:00.000000001Z"), "2026-01-01T00:00:00.000001Z");
        assert_eq!(round("1969-12-31T23:59:59.9999991Z"), "1970-01-01T00:00:00Z");
    }

    async fn store() -> (PgPool, Store) {
        let url = baize_servers::testing::fresh_database();
        let pool = PgPool::connect(&url).await.unwrap();
        baize_schema::migrate(&pool).await.unwrap();
        let (store, checkpoint) = Store::begin(pool.clone(), vec!["test"]).await.unwrap();
        assert_eq!(checkpoint, 0);
        (pool, store)
    }

    fn key(instance: u128) -> Key {
        Key {
            process: "test",
            instance: Uuid::from_u128(instance),
        }
    }

    fn timer(instance: u128, name: &str, due: &str) -> Timer {
        Timer {
            due: due.parse().unwrap(),
            key: key(instance),
            name: name.to_owned(),
        }
    }

    fn owed(instance: u128, step: &str) -> Owed {
        Owed {
            request_id: Uuid::new_v4(),
            key: key(instance),
            step: step.to_owned(),
            cause: "event:1".to_owned(),
            work: r#"{"some":  "command"}"#.to_owned(),
            again: false,
        }
    }

    #[tokio::test]
    async fn what_is_stored_is_read_back_as_it_was() {
        let (_pool, store) = store().await;
        let early = timer(1, "early", "2026-01-01T00:00:00.000001Z");
        let late = timer(1, "late", "9999-12-30T00:00:00Z");
        let (first, second) = (owed(1, "first"), owed(2, "second"));
        let changes = Changes {
            states: vec![(key(1), r#"{"n":  1}"#.to_owned()), (key(2), "2".to_owned())],
            set: vec![late.clone(), early.clone()],
            owed: vec![first.clone(), second.clone()],
            ..Changes::default()
        };
        store.commit(&changes, 0, 7).await.unwrap();
        let loaded = store.load(&[key(3), key(1)]).await.unwrap();
        assert_eq!(loaded.len(), 1);
        assert_eq!((loaded[0].key, loaded[0].state.as_str()), (key(1), r#"{"n":  1}"#));
        let timers = [("early".to_owned(), early.due), ("late".to_owned(), late.due)];
        assert_eq!(loaded[0].timers, timers);
        assert_eq!(store.soonest(10).await.unwrap(), [early.clone(), late.clone()]);
        assert_eq!(store.soonest(1).await.unwrap(), std::slice::from_ref(&early));
        let owed_again = store.owed().await.unwrap();
        assert!(
            owed_again.iter().all(|owed| owed.again),
            "an earlier term may have executed it"
        );
        let read: Vec<_> = store
            .owed()
            .await
            .unwrap()
            .into_iter()
            .map(|owed| (owed.request_id, owed.work))
            .collect();
        assert_eq!(
            read,
            [(first.request_id, first.work.clone()), (second.request_id, second.work)]
        );

        let later = timer(1, "late", "9999-12-30T00:00:00.5Z");
        let changes = Changes {
            states: vec![(key(1), "11".to_owned())],
            over: vec![key(2)],
            set: vec![later.clone()],
            cleared: vec![(key(1), "early".to_owned())],
            answered: vec![first.request_id],
            ..Changes::default()
        };
        store.commit(&changes, 7, 7).await.unwrap();
        let loaded = store.load(&[key(1), key(2)]).await.unwrap();
        assert_eq!(loaded.len(), 1);
        assert_eq!(
            (loaded[0].state.as_str(), &loaded[0].timers),
            ("11", &vec![("late".to_owned(), later.due)])
        );
        assert_eq!(store.soonest(10).await.unwrap(), [later]);
        assert_eq!(store.owed().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_deposed_runner_stores_nothing() {
        let (pool, old) = store().await;
        let changes = || Changes {
            states: vec![(key(1), "1".to_owned())],
            ..Changes::default()
        };
        old.commit(&changes(), 0, 5).await.unwrap();
        let (new, checkpoint) = Store::begin(pool.clone(), vec!["test"]).await.unwrap();
        assert_eq!(checkpoint, 5);
        let late = Changes {
            states: vec![(key(2), "2".to_owned())],
            ..Changes::default()
        };
        assert!(matches!(old.commit(&late, 5, 9).await, Err(Error::Deposed)));
        assert!(matches!(old.commit(&late, 5, 5).await, Err(Error::Deposed)));
        assert!(new.load(&[key(2)]).await.unwrap().is_empty());
        // And nobody moves the checkpoint from where it is not.
        assert!(matches!(new.commit(&late, 4, 9).await, Err(Error::Deposed)));
        new.commit(&late, 5, 9).await.unwrap();
    }

    #[tokio::test]
    async fn a_row_of_a_process_nobody_knows_is_not_passed_over() {
        let (pool, store) = store().await;
        let changes = Changes {
            set: vec![timer(1, "t", "2026-01-01T00:00:00Z")],
            owed: vec![owed(1, "step")],
            ..Changes::default()
        };
        store.commit(&changes, 0, 1).await.unwrap();
        let (other, _) = Store::begin(pool, vec!["another"]).await.unwrap();
        assert!(matches!(other.owed().await, Err(Error::Unreadable(_))));
        assert!(matches!(other.soonest(1).await, Err(Error::Unreadable(_))));
    }
}
