//! The query services, as a client meets them.

use std::time::Duration;

use baize_projections::{Options, Projections};
use baize_proto::access::Bearing;
use baize_proto::hall::view::v1::bill_service_client::BillServiceClient;
use baize_proto::hall::view::v1::board_service_client::BoardServiceClient;
use baize_proto::hall::view::v1::statement_service_client::StatementServiceClient;
use baize_proto::hall::view::v1::{
    GetBillRequest, GetBillResponse, GetBoardRequest, GetBoardResponse, GetWalletRequest, GetWalletResponse,
    ListBillsRequest, ListBillsResponse, ListWalletEntriesRequest, ListWalletEntriesResponse,
};
use baize_servers::testing;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::evening::{Session, Table, hall, wallet_opened};
use crate::stage::{HEAVY, NO_NATS, PATIENCE, Stage, bearing, in_time, reach, until};

#[derive(Clone)]
pub struct Client {
    pub channel: Bearing,
}

impl Client {
    pub async fn connect(service: &Projections) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{}", service.grpc_address())).unwrap();
        Self {
            channel: bearing(endpoint.connect().await.unwrap()),
        }
    }

    pub async fn board(&mut self, hall_id: Uuid, min_position: u64) -> Result<GetBoardResponse, Status> {
        let request = GetBoardRequest {
            hall_id: hall_id.to_string(),
            min_position,
        };
        let answer = BoardServiceClient::new(self.channel.clone())
            .get_board(patient(request))
            .await;
        answer.map(tonic::Response::into_inner)
    }

    pub async fn bill(&mut self, session_id: Uuid, min_position: u64) -> Result<GetBillResponse, Status> {
        let request = GetBillRequest {
            session_id: session_id.to_string(),
            min_position,
        };
        let answer = BillServiceClient::new(self.channel.clone())
            .get_bill(patient(request))
            .await;
        answer.map(tonic::Response::into_inner)
    }

    pub async fn bills(&mut self, request: ListBillsRequest) -> Result<ListBillsResponse, Status> {
        let answer = BillServiceClient::new(self.channel.clone())
            .list_bills(patient(request))
            .await;
        answer.map(tonic::Response::into_inner)
    }

    pub async fn wallet(&mut self, member_id: Uuid, min_position: u64) -> Result<GetWalletResponse, Status> {
        let request = GetWalletRequest {
            member_id: member_id.to_string(),
            min_position,
        };
        let answer = StatementServiceClient::new(self.channel.clone())
            .get_wallet(patient(request))
            .await;
        answer.map(tonic::Response::into_inner)
    }

    pub async fn entries(
        &mut self,
        member_id: Uuid,
        page_size: i32,
        page_token: &str,
        min_position: u64,
    ) -> Result<ListWalletEntriesResponse, Status> {
        let page_token = page_token.to_owned();
        let request = ListWalletEntriesRequest {
            member_id: member_id.to_string(),
            page_size,
            page_token,
            min_position,
        };
        let answer = StatementServiceClient::new(self.channel.clone())
            .list_wallet_entries(patient(request))
            .await;
        answer.map(tonic::Response::into_inner)
    }

    pub async fn health(&self, service: &str) -> ServingStatus {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = HealthClient::new(self.channel.clone()).check(request).await.unwrap();
        answer.into_inner().status()
    }
}

