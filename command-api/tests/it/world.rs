//! A hall to test in: a database, a service on it, clients, tables and members.

use std::str::FromStr as _;
use std::sync::LazyLock;
use std::time::Duration;

use baize_command_api::{CommandApi, Options, RunnerStatus};
use baize_domain::Event;
use baize_eventlog::{
    Clock, EventLog, Follower, LogOptions, Metadata, NewEvent, RecordedEvent, RequestKey, StreamAppend, StreamId, Unit,
};
use baize_proto::access::{Badge, Bearing, Claims, KeyRing, Keys, Signer};
use baize_proto::hall::calendar::v1::calendar_service_client::CalendarServiceClient;
use baize_proto::hall::device::v1::ConfirmLightRequest;
use baize_proto::hall::device::v1::device_service_client::DeviceServiceClient;
use baize_proto::hall::loyalty::v1::loyalty_service_client::LoyaltyServiceClient;
use baize_proto::hall::member::v1::RegisterMemberRequest;
use baize_proto::hall::member::v1::member_service_client::MemberServiceClient;
use baize_proto::hall::payment::v1::payment_service_client::PaymentServiceClient;
use baize_proto::hall::staff::v1::staff_service_client::StaffServiceClient;
use baize_proto::hall::table::v1::open_table_request::Mode;
use baize_proto::hall::table::v1::table_service_client::TableServiceClient;
use baize_proto::hall::table::v1::{OpenTableRequest, OpenTableResponse, Postpaid, Prepaid};
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::venue::v1::{
    Driver, HallPolicy, PublishTariffRequest, RegisterChainRequest, RegisterDeviceRequest, RegisterHallRequest,
    RegisterTableRequest, TableClass, Tariff,
};
use baize_proto::hall::wallet::v1::wallet_service_client::WalletServiceClient;
use baize_proto::hall::wallet::v1::{CreditTopUpRequest, TopUpChannel};
use jiff::Timestamp;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use uuid::Uuid;

/// Longer than anything takes on a busy machine; reaching it is a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a table costs in these tests: ¥60 an hour, in steps of a minute.
pub const FEN_PER_MINUTE: i64 = 100;

/// The chain of all halls and members of these tests.
pub const CHAIN: &str = "0198c0de-0000-7000-8000-00000000000c";

/// The keys of every service here.
pub static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::new(KeyRing::generate().unwrap()));

/// A service and its clients.
pub struct World {
    pub url: String,
    pub api: CommandApi,
    pub clients: Clients,
}

#[derive(Clone)]
pub struct Clients {
    pub channel: Bearing,
    pub calendar: CalendarServiceClient<Bearing>,
    pub venue: VenueServiceClient<Bearing>,
    pub staff: StaffServiceClient<Bearing>,
    pub table: TableServiceClient<Bearing>,
    pub wallet: WalletServiceClient<Bearing>,
    pub member: MemberServiceClient<Bearing>,
    pub loyalty: LoyaltyServiceClient<Bearing>,
    pub device: DeviceServiceClient<Bearing>,
    pub payment: PaymentServiceClient<Bearing>,
}

/// A hall with tables 0, 1, …, each lit by the output of that number (from 1) of one device.
#[derive(Clone, Debug)]
pub struct Hall {
    pub hall_id: String,
    pub chain_id: String,
    pub plan_id: String,
    pub device_id: String,
    pub tables: Vec<String>,
}

/// A fresh, migrated database of the shared server.
pub async fn database() -> String {
    let url = baize_servers::testing::fresh_database();
    migrate(&url).await;
    url
}

pub async fn migrate(url: &str) {
    let pool = PgPool::connect(url).await.unwrap();
    baize_schema::migrate(&pool).await.unwrap();
    pool.close().await;
}

/// A clock that shows a Friday evening and runs `speed` times as fast.
pub fn fast(speed: f64) -> Clock {
    Clock::scaled(Timestamp::now(), "2026-11-20T18:00:00Z".parse().unwrap(), speed)
}

pub fn request_id() -> String {
    Uuid::new_v4().to_string()
}

impl World {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(set: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(database().await);
        set(&mut options);
        Box::pin(Self::on(options)).await
    }

