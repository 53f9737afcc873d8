//! The directory, as a client meets it.

use baize_domain::Event;
use baize_domain::device::{DeviceEvent, Driver};
use baize_domain::table::TableEvent;
use baize_proto::hall::venue::v1 as venue;
use baize_proto::hall::view::v1::directory_service_client::DirectoryServiceClient;
use baize_proto::hall::view::v1::{
    DirectoryTable, GetHallRequest, ListDevicesRequest, ListHallsRequest, ListTablesRequest, ScanNextStep,
    ScanTableRequest, TableStatus,
};
use jiff::Timestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::evening::{Happened, Table, hall};
use crate::queries::Client;
use crate::stage::{Stage, reach};

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn to(table: &Table, event: TableEvent) -> Vec<Happened> {
    vec![Happened {
        id: table.table_id,
        event: Event::Table(event),
    }]
}

/// Tables A1, A2, …
async fn set_up(stage: &Stage, hall_id: Uuid, number: u8) -> Vec<Table> {
    let mut tables = Vec::new();
    for channel in 1..=number {
        let table = Table {
            hall_id,
            table_id: Uuid::now_v7(),
            device_id: Uuid::from_u128(7),
            channel,
        };
        stage.append(vec![table.registered(&format!("A{channel}"))]).await;
        tables.push(table);
    }
    tables
}

fn code_of(table: &Table) -> String {
    format!("qr-{}", table.table_id.simple())
}

fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

