//! Sends mail through a mail server.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Tokio1Executor};

/// How long one mail may take.
const SEND_MAX: Duration = Duration::from_secs(30);

/// Through which server mail goes.
#[derive(Clone)]
pub struct MailOptions {
    /// `smtps://user:password@host`, `smtp://…?tls=required` for STARTTLS, or `smtp://host:port` for a server on the same machine.
    pub smtp_url: String,
    /// Who it is from, such as `Baize <reports@example.com>`.
    pub from: String,
}

impl fmt::Debug for MailOptions {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailOptions")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Sends mail.
#[derive(Debug, Clone)]
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl MailOptions {
    /// Whether they can be used at all; the server is not asked.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> anyhow::Result<()> {
        Mailer::new(self).map(drop)
    }
}

impl Mailer {
    /// # Errors
    /// The address of the server or of the sender cannot be read.
    pub(crate) fn new(options: &MailOptions) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&options.smtp_url).context("smtp_url")?;
        Ok(Self {
            transport: transport.timeout(Some(SEND_MAX)).build(),
            from: options
                .from
                .parse()
                .with_context(|| format!("mail_from {:?}", options.from))?,
        })
    }

    pub(crate) const fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Hands a mail, headers and body, over to the server.
    ///
    /// # Errors
    /// [`SendError`]
    pub(crate) async fn send(&self, to: &[Mailbox], mail: &[u8]) -> Result<(), SendError> {
        let to = to.iter().map(|mailbox| mailbox.email.clone()).collect();
        let envelope = Envelope::new(Some(self.from.email.clone()), to);
        let envelope = envelope.map_err(|error| SendError::Refused(told(&error)))?;
        // Whatever goes wrong before anything was handed over is certain.
        match self.transport.test_connection().await {
            Ok(true) => {}
            Ok(false) => return Err(SendError::Refused("the mail server takes nothing now".to_owned())),
            Err(error) => return Err(SendError::Refused(told(&error))),
        }
        self.transport
            .send_raw(&envelope, mail)
            .await
            .map(drop)
            .map_err(
                |error| match error.is_transient() || error.is_permanent() || error.is_client() {
                    true => SendError::Refused(told(&error)),
                    false => SendError::Unclear(told(&error)),
                },
            )
    }
}

/// Why a mail was not sent.
#[derive(Debug)]
pub(crate) enum SendError {
    /// The server does not have it.
    Refused(String),
    /// Nobody knows whether it has it.
    Unclear(String),
}

/// With what is behind it.
fn told(error: &dyn std::error::Error) -> String {
    let behind = std::iter::successors(error.source(), |error| error.source());
    behind.fold(error.to_string(), |told, error| format!("{told}: {error}"))
}
