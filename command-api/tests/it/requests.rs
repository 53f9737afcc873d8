//! What a client is told when its request is wrong, or refused.

use baize_proto::hall::device::v1::{LightFailure, ReportLightExpiredRequest, ReportLightFailureRequest};
use baize_proto::hall::table::v1::{CloseSessionRequest, ExtendSessionRequest, OpenTableRequest, QuoteSessionRequest};
use baize_proto::hall::venue::v1::package::Time;
use baize_proto::hall::venue::v1::{
    Band, ChangeHallPolicyRequest, EndMaintenanceRequest, HallPolicy, Hours, Overnight, Package, PublishTariffRequest,
    RegisterDeviceRequest, RegisterHallRequest, RegisterTableRequest, StartMaintenanceRequest, Tariff, Weekday,
};
use baize_proto::hall::wallet::v1::CreditTopUpRequest;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use super::world::{World, postpaid, prepaid, refused, request_id, table, tariff};

#[track_caller]
fn fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let details = refused(answer, Code::InvalidArgument, "INVALID_ARGUMENT");
    let violations = &details.bad_request().expect("BadRequest").field_violations;
    assert!(violations.iter().all(|violation| !violation.description.is_empty()));
    violations.iter().map(|violation| violation.field.clone()).collect()
}

#[tokio::test]
async fn every_field_that_is_wrong_is_named_at_once() {
    let world = World::start().await;
    let mut clients = world.clients.clone();

    let nothing = clients.table.open_table(OpenTableRequest::default()).await;
    assert_eq!(fields(nothing), ["request_id", "table_id", "member_id", "mode"]);
    let too_long = OpenTableRequest {
        request_id: "1".to_owned(),
        ..prepaid("A3", &Uuid::nil().to_string(), 1_441)
    };
    let too_long = clients.table.open_table(too_long).await;
    assert_eq!(
        fields(too_long).sorted(),
        ["member_id", "prepaid.minutes", "request_id", "table_id"]
    );

    let extension = clients.table.extend_session(ExtendSessionRequest::default()).await;
    assert_eq!(fields(extension).sorted(), ["minutes", "request_id", "session_id"]);
    let close = clients.table.close_session(CloseSessionRequest::default()).await;
    assert_eq!(fields(close).sorted(), ["request_id", "session_id"]);
    let quote = clients.table.quote_session(QuoteSessionRequest::default()).await;
    assert_eq!(fields(quote), ["table_id"]);

    let top_up = CreditTopUpRequest {
        bonus_fen: -1,
        channel: 77,
        ..CreditTopUpRequest::default()
    };
    let top_up = clients.wallet.credit_top_up(top_up).await;
    assert_eq!(
        fields(top_up).sorted(),
        ["bonus_fen", "channel", "member_id", "principal_fen", "request_id"]
    );
}

#[tokio::test]
async fn a_hall_is_checked_field_by_field() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = RegisterHallRequest {
        request_id: request_id(),
        hall_id: "no uuid".to_owned(),
        chain_id: String::new(),
        name: "\t".to_owned(),
        time_zone: "Asia/Atlantis".to_owned(),
        business_day_cutoff_minutes: 1_440,
        policy: Some(HallPolicy {
            light_timeout_seconds: Some(0),
            billing_start_seconds_max: Some(3_601),
            linger_seconds: Some(3_601),
            hold_minutes: Some(10),
            hold_renewal_minutes: Some(10),
            warning_minutes: vec![5, 0],
            open_sessions_max: Some(0),
            pause_minutes_max: Some(0),
            deposit_fen: Some(0),
            payment_wait_seconds: Some(0),
            auto_close_minutes: Some(61),
            goods_by_customers: None,
            split_minutes: Some(61),
            fault_seconds: Some(0),
            offline_fault_seconds: Some(3_601),
            test_answer_seconds: Some(61),
            goodwill_fen: Some(-1),
        }),
    };
    let hall = fields(clients.venue.register_hall(hall).await);
    let policy = [
        "policy.auto_close_minutes",
        "policy.billing_start_seconds_max",
        "policy.deposit_fen",
        "policy.fault_seconds",
        "policy.goodwill_fen",
        "policy.hold_renewal_minutes",
        "policy.light_timeout_seconds",
        "policy.linger_seconds",
        "policy.offline_fault_seconds",
        "policy.open_sessions_max",
        "policy.pause_minutes_max",
        "policy.payment_wait_seconds",
        "policy.split_minutes",
        "policy.test_answer_seconds",
        "policy.warning_minutes",
    ];
    let expected = [
        &["business_day_cutoff_minutes", "chain_id", "hall_id", "name"][..],
        &policy,
        &["time_zone"],
    ]
    .concat();
    assert_eq!(hall.sorted(), expected);

    let no_policy = clients
        .venue
        .change_hall_policy(ChangeHallPolicyRequest::default())
        .await;
    assert_eq!(fields(no_policy).sorted(), ["hall_id", "policy", "request_id"]);
    let maintenance = StartMaintenanceRequest {
        expected_end: Some(prost_types::Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        }),
        reason: "x".repeat(201),
        ..StartMaintenanceRequest::default()
    };
    let maintenance = clients.venue.start_maintenance(maintenance).await;
    assert_eq!(
        fields(maintenance).sorted(),
        ["expected_end", "reason", "request_id", "table_id"]
    );
    let maintenance = clients.venue.end_maintenance(EndMaintenanceRequest::default()).await;
    assert_eq!(fields(maintenance).sorted(), ["request_id", "table_id"]);
}

