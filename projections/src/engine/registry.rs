//! The registry of generations: which tables of a view are live, and up to where each generation is folded.

use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

use super::view::View;
use crate::bi;
use crate::store::{TableDef, TableNames};

/// What a generation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GenerationStatus {
    /// A rebuild fills it.
    Building,
    /// Queries read it.
    Live,
}

impl GenerationStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Live => "live",
        }
    }
}

/// The live generation of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) generation: i32,
    pub(crate) shape: i32,
    pub(crate) position: u64,
}

/// The live generation, if there is any.
pub(crate) async fn live(connection: &mut PgConnection, view: &str) -> sqlx::Result<Option<Live>> {
    read_live(connection, view, "").await
}

/// The live generation, whose checkpoint cannot move until the transaction ends.
pub(crate) async fn lock_live(connection: &mut PgConnection, view: &str) -> sqlx::Result<Option<Live>> {
    read_live(connection, view, " FOR UPDATE").await
}

async fn read_live(connection: &mut PgConnection, view: &str, lock: &str) -> sqlx::Result<Option<Live>> {
    let sql =
        format!("SELECT generation, shape, position FROM views.generations WHERE view = $1 AND status = 'live'{lock}");
    let Some(row) = sqlx::query(&sql).bind(view).fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    Ok(Some(Live {
        generation: row.try_get(0)?,
        shape: row.try_get(1)?,
        position: row.try_get::<i64, _>(2)? as u64,
    }))
}

/// Moves a checkpoint; false if the generation is not what or where the caller believes.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    names: &TableNames,
    status: GenerationStatus,
    from: u64,
    to: u64,
) -> sqlx::Result<bool> {
    let moved = sqlx::query(
        "UPDATE views.generations SET position = $5, moved_at = now()
         WHERE view = $1 AND generation = $2 AND status = $3 AND position = $4",
    )
    .bind(names.view)
    .bind(names.generation)
    .bind(status.as_str())
    .bind(from as i64)
    .bind(to as i64)
    .execute(&mut *connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Makes the tables of a new generation, which starts before the first event. `None` if somebody else was faster: there
/// is one live generation of a view at most.
pub(crate) async fn create<V: View>(
    connection: &mut PgConnection,
    status: GenerationStatus,
) -> sqlx::Result<Option<TableNames>> {
    let mut transaction = connection.begin().await?;
    let generation: Option<i32> = sqlx::query_scalar(
        "INSERT INTO views.generations (view, generation, shape, status)
         SELECT $1, coalesce(max(generation), 0) + 1, $2, $3 FROM views.generations WHERE view = $1
         ON CONFLICT DO NOTHING RETURNING generation",
    )
    .bind(V::NAME)
    .bind(V::SHAPE)
    .bind(status.as_str())
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(generation) = generation else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let names = TableNames {
        view: V::NAME,
        generation,
    };
    for table in V::TABLES {
        transaction.execute(sqlx::raw_sql(&names.creation(table))).await?;
    }
    if status == GenerationStatus::Live {
        bi::point(&mut transaction, V::NAME).await?;
    }
    transaction.commit().await?;
    Ok(Some(names))
}

/// Makes the building generation live and retires the one that was.
pub(crate) async fn switch(connection: &mut PgConnection, names: &TableNames) -> sqlx::Result<()> {
    sqlx::query("UPDATE views.generations SET status = 'retired' WHERE view = $1 AND status = 'live'")
        .bind(names.view)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE views.generations SET status = 'live' WHERE view = $1 AND generation = $2 AND status = 'building'",
    )
    .bind(names.view)
    .bind(names.generation)
    .execute(&mut *connection)
    .await?;
    bi::point(connection, names.view).await
}

/// The generations of a view that nobody reads: retired, or left behind by a rebuild that was killed.
pub(crate) async fn leftovers(connection: &mut PgConnection, view: &str) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "SELECT generation FROM views.generations WHERE view = $1 AND status <> 'live' ORDER BY generation",
    )
    .bind(view)
    .fetch_all(&mut *connection)
    .await
}

/// Drops a generation's tables, whatever tables it has: an older release may have had others. Waits for a short time
/// only for queries that still read them.
pub(crate) async fn discard(connection: &mut PgConnection, names: &TableNames) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '2s'")
        .execute(&mut *transaction)
        .await?;
    for table in tables(&mut transaction, names).await? {
        // Names come from the catalogue and match the pattern of our own.
        transaction
            .execute(sqlx::raw_sql(&format!("DROP TABLE views.\"{table}\"")))
            .await?;
    }
    sqlx::query("DELETE FROM views.generations WHERE view = $1 AND generation = $2 AND status <> 'live'")
        .bind(names.view)
        .bind(names.generation)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

async fn tables(connection: &mut PgConnection, names: &TableNames) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'views' AND tablename ~ ('^' || $1 || '_[a-z_]+_g' || $2 || '$')",
    )
    .bind(names.view)
    .bind(names.generation.to_string())
    .fetch_all(&mut *connection)
    .await
}

/// The columns that a generation's table has now, in order; empty if there is no such table.
pub(crate) async fn columns(
    connection: &mut PgConnection,
    names: &TableNames,
    table: &TableDef,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT attname::text FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
    .bind(names.of(table))
    .fetch_all(&mut *connection)
    .await
}
