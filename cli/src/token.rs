//! `baize token`: a token for an operator, a device bridge, or anybody who cannot log in.

use std::time::Duration;

use baize_domain::ids::HallId;
use baize_proto::access::{Claims, KeyFolder, Role, Signer};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::settings::Settings;

/// What the subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// customer, staff, owner, auditor, device or operator
    #[arg(long, value_name = "ROLE")]
    role: Role,
    /// Who it is for, as a UUID: it stands in the record of everything they do [default: a new one]
    #[arg(long, value_name = "UUID")]
    subject: Option<Uuid>,
    /// The chain that the role is held in
    #[arg(long, value_name = "UUID")]
    chain: Option<Uuid>,
    /// A hall that the role is held in; repeat it for several
    #[arg(long, value_name = "UUID")]
    hall: Vec<HallId>,
    /// How long it is good, such as 10m or 8h [default: the longest for the role]
    #[arg(long, value_name = "DURATION")]
    ttl: Option<SignedDuration>,
    /// Print a link that opens the console with the token, instead of the token alone
    #[arg(long)]
    console: bool,
}

impl Args {
    /// Prints the token or the link, and nothing else.
    ///
    /// # Errors
    /// There is no key to sign with, or the claims are more than a token may say.
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let lifetime = match self.ttl {
            Some(ttl) => Duration::try_from(ttl)?,
            None => self.role.lifetime_max(),
        };
        let subject = self.subject.unwrap_or_else(Uuid::now_v7);
        let halls = self.hall.into_iter().map(|hall_id| hall_id.0);
        let mut claims = Claims::new(subject, self.role, Timestamp::now(), lifetime).in_halls(halls);
        claims.chain = self.chain;
        let signer = Signer::new(KeyFolder::at(settings.keys_dir()).read()?);
        let token = signer.issue(&claims)?;
        match self.console {
            true => println!("{}", console_link(&format!("http://{}", settings.web_listen()), &token)),
            false => println!("{token}"),
        }
        Ok(())
    }
}

/// A link that opens the console. The token stands behind the `#`, which browsers send to nobody.
pub fn console_link(web: &str, token: &str) -> String {
    format!("{web}/console/enter#token={token}")
}
