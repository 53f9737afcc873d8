//! `hall.device.v1.RepairService`.

use baize_domain::Command;
use baize_proto::hall::device::v1::{
    CompleteRepairRequest, CompleteRepairResponse, ReportFaultRequest, ReportFaultResponse, StartRepairRequest,
    StartRepairResponse, TestDeviceRequest, TestDeviceResponse,
};
use uuid::Uuid;

use super::{Fields, Mutation, REASON_CHARS_MAX};
use crate::dispatch::Reply;

impl Mutation for ReportFaultRequest {
    const METHOD: &'static str = "hall.device.v1.RepairService/ReportFault";
    type Response = ReportFaultResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::ReportFault {
            repair_id: fields.new_id("repair_id", ""),
            table_id: fields.id("table_id", &self.table_id),
            words: fields.text("words", self.words, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        let Reply::RepairOpened { repair_id } = reply else {
            return None;
        };
        Some(ReportFaultResponse {
            repair_id: repair_id.to_string(),
            position,
        })
    }
}

impl Mutation for StartRepairRequest {
    const METHOD: &'static str = "hall.device.v1.RepairService/StartRepair";
    type Response = StartRepairResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::StartRepair {
            repair_id: fields.id("repair_id", &self.repair_id),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(StartRepairResponse { position })
    }
}

impl Mutation for CompleteRepairRequest {
    const METHOD: &'static str = "hall.device.v1.RepairService/CompleteRepair";
    type Response = CompleteRepairResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::CompleteRepair {
            repair_id: fields.id("repair_id", &self.repair_id),
            // Whoever calls: filled in by the service.
            by: Uuid::nil(),
            note: fields.text("note", self.note, REASON_CHARS_MAX),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(CompleteRepairResponse { position })
    }
}

impl Mutation for TestDeviceRequest {
    const METHOD: &'static str = "hall.device.v1.RepairService/TestDevice";
    type Response = TestDeviceResponse;

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn command(self, fields: &mut Fields) -> Command {
        Command::TestDevice {
            repair_id: fields.id("repair_id", &self.repair_id),
        }
    }

    fn response(reply: Reply, position: u64) -> Option<Self::Response> {
        matches!(reply, Reply::Done).then_some(TestDeviceResponse { position })
    }
}
