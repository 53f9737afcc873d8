//! What was sent, in the table `report_ledger`.

use baize_domain::ids::derived;
use jiff::civil::Date;
use sqlx::{PgExecutor, PgPool};

use super::{Kind, Period, Scope};

/// One sending of one report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) scope: Scope,
    pub(super) period: Period,
    /// Counted from 1.
    pub(super) revision: i32,
}

/// A report that was asked for once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Its period.
    pub period: Period,
    /// Its number: 1 if it was never sent.
    pub revision: i32,
}

/// Has a report sent once more; the projections service does so within a minute or two.
///
/// # Errors
/// The database is away.
pub async fn ask(database: impl PgExecutor<'_>, scope: Scope, period: Period) -> sqlx::Result<Asked> {
    let revision = sqlx::query_scalar(
        "INSERT INTO report_ledger (kind, scope, first_day, revision, state)
         SELECT $1, $2, $3::date, coalesce(max(revision), 0) + 1, 'asked' FROM report_ledger WHERE kind = $1 AND scope = $2 AND first_day = $3::date
         RETURNING revision",
    )
    .bind(period.kind.code())
    .bind(scope.to_string())
    .bind(period.first.to_string())
    .fetch_one(database)
    .await?;
    Ok(Asked { period, revision })
}

impl Key {
    /// The same for the same sending, whoever makes it: `name@` is to be followed by a domain.
    pub(super) fn message_id(&self) -> String {
        let (kind, scope, first) = (
            self.period.kind.code(),
            self.scope.to_string(),
            self.period.first.to_string(),
        );
        derived(&["report", kind, &scope, &first, &self.revision.to_string()]).to_string()
    }
}

/// The first day of the newest period that has a row, up to a period; what was asked for beyond does not count.
pub(super) async fn last(pool: &PgPool, scope: Scope, up_to: Period) -> sqlx::Result<Option<Date>> {
    let first: Option<String> = sqlx::query_scalar(
        "SELECT max(first_day)::text FROM report_ledger WHERE kind = $1 AND scope = $2 AND first_day <= $3::date",
    )
    .bind(up_to.kind.code())
    .bind(scope.to_string())
    .bind(up_to.first.to_string())
    .fetch_one(pool)
    .await?;
    Ok(first.and_then(|first| first.parse().ok()))
}

/// Reports that were asked for and not sent yet.
pub(super) async fn asked(pool: &PgPool) -> sqlx::Result<Vec<Key>> {
    let rows: Vec<(String, String, String, i32)> = sqlx::query_as(
        "SELECT kind, scope, first_day::text, revision FROM report_ledger WHERE state = 'asked' ORDER BY first_day, kind, scope LIMIT 1000",
    )
    .fetch_all(pool)
    .await?;
    let read = |(kind, scope, first, revision): (String, String, String, i32)| {
        let kind = Kind::ALL.into_iter().find(|known| known.code() == kind)?;
        Some(Key {
            scope: scope.parse().ok()?,
            period: kind.period_of(first.parse().ok()?),
            revision,
        })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Makes a report's first sending ours; false if it has a row already.
pub(super) async fn claim(pool: &PgPool, key: Key) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO report_ledger (kind, scope, first_day, revision, state) VALUES ($1, $2, $3::date, $4, 'sending') ON CONFLICT DO NOTHING",
    );
    changed(done, key, pool).await
}

/// Makes a sending that was asked for ours; false if somebody else has it.
pub(super) async fn take(pool: &PgPool, key: Key) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE report_ledger SET state = 'sending', changed_at = now()
         WHERE kind = $1 AND scope = $2 AND first_day = $3::date AND revision = $4 AND state = 'asked'",
    );
    changed(done, key, pool).await
}

/// The mail of a report that was made already.
pub(super) async fn kept(pool: &PgPool, key: Key) -> sqlx::Result<Option<Vec<u8>>> {
    let mail: Option<Option<Vec<u8>>> = sqlx::query_scalar(
        "SELECT mail FROM report_ledger WHERE kind = $1 AND scope = $2 AND first_day = $3::date AND revision = $4",
    )
    .bind(key.period.kind.code())
    .bind(key.scope.to_string())
    .bind(key.period.first.to_string())
    .bind(key.revision)
    .fetch_optional(pool)
    .await?;
    Ok(mail.flatten())
}

/// Keeps the mail of a report, which reflects the log up to `position`.
pub(super) async fn keep(pool: &PgPool, key: Key, position: u64, mail: &[u8]) -> sqlx::Result<()> {
    let done = sqlx::query(
        "UPDATE report_ledger SET message_id = $5, position = $6, mail = $7
         WHERE kind = $1 AND scope = $2 AND first_day = $3::date AND revision = $4",
    );
    of(done, key)
        .bind(key.message_id())
        .bind(i64::try_from(position).unwrap_or(i64::MAX))
        .bind(mail)
        .execute(pool)
        .await?;
    Ok(())
}

/// The mail server took it.
pub(super) async fn sent(pool: &PgPool, key: Key) -> sqlx::Result<()> {
    let done = sqlx::query(
        "UPDATE report_ledger SET state = 'sent', problem = NULL, changed_at = now()
         WHERE kind = $1 AND scope = $2 AND first_day = $3::date AND revision = $4",
    );
    of(done, key).execute(pool).await?;
    Ok(())
}

/// It was certainly not sent, and is to be tried again.
pub(super) async fn put_back(pool: &PgPool, key: Key, problem: &str) -> sqlx::Result<()> {
    let done = sqlx::query(
        "UPDATE report_ledger SET state = 'asked', problem = $5, changed_at = now()
         WHERE kind = $1 AND scope = $2 AND first_day = $3::date AND revision = $4",
    );
    of(done, key).bind(problem).execute(pool).await?;
    Ok(())
}

/// Nobody knows whether the mail server took it. It is not tried again by itself.
pub(super) async fn unclear(pool: &PgPool, key: Key, problem: &str) -> sqlx::Result<()> {
    let done = sqlx::query(
        "UPDATE report_ledger SET state = 'unclear', problem = $5, changed_at = now()
         WHERE kind = $1 AND scope = $2 AND first_day = $3::date AND revision = $4",
    );
    of(done, key).bind(problem).execute(pool).await?;
    Ok(())
}

/// Whoever was sending died. How many such there are.
pub(super) async fn give_up_on_the_dead(pool: &PgPool) -> sqlx::Result<u64> {
    let done = sqlx::query("UPDATE report_ledger SET state = 'unclear', changed_at = now() WHERE state = 'sending'");
    Ok(done.execute(pool).await?.rows_affected())
}

type Statement<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn of(statement: Statement<'_>, key: Key) -> Statement<'_> {
    statement
        .bind(key.period.kind.code())
        .bind(key.scope.to_string())
        .bind(key.period.first.to_string())
        .bind(key.revision)
}

async fn changed(statement: Statement<'_>, key: Key, pool: &PgPool) -> sqlx::Result<bool> {
    Ok(of(statement, key).execute(pool).await?.rows_affected() == 1)
}
