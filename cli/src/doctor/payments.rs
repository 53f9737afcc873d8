//! The providers of payments: are their settings whole, and their keys readable.

use super::Finding;
use crate::serve::payments;
use crate::settings::Settings;

const SUBJECT: &str = "payments";

/// What was found. Providers are not asked for anything: every question to them is about an order.
pub(super) fn findings(settings: &Settings) -> Vec<Finding> {
    let found = match payments::options(settings) {
        Ok(Some(options)) => {
            let providers = options.providers.iter();
            let codes: Vec<_> = providers.map(|provider| provider.channel().code()).collect();
            let listen = options.callbacks.listen;
            Finding::ok(SUBJECT, format!("{}; notifications at {listen}", codes.join(", ")))
        }
        Ok(None) => Finding::ok(SUBJECT, "no provider is set up: money comes at the counter only"),
        Err(error) => Finding::fail(
            SUBJECT,
            format!("{error:#}"),
            "set what is missing, or correct it; docs/payments.md tells what each setting is",
        ),
    };
    vec![found]
}
