//! The gRPC server around the services: limits, health, reflection.

mod gate;
mod health;

use std::sync::Arc;
use std::time::Duration;

use baize_proto::DESCRIPTOR_SET;
use baize_proto::access::Guard;
use baize_proto::hall::calendar::v1::calendar_service_server::CalendarServiceServer;
use baize_proto::hall::complaint::v1::complaint_service_server::ComplaintServiceServer;
use baize_proto::hall::device::v1::device_service_server::DeviceServiceServer;
use baize_proto::hall::device::v1::repair_service_server::RepairServiceServer;
use baize_proto::hall::identity::v1::identity_service_server::IdentityServiceServer;
use baize_proto::hall::loyalty::v1::loyalty_service_server::LoyaltyServiceServer;
use baize_proto::hall::member::v1::member_service_server::MemberServiceServer;
use baize_proto::hall::payment::v1::payment_service_server::PaymentServiceServer;
use baize_proto::hall::payment::v1::reconciliation_service_server::ReconciliationServiceServer;
use baize_proto::hall::split::v1::split_service_server::SplitServiceServer;
use baize_proto::hall::staff::v1::staff_service_server::StaffServiceServer;
use baize_proto::hall::table::v1::table_service_server::TableServiceServer;
use baize_proto::hall::venue::v1::display_service_server::DisplayServiceServer;
use baize_proto::hall::venue::v1::venue_service_server::VenueServiceServer;
use baize_proto::hall::wallet::v1::wallet_service_server::WalletServiceServer;
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTOR_SET;

pub use health::Health;

use crate::options::Limits;
use crate::services::{IdentityServer, Services};
use gate::Gate;

const KEEPALIVE: Duration = Duration::from_secs(30);

/// The names of the services, as health is asked for them.
const NAMES: [&str; 14] = [
    ComplaintServiceServer::<Services>::NAME,
    SplitServiceServer::<Services>::NAME,
    StaffServiceServer::<Services>::NAME,
    CalendarServiceServer::<Services>::NAME,
    VenueServiceServer::<Services>::NAME,
    DisplayServiceServer::<Services>::NAME,
    TableServiceServer::<Services>::NAME,
    WalletServiceServer::<Services>::NAME,
    DeviceServiceServer::<Services>::NAME,
    RepairServiceServer::<Services>::NAME,
    MemberServiceServer::<Services>::NAME,
    LoyaltyServiceServer::<Services>::NAME,
    PaymentServiceServer::<Services>::NAME,
    ReconciliationServiceServer::<Services>::NAME,
];

/// Serves until `stop`, then until the requests in work are done.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    incoming: TcpIncoming,
    services: Services,
    health: &Health,
    reflection: bool,
    limits: &Limits,
    guard: Guard,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let bytes = limits.request_bytes_max;
    let people = services.people().cloned();
    let mut routes = Routes::builder();
    routes
        .add_service(health.service())
        .add_service(SplitServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(StaffServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(CalendarServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(VenueServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(DisplayServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(TableServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(WalletServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(MemberServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(LoyaltyServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(PaymentServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(ReconciliationServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(ComplaintServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(RepairServiceServer::new(services.clone()).max_decoding_message_size(bytes))
        .add_service(DeviceServiceServer::new(services).max_decoding_message_size(bytes));
    if let Some(people) = &people {
        let identity = IdentityServer::new(Arc::clone(people));
        routes.add_service(IdentityServiceServer::new(identity).max_decoding_message_size(bytes));
    }
    if reflection {
        routes
            .add_service(reflection_builder(people.is_some()).build_v1()?)
            .add_service(reflection_builder(people.is_some()).build_v1alpha()?);
    }
    Server::builder()
        .max_concurrent_streams(limits.streams_max)
        // Watchers of health ask nothing for hours: this is how one that has gone is noticed.
        .http2_keepalive_interval(Some(KEEPALIVE))
        .layer(Gate::new(limits.requests_max, limits.deadline_max))
        .layer(guard)
        .add_routes(routes.routes())
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned())
        .await?;
    Ok(())
}

fn reflection_builder(people: bool) -> tonic_reflection::server::Builder<'static> {
    let builder = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(HEALTH_DESCRIPTOR_SET)
        // Queries are another service's.
        .with_service_name(SplitServiceServer::<Services>::NAME)
        .with_service_name(StaffServiceServer::<Services>::NAME)
        .with_service_name(CalendarServiceServer::<Services>::NAME)
        .with_service_name(VenueServiceServer::<Services>::NAME)
        .with_service_name(DisplayServiceServer::<Services>::NAME)
        .with_service_name(TableServiceServer::<Services>::NAME)
        .with_service_name(WalletServiceServer::<Services>::NAME)
        .with_service_name(DeviceServiceServer::<Services>::NAME)
        .with_service_name(ComplaintServiceServer::<Services>::NAME)
        .with_service_name(RepairServiceServer::<Services>::NAME)
        .with_service_name(MemberServiceServer::<Services>::NAME)
        .with_service_name(LoyaltyServiceServer::<Services>::NAME)
        .with_service_name(PaymentServiceServer::<Services>::NAME)
        .with_service_name(ReconciliationServiceServer::<Services>::NAME)
        .with_service_name("grpc.health.v1.Health");
    if people {
        builder.with_service_name(IdentityServiceServer::<IdentityServer>::NAME)
    } else {
        builder
    }
}
