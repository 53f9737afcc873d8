//! A command-api with devices only: reports come in through gRPC, the domain decides, the log remembers.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use baize_domain::device::{Device, DeviceCommand, DeviceEvent, FailureKind, decide};
use baize_domain::ids::{DeviceId, HallId};
use baize_eventlog::{EventLog, META_HALL, Metadata, NewEvent, RequestKey, StreamAppend, StreamId, Unit};
use baize_proto::hall::device::v1::device_service_server::{DeviceService, DeviceServiceServer};
use baize_proto::hall::device::v1::{
    ConfirmLightRequest, ConfirmLightResponse, DeviceHealth, LightFailure, ReportDeviceHealthRequest,
    ReportDeviceHealthResponse, ReportLightExpiredRequest, ReportLightExpiredResponse, ReportLightFailureRequest,
    ReportLightFailureResponse,
};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status};
use uuid::Uuid;

pub const LIMIT: Duration = Duration::from_secs(60);

/// What a report said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Confirmed {
        on: bool,
    },
    Expired,
    Failed(FailureKind),
    /// Of the device itself.
    Health(DeviceHealth),
}

/// A report as it came in.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "shown when a test fails")]
pub struct Call {
    pub request_id: Uuid,
    pub device_id: DeviceId,
    pub channel: u8,
    pub rev: u64,
    pub said: Said,
    pub attempts: u32,
    pub at: Timestamp,
    /// How it was answered.
    pub answer: Result<(), tonic::Code>,
}

/// The office at work.
pub struct Office {
    shared: Arc<Shared>,
    pub url: String,
    _stop: DropGuard,
}

struct Shared {
    log: EventLog,
    /// Aggregates and their versions; held while one decides and appends.
    devices: tokio::sync::Mutex<HashMap<DeviceId, (Device, u64)>>,
    calls: Mutex<Vec<Call>>,
    count: watch::Sender<usize>,
    /// What every report is answered with instead.
    refusal: Mutex<Option<Status>>,
}

impl Office {
    pub async fn open(log: EventLog) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            log,
            devices: tokio::sync::Mutex::default(),
            calls: Mutex::default(),
            count: watch::Sender::new(0),
            refusal: Mutex::default(),
        });
        let stop = CancellationToken::new();
        let server = tonic::transport::Server::builder()
            .add_service(DeviceServiceServer::from_arc(shared.clone()))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop.clone().cancelled_owned());
        tokio::spawn(server);
        Self {
            shared,
            url,
            _stop: stop.drop_guard(),
        }
    }

    /// From now on reports are answered so; `None`: as the domain decides.
    pub fn refuse_with(&self, refusal: Option<Status>) {
        *self.shared.refusal.lock().unwrap() = refusal;
    }

    /// Lets a device decide, and remembers. Returns the `rev` of its newest desired state.
    pub async fn command(&self, device_id: DeviceId, command: DeviceCommand) -> u64 {
        self.shared.command(device_id, command).await.unwrap()
    }

    /// Writes what no device would decide.
    pub async fn write(&self, device_id: DeviceId, event: DeviceEvent) {
        let mut devices = self.shared.devices.lock().await;
        let (device, version) = devices.entry(device_id).or_default();
        self.shared.append(device_id, device, version, vec![event]).await;
    }

    /// Reports so far.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// What was said about one desired state of a device, in order, as far as it was taken.
    pub fn said(&self, device_id: DeviceId, rev: u64) -> Vec<Said> {
        let calls = self.calls().into_iter();
        calls
            .filter(|call| call.device_id == device_id && call.rev == rev && call.answer.is_ok())
            .map(|call| call.said)
            .collect()
    }

    /// Waits for a report about a desired state that is taken.
    pub async fn hears(&self, device_id: DeviceId, rev: u64, said: Said) {
        self.wait_until(|| self.said(device_id, rev).contains(&said)).await;
    }

    /// Waits until `fact` holds; it is asked again after each report.
    pub async fn wait_until(&self, fact: impl Fn() -> bool) {
        let mut count = self.shared.count.subscribe();
        let held = async {
            while !fact() {
                count.changed().await.unwrap();
            }
        };
        within(held, || format!("{:#?}", self.calls())).await;
    }
}

/// The output of `future`, which must come in reasonable time.
pub async fn within<T>(future: impl Future<Output = T>, state: impl Fn() -> String) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain; {}", state()),
    }
}

impl Shared {
    async fn command(&self, device_id: DeviceId, command: DeviceCommand) -> Result<u64, Status> {
        let mut devices = self.devices.lock().await;
        let (device, version) = devices.entry(device_id).or_default();
        let events = decide(device, command).map_err(|error| Status::failed_precondition(error.to_string()))?;
        self.append(device_id, device, version, events).await;
        Ok(device.rev)
    }

