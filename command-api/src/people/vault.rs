//! Seals what is known of a person under a key of that person alone (AES-256-GCM), and opens it as long as the key is there.
//!
//! A sealed text is `1 | nonce | ciphertext` in base64url, bound to the person and the field: it opens nowhere else.
//! A person's key is stored wrapped: `length of name | name of the wrapping key | nonce | ciphertext`, bound to the person.

use baize_domain::ids::{ChainId, IdentityId, MemberId};
use baize_domain::personal::{Identifier, Sealed};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::PgPool;
use uuid::Uuid;

use super::keys::{PersonalKeys, WrapKey};
use super::{Error, PhoneNumber};

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;

/// What a sealed text is. Part of what it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Openid,
    Phone,
    Nickname,
    Complaint,
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Phone => "phone",
            Self::Nickname => "nickname",
            Self::Complaint => "complaint",
        }
    }
}

/// The keys of all people.
pub struct Vault {
    keys: PersonalKeys,
    pool: PgPool,
    random: SystemRandom,
}

impl Vault {
    pub fn new(keys: PersonalKeys, pool: PgPool) -> Self {
        Self {
            keys,
            pool,
            random: SystemRandom::new(),
        }
    }

    /// By which an openid is recognised in a chain.
    pub fn openid(&self, chain_id: ChainId, openid: &str) -> IdentityId {
        IdentityId(self.recognise(&["openid", &chain_id.to_string(), openid]))
    }

    /// By which a phone number is recognised in a chain.
    pub fn phone(&self, chain_id: ChainId, phone: &PhoneNumber) -> IdentityId {
        IdentityId(self.recognise(&["phone", &chain_id.to_string(), phone.e164()]))
    }

    /// The same for ever for the same parts, and telling nothing of them to who does not have the key.
    pub fn recognise(&self, parts: &[&str]) -> Uuid {
        let tag = self.tag(parts);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&tag.as_ref()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// A keyed hash of the parts.
    pub fn tag(&self, parts: &[&str]) -> hmac::Tag {
        hmac::sign(&self.keys.identify, parts.join("\u{1f}").as_bytes())
    }

    /// Whether `tag` is the keyed hash of the parts; takes the same time for each wrong one.
    pub fn is_tag(&self, parts: &[&str], tag: &[u8]) -> bool {
        hmac::verify(&self.keys.identify, parts.join("\u{1f}").as_bytes(), tag).is_ok()
    }

    /// Random bytes for secrets.
    ///
    /// # Errors
    /// The system gives none.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        let filled = self.random.fill(&mut bytes);
        filled.map_err(|_| internal("the system gives no randomness"))?;
        Ok(bytes)
    }

    /// Seals an identifier for a person.
    ///
    /// # Errors
    /// The person was erased, or the database is away.
    pub async fn identifier(
        &self,
        member_id: MemberId,
        field: Field,
        identity_id: IdentityId,
        text: &str,
    ) -> Result<Identifier, Error> {
        let sealed = self.seal(member_id, field, text).await?;
        Ok(Identifier { identity_id, sealed })
    }