    pub async fn on(mut options: Options) -> Self {
        options.keys = KEYS.clone();
        let url = options.database_url.clone();
        let api = CommandApi::start(options).await.unwrap();
        let clients = Clients::to(&api).await;
        Self { url, api, clients }
    }

    /// Everything that happened, from the beginning.
    pub async fn history(&self) -> History {
        History::of(&self.url).await
    }

    /// Waits until the runner has taken in everything up to `position` and no effect is under way.
    pub async fn settled(&self, position: u64) {
        let mut status = self.api.processes();
        let calm = status.wait_for(|status| match status {
            RunnerStatus::Leading {
                position: reached,
                pending,
            } => *reached >= position && *pending == 0,
            RunnerStatus::Failed { why } => panic!("the runner failed: {why}"),
            RunnerStatus::Off | RunnerStatus::Standby => false,
        });
        if tokio::time::timeout(PATIENCE, calm).await.is_err() {
            panic!(
                "the runner does not settle at {position}: {:?}",
                *self.api.processes().borrow()
            );
        }
    }

    /// Waits until nothing more will happen by itself: everything up to `position` was taken in, and no instance, no
    /// timer and no effect remains, since every session is over and every light off. Points wait for their expiry for a year: that
    /// is no unrest. Returns the whole history.
    pub async fn at_rest(&self, position: u64) -> History {
        self.settled(position).await;
        let left = "SELECT (SELECT count(*) FROM process_instances WHERE process <> 'expiring')
                         + (SELECT count(*) FROM process_timers WHERE process <> 'expiring')
                         + (SELECT count(*) FROM process_effects)";
        until(&self.url, left, |left| left == 0).await;
        let last = self.count("SELECT max(position) FROM events").await;
        let mut history = self.history().await;
        history.read_to(last as u64).await;
        history
    }

    /// Writes events as if they had happened, the first of their streams, of which this service knows nothing yet.
    pub async fn happened(&self, events: &[(&str, Event)]) {
        let connect = PgConnectOptions::from_str(&self.url).unwrap();
        let log = EventLog::connect(LogOptions::new(connect)).await.unwrap();
        let stream = |(id, event): &(&str, Event)| StreamAppend {
            stream: StreamId::new(event.aggregate_type(), (*id).to_owned()),
            expected_version: 0,
            events: vec![NewEvent {
                event_type: event.event_type().to_owned(),
                event_version: baize_domain::event::VERSION.to_owned(),
                payload: serde_json::to_string(event).unwrap(),
            }],
        };
        let unit = Unit {
            request: RequestKey::new("test", Uuid::new_v4(), b""),
            streams: events.iter().map(stream).collect(),
            metadata: Metadata::default(),
            response: Vec::new(),
        };
        log.append(unit).await.unwrap();
        log.close().await;
    }

    pub async fn count(&self, sql: &str) -> i64 {
        count(&self.url, sql).await
    }
}

pub async fn count(url: &str, sql: &str) -> i64 {
    let pool = PgPool::connect(url).await.unwrap();
    let count = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
    pool.close().await;
    count
}

