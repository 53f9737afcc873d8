//! `hall.device.v1`.

use baize_domain::Command;
use baize_domain::device::FailureKind;
use baize_proto::hall::device::v1::{
    ConfirmLightRequest, ConfirmLightResponse, DeviceHealth, LightFailure, ReportDeviceHealthRequest,
    ReportDeviceHealthResponse, ReportLightExpiredRequest, ReportLightExpiredResponse, ReportLightFailureRequest,
    ReportLightFailureResponse,
};

use super::venue::CHANNELS_MAX;
use super::{Fields, Mutation};
use crate::dispatch::Reply;

/// More than a bridge tries in a day.
const ATTEMPTS_MAX: u32 = 1_000_000;

impl Mutation for ConfirmLightRequest {
    const METHOD: &'static str = "hall.device.v1.DeviceService/ConfirmLight";
    type Response = ConfirmLightResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ConfirmLight {
            device_id: fields.id("device_id", &self.device_id),
            channel: fields.uint("channel", self.channel, 1..=CHANNELS_MAX),
            rev: rev(fields, self.rev),
            on: self.on,
            attempts: fields.uint("attempts", self.attempts, 0..=ATTEMPTS_MAX),
            at: fields.required_instant("at", self.at),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ConfirmLightResponse { position })
    }
}

impl Mutation for ReportLightExpiredRequest {
    const METHOD: &'static str = "hall.device.v1.DeviceService/ReportLightExpired";
    type Response = ReportLightExpiredResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ReportLightExpired {
            device_id: fields.id("device_id", &self.device_id),
            channel: fields.uint("channel", self.channel, 1..=CHANNELS_MAX),
            rev: rev(fields, self.rev),
            at: fields.required_instant("at", self.at),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ReportLightExpiredResponse { position })
    }
}

impl Mutation for ReportLightFailureRequest {
    const METHOD: &'static str = "hall.device.v1.DeviceService/ReportLightFailure";
    type Response = ReportLightFailureResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ReportLightFailure {
            device_id: fields.id("device_id", &self.device_id),
            channel: fields.uint("channel", self.channel, 1..=CHANNELS_MAX),
            rev: rev(fields, self.rev),
            kind: fields.choice("failure", failure(self.failure()), FailureKind::Late),
            at: fields.required_instant("at", self.at),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ReportLightFailureResponse { position })
    }
}

impl Mutation for ReportDeviceHealthRequest {
    const METHOD: &'static str = "hall.device.v1.DeviceService/ReportDeviceHealth";
    type Response = ReportDeviceHealthResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        let (health, device_id) = (self.health(), fields.id("device_id", &self.device_id));
        let at = fields.required_instant("at", self.at);
        match health {
            DeviceHealth::Unspecified => {
                fields.refuse("health", "is required");
                Command::ReportDeviceBack { device_id, at }
            }
            DeviceHealth::Online => Command::ReportDeviceBack { device_id, at },
            DeviceHealth::Offline => Command::ReportDeviceOffline {
                device_id,
                last_heard_at: fields.required_instant("last_heard_at", self.last_heard_at),
                incident_id: (!self.incident_id.is_empty()).then(|| fields.id("incident_id", &self.incident_id)),
                at,
            },
            DeviceHealth::Flapping => Command::ReportDeviceFlapping {
                device_id,
                drops: fields.uint("drops", self.drops, 1..=ATTEMPTS_MAX),
                hold_until: fields.required_instant("hold_until", self.hold_until),
                at,
            },
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(ReportDeviceHealthResponse { position })
    }
}

/// Desired states count from 1; the database counts in signed 64 bits.
fn rev(fields: &mut Fields, rev: u64) -> u64 {
    if rev == 0 || rev > i64::MAX as u64 {
        fields.refuse("rev", "is not the number of a desired state");
    }
    rev
}

fn failure(failure: LightFailure) -> Option<FailureKind> {
    match failure {
        LightFailure::Unspecified => None,
        LightFailure::Late => Some(FailureKind::Late),
        LightFailure::Unreachable => Some(FailureKind::Unreachable),
        LightFailure::Mismatch => Some(FailureKind::Mismatch),
    }
}
