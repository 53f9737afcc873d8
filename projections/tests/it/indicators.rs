//! The figures of halls over gRPC.

use baize_projections::Projections;
use baize_proto::access::{Badge, Bearing, Claims, Role, Signer};
use baize_proto::hall::view::v1::get_indicators_request::Of;
use baize_proto::hall::view::v1::indicator_service_client::IndicatorServiceClient;
use baize_proto::hall::view::v1::{
    DayIndicators, GetIndicatorsRequest, Indicator, WatchIndicatorsRequest, watch_indicators_request,
};
use jiff::Timestamp;
use tonic::Code;
use uuid::Uuid;

use crate::evening::{Session, Table, bill, device, hall};
use crate::queries::Client;
use crate::stage::{KEYS, Stage, in_time, reach};

/// The business day of the evening's instants.
const DAY: &str = "2026-11-20";

async fn client(service: &Projections) -> IndicatorServiceClient<Bearing> {
    IndicatorServiceClient::new(Client::connect(service).await.channel)
}

async fn figures(service: &Projections, of: Of, date: &str, min_position: u64) -> DayIndicators {
    let request = GetIndicatorsRequest {
        of: Some(of),
        business_date: date.to_owned(),
        min_position,
    };
    let answer = client(service).await.get_indicators(request).await.unwrap();
    assert!(answer.get_ref().position >= min_position);
    answer.into_inner().day.unwrap()
}

fn indicator<'d>(day: &'d DayIndicators, code: &str) -> &'d Indicator {
    day.indicators.iter().find(|indicator| indicator.code == code).unwrap()
}

fn table() -> Table {
    Table {
        hall_id: Uuid::new_v4(),
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    }
}

fn session(table: Table) -> Session {
    Session {
        table,
        session_id: Uuid::new_v4(),
        member_id: Uuid::new_v4(),
    }
}

