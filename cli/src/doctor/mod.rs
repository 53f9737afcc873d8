//! `baize doctor`: is everything there, reachable and as it should be; and if not, what to do.
//!
//! It changes nothing and starts nothing. Where no servers are named it looks at those of the data directory, which
//! are there only while a `baize` runs on it.

mod database;
mod machine;
mod message_server;
mod messages;
mod payments;
mod reports;

use serde::Serialize;

use crate::attached;
use crate::settings::Settings;

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One JSON object a line instead of text.
    #[arg(long)]
    json: bool,
}

/// What was found in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub subject: &'static str,
    /// What was found.
    pub found: String,
    /// What to do, if something is to be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, but somebody should know.
    Warn,
    /// Does not work.
    Fail,
}

impl Finding {
    fn ok(subject: &'static str, found: impl Into<String>) -> Self {
        Self {
            level: Level::Ok,
            subject,
            found: found.into(),
            advice: String::new(),
        }
    }

    fn warn(subject: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            level: Level::Warn,
            subject,
            found: found.into(),
            advice: advice.into(),
        }
    }

    fn fail(subject: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            level: Level::Fail,
            subject,
            found: found.into(),
            advice: advice.into(),
        }
    }
}

impl Args {
    /// Looks at everything; false if something has failed.
    ///
    /// # Errors
    /// The findings cannot be printed.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<bool> {
        let servers = Servers::of(settings);
        let mut findings = machine::findings(settings, &servers).await;
        match &servers.database_url {
            Some(url) => findings.extend(database::findings(url).await),
            None => findings.push(Finding::ok(
                "database",
                "none is named and no baize runs on the data directory: not looked at",
            )),
        }
        if let Some(url) = &servers.nats_url {
            findings.extend(message_server::findings(url, servers.database_url.as_deref()).await);
        }
        findings.extend(payments::findings(settings));
        findings.extend(messages::findings(settings));
        findings.extend(reports::findings(settings));
        let worst = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
        for finding in &findings {
            self.print(finding)?;
        }
        Ok(worst < Level::Fail)
    }

    fn print(&self, finding: &Finding) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string(finding)?);
            return Ok(());
        }
        let mark = match finding.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        println!("{mark}  {:<18} {}", finding.subject, finding.found);
        if !finding.advice.is_empty() {
            println!("      {:<18} → {}", "", finding.advice);
        }
        Ok(())
    }
}

/// Where the servers are: as named, or those of a running `baize` in the data directory.
struct Servers {
    database_url: Option<String>,
    nats_url: Option<String>,
    mqtt_url: Option<String>,
    /// The process that holds the data directory.
    holder: Option<String>,
}

impl Servers {
    fn of(settings: &Settings) -> Self {
        let running = attached::to(&settings.data_dir());
        let holder = running.as_ref().map(|running| running.holder.clone());
        let running = running.unwrap_or_default();
        Self {
            database_url: settings.database_url.clone().or(running.database_url),
            nats_url: settings.nats_url.clone().or(running.nats_url),
            mqtt_url: settings.mqtt_url.clone().or(running.mqtt_url),
            holder,
        }
    }
}
