//! The keys of personal data: a file that belongs to whoever runs Baize, and never to the database.
//!
//! ```text
//! # lines: `identify HEX`, once; `wrap NAME HEX`, the first of which wraps, and all of which unwrap
//! identify 6f…
//! wrap 2026-11 91…
//! ```

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

const KEY_BYTES: usize = 32;
/// It is stored before each wrapped key, after its length.
const NAME_BYTES_MAX: usize = 32;

/// The keys. Losing them loses every phone number and every login; whoever has them and the database reads them all.
#[derive(Clone)]
pub struct PersonalKeys {
    pub(super) identify: hmac::Key,
    identify_bytes: [u8; KEY_BYTES],
    pub(super) wrap: Arc<[WrapKey]>,
}

#[derive(Clone)]
pub(super) struct WrapKey {
    pub(super) name: String,
    pub(super) key: [u8; KEY_BYTES],
}

/// Why a file is none of keys.
#[derive(Debug, thiserror::Error)]
pub enum PersonalKeysError {
    /// A line says nothing that is understood.
    #[error("line {0} is neither `identify HEX` nor `wrap NAME HEX` with 64 hexadecimal digits")]
    Line(usize),
    /// A key is missing or there twice.
    #[error("there must be one `identify` and at least one `wrap`, each name once")]
    Keys,
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Random,
}

impl PersonalKeys {
    /// New keys, for a new database only.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn generate() -> Result<Self, PersonalKeysError> {
        let mut keys = [[0; KEY_BYTES]; 2];
        for key in &mut keys {
            SystemRandom::new().fill(key).map_err(|_| PersonalKeysError::Random)?;
        }
        let [identify, key] = keys;
        let name = "first".to_owned();
        Ok(Self::new(identify, vec![WrapKey { name, key }]))
    }

    /// The keys in a file's text.
    ///
    /// # Errors
    /// The text is none of keys.
    pub fn read(text: &str) -> Result<Self, PersonalKeysError> {
        let (mut identify, mut wrap) = (None, Vec::<WrapKey>::new());
        for (number, line) in text.lines().enumerate() {
            let unclear = || PersonalKeysError::Line(number + 1);
            let words: Vec<_> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["identify", key] => {
                    let key = unhex(key).ok_or_else(unclear)?;
                    if identify.replace(key).is_some() {
                        return Err(PersonalKeysError::Keys);
                    }
                }
                ["wrap", name, key] if name.len() <= NAME_BYTES_MAX => {
                    let (name, key) = ((*name).to_owned(), unhex(key).ok_or_else(unclear)?);
                    if wrap.iter().any(|known| known.name == name) {
                        return Err(PersonalKeysError::Keys);
                    }
                    wrap.push(WrapKey { name, key });
                }
                _ => return Err(unclear()),
            }
        }
        match identify {
            Some(identify) if !wrap.is_empty() => Ok(Self::new(identify, wrap)),
            _ => Err(PersonalKeysError::Keys),
        }
    }

    /// The text of a file of these keys. **A secret.**
    pub fn to_text(&self) -> String {
        let mut text = format!("identify {}\n", hex(&self.identify_bytes));
        for WrapKey { name, key } in self.wrap.iter() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "wrap {name} {}", hex(key));
        }
        text
    }

    fn new(identify: [u8; KEY_BYTES], wrap: Vec<WrapKey>) -> Self {
        Self {
            identify: hmac::Key::new(hmac::HMAC_SHA256, &identify),
            identify_bytes: identify,
            wrap: wrap.into(),
        }
    }
}

impl fmt::Debug for PersonalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.wrap.iter().map(|key| key.name.as_str()).collect();
        write!(f, "PersonalKeys({})", names.join(", "))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() != 2 * KEY_BYTES || !text.is_ascii() {
        return None;
    }
    let mut key = [0; KEY_BYTES];
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_keys_is_read_as_it_was_written() {
        let keys = PersonalKeys::generate().unwrap();
        let text = format!("# ours\n\n{}wrap older {}\n", keys.to_text(), "0a".repeat(32));
        let read = PersonalKeys::read(&text).unwrap();
        assert_eq!(read.identify_bytes, keys.identify_bytes);
        assert_eq!(read.wrap[0].key, keys.wrap[0].key, "the first wraps");
        assert_eq!(read.wrap[1].name, "older");
        assert!(!format!("{read:?}").contains(&hex(&keys.identify_bytes)));
    }

    #[test]
    fn what_is_wrong_with_a_file_of_keys_is_said() {
        let key = "ab".repeat(32);
        for (text, problem) in [
            (String::new(), "one `identify`"),
            (format!("identify {key}\n"), "one `identify`"),
            (
                format!("identify {key}\nidentify {key}\nwrap a {key}\n"),
                "one `identify`",
            ),
            (
                format!("identify {key}\nwrap a {key}\nwrap a {key}\n"),
                "each name once",
            ),
            (format!("identify {key}\nwrap a {key}x\n"), "line 2"),
            (format!("identify {}\n", "é".repeat(32)), "line 1"),
            ("secret\n".to_owned(), "line 1"),
        ] {
            let error = PersonalKeys::read(&text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text:?}: {error}");
        }
    }
}