fn labels(tables: &[DirectoryTable]) -> Vec<&str> {
    tables.iter().map(|table| table.label.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_leads_to_its_table_and_to_free_ones_if_that_cannot_be_had() {
    let stage = Stage::new().await;
    let hall_id = Uuid::now_v7();
    stage.append(vec![hall(hall_id, "白泽")]).await;
    let tables = set_up(&stage, hall_id, 3).await;
    let service = stage.serve().await;
    let mut directory = DirectoryServiceClient::new(Client::connect(&service).await.channel);
    let token = code_of(&tables[0]);
    let scan = |qr_token: &str, min_position: u64| ScanTableRequest {
        qr_token: qr_token.to_owned(),
        min_position,
    };
    let maintenance = TableEvent::MaintenanceStarted {
        reason: "换台呢".to_owned(),
        expected_end: None,
        repair_id: None,
        at: AT,
    };
    let position = stage.append(to(&tables[1], maintenance)).await;
    let free = directory.scan_table(scan(&token, position)).await.unwrap().into_inner();
    assert_eq!(free.next_step(), ScanNextStep::Open);
    assert!(free.free_tables.is_empty());
    assert_eq!(free.hall.unwrap().free_tables, 2);

    let occupied = TableEvent::TableOccupied {
        session_id: Uuid::now_v7().into(),
        at: AT,
    };
    let position = stage.append(to(&tables[0], occupied)).await;
    let taken = directory.scan_table(scan(&token, position)).await.unwrap().into_inner();
    assert_eq!(taken.next_step(), ScanNextStep::ChooseAnother);
    assert_eq!(labels(&taken.free_tables), ["A3"]);
    assert_eq!(taken.table.unwrap().status(), TableStatus::Occupied);
    let broken = directory.scan_table(scan(&code_of(&tables[1]), position)).await;
    let broken = broken.unwrap().into_inner();
    assert_eq!(broken.next_step(), ScanNextStep::WaitOrChooseAnother);
    assert!(broken.text_zh.contains("换台呢") && broken.text_en.contains("换台呢"));

    let rotated = TableEvent::QrTokenRotated {
        qr_token: "the-code-after-the-first".to_owned(),
    };
    let position = stage.append(to(&tables[0], rotated)).await;
    let old = directory.scan_table(scan(&token, position)).await.unwrap_err();
    assert_eq!(
        (old.code(), reason(&old).as_str()),
        (Code::FailedPrecondition, "QR_TOKEN_RETIRED")
    );
    let new = directory.scan_table(scan("the-code-after-the-first", position)).await;
    assert_eq!(new.unwrap().into_inner().table.unwrap().label, "A1");
    let unknown = directory.scan_table(scan("no-such-code", 0)).await.unwrap_err();
    assert_eq!(
        (unknown.code(), reason(&unknown).as_str()),
        (Code::NotFound, "QR_TOKEN_NOT_FOUND")
    );
    let empty = directory.scan_table(scan("", 0)).await.unwrap_err();
    assert_eq!(empty.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages_and_without_what_is_gone_or_taken() {
    let stage = Stage::new().await;
    let (hall_id, other) = (Uuid::now_v7(), Uuid::now_v7());
    stage.append(vec![hall(hall_id, "白泽")]).await;
    stage.append(vec![hall(other, "麒麟")]).await;
    let tables = set_up(&stage, hall_id, 5).await;
    stage.append(to(&tables[1], TableEvent::TableRetired { at: AT })).await;
    let occupied = TableEvent::TableOccupied {
        session_id: Uuid::now_v7().into(),
        at: AT,
    };
    let position = stage.append(to(&tables[3], occupied)).await;
    let service = stage.serve().await;
    reach(&service, position).await;
    let mut directory = DirectoryServiceClient::new(Client::connect(&service).await.channel);
    let mut request = ListTablesRequest {
        hall_id: hall_id.to_string(),
        page_size: 2,
        ..ListTablesRequest::default()
    };
    let first = directory.list_tables(request.clone()).await.unwrap().into_inner();
    assert_eq!(labels(&first.tables), ["A1", "A3"]);
    request.page_token = first.next_page_token;
    let second = directory.list_tables(request.clone()).await.unwrap().into_inner();
    assert_eq!(labels(&second.tables), ["A4", "A5"]);
    assert_eq!(second.next_page_token, "");
    request.free_only = true;
    let foreign = directory.list_tables(request.clone()).await.unwrap_err();
    assert_eq!(foreign.code(), Code::InvalidArgument, "a token of another query");
    request.page_token.clear();
    request.page_size = 0;
    let free = directory.list_tables(request).await.unwrap().into_inner();
    assert_eq!(labels(&free.tables), ["A1", "A3", "A5"]);

    let halls = directory
        .list_halls(ListHallsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let names: Vec<_> = halls.halls.iter().map(|hall| hall.name.as_str()).collect();
    assert_eq!(names, ["白泽", "麒麟"]);
    assert_eq!((halls.halls[0].tables, halls.halls[0].free_tables), (4, 3));
    let nowhere = GetHallRequest {
        hall_id: Uuid::now_v7().to_string(),
        min_position: 0,
    };
    assert_eq!(directory.get_hall(nowhere).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_listed_with_what_they_speak() {
    let stage = Stage::new().await;
    let hall_id = Uuid::now_v7();
    stage.append(vec![hall(hall_id, "白泽")]).await;
    let mut position = 0;
    for (topic, driver) in [("a1", Driver::Tasmota), ("a2", Driver::Shelly), ("a3", Driver::EspHome)] {
        let id = Uuid::now_v7();
        let registered = DeviceEvent::DeviceRegistered {
            device_id: id.into(),
            hall_id: hall_id.into(),
            driver,
            topic: topic.to_owned(),
            channels: 1,
        };
        let event = Event::Device(registered);
        position = stage.append(vec![Happened { id, event }]).await;
    }
    let service = stage.serve().await;
    let mut directory = DirectoryServiceClient::new(Client::connect(&service).await.channel);
    let request = ListDevicesRequest {
        hall_id: hall_id.to_string(),
        min_position: position,
        ..ListDevicesRequest::default()
    };
    let listed = directory.list_devices(request).await.unwrap().into_inner().devices;
    let spoken: Vec<_> = listed
        .iter()
        .map(|device| (device.topic.as_str(), device.driver()))
        .collect();
    assert_eq!(
        spoken,
        [
            ("a1", venue::Driver::Tasmota),
            ("a2", venue::Driver::Shelly),
            ("a3", venue::Driver::Esphome)
        ]
    );
}
