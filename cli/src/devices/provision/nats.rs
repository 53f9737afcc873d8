//! What the MQTT listener of nats-server reads: the listener, and users with permissions, to include in an account of their own.
//!
//! Topics are subjects there: levels are separated by `.`, `+` is `*`, `#` is `>`. `a/#` is also `a` itself, which in subjects are two
//! permissions: <https://docs.nats.io/running-a-nats-service/configuration/mqtt>. Users:
//! <https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization>.

use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::Context as _;
use bcrypt::Version;

use super::certificate::Certificate;
use super::rights::Rights;
use super::secret::Secret;

/// The least there is: 192 random bits cannot be guessed, and a hall that reconnects is let in at once.
const COST: u32 = 4;

/// The users of the devices' account.
///
/// # Errors
/// A user has no password.
pub fn users(rights: &[Rights], credentials: &[(&str, Secret)]) -> anyhow::Result<String> {
    let mut text = String::from("# Written by `baize devices provision`; changes are lost.\nusers: [\n");
    for Rights { user, speaks, listens } in rights {
        let found = credentials.iter().find(|(owner, _)| owner == user);
        let (_, secret) = found.with_context(|| format!("{user} has no password"))?;
        let hash = bcrypt::hash_with_salt(secret.reveal(), COST, secret.salt("nats-server"))?;
        writeln!(
            text,
            "  {{ user: {user:?}, password: {hash:?}, allowed_connection_types: [\"MQTT\"], permissions: {{ publish: {{ allow: {speaks:?} }}, subscribe: {{ allow: {listens:?} }} }} }}",
            hash = hash.format_for_version(Version::TwoA),
            speaks = subjects(speaks),
            listens = subjects(listens),
        )?;
    }
    text.push_str("]\n");
    Ok(text)
}

/// The listener.
pub fn config(listen: SocketAddr, certificate: &Certificate) -> String {
    format!(
        "# Written by `baize devices provision`; changes are lost.\n\
         mqtt {{\n  listen: \"{listen}\"\n  tls {{\n    cert_file: {:?}\n    key_file: {:?}\n  }}\n}}\n",
        certificate.certificate, certificate.key,
    )
}

fn subjects(filters: &[String]) -> Vec<String> {
    let mut subjects = Vec::new();
    for filter in filters {
        let subject = filter.replace('/', ".").replace('+', "*");
        match subject.strip_suffix(".#") {
            Some(parent) => subjects.extend([parent.to_owned(), format!("{parent}.>")]),
            None => subjects.push(subject),
        }
    }
    subjects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_the_subjects_that_they_stand_for() {
        let filters = ["cmnd/a1/#", "+/switch/+/state", "a1/rpc"].map(str::to_owned);
        assert_eq!(
            subjects(&filters),
            ["cmnd.a1", "cmnd.a1.>", "*.switch.*.state", "a1.rpc"]
        );
    }

    #[test]
    fn a_user_has_a_hash_and_no_password() {
        let rights = [Rights {
            user: "a1".to_owned(),
            speaks: vec!["stat/a1/#".to_owned()],
            listens: vec!["cmnd/a1/#".to_owned()],
        }];
        let text = users(&rights, &[("a1", Secret::of("hush"))]).unwrap();
        assert!(text.contains("\"$2a$04$") && !text.contains("hush"), "{text}");
        assert!(users(&rights, &[]).is_err());
    }
}
