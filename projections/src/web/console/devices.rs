//! The devices of a hall: what they were told and said, what is being repaired, and what staff have to know.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use baize_proto::hall::view::v1::device_state_service_server::DeviceStateService as _;
use baize_proto::hall::view::v1::{
    Alert, DeviceHistoryEntry, DeviceOutput, DirectoryHall, GetDeviceRequest, HallDevice, ListAlertsRequest,
    ListDeviceHistoryRequest, ListHallDevicesRequest, ListRepairsRequest, OutputStanding, TableRepair,
};

use super::super::language::Language;
use super::super::render;
use super::Console;
use super::day::hall;
use super::pages::{Layout, Paging, Problem};
use super::visitor::Visitor;
use super::words::Words;

#[derive(Template)]
#[template(path = "console/devices.html")]
struct DevicesPage {
    l: Layout,
    hall: DirectoryHall,
    alerts: Vec<AlertLine>,
    repairs: Vec<RepairLine>,
    devices: Vec<DeviceLine>,
    next: String,
}

/// What staff have to know.
struct AlertLine {
    at: String,
    title: String,
    body: String,
}

/// A table that is being repaired.
struct RepairLine {
    table: String,
    fault: String,
    since: String,
    phase: String,
    assigned_to: String,
    tests: u32,
    session_id: String,
    device_id: String,
}

/// A device in a list.
struct DeviceLine {
    device_id: String,
    topic: String,
    state: &'static str,
    tone: &'static str,
    heard: String,
    outputs: Vec<OutputLine>,
}

/// An output, as it was wanted and as it is.
struct OutputLine {
    channel: u32,
    desired: &'static str,
    reported: &'static str,
    standing: String,
    tone: &'static str,
    latency: String,
    attempts: u32,
    session_id: String,
    not_after: String,
}

