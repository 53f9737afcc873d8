//! Tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037), and nothing else.

use std::collections::HashSet;

use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Claims, HALLS_MAX, Keys, Role};

pub(super) const ISSUER: &str = "baize";
const AUDIENCE: &str = "baize";
/// Longer than any token of ours; what is longer is not looked at.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// Makes tokens.
#[derive(Clone, Debug)]
pub struct Signer {
    pub(super) keys: Keys,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The ring has no key that signs.
    #[error("there is no key to sign with")]
    NoSigningKey,
    /// Longer than [`Role::lifetime_max`].
    #[error("a token of a {0} may be good for {max} seconds at most", max = .0.lifetime_max().as_secs())]
    TooLong(Role),
    /// More than [`HALLS_MAX`].
    #[error("a token names at most {HALLS_MAX} halls")]
    TooManyHalls,
    /// The signing key is damaged.
    #[error("the token could not be signed: {0}")]
    Unsigned(String),
}

impl Signer {
    /// Signs with whatever key of the ring signs at the time.
    pub fn new(keys: impl Into<Keys>) -> Self {
        Self { keys: keys.into() }
    }

    /// A token that says what `claims` say. **A secret**: who holds it is its bearer.
    ///
    /// # Errors
    /// No key signs, or the claims are more than a token may say.
    pub fn issue(&self, claims: &Claims) -> Result<String, IssueError> {
        self.issue_for(AUDIENCE, claims)
    }

    /// The same, for whoever takes tokens of that audience.
    pub(super) fn issue_for(&self, audience: &str, claims: &Claims) -> Result<String, IssueError> {
        let lifetime = claims.expires_at.duration_since(claims.issued_at);
        if lifetime.unsigned_abs() > claims.role.lifetime_max() {
            return Err(IssueError::TooLong(claims.role));
        }
        if claims.halls.len() > HALLS_MAX {
            return Err(IssueError::TooManyHalls);
        }
        let ring = self.keys.ring();
        let (key_id, key) = ring.encoding_key().ok_or(IssueError::NoSigningKey)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key_id.to_owned());
        let body = Body::of(audience, claims);
        jsonwebtoken::encode(&header, &body, &key).map_err(|error| IssueError::Unsigned(error.to_string()))
    }
}

/// Judges tokens.
#[derive(Clone, Debug)]
pub struct Verifier {
    pub(super) keys: Keys,
}

/// Why a token is not taken. What is shown to the caller tells no more than the caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("a token is needed")]
    Missing,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It is from the future: a clock is wrong.
    #[error("the token is not good yet")]
    Early,
    /// Not ours, or changed, or of a key that is no longer trusted.
    #[error("the token is not valid")]
    Invalid,
}

impl TokenError {
    /// Stable reason, as statuses carry it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_REQUIRED",
            Self::Expired => "TOKEN_EXPIRED",
            Self::Early => "TOKEN_NOT_YET_VALID",
            Self::Invalid => "TOKEN_INVALID",
        }
    }
}

impl Verifier {
    /// Trusts the keys of the ring, as they are at the time.
    pub fn new(keys: impl Into<Keys>) -> Self {
        Self { keys: keys.into() }
    }

    /// What the token says, if it is ours and good at `now`. Never panics, whatever the bytes are.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        self.verify_for(AUDIENCE, token, now)
    }

    /// The same, of a token of that audience alone.
    pub(super) fn verify_for(&self, audience: &str, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.is_empty() {
            return Err(TokenError::Missing);
        }
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let key_id = header.kid.ok_or(TokenError::Invalid)?;
        let key = self.keys.ring().decoding_key(&key_id).ok_or(TokenError::Invalid)?;
        let decoded = jsonwebtoken::decode::<Body>(token, &key, &validation(audience)).map_err(|error| {
            tracing::debug!(kind = ?ErrorName(error.kind()), "a token was refused");
            TokenError::Invalid
        })?;
        let claims = decoded.claims.claims(key_id).ok_or(TokenError::Invalid)?;
        claims.good_at(now)?;
        Ok(claims)
    }
}

fn validation(audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims = HashSet::from(["exp", "iss", "aud", "sub"].map(str::to_owned));
    validation.validate_exp = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    validation
}

/// The kind without what it holds: parts of a token are not for the log.
struct ErrorName<'e>(&'e ErrorKind);

impl std::fmt::Debug for ErrorName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            ErrorKind::InvalidSignature => "signature",
            ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => "algorithm",
            ErrorKind::InvalidIssuer => "issuer",
            ErrorKind::InvalidAudience => "audience",
            _ => "form",
        })
    }
}

/// What is between the dots.
#[derive(Serialize, Deserialize)]
struct Body {
    iss: String,
    aud: String,
    sub: Uuid,
    iat: i64,
    exp: i64,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    halls: Vec<Uuid>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    guest: bool,
}

impl Body {
    fn of(audience: &str, claims: &Claims) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: audience.to_owned(),
            sub: claims.subject,
            iat: claims.issued_at.as_second(),
            exp: claims.expires_at.as_second(),
            role: claims.role,
            chain: claims.chain,
            halls: claims.halls.clone(),
            guest: claims.guest,
        }
    }

    /// `None` if its times are no times.
    fn claims(self, key_id: String) -> Option<Claims> {
        if self.halls.len() > HALLS_MAX {
            return None;
        }
        Some(Claims {
            subject: self.sub,
            role: self.role,
            chain: self.chain,
            halls: self.halls,
            guest: self.guest,
            issued_at: Timestamp::from_second(self.iat).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
            key_id,
        })
    }
}
