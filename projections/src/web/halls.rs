//! The list of halls.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::language::Language;
use super::security::Nonce;
use super::texts::Texts;
use super::{Failure, Site, render};
use crate::query::{Deadline, HallSummary};

pub(super) const READ_MAX: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "halls.html")]
struct HallsPage {
    t: &'static Texts,
    language: Language,
    nonce: Nonce,
    halls: Vec<HallSummary>,
}

pub(crate) async fn page(State(site): State<Arc<Site>>, language: Language, nonce: Nonce) -> Result<Response, Failure> {
    let found = site.reader.halls(Deadline::within(READ_MAX)).await;
    let halls = found.map_err(|error| Failure::new(error, language, nonce))?.rows;
    Ok(render(&HallsPage {
        t: language.texts(),
        language,
        nonce,
        halls,
    }))
}
