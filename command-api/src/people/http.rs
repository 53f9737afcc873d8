//! The HTTP client of the providers: TLS by rustls with ring, as everywhere in Baize, trusting whom the system trusts.

use std::time::Duration;

use anyhow::Context as _;

/// Long enough for a slow network, short enough to try again within a request's own deadline.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// A client whose requests take no longer than `timeout`. Redirects are not followed: no provider here redirects.
///
/// # Errors
/// The system's certificates cannot be read.
pub fn client(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    // Some systems hold certificates that rustls cannot read; they vouch for nobody then.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_MAX)
        .timeout(timeout)
        .build()
        .context("the HTTP client")
}
