//! A hall with one table and a member with money, set up through gRPC.

use std::time::{Duration, Instant};

use baize_proto::access::Bearing;
use baize_proto::hall::member::v1::RegisterMemberRequest;
use baize_proto::hall::member::v1::member_service_client::MemberServiceClient;
use baize_proto::hall::table::v1::open_table_request::Mode;
use baize_proto::hall::table::v1::table_service_client::TableServiceClient;
use baize_proto::hall::table::v1::{OpenTableRequest, OpenTableResponse, Postpaid};
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::venue::v1::{
    Driver, PublishTariffRequest, RegisterChainRequest, RegisterDeviceRequest, RegisterHallRequest,
    RegisterTableRequest, TableClass, Tariff,
};
use baize_proto::hall::view::v1::board_service_client::BoardServiceClient;
use baize_proto::hall::view::v1::{BoardTable, GetBoardRequest};
use baize_proto::hall::wallet::v1::wallet_service_client::WalletServiceClient;
use baize_proto::hall::wallet::v1::{CreditTopUpRequest, TopUpChannel};
use tonic::Status;
use tonic::transport::Endpoint;
use uuid::Uuid;

use crate::program::{LIMIT, bearing};

/// What was set up.
pub struct Hall {
    pub hall_id: String,
    pub table_id: String,
    pub member_id: String,
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}

/// Sets it up.
pub async fn set_up(command_url: &str) -> Hall {
    let mut venue = VenueServiceClient::new(connect(command_url).await.unwrap());
    let chain = RegisterChainRequest {
        request_id: request_id(),
        name: "Test".to_owned(),
        ..RegisterChainRequest::default()
    };
    let chain_id = venue.register_chain(chain).await.unwrap().into_inner().chain_id;
    let hall = RegisterHallRequest {
        request_id: request_id(),
        chain_id: chain_id.clone(),
        name: "Test".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        business_day_cutoff_minutes: 360,
        ..RegisterHallRequest::default()
    };
    let hall_id = venue.register_hall(hall).await.unwrap().into_inner().hall_id;
    let tariff = Tariff {
        name: "Flat".to_owned(),
        price_per_hour_fen: 3_600,
        step_minutes: 1,
        ..Tariff::default()
    };
    let plan = PublishTariffRequest {
        request_id: request_id(),
        hall_id: hall_id.clone(),
        tariff: Some(tariff),
        ..PublishTariffRequest::default()
    };
    let tariff_plan_id = venue.publish_tariff(plan).await.unwrap().into_inner().plan_id;
    let device = RegisterDeviceRequest {
        request_id: request_id(),
        hall_id: hall_id.clone(),
        driver: Driver::Tasmota.into(),
        topic: "lamp".to_owned(),
        channels: 1,
        ..RegisterDeviceRequest::default()
    };
    let light_device_id = venue.register_device(device).await.unwrap().into_inner().device_id;
    let table = RegisterTableRequest {
        request_id: request_id(),
        hall_id: hall_id.clone(),
        label: "A1".to_owned(),
        table_class: TableClass::Snooker.into(),
        tariff_plan_id,
        light_device_id,
        light_channel: 1,
        ..RegisterTableRequest::default()
    };
    let table_id = venue.register_table(table).await.unwrap().into_inner().table_id;
    let member = RegisterMemberRequest {
        request_id: request_id(),
        chain_id,
        ..RegisterMemberRequest::default()
    };
    let member_id = MemberServiceClient::new(connect(command_url).await.unwrap())
        .register_member(member)
        .await
        .unwrap()
        .into_inner()
        .member_id;
    let top_up = CreditTopUpRequest {
        request_id: request_id(),
        member_id: member_id.clone(),
        channel: TopUpChannel::Counter.into(),
        principal_fen: 100_000,
        bonus_fen: 0,
    };
    WalletServiceClient::new(connect(command_url).await.unwrap())
        .credit_top_up(top_up)
        .await
        .unwrap();
    Hall {
        hall_id,
        table_id,
        member_id,
    }
}

/// Opens the table.
pub async fn open(command_url: &str, hall: &Hall) -> OpenTableResponse {
    try_to_open(command_url, opening(hall)).await.unwrap()
}

/// Opens the table, under one request id, however long the service is away.
pub async fn open_patiently(command_url: &str, hall: &Hall) -> OpenTableResponse {
    let request = opening(hall);
    patiently(|| try_to_open(command_url, request.clone())).await
}

fn opening(hall: &Hall) -> OpenTableRequest {
    OpenTableRequest {
        request_id: request_id(),
        table_id: hall.table_id.clone(),
        member_id: hall.member_id.clone(),
        mode: Some(Mode::Postpaid(Postpaid {})),
        wait_for_payment: false,
    }
}

async fn try_to_open(command_url: &str, request: OpenTableRequest) -> Result<OpenTableResponse, Status> {
    let mut tables = TableServiceClient::new(connect(command_url).await?);
    Ok(tables.open_table(request).await?.into_inner())
}

async fn connect(url: &str) -> Result<Bearing, Status> {
    let endpoint = Endpoint::from_shared(url.to_owned()).unwrap();
    let connected = endpoint.connect().await;
    connected
        .map(bearing)
        .map_err(|error| Status::unavailable(error.to_string()))
}

async fn patiently<T, F: Future<Output = Result<T, Status>>>(mut call: impl FnMut() -> F) -> T {
    let since = Instant::now();
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(status) if since.elapsed() > LIMIT => panic!("{status}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The table on the board, at a position or later.
pub async fn on_board(query_url: &str, hall: &Hall, min_position: u64) -> BoardTable {
    try_the_board(query_url, hall, min_position).await.unwrap()
}

/// The same, however long the service is away.
pub async fn on_board_patiently(query_url: &str, hall: &Hall, min_position: u64) -> BoardTable {
    patiently(|| try_the_board(query_url, hall, min_position)).await
}

async fn try_the_board(query_url: &str, hall: &Hall, min_position: u64) -> Result<BoardTable, Status> {
    let request = GetBoardRequest {
        hall_id: hall.hall_id.clone(),
        min_position,
    };
    let board = BoardServiceClient::new(connect(query_url).await?)
        .get_board(request)
        .await?
        .into_inner();
    Ok(board
        .tables
        .into_iter()
        .find(|table| table.table_id == hall.table_id)
        .unwrap())
}