    /// Seals a text for a person, whose key is made if there is none.
    ///
    /// # Errors
    /// The person was erased, or the database is away.
    pub async fn seal(&self, member_id: MemberId, field: Field, text: &str) -> Result<Sealed, Error> {
        self.make(member_id).await?;
        let key = self.key(member_id).await?;
        let mut bytes = vec![VERSION];
        bytes.extend(self.encrypt(&key, &bound(member_id, field.name()), text.as_bytes())?);
        Ok(Sealed(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens what was sealed for a person.
    ///
    /// # Errors
    /// The person was erased, the text is not what was sealed for this person and field, or the database is away.
    pub async fn open(&self, member_id: MemberId, field: Field, sealed: &Sealed) -> Result<String, Error> {
        let key = self.key(member_id).await?;
        let bytes = URL_SAFE_NO_PAD.decode(&sealed.0).ok();
        let text = bytes.as_deref().and_then(|bytes| match bytes {
            [VERSION, rest @ ..] => decrypt(&key, &bound(member_id, field.name()), rest),
            _ => None,
        });
        let text = text.and_then(|text| String::from_utf8(text).ok());
        text.ok_or_else(|| internal("a sealed text cannot be opened"))
    }

    /// Destroys a person's key, for ever. Also who never had one gets none any more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn destroy(&self, member_id: MemberId, now: jiff::Timestamp) -> Result<(), Error> {
        let destroy = "INSERT INTO person_keys (person, created_at, destroyed_at) VALUES ($1, $2, $2)
             ON CONFLICT (person) DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at
             WHERE person_keys.destroyed_at IS NULL";
        let now = baize_eventlog::SqlTimestamp(now);
        sqlx::query(destroy)
            .bind(member_id.0)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn make(&self, member_id: MemberId) -> Result<(), Error> {
        let key: [u8; KEY_BYTES] = self.random()?;
        let stored = self.wrap(member_id, &key)?;
        let make = "INSERT INTO person_keys (person, wrapped, created_at) VALUES ($1, $2, now())
             ON CONFLICT (person) DO NOTHING";
        sqlx::query(make)
            .bind(member_id.0)
            .bind(stored)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn key(&self, member_id: MemberId) -> Result<LessSafeKey, Error> {
        let stored: Option<Option<Vec<u8>>> = sqlx::query_scalar("SELECT wrapped FROM person_keys WHERE person = $1")
            .bind(member_id.0)
            .fetch_optional(&self.pool)
            .await?;
        let stored = stored.flatten().ok_or(Error::Erased)?;
        let key = self.unwrap(member_id, &stored);
        aead(&key.ok_or_else(|| internal("a person's key cannot be unwrapped"))?)
    }

    /// A person's wrapped key, wrapped anew by the key that wraps now; `None` if it is that key already.
    ///
    /// # Errors
    /// The key that wrapped it is not here.
    pub fn rewrapped(&self, member_id: MemberId, stored: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let by = stored
            .split_first()
            .and_then(|(length, rest)| rest.get(..usize::from(*length)));
        let newest = self.keys.wrap.first().map(|key| key.name.as_bytes());
        let key = self.unwrap(member_id, stored);
        let key = key.ok_or_else(|| internal("a person's key cannot be unwrapped"))?;
        match by == newest {
            true => Ok(None),
            false => self.wrap(member_id, &key).map(Some),
        }
    }

    fn wrap(&self, member_id: MemberId, key: &[u8]) -> Result<Vec<u8>, Error> {
        let Some(wrapping) = self.keys.wrap.first() else {
            return Err(internal("there is no wrapping key"));
        };
        let wrapped = self.encrypt(&aead(&wrapping.key)?, &bound(member_id, "key"), key)?;
        let name = wrapping.name.as_bytes();
        let length = u8::try_from(name.len()).map_err(|_| internal("the wrapping key's name is too long"))?;
        Ok([&[length], name, &wrapped].concat())
    }

    fn unwrap(&self, member_id: MemberId, stored: &[u8]) -> Option<Vec<u8>> {
        let (length, rest) = stored.split_first()?;
        let (name, wrapped) = rest.split_at_checked(usize::from(*length))?;
        let WrapKey { key, .. } = self.keys.wrap.iter().find(|key| key.name.as_bytes() == name)?;
        decrypt(&aead(key).ok()?, &bound(member_id, "key"), wrapped)
    }

    fn encrypt(&self, key: &LessSafeKey, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = self.random()?;
        let mut bytes = plain.to_vec();
        let sealed = key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut bytes);
        sealed.map_err(|_| internal("a text cannot be sealed"))?;
        Ok([&nonce[..], &bytes].concat())
    }
}

fn decrypt(key: &LessSafeKey, bound: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut sealed = sealed.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(bound), &mut sealed).ok()?;
    Some(plain.to_vec())
}

fn aead(key: &[u8]) -> Result<LessSafeKey, Error> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| internal("a key has a wrong length"))?;
    Ok(LessSafeKey::new(key))
}

fn bound(member_id: MemberId, what: &str) -> Vec<u8> {
    [member_id.0.as_bytes(), what.as_bytes()].concat()
}

fn internal(what: &'static str) -> Error {
    Error::Internal(anyhow::anyhow!(what))
}
