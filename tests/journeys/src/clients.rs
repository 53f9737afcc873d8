//! Clients of the services, and what every call has in common.

use std::collections::BTreeMap;
use std::time::Duration;

use baize_proto::access::Bearing;
use baize_proto::hall::device::v1::repair_service_client::RepairServiceClient;
use baize_proto::hall::loyalty::v1::loyalty_service_client::LoyaltyServiceClient;
use baize_proto::hall::member::v1::member_service_client::MemberServiceClient;
use baize_proto::hall::table::v1::table_service_client::TableServiceClient;
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::view::v1::bill_service_client::BillServiceClient;
use baize_proto::hall::view::v1::board_service_client::BoardServiceClient;
use baize_proto::hall::view::v1::loyalty_service_client::LoyaltyServiceClient as LoyaltyViewClient;
use baize_proto::hall::view::v1::statement_service_client::StatementServiceClient;
use baize_proto::hall::wallet::v1::wallet_service_client::WalletServiceClient;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

/// Longer than any call takes; shorter than a test may hang.
const DEADLINE: Duration = std::time::Duration::from_secs(30);

/// Clients of all services.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named as the services")]
pub struct Clients {
    pub venue: VenueServiceClient<Bearing>,
    pub members: MemberServiceClient<Bearing>,
    pub wallets: WalletServiceClient<Bearing>,
    pub tables: TableServiceClient<Bearing>,
    pub repairs: RepairServiceClient<Bearing>,
    pub boards: BoardServiceClient<Bearing>,
    pub bills: BillServiceClient<Bearing>,
    pub statements: StatementServiceClient<Bearing>,
    pub loyalty: LoyaltyServiceClient<Bearing>,
    pub points: LoyaltyViewClient<Bearing>,
}

/// Why a call did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// gRPC status code.
    pub code: tonic::Code,
    /// Stable reason.
    pub reason: String,
    /// Facts behind it.
    pub facts: BTreeMap<String, String>,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let info = status.get_details_error_info();
        let (reason, facts) = info.map(|info| (info.reason, info.metadata)).unwrap_or_default();
        Self {
            code: status.code(),
            reason,
            facts: facts.into_iter().collect(),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {} {:?}", self.code, self.reason, self.facts)
    }
}

impl std::error::Error for Refusal {}

impl Clients {
    /// Clients of command-api and projections.
    pub fn new(commands: &Bearing, queries: &Bearing) -> Self {
        Self {
            venue: VenueServiceClient::new(commands.clone()),
            members: MemberServiceClient::new(commands.clone()),
            wallets: WalletServiceClient::new(commands.clone()),
            tables: TableServiceClient::new(commands.clone()),
            repairs: RepairServiceClient::new(commands.clone()),
            boards: BoardServiceClient::new(queries.clone()),
            bills: BillServiceClient::new(queries.clone()),
            statements: StatementServiceClient::new(queries.clone()),
            loyalty: LoyaltyServiceClient::new(commands.clone()),
            points: LoyaltyViewClient::new(queries.clone()),
        }
    }
}

/// A new UUID as text.
pub fn new_id() -> String {
    Uuid::new_v4().to_string()
}

/// A request with a deadline that the server knows.
pub fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// The milliseconds since 1970 of an instant on the wire.
pub fn millis(at: Option<prost_types::Timestamp>) -> i64 {
    let at = at.unwrap_or_default();
    at.seconds * 1000 + i64::from(at.nanos) / 1_000_000
}
