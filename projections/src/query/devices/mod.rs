//! `DeviceStateService`: devices as staff see them, their repairs and alerts.

pub(crate) mod alert_texts;
mod encode;

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    GetDeviceRequest, GetDeviceResponse, ListAlertsRequest, ListAlertsResponse, ListDeviceHistoryRequest,
    ListDeviceHistoryResponse, ListHallDevicesRequest, ListHallDevicesResponse, ListRepairsRequest,
    ListRepairsResponse, device_state_service_server,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::error::Error;
use super::fields::Fields;
use super::page::{Page, flag};
use super::reader::{Found, Reader, Selection, Value};
use super::rights::{Asker, Belongs};
use crate::views::devices::{AlertRow, DeviceRow, HistoryRow, RepairRow};

/// The service.
pub(crate) struct DeviceStateService {
    reader: Arc<Reader>,
}

impl DeviceStateService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

impl Belongs for DeviceRow {
    fn belonging(&self) -> Belonging {
        Belonging::to_hall(self.hall_id)
    }
}

#[tonic::async_trait]
impl device_state_service_server::DeviceStateService for DeviceStateService {
    async fn get_device(&self, request: Request<GetDeviceRequest>) -> Result<Response<GetDeviceResponse>, Status> {
        let asker = Asker::of(&request, "DeviceStateService/GetDevice")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let device_id = fields.id("device_id", &request.device_id);
        fields.finish()?;
        let reader = &self.reader;
        reader.wait(&reader.devices, request.min_position, deadline).await?;
        let found = reader.device(device_id, deadline).await;
        let (row, position) = asker.theirs(reader, found, deadline).await?;
        Ok(Response::new(GetDeviceResponse {
            device: Some(encode::device(row)),
            position,
        }))
    }

    async fn list_hall_devices(
        &self,
        request: Request<ListHallDevicesRequest>,
    ) -> Result<Response<ListHallDevicesResponse>, Status> {
        let asker = Asker::of(&request, "DeviceStateService/ListHallDevices")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (hall_id, page) = Page::of("hall_id", &request.hall_id, request.page_size, &request.page_token)?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_hall(hall_id), deadline).await?;
        reader.wait(&reader.devices, request.min_position, deadline).await?;
        let selection = Selection {
            tail: "hall_id = $3 AND registered < $4 ORDER BY registered DESC LIMIT $5",
            values: &page.newest_of(hall_id),
        };
        let found: Found<DeviceRow> = reader.read(&reader.devices, selection, deadline).await?;
        let Found { mut rows, position } = found;
        let next_page_token = page.newest_first(&mut rows, |row| row.registered);
        Ok(Response::new(ListHallDevicesResponse {
            devices: rows.into_iter().map(encode::device).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_device_history(
        &self,
        request: Request<ListDeviceHistoryRequest>,
    ) -> Result<Response<ListDeviceHistoryResponse>, Status> {
        let asker = Asker::of(&request, "DeviceStateService/ListDeviceHistory")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (device_id, page) = Page::of("device_id", &request.device_id, request.page_size, &request.page_token)?;
        let reader = &self.reader;
        reader.wait(&reader.devices, request.min_position, deadline).await?;
        // Whose history it is, is known from the device.
        let found = reader.device(device_id, deadline).await;
        asker.theirs(reader, found, deadline).await?;
        let selection = Selection {
            tail: "device_id = $3 AND position < $4 ORDER BY position DESC LIMIT $5",
            values: &page.newest_of(device_id),
        };
        let found: Found<HistoryRow> = reader.read(&reader.devices, selection, deadline).await?;
        let Found { mut rows, position } = found;
        let next_page_token = page.newest_first(&mut rows, |row| row.position);
        Ok(Response::new(ListDeviceHistoryResponse {
            entries: rows.iter().map(encode::entry).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_repairs(
        &self,
        request: Request<ListRepairsRequest>,
    ) -> Result<Response<ListRepairsResponse>, Status> {
        let asker = Asker::of(&request, "DeviceStateService/ListRepairs")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let hall_id: Uuid = fields.id("hall_id", &request.hall_id);
        let filter = [Some(hall_id), flag(request.open_only)];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_hall(hall_id), deadline).await?;
        reader.wait(&reader.devices, request.min_position, deadline).await?;
        let selection = Selection {
            tail: match request.open_only {
                true => "hall_id = $3 AND opened < $4 AND phase <> 'closed' ORDER BY opened DESC LIMIT $5",
                false => "hall_id = $3 AND opened < $4 ORDER BY opened DESC LIMIT $5",
            },
            values: &page.newest_of(hall_id),
        };
        let found: Found<RepairRow> = reader.read(&reader.devices, selection, deadline).await?;
        let Found { mut rows, position } = found;
        let next_page_token = page.newest_first(&mut rows, |row| row.opened);
        Ok(Response::new(ListRepairsResponse {
            repairs: rows.into_iter().map(encode::repair).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_alerts(&self, request: Request<ListAlertsRequest>) -> Result<Response<ListAlertsResponse>, Status> {
        let asker = Asker::of(&request, "DeviceStateService/ListAlerts")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (hall_id, page) = Page::of("hall_id", &request.hall_id, request.page_size, &request.page_token)?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_hall(hall_id), deadline).await?;
        reader.wait(&reader.devices, request.min_position, deadline).await?;
        let selection = Selection {
            tail: "hall_id = $3 AND position < $4 ORDER BY position DESC LIMIT $5",
            values: &page.newest_of(hall_id),
        };
        let found: Found<AlertRow> = reader.read(&reader.devices, selection, deadline).await?;
        let Found { mut rows, position } = found;
        let next_page_token = page.newest_first(&mut rows, |row| row.position);
        Ok(Response::new(ListAlertsResponse {
            alerts: rows.iter().map(encode::alert).collect(),
            next_page_token,
            position,
        }))
    }
}

impl Reader {
    async fn device(&self, device_id: Uuid, deadline: Deadline) -> Result<(DeviceRow, u64), Error> {
        let selection = Selection {
            tail: "device_id = $3",
            values: &[Value::Id(device_id)],
        };
        let found: Found<DeviceRow> = self.read(&self.devices, selection, deadline).await?;
        found.only("device", device_id)
    }
}
