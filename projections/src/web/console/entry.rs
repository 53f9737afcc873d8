//! Entering and leaving.
//!
//! Whoever has a token opens `/console/enter#token=…`: what is behind the `#` never leaves the browser, so the token is in no log of a proxy.
//! The page hands it over once, and gets a session in a cookie that no script can read.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use baize_proto::access::Role;
use jiff::Timestamp;
use serde::Deserialize;

use super::super::language::Language;
use super::super::render;
use super::super::security::Nonce;
use super::super::texts::Texts;
use super::Console;
use super::texts::{self, ConsoleTexts};
use super::visitor::COOKIE_NAME;

#[derive(Template)]
#[template(path = "console/enter.html")]
struct EntryPage {
    t: &'static Texts,
    c: &'static ConsoleTexts,
    language: Language,
    nonce: Nonce,
    /// Why the last try failed; empty before the first.
    refused: &'static str,
}

pub(super) async fn page(language: Language, nonce: Nonce) -> Response {
    render(&entry(language, nonce, ""))
}

fn entry(language: Language, nonce: Nonce, refused: &'static str) -> EntryPage {
    EntryPage {
        t: language.texts(),
        c: texts::of(language),
        language,
        nonce,
        refused,
    }
}

#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    token: String,
}

pub(super) async fn enter(
    State(console): State<Arc<Console>>,
    language: Language,
    nonce: Nonce,
    headers: HeaderMap,
    Form(shown): Form<Shown>,
) -> Response {
    let c = texts::of(language);
    let refused = |why| (StatusCode::FORBIDDEN, render(&entry(language, nonce, why))).into_response();
    let now = Timestamp::now();
    let Ok(claims) = console.verifier.verify(shown.token.trim(), now) else {
        return refused(c.token_refused);
    };
    if matches!(claims.role, Role::Customer | Role::Device) {
        return refused(c.role_refused);
    }
    match console.stands(&claims).await {
        Ok(true) => {}
        Ok(false) => return refused(c.role_refused),
        Err(error) => {
            tracing::warn!(%error, "a visitor's role could not be looked up");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    match console.signer.console_session(&claims, now) {
        Ok((session, lifetime)) => {
            tracing::info!(target: "baize::access", role = %claims.role, subject = %claims.subject, "entered the console");
            let cookie = cookie(&session, lifetime.as_secs(), &headers);
            (
                [(SET_COOKIE, cookie)],
                Redirect::to(&format!("/console?lang={language}")),
            )
                .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a session of the console could not be signed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(super) async fn leave(language: Language, headers: HeaderMap) -> Response {
    let gone = cookie("", 0, &headers);
    (
        [(SET_COOKIE, gone)],
        Redirect::to(&format!("/console/enter?lang={language}")),
    )
        .into_response()
}

/// Sent back to the console alone, never shown to scripts, and not sent along when other sites post.
fn cookie(session: &str, seconds: u64, headers: &HeaderMap) -> String {
    let encrypted = headers
        .get("x-forwarded-proto")
        .is_some_and(|protocol| protocol.as_bytes() == b"https");
    let secure = if encrypted { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={session}; Path=/console; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn behind_a_proxy_that_encrypts_the_cookie_is_never_sent_in_the_clear() {
        let mut headers = HeaderMap::new();
        assert_eq!(
            cookie("s", 60, &headers),
            "baize_console=s; Path=/console; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        assert!(cookie("s", 60, &headers).ends_with("; Secure"));
    }
}
