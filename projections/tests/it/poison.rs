//! Events that cannot be applied.

use baize_eventlog::{NewEvent, StreamId};
use baize_projections::{Condition, RebuildOptions};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::evening::{Session, Table};
use crate::queries::Client;
use crate::stage::{Stage, in_time, reach, until};
use crate::web::get;

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_event_stops_the_views_it_concerns_and_nothing_is_skipped() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(30).await;
    let service = stage.serve().await;
    let before = stage.append_all(evening.events(50)).await;
    let unknown = NewEvent {
        event_type: "SessionTeleported".to_owned(),
        event_version: "1.0.0".to_owned(),
        payload: r#"{"SessionTeleported":{}}"#.to_owned(),
    };
    let poison = stage
        .append_raw(vec![(
            StreamId::new("TableSession", Uuid::new_v4().to_string()),
            unknown,
        )])
        .await;
    let after = stage.append_all(evening.events(50)).await;

    for view in ["board", "bills"] {
        let mut status = service.status(view).unwrap();
        let stopped = status.wait_for(|status| matches!(status.condition, Condition::Stopped { .. }));
        let stopped = in_time("the stop", stopped).await.unwrap().clone();
        assert_eq!(stopped.position, before);
        let Condition::Stopped { position, reason } = stopped.condition else {
            unreachable!()
        };
        assert_eq!(position, poison);
        assert!(reason.contains("SessionTeleported"), "{reason}");
        assert!(stage.verify(view).await.is_equal());
    }
    // No session's event concerns a wallet.
    let mut status = service.status("wallets").unwrap();
    in_time("the wallets", status.wait_for(|status| status.position == after))
        .await
        .unwrap();

    let mut client = Client::connect(&service).await;
    until("the alarm", || async {
        let bills = client.health("hall.view.v1.BillService").await;
        let wallets = client.health("hall.view.v1.StatementService").await;
        let all = client.health("").await;
        let alarm = (
            ServingStatus::NotServing,
            ServingStatus::Serving,
            ServingStatus::NotServing,
        );
        ((bills, wallets, all) == alarm).then_some(())
    })
    .await;
    let ready = get(&service, "/readyz", &[]).await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("stopped at position"), "{}", ready.body);
    assert_eq!(get(&service, "/healthz", &[]).await.status, 200);

    // What is there is still told; what will not come is refused at once.
    let table = Table {
        hall_id: Uuid::new_v4(),
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    };
    let missing = Session {
        table,
        session_id: Uuid::new_v4(),
        member_id: Uuid::new_v4(),
    };
    assert_eq!(
        client.bill(missing.session_id, before).await.unwrap_err().code(),
        Code::NotFound
    );
    let refused = client.bill(missing.session_id, after).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(refused.get_details_error_info().unwrap().reason, "VIEW_STOPPED");

    // A rebuild by the same program comes as far as the view is, and is equal: the alarm stays.
    let rebuilt = baize_projections::rebuild(&stage.database(), "bills", RebuildOptions::default(), |_| {})
        .await
        .unwrap();
    assert!(rebuilt.switched);
    assert_eq!(rebuilt.position, before);
    let mut status = service.status("bills").unwrap();
    let again = status.wait_for(|status| {
        status.generation == 2 && matches!(status.condition, Condition::Stopped { position, .. } if position == poison)
    });
    in_time("the second stop", again).await.unwrap();
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_contradicts_the_view_stops_it() {
    let stage = Stage::new().await;
    let (_, before) = stage.furnished(31).await;
    let service = stage.serve().await;
    reach(&service, before).await;
    let table = Table {
        hall_id: Uuid::new_v4(),
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    };
    let session = Session {
        table,
        session_id: Uuid::new_v4(),
        member_id: Uuid::new_v4(),
    };
    let poison = stage.append(vec![session.settled(1, 0, 5)]).await;
    let mut status = service.status("bills").unwrap();
    let stopped = status.wait_for(|status| matches!(status.condition, Condition::Stopped { .. }));
    let stopped = in_time("the stop", stopped).await.unwrap().clone();
    assert!(
        stopped.condition.to_string().contains("was never opened"),
        "{}",
        stopped.condition
    );
    assert_eq!(stopped.position, poison - 1);
    service.stop().await;
}