#[tokio::test]
async fn a_tariff_a_device_and_a_table_are_checked_field_by_field() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let good = Band {
        name: "Night".to_owned(),
        weekdays: vec![Weekday::Friday.into()],
        from_minute: 1_200,
        to_minute: 120,
        price_per_hour_fen: 8_000,
        ..Default::default()
    };
    let bad = Band {
        name: String::new(),
        weekdays: vec![1, 9],
        from_minute: 1_440,
        to_minute: 0,
        price_per_hour_fen: -1,
        ..Default::default()
    };
    let tariff = PublishTariffRequest {
        request_id: request_id(),
        hall_id: String::new(),
        tariff: Some(Tariff {
            name: String::new(),
            price_per_hour_fen: 1_000_001,
            bands: vec![good, bad],
            step_minutes: 61,
            minimum_fen: 500,
            cap_fen: Some(499),
            grace_seconds: 3_601,
            calendar_id: "tomorrow".to_owned(),
            overnights: vec![Overnight::default()],
            packages: vec![
                Package::default(),
                Package {
                    time: Some(Time::Minutes(1_441)),
                    sold: Some(Hours::default()),
                    ..Package::default()
                },
            ],
        }),
        ..PublishTariffRequest::default()
    };
    let tariff = fields(clients.venue.publish_tariff(tariff).await);
    let expected = [
        "hall_id",
        "tariff.bands[1].from_minute",
        "tariff.bands[1].name",
        "tariff.bands[1].price_per_hour_fen",
        "tariff.bands[1].to_minute",
        "tariff.bands[1].weekdays",
        "tariff.calendar_id",
        "tariff.cap_fen",
        "tariff.grace_seconds",
        "tariff.name",
        "tariff.overnights[0].hours",
        "tariff.overnights[0].hours.to_minute",
        "tariff.overnights[0].hours.weekdays",
        "tariff.overnights[0].name",
        "tariff.packages[0].code",
        "tariff.packages[0].name",
        "tariff.packages[0].time",
        "tariff.packages[1].code",
        "tariff.packages[1].minutes",
        "tariff.packages[1].name",
        "tariff.packages[1].sold.to_minute",
        "tariff.packages[1].sold.weekdays",
        "tariff.price_per_hour_fen",
        "tariff.step_minutes",
    ];
    assert_eq!(tariff.sorted(), expected);

    let device = RegisterDeviceRequest {
        topic: "hall/+".to_owned(),
        channels: 33,
        ..RegisterDeviceRequest::default()
    };
    let device = clients.venue.register_device(device).await;
    assert_eq!(
        fields(device).sorted(),
        ["channels", "driver", "hall_id", "request_id", "topic"]
    );

    let table = clients.venue.register_table(RegisterTableRequest::default()).await;
    let expected = [
        "hall_id",
        "label",
        "light_channel",
        "light_device_id",
        "request_id",
        "table_class",
        "tariff_plan_id",
    ];
    assert_eq!(fields(table).sorted(), expected);

    let expired = clients
        .device
        .report_light_expired(ReportLightExpiredRequest::default())
        .await;
    assert_eq!(
        fields(expired).sorted(),
        ["at", "channel", "device_id", "request_id", "rev"]
    );
    let failure = ReportLightFailureRequest {
        failure: LightFailure::Unspecified.into(),
        ..ReportLightFailureRequest::default()
    };
    let failure = clients.device.report_light_failure(failure).await;
    assert_eq!(
        fields(failure).sorted(),
        ["at", "channel", "device_id", "failure", "request_id", "rev"]
    );
}