pub fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_waits_for_its_position() {
    let stage = Stage::new().await;
    let hall_id = Uuid::new_v4();
    let head = stage.append(vec![hall(hall_id, "球厅")]).await;
    let service = stage.serve().await;
    let mut client = Client::connect(&service).await;
    let waiting = {
        let mut client = client.clone();
        tokio::spawn(async move { client.board(hall_id, head + 1).await })
    };
    // The view is at the end of the log, yet the call does not return: it waits for what is not there.
    let now = client.board(hall_id, head).await.unwrap();
    assert_eq!((now.position, now.tables.len()), (head, 0));
    assert!(!waiting.is_finished());
    let table = Table {
        hall_id,
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    };
    let position = stage.append(vec![table.registered("A1")]).await;
    let then = in_time("the waiting call", waiting).await.unwrap().unwrap();
    assert_eq!((then.position, then.tables.len()), (position, 1));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_waits_in_vain_says_what_was_reached() {
    let stage = Stage::new().await;
    let hall_id = Uuid::new_v4();
    let head = stage.append(vec![hall(hall_id, "球厅")]).await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let mut client = BoardServiceClient::new(Client::connect(&service).await.channel);
    let mut request = Request::new(GetBoardRequest {
        hall_id: hall_id.to_string(),
        min_position: 1_000,
    });
    // As the header says it, without a timer of the client's own that could be faster than the answer.
    request.metadata_mut().insert("grpc-timeout", "400m".parse().unwrap());
    let status = in_time("the answer", client.get_board(request)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.reason, "POSITION_NOT_REACHED");
    assert_eq!(
        (info.metadata["wanted"].as_str(), &info.metadata["reached"]),
        ("1000", &head.to_string())
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_name_every_bad_field() {
    let stage = Stage::new().await;
    let service = stage.serve().await;
    let mut client = Client::connect(&service).await;
    let fields = |status: Status| -> Vec<String> {
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        let violations = status.get_details_bad_request().unwrap().field_violations;
        violations.into_iter().map(|violation| violation.field).collect()
    };
    let request = ListBillsRequest {
        hall_id: "hall".to_owned(),
        member_id: "member".to_owned(),
        page_size: 201,
        page_token: "next".to_owned(),
        min_position: 0,
    };
    let status = client.bills(request).await.unwrap_err();
    assert_eq!(fields(status), ["hall_id", "member_id", "page_size", "page_token"]);
    let status = client.bills(ListBillsRequest::default()).await.unwrap_err();
    assert_eq!(fields(status), ["hall_id"]);
    let status = client
        .bills(ListBillsRequest {
            page_size: -1,
            ..Default::default()
        })
        .await
        .unwrap_err();
    assert_eq!(fields(status), ["hall_id", "page_size"]);
    let empty = BoardServiceClient::new(client.channel.clone())
        .get_board(GetBoardRequest::default())
        .await;
    assert_eq!(fields(empty.unwrap_err()), ["hall_id"]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let stage = Stage::new().await;
    let head = stage.append(vec![hall(Uuid::new_v4(), "球厅")]).await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let mut client = Client::connect(&service).await;
    let id = Uuid::new_v4();
    for (kind, status) in [
        ("hall", client.board(id, 0).await.unwrap_err()),
        ("session", client.bill(id, 0).await.unwrap_err()),
        ("wallet", client.wallet(id, 0).await.unwrap_err()),
        ("wallet", client.entries(id, 0, "", 0).await.unwrap_err()),
    ] {
        assert_eq!(status.code(), Code::NotFound, "{status}");
        let resource = status.get_details_resource_info().unwrap();
        assert_eq!(
            (resource.resource_type.as_str(), resource.resource_name),
            (kind, id.to_string())
        );
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_bill_once_newest_first() {
    let stage = Stage::new().await;
    let (hall_id, member_id) = (Uuid::new_v4(), Uuid::new_v4());
    let mut happened = vec![hall(hall_id, "球厅"), wallet_opened(member_id, 0)];
    let mut sessions = Vec::new();
    for n in 0..25 {
        let table = Table {
            hall_id,
            table_id: Uuid::new_v4(),
            device_id: Uuid::new_v4(),
            channel: 1,
        };
        // Every fifth is somebody else's.
        let member_id = if n % 5 == 0 { Uuid::new_v4() } else { member_id };
        let session = Session {
            table,
            session_id: Uuid::new_v4(),
            member_id,
        };
        happened.extend([table.registered(&format!("A{n}")), session.opened_postpaid(100, n)]);
        if n % 5 != 0 {
            happened.push(session.held(100, n));
        }
        sessions.push(session);
    }
    let position = stage.append(happened).await;
    let service = stage.serve().await;
    let mut client = Client::connect(&service).await;
    for (by_hall, by_member, size, pages) in [(true, false, 10, 3), (false, true, 20, 1), (true, true, 7, 3)] {
        let expected = sessions
            .iter()
            .rev()
            .filter(|session| !by_member || session.member_id == member_id);
        let expected: Vec<_> = expected.map(|session| session.session_id.to_string()).collect();
        let mut request = ListBillsRequest {
            hall_id: if by_hall { hall_id.to_string() } else { String::new() },
            member_id: if by_member {
                member_id.to_string()
            } else {
                String::new()
            },
            page_size: size,
            page_token: String::new(),
            min_position: position,
        };
        let (mut listed, mut answers) = (Vec::new(), 0);
        loop {
            let page = client.bills(request.clone()).await.unwrap();
            assert!(page.bills.len() <= size as usize);
            listed.extend(page.bills.into_iter().map(|bill| bill.session_id));
            answers += 1;
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(listed, expected);
        assert_eq!(answers, pages);
    }
    // A token is of no use to another query.
    let first = ListBillsRequest {
        hall_id: hall_id.to_string(),
        page_size: 5,
        ..Default::default()
    };
    let token = client.bills(first).await.unwrap().next_page_token;
    let other = ListBillsRequest {
        member_id: member_id.to_string(),
        page_token: token,
        ..Default::default()
    };
    assert_eq!(client.bills(other).await.unwrap_err().code(), Code::InvalidArgument);

    let mut entries = Vec::new();
    let mut token = String::new();
    loop {
        let page = client.entries(member_id, 6, &token, position).await.unwrap();
        entries.extend(page.entries.into_iter().map(|entry| entry.position));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(entries.len(), 20);
    assert!(entries.windows(2).all(|pair| pair[0] > pair[1]));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_service_says_so_and_comes_back() {
    let _few = HEAVY.acquire().await.unwrap();
    let postgres = testing::postgres().unwrap();
    let stage = Stage::at(postgres.fresh_database().unwrap()).await;
    let hall_id = Uuid::new_v4();
    let head = stage.append(vec![hall(hall_id, "球厅")]).await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let mut client = Client::connect(&service).await;
    until("health", || async {
        (client.health("").await == ServingStatus::Serving).then_some(())
    })
    .await;

    postgres.kill();
    let status = client.board(hall_id, 0).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.get_details_retry_info().unwrap().retry_delay.unwrap() > Duration::ZERO);
    assert!(!status.message().contains("postgres"), "{status}");
    until("the alarm", || async {
        (client.health("").await == ServingStatus::NotServing).then_some(())
    })
    .await;

    postgres.start().unwrap();
    let table = Table {
        hall_id,
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    };
    let position = stage.append(vec![table.registered("A1")]).await;
    reach(&service, position).await;
    assert_eq!(client.board(hall_id, position).await.unwrap().tables.len(), 1);
    until("health", || async {
        (client.health("").await == ServingStatus::Serving).then_some(())
    })
    .await;
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_is_off_unless_asked_for() {
    let stage = Stage::new().await;
    for reflection in [false, true] {
        let options = Options {
            reflection,
            ..stage.options(NO_NATS)
        };
        let service = Projections::start(options).await.unwrap();
        let channel = Client::connect(&service).await.channel;
        let mut client = tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient::new(channel);
        let request = tonic_reflection::pb::v1::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(
                tonic_reflection::pb::v1::server_reflection_request::MessageRequest::ListServices(String::new()),
            ),
        };
        let answer = client.server_reflection_info(tokio_stream::once(request)).await;
        match answer {
            Ok(answers) => {
                assert!(reflection);
                let told = format!("{:?}", answers.into_inner().message().await.unwrap());
                assert!(told.contains("hall.view.v1.BoardService"), "{told}");
            }
            Err(status) => {
                assert!(!reflection);
                assert_eq!(status.code(), Code::Unimplemented);
            }
        }
        service.stop().await;
    }
}
