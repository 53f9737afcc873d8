//! What a token says about its bearer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Role, TokenError};

/// How many halls one token may name.
pub const HALLS_MAX: usize = 256;
/// How far the clocks of two machines may be apart.
const LEEWAY: SignedDuration = SignedDuration::from_secs(5);

/// What a token says about its bearer. Ids only: a token can be read by whoever holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who it is: a member, a person of the staff, a bridge.
    pub subject: Uuid,
    /// What they are to the system.
    pub role: Role,
    /// The chain that the role is held in, if it is held in one.
    pub chain: Option<Uuid>,
    /// The halls that the role is held in, at most [`HALLS_MAX`]. A device's token that names none is for every hall.
    pub halls: Vec<Uuid>,
    /// A customer who is not a member yet.
    pub guest: bool,
    /// When the token was made, in whole seconds.
    pub issued_at: Timestamp,
    /// When it stops being good, in whole seconds.
    pub expires_at: Timestamp,
    /// The key that signed it; set by signing.
    pub key_id: String,
}

impl Claims {
    /// Claims of a role that is held nowhere in particular.
    pub fn new(subject: Uuid, role: Role, now: Timestamp, lifetime: Duration) -> Self {
        let issued = now.as_second();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let instant = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        Self {
            subject,
            role,
            chain: None,
            halls: Vec::new(),
            guest: false,
            issued_at: instant(issued),
            expires_at: instant(issued.saturating_add(lifetime)),
            key_id: String::new(),
        }
    }

    /// Held in this chain.
    #[must_use]
    pub fn in_chain(mut self, chain: Uuid) -> Self {
        self.chain = Some(chain);
        self
    }

    /// Held in these halls.
    #[must_use]
    pub fn in_halls(mut self, halls: impl IntoIterator<Item = Uuid>) -> Self {
        self.halls = halls.into_iter().collect();
        self
    }

    /// For a guest.
    #[must_use]
    pub fn as_guest(mut self) -> Self {
        self.guest = true;
        self
    }

    /// Whether they are good at `now`. Judged here, by the clock that is given: the token library knows only the system's.
    ///
    /// # Errors
    /// Expired, early, or for longer than the role's tokens may be.
    pub fn good_at(&self, now: Timestamp) -> Result<(), TokenError> {
        let lifetime = self.expires_at.duration_since(self.issued_at);
        if lifetime.is_negative() || lifetime.unsigned_abs() > self.role.lifetime_max() {
            return Err(TokenError::Invalid);
        }
        if now.duration_since(self.expires_at) >= LEEWAY {
            return Err(TokenError::Expired);
        }
        if self.issued_at.duration_since(now) > LEEWAY {
            return Err(TokenError::Early);
        }
        Ok(())
    }

    /// Who it is, for the record: `staff:UUID`.
    pub fn actor(&self) -> String {
        format!("{}:{}", self.role, self.subject)
    }
}
