//! `baize report`: has a report sent by mail once more.

use anyhow::Context as _;
use baize_projections::reports::{Kind, Scope, ask};
use clap::ValueEnum;
use jiff::civil::Date;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::infrastructure::Infrastructure;
use crate::settings::Settings;

/// Arguments of `baize report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Of a day, a week or a month
    #[arg(value_enum)]
    kind: Named,
    /// Any day of it, a business day as 2026-11-22
    date: Date,
    #[command(flatten)]
    of: Of,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Of {
    /// Of that hall
    #[arg(long, value_name = "ID")]
    hall: Option<Uuid>,
    /// Of all halls of that chain
    #[arg(long, value_name = "ID")]
    chain: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Named {
    Daily,
    Weekly,
    Monthly,
}

impl Args {
    /// Writes down that it is wanted, and says what will be sent.
    ///
    /// # Errors
    /// The database is away, or was not migrated.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let infrastructure = Infrastructure::database_only(settings, false).await?;
        let asked = self.ask(&infrastructure.database_url).await;
        infrastructure.stop().await;
        println!("{}", asked?);
        Ok(())
    }

    async fn ask(&self, database_url: &str) -> anyhow::Result<String> {
        let kind = match self.kind {
            Named::Daily => Kind::Daily,
            Named::Weekly => Kind::Weekly,
            Named::Monthly => Kind::Monthly,
        };
        let scope = match (self.of.hall, self.of.chain) {
            (Some(hall), _) => Scope::Hall(hall),
            (None, chain) => Scope::Chain(chain.context("--hall or --chain")?),
        };
        let mut connection = PgConnection::connect(database_url)
            .await
            .context("connecting to the database")?;
        let asked = ask(&mut connection, scope, kind.period_of(self.date)).await;
        let asked = asked.context("the ledger of reports (`baize migrate` makes it)")?;
        connection.close().await?;
        Ok(format!(
            "the {} report {} of {scope} is sent within two minutes as number {} to whoever gets reports of it; how it went stands in report_ledger",
            kind.code(),
            asked.period,
            asked.revision
        ))
    }
}
