//! The HTTP side of providers that are simulated: a port of loopback, for as long as the simulator lives.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// A server on loopback. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    _server: AbortOnDropHandle<()>,
}

impl Listener {
    pub(crate) async fn start(router: Router) -> anyhow::Result<Self> {
        Self::start_at(router, 0).await
    }

    /// Port 0 lets the system choose.
    pub(crate) async fn start_at(router: Router, port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.context("a port")?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "a simulated provider ended");
            }
        });
        Ok(Self {
            address,
            _server: AbortOnDropHandle::new(server),
        })
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}
