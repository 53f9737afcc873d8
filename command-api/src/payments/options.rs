//! What can be set about payments.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::breaker::BreakerOptions;
use super::provider::Provider;
use crate::reconciling::ReconcileOptions;

/// Through whom money comes, and how they are asked and heard.
#[derive(Clone)]
pub struct PaymentOptions {
    /// The providers that are set up, each at most once.
    pub providers: Vec<Arc<dyn Provider>>,
    /// Where their notifications come in.
    pub callbacks: CallbackOptions,
    /// When one of them is left alone.
    pub breaker: BreakerOptions,
    /// Calls to one provider under way at the same time; more wait.
    pub calls_max: usize,
    /// How their bills are reconciled.
    pub reconcile: ReconcileOptions,
    /// A call, with its client's own repeats, takes no longer; then nobody knows how it ended.
    pub call_time_max: Duration,
}

/// How notifications are heard.
#[derive(Clone, Debug)]
pub struct CallbackOptions {
    /// Where to listen; port 0 lets the system choose. TLS is spoken by what stands in front.
    pub listen: SocketAddr,
    /// Bytes of one notification.
    pub bytes_max: usize,
    /// How long a sender may take to send one.
    pub read_time_max: Duration,
    /// How long storing one may take before its sender is told to come again.
    pub store_time_max: Duration,
    /// Notifications in work at the same time; more are told to come again.
    pub concurrency_max: usize,
}

impl PaymentOptions {
    /// Defaults for these providers.
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        Self {
            providers,
            callbacks: CallbackOptions::default(),
            breaker: BreakerOptions::default(),
            calls_max: 16,
            reconcile: ReconcileOptions::default(),
            call_time_max: Duration::from_secs(30),
        }
    }
}

impl Default for CallbackOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            bytes_max: 64 << 10,
            read_time_max: Duration::from_secs(5),
            // WeChat Pay takes no answer that comes after five seconds.
            store_time_max: Duration::from_secs(4),
            concurrency_max: 256,
        }
    }
}