#[tokio::test]
async fn a_refusal_has_a_stable_reason_its_facts_and_a_next_step() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(2).await;
    let (rich, poor) = (clients.member(100_000).await, clients.member(100).await);
    let session_id = clients.open(&hall.tables[0], &rich).await.unwrap().session_id;

    let other = clients.member(100_000).await;
    let occupied = refused(
        clients.open(&hall.tables[0], &other).await,
        Code::FailedPrecondition,
        "TABLE_OCCUPIED",
    );
    let info = occupied.error_info().unwrap();
    assert_eq!(info.metadata["table_id"], hall.tables[0]);
    let precondition = &occupied.precondition_failure().unwrap().violations[0];
    assert_eq!(precondition.r#type, "TABLE_OCCUPIED");
    assert_eq!(precondition.subject, format!("table/{}", hall.tables[0]));
    assert!(!precondition.description.is_empty());
    assert!(
        occupied
            .localized_message()
            .unwrap()
            .message
            .contains(&precondition.description)
    );

    let short = refused(
        clients.open(&hall.tables[1], &poor).await,
        Code::FailedPrecondition,
        "TOP_UP_REQUIRED",
    );
    assert_eq!(short.error_info().unwrap().metadata["shortfall_fen"], "5900");
    let stranger = Uuid::new_v4().to_string();
    let without_wallet = clients.newcomer().await;
    refused(
        clients.open(&hall.tables[1], &without_wallet).await,
        Code::FailedPrecondition,
        "PAYMENT_METHOD_REQUIRED",
    );
    refused(
        clients.open(&hall.tables[1], &rich).await,
        Code::FailedPrecondition,
        "MEMBER_HAS_OPEN_SESSION",
    );
    refused(clients.open(&stranger, &rich).await, Code::NotFound, "TABLE_NOT_FOUND");

    let maintenance = StartMaintenanceRequest {
        request_id: request_id(),
        table_id: hall.tables[1].clone(),
        reason: "New cloth".to_owned(),
        expected_end: None,
    };
    clients.venue.start_maintenance(maintenance).await.unwrap();
    let closed = refused(
        clients.open(&hall.tables[1], &other).await,
        Code::FailedPrecondition,
        "TABLE_IN_MAINTENANCE",
    );
    assert_eq!(closed.error_info().unwrap().metadata["maintenance_reason"], "New cloth");

    let unknown = CloseSessionRequest {
        request_id: request_id(),
        session_id: stranger.clone(),
    };
    refused(
        clients.table.close_session(unknown).await,
        Code::NotFound,
        "SESSION_NOT_FOUND",
    );
    let close = |session_id: &str| CloseSessionRequest {
        request_id: request_id(),
        session_id: session_id.to_owned(),
    };
    clients.table.close_session(close(&session_id)).await.unwrap();
    let extend = ExtendSessionRequest {
        request_id: request_id(),
        session_id,
        minutes: 10,
    };
    refused(
        clients.table.extend_session(extend).await,
        Code::FailedPrecondition,
        "SESSION_CLOSED",
    );
}

#[tokio::test]
async fn what_is_registered_must_fit_to_what_is_there() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let nowhere = Uuid::new_v4().to_string();

    let same_id_other_name = RegisterHallRequest {
        request_id: request_id(),
        hall_id: hall.hall_id.clone(),
        chain_id: hall.chain_id.clone(),
        name: "Another".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        ..RegisterHallRequest::default()
    };
    let exists = refused(
        clients.venue.register_hall(same_id_other_name).await,
        Code::AlreadyExists,
        "HALL_EXISTS",
    );
    assert_eq!(exists.error_info().unwrap().metadata["hall_id"], hall.hall_id);

    let mut elsewhere = table(&hall, 1);
    elsewhere.hall_id.clone_from(&nowhere);
    refused(
        clients.venue.register_table(elsewhere).await,
        Code::NotFound,
        "HALL_NOT_FOUND",
    );
    let mut dark = table(&hall, 1);
    dark.light_device_id.clone_from(&nowhere);
    refused(
        clients.venue.register_table(dark).await,
        Code::NotFound,
        "DEVICE_NOT_FOUND",
    );
    refused(
        clients.venue.register_table(table(&hall, 2)).await,
        Code::NotFound,
        "DEVICE_CHANNEL_NOT_FOUND",
    );
    let plan = PublishTariffRequest {
        request_id: request_id(),
        hall_id: nowhere,
        tariff: Some(tariff()),
        ..PublishTariffRequest::default()
    };
    refused(
        clients.venue.publish_tariff(plan).await,
        Code::NotFound,
        "HALL_NOT_FOUND",
    );
}

#[tokio::test]
async fn the_trace_the_request_and_the_hall_are_kept_with_the_events() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let mut request = Request::new(postpaid(&hall.tables[0], &member));
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    request.metadata_mut().insert("traceparent", trace.parse().unwrap());
    let request_id = request.get_ref().request_id.clone();
    let session_id = clients.table.open_table(request).await.unwrap().into_inner().session_id;

    let opened = world.history().await.until("SessionOpened", &session_id).await;
    let told = |key: &str| opened.metadata.get(key).map(String::as_str);
    assert_eq!(told("traceparent"), Some(trace));
    assert_eq!(told("request_id"), Some(request_id.as_str()));
    assert_eq!(told("hall"), Some(hall.hall_id.as_str()));
    assert_eq!(told("correlation_id"), Some(session_id.as_str()));
    assert!(told("actor").unwrap().starts_with("operator:"));
    assert_eq!(told("causation_id"), None);
}

#[tokio::test]
async fn a_request_beyond_64_kib_is_refused() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = RegisterHallRequest {
        request_id: request_id(),
        name: "x".repeat(64 << 10),
        ..RegisterHallRequest::default()
    };
    let status = clients.venue.register_hall(hall).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
}

trait Sorted {
    fn sorted(self) -> Self;
}

impl Sorted for Vec<String> {
    fn sorted(mut self) -> Self {
        self.sort();
        self
    }
}
