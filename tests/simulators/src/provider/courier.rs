//! Brings notifications to the merchant, again and again until one is taken.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use baize_eventlog::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::book::{Order, Refund};

/// How a provider writes its notifications.
pub trait Letters: Send + Sync + 'static {
    /// One delivery, signed anew.
    fn write(&self, told: &Told, now: Timestamp, flaw: Option<Flaw>) -> Letter;
    /// Whether an answer says that it was taken.
    fn taken(&self, status: u16, body: &[u8]) -> bool;
    /// The pauses between deliveries.
    fn pauses(&self) -> &'static [u32];
}

/// What is told, as it stood when it happened.
#[derive(Clone, Debug)]
pub enum Told {
    /// An order was paid.
    Paid(Order),
    /// A refund came to an end.
    Refund(Order, Refund),
}

/// What is wrong with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its signature.
    Signature,
    /// Its amount: one fen too much.
    Amount,
    /// Its merchant.
    Merchant,
}

/// A delivery.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Header names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Told {
    pub(super) fn order_no(&self) -> &str {
        match self {
            Self::Paid(order) | Self::Refund(order, _) => &order.made.order_no,
        }
    }

    fn url(&self) -> &str {
        match self {
            Self::Paid(order) => &order.made.notify_url,
            Self::Refund(_, refund) => &refund.asked.notify_url,
        }
    }
}

/// Deliveries under way; dropping it ends them.
pub(super) struct Courier {
    carrier: Arc<Carrier>,
    under_way: Mutex<JoinSet<()>>,
}

/// One notification's way.
pub(super) struct Way {
    pub(super) told: Told,
    pub(super) delay: Duration,
    pub(super) flaw: Option<Flaw>,
    pub(super) skew: SignedDuration,
}

struct Carrier {
    letters: Arc<dyn Letters>,
    http: reqwest::Client,
    clock: Clock,
    deliveries: watch::Sender<u64>,
}

impl Courier {
    pub(super) fn new(letters: Arc<dyn Letters>, clock: Clock, delivery_max: Duration) -> anyhow::Result<Self> {
        let http = http(delivery_max)?;
        let deliveries = watch::Sender::new(0);
        let carrier = Arc::new(Carrier {
            letters,
            http,
            clock,
            deliveries,
        });
        Ok(Self {
            carrier,
            under_way: Mutex::default(),
        })
    }

    /// Sends it on its way.
    pub(super) fn send(&self, way: Way) {
        let carrier = Arc::clone(&self.carrier);
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        while under_way.try_join_next().is_some() {}
        under_way.spawn(async move { carrier.carry(way).await });
    }

    /// Brings it, once, before anything else is done.
    pub(super) async fn bring(&self, way: &Way) -> bool {
        self.carrier.bring(way, way.flaw).await
    }

    /// Counts deliveries, taken or not.
    pub(super) fn deliveries(&self) -> watch::Receiver<u64> {
        self.carrier.deliveries.subscribe()
    }
}

impl Carrier {
    async fn carry(&self, way: Way) {
        self.clock.sleep(way.delay).await;
        let mut flaw = way.flaw;
        for &seconds in self.letters.pauses() {
            if self.bring(&way, flaw.take()).await {
                return;
            }
            self.clock.sleep(Duration::from_secs(seconds.into())).await;
        }
        self.bring(&way, None).await;
    }

    async fn bring(&self, way: &Way, flaw: Option<Flaw>) -> bool {
        let Letter { headers, body } = self.letters.write(&way.told, self.clock.now() + way.skew, flaw);
        let mut request = self.http.post(way.told.url()).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let taken = match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let body = answer.bytes().await.unwrap_or_default();
                self.letters.taken(status, &body)
            }
            Err(error) => {
                tracing::debug!(%error, "a notification was not delivered");
                false
            }
        };
        self.deliveries.send_modify(|count| *count += 1);
        taken
    }
}

/// Simulated providers and their merchants are on one machine: nothing is reached over TLS.
///
/// # Errors
/// There is no client.
pub fn http(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .timeout(timeout);
    Ok(client.build()?)
}
