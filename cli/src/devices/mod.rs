//! `baize devices`: what is done about the devices of a hall on the broker's side.

pub mod provision;

use crate::Configured;

/// Arguments of `baize devices`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Make credentials, access lists and a certificate for the broker, and try them out.
    ///
    /// Writes what mosquitto and nats-server need, and one file with a password for each device and for the bridge. Passwords that are
    /// there are kept. With --echo it ends with a test over the real broker: bridge and device hear each other, strangers are
    /// refused. Ends with 1 if that fails. docs/runbook/devices-provision.md tells the whole way.
    Provision(Box<Configured<provision::Args>>),
}

impl Args {
    /// Does it. False if a test failed.
    ///
    /// # Errors
    /// A file cannot be read or written, or the devices cannot be found out.
    pub async fn run(self) -> anyhow::Result<bool> {
        match self.step {
            Step::Provision(configured) => {
                let (args, settings) = configured.load("warn")?;
                args.run(&settings).await
            }
        }
    }
}
