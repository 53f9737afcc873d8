//! Reports by mail: are the settings whole, and can the file of who gets them be read.

use super::Finding;
use crate::serve::projections;
use crate::settings::Settings;

const SUBJECT: &str = "reports";

/// What was found. No mail is sent.
pub(super) fn findings(settings: &Settings) -> Vec<Finding> {
    let found = match projections::reports(settings) {
        Ok(Some(options)) => Finding::ok(
            SUBJECT,
            format!(
                "as {} says, from {}",
                options.subscriptions.display(),
                options.mail.from
            ),
        ),
        Ok(None) => Finding::ok(SUBJECT, "nobody gets reports by mail"),
        Err(error) => Finding::fail(
            SUBJECT,
            format!("{error:#}"),
            "set what is missing, or correct it; docs/reports.md tells what each setting is",
        ),
    };
    vec![found]
}
