//! What mosquitto reads: a configuration to include, a password file and an access list.
//!
//! Formats: <https://mosquitto.org/man/mosquitto-conf-5.html>. A line of the password file is
//! `user:$7$ITERATIONS$SALT$HASH`, PBKDF2 with HMAC-SHA512, salt of 12 bytes and hash of 64 in base64, as `mosquitto_passwd` writes it by
//! default: <https://mosquitto.org/man/mosquitto_passwd-1.html>.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::pbkdf2;

use super::certificate::Certificate;
use super::rights::Rights;
use super::secret::Secret;

/// As `mosquitto_passwd` does it. More would slow down a hall that reconnects; 192 random bits cannot be guessed either way.
const ITERATIONS: u32 = 101;
const SALT_BYTES: usize = 12;
const HASH_BYTES: usize = 64;

/// The password file.
///
/// # Errors
/// Never; the number of iterations is not zero.
pub fn passwords(credentials: &[(&str, Secret)]) -> anyhow::Result<String> {
    let iterations = NonZeroU32::new(ITERATIONS).context("no iterations")?;
    let mut text = String::new();
    for (user, secret) in credentials {
        let salt = secret.salt::<SALT_BYTES>("mosquitto");
        let mut hash = [0; HASH_BYTES];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA512,
            iterations,
            &salt,
            secret.reveal().as_bytes(),
            &mut hash,
        );
        let (salt, hash) = (STANDARD.encode(salt), STANDARD.encode(hash));
        writeln!(text, "{user}:$7${ITERATIONS}${salt}${hash}")?;
    }
    Ok(text)
}

/// The access list. What it does not name is denied, without a word to the client.
pub fn acl(rights: &[Rights]) -> String {
    let mut text = String::from("# Written by `baize devices provision`; changes are lost.\n");
    for Rights { user, speaks, listens } in rights {
        text.push_str(&format!("\nuser {user}\n"));
        for (access, filters) in [("write", speaks), ("read", listens)] {
            for filter in filters {
                text.push_str(&format!("topic {access} {filter}\n"));
            }
        }
    }
    text
}

/// The configuration to include. Without `set_tcp_nodelay` every message waits some 40 ms, and with the usual queue of 1,000 the wills of
/// a hall that drops off at once are lost.
pub fn config(listen: SocketAddr, certificate: &Certificate, installed_at: &Path) -> String {
    format!(
        "# Written by `baize devices provision`; changes are lost.\n\
         listener {port} {address}\n\
         certfile {certfile}\n\
         keyfile {keyfile}\n\
         tls_version tlsv1.2\n\
         allow_anonymous false\n\
         password_file {dir}/passwords\n\
         acl_file {dir}/acl\n\
         set_tcp_nodelay true\n\
         max_queued_messages 100000\n\
         max_inflight_messages 1000\n",
        port = listen.port(),
        address = listen.ip(),
        certfile = certificate.certificate.display(),
        keyfile = certificate.key.display(),
        dir = installed_at.display(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_written_as_mosquitto_reads_it_and_the_same_again() {
        let credentials = [("a1", Secret::of("hush"))];
        let text = passwords(&credentials).unwrap();
        assert_eq!(text, passwords(&credentials).unwrap());
        assert!(!text.contains("hush"));
        let (user, hash) = text.trim_end().split_once(':').unwrap();
        let parts: Vec<_> = hash.split('$').collect();
        assert_eq!((user, parts[1], parts[2], parts.len()), ("a1", "7", "101", 5));
        assert_eq!(STANDARD.decode(parts[3]).unwrap().len(), SALT_BYTES);
        assert_eq!(STANDARD.decode(parts[4]).unwrap().len(), HASH_BYTES);
    }

    #[test]
    fn an_access_list_names_what_each_may_do() {
        let rights = [Rights {
            user: "a1".to_owned(),
            speaks: vec!["stat/a1/#".to_owned()],
            listens: vec!["cmnd/a1/#".to_owned()],
        }];
        let text = acl(&rights);
        assert!(
            text.ends_with("\nuser a1\ntopic write stat/a1/#\ntopic read cmnd/a1/#\n"),
            "{text}"
        );
    }
}
