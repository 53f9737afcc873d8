//! The one layer that every call passes first: who is it, and may that role call this method. Denies by default.
//!
//! Whether the thing that is asked for is the caller's own cannot be known here; whoever reads the thing asks
//! [`Access::permit`].

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use jiff::Timestamp;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::header::AUTHORIZATION;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tower::Layer;

use super::{Access, Claims, Denial, KeyRing, Keys, Policies, PolicyError, Role, TokenError, Verifier};

/// Health and reflection, which are open: they tell nothing that the contract does not.
const OPEN: &str = "/grpc.";
/// Tokens that were verified and may be shown again.
const KNOWN_MAX: usize = 10_000;

/// The layer.
#[derive(Clone)]
pub struct Guard {
    policies: Arc<Policies>,
    verifier: Verifier,
    keys: Keys,
    known: Arc<Mutex<Known>>,
}

/// What was verified already, by the ring it was verified with: a signature costs more than the rest of the layer.
#[derive(Default)]
struct Known {
    ring: Option<Arc<KeyRing>>,
    claims: HashMap<String, Arc<Claims>>,
}

impl Guard {
    /// A guard by the policies of the contract.
    ///
    /// # Errors
    /// A method has no policy.
    pub fn new(keys: Keys) -> Result<Self, PolicyError> {
        Ok(Self {
            policies: Arc::new(Policies::of_contract()?),
            verifier: Verifier::new(keys.clone()),
            keys,
            known: Arc::default(),
        })
    }

    /// Lets a call in, or not. `None`: open to anybody.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Option<Access>, Denial> {
        if path.starts_with(OPEN) {
            return Ok(None);
        }
        if self.policies.of(path).ok_or(Denial::Nobody)?.open {
            return Ok(None);
        }
        let claims = self.claims(headers, Timestamp::now())?;
        self.admit_bearer(path, claims).map(Some)
    }

    /// Lets a caller of whom somebody else has found out who it is in to a method, or not.
    ///
    /// # Errors
    /// Why not.
    pub fn admit_bearer(&self, path: &str, claims: Arc<Claims>) -> Result<Access, Denial> {
        let policy = self.policies.of(path).ok_or(Denial::Nobody)?;
        match policy.allow.get(&claims.role) {
            Some(scope) => Ok(Access::new(claims, *scope)),
            None => {
                let denial = Denial::WrongRole(claims.role);
                denied(path, &claims, denial);
                Err(denial)
            }
        }
    }

    /// Whether a role may call a method at all.
    pub fn allows(&self, path: &str, role: Role) -> bool {
        self.policies
            .of(path)
            .is_some_and(|policy| policy.allow.contains_key(&role))
    }

    fn claims(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<Claims>, TokenError> {
        let token = bearer(headers)?;
        let ring = self.keys.ring();
        if let Some(claims) = self.remembered(token, &ring) {
            claims.good_at(now)?;
            return Ok(claims);
        }
        let claims = Arc::new(self.verifier.verify(token, now)?);
        self.remember(token, &ring, &claims);
        Ok(claims)
    }

    fn remembered(&self, token: &str, ring: &Arc<KeyRing>) -> Option<Arc<Claims>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.ring.as_ref().is_some_and(|known| Arc::ptr_eq(known, ring)) {
            *known = Known {
                ring: Some(Arc::clone(ring)),
                claims: HashMap::new(),
            };
        }
        known.claims.get(token).cloned()
    }

    fn remember(&self, token: &str, ring: &Arc<KeyRing>, claims: &Arc<Claims>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.ring.as_ref().is_some_and(|known| Arc::ptr_eq(known, ring)) {
            if known.claims.len() >= KNOWN_MAX {
                known.claims.clear();
            }
            known.claims.insert(token.to_owned(), Arc::clone(claims));
        }
    }
}

/// The record of a denial: who it was by id and role, never a name, a number or a token.
pub fn denied(method: &str, claims: &Claims, denial: Denial) {
    let (role, subject) = (claims.role, claims.subject);
    tracing::warn!(target: "baize::access", method, %role, %subject, reason = denial.reason(), "denied");
}

/// RFC 6750: `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let value = headers.get(AUTHORIZATION).ok_or(TokenError::Missing)?;
    let text = value.to_str().map_err(|_| TokenError::Invalid)?;
    let (scheme, token) = text.split_once(' ').ok_or(TokenError::Invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(TokenError::Invalid)
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            guard: self.clone(),
            inner,
        }
    }
}

/// A service behind the guard.
#[derive(Clone)]
pub struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.guard.admit(request.uri().path(), request.headers()) {
            Ok(access) => {
                if let Some(access) = access {
                    request.extensions_mut().insert(access);
                }
                Box::pin(self.inner.call(request))
            }
            Err(denial) => {
                if let Denial::Unauthenticated(_) | Denial::Nobody = denial {
                    let method = request.uri().path();
                    tracing::warn!(target: "baize::access", method, reason = denial.reason(), "denied");
                }
                Box::pin(async move { Ok(Status::from(denial).into_http()) })
            }
        }
    }
}
