//! Tickets: signed addresses that show one page for a short time, for what a browser opens without a token.
//!
//! A ticket names the path it is good for and nothing else. Its audience is not that of tokens, so neither is ever taken for the other.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use super::token::ISSUER;
use super::{IssueError, Signer, TokenError, Verifier};

const AUDIENCE: &str = "baize-page";
/// Longer than any ticket of ours; what is longer is not looked at.
const TICKET_BYTES_MAX: usize = 2 * 1024;

/// What is between the dots.
#[derive(Serialize, Deserialize)]
struct Body {
    iss: String,
    aud: String,
    /// The path.
    sub: String,
    exp: i64,
}

impl Signer {
    /// A ticket that shows `path` for `lifetime` from `now` on. Whoever has it may see the page.
    ///
    /// # Errors
    /// No key signs.
    pub fn ticket(&self, path: &str, now: Timestamp, lifetime: Duration) -> Result<String, IssueError> {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let until = Timestamp::from_second(now.as_second().saturating_add(seconds));
        self.ticket_until(path, until.unwrap_or(Timestamp::MAX))
    }

    /// A ticket that shows `path` until an instant, in whole seconds.
    ///
    /// # Errors
    /// No key signs.
    pub fn ticket_until(&self, path: &str, until: Timestamp) -> Result<String, IssueError> {
        let ring = self.keys.ring();
        let (key_id, key) = ring.encoding_key().ok_or(IssueError::NoSigningKey)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key_id.to_owned());
        let body = Body {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: path.to_owned(),
            exp: until.as_second(),
        };
        jsonwebtoken::encode(&header, &body, &key).map_err(|error| IssueError::Unsigned(error.to_string()))
    }
}

impl Verifier {
    /// Whether `ticket` is ours, for `path`, and good at `now`. Never panics, whatever the bytes are.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn check_ticket(&self, ticket: &str, path: &str, now: Timestamp) -> Result<(), TokenError> {
        if ticket.is_empty() {
            return Err(TokenError::Missing);
        }
        if ticket.len() > TICKET_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(ticket).map_err(|_| TokenError::Invalid)?;
        let key_id = header.kid.ok_or(TokenError::Invalid)?;
        let key = self.keys.ring().decoding_key(&key_id).ok_or(TokenError::Invalid)?;
        let body = jsonwebtoken::decode::<Body>(ticket, &key, &validation()).map_err(|_| TokenError::Invalid)?;
        if body.claims.sub != path {
            return Err(TokenError::Invalid);
        }
        if now.as_second() >= body.claims.exp {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims = HashSet::from(["exp", "iss", "aud", "sub"].map(str::to_owned));
    validation.validate_exp = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::{Claims, KeyRing, Keys, Role};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn later(seconds: u64) -> Timestamp {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn a_ticket_shows_its_own_page_until_it_expires() {
        let keys = Keys::new(KeyRing::generate().unwrap());
        let (signer, verifier) = (Signer::new(keys.clone()), Verifier::new(keys));
        let ticket = signer.ticket("/receipts/1", NOW, Duration::from_secs(60)).unwrap();
        let check = |ticket: &str, path: &str, now| verifier.check_ticket(ticket, path, now);
        assert_eq!(check(&ticket, "/receipts/1", later(59)), Ok(()));
        assert_eq!(check(&ticket, "/receipts/1", later(60)), Err(TokenError::Expired));
        assert_eq!(check(&ticket, "/receipts/2", NOW), Err(TokenError::Invalid));
        assert_eq!(check("", "/receipts/1", NOW), Err(TokenError::Missing));
        assert_eq!(check("花.花.花", "/receipts/1", NOW), Err(TokenError::Invalid));
        let other = Signer::new(Keys::new(KeyRing::generate().unwrap()));
        let foreign = other.ticket("/receipts/1", NOW, Duration::from_secs(60)).unwrap();
        assert_eq!(check(&foreign, "/receipts/1", NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_is_no_ticket_and_a_ticket_no_token() {
        let keys = Keys::new(KeyRing::generate().unwrap());
        let (signer, verifier) = (Signer::new(keys.clone()), Verifier::new(keys));
        let subject = Uuid::from_u128(1);
        let claims = Claims::new(subject, Role::Customer, NOW, Duration::from_secs(60));
        let token = signer.issue(&claims).unwrap();
        let as_ticket = verifier.check_ticket(&token, &subject.to_string(), NOW);
        assert_eq!(as_ticket, Err(TokenError::Invalid));
        let ticket = signer
            .ticket(&subject.to_string(), NOW, Duration::from_secs(60))
            .unwrap();
        assert_eq!(verifier.verify(&ticket, NOW).unwrap_err(), TokenError::Invalid);
    }
}
