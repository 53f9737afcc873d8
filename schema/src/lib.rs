//! SQL migrations and the event catalogue.
//!
//! Migrations only go forward: what a running release still needs is removed by a later one. They run as the
//! owner of the database; services work under the role [`APP_ROLE`], which each migration grants exactly what
//! they need.

use sqlx::{PgPool, migrate::Migrator};

/// Every migration, in order.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The group role of all services (`NOLOGIN`; grant it to the login each service uses).
pub const APP_ROLE: &str = "baize_app";

/// The migration could not be completed; what was applied before it stays applied.
#[derive(Debug)]
pub enum Error {
    /// The roles could not be created.
    Roles(sqlx::Error),
    /// A migration failed, or the database holds one that this program does not know.
    Migration(sqlx::migrate::MigrateError),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Roles(error) => write!(f, "creating the database roles: {error}"),
            Self::Migration(error) => write!(f, "migrating the database: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Roles(error) => Some(error),
            Self::Migration(error) => Some(error),
        }
    }
}

/// Creates the roles and applies what is missing. Safe to repeat, and safe to run in several processes and for
/// several databases of one cluster at once.
pub async fn migrate(pool: &PgPool) -> Result<(), Error> {
    sqlx::raw_sql(include_str!("roles.sql"))
        .execute(pool)
        .await
        .map_err(Error::Roles)?;
    MIGRATOR.run(pool).await.map_err(Error::Migration)
}
