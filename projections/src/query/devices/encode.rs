//! Devices, repairs and alerts as messages.

use baize_proto::hall::view::v1 as view;
use uuid::Uuid;

use super::alert_texts;
use crate::query::encode::{stored, timestamp};
use crate::views::devices::{
    AlertKind, AlertRow, DeviceRow, FaultKind, HistoryKind, HistoryRow, OutputState, Phase, RepairRow, Standing,
};

pub(super) fn device(row: DeviceRow) -> view::HallDevice {
    view::HallDevice {
        device_id: row.device_id.to_string(),
        hall_id: row.hall_id.to_string(),
        topic: row.topic,
        channels: u32::from(row.channels.unsigned_abs()),
        retired: row.retired,
        online: row.offline_since.is_none(),
        offline_since: stored(row.offline_since),
        incident_id: text(row.incident_id),
        last_heard_at: stored(row.last_heard_at),
        held_until: stored(row.held_until),
        outputs: row.outputs.0.into_iter().map(output).collect(),
    }
}

fn output((channel, state): (u8, OutputState)) -> view::DeviceOutput {
    let standing = match state.standing {
        Standing::Pending => view::OutputStanding::Pending,
        Standing::Confirmed => view::OutputStanding::Confirmed,
        Standing::Expired => view::OutputStanding::Expired,
        Standing::Late => view::OutputStanding::Late,
        Standing::Unreachable => view::OutputStanding::Unreachable,
        Standing::Mismatch => view::OutputStanding::Mismatch,
    };
    view::DeviceOutput {
        channel: u32::from(channel),
        rev: state.rev,
        desired_on: state.desired_on,
        session_id: text(state.session_id),
        not_after: state.not_after.map(timestamp),
        standing: standing.into(),
        reported_on: state.reported_on,
        reported_at: state.reported_at.map(timestamp),
        latency_ms: state.latency_ms,
        attempts: state.attempts,
    }
}

pub(super) fn entry(row: &HistoryRow) -> view::DeviceHistoryEntry {
    let kind = match row.kind {
        HistoryKind::Desired => view::DeviceHistoryKind::Desired,
        HistoryKind::Confirmed => view::DeviceHistoryKind::Confirmed,
        HistoryKind::Expired => view::DeviceHistoryKind::Expired,
        HistoryKind::Late => view::DeviceHistoryKind::Late,
        HistoryKind::Unreachable => view::DeviceHistoryKind::Unreachable,
        HistoryKind::Mismatch => view::DeviceHistoryKind::Mismatch,
        HistoryKind::WentOffline => view::DeviceHistoryKind::WentOffline,
        HistoryKind::CameBack => view::DeviceHistoryKind::CameBack,
        HistoryKind::Flapped => view::DeviceHistoryKind::Flapped,
    };
    view::DeviceHistoryEntry {
        position: row.position.unsigned_abs(),
        kind: kind.into(),
        channel: u32::from(row.channel.unsigned_abs()),
        on: row.lit,
        rev: row.rev.unsigned_abs(),
        latency_ms: row.latency_ms.unsigned_abs(),
        attempts: row.attempts.unsigned_abs(),
        at: stored(Some(row.at)),
    }
}

pub(super) fn repair(row: RepairRow) -> view::TableRepair {
    let fault = match row.fault {
        FaultKind::NotConfirmed => view::RepairFault::NotConfirmed,
        FaultKind::Unreachable => view::RepairFault::Unreachable,
        FaultKind::Mismatch => view::RepairFault::Mismatch,
        FaultKind::Offline => view::RepairFault::Offline,
        FaultKind::Reported => view::RepairFault::Reported,
    };
    let phase = match row.phase {
        Phase::Open => view::RepairPhase::Open,
        Phase::Started => view::RepairPhase::Started,
        Phase::Completed => view::RepairPhase::Completed,
        Phase::Testing => view::RepairPhase::Testing,
        Phase::Closed => view::RepairPhase::Closed,
    };
    view::TableRepair {
        repair_id: row.repair_id.to_string(),
        hall_id: row.hall_id.to_string(),
        table_id: row.table_id.to_string(),
        table_label: row.table_label,
        device_id: row.device_id.to_string(),
        channel: u32::from(row.channel.unsigned_abs()),
        fault: fault.into(),
        words: row.words,
        since: stored(Some(row.since)),
        session_id: text(row.session_id),
        phase: phase.into(),
        assigned_to: text(row.assigned_to),
        note: row.note,
        tests: row.tests.unsigned_abs(),
        opened_at: stored(Some(row.opened_at)),
        closed_at: stored(row.closed_at),
    }
}

pub(super) fn alert(row: &AlertRow) -> view::Alert {
    let kind = match row.kind {
        AlertKind::DeviceLost => view::AlertKind::DeviceLost,
        AlertKind::HallLost => view::AlertKind::HallLost,
        AlertKind::DeviceBack => view::AlertKind::DeviceBack,
        AlertKind::DeviceFlapping => view::AlertKind::DeviceFlapping,
        AlertKind::Fault => view::AlertKind::Fault,
        AlertKind::TestFailed => view::AlertKind::TestFailed,
        AlertKind::Repaired => view::AlertKind::Repaired,
        AlertKind::Complaint => view::AlertKind::Complaint,
    };
    let [zh, en] = alert_texts::words(row.kind, &row.name);
    view::Alert {
        position: row.position.unsigned_abs(),
        kind: kind.into(),
        zh: Some(zh),
        en: Some(en),
        hall_id: row.hall_id.to_string(),
        device_id: text(row.device_id),
        table_id: text(row.table_id),
        repair_id: text(row.repair_id),
        incident_id: text(row.incident_id),
        complaint_id: text(row.complaint_id),
        at: stored(Some(row.at)),
    }
}

fn text(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
