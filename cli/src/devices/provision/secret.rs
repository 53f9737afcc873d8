//! Passwords: one file each, for its owner only. They are written there once, and shown nowhere.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::folder::replace;

/// 192 bits, 32 characters: beyond guessing, and short enough for every firmware.
const BYTES: usize = 24;

/// A password.
#[derive(Clone)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The password itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What a hash of the password is salted with. It follows from the password, so that the same password gives the same file again; no two
    /// passwords are alike, so no two salts are, and from neither the other can be found.
    pub fn salt<const LENGTH: usize>(&self, purpose: &str) -> [u8; LENGTH] {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in ["salt", purpose, &self.0] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        let digest = context.finish();
        let mut salt = [0; LENGTH];
        for (to, from) in salt.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        salt
    }
}

/// Whether a password was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Before,
    Now,
}

/// The directory of passwords, a file for each user.
#[derive(Debug)]
pub struct Secrets {
    dir: PathBuf,
}

impl Secrets {
    pub fn in_dir(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Draws a password for a user that has none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn ensure(&self, user: &str) -> anyhow::Result<Made> {
        if self.file(user).exists() {
            return Ok(Made::Before);
        }
        self.rotate(user)?;
        Ok(Made::Now)
    }

    /// Draws a password in the place of what is there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn rotate(&self, user: &str) -> anyhow::Result<()> {
        let mut bytes = [0; BYTES];
        let drawn = SystemRandom::new().fill(&mut bytes);
        drawn.map_err(|_| anyhow!("the system has no random numbers"))?;
        replace(&self.file(user), &format!("{}\n", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Removes a user's.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn forget(&self, user: &str) -> anyhow::Result<()> {
        let file = self.file(user);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing {}", file.display()))
            }
            _ => Ok(()),
        }
    }

    /// A user's.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, user: &str) -> anyhow::Result<Secret> {
        let file = self.file(user);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(Secret(text.trim_end().to_owned()))
    }

    fn file(&self, user: &str) -> PathBuf {
        self.dir.join(user)
    }
}

#[cfg(test)]
impl Secret {
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_drawn_once_kept_and_only_changed_on_demand() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::in_dir(dir.path().to_owned());
        assert_eq!(secrets.ensure("a").unwrap(), Made::Now);
        let first = secrets.read("a").unwrap();
        assert_eq!(first.reveal().len(), 32);
        assert_eq!(secrets.ensure("a").unwrap(), Made::Before);
        assert_eq!(secrets.read("a").unwrap().reveal(), first.reveal());
        secrets.rotate("a").unwrap();
        assert_ne!(secrets.read("a").unwrap().reveal(), first.reveal());
        secrets.forget("a").unwrap();
        secrets.forget("a").unwrap();
        assert!(secrets.read("a").is_err());
    }

    #[test]
    fn a_password_is_not_shown_and_its_salts_differ_by_purpose() {
        let secret = Secret::of("hush");
        assert!(!format!("{secret:?}").contains("hush"));
        assert_ne!(secret.salt::<12>("one"), secret.salt::<12>("two"));
        assert_eq!(secret.salt::<12>("one"), secret.salt::<12>("one"));
    }
}
