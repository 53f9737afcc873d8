//! `baize audit heads`: the signed tree heads, for those who keep them.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use baize_eventlog::EventLog;
use baize_eventlog::seal;
use comfy_table::Table;

use super::hex;
use crate::settings::Settings;

/// What is done with them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Copy them into this directory, one file each; those that it has already stay as they are
    #[arg(long, value_name = "DIR")]
    copy_to: Option<PathBuf>,
}

impl Args {
    pub(super) async fn run(&self, settings: &Settings, log: &EventLog) -> anyhow::Result<()> {
        let heads = seal::heads(log.pool()).await?;
        let Some(directory) = &self.copy_to else {
            return list(settings, &heads);
        };
        std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        let mut copied = 0;
        for head in &heads {
            let path = directory.join(format!("{:020}.head", head.size));
            match std::fs::File::create_new(&path) {
                Ok(mut file) => {
                    file.write_all(head.note.as_bytes())?;
                    copied += 1;
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| path.display().to_string()),
            }
        }
        println!(
            "{copied} of {} heads were new and are in {}",
            heads.len(),
            directory.display()
        );
        Ok(())
    }
}

fn list(settings: &Settings, heads: &[seal::StoredHead]) -> anyhow::Result<()> {
    let verifier = crate::seal::verifier(&crate::seal::path(settings))?;
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["events", "signed at", "root", "signature"]);
    for stored in heads {
        match verifier.open(&stored.note) {
            Ok(head) => table.add_row([
                head.size.to_string(),
                head.signed_at.to_string(),
                hex(&head.root),
                "fits".to_owned(),
            ]),
            Err(why) => table.add_row([stored.size.to_string(), String::new(), String::new(), why.to_string()]),
        };
    }
    println!("{table}");
    Ok(())
}
