//! Rows and checkpoint change together or not at all, whoever writes.

use baize_projections::{Condition, Projections};

use crate::stage::{NO_NATS, Stage, in_time, reach};

/// Refuses any write to the table of bills with this error code.
fn refusal(code: &str, condition: &str) -> String {
    format!(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN IF {condition} THEN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON views.bills_sessions_g1 FOR EACH ROW EXECUTE FUNCTION refuse();"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_takes_the_checkpoint_back_with_it() {
    let stage = Stage::new().await;
    let (mut evening, before) = stage.furnished(20).await;
    let service = stage.serve().await;
    reach(&service, before).await;
    // 40001 is no fault of the data: the projector tries again, for ever.
    stage.execute(&refusal("40001", "true")).await;
    let position = stage.append_all(evening.events(100)).await;
    let mut status = service.status("bills").unwrap();
    let waits = status.wait_for(|status| matches!(status.condition, Condition::Waiting(_)));
    in_time("the failure", waits).await.unwrap();
    let checkpoint = "SELECT position FROM views.generations WHERE view = 'bills'";
    assert_eq!(stage.number(checkpoint).await as u64, before);
    assert_eq!(stage.number("SELECT count(*) FROM views.bills_sessions_g1").await, 0);
    assert!(stage.verify("bills").await.is_equal());

    stage.execute("DROP FUNCTION refuse CASCADE").await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_the_database_never_takes_stops_the_view_right_before_it() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(21).await;
    let position = stage.append_all(evening.events(400)).await;
    let bad = stage
        .number("SELECT min(position) FROM events WHERE event_type = 'SessionSettled' AND position > 200")
        .await as u64;
    let service = stage.serve().await;
    // The tables must exist before they can refuse; begin again with empty ones that do.
    reach(&service, position).await;
    service.stop().await;
    stage
        .execute("TRUNCATE views.bills_sessions_g1, views.bills_payments_g1; UPDATE views.generations SET position = 0 WHERE view = 'bills'")
        .await;
    stage.execute(&refusal("22003", &format!("NEW.position = {bad}"))).await;

    let service = stage.serve().await;
    let mut status = service.status("bills").unwrap();
    let stopped = status.wait_for(|status| matches!(status.condition, Condition::Stopped { .. }));
    let stopped = in_time("the stop", stopped).await.unwrap().clone();
    let Condition::Stopped { position: at, reason } = stopped.condition else {
        unreachable!()
    };
    assert_eq!(at, bad, "{reason}");
    assert!(reason.contains("refused by the test"), "{reason}");
    // Everything before it is there, nothing behind it.
    assert_eq!(stopped.position, bad - 1);
    let comparison = stage.verify("bills").await;
    assert!(comparison.is_equal() && comparison.position == bad - 1, "{comparison}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_services_on_one_database_do_not_harm_the_views() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(22).await;
    let one = stage.serve().await;
    let two = Projections::start(stage.options(NO_NATS)).await.unwrap();
    for _ in 0..5 {
        let position = stage.append_all(evening.events(150)).await;
        reach(&one, position).await;
        reach(&two, position).await;
        stage.verify_all(position).await;
    }
    one.stop().await;
    let position = stage.append_all(evening.events(50)).await;
    reach(&two, position).await;
    stage.verify_all(position).await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lost_its_tail_stops_the_views() {
    let stage = Stage::new().await;
    let (_, position) = stage.furnished(23).await;
    let service = stage.serve().await;
    reach(&service, position).await;
    service.stop().await;
    // As a restored older copy of the log would look to views that were not restored.
    stage
        .execute("UPDATE views.generations SET position = position + 5")
        .await;
    let service = stage.serve().await;
    let mut status = service.status("wallets").unwrap();
    let stopped = status.wait_for(|status| matches!(status.condition, Condition::Stopped { .. }));
    let stopped = in_time("the stop", stopped).await.unwrap().clone();
    assert!(
        stopped.condition.to_string().contains("lost events"),
        "{}",
        stopped.condition
    );
    service.stop().await;
}
