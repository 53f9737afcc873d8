//! Reads rows together with the position they reflect, from whichever generation is live.

use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments as _, PgPool, Row as _, ValueRef as _};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::deadline::Deadline;
use super::error::Error;
use crate::database::is_missing_table;
use crate::engine::{Condition, Shared, View, registry};
use crate::store::{Row, TableNames};
use crate::views::{
    Bills, Board, Complaints, Devices, Directory, Indicators, Loyalty, Members, Notices, Payments, Reconciliations,
    Splits, Timelines, TrialBalance, Wallets,
};

/// A rebuild may switch between the moment the generation is looked up and the moment it is read, and a restart of the
/// database breaks a connection that is noticed only when it is used.
const TRIES_MAX: u32 = 4;

/// What queries read: the connections and the running views.
pub(crate) struct Reader {
    pub(crate) pool: PgPool,
    pub(crate) board: Arc<Shared<Board>>,
    pub(crate) bills: Arc<Shared<Bills>>,
    pub(crate) wallets: Arc<Shared<Wallets>>,
    pub(crate) complaints: Arc<Shared<Complaints>>,
    pub(crate) devices: Arc<Shared<Devices>>,
    pub(crate) directory: Arc<Shared<Directory>>,
    pub(crate) indicators: Arc<Shared<Indicators>>,
    pub(crate) loyalty: Arc<Shared<Loyalty>>,
    pub(crate) members: Arc<Shared<Members>>,
    pub(crate) notices: Arc<Shared<Notices>>,
    pub(crate) payments: Arc<Shared<Payments>>,
    pub(crate) trial_balance: Arc<Shared<TrialBalance>>,
    pub(crate) splits: Arc<Shared<Splits>>,
    pub(crate) timelines: Arc<Shared<Timelines>>,
    pub(crate) reconciliations: Arc<Shared<Reconciliations>>,
    /// One permit a stream, of either protocol.
    pub(crate) watchers: Arc<Semaphore>,
    /// Ends the streams.
    pub(crate) stopping: CancellationToken,
}

/// Rows and the log position that they reflect.
#[derive(Debug)]
pub(crate) struct Found<R> {
    pub(crate) rows: Vec<R>,
    pub(crate) position: u64,
}

impl<R> Found<R> {
    /// The one row that was looked for by its id.
    pub(crate) fn only(self, kind: &'static str, id: Uuid) -> Result<(R, u64), Error> {
        let missing = || Error::NotFound {
            kind,
            id: id.to_string(),
        };
        Ok((self.rows.into_iter().next().ok_or_else(missing)?, self.position))
    }
}

/// Which rows to read. Parameters begin at `$3`.
pub(crate) struct Selection<'s> {
    /// Condition, order and limit: `hall_id = $3 ORDER BY label`.
    pub(crate) tail: &'s str,
    pub(crate) values: &'s [Value<'s>],
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'v> {
    Id(Uuid),
    Number(i64),
    Text(&'v str),
}

impl Reader {
    /// Waits until the view has reached `min_position`.
    pub(crate) async fn wait<V: View>(
        &self,
        shared: &Shared<V>,
        min_position: u64,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let mut status = shared.status();
        let reached = status.wait_for(|status| {
            status.position >= min_position || matches!(status.condition, Condition::Stopped { .. })
        });
        // What `wait_for` gives is a read lock. Held over the next one, with a writer between the two, nobody would move again.
        let in_time = tokio::time::timeout_at(deadline.instant(), reached).await.is_ok();
        let now = shared.status().borrow().clone();
        if now.position >= min_position {
            return Ok(());
        }
        match (in_time, now.condition) {
            (true, Condition::Stopped { reason, .. }) => Err(Error::Stopped { view: V::NAME, reason }),
            _ => Err(Error::TooEarly {
                view: V::NAME,
                wanted: min_position,
                reached: now.position,
            }),
        }
    }

    /// Reads rows of one table and the position of the view in one statement, hence one snapshot.
    pub(crate) async fn read<V: View, R: Row>(
        &self,
        shared: &Shared<V>,
        selection: Selection<'_>,
        deadline: Deadline,
    ) -> Result<Found<R>, Error> {
        let inner = |names: &TableNames| {
            format!(
                "SELECT {} FROM {} WHERE {}",
                R::TABLE.column_list(""),
                names.of(&R::TABLE),
                selection.tail
            )
        };
        self.read_as(shared, &inner, selection.values, deadline, |row| R::read(row, 1))
            .await
    }

    /// Reads the one row whose `column` is this id; `kind` says in a refusal what there is none of.
    pub(crate) async fn one<V: View, R: Row>(
        &self,
        shared: &Shared<V>,
        kind: &'static str,
        column: &str,
        id: Uuid,
        deadline: Deadline,
    ) -> Result<(R, u64), Error> {
        let selection = Selection {
            tail: &format!("{column} = $3"),
            values: &[Value::Id(id)],
        };
        self.read(shared, selection, deadline).await?.only(kind, id)
    }