/// Waits until the count is as wished.
pub async fn until(url: &str, sql: &str, is_it: impl Fn(i64) -> bool) {
    let pool = PgPool::connect(url).await.unwrap();
    let waiting = async {
        while !is_it(sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect(sql);
    pool.close().await;
}

impl Clients {
    pub async fn to(api: &CommandApi) -> Self {
        let endpoint = Channel::from_shared(format!("http://{}", api.address())).unwrap();
        Self::over(endpoint.connect().await.unwrap())
    }

    fn over(channel: Channel) -> Self {
        Self::bearing(Bearing::new(channel, Badge::of_the_house(&KEYS)))
    }

    fn bearing(channel: Bearing) -> Self {
        Self {
            calendar: CalendarServiceClient::new(channel.clone()),
            venue: VenueServiceClient::new(channel.clone()),
            staff: StaffServiceClient::new(channel.clone()),
            table: TableServiceClient::new(channel.clone()),
            wallet: WalletServiceClient::new(channel.clone()),
            member: MemberServiceClient::new(channel.clone()),
            loyalty: LoyaltyServiceClient::new(channel.clone()),
            device: DeviceServiceClient::new(channel.clone()),
            payment: PaymentServiceClient::new(channel.clone()),
            channel,
        }
    }

    /// The same connection with the token of somebody in particular.
    pub fn of(&self, claims: Claims) -> Self {
        self.showing(Badge::signed(Signer::new(KEYS.clone()), claims))
    }

    /// The same connection with another token.
    pub fn showing(&self, badge: Badge) -> Self {
        Self::bearing(self.channel.with(badge))
    }

    /// A hall with `tables` tables and the default policy.
    pub async fn hall(&mut self, tables: u32) -> Hall {
        self.hall_with(tables, None).await
    }

    /// The chain, registered the first time it is asked for.
    pub async fn chain(&mut self) -> String {
        let chain = RegisterChainRequest {
            request_id: request_id(),
            chain_id: CHAIN.to_owned(),
            name: "Green".to_owned(),
        };
        self.venue.register_chain(chain).await.unwrap();
        CHAIN.to_owned()
    }

    pub async fn hall_with(&mut self, tables: u32, policy: Option<HallPolicy>) -> Hall {
        let chain_id = self.chain().await;
        let hall = RegisterHallRequest {
            request_id: request_id(),
            chain_id: chain_id.clone(),
            name: "Green Cloth".to_owned(),
            time_zone: "Asia/Shanghai".to_owned(),
            business_day_cutoff_minutes: 360,
            policy,
            ..RegisterHallRequest::default()
        };
        let hall_id = self.venue.register_hall(hall).await.unwrap().into_inner().hall_id;
        let tariff = PublishTariffRequest {
            request_id: request_id(),
            hall_id: hall_id.clone(),
            tariff: Some(tariff()),
            ..PublishTariffRequest::default()
        };
        let plan_id = self.venue.publish_tariff(tariff).await.unwrap().into_inner().plan_id;
        let device = RegisterDeviceRequest {
            request_id: request_id(),
            hall_id: hall_id.clone(),
            driver: Driver::Tasmota.into(),
            topic: "lights_1".to_owned(),
            channels: tables.max(1),
            ..RegisterDeviceRequest::default()
        };
        let device_id = self.venue.register_device(device).await.unwrap().into_inner().device_id;
        let mut hall = Hall {
            hall_id,
            chain_id,
            plan_id,
            device_id,
            tables: Vec::new(),
        };
        for channel in 1..=tables {
            let table = self.venue.register_table(table(&hall, channel)).await.unwrap();
            hall.tables.push(table.into_inner().table_id);
        }
        hall
    }

    /// A new member with so much money.
    pub async fn member(&mut self, principal_fen: i64) -> String {
        let member_id = self.newcomer().await;
        self.top_up(&member_id, principal_fen).await;
        member_id
    }

    /// A new member without a wallet.
    pub async fn newcomer(&mut self) -> String {
        let request = RegisterMemberRequest {
            request_id: request_id(),
            chain_id: self.chain().await,
            ..RegisterMemberRequest::default()
        };
        self.member
            .register_member(request)
            .await
            .unwrap()
            .into_inner()
            .member_id
    }

    pub async fn top_up(&mut self, member_id: &str, principal_fen: i64) {
        let top_up = CreditTopUpRequest {
            request_id: request_id(),
            member_id: member_id.to_owned(),
            channel: TopUpChannel::Counter.into(),
            principal_fen,
            bonus_fen: 0,
        };
        self.wallet.credit_top_up(top_up).await.unwrap();
    }

    pub async fn open(&mut self, table_id: &str, member_id: &str) -> Result<OpenTableResponse, Status> {
        let opened = self.table.open_table(postpaid(table_id, member_id)).await;
        opened.map(tonic::Response::into_inner)
    }

    /// The bridge says that the newest desired state of the output is so.
    pub async fn confirm(
        &mut self,
        hall: &Hall,
        channel: u32,
        rev: u64,
        on: bool,
        at: Timestamp,
    ) -> Result<(), Status> {
        let confirm = ConfirmLightRequest {
            request_id: request_id(),
            device_id: hall.device_id.clone(),
            channel,
            rev,
            on,
            attempts: 1,
            at: Some(prost_types::Timestamp {
                seconds: at.as_second(),
                nanos: at.subsec_nanosecond(),
            }),
        };
        self.device.confirm_light(confirm).await.map(|_| ())
    }
}

/// A light that may take its time: on the fast clocks of these tests half a minute is nothing.
pub fn patient() -> Option<HallPolicy> {
    Some(HallPolicy {
        light_timeout_seconds: Some(3_600),
        ..HallPolicy::default()
    })
}

pub fn tariff() -> Tariff {
    Tariff {
        name: "Day".to_owned(),
        price_per_hour_fen: 60 * FEN_PER_MINUTE,
        step_minutes: 1,
        ..Tariff::default()
    }
}

pub fn table(hall: &Hall, channel: u32) -> RegisterTableRequest {
    RegisterTableRequest {
        request_id: request_id(),
        hall_id: hall.hall_id.clone(),
        label: format!("A{channel}"),
        table_class: TableClass::ChineseEightBall.into(),
        tariff_plan_id: hall.plan_id.clone(),
        light_device_id: hall.device_id.clone(),
        light_channel: channel,
        ..RegisterTableRequest::default()
    }
}

pub fn postpaid(table_id: &str, member_id: &str) -> OpenTableRequest {
    OpenTableRequest {
        request_id: request_id(),
        table_id: table_id.to_owned(),
        member_id: member_id.to_owned(),
        mode: Some(Mode::Postpaid(Postpaid {})),
        wait_for_payment: false,
    }
}

pub fn prepaid(table_id: &str, member_id: &str, minutes: u32) -> OpenTableRequest {
    OpenTableRequest {
        mode: Some(Mode::Prepaid(Prepaid { minutes })),
        ..postpaid(table_id, member_id)
    }
}

/// A log, followed from its beginning.
pub struct History {
    follower: Follower,
    pub events: Vec<RecordedEvent>,
}

impl History {
    pub async fn of(url: &str) -> Self {
        let connect = PgConnectOptions::from_str(url).unwrap();
        let log = EventLog::connect(LogOptions::new(connect)).await.unwrap();
        Self {
            follower: log.follow(0),
            events: Vec::new(),
        }
    }

    /// The first event of that type in the stream of that id, now or as soon as it comes.
    pub async fn until(&mut self, event_type: &str, aggregate_id: &str) -> RecordedEvent {
        let is_it = |event: &RecordedEvent| event.event_type == event_type && event.stream.aggregate_id == aggregate_id;
        let found = async {
            loop {
                if let Some(event) = self.events.iter().find(|event| is_it(event)) {
                    return event.clone();
                }
                let batch = self.follower.next_batch(1_000).await.unwrap();
                self.events.extend(batch);
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await.ok();
        found.unwrap_or_else(|| {
            panic!(
                "{event_type} of {aggregate_id} came not; {:?}",
                self.types_of(aggregate_id)
            )
        })
    }

    /// Reads on to `position`.
    pub async fn read_to(&mut self, position: u64) {
        while self.events.last().is_none_or(|event| event.position < position) {
            let batch = tokio::time::timeout(PATIENCE, self.follower.next_batch(1_000)).await;
            self.events.extend(batch.expect("the log reaches that far").unwrap());
        }
    }

    /// The types of the stream's events so far.
    pub fn types_of(&self, aggregate_id: &str) -> Vec<&str> {
        let of_it = self
            .events
            .iter()
            .filter(|event| event.stream.aggregate_id == aggregate_id);
        of_it.map(|event| event.event_type.as_str()).collect()
    }

    /// How many events of that type there are so far.
    pub fn count(&self, event_type: &str) -> usize {
        self.events
            .iter()
            .filter(|event| event.event_type == event_type)
            .count()
    }
}

pub fn decoded(event: &RecordedEvent) -> Event {
    Event::decode(&event.stream.aggregate_type, &event.payload).unwrap()
}

/// Checks a status against the table of errors and returns its details.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, reason: &str) -> ErrorDetails {
    let status = answer.expect_err("a refusal");
    assert_eq!(status.code(), code, "{status:?}");
    let details = status.get_error_details();
    let info = details.error_info().expect("ErrorInfo");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, "baize"));
    details
}
