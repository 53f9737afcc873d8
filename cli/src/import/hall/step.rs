//! One command of an import.

use std::time::Duration;

use baize_domain::ids::derived;
use baize_proto::access::Bearing;
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::venue::v1::{
    DefineGoodsRequest, DefineLevelsRequest, PublishTariffRequest, RegisterChainRequest, RegisterDeviceRequest,
    RegisterHallRequest, RegisterTableRequest,
};
use prost::Message as _;
use tonic::{Code, Status};
use uuid::Uuid;

/// How long one call may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Calls of one command while the service is away, and the pause between them.
const TRIES_MAX: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// A command, and where the document asks for it.
#[derive(Debug)]
pub struct Step {
    /// Counts from 1.
    pub line: usize,
    /// For people: `table A1`.
    pub what: String,
    request: Request,
}

/// The command.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named by what they make")]
pub enum Request {
    Chain(RegisterChainRequest),
    Levels(DefineLevelsRequest),
    Hall(RegisterHallRequest),
    Goods(DefineGoodsRequest),
    Tariff(PublishTariffRequest),
    Device(RegisterDeviceRequest),
    Table(RegisterTableRequest),
}

impl Step {
    /// A step that has its request id from its content: said again it is the same request, which is answered as it was the first time.
    pub fn new(line: usize, what: String, mut request: Request) -> Self {
        let (kind, content) = match &request {
            Request::Chain(request) => ("chain", request.encode_to_vec()),
            Request::Levels(request) => ("levels", request.encode_to_vec()),
            Request::Hall(request) => ("hall", request.encode_to_vec()),
            Request::Goods(request) => ("goods", request.encode_to_vec()),
            Request::Tariff(request) => ("tariff", request.encode_to_vec()),
            Request::Device(request) => ("device", request.encode_to_vec()),
            Request::Table(request) => ("table", request.encode_to_vec()),
        };
        let content: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
        let request_id = derived(&["import-request", kind, &content]).to_string();
        request.set_id(request_id);
        Self { line, what, request }
    }

    /// The chain that this sets up, if it is one.
    pub fn chain_id(&self) -> Option<&str> {
        match &self.request {
            Request::Chain(request) => Some(&request.chain_id),
            _ => None,
        }
    }

    /// The device that this sets up, if it is one.
    pub fn device(&self) -> Option<&RegisterDeviceRequest> {
        match &self.request {
            Request::Device(request) => Some(request),
            _ => None,
        }
    }

    /// Does it; gives the log position at which it was done, be it now or by an import before.
    ///
    /// # Errors
    /// The service refuses, or is away for longer than a few seconds.
    pub async fn execute(&self, venue: &mut VenueServiceClient<Bearing>) -> Result<u64, Status> {
        match patiently(venue, &self.request).await {
            Err(status) if may_be_of_old(&status) => {
                let mut anew = self.request.clone();
                anew.set_id(Uuid::new_v4().to_string());
                patiently(venue, &anew).await
            }
            answered => answered,
        }
    }
}

impl Request {
    fn set_id(&mut self, request_id: String) {
        match self {
            Self::Chain(request) => request.request_id = request_id,
            Self::Levels(request) => request.request_id = request_id,
            Self::Hall(request) => request.request_id = request_id,
            Self::Goods(request) => request.request_id = request_id,
            Self::Tariff(request) => request.request_id = request_id,
            Self::Device(request) => request.request_id = request_id,
            Self::Table(request) => request.request_id = request_id,
        }
    }

    async fn call(&self, venue: &mut VenueServiceClient<Bearing>) -> Result<u64, Status> {
        match self.clone() {
            Self::Chain(request) => position(venue.register_chain(timed(request)).await, |answer| answer.position),
            Self::Levels(request) => position(venue.define_levels(timed(request)).await, |answer| answer.position),
            Self::Hall(request) => position(venue.register_hall(timed(request)).await, |answer| answer.position),
            Self::Goods(request) => position(venue.define_goods(timed(request)).await, |answer| answer.position),
            Self::Tariff(request) => position(venue.publish_tariff(timed(request)).await, |answer| answer.position),
            Self::Device(request) => position(venue.register_device(timed(request)).await, |answer| answer.position),
            Self::Table(request) => position(venue.register_table(timed(request)).await, |answer| answer.position),
        }
    }
}

async fn patiently(venue: &mut VenueServiceClient<Bearing>, request: &Request) -> Result<u64, Status> {
    let mut tries = 1;
    loop {
        match request.call(venue).await {
            Err(status) if passes(&status) && tries < TRIES_MAX => tries += 1,
            answered => return answered,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A refusal is the answer to its request id for good. What stood in the way of an import before may be gone by now, and a refusal
/// did nothing: under a new id it is decided again.
fn may_be_of_old(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::FailedPrecondition | Code::NotFound | Code::AlreadyExists
    )
}

/// Whether the same call may succeed in a moment.
fn passes(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::Aborted | Code::ResourceExhausted | Code::DeadlineExceeded
    )
}

fn timed<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(ANSWER_WITHIN);
    request
}

fn position<T>(answer: Result<tonic::Response<T>, Status>, position: impl Fn(&T) -> u64) -> Result<u64, Status> {
    answer.map(|answer| position(answer.get_ref()))
}
