//! The log as auditors read it.

use baize_proto::access::Bearing;
use baize_proto::hall::audit::v1::audit_service_client::AuditServiceClient;
use baize_proto::hall::audit::v1::get_state_as_of_request::Moment;
use baize_proto::hall::audit::v1::{GetStateAsOfRequest, RecordedEvent, ReplayEventsRequest};
use serde_json::Value;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::evening::{topped_up, wallet_opened};
use crate::queries::Client;
use crate::stage::Stage;

type Auditor = AuditServiceClient<Bearing>;

async fn replay(auditor: &mut Auditor, wanted: ReplayEventsRequest) -> Vec<RecordedEvent> {
    let mut told = auditor.replay_events(wanted).await.unwrap().into_inner();
    let (mut events, mut position) = (Vec::new(), 0);
    while let Some(part) = told.message().await.unwrap() {
        assert!(part.position >= position && part.position <= part.until);
        assert!(part.events.iter().all(|event| event.position <= part.position));
        position = part.position;
        events.extend(part.events);
    }
    events
}

fn positions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.position).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_replayed_whole_and_in_order_from_wherever_it_was_left() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(1).await;
    let head = stage.append_bulk(evening.events(600)).await;
    let service = stage.serve().await;
    let mut auditor = AuditServiceClient::new(Client::connect(&service).await.channel);
    let all = replay(&mut auditor, ReplayEventsRequest::default()).await;
    assert_eq!(positions(&all), (1..=head).collect::<Vec<_>>());
    let logged = stage.log.read(0, head as usize).await.unwrap();
    for (told, logged) in all.iter().zip(&logged) {
        assert_eq!(told.payload, *logged.payload);
        assert_eq!(told.stream, logged.stream.to_string());
        assert_eq!(told.hash, logged.hash());
    }
    let middle = head / 2;
    let rest = ReplayEventsRequest {
        after: middle,
        until: head - 1,
        ..ReplayEventsRequest::default()
    };
    let rest = replay(&mut auditor, rest).await;
    assert_eq!(positions(&rest), (middle + 1..head).collect::<Vec<_>>());
    let beyond = ReplayEventsRequest {
        after: head,
        ..ReplayEventsRequest::default()
    };
    assert!(replay(&mut auditor, beyond).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_tells_what_was_asked_for_and_nothing_else() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(2).await;
    stage.append_bulk(evening.events(300)).await;
    let service = stage.serve().await;
    let mut auditor = AuditServiceClient::new(Client::connect(&service).await.channel);
    let all = replay(&mut auditor, ReplayEventsRequest::default()).await;
    let settled: Vec<_> = all
        .iter()
        .filter(|event| event.r#type == "SessionSettled")
        .cloned()
        .collect();
    assert!(!settled.is_empty());
    let of_type = ReplayEventsRequest {
        types: vec!["SessionSettled".to_owned()],
        ..ReplayEventsRequest::default()
    };
    assert_eq!(replay(&mut auditor, of_type).await, settled);
    let stream = &settled[0].stream;
    let in_stream: Vec<_> = all.iter().filter(|event| event.stream == *stream).cloned().collect();
    let of_stream = ReplayEventsRequest {
        stream: stream.clone(),
        ..ReplayEventsRequest::default()
    };
    assert_eq!(replay(&mut auditor, of_stream).await, in_stream);
    let nobodys_hall = ReplayEventsRequest {
        hall_id: Uuid::new_v4().to_string(),
        ..ReplayEventsRequest::default()
    };
    assert!(replay(&mut auditor, nobodys_hall).await.is_empty());
    let later = ReplayEventsRequest {
        since: all[5].recorded_at,
        before: all.last().unwrap().recorded_at,
        ..ReplayEventsRequest::default()
    };
    let within = |event: &&RecordedEvent| {
        let at = |event: &RecordedEvent| event.recorded_at.map(|at| (at.seconds, at.nanos));
        at(event) >= at(&all[5]) && at(event) < at(all.last().unwrap())
    };
    let expected: Vec<_> = all.iter().filter(within).cloned().collect();
    assert_eq!(replay(&mut auditor, later).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_is_shown_as_it_was_after_each_of_its_events() {
    let stage = Stage::new().await;
    let member_id = Uuid::now_v7();
    stage.append(vec![wallet_opened(member_id, 0)]).await;
    let first = stage
        .append(vec![topped_up(member_id, Uuid::now_v7(), 5_000, 500, 1)])
        .await;
    let second = stage
        .append(vec![topped_up(member_id, Uuid::now_v7(), 3_000, 0, 2)])
        .await;
    let service = stage.serve().await;
    let mut auditor = AuditServiceClient::new(Client::connect(&service).await.channel);
    let mut lots_at = async |moment: Option<Moment>| {
        let request = GetStateAsOfRequest {
            stream: format!("Wallet/{member_id}"),
            moment,
        };
        let told = auditor.get_state_as_of(request).await.map(|told| told.into_inner())?;
        let state: Value = serde_json::from_str(&told.state).unwrap();
        Ok::<_, tonic::Status>((told.sequence, told.position, state))
    };
    let (_, _, opened) = lots_at(Some(Moment::Sequence(1))).await.unwrap();
    let (sequence, position, once) = lots_at(Some(Moment::Position(second - 1))).await.unwrap();
    assert_eq!((sequence, position), (2, first));
    let (sequence, _, twice) = lots_at(None).await.unwrap();
    assert_eq!(sequence, 3);
    assert!(opened != once && once != twice);
    let long_ago = prost_types::Timestamp { seconds: 1, nanos: 0 };
    let nothing = lots_at(Some(Moment::At(long_ago))).await.unwrap_err();
    assert_eq!(nothing.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_in_the_log_is_refused_by_name() {
    let stage = Stage::new().await;
    let service = stage.serve().await;
    let mut auditor = AuditServiceClient::new(Client::connect(&service).await.channel);
    let wrong = ReplayEventsRequest {
        stream: "Cue/1".to_owned(),
        types: vec!["CueBroken".to_owned()],
        hall_id: "A".to_owned(),
        ..ReplayEventsRequest::default()
    };
    let refused = auditor.replay_events(wrong).await.unwrap_err();
    let fields = refused.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = fields.into_iter().map(|violation| violation.field).collect();
    assert_eq!(
        (refused.code(), fields),
        (
            Code::InvalidArgument,
            vec!["stream".to_owned(), "types".to_owned(), "hall_id".to_owned()]
        )
    );
    let nothing = GetStateAsOfRequest::default();
    let refused = auditor.get_state_as_of(nothing).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}
