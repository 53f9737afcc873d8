//! The keys in memory: several that are trusted, of which one signs.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::{DecodingKey, EncodingKey};
use pem::Pem;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::crypto;

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// What comes before the 32 bytes of an Ed25519 public key in a SubjectPublicKeyInfo (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// An Ed25519 key: a pair, or the public half alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    id: String,
    public: Vec<u8>,
    /// PKCS#8.
    private: Option<Vec<u8>>,
}

/// Why a text is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not PEM with one of the two headings.
    #[error("is not PEM with a PRIVATE KEY or a PUBLIC KEY")]
    NotPem,
    /// Another kind of key, or a damaged one.
    #[error("is not an Ed25519 key")]
    NotEd25519,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandomness,
}

impl Key {
    /// A new pair.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::NoRandomness)?;
        Self::from_pkcs8(pkcs8.as_ref())
    }

    /// Reads PKCS#8 or SubjectPublicKeyInfo in PEM, as openssl writes them too.
    ///
    /// # Errors
    /// It is not such a key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem = pem::parse(text).map_err(|_| KeyError::NotPem)?;
        match pem.tag() {
            PRIVATE => Self::from_pkcs8(pem.contents()),
            PUBLIC => match pem.contents().strip_prefix(&SPKI_PREFIX) {
                Some(public) if public.len() == 32 => Ok(Self::of(public, None)),
                _ => Err(KeyError::NotEd25519),
            },
            _ => Err(KeyError::NotPem),
        }
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| KeyError::NotEd25519)?;
        Ok(Self::of(pair.public_key().as_ref(), Some(pkcs8.to_vec())))
    }

    fn of(public: &[u8], private: Option<Vec<u8>>) -> Self {
        let mut id = String::with_capacity(16);
        for byte in &digest(&SHA256, public).as_ref()[..8] {
            // Writing to a String cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        Self {
            id,
            public: public.to_vec(),
            private,
        }
    }

    /// Its id: the first 16 hexadecimal digits of the public key's SHA-256. Tokens name it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it can sign.
    pub fn signs(&self) -> bool {
        self.private.is_some()
    }

    /// The pair, as PEM; `None` if only the public half is here. **A secret.**
    pub fn private_pem(&self) -> Option<String> {
        let private = self.private.as_ref()?;
        Some(pem::encode(&Pem::new(PRIVATE, private.clone())))
    }

    #[cfg(test)]
    pub(super) fn raw(&self) -> Vec<u8> {
        self.public.clone()
    }

    /// The public half, as PEM.
    pub fn public_pem(&self) -> String {
        pem::encode(&Pem::new(PUBLIC, [&SPKI_PREFIX[..], &self.public].concat()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, .. } = self;
        f.debug_struct("Key")
            .field("id", id)
            .field("signs", &self.signs())
            .finish_non_exhaustive()
    }
}

/// The keys that are trusted, and which of them signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    keys: BTreeMap<String, Key>,
    signing: Option<String>,
}

impl KeyRing {
    /// A ring of one new key, which signs: for one process, or a test.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let key = Key::generate()?;
        let id = key.id().to_owned();
        Ok(Self::default().with(key).signing_with(&id))
    }

    /// Trusts one more key.
    #[must_use]
    pub fn with(mut self, key: Key) -> Self {
        self.keys.insert(key.id.clone(), key);
        self
    }

    /// Signs with this key from now on, if it is here as a pair.
    #[must_use]
    pub fn signing_with(mut self, id: &str) -> Self {
        self.signing = Some(id.to_owned());
        self
    }

    /// Trusts a key no more.
    #[must_use]
    pub fn without(mut self, id: &str) -> Self {
        self.keys.remove(id);
        self
    }

    /// The trusted keys, by id.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.values()
    }

    pub(super) fn encoding_key(&self) -> Option<(&str, EncodingKey)> {
        let key = self.keys.get(self.signing.as_ref()?)?;
        let private = key.private.as_ref()?;
        Some((&key.id, EncodingKey::from_ed_der(private)))
    }

    pub(super) fn decoding_key(&self, id: &str) -> Option<DecodingKey> {
        Some(DecodingKey::from_ed_der(&self.keys.get(id)?.public))
    }
}

/// A ring that signers and verifiers share while it changes.
#[derive(Clone, Debug)]
pub struct Keys {
    ring: Arc<RwLock<Arc<KeyRing>>>,
}

impl Keys {
    /// Shares a ring.
    pub fn new(ring: KeyRing) -> Self {
        crypto::install();
        Self {
            ring: Arc::new(RwLock::new(Arc::new(ring))),
        }
    }

    /// The ring as it is now.
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on all who share it use this ring.
    pub fn replace(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}

impl Default for Keys {
    /// No key: no token is good.
    fn default() -> Self {
        Self::new(KeyRing::default())
    }
}

impl From<KeyRing> for Keys {
    fn from(ring: KeyRing) -> Self {
        Self::new(ring)
    }
}
