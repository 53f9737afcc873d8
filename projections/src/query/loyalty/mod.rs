//! `LoyaltyService`: points, what explains them, and what they can be given for.

mod encode;
mod read;

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    GetPointsRequest, GetPointsResponse, GiftRedemption, ListGiftsRequest, ListGiftsResponse,
    ListHallRedemptionsRequest, ListHallRedemptionsResponse, ListPointsEntriesRequest, ListPointsEntriesResponse,
    ListRedemptionsRequest, ListRedemptionsResponse, ListStockRequest, ListStockResponse, loyalty_service_server,
};
use tonic::{Request, Response, Status};

use super::deadline::Deadline;
use super::fields::Fields;
use super::page::Page;
use super::reader::{Found, Reader};
use super::rights::Asker;

/// The service.
pub(crate) struct LoyaltyService {
    reader: Arc<Reader>,
}

impl LoyaltyService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

#[tonic::async_trait]
impl loyalty_service_server::LoyaltyService for LoyaltyService {
    async fn get_points(&self, request: Request<GetPointsRequest>) -> Result<Response<GetPointsResponse>, Status> {
        let asker = Asker::of(&request, "LoyaltyService/GetPoints")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let member_id = fields.id("member_id", &request.member_id);
        fields.finish()?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_member(member_id), deadline).await?;
        reader.wait(&reader.loyalty, request.min_position, deadline).await?;
        let (account, position) = reader.points_of(member_id, deadline).await?;
        Ok(Response::new(encode::points(account, position)))
    }

    async fn list_points_entries(
        &self,
        request: Request<ListPointsEntriesRequest>,
    ) -> Result<Response<ListPointsEntriesResponse>, Status> {
        let asker = Asker::of(&request, "LoyaltyService/ListPointsEntries")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (member_id, page) = Page::of("member_id", &request.member_id, request.page_size, &request.page_token)?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_member(member_id), deadline).await?;
        reader.wait(&reader.loyalty, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.points_entries(member_id, &page, deadline).await?;
        let next_page_token = page.newest_first(&mut rows, |entry| entry.position);
        Ok(Response::new(ListPointsEntriesResponse {
            entries: rows.into_iter().map(encode::entry).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_gifts(&self, request: Request<ListGiftsRequest>) -> Result<Response<ListGiftsResponse>, Status> {
        let asker = Asker::of(&request, "LoyaltyService/ListGifts")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (hall_id, page) = Page::of("hall_id", &request.hall_id, request.page_size, &request.page_token)?;
        let mut fields = Fields::default();
        let member_id = fields.id("member_id", &request.member_id);
        fields.finish()?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_member(member_id), deadline).await?;
        reader.wait(&reader.loyalty, request.min_position, deadline).await?;
        let (offers, position) = reader.offers(hall_id, &page, member_id, deadline).await?;
        let points = offers.points;
        let mut rows = offers.gifts;
        let next_page_token = page.newest_first(&mut rows, |gift| gift.registered);
        Ok(Response::new(ListGiftsResponse {
            gifts: rows.into_iter().map(|gift| encode::offered(gift, points)).collect(),
            points,
            next_page_token,
            position,
        }))
    }

    async fn list_stock(&self, request: Request<ListStockRequest>) -> Result<Response<ListStockResponse>, Status> {
        let asker = Asker::of(&request, "LoyaltyService/ListStock")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (hall_id, page) = Page::of("hall_id", &request.hall_id, request.page_size, &request.page_token)?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_hall(hall_id), deadline).await?;
        reader.wait(&reader.loyalty, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.stock(hall_id, &page, deadline).await?;
        let next_page_token = page.newest_first(&mut rows, |gift| gift.registered);
        Ok(Response::new(ListStockResponse {
            gifts: rows.into_iter().map(encode::stocked).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_redemptions(
        &self,
        request: Request<ListRedemptionsRequest>,
    ) -> Result<Response<ListRedemptionsResponse>, Status> {
        let asker = Asker::of(&request, "LoyaltyService/ListRedemptions")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (member_id, page) = Page::of("member_id", &request.member_id, request.page_size, &request.page_token)?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_member(member_id), deadline).await?;
        reader.wait(&reader.loyalty, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.redemptions("member_id", member_id, &page, deadline).await?;
        let next_page_token = page.newest_first(&mut rows, |redemption| redemption.made);
        Ok(Response::new(ListRedemptionsResponse {
            redemptions: rows.into_iter().map(encode::redemption).collect(),
            next_page_token,
            position,
        }))
    }

    async fn list_hall_redemptions(
        &self,
        request: Request<ListHallRedemptionsRequest>,
    ) -> Result<Response<ListHallRedemptionsResponse>, Status> {
        let asker = Asker::of(&request, "LoyaltyService/ListHallRedemptions")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (hall_id, page) = Page::of("hall_id", &request.hall_id, request.page_size, &request.page_token)?;
        let reader = &self.reader;
        asker.may_ask(reader, Belonging::to_hall(hall_id), deadline).await?;
        reader.wait(&reader.loyalty, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.redemptions("hall_id", hall_id, &page, deadline).await?;
        let next_page_token = page.newest_first(&mut rows, |redemption| redemption.made);
        let codeless = rows.into_iter().map(|row| GiftRedemption {
            pick_up_code: String::new(),
            ..encode::redemption(row)
        });
        Ok(Response::new(ListHallRedemptionsResponse {
            redemptions: codeless.collect(),
            next_page_token,
            position,
        }))
    }
}
