//! `baize migrate`: bring a database to the shape that this program knows.

use anyhow::Context as _;
use sqlx::postgres::PgPoolOptions;

use crate::infrastructure::Infrastructure;
use crate::settings::Settings;

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {}

impl Args {
    /// Migrates.
    ///
    /// # Errors
    /// The database is away, or a migration fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if let Some(url) = &settings.database_url {
            migrate(url).await?;
        } else {
            let infrastructure = Infrastructure::database_only(settings, true).await?;
            let migrated = migrate(&infrastructure.database_url).await;
            infrastructure.stop().await;
            migrated?;
        }
        println!("the database has every migration");
        Ok(())
    }
}

/// Applies what is missing.
///
/// # Errors
/// The database is away, or a migration fails.
pub async fn migrate(database_url: &str) -> anyhow::Result<()> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect(database_url)
        .await
        .context("connecting to the database")?;
    baize_schema::migrate(&pool).await?;
    pool.close().await;
    Ok(())
}
