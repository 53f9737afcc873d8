//! Sends reports to command-api.

use std::time::Duration;

use baize_domain::device::FailureKind;
use baize_proto::access::{Badge, Bearing};
use baize_proto::hall::device::v1::device_service_client::DeviceServiceClient;
use baize_proto::hall::device::v1::{
    ConfirmLightRequest, DeviceHealth, LightFailure, ReportDeviceHealthRequest, ReportLightExpiredRequest,
    ReportLightFailureRequest,
};
use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};

use crate::health::Finding;
use crate::reconcile::Outcome;

use super::{LightReport, Outbox, Report};

const IN_FLIGHT_MAX: usize = 64;
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long a stopping bridge goes on delivering.
const LAST_WITHIN: Duration = Duration::from_secs(2);

pub(crate) struct Sender {
    client: DeviceServiceClient<Bearing>,
    outbox: Outbox,
}

/// What became of a report.
enum Delivery {
    Done,
    /// Try again.
    Undelivered,
}

impl Sender {
    /// # Errors
    /// The address is none.
    pub fn new(url: &str, badge: Badge, outbox: Outbox) -> Result<Self, tonic::transport::Error> {
        let channel = Endpoint::from_shared(url.to_owned())?
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .connect_lazy();
        Ok(Self {
            client: DeviceServiceClient::new(Bearing::new(channel, badge)),
            outbox,
        })
    }

    /// Sends until cancelled, and then what is left, for a while.
    pub async fn run(self, cancel: CancellationToken) {
        let time_is_up = async {
            cancel.cancelled().await;
            tokio::time::sleep(LAST_WITHIN).await;
        };
        tokio::select! {
            () = self.send_all(&cancel) => {}
            () = time_is_up => {
                let left = self.outbox.len();
                tracing::warn!(left, "not all reports could be delivered; they are made again after a restart");
            }
        }
    }

    async fn send_all(&self, cancel: &CancellationToken) {
        let mut in_flight = FuturesUnordered::new();
        let mut failed = false;
        let mut pause = Duration::ZERO;
        loop {
            if failed && in_flight.is_empty() {
                pause = (pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
                tokio::time::sleep(pause).await;
                failed = false;
            }
            // After a failure one report finds out whether the service is back.
            let limit = match (failed, pause.is_zero()) {
                (true, _) => 0,
                (false, false) => 1,
                (false, true) => IN_FLIGHT_MAX,
            };
            while in_flight.len() < limit {
                let Some(report) = self.outbox.take() else { break };
                in_flight.push(self.deliver(report));
            }
            if in_flight.is_empty() && cancel.is_cancelled() {
                return;
            }
            tokio::select! {
                Some((report, delivery)) = in_flight.next() => match delivery {
                    Delivery::Done => {
                        pause = Duration::ZERO;
                        self.outbox.done(&report);
                    }
                    Delivery::Undelivered => {
                        failed = true;
                        self.outbox.put_back(report);
                    }
                },
                () = self.outbox.changed(), if in_flight.len() < limit => {}
                () = cancel.cancelled(), if in_flight.is_empty() => {}
            }
        }
    }

    async fn deliver(&self, report: Report) -> (Report, Delivery) {
        let delivery = match self.call(&report).await {
            Ok(()) => Delivery::Done,
            Err(status) => judge(&report, &status),
        };
        (report, delivery)
    }

    async fn call(&self, report: &Report) -> Result<(), Status> {
        match report {
            Report::Light(report) => self.call_about_light(report).await,
            Report::Health { device_id, finding } => {
                let request = ReportDeviceHealthRequest {
                    request_id: report.request_id().to_string(),
                    device_id: device_id.to_string(),
                    ..health(finding)
                };
                self.client.clone().report_device_health(limited(request)).await?;
                Ok(())
            }
        }
    }

    async fn call_about_light(&self, report: &LightReport) -> Result<(), Status> {
        let mut client = self.client.clone();
        let request_id = report.request_id().to_string();
        let device_id = report.light.device_id.to_string();
        let channel = u32::from(report.light.channel);
        let rev = report.rev;
        let at = Some(wire_time(report.at));
        match report.outcome {
            Outcome::Confirmed { on, attempts } => {
                let request = ConfirmLightRequest {
                    request_id,
                    device_id,
                    channel,
                    rev,
                    on,
                    attempts,
                    at,
                };
                client.confirm_light(limited(request)).await?;
            }
            Outcome::Expired => {
                let request = ReportLightExpiredRequest {
                    request_id,
                    device_id,
                    channel,
                    rev,
                    at,
                };
                client.report_light_expired(limited(request)).await?;
            }
            Outcome::Failed(kind) => {
                let request = ReportLightFailureRequest {
                    request_id,
                    device_id,
                    channel,
                    rev,
                    failure: wire_failure(kind).into(),
                    at,
                };
                client.report_light_failure(limited(request)).await?;
            }
        }
        Ok(())
    }
}

/// Tells the service, too, how long the answer is waited for.
fn limited<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(ANSWER_WITHIN);
    request
}

/// A refusal will not change by being repeated; anything else may, a token that has to be renewed included.
fn judge(report: &Report, status: &Status) -> Delivery {
    match status.code() {
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented => {
            tracing::error!(?report, code = ?status.code(), message = status.message(), "a report was refused");
            Delivery::Done
        }
        code => {
            tracing::warn!(
                ?report,
                ?code,
                message = status.message(),
                "a report could not be delivered; trying again"
            );
            Delivery::Undelivered
        }
    }
}

fn wire_time(at: Timestamp) -> prost_types::Timestamp {
    let (mut seconds, mut nanos) = (at.as_second(), at.subsec_nanosecond());
    // jiff counts from the second towards the instant, protobuf always forwards.
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    prost_types::Timestamp { seconds, nanos }
}

fn health(finding: &Finding) -> ReportDeviceHealthRequest {
    match finding {
        Finding::Offline {
            last_heard_at,
            incident_id,
            at,
        } => ReportDeviceHealthRequest {
            health: DeviceHealth::Offline.into(),
            at: Some(wire_time(*at)),
            last_heard_at: Some(wire_time(*last_heard_at)),
            incident_id: incident_id.map(|id| id.to_string()).unwrap_or_default(),
            ..ReportDeviceHealthRequest::default()
        },
        Finding::Back { at } => ReportDeviceHealthRequest {
            health: DeviceHealth::Online.into(),
            at: Some(wire_time(*at)),
            ..ReportDeviceHealthRequest::default()
        },
        Finding::Flapping { drops, hold_until, at } => ReportDeviceHealthRequest {
            health: DeviceHealth::Flapping.into(),
            at: Some(wire_time(*at)),
            drops: *drops,
            hold_until: Some(wire_time(*hold_until)),
            ..ReportDeviceHealthRequest::default()
        },
    }
}

fn wire_failure(kind: FailureKind) -> LightFailure {
    match kind {
        FailureKind::Late => LightFailure::Late,
        FailureKind::Unreachable => LightFailure::Unreachable,
        FailureKind::Mismatch => LightFailure::Mismatch,
    }
}
