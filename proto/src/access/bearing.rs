//! The caller's side: a channel on which every call shows a token.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::header::AUTHORIZATION;
use tonic::codegen::http::{HeaderValue, Request, Response};
use tonic::transport::Channel;
use uuid::Uuid;

use super::{Claims, Keys, Role, Signer};

/// The subject of the house's own programs: the same everywhere, so that a request that one repeats is known.
const HOUSE: Uuid = Uuid::from_u128(0xba12_e000_0000_8000_8000_0000_0000_0001);
/// How long a token from a file is used before the file is looked at again.
const FILE_LOOKED_AT_EVERY: Duration = Duration::from_secs(10);

/// A channel on which every call shows a token. Clients take it where they take a channel.
#[derive(Clone)]
pub struct Bearing {
    channel: Channel,
    badge: Badge,
}

/// Where a caller's token comes from.
#[derive(Clone)]
pub struct Badge {
    source: Arc<Source>,
}

/// The header's value for a method's path.
type Source = dyn Fn(&str) -> Option<HeaderValue> + Send + Sync;

impl Badge {
    /// None: only what is open to anybody.
    pub fn none() -> Self {
        Self::by_method(|_| None)
    }

    /// This token, until it expires.
    pub fn fixed(token: &str) -> Self {
        let value = header(token);
        Self::by_method(move |_| value.clone())
    }

    /// Tokens made here with a key of one's own, each renewed when half its life is over.
    pub fn signed(signer: Signer, claims: Claims) -> Self {
        let kept: Mutex<Option<(Timestamp, HeaderValue)>> = Mutex::default();
        Self::by_method(move |_| {
            let now = Timestamp::now();
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((until, value)) = &*kept
                && *until > now
            {
                return Some(value.clone());
            }
            let lifetime = claims.expires_at.duration_since(claims.issued_at).unsigned_abs();
            let fresh = Claims {
                expires_at: now + lifetime,
                issued_at: now,
                ..claims.clone()
            };
            match signer.issue(&fresh) {
                Ok(token) => {
                    let value = header(&token)?;
                    *kept = Some((now + lifetime / 2, value.clone()));
                    Some(value)
                }
                Err(error) => {
                    tracing::error!(%error, "no token can be made");
                    None
                }
            }
        })
    }

    /// The token in a file, which somebody renews before it expires.
    pub fn file(path: PathBuf) -> Self {
        let kept: Mutex<Option<(Instant, HeaderValue)>> = Mutex::default();
        Self::by_method(move |_| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((read_at, value)) = &*kept
                && read_at.elapsed() < FILE_LOOKED_AT_EVERY
            {
                return Some(value.clone());
            }
            match std::fs::read_to_string(&path) {
                Ok(text) => *kept = header(text.trim()).map(|value| (Instant::now(), value)),
                Err(error) => tracing::error!(file = %path.display(), %error, "the token cannot be read"),
            }
            kept.as_ref().map(|(_, value)| value.clone())
        })
    }

    /// What a program of the house shows, such as one that sets up a hall to try things in: an operator's token, and a
    /// device's where devices report.
    pub fn of_the_house(keys: &Keys) -> Self {
        let claims = |role: Role| Claims::new(HOUSE, role, Timestamp::now(), role.lifetime_max());
        let signed = |role| Self::signed(Signer::new(keys.clone()), claims(role));
        signed(Role::Device)
            .only_for("/hall.device.v1.DeviceService/")
            .or(signed(Role::Operator))
    }

    /// Whatever `source` gives for a method such as `/hall.table.v1.TableService/OpenTable`.
    pub fn by_method(source: impl Fn(&str) -> Option<HeaderValue> + Send + Sync + 'static) -> Self {
        Self {
            source: Arc::new(source),
        }
    }

    /// This badge where it has a token, else the other.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::by_method(move |method| (self.source)(method).or_else(|| (other.source)(method)))
    }

    /// This badge for methods whose path begins so, and none elsewhere.
    #[must_use]
    pub fn only_for(self, prefix: &'static str) -> Self {
        Self::by_method(move |method| method.starts_with(prefix).then(|| (self.source)(method)).flatten())
    }

    /// What is shown for a method.
    pub fn value(&self, method: &str) -> Option<HeaderValue> {
        (self.source)(method)
    }
}

/// The value of the header `authorization` for a token; `None` if it is no text for a header.
fn header(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl fmt::Debug for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A token is a secret.
        f.write_str("Badge")
    }
}

impl Bearing {
    /// Calls over `channel`, each with a token of `badge`.
    pub fn new(channel: Channel, badge: Badge) -> Self {
        Self { channel, badge }
    }

    /// What is shown on it.
    pub fn badge(&self) -> Badge {
        self.badge.clone()
    }

    /// The same connection for another caller.
    #[must_use]
    pub fn with(&self, badge: Badge) -> Self {
        Self::new(self.channel.clone(), badge)
    }
}

impl fmt::Debug for Bearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bearing").field(&self.channel).finish()
    }
}

impl Service<Request<Body>> for Bearing {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = <Channel as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // A token that the caller has put there is the caller's choice.
        if !request.headers().contains_key(AUTHORIZATION)
            && let Some(value) = self.badge.value(request.uri().path())
        {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        self.channel.call(request)
    }
}
