//! Who looks: the session in the cookie, and whether its role still stands.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use baize_domain::ids::{ChainId, HallId, MemberId, staff_id};
use baize_domain::staff::{Staff, StaffEvent, StaffRole};
use baize_eventlog::StreamId;
use baize_proto::access::{Claims, Denial, Role};
use jiff::Timestamp;
use tonic::{Code, Request, Status};

use super::super::language::Language;
use super::super::security::Nonce;
use super::Console;
use super::pages::{Layout, Problem};

/// The name of the cookie.
pub(super) const COOKIE_NAME: &str = "baize_console";
/// Changes of one person's roles, at most.
const GRANTS_MAX: usize = 1_000;

/// Somebody who has entered.
pub(super) struct Visitor {
    claims: Arc<Claims>,
    console: Arc<Console>,
    pub(super) language: Language,
    pub(super) nonce: Nonce,
    /// The page's own path and query.
    here: String,
}

impl Visitor {
    /// A call in the visitor's name.
    pub(super) fn call<Q>(&self, method: &str, request: Q) -> Result<Request<Q>, Problem> {
        let access = self.console.guard.admit_bearer(method, Arc::clone(&self.claims));
        let mut request = Request::new(request);
        request
            .extensions_mut()
            .insert(access.map_err(|denial| self.problem(denial.into()))?);
        Ok(request)
    }

    /// Whether the visitor's role may call a method at all.
    pub(super) fn may(&self, method: &str) -> bool {
        self.console.guard.allows(method, self.claims.role)
    }

    /// What a call that failed looks like as a page.
    pub(super) fn problem(&self, status: Status) -> Problem {
        Problem::new(status, self.layout(""))
    }

    /// What is around every page. `place` is the part of the console that it belongs to.
    pub(super) fn layout(&self, place: &'static str) -> Layout {
        Layout::new(self, place)
    }

    pub(super) fn claims(&self) -> &Claims {
        &self.claims
    }

    /// This page in the other language.
    pub(super) fn switched(&self) -> String {
        let (path, query) = self.here.split_once('?').unwrap_or((&self.here, ""));
        let kept = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("lang="));
        let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
        pairs.push(format!("lang={}", self.language.other()));
        format!("{path}?{}", pairs.join("&"))
    }
}

impl FromRequestParts<Arc<Console>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Response> {
        let Ok(language) = Language::from_request_parts(parts, console).await;
        let Ok(nonce) = Nonce::from_request_parts(parts, console).await;
        let here = parts.uri.to_string();
        let outside = || Redirect::to(&format!("/console/enter?lang={language}")).into_response();
        let session = session(&parts.headers).ok_or_else(outside)?;
        let claims = console
            .verifier
            .check_console_session(session, Timestamp::now())
            .map_err(|_| outside())?;
        match console.stands(&claims).await {
            Ok(true) => Ok(Self {
                claims: Arc::new(claims),
                console: Arc::clone(console),
                language,
                nonce,
                here,
            }),
            Ok(false) => Err(outside()),
            Err(error) => {
                tracing::warn!(%error, "a visitor's role could not be looked up");
                Err(StatusCode::SERVICE_UNAVAILABLE.into_response())
            }
        }
    }
}

impl Console {
    /// Whether the role that the session was begun with is still granted. Roles that nobody grants stand until the session ends.
    pub(super) async fn stands(&self, claims: &Claims) -> Result<bool, baize_eventlog::Error> {
        let role = match claims.role {
            Role::Staff => StaffRole::Staff,
            Role::Owner => StaffRole::Owner,
            Role::Auditor | Role::Operator => return Ok(true),
            Role::Customer | Role::Device => return Ok(false),
        };
        let Some(chain) = claims.chain else {
            return Ok(false);
        };
        let id = staff_id(MemberId(claims.subject), ChainId(chain));
        let stream = StreamId::new("Staff", id.to_string());
        let mut staff = Staff::default();
        for event in self.log.read_stream(&stream, 0, GRANTS_MAX).await? {
            // What cannot be read grants nothing.
            match serde_json::from_str::<StaffEvent>(&event.payload) {
                Ok(event) => staff.evolve(&event),
                Err(_) => return Ok(false),
            }
        }
        let granted = staff.roles.get(&role);
        Ok(granted.is_some_and(|halls| claims.halls.iter().all(|hall| halls.contains(&HallId(*hall)))))
    }
}

/// The session in a browser's cookies.
pub(super) fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))
}

/// The status of a denial that is the page's own.
pub(super) fn denied() -> Status {
    Status::from(Denial::NotYours)
}

/// How a page answers for a status of a call.
pub(super) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::NotFound | Code::InvalidArgument => StatusCode::NOT_FOUND,
        Code::PermissionDenied | Code::Unauthenticated | Code::Unimplemented => StatusCode::FORBIDDEN,
        Code::FailedPrecondition => StatusCode::CONFLICT,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        assert_eq!(session(&headers), None);
        headers.append(COOKIE, HeaderValue::from_static("a=b; baize_console_x=no"));
        assert_eq!(session(&headers), None);
        headers.append(COOKIE, HeaderValue::from_static("c=d; baize_console=the.session; e=f"));
        assert_eq!(session(&headers), Some("the.session"));
    }
}
