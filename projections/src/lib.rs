//! Views fed by the event stream, their queries and live pages.
//!
//! [`Projections`] is the service. [`rebuild`] and [`verify`] work beside it, in any process, on the same database.
//!
//! - `engine` follows the log and writes views; it knows no view.
//! - `views` says what each view keeps and how it folds events; `store` keeps rows in memory and in tables.
//! - [`audit`] tells auditors which events there were and what aggregates were, here and in programs.
//! - [`codes`] draws what is printed on tables.
//! - [`reports`] sends what happened in a day, week or month by mail.
//! - `query` answers gRPC, `web` draws pages; both read through the same reader.

pub mod audit;
pub mod bi;
pub mod codes;
mod database;
mod engine;
mod grpc;
mod health;
pub mod kpis;
mod mail;
mod options;
mod query;
pub mod reports;
mod service;
mod store;
mod views;
mod web;

use anyhow::bail;

use views::{
    Bills, Board, Complaints, Devices, Directory, Indicators, Loyalty, Members, Notices, Payments, Reconciliations,
    Splits, Timelines, TrialBalance, Wallets,
};

pub use database::{Database, ROLE};
pub use engine::{Comparison, Condition, Difference, Phase, Progress, RebuildOptions, Rebuilt, ViewStatus};
pub use mail::MailOptions;
pub use options::Options;
pub use service::Projections;

/// The names of all views.
pub const VIEWS: &[&str] = &[
    "board",
    "bills",
    "wallets",
    "directory",
    "devices",
    "complaints",
    "indicators",
    "loyalty",
    "members",
    "notices",
    "payments",
    "trial_balance",
    "splits",
    "timelines",
    "reconciliations",
];

/// Builds a view again from the whole log, compares it with the live one and switches, while the live one is served.
///
/// # Errors
/// The view is unknown or being rebuilt by somebody else, the database failed, or the log holds an event that cannot be
/// applied. The live view is untouched then. A difference is no error: see [`Rebuilt::switched`].
pub async fn rebuild(
    database: &Database,
    view: &str,
    options: RebuildOptions,
    mut progress: impl FnMut(Progress) + Send,
) -> anyhow::Result<Rebuilt> {
    match view {
        "board" => engine::rebuild::<Board>(database, options, &mut progress).await,
        "bills" => engine::rebuild::<Bills>(database, options, &mut progress).await,
        "complaints" => engine::rebuild::<Complaints>(database, options, &mut progress).await,
        "devices" => engine::rebuild::<Devices>(database, options, &mut progress).await,
        "directory" => engine::rebuild::<Directory>(database, options, &mut progress).await,
        "indicators" => engine::rebuild::<Indicators>(database, options, &mut progress).await,
        "members" => engine::rebuild::<Members>(database, options, &mut progress).await,
        "notices" => engine::rebuild::<Notices>(database, options, &mut progress).await,
        "splits" => engine::rebuild::<Splits>(database, options, &mut progress).await,
        "timelines" => engine::rebuild::<Timelines>(database, options, &mut progress).await,
        "wallets" => engine::rebuild::<Wallets>(database, options, &mut progress).await,
        "loyalty" => engine::rebuild::<Loyalty>(database, options, &mut progress).await,
        "payments" => engine::rebuild::<Payments>(database, options, &mut progress).await,
        "reconciliations" => engine::rebuild::<Reconciliations>(database, options, &mut progress).await,
        "trial_balance" => engine::rebuild::<TrialBalance>(database, options, &mut progress).await,
        other => unknown(other),
    }
}

/// Compares a view with the fold of the log up to the view's position, row by row, while it is served.
///
/// # Errors
/// The view is unknown or was rebuilt meanwhile, the database failed, or the log cannot be folded. A difference is no
/// error: see [`Comparison::is_equal`].
pub async fn verify(
    database: &Database,
    view: &str,
    mut progress: impl FnMut(Progress) + Send,
) -> anyhow::Result<Comparison> {
    match view {
        "board" => engine::verify::<Board>(database, &mut progress).await,
        "bills" => engine::verify::<Bills>(database, &mut progress).await,
        "complaints" => engine::verify::<Complaints>(database, &mut progress).await,
        "devices" => engine::verify::<Devices>(database, &mut progress).await,
        "directory" => engine::verify::<Directory>(database, &mut progress).await,
        "indicators" => engine::verify::<Indicators>(database, &mut progress).await,
        "members" => engine::verify::<Members>(database, &mut progress).await,
        "notices" => engine::verify::<Notices>(database, &mut progress).await,
        "splits" => engine::verify::<Splits>(database, &mut progress).await,
        "timelines" => engine::verify::<Timelines>(database, &mut progress).await,
        "wallets" => engine::verify::<Wallets>(database, &mut progress).await,
        "loyalty" => engine::verify::<Loyalty>(database, &mut progress).await,
        "payments" => engine::verify::<Payments>(database, &mut progress).await,
        "reconciliations" => engine::verify::<Reconciliations>(database, &mut progress).await,
        "trial_balance" => engine::verify::<TrialBalance>(database, &mut progress).await,
        other => unknown(other),
    }
}

fn unknown<T>(view: &str) -> anyhow::Result<T> {
    bail!("there is no view {view:?}; there are {}", VIEWS.join(", "))
}
