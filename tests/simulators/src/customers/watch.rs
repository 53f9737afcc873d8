//! Follows a bill until it is as wanted, over lost connections and restarted services.

use std::time::Duration;

use baize_proto::hall::view::v1::{SessionBill, WatchBillRequest, WatchBillResponse};
use uuid::Uuid;

use super::wire::Wire;

/// Between attempts, in real time.
const PAUSE: Duration = Duration::from_millis(100);

/// The first bill that is as wanted, and the log position it reflects. Bound it: it tries for ever.
pub(crate) async fn until(wire: &Wire, session_id: Uuid, wanted: impl Fn(&SessionBill) -> bool) -> (SessionBill, u64) {
    let message = WatchBillRequest {
        session_id: session_id.to_string(),
    };
    loop {
        if let Ok(answer) = wire.bills().watch_bill(message.clone()).await {
            let mut changes = answer.into_inner();
            while let Ok(Some(WatchBillResponse {
                bill: Some(bill),
                position,
            })) = changes.message().await
            {
                if wanted(&bill) {
                    return (bill, position);
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