    async fn append(&self, device_id: DeviceId, device: &mut Device, version: &mut u64, events: Vec<DeviceEvent>) {
        if events.is_empty() {
            return;
        }
        for event in &events {
            device.evolve(event);
        }
        let hall = device
            .profile
            .as_ref()
            .map_or_else(HallId::default, |profile| profile.hall_id);
        let count = events.len() as u64;
        let new = |event: &DeviceEvent| NewEvent {
            event_type: event.name().to_owned(),
            event_version: baize_domain::event::VERSION.to_owned(),
            payload: serde_json::to_string(event).unwrap(),
        };
        let request_id = Uuid::new_v4();
        let unit = Unit {
            request: RequestKey::new("test", request_id, b""),
            streams: vec![StreamAppend {
                stream: StreamId::new("Device", device_id.to_string()),
                expected_version: *version,
                events: events.iter().map(new).collect(),
            }],
            metadata: Metadata::from([(META_HALL.to_owned(), hall.to_string())]),
            response: Vec::new(),
        };
        self.log.append(unit).await.unwrap();
        *version += count;
    }

    async fn report(&self, mut call: Call, command: DeviceCommand) -> Result<u64, Status> {
        let refusal = self.refusal.lock().unwrap().clone();
        let answer = match refusal {
            Some(status) => Err(status),
            None => self.command(call.device_id, command).await,
        };
        call.answer = answer.as_ref().map(|_| ()).map_err(Status::code);
        let count = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(call);
            calls.len()
        };
        self.count.send_replace(count);
        answer
    }
}

fn instant(at: Option<prost_types::Timestamp>) -> Timestamp {
    let at = at.unwrap();
    Timestamp::new(at.seconds, at.nanos).unwrap()
}

#[tonic::async_trait]
impl DeviceService for Shared {
    async fn confirm_light(
        &self,
        request: Request<ConfirmLightRequest>,
    ) -> Result<Response<ConfirmLightResponse>, Status> {
        let request = request.into_inner();
        let (channel, rev, on, attempts) = (request.channel as u8, request.rev, request.on, request.attempts);
        let at = instant(request.at);
        let call = Call {
            request_id: request.request_id.parse().unwrap(),
            device_id: request.device_id.parse().unwrap(),
            channel,
            rev,
            said: Said::Confirmed { on },
            attempts,
            at,
            answer: Ok(()),
        };
        let command = DeviceCommand::Confirm {
            channel,
            rev,
            on,
            attempts,
            at,
        };
        let position = self.report(call, command).await?;
        Ok(Response::new(ConfirmLightResponse { position }))
    }

    async fn report_light_expired(
        &self,
        request: Request<ReportLightExpiredRequest>,
    ) -> Result<Response<ReportLightExpiredResponse>, Status> {
        let request = request.into_inner();
        let (channel, rev, at) = (request.channel as u8, request.rev, instant(request.at));
        let call = Call {
            request_id: request.request_id.parse().unwrap(),
            device_id: request.device_id.parse().unwrap(),
            channel,
            rev,
            said: Said::Expired,
            attempts: 0,
            at,
            answer: Ok(()),
        };
        let position = self
            .report(call, DeviceCommand::ReportExpired { channel, rev, at })
            .await?;
        Ok(Response::new(ReportLightExpiredResponse { position }))
    }

    async fn report_light_failure(
        &self,
        request: Request<ReportLightFailureRequest>,
    ) -> Result<Response<ReportLightFailureResponse>, Status> {
        let request = request.into_inner();
        let kind = match request.failure() {
            LightFailure::Late => FailureKind::Late,
            LightFailure::Unreachable => FailureKind::Unreachable,
            LightFailure::Mismatch => FailureKind::Mismatch,
            LightFailure::Unspecified => return Err(Status::invalid_argument("failure")),
        };
        let (channel, rev, at) = (request.channel as u8, request.rev, instant(request.at));
        let call = Call {
            request_id: request.request_id.parse().unwrap(),
            device_id: request.device_id.parse().unwrap(),
            channel,
            rev,
            said: Said::Failed(kind),
            attempts: 0,
            at,
            answer: Ok(()),
        };
        let position = self
            .report(call, DeviceCommand::ReportFailure { channel, rev, kind, at })
            .await?;
        Ok(Response::new(ReportLightFailureResponse { position }))
    }

    async fn report_device_health(
        &self,
        request: Request<ReportDeviceHealthRequest>,
    ) -> Result<Response<ReportDeviceHealthResponse>, Status> {
        let request = request.into_inner();
        let (health, at) = (request.health(), instant(request.at));
        let command = match health {
            DeviceHealth::Online => DeviceCommand::ReportBack { at },
            DeviceHealth::Offline => DeviceCommand::ReportOffline {
                last_heard_at: instant(request.last_heard_at),
                incident_id: request.incident_id.parse().ok(),
                at,
            },
            DeviceHealth::Flapping => DeviceCommand::ReportFlapping {
                drops: request.drops,
                hold_until: instant(request.hold_until),
                at,
            },
            DeviceHealth::Unspecified => return Err(Status::invalid_argument("health")),
        };
        // Health is about no output and no desired state.
        let call = Call {
            request_id: request.request_id.parse().unwrap(),
            device_id: request.device_id.parse().unwrap(),
            channel: 0,
            rev: 0,
            said: Said::Health(health),
            attempts: 0,
            at,
            answer: Ok(()),
        };
        let position = self.report(call, command).await?;
        Ok(Response::new(ReportDeviceHealthResponse { position }))
    }
}
