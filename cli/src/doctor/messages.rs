//! Messages to customers: can the file of what is sent be read, and are the providers set up that it needs.

use baize_domain::member::MessageChannel;

use super::Finding;
use crate::serve::people;
use crate::settings::Settings;

const SUBJECT: &str = "messages";

/// What was found. No message is sent.
pub(super) fn findings(settings: &Settings) -> Vec<Finding> {
    let found = match people::messages(settings) {
        Ok(messages) if messages.templates.is_empty() => {
            Finding::ok(SUBJECT, "customers are told in the app, and nowhere else")
        }
        Ok(messages) => {
            let ways = [(MessageChannel::Wechat, "WeChat"), (MessageChannel::Sms, "SMS")];
            let used = ways.into_iter().filter(|(way, _)| messages.uses(*way));
            let names: Vec<_> = used.map(|(_, name)| name).collect();
            let kinds = messages.templates.len();
            Finding::ok(
                SUBJECT,
                format!("{kinds} kinds of messages through {}", names.join(" and ")),
            )
        }
        Err(error) => Finding::fail(
            SUBJECT,
            format!("{error:#}"),
            "correct the file, or set what it needs; docs/messages.md tells what stands in it",
        ),
    };
    vec![found]
}
