//! What is around every page, and pages that could not be shown.

use askama::Template;
use axum::response::{IntoResponse, Response};
use baize_proto::access::Role;
use serde::Deserialize;
use tonic::Status;

use super::super::language::Language;
use super::super::render;
use super::super::security::Nonce;
use super::super::texts::Texts;
use super::texts::{self, ConsoleTexts};
use super::visitor::{Visitor, http_status};

/// The head of a page: where one is and where one can go.
pub(super) struct Layout {
    pub(super) t: &'static Texts,
    pub(super) c: &'static ConsoleTexts,
    pub(super) language: Language,
    pub(super) nonce: Nonce,
    pub(super) role: &'static str,
    /// This page in the other language.
    pub(super) switched: String,
    pub(super) places: Vec<Place>,
}

/// A part of the console.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    /// The page belongs to it.
    pub(super) here: bool,
}

impl Layout {
    pub(super) fn new(visitor: &Visitor, place: &'static str) -> Self {
        let c = texts::of(visitor.language);
        let all = [
            (c.halls, "/console", "/hall.view.v1.DirectoryService/ListHalls"),
            (
                c.members,
                "/console/members",
                "/hall.view.v1.MemberDirectoryService/ListMembers",
            ),
            (
                c.payments,
                "/console/payments",
                "/hall.view.v1.PaymentService/ListPayments",
            ),
            (c.books, "/console/books", "/hall.view.v1.BookService/GetTrialBalance"),
            (c.system, "/console/system", "/hall.view.v1.BookService/GetTrialBalance"),
        ];
        let open = all.into_iter().filter(|(.., method)| visitor.may(method));
        Self {
            t: visitor.language.texts(),
            c,
            language: visitor.language,
            nonce: visitor.nonce,
            role: match visitor.claims().role {
                Role::Staff => c.staff,
                Role::Owner => c.owner,
                Role::Auditor => c.auditor,
                _ => c.operator,
            },
            switched: visitor.switched(),
            places: open
                .map(|(name, path, _)| Place {
                    name,
                    path,
                    here: path == place,
                })
                .collect(),
        }
    }
}

/// Why a page is not shown.
pub(super) struct Problem(Box<Response>);

#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage {
    l: Layout,
    message: &'static str,
    /// What the service said, for whoever is asked for help.
    told: String,
}

impl Problem {
    pub(super) fn new(status: Status, layout: Layout) -> Self {
        let http = http_status(status.code());
        let message = match http.as_u16() {
            404 => layout.c.not_found,
            403 => layout.c.not_yours,
            409 => layout.c.not_yet,
            _ => layout.t.unavailable,
        };
        let told = status.message().to_owned();
        let page = ProblemPage {
            l: layout,
            message,
            told,
        };
        Self(Box::new((http, render(&page)).into_response()))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Which page of a list is wished for.
#[derive(Deserialize)]
pub(super) struct Paging {
    #[serde(default)]
    pub(super) page: String,
}
