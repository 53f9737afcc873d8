//! The gRPC server: its services, limits and end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use baize_eventlog::EventLog;
use baize_proto::DESCRIPTOR_SET;
use baize_proto::access::{Guard, Signer};
use baize_proto::hall::audit::v1::audit_service_server::AuditServiceServer;
use baize_proto::hall::view::v1::bill_service_server::BillServiceServer;
use baize_proto::hall::view::v1::board_service_server::BoardServiceServer;
use baize_proto::hall::view::v1::book_service_server::BookServiceServer;
use baize_proto::hall::view::v1::complaint_queue_service_server::ComplaintQueueServiceServer;
use baize_proto::hall::view::v1::device_state_service_server::DeviceStateServiceServer;
use baize_proto::hall::view::v1::directory_service_server::DirectoryServiceServer;
use baize_proto::hall::view::v1::indicator_service_server::IndicatorServiceServer;
use baize_proto::hall::view::v1::loyalty_service_server::LoyaltyServiceServer;
use baize_proto::hall::view::v1::member_directory_service_server::MemberDirectoryServiceServer;
use baize_proto::hall::view::v1::notice_service_server::NoticeServiceServer;
use baize_proto::hall::view::v1::payment_service_server::PaymentServiceServer;
use baize_proto::hall::view::v1::reconciliation_service_server::ReconciliationServiceServer;
use baize_proto::hall::view::v1::split_service_server::SplitServiceServer;
use baize_proto::hall::view::v1::statement_service_server::StatementServiceServer;
use baize_proto::hall::view::v1::timeline_service_server::TimelineServiceServer;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::transport::server::{Router, TcpIncoming};
use tonic_health::pb::health_server::{Health, HealthServer};
use tower::layer::util::{Identity, Stack};

use crate::options::Options;
use crate::query::{
    AuditService, BillService, BoardService, BookService, ComplaintQueueService, DeviceStateService, DirectoryService,
    IndicatorService, LoyaltyService, MemberDirectoryService, NoticeService, PaymentService, Reader,
    ReconciliationService, SplitService, StatementService, TimelineService,
};

/// Requests are ids, numbers and page tokens.
const REQUEST_BYTES_MAX: usize = 64 << 10;
/// Calls at once on one connection; more are refused, not queued.
const CALLS_PER_CONNECTION_MAX: usize = 256;
/// No unary call waits longer than this, whatever its caller says.
const CALL_MAX: Duration = Duration::from_secs(65);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// The services behind the guard.
pub(crate) type Guarded = Router<Stack<Guard, Identity>>;

pub(crate) fn router(
    reader: Arc<Reader>,
    log: EventLog,
    health: HealthServer<impl Health>,
    guard: Guard,
    options: &Options,
) -> anyhow::Result<Guarded> {
    let audit = AuditServiceServer::new(AuditService::new(log.clone(), reader.stopping.clone()));
    let board = BoardServiceServer::new(BoardService::new(Arc::clone(&reader)));
    let bills = BillServiceServer::new(BillService::new(Arc::clone(&reader), Signer::new(options.keys.clone())));
    let complaints = ComplaintQueueServiceServer::new(ComplaintQueueService::new(Arc::clone(&reader)));
    let devices = DeviceStateServiceServer::new(DeviceStateService::new(Arc::clone(&reader)));
    let directory = DirectoryServiceServer::new(DirectoryService::new(Arc::clone(&reader), options.code_base.clone()));
    let indicators = IndicatorServiceServer::new(IndicatorService::new(Arc::clone(&reader), options.clock.clone()));
    let loyalty = LoyaltyServiceServer::new(LoyaltyService::new(Arc::clone(&reader)));
    let members = MemberDirectoryServiceServer::new(MemberDirectoryService::new(Arc::clone(&reader)));
    let notices = NoticeServiceServer::new(NoticeService::new(Arc::clone(&reader)));
    let reconciliations = ReconciliationServiceServer::new(ReconciliationService::new(Arc::clone(&reader)));
    let payments = PaymentServiceServer::new(PaymentService::new(Arc::clone(&reader)));
    let books = BookServiceServer::new(BookService::new(Arc::clone(&reader)));
    let splits = SplitServiceServer::new(SplitService::new(Arc::clone(&reader)));
    let timelines = TimelineServiceServer::new(TimelineService::new(Arc::clone(&reader), log));
    let statements = StatementServiceServer::new(StatementService::new(reader));
    let reflection = options.reflection.then(|| {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()
    });
    let reflection = reflection.transpose().context("the contract cannot be told")?;
    Ok(Server::builder()
        .timeout(CALL_MAX)
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION_MAX)
        .load_shed(true)
        .max_concurrent_streams(CALLS_PER_CONNECTION_MAX as u32)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .layer(guard)
        .add_service(health)
        .add_optional_service(reflection)
        .add_service(audit.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(board.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(complaints.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(devices.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(directory.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(indicators.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(loyalty.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(members.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(notices.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(reconciliations.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(payments.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(books.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(splits.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(timelines.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(bills.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(statements.max_decoding_message_size(REQUEST_BYTES_MAX)))
}

pub(crate) async fn serve(router: Guarded, listener: TcpListener, stopping: CancellationToken) {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let served = router
        .serve_with_incoming_shutdown(incoming, stopping.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the gRPC server ended");
    }
}
