//! Tree heads as signed notes: the text form of C2SP `tlog-checkpoint` and `signed-note`, which other people's tools read too.
//!
//! ```text
//! baize/5f2a9c01be77d003
//! 120034
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//! signed_at 2026-03-01T04:05:06Z
//!
//! — baize/5f2a9c01be77d003 x8TPqS1q…
//! ```

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::Hash;

const SIGNED_AT: &str = "signed_at ";
const SIGNATURE: &str = "\u{2014} ";
/// What names Ed25519 in the id of a key.
const ED25519_KEY: u8 = 1;

/// Size and root of the tree at one moment: it fixes every event up to `size`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Which log ([`super::origin`]).
    pub origin: String,
    /// Events in the tree, which is the position of the last.
    pub size: u64,
    /// The root over all of them.
    pub root: Hash,
    /// When it was signed, by the signer's clock.
    pub signed_at: Timestamp,
}

/// The half of a sealing key that signs.
pub struct SealKey(Ed25519KeyPair);

/// The half of a sealing key that anybody may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealVerifier([u8; 32]);

/// Why a note is no head of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHead {
    /// Not in the form of a signed note.
    #[error("is not a signed tree head: {0}")]
    Malformed(&'static str),
    /// No signature by this key.
    #[error("is not signed with this key")]
    OtherKey,
    /// The signature does not fit the text.
    #[error("was altered: its signature does not fit")]
    Signature,
}

impl SealKey {
    /// A key in PKCS#8 (Ed25519), or `None` if it is none.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok().map(Self)
    }

    /// The half that verifies.
    pub fn verifier(&self) -> SealVerifier {
        let mut public = [0; 32];
        public.copy_from_slice(self.0.public_key().as_ref());
        SealVerifier(public)
    }

    /// The head as a note.
    pub fn sign(&self, head: &TreeHead) -> String {
        let text = head.text();
        let mut signature = key_id(&head.origin, &self.verifier()).to_vec();
        signature.extend(self.0.sign(text.as_bytes()).as_ref());
        format!("{text}\n{SIGNATURE}{} {}\n", head.origin, BASE64.encode(signature))
    }
}

impl SealVerifier {
    /// A public key of 32 bytes.
    pub const fn new(public: [u8; 32]) -> Self {
        Self(public)
    }

    /// The head that a note holds, if this key signed it.
    ///
    /// # Errors
    /// [`InvalidHead`]
    pub fn open(&self, note: &str) -> Result<TreeHead, InvalidHead> {
        let (text, signatures) = note
            .split_once("\n\n")
            .ok_or(InvalidHead::Malformed("there is no signature"))?;
        let text = format!("{text}\n");
        let head = TreeHead::parse(&text)?;
        let id = key_id(&head.origin, self);
        let signature = signatures
            .lines()
            .filter_map(|line| line.strip_prefix(SIGNATURE)?.split_once(' '))
            .filter(|(name, _)| *name == head.origin)
            .filter_map(|(_, signature)| BASE64.decode(signature).ok())
            .find_map(|signature| signature.strip_prefix(&id).map(<[u8]>::to_vec))
            .ok_or(InvalidHead::OtherKey)?;
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| InvalidHead::Signature)?;
        Ok(head)
    }
}

impl TreeHead {
    fn text(&self) -> String {
        let mut text = String::new();
        let root = BASE64.encode(self.root);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{}\n{}\n{root}\n{SIGNED_AT}{}\n",
            self.origin, self.size, self.signed_at
        );
        text
    }

    fn parse(text: &str) -> Result<Self, InvalidHead> {
        let lines: Vec<_> = text.lines().collect();
        let [origin, size, root, signed_at] = lines.as_slice() else {
            return Err(InvalidHead::Malformed("it has not four lines"));
        };
        let head = Self {
            origin: (*origin).to_owned(),
            size: size.parse().map_err(|_| InvalidHead::Malformed("its size"))?,
            root: BASE64
                .decode(root)
                .ok()
                .and_then(|root| root.try_into().ok())
                .ok_or(InvalidHead::Malformed("its root"))?,
            signed_at: signed_at
                .strip_prefix(SIGNED_AT)
                .and_then(|at| at.parse().ok())
                .ok_or(InvalidHead::Malformed("when it was signed"))?,
        };
        if head.text() == text {
            Ok(head)
        } else {
            Err(InvalidHead::Malformed("it is not in the one form"))
        }
    }
}

/// What names a key in a signature: the beginning of a hash of both.
fn key_id(name: &str, key: &SealVerifier) -> [u8; 4] {
    let mut sha = Sha256::new();
    sha.update(name.as_bytes());
    sha.update([b'\n', ED25519_KEY]);
    sha.update(key.0);
    let hash: Hash = sha.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;

    fn key() -> SealKey {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        SealKey::from_pkcs8(pkcs8.as_ref()).unwrap()
    }

    fn head() -> TreeHead {
        TreeHead {
            origin: "baize/0011223344556677".to_owned(),
            size: 42,
            root: [7; 32],
            signed_at: "2026-03-01T04:05:06Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_note_holds_the_head_that_was_signed() {
        let key = key();
        assert_eq!(key.verifier().open(&key.sign(&head())), Ok(head()));
    }

    #[test]
    fn a_note_of_another_key_is_refused() {
        assert_eq!(key().verifier().open(&key().sign(&head())), Err(InvalidHead::OtherKey));
    }

    #[test]
    fn no_byte_of_a_note_can_be_changed() {
        let key = key();
        let note = key.sign(&head());
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            // The last character of base64 can have bits that mean nothing, and the last line end is not signed.
            if key.verifier().open(&changed) == Ok(head()) {
                assert!(at + 1 >= note.len(), "byte {at}");
            }
        }
    }
}
