//! Clients that know nothing can ask for the contract, if they may.

use std::collections::BTreeSet;

use tokio_stream::StreamExt as _;
use tonic::{Code, Status};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::world::World;

async fn ask(world: &World, request: MessageRequest) -> Result<MessageResponse, Status> {
    let mut client = ServerReflectionClient::new(world.clients.channel.clone());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    };
    let mut answers = client
        .server_reflection_info(tokio_stream::once(request))
        .await?
        .into_inner();
    let ServerReflectionResponse { message_response, .. } = answers.next().await.unwrap()?;
    Ok(message_response.unwrap())
}

#[tokio::test]
async fn with_reflection_on_the_services_are_listed_and_described() {
    let world = World::with(|options| options.reflection = true).await;
    let MessageResponse::ListServicesResponse(list) =
        ask(&world, MessageRequest::ListServices(String::new())).await.unwrap()
    else {
        panic!("no list");
    };
    let names: BTreeSet<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    let expected = [
        "grpc.health.v1.Health",
        "hall.calendar.v1.CalendarService",
        "hall.complaint.v1.ComplaintService",
        "hall.device.v1.DeviceService",
        "hall.device.v1.RepairService",
        "hall.loyalty.v1.LoyaltyService",
        "hall.member.v1.MemberService",
        "hall.payment.v1.PaymentService",
        "hall.payment.v1.ReconciliationService",
        "hall.split.v1.SplitService",
        "hall.staff.v1.StaffService",
        "hall.table.v1.TableService",
        "hall.venue.v1.DisplayService",
        "hall.venue.v1.VenueService",
        "hall.wallet.v1.WalletService",
    ];
    assert_eq!(
        names
            .into_iter()
            .filter(|name| !name.starts_with("grpc.reflection."))
            .collect::<Vec<_>>(),
        expected
    );
    let symbol = MessageRequest::FileContainingSymbol("hall.table.v1.TableService.OpenTable".to_owned());
    assert!(matches!(
        ask(&world, symbol).await.unwrap(),
        MessageResponse::FileDescriptorResponse(_)
    ));

    // Older tools speak the older version.
    let mut old = tonic_reflection::pb::v1alpha::server_reflection_client::ServerReflectionClient::new(
        world.clients.channel.clone(),
    );
    let request = tonic_reflection::pb::v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(
            tonic_reflection::pb::v1alpha::server_reflection_request::MessageRequest::ListServices(String::new()),
        ),
    };
    let mut answers = old
        .server_reflection_info(tokio_stream::once(request))
        .await
        .unwrap()
        .into_inner();
    assert!(answers.next().await.unwrap().unwrap().message_response.is_some());
}

#[tokio::test]
async fn with_reflection_off_nothing_is_told() {
    let world = World::start().await;
    let status = ask(&world, MessageRequest::ListServices(String::new()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}
