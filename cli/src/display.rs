//! `baize display`: links to a hall's wall screen, made and revoked like by any other client.

use anyhow::Context as _;
use baize_domain::ids::{DisplayId, HallId};
use baize_proto::access::Bearing;
use baize_proto::hall::venue::v1::display_service_client::DisplayServiceClient;
use baize_proto::hall::venue::v1::{IssueDisplayLinkRequest, RevokeDisplayLinkRequest};
use tonic::transport::Endpoint;
use uuid::Uuid;

use crate::credentials::Credentials;
use crate::settings::Settings;

/// Arguments of `baize display`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    step: Step,
    #[command(flatten)]
    credentials: Credentials,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Make a link; prints its id, and its path to put behind the address of the pages
    Issue {
        /// The hall whose screen it shows
        #[arg(value_name = "HALL_ID")]
        hall_id: HallId,
        /// Where the screen hangs
        #[arg(long)]
        label: String,
        /// For how many days it is good
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=400))]
        days: u32,
    },
    /// Let a link show nothing any more
    Revoke {
        /// The hall
        #[arg(value_name = "HALL_ID")]
        hall_id: HallId,
        /// The link, as `issue` printed it
        #[arg(value_name = "DISPLAY_ID")]
        display_id: DisplayId,
    },
}

impl Args {
    /// Makes or revokes a link.
    ///
    /// # Errors
    /// The command service is away or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let url = settings.command_url();
        let channel = Endpoint::from_shared(url.clone())?.connect().await;
        let channel = channel.with_context(|| format!("connecting to the command service at {url}"))?;
        let mut displays = DisplayServiceClient::new(Bearing::new(channel, self.credentials.badge(settings)?));
        match self.step {
            Step::Issue { hall_id, label, days } => {
                let link = issue(&mut displays, hall_id, label, days).await?;
                println!("{}\n{}", link.display_id, link.page_path);
            }
            Step::Revoke { hall_id, display_id } => {
                let request = RevokeDisplayLinkRequest {
                    request_id: Uuid::new_v4().to_string(),
                    hall_id: hall_id.to_string(),
                    display_id: display_id.to_string(),
                };
                let revoked = displays.revoke_display_link(request).await;
                revoked.map_err(|status| anyhow::anyhow!("revoking the link: {}", status.message()))?;
            }
        }
        Ok(())
    }
}

/// A link that was made.
pub struct Link {
    /// To revoke it by.
    pub display_id: String,
    /// Path and query of the page.
    pub page_path: String,
}

/// Makes a link.
///
/// # Errors
/// The command service refuses.
pub async fn issue(
    displays: &mut DisplayServiceClient<Bearing>,
    hall_id: HallId,
    label: String,
    days: u32,
) -> anyhow::Result<Link> {
    let request = IssueDisplayLinkRequest {
        request_id: Uuid::new_v4().to_string(),
        hall_id: hall_id.to_string(),
        label,
        days,
    };
    let made = displays.issue_display_link(request).await;
    let made = made.map_err(|status| anyhow::anyhow!("making the link: {}", status.message()))?;
    let made = made.into_inner();
    Ok(Link {
        display_id: made.display_id,
        page_path: made.page_path,
    })
}
