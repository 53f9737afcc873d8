//! Health, per service: each serves one view.

use futures::StreamExt as _;
use futures::stream::select_all;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::engine::ViewStatus;

/// Tells the gRPC health service what the views are, whenever that changes.
pub(crate) async fn report(reporter: HealthReporter, statuses: Vec<watch::Receiver<ViewStatus>>) {
    let views: Vec<_> = statuses.iter().map(|status| status.borrow().view).collect();
    for name in views.iter().map(|view| service(view)).chain([""]) {
        reporter.set_service_status(name, ServingStatus::NotServing).await;
    }
    let mut serving = vec![false; statuses.len()];
    let mut changes = select_all(statuses.into_iter().map(|status| WatchStream::new(status).boxed()));
    while let Some(status) = changes.next().await {
        let Some(index) = views.iter().position(|view| *view == status.view) else {
            continue;
        };
        if serving[index] != status.serving {
            serving[index] = status.serving;
            reporter
                .set_service_status(service(status.view), shown(status.serving))
                .await;
            reporter
                .set_service_status("", shown(serving.iter().all(|serves| *serves)))
                .await;
        }
    }
}

fn shown(serves: bool) -> ServingStatus {
    if serves {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    }
}

/// The gRPC service that serves a view.
fn service(view: &str) -> &'static str {
    match view {
        "board" => "hall.view.v1.BoardService",
        "complaints" => "hall.view.v1.ComplaintQueueService",
        "devices" => "hall.view.v1.DeviceStateService",
        "directory" => "hall.view.v1.DirectoryService",
        "bills" => "hall.view.v1.BillService",
        "payments" => "hall.view.v1.PaymentService",
        "reconciliations" => "hall.view.v1.ReconciliationService",
        "trial_balance" => "hall.view.v1.BookService",
        "loyalty" => "hall.view.v1.LoyaltyService",
        "splits" => "hall.view.v1.SplitService",
        "indicators" => "hall.view.v1.IndicatorService",
        "members" => "hall.view.v1.MemberDirectoryService",
        "timelines" => "hall.view.v1.TimelineService",
        "notices" => "hall.view.v1.NoticeService",
        _ => "hall.view.v1.StatementService",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::service;
    use crate::VIEWS;

    #[test]
    fn no_view_speaks_for_another() {
        let services: BTreeSet<_> = VIEWS.iter().map(|view| service(view)).collect();
        assert_eq!(services.len(), VIEWS.len());
    }
}
