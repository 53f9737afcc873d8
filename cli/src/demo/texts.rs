//! The provider of text messages, as a process of its own: the demo's guests get their codes through it, and what is critical.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use uuid::Uuid;

use super::simulators::Simulator;
use crate::settings::Settings;

const READY_WITHIN: Duration = Duration::from_secs(15);
const LEAVE_WITHIN: Duration = Duration::from_secs(10);
const SECRET_ID: &str = "demo";
/// The provider's templates: of codes, and of what is critical.
const CODES: &str = "1";
const CRITICAL: &str = "2";

/// What the demo's customers are told by text.
const MESSAGES: &str = r#"
[[message]]
kind = "balance_short"
sms = { template_id = "2", parameters = ["table", "time"] }

[[message]]
kind = "ended_by_fault"
sms = { template_id = "2", parameters = ["table", "amount"] }

[[message]]
kind = "bill_due"
sms = { template_id = "2", parameters = ["table", "amount"] }
"#;

/// A provider with one account.
pub struct TextMessages {
    simulator: Simulator,
    secret_key_file: PathBuf,
    messages_file: PathBuf,
    outbox: PathBuf,
}

impl TextMessages {
    /// Starts it; its files are in `dir`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(program: &Path, dir: &Path) -> anyhow::Result<Self> {
        let (secret_key_file, outbox) = (dir.join("sms-secret-key"), dir.join("phones.jsonl"));
        std::fs::write(&secret_key_file, Uuid::new_v4().to_string())
            .with_context(|| format!("making {}", secret_key_file.display()))?;
        let messages_file = dir.join("messages.toml");
        std::fs::write(&messages_file, MESSAGES).with_context(|| format!("making {}", messages_file.display()))?;
        let args = [
            format!("--secret-id={SECRET_ID}"),
            format!("--secret-key-file={}", secret_key_file.display()),
            format!("--outbox={}", outbox.display()),
        ];
        Ok(Self {
            simulator: Simulator::start("sms", "sms", program, &args, dir)?,
            secret_key_file,
            messages_file,
            outbox,
        })
    }

    /// Waits until it listens, and says so in the settings of the services.
    ///
    /// # Errors
    /// It does not become ready.
    pub async fn settings(&mut self, settings: Settings) -> anyhow::Result<Settings> {
        self.simulator.ready(READY_WITHIN).await?;
        Ok(Settings {
            sms_url: Some(self.simulator.said("listening ")?),
            sms_app_id: Some("1400000000".to_owned()),
            sms_secret_id: Some(SECRET_ID.to_owned()),
            sms_secret_key_file: Some(self.secret_key_file.clone()),
            sms_sign_name: Some("白泽台球".to_owned()),
            sms_template_id: Some(CODES.to_owned()),
            messages_file: Some(self.messages_file.clone()),
            ..settings
        })
    }

    /// Where messages arrive.
    pub fn outbox(&self) -> &Path {
        &self.outbox
    }

    /// Messages that arrived and are no codes.
    ///
    /// # Errors
    /// What arrived cannot be read.
    pub fn critical(&self) -> anyhow::Result<usize> {
        let text = std::fs::read_to_string(&self.outbox).context("reading what phones got")?;
        let arrived = |line: &str| serde_json::from_str::<serde_json::Value>(line);
        let messages: Vec<_> = text.lines().map(arrived).collect::<Result<_, _>>()?;
        Ok(messages
            .iter()
            .filter(|message| message["template_id"] == CRITICAL)
            .count())
    }

    /// Fails if it has ended.
    ///
    /// # Errors
    /// It has ended.
    pub fn check_running(&mut self) -> anyhow::Result<()> {
        self.simulator.check_running()
    }

    /// Ends it.
    ///
    /// # Errors
    /// It failed or had to be killed.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.simulator.stop(LEAVE_WITHIN).await
    }
}