async fn scene() -> (Stage, Projections, Table, u64) {
    let stage = Stage::new().await;
    let table = table();
    let head = stage
        .append(vec![
            hall(table.hall_id, "东门"),
            device(table.hall_id, table.device_id),
            table.registered("A1"),
        ])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    (stage, service, table, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_a_day_stand_beside_their_targets_and_add_up_over_a_chain() {
    let (stage, service, table, _) = scene().await;
    let other = crate::indicators::table();
    let (first, failed, elsewhere) = (session(table), session(table), session(other));
    let head = stage
        .append_all(vec![
            vec![table.occupied(first.session_id, 0), first.opened_postpaid(4_000, 0)],
            vec![table.lit_for(first.session_id, 2)],
            vec![
                first.closed(bill(30, 2_500), 1_800),
                table.released(first.session_id, 1_800),
            ],
            vec![
                table.occupied(failed.session_id, 3_700),
                failed.opened_postpaid(4_000, 3_700),
            ],
            vec![failed.cancelled(3_730), table.released(failed.session_id, 3_730)],
            vec![
                hall(other.hall_id, "西门"),
                device(other.hall_id, other.device_id),
                other.registered("B1"),
            ],
            vec![
                other.occupied(elsewhere.session_id, 10),
                elsewhere.opened_postpaid(4_000, 10),
            ],
            vec![elsewhere.closed(bill(30, 1_000), 900)],
        ])
        .await;
    let day = figures(&service, Of::HallId(table.hall_id.to_string()), DAY, head).await;
    assert_eq!(day.business_date, DAY);
    let told = |code| {
        let indicator = indicator(&day, code);
        (
            indicator.value,
            indicator.numerator,
            indicator.denominator,
            indicator.met,
        )
    };
    assert_eq!(told("revenue"), (Some(2_500), None, None, None));
    assert_eq!(told("sessions"), (Some(2), None, None, None));
    assert_eq!(told("open_success"), (Some(5_000), Some(1), Some(2), Some(false)));
    assert_eq!(told("payment_success"), (None, Some(0), Some(0), None));
    assert_eq!(told("occupied_tables"), (Some(0), Some(0), Some(1), None));
    let open_time = indicator(&day, "open_time_p99");
    assert!(open_time.value.unwrap().abs_diff(2_000) * 64 <= 2_000, "{open_time:?}");
    assert_eq!((open_time.target, open_time.met), (Some(30_000), Some(true)));
    assert_eq!(indicator(&day, "device_response_p50").met, Some(true));
    let hours: Vec<_> = day
        .hours
        .iter()
        .filter(|hour| hour.sessions > 0)
        .map(|hour| (hour.revenue_fen, hour.occupied_seconds))
        .collect();
    assert_eq!(hours, [(2_500, 1_800), (0, 30)]);

    let chain = figures(&service, Of::ChainId(Uuid::from_u128(1).to_string()), DAY, head).await;
    assert_eq!(indicator(&chain, "revenue").value, Some(3_500));
    assert_eq!(indicator(&chain, "sessions").value, Some(3));
    assert_eq!(indicator(&chain, "occupied_tables").denominator, Some(2));
    let before = figures(&service, Of::HallId(table.hall_id.to_string()), "2026-11-19", head).await;
    assert_eq!(indicator(&before, "revenue").value, Some(0));
    stage.verify_all(head).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_told_again_when_they_change() {
    let (stage, service, table, _) = scene().await;
    let request = WatchIndicatorsRequest {
        of: Some(watch_indicators_request::Of::HallId(table.hall_id.to_string())),
    };
    let mut told = client(&service)
        .await
        .watch_indicators(request)
        .await
        .unwrap()
        .into_inner();
    let first = in_time("the figures", told.message()).await.unwrap().unwrap();
    assert_eq!(indicator(first.day.as_ref().unwrap(), "occupied_tables").value, Some(0));
    let session = session(table);
    let head = stage.append(vec![table.occupied(session.session_id, 0)]).await;
    let next = in_time("the change", told.message()).await.unwrap().unwrap();
    assert_eq!(indicator(next.day.as_ref().unwrap(), "occupied_tables").value, Some(1));
    assert_eq!(next.position, head);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_after_a_restart_is_added_to_what_was_there() {
    let (stage, service, table, _) = scene().await;
    let session = session(table);
    let head = stage
        .append(vec![
            table.occupied(session.session_id, 0),
            session.opened_postpaid(4_000, 0),
        ])
        .await;
    reach(&service, head).await;
    service.stop().await;
    let head = stage
        .append_all(vec![
            vec![table.lit_for(session.session_id, 1)],
            vec![
                session.closed(bill(30, 700), 40_000),
                table.released(session.session_id, 40_000),
            ],
        ])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let day = figures(&service, Of::HallId(table.hall_id.to_string()), DAY, head).await;
    assert_eq!(indicator(&day, "sessions").value, Some(1));
    assert_eq!(indicator(&day, "open_success").numerator, Some(1));
    assert_eq!(indicator(&day, "revenue").value, Some(0));
    let next = figures(&service, Of::HallId(table.hall_id.to_string()), "2026-11-21", head).await;
    assert_eq!(
        indicator(&next, "revenue").value,
        Some(700),
        "play ended after the cut-off"
    );
    let occupied: u64 = day.hours.iter().map(|hour| hour.occupied_seconds).sum();
    // From a moment after 19:00 to the cut-off, each hour in whole seconds.
    assert_eq!(occupied, 39_599);
    stage.verify_all(head).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_the_figures_of_their_hall_and_of_no_other() {
    let (_stage, service, table, _) = scene().await;
    let channel = Client::connect(&service).await.channel;
    let claims = Claims::new(
        Uuid::new_v4(),
        Role::Staff,
        Timestamp::now(),
        Role::Staff.lifetime_max(),
    );
    let badge = Badge::signed(Signer::new(KEYS.clone()), claims.in_halls([table.hall_id]));
    let mut staff = IndicatorServiceClient::new(channel.with(badge));
    let request = |of| GetIndicatorsRequest {
        of,
        ..GetIndicatorsRequest::default()
    };
    let own = request(Some(Of::HallId(table.hall_id.to_string())));
    staff.get_indicators(own).await.unwrap();
    for others in [
        Of::HallId(Uuid::new_v4().to_string()),
        Of::ChainId(Uuid::from_u128(1).to_string()),
    ] {
        let refused = staff.get_indicators(request(Some(others))).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    let unnamed = staff.get_indicators(request(None)).await.unwrap_err();
    assert_eq!(unnamed.code(), Code::InvalidArgument);
    service.stop().await;
}