    /// Reads what `inner` selects, of which the first column is never null. `decode` finds it from column 1 on.
    pub(crate) async fn read_as<V: View, R>(
        &self,
        shared: &Shared<V>,
        inner: &(dyn Fn(&TableNames) -> String + Sync),
        values: &[Value<'_>],
        deadline: Deadline,
        decode: impl Fn(&PgRow) -> sqlx::Result<R> + Sync,
    ) -> Result<Found<R>, Error> {
        let reading = self.read_live(shared, inner, values);
        let rows = match tokio::time::timeout_at(deadline.instant(), reading).await {
            Ok(rows) => rows?,
            Err(_) => return Err(Error::Unavailable("the database did not answer in time".to_owned())),
        };
        found(&rows, decode).map_err(Error::database)
    }

    async fn read_live<V: View>(
        &self,
        shared: &Shared<V>,
        inner: &(dyn Fn(&TableNames) -> String + Sync),
        values: &[Value<'_>],
    ) -> Result<Vec<PgRow>, Error> {
        let mut last_error = None;
        for _ in 0..TRIES_MAX {
            let Some(names) = shared.names() else {
                return Err(Error::Unavailable(format!("the view {} is starting", V::NAME)));
            };
            match self.read_once(&names, &inner(&names), values).await {
                Ok(rows) if !rows.is_empty() => return Ok(rows),
                Ok(_) => self.look_up(shared).await?,
                Err(error) if is_missing_table(&error) => self.look_up(shared).await?,
                Err(error @ (sqlx::Error::Io(_) | sqlx::Error::Protocol(_))) => last_error = Some(error),
                Err(error) => return Err(Error::database(error)),
            }
        }
        let reason = last_error.map_or_else(|| "it is being rebuilt".to_owned(), |error| error.to_string());
        Err(Error::Unavailable(format!(
            "the view {} cannot be read: {reason}",
            V::NAME
        )))
    }

    /// At least one row, of nulls if nothing matches; none if the generation is no longer live.
    async fn read_once(&self, names: &TableNames, inner: &str, values: &[Value<'_>]) -> sqlx::Result<Vec<PgRow>> {
        let sql = format!(
            "SELECT g.position, t.* FROM views.generations g LEFT JOIN LATERAL ({inner}) t ON true
             WHERE g.view = $1 AND g.generation = $2 AND g.status = 'live'"
        );
        let arguments = arguments(names, values).map_err(sqlx::Error::Encode)?;
        sqlx::query_with(&sql, arguments).fetch_all(&self.pool).await
    }

    /// A rebuild has switched, and the projector has not noticed yet.
    async fn look_up<V: View>(&self, shared: &Shared<V>) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await.map_err(Error::database)?;
        let live = registry::live(&mut connection, V::NAME)
            .await
            .map_err(Error::database)?;
        if let Some(live) = live {
            shared.switched(live.generation);
        }
        Ok(())
    }
}

fn found<R>(rows: &[PgRow], decode: impl Fn(&PgRow) -> sqlx::Result<R>) -> sqlx::Result<Found<R>> {
    let position = rows.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0))? as u64;
    let matched = rows
        .iter()
        .filter(|row| row.try_get_raw(1).is_ok_and(|value| !value.is_null()));
    Ok(Found {
        rows: matched.map(decode).collect::<Result<_, _>>()?,
        position,
    })
}

fn arguments(names: &TableNames, values: &[Value<'_>]) -> Result<PgArguments, sqlx::error::BoxDynError> {
    let mut arguments = PgArguments::default();
    arguments.add(names.view)?;
    arguments.add(names.generation)?;
    for value in values {
        match value {
            Value::Id(id) => arguments.add(*id)?,
            Value::Number(number) => arguments.add(*number)?,
            Value::Text(text) => arguments.add(*text)?,
        }
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use sqlx::postgres::PgPoolOptions;

    use super::*;

    /// Generous: reached only by a test that fails.
    const PATIENCE: Duration = Duration::from_secs(60);
    const POSITIONS: u64 = 100_000;
    const READERS: usize = 3;

    fn reader(board: Arc<Shared<Board>>) -> Reader {
        Reader {
            pool: PgPoolOptions::new()
                .connect_lazy("postgres://nobody@127.0.0.1:1/none")
                .unwrap(),
            board,
            bills: Shared::new(),
            wallets: Shared::new(),
            complaints: Shared::new(),
            devices: Shared::new(),
            directory: Shared::new(),
            indicators: Shared::new(),
            loyalty: Shared::new(),
            members: Shared::new(),
            notices: Shared::new(),
            payments: Shared::new(),
            trial_balance: Shared::new(),
            splits: Shared::new(),
            timelines: Shared::new(),
            reconciliations: Shared::new(),
            watchers: Arc::new(Semaphore::new(1)),
            stopping: CancellationToken::new(),
        }
    }

    /// Whoever waits holds what `wait_for` gives as a lock: held over the next look at the same status, with the projector waiting to write
    /// between the two, all three would stand still for good.
    #[test]
    fn queries_that_wait_and_a_view_that_moves_never_block_each_other() {
        let (ended, end) = mpsc::channel();
        // On threads of its own, so that a standstill fails the test and does not hang it.
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let board = Shared::<Board>::new();
                let reader = Arc::new(reader(Arc::clone(&board)));
                let readers: Vec<_> = (0..READERS)
                    .map(|_| {
                        let reader = Arc::clone(&reader);
                        tokio::spawn(async move {
                            for position in 1..=POSITIONS {
                                let deadline = Deadline::within(PATIENCE);
                                reader.wait(&reader.board, position, deadline).await.unwrap();
                            }
                        })
                    })
                    .collect();
                let writer = thread::spawn(move || {
                    for position in 1..=POSITIONS {
                        board.located(1, position);
                    }
                });
                for reader in readers {
                    reader.await.unwrap();
                }
                writer.join().unwrap();
            });
            ended.send(()).unwrap();
        });
        end.recv_timeout(PATIENCE).expect("nobody moves any more");
    }
}
