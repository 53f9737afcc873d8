//! `baize keys`: the keys that sign and vouch for tokens, and their rotation; and those that wrap the keys of people.

use anyhow::Context as _;
use baize_command_api::{PersonalKeys, Rewrapped, rewrap_keys};
use baize_eventlog::{EventLog, LogOptions};
use baize_proto::access::{KeyFolder, KeyState};
use comfy_table::Table;
use jiff::Timestamp;
use serde_json::json;

use crate::infrastructure::Infrastructure;
use crate::serve::people;
use crate::settings::Settings;

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do
    #[arg(value_enum)]
    step: Step,
    /// The key it is done with: needed by `drop` and `public`; `rotate` makes a new one if none is named
    key: Option<String>,
    /// Drop a key although tokens of it may still be good: they are refused from then on
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Step {
    /// Make the directory with a first key that signs; does nothing if it has one
    Generate,
    /// List the keys: which one signs, which have retired and when they can be dropped
    List,
    /// Add a key that is trusted and does not sign yet
    Add,
    /// Sign with a key from now on; the old one goes on being trusted. With several services `add` first, and rotate when all have it
    Rotate,
    /// Trust a retired key no more
    Drop,
    /// Print the public half of a key as PEM, for a service that only verifies
    Public,
    /// Wrap the keys of all people by the first `wrap` line of personal_keys, when every command service has that file. Prints how far it is, one
    /// JSON object a line; broken off, it goes on when it is repeated. Then the older lines can go
    Rewrap,
}

impl Args {
    /// Does it.
    ///
    /// # Errors
    /// The directory cannot be read or written, or the step would be a mistake.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let folder = KeyFolder::at(settings.keys_dir());
        let now = Timestamp::now();
        match self.step {
            Step::Generate => folder.ensure(now)?,
            Step::List => {}
            Step::Rewrap => return rewrap(settings).await,
            Step::Add => {
                println!("{}", folder.add()?);
                return Ok(());
            }
            Step::Rotate => {
                let key = self.key.map_or_else(|| folder.add(), Ok)?;
                folder.sign_with(&key, now)?;
            }
            Step::Drop => folder.drop_key(&self.named()?, now, self.force)?,
            Step::Public => {
                let (ring, named) = (folder.read()?, self.named()?);
                let key = ring.keys().find(|key| key.id() == named);
                print!(
                    "{}",
                    key.with_context(|| format!("there is no key {named}"))?.public_pem()
                );
                return Ok(());
            }
        }
        list(&folder)
    }

    fn named(&self) -> anyhow::Result<String> {
        self.key.clone().context("name the key: `baize keys list` shows them")
    }
}

async fn rewrap(settings: &Settings) -> anyhow::Result<()> {
    let path = people::keys_file(settings);
    let keys = people::personal_keys(&path)?;
    let infrastructure = Infrastructure::database_only(settings, false).await?;
    let rewrapped = rewrap_in(&infrastructure.database_url, keys).await;
    infrastructure.stop().await;
    let Rewrapped { unreadable, .. } = rewrapped?;
    anyhow::ensure!(
        unreadable == 0,
        "{unreadable} keys of people were wrapped by a key that {} does not hold: they are as they were, and no line may go",
        path.display()
    );
    Ok(())
}

async fn rewrap_in(database_url: &str, keys: PersonalKeys) -> anyhow::Result<Rewrapped> {
    let log = EventLog::connect(LogOptions::new(database_url.parse()?).role(baize_schema::APP_ROLE)).await?;
    let rewrapped = rewrap_keys(log.pool(), keys, tell).await;
    log.close().await;
    let rewrapped = rewrapped?;
    if rewrapped.people == 0 {
        tell(rewrapped);
    }
    Ok(rewrapped)
}

fn tell(done: Rewrapped) {
    let Rewrapped {
        people,
        seen,
        rewrapped,
        unreadable,
    } = done;
    println!(
        "{}",
        json!({"people": people, "seen": seen, "rewrapped": rewrapped, "unreadable": unreadable})
    );
}

fn list(folder: &KeyFolder) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["key", "private half", "state", "may be dropped at"]);
    for state in folder.list()? {
        let private = if state.private { "here" } else { "elsewhere" };
        let droppable = match state.signs_since {
            Some(_) => state.droppable_at().map_or_else(String::new, |at| at.to_string()),
            None => "any time".to_owned(),
        };
        table.add_row([state.id.clone(), private.to_owned(), told(&state), droppable]);
    }
    println!("{table}");
    Ok(())
}

fn told(state: &KeyState) -> String {
    match (state.signs_since, state.retired_at) {
        (_, Some(at)) => format!("retired {at}"),
        (Some(at), None) => format!("signs since {at}"),
        (None, None) => "trusted, has never signed".to_owned(),
    }
}
