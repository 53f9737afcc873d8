//! `baize verify`: does everything still hold? The log, what follows from it, its seals, the published copy, and the views.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::Context as _;
use baize_eventlog::{EventLog, LogOptions};
use baize_projections::{Database, Phase, Progress};
use jiff::{SignedDuration, Timestamp};

use crate::checks::{self, Book, Check};
use crate::infrastructure::Infrastructure;
use crate::progress::Shown;
use crate::rebuild::{named, views};
use crate::seal;
use crate::settings::Settings;

/// What happened in a session later than this may still have consequences to come.
const UNDER_WAY: SignedDuration = SignedDuration::from_mins(2);

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this view
    #[arg(value_parser = views())]
    view: Option<String>,
    /// One JSON object a check instead of a table
    #[arg(long)]
    json: bool,
    /// Tree heads that were kept elsewhere: files, or directories with files that end with .head; may be given several times
    #[arg(long, value_name = "PATH", conflicts_with = "view")]
    heads: Vec<PathBuf>,
    /// Write what was found to this file too, as it is to be filed
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Args {
    /// Checks; false if one fails.
    ///
    /// # Errors
    /// The database is away.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<bool> {
        let infrastructure = Infrastructure::database_only(settings, false).await?;
        let checked = self.check(&infrastructure.database_url, settings).await;
        infrastructure.stop().await;
        let checks = checked?;
        if self.json {
            for check in &checks {
                println!("{}", serde_json::to_string(check)?);
            }
        } else {
            println!("{}", checks::render(&checks, std::io::stdout().is_terminal()));
        }
        if let Some(report) = &self.report {
            let text = format!(
                "baize verify, {}\n\n{}\n",
                Timestamp::now(),
                checks::render(&checks, false)
            );
            std::fs::write(report, text).with_context(|| report.display().to_string())?;
        }
        Ok(checks.iter().all(Check::ok))
    }

    async fn check(&self, database_url: &str, settings: &Settings) -> anyhow::Result<Vec<Check>> {
        let mut checks = Vec::new();
        if self.view.is_none() {
            let log = EventLog::connect(LogOptions::new(database_url.parse()?).role(baize_schema::APP_ROLE)).await?;
            checks.extend(checks::of_the_log(
                &Book::read(&log, Timestamp::now() - UNDER_WAY).await?,
            ));
            let attached = || crate::attached::to(&settings.data_dir())?.nats_url;
            if let Some(nats_url) = settings.nats_url.clone().or_else(attached) {
                checks.push(checks::stream::equals_log(&log, &nats_url).await?);
            }
            let mut shown = Shown::bar_only("seals");
            let key = seal::path(settings);
            let compared = |done, total| {
                shown.show(Progress {
                    phase: Phase::Loading,
                    done,
                    total,
                });
            };
            checks.push(checks::seals::fit(&log, &key, &self.heads, compared).await?);
            shown.finish();
            log.close().await;
        }
        let database = Database::new(database_url)?;
        for view in named(self.view.as_deref().unwrap_or("all")) {
            let mut shown = Shown::bar_only(view);
            checks.push(checks::views::equals_log(&database, view, |progress| shown.show(progress)).await?);
            shown.finish();
        }
        Ok(checks)
    }
}
