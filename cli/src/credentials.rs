//! What a subcommand that calls a running service shows: a token from a file, else one signed with the keys.

use std::path::PathBuf;

use anyhow::Context as _;
use baize_proto::access::{Badge, KeyFolder, Keys};

use crate::settings::Settings;

/// Where the token comes from.
#[derive(Debug, clap::Args)]
pub struct Credentials {
    /// File that holds the token of somebody who may do this [default: a token signed with keys_dir]
    #[arg(long, env = "BAIZE_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Credentials {
    /// What the calls show.
    ///
    /// # Errors
    /// There is neither a file nor a key.
    pub fn badge(&self, settings: &Settings) -> anyhow::Result<Badge> {
        if let Some(file) = &self.token_file {
            return Ok(Badge::file(file.clone()));
        }
        let ring = KeyFolder::at(settings.keys_dir()).read();
        let ring =
            ring.context("there is no token: name a file that holds one (--token-file), or the keys to sign one with")?;
        Ok(Badge::of_the_house(&Keys::new(ring)))
    }
}
