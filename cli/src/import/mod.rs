//! `baize import`: data from files into a running system, through the same door as everything else.

pub mod calendar;
pub mod hall;

use crate::Configured;

/// Arguments of `baize import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Publish a year of a calendar of holidays from a TOML file.
    ///
    /// The file is described in docs/import-calendar.md. All that is wrong with it is told at once, by line, and then nothing
    /// is published. Publishing what is in force already changes nothing.
    Calendar(Configured<calendar::Args>),
    /// Set up a chain, a hall, its tariffs, devices and tables from one TOML file.
    ///
    /// The file is described in docs/import.md. All that is wrong with it is told at once, by line, and then nothing is
    /// imported. The same file again changes nothing. Ends with 1 if it was not imported whole.
    Hall(Configured<hall::Args>),
}

impl Args {
    /// Imports. False if the file is not as it should be.
    ///
    /// # Errors
    /// The file cannot be read, or the command service does not accept it.
    pub async fn run(self) -> anyhow::Result<bool> {
        match self.what {
            What::Calendar(configured) => {
                let (args, settings) = configured.load("warn")?;
                args.run(&settings).await
            }
            What::Hall(configured) => {
                let (args, settings) = configured.load("warn")?;
                args.run(&settings).await
            }
        }
    }
}