pub(super) async fn list(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(hall_id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let problem = |status| visitor.problem(status);
    let devices = &console.services.devices;
    let hall = hall(&console, &visitor, &hall_id).await?;
    let words = Words::new(visitor.language, &hall.time_zone);
    let request = ListHallDevicesRequest {
        hall_id: hall_id.clone(),
        page_token: paging.page,
        ..ListHallDevicesRequest::default()
    };
    let call = visitor.call("/hall.view.v1.DeviceStateService/ListHallDevices", request)?;
    let listed = devices.list_hall_devices(call).await.map_err(problem)?.into_inner();
    let request = ListRepairsRequest {
        hall_id: hall_id.clone(),
        open_only: true,
        ..ListRepairsRequest::default()
    };
    let call = visitor.call("/hall.view.v1.DeviceStateService/ListRepairs", request)?;
    let repairs = devices.list_repairs(call).await.map_err(problem)?.into_inner().repairs;
    let request = ListAlertsRequest {
        hall_id,
        page_size: 20,
        ..ListAlertsRequest::default()
    };
    let call = visitor.call("/hall.view.v1.DeviceStateService/ListAlerts", request)?;
    let alerts = devices.list_alerts(call).await.map_err(problem)?.into_inner().alerts;
    let layout = visitor.layout("/console");
    Ok(render(&DevicesPage {
        alerts: alerts
            .into_iter()
            .map(|alert| alert_line(alert, &visitor, &words))
            .collect(),
        repairs: repairs.iter().map(|repair| repair_line(repair, &words)).collect(),
        devices: listed
            .devices
            .iter()
            .map(|device| device_line(device, &layout, &words))
            .collect(),
        next: listed.next_page_token,
        l: layout,
        hall,
    }))
}

#[derive(Template)]
#[template(path = "console/device.html")]
struct DevicePage {
    l: Layout,
    hall: DirectoryHall,
    device: DeviceLine,
    history: Vec<HistoryLine>,
    next: String,
}

/// Something that happened to a device.
struct HistoryLine {
    at: String,
    what: String,
    channel: String,
    detail: String,
    position: u64,
}

pub(super) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(device_id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response, Problem> {
    let problem = |status| visitor.problem(status);
    let devices = &console.services.devices;
    let request = GetDeviceRequest {
        device_id: device_id.clone(),
        min_position: 0,
    };
    let call = visitor.call("/hall.view.v1.DeviceStateService/GetDevice", request)?;
    let found = devices.get_device(call).await.map_err(problem)?.into_inner();
    let device = found.device.unwrap_or_default();
    let request = ListDeviceHistoryRequest {
        device_id,
        page_token: paging.page,
        ..ListDeviceHistoryRequest::default()
    };
    let call = visitor.call("/hall.view.v1.DeviceStateService/ListDeviceHistory", request)?;
    let history = devices.list_device_history(call).await.map_err(problem)?.into_inner();
    let hall = hall(&console, &visitor, &device.hall_id).await?;
    let words = Words::new(visitor.language, &hall.time_zone);
    let layout = visitor.layout("/console");
    Ok(render(&DevicePage {
        device: device_line(&device, &layout, &words),
        history: history
            .entries
            .iter()
            .map(|entry| history_line(entry, &layout, &words))
            .collect(),
        next: history.next_page_token,
        l: layout,
        hall,
    }))
}

fn alert_line(alert: Alert, visitor: &Visitor, words: &Words) -> AlertLine {
    let text = match visitor.language {
        Language::ZhCn => alert.zh,
        Language::En => alert.en,
    };
    let text = text.unwrap_or_default();
    AlertLine {
        at: words.short(alert.at.as_ref()),
        title: text.title,
        body: text.body,
    }
}

fn repair_line(repair: &TableRepair, words: &Words) -> RepairLine {
    let fault = match repair.words.is_empty() {
        true => words.fault(repair.fault()),
        false => repair.words.clone(),
    };
    RepairLine {
        table: repair.table_label.clone(),
        fault,
        since: words.short(repair.since.as_ref()),
        phase: words.repair_phase(repair.phase()),
        assigned_to: repair.assigned_to.clone(),
        tests: repair.tests,
        session_id: repair.session_id.clone(),
        device_id: repair.device_id.clone(),
    }
}

fn device_line(device: &HallDevice, layout: &Layout, words: &Words) -> DeviceLine {
    let (state, tone) = match (device.retired, device.online) {
        (true, _) => (layout.c.retired, "quiet"),
        (false, true) => (layout.c.online, "good"),
        (false, false) => (layout.c.offline, "bad"),
    };
    DeviceLine {
        device_id: device.device_id.clone(),
        topic: device.topic.clone(),
        state,
        tone,
        heard: words.short(device.last_heard_at.as_ref()),
        outputs: device
            .outputs
            .iter()
            .map(|output| output_line(output, layout, words))
            .collect(),
    }
}

fn output_line(output: &DeviceOutput, layout: &Layout, words: &Words) -> OutputLine {
    let switched = |on: bool| if on { layout.c.on } else { layout.c.off };
    OutputLine {
        channel: output.channel,
        desired: switched(output.desired_on),
        reported: output.reported_on.map_or("–", switched),
        standing: words.standing(output.standing()),
        tone: match output.standing() {
            OutputStanding::Confirmed | OutputStanding::Expired => "good",
            OutputStanding::Pending => "now",
            _ => "bad",
        },
        latency: match output.latency_ms {
            0 => String::new(),
            millis => format!("{millis} ms"),
        },
        attempts: output.attempts,
        session_id: output.session_id.clone(),
        not_after: words.short(output.not_after.as_ref()),
    }
}

fn history_line(entry: &DeviceHistoryEntry, layout: &Layout, words: &Words) -> HistoryLine {
    let mut detail = Vec::new();
    if entry.channel > 0 {
        detail.push(format!(
            "{} · rev {}",
            if entry.on { layout.c.on } else { layout.c.off },
            entry.rev
        ));
    }
    if entry.latency_ms > 0 {
        detail.push(format!("{} ms · {} ×", entry.latency_ms, entry.attempts));
    }
    HistoryLine {
        at: words.instant(entry.at.as_ref()),
        what: words.device_history(entry.kind()),
        channel: match entry.channel {
            0 => String::new(),
            channel => channel.to_string(),
        },
        detail: detail.join(" · "),
        position: entry.position,
    }
}
