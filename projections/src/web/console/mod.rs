//! The console: what owners, staff, auditors and operators look up, page by page.
//!
//! It reads what the query services answer, asked in the name of whoever looks: **a page shows no more than the same calls over gRPC would**, and
//! there is no second place that judges rights. It changes nothing; commands are given through the API.

mod books;
mod codes;
mod complaints;
mod day;
mod devices;
mod entry;
mod halls;
mod history;
mod members;
mod pages;
mod payments;
mod session;
mod steps;
mod system;
mod texts;
mod visitor;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use baize_eventlog::{Clock, EventLog};
use baize_proto::access::{Guard, Keys, Signer, Verifier};
use tokio::sync::watch;

use crate::engine::{FeedSource, ViewStatus};
use crate::query::{
    BillService, BookService, ComplaintQueueService, DeviceStateService, DirectoryService, IndicatorService,
    MemberDirectoryService, PaymentService, Reader, ReconciliationService, StatementService, TimelineService,
};

/// What the pages need.
pub(crate) struct Console {
    guard: Guard,
    signer: Signer,
    verifier: Verifier,
    log: EventLog,
    statuses: Vec<watch::Receiver<ViewStatus>>,
    source: watch::Receiver<FeedSource>,
    services: Services,
}

/// The query services, called in this process.
struct Services {
    bills: BillService,
    books: BookService,
    complaints: ComplaintQueueService,
    devices: DeviceStateService,
    directory: DirectoryService,
    indicators: IndicatorService,
    members: MemberDirectoryService,
    payments: PaymentService,
    reconciliations: ReconciliationService,
    statements: StatementService,
    timelines: TimelineService,
}

impl Console {
    pub(crate) fn new(
        reader: &Arc<Reader>,
        log: EventLog,
        keys: Keys,
        guard: Guard,
        clock: Clock,
        statuses: Vec<watch::Receiver<ViewStatus>>,
        source: watch::Receiver<FeedSource>,
    ) -> Self {
        let shared = || Arc::clone(reader);
        Self {
            guard,
            signer: Signer::new(keys.clone()),
            verifier: Verifier::new(keys.clone()),
            statuses,
            source,
            services: Services {
                bills: BillService::new(shared(), Signer::new(keys)),
                books: BookService::new(shared()),
                complaints: ComplaintQueueService::new(shared()),
                devices: DeviceStateService::new(shared()),
                directory: DirectoryService::new(shared(), String::new()),
                indicators: IndicatorService::new(shared(), clock),
                members: MemberDirectoryService::new(shared()),
                payments: PaymentService::new(shared()),
                reconciliations: ReconciliationService::new(shared()),
                statements: StatementService::new(shared()),
                timelines: TimelineService::new(shared(), log.clone()),
            },
            log,
        }
    }
}

/// The pages under `/console`.
pub(crate) fn router(console: Console) -> Router {
    Router::new()
        .route("/console", get(halls::page))
        .route("/console/enter", get(entry::page).post(entry::enter))
        .route("/console/leave", post(entry::leave))
        .route("/console/halls/{hall_id}", get(day::page))
        .route("/console/halls/{hall_id}/history", get(history::page))
        .route("/console/halls/{hall_id}/devices", get(devices::list))
        .route("/console/halls/{hall_id}/complaints", get(complaints::list))
        .route("/console/devices/{device_id}", get(devices::page))
        .route("/console/sessions/{session_id}", get(session::page))
        .route("/console/sessions/{session_id}/receipt", get(session::receipt))
        .route("/console/members", get(members::list))
        .route("/console/members/{member_id}", get(members::page))
        .route("/console/payments", get(payments::list))
        .route("/console/payments/{intent_id}", get(payments::page))
        .route("/console/books", get(books::page))
        .route("/console/system", get(system::page))
        .with_state(Arc::new(console))
}
