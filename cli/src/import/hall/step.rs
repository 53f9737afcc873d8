//! One command of an import.

use std::time::Duration;

use baize_domain::ids::derived;
use baize_proto::access::Bearing;
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::venue::v1::{
    DefineLevelsRequest, PublishTariffRequest, RegisterChainRequest, RegisterDeviceRequest, RegisterHallRequest,
    RegisterTableRequest,
};
use prost::Message as _;
use tonic::{Code, Status};

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
            Request::Tariff(request) => ("tariff", request.encode_to_vec()),
            Request::Device(request) => ("device", request.encode_to_vec()),
            Request::Table(request) => ("table", request.encode_to_vec()),
        };
        let content: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
        let request_id = derived(&["import-request", kind, &content]).to_string();
        match &mut request {
            Request::Chain(request) => request.request_id = request_id,
            Request::Levels(request) => request.request_id = request_id,
            Request::Hall(request) => request.request_id = request_id,
            Request::Tariff(request) => request.request_id = request_id,
            Request::Device(request) => request.request_id = request_id,
            Request::Table(request) => request.request_id = request_id,
        }
        Self { line, what, request }
    }

    /// Does it; gives the log position at which it was done, be it now or by an import before.
    ///
    /// # Errors
    /// The service refuses, or is away for longer than a few seconds.
    pub async fn execute(&self, venue: &mut VenueServiceClient<Bearing>) -> Result<u64, Status> {
        let mut tries = 1;
        loop {
            match self.call(venue).await {
                Err(status) if passes(&status) && tries < TRIES_MAX => tries += 1,
                answered => return answered,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn call(&self, venue: &mut VenueServiceClient<Bearing>) -> Result<u64, Status> {
        match self.request.clone() {
            Request::Chain(request) => position(venue.register_chain(timed(request)).await, |answer| answer.position),
            Request::Levels(request) => position(venue.define_levels(timed(request)).await, |answer| answer.position),
            Request::Hall(request) => position(venue.register_hall(timed(request)).await, |answer| answer.position),
            Request::Tariff(request) => position(venue.publish_tariff(timed(request)).await, |answer| answer.position),
            Request::Device(request) => position(venue.register_device(timed(request)).await, |answer| answer.position),
            Request::Table(request) => position(venue.register_table(timed(request)).await, |answer| answer.position),
        }
    }
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
