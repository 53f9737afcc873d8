//! `DirectoryService`: chains, halls, tables, devices, tariffs, and what a scanned code leads to.

mod codes;
mod encode;
mod read;
mod scan;
mod tariff_text;

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::directory_service_server;
use baize_proto::hall::view::v1::{
    GetChainRequest, GetChainResponse, GetHallRequest, GetHallResponse, GetTariffRequest, GetTariffResponse,
    ListDevicesRequest, ListDevicesResponse, ListGoodsRequest, ListGoodsResponse, ListHallsRequest, ListHallsResponse,
    ListTableCodesRequest, ListTableCodesResponse, ListTablesRequest, ListTablesResponse, ScanTableRequest,
    ScanTableResponse,
};
use tonic::{Request, Response, Status};

use super::deadline::Deadline;
use super::error::Error;
use super::fields::Fields;
use super::page::{Page, flag};
use super::reader::{Found, Reader};
use super::rights::Asker;

/// The service.
pub(crate) struct DirectoryService {
    reader: Arc<Reader>,
    /// Beginning of the address in codes.
    code_base: String,
}

impl DirectoryService {
    pub(crate) fn new(reader: Arc<Reader>, code_base: String) -> Self {
        Self { reader, code_base }
    }

    async fn reached(&self, min_position: u64, deadline: Deadline) -> Result<(), Error> {
        self.reader.wait(&self.reader.directory, min_position, deadline).await
    }
}

#[tonic::async_trait]
impl directory_service_server::DirectoryService for DirectoryService {
    async fn get_chain(&self, request: Request<GetChainRequest>) -> Result<Response<GetChainResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let chain_id = fields.id("chain_id", &request.chain_id);
        fields.finish()?;
        self.reached(request.min_position, deadline).await?;
        let (chain, position) = self.reader.chain(chain_id, deadline).await?;
        Ok(Response::new(encode::chain(chain, position)))
    }

    async fn list_halls(&self, request: Request<ListHallsRequest>) -> Result<Response<ListHallsResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let chain_id = fields.optional_id("chain_id", &request.chain_id);
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &[chain_id]);
        fields.finish()?;
        self.reached(request.min_position, deadline).await?;
        let Found { mut rows, position } = self.reader.hall_page(chain_id, &page, deadline).await?;
        let next_page_token = page.oldest_first(&mut rows, |counted| counted.hall.registered);
        Ok(Response::new(ListHallsResponse {
            halls: rows.into_iter().map(encode::hall).collect(),
            next_page_token,
            position,
        }))
    }

    async fn get_hall(&self, request: Request<GetHallRequest>) -> Result<Response<GetHallResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let hall_id = fields.id("hall_id", &request.hall_id);
        fields.finish()?;
        self.reached(request.min_position, deadline).await?;
        let (hall, position) = self.reader.counted_hall(hall_id, deadline).await?;
        let hall = Some(encode::hall(hall));
        Ok(Response::new(GetHallResponse { hall, position }))
    }

    async fn list_tables(&self, request: Request<ListTablesRequest>) -> Result<Response<ListTablesResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let hall_id = fields.id("hall_id", &request.hall_id);
        let filter = [Some(hall_id), flag(request.free_only)];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        self.reached(request.min_position, deadline).await?;
        let found = self.reader.table_page(hall_id, request.free_only, &page, deadline);
        let Found { mut rows, position } = found.await?;
        let next_page_token = page.oldest_first(&mut rows, |table| table.registered);
        Ok(Response::new(ListTablesResponse {
            tables: rows.into_iter().map(encode::table).collect(),
            next_page_token,
            position,
        }))
    }

    async fn scan_table(&self, request: Request<ScanTableRequest>) -> Result<Response<ScanTableResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        scan::check_token(&request.qr_token)?;
        self.reached(request.min_position, deadline).await?;
        let scanned = self.reader.scan(&request.qr_token, deadline).await?;
        Ok(Response::new(scanned.into_message()))
    }

    async fn list_table_codes(
        &self,
        request: Request<ListTableCodesRequest>,
    ) -> Result<Response<ListTableCodesResponse>, Status> {
        let asker = Asker::of(&request, "DirectoryService/ListTableCodes")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (wanted, page) = codes::wanted(&request)?;
        self.reached(request.min_position, deadline).await?;
        let found = self.codes_of(&asker, wanted, &page, deadline).await?;
        Ok(Response::new(codes::encode(found, &page, &self.code_base)?))
    }

    async fn list_devices(
        &self,
        request: Request<ListDevicesRequest>,
    ) -> Result<Response<ListDevicesResponse>, Status> {
        let asker = Asker::of(&request, "DirectoryService/ListDevices")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let hall_id = fields.id("hall_id", &request.hall_id);
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &[Some(hall_id)]);
        fields.finish()?;
        self.reached(request.min_position, deadline).await?;
        let of = Belonging::to_hall(hall_id);
        asker.may_ask(&self.reader, of, deadline).await?;
        let Found { mut rows, position } = self.reader.device_page(hall_id, &page, deadline).await?;
        let next_page_token = page.oldest_first(&mut rows, |device| device.registered);
        Ok(Response::new(ListDevicesResponse {
            devices: rows.into_iter().map(encode::device).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_goods(&self, request: Request<ListGoodsRequest>) -> Result<Response<ListGoodsResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let hall_id = fields.id("hall_id", &request.hall_id);
        fields.finish()?;
        self.reached(request.min_position, deadline).await?;
        let (hall, position) = self.reader.counted_hall(hall_id, deadline).await?;
        Ok(Response::new(encode::goods(hall.hall, request.with_retired, position)))
    }

    async fn get_tariff(&self, request: Request<GetTariffRequest>) -> Result<Response<GetTariffResponse>, Status> {
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let plan_id = fields.id("plan_id", &request.plan_id);
        fields.finish()?;
        self.reached(request.min_position, deadline).await?;
        let (tariff, position) = self.reader.tariff(plan_id, deadline).await?;
        Ok(Response::new(encode::tariff(tariff, position)))
    }
}
