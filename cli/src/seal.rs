//! The sealing key: made once by `serve all`, read by whoever seals or checks.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baize_eventlog::seal::{SealKey, SealOptions, SealVerifier};
use baize_proto::access::Key;

use crate::settings::Settings;

const FILE: &str = "seal-key.pem";
/// What comes before the 32 bytes of an Ed25519 public key in a SubjectPublicKeyInfo (RFC 8410).
const SPKI_PREFIX_LENGTH: usize = 12;

/// Where the key is.
pub fn path(settings: &Settings) -> PathBuf {
    settings
        .seal_key
        .clone()
        .unwrap_or_else(|| settings.data_dir().join(FILE))
}

/// How `serve all` seals: with the key that is named, or with its own, which it makes.
///
/// # Errors
/// The key cannot be read or made.
pub fn at_home(settings: &Settings) -> anyhow::Result<SealOptions> {
    let path = path(settings);
    if settings.seal_key.is_none() {
        make_once(&path).with_context(|| format!("the sealing key {}", path.display()))?;
    }
    named(settings, &path)
}

/// How a sealer of its own seals.
///
/// # Errors
/// The key cannot be read.
pub fn named(settings: &Settings, path: &Path) -> anyhow::Result<SealOptions> {
    let private = contents(&read(path)?, "PRIVATE KEY");
    let key = private
        .and_then(|pkcs8| SealKey::from_pkcs8(&pkcs8))
        .with_context(|| format!("{} is not an Ed25519 key in PEM with its private half", path.display()))?;
    let mut options = SealOptions::new(key);
    options.copies.clone_from(&settings.seal_copies);
    Ok(options)
}

/// What heads are checked with: either half of the key does.
///
/// # Errors
/// It is no key.
pub fn verifier(path: &Path) -> anyhow::Result<SealVerifier> {
    let public = Key::from_pem(&read(path)?)
        .with_context(|| path.display().to_string())?
        .public_pem();
    contents(&public, "PUBLIC KEY")
        .and_then(|spki| spki.get(SPKI_PREFIX_LENGTH..)?.try_into().ok())
        .map(SealVerifier::new)
        .with_context(|| format!("{} is not an Ed25519 key", path.display()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read the sealing key {}", path.display()))
}

fn contents(text: &str, tag: &str) -> Option<Vec<u8>> {
    let pem = pem::parse(text).ok().filter(|pem| pem.tag() == tag)?;
    Some(pem.into_contents())
}

/// For its owner only; whoever comes second finds the first one's.
fn make_once(path: &Path) -> anyhow::Result<()> {
    let key = Key::generate()?.private_pem().context("a new key has both halves")?;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match file {
        Ok(mut file) => {
            file.write_all(key.as_bytes())?;
            Ok(file.sync_all()?)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_half_of_the_key_that_was_made_checks_what_it_signed() {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings {
            data_dir: Some(directory.path().to_owned()),
            ..Settings::default()
        };
        let options = at_home(&settings).unwrap();
        let public = directory.path().join("public.pem");
        let pair = Key::from_pem(&std::fs::read_to_string(path(&settings)).unwrap()).unwrap();
        std::fs::write(&public, pair.public_pem()).unwrap();
        assert_eq!(verifier(&path(&settings)).unwrap(), options.key.verifier());
        assert_eq!(verifier(&public).unwrap(), options.key.verifier());
        assert_eq!(
            at_home(&settings).unwrap().key.verifier(),
            options.key.verifier(),
            "made once"
        );
        named(&settings, &public).err().expect("half a key does not sign");
    }
}
