//! `LoyaltyService`: points and what explains them.

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    GetPointsRequest, GetPointsResponse, ListPointsEntriesRequest, ListPointsEntriesResponse, PointsEntry, PointsLot,
    loyalty_service_server, points_entry,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode::timestamp;
use super::error::Error;
use super::fields::Fields;
use super::page::PageToken;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::Asker;
use crate::views::loyalty::{PointsEntryKind, PointsEntryRow, PointsRow};

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
        Ok(Response::new(points(account, position)))
    }

    async fn list_points_entries(
        &self,
        request: Request<ListPointsEntriesRequest>,
    ) -> Result<Response<ListPointsEntriesResponse>, Status> {
        let asker = Asker::of(&request, "LoyaltyService/ListPointsEntries")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let page = MemberPage::read(&request.member_id, request.page_size, &request.page_token)?;
        let reader = &self.reader;
        asker
            .may_ask(reader, Belonging::to_member(page.member_id), deadline)
            .await?;
        reader.wait(&reader.loyalty, request.min_position, deadline).await?;
        let Found { mut rows, position } = reader.points_entries(&page, deadline).await?;
        let next_page_token = page.cut(&mut rows, |entry| entry.position);
        Ok(Response::new(ListPointsEntriesResponse {
            entries: rows.into_iter().map(entry).collect(),
            next_page_token,
            position,
        }))
    }
}

/// One page of what a member has, newest first.
struct MemberPage {
    member_id: Uuid,
    size: u32,
    before: i64,
}

impl MemberPage {
    fn read(member_id: &str, page_size: i32, page_token: &str) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let member_id = fields.id("member_id", member_id);
        let size = fields.page_size(page_size);
        let before = match page_token {
            "" => Some(i64::MAX),
            token => PageToken::read(token, &[Some(member_id)]).map(|token| token.before),
        };
        if before.is_none() {
            fields.refuse("page_token", "is not of this query");
        }
        fields.finish()?;
        Ok(Self {
            member_id,
            size,
            before: before.unwrap_or(i64::MAX),
        })
    }

    /// What it selects by, one row more than it shows.
    fn values(&self) -> [Value<'_>; 3] {
        [
            Value::Id(self.member_id),
            Value::Number(self.before),
            Value::Number(i64::from(self.size) + 1),
        ]
    }

    /// Takes the row off that shows that there are more, and says where they begin.
    fn cut<R>(&self, rows: &mut Vec<R>, position: impl Fn(&R) -> i64) -> String {
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        match rows.last().filter(|_| more) {
            Some(last) => PageToken { before: position(last) }.write(&[Some(self.member_id)]),
            None => String::new(),
        }
    }
}

fn points(account: Option<PointsRow>, position: u64) -> GetPointsResponse {
    let Some(account) = account else {
        return GetPointsResponse {
            position,
            ..GetPointsResponse::default()
        };
    };
    let lots = account.lots.iter().map(|(expires_at, points)| PointsLot {
        points: *points,
        expires_at: jiff::Timestamp::from_second(*expires_at).ok().map(timestamp),
    });
    GetPointsResponse {
        points: account.points,
        owed_points: account.owed,
        lots: lots.collect(),
        position,
    }
}

fn entry(row: PointsEntryRow) -> PointsEntry {
    let kind = match row.kind {
        PointsEntryKind::Earned => points_entry::Kind::Earned,
        PointsEntryKind::Reversed => points_entry::Kind::Reversed,
        PointsEntryKind::Expired => points_entry::Kind::Expired,
        PointsEntryKind::Forfeited => points_entry::Kind::Forfeited,
    };
    PointsEntry {
        kind: kind.into(),
        points: row.points,
        owed_points: row.owed,
        reference: row.reference.map(|reference| reference.to_string()).unwrap_or_default(),
        reason: row.reason.unwrap_or_default(),
        at: Some(timestamp(row.at.timestamp())),
        position: row.position as u64,
    }
}

impl Reader {
    /// A member's points, if the member ever had any.
    async fn points_of(&self, member_id: Uuid, deadline: Deadline) -> Result<(Option<PointsRow>, u64), Error> {
        let selection = Selection {
            tail: "member_id = $3",
            values: &[Value::Id(member_id)],
        };
        let Found { rows, position } = self.read(&self.loyalty, selection, deadline).await?;
        Ok((rows.into_iter().next(), position))
    }

    async fn points_entries(&self, page: &MemberPage, deadline: Deadline) -> Result<Found<PointsEntryRow>, Error> {
        let selection = Selection {
            tail: "member_id = $3 AND position < $4 ORDER BY position DESC LIMIT $5",
            values: &page.values(),
        };
        let mut found: Found<PointsEntryRow> = self.read(&self.loyalty, selection, deadline).await?;
        found.rows.sort_by_key(|entry| std::cmp::Reverse(entry.position));
        Ok(found)
    }
}
