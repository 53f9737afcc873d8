//! Sessions of the console: what a browser shows instead of a token.
//!
//! A session says of its bearer what the token said that it was begun with, and is good for the console's pages alone: its audience is
//! another, so that it is never taken for a token, nor a token for it.

use std::time::Duration;

use jiff::Timestamp;

use super::{Claims, IssueError, Role, Signer, TokenError, Verifier};

const AUDIENCE: &str = "baize-console";

impl Signer {
    /// A session for the bearer of these claims, from `now` on. People with grants stay for as long as their role's tokens may be good; **whoever
    /// takes the session asks with every page whether the grant still stands**. A role without grants stays until its token ends.
    ///
    /// # Errors
    /// No key signs, or the claims are more than a token may say.
    pub fn console_session(&self, claims: &Claims, now: Timestamp) -> Result<(String, Duration), IssueError> {
        let lifetime = match claims.role {
            Role::Staff | Role::Owner => claims.role.lifetime_max(),
            _ => Duration::try_from(claims.expires_at.duration_since(now)).unwrap_or_default(),
        };
        let renewed = Claims::new(claims.subject, claims.role, now, lifetime);
        let session = Claims {
            issued_at: renewed.issued_at,
            expires_at: renewed.expires_at,
            ..claims.clone()
        };
        Ok((self.issue_for(AUDIENCE, &session)?, lifetime))
    }
}

impl Verifier {
    /// What the session says of its bearer, if it is ours and good at `now`. Never panics, whatever the bytes are.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn check_console_session(&self, session: &str, now: Timestamp) -> Result<Claims, TokenError> {
        self.verify_for(AUDIENCE, session, now)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::{KeyRing, Keys};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const QUARTER: Duration = Duration::from_secs(900);

    fn keys() -> (Signer, Verifier) {
        let keys = Keys::new(KeyRing::generate().unwrap());
        (Signer::new(keys.clone()), Verifier::new(keys))
    }

    #[test]
    fn a_session_is_no_token_and_a_token_no_session() {
        let (signer, verifier) = keys();
        let claims = Claims::new(Uuid::from_u128(1), Role::Owner, NOW, QUARTER).in_chain(Uuid::from_u128(2));
        let token = signer.issue(&claims).unwrap();
        let (session, _) = signer.console_session(&claims, NOW).unwrap();
        assert_eq!(verifier.verify(&session, NOW), Err(TokenError::Invalid));
        assert_eq!(verifier.check_console_session(&token, NOW), Err(TokenError::Invalid));
        let bearer = verifier.check_console_session(&session, NOW).unwrap();
        assert_eq!(
            (bearer.subject, bearer.role, bearer.chain),
            (claims.subject, claims.role, claims.chain)
        );
    }

    #[test]
    fn people_with_grants_stay_for_a_shift_and_others_until_their_token_ends() {
        let (signer, verifier) = keys();
        let later = |seconds: u64| NOW + Duration::from_secs(seconds);
        let begun = |role| {
            signer
                .console_session(&Claims::new(Uuid::nil(), role, NOW, QUARTER), later(600))
                .unwrap()
                .0
        };
        let (owner, auditor) = (begun(Role::Owner), begun(Role::Auditor));
        assert!(verifier.check_console_session(&owner, later(40_000)).is_ok());
        assert_eq!(
            verifier.check_console_session(&owner, later(600 + 12 * 3_600 + 5)),
            Err(TokenError::Expired)
        );
        assert!(verifier.check_console_session(&auditor, later(899)).is_ok());
        assert_eq!(
            verifier.check_console_session(&auditor, later(905)),
            Err(TokenError::Expired)
        );
    }
}
