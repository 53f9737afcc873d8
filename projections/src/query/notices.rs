//! `NoticeService`: what people are told.

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    ListNoticesRequest, ListNoticesResponse, Notice, WatchNoticesRequest, WatchNoticesResponse, notice_service_server,
};
use futures::stream::{BoxStream, StreamExt as _};
use sqlx::Row as _;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::error::Error;
use super::fields::Fields;
use super::notice_texts::notice;
use super::page::Page;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::Asker;
use super::watch::{NoticesUpdate, watch_notices};
use crate::store::Row as _;
use crate::store::TableNames;
use crate::views::notices::{MarkRow, NoticeRow};

/// Notices that a watcher begins with, and gets at once at most.
const WATCHED_MAX: i64 = 50;
/// Nobody counts further.
const UNREAD_MAX: i64 = 999;

/// The service.
pub(crate) struct NoticeService {
    reader: Arc<Reader>,
}

impl NoticeService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

/// Some notices of a person.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Newest first.
    pub(crate) notices: Vec<NoticeRow>,
    /// Up to this position they are read.
    pub(crate) read_to: i64,
    /// Of all of the person's, those not read.
    pub(crate) unread: u32,
    pub(crate) position: u64,
}

impl Told {
    fn encoded(self) -> Vec<Notice> {
        let read_to = self.read_to;
        self.notices.into_iter().map(|row| notice(row, read_to)).collect()
    }
}

#[tonic::async_trait]
impl notice_service_server::NoticeService for NoticeService {
    async fn list_notices(
        &self,
        request: Request<ListNoticesRequest>,
    ) -> Result<Response<ListNoticesResponse>, Status> {
        let asker = Asker::of(&request, "NoticeService/ListNotices")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let (member_id, page) = Page::of("member_id", &request.member_id, request.page_size, &request.page_token)?;
        asker
            .may_ask(&self.reader, Belonging::to_member(member_id), deadline)
            .await?;
        self.reader
            .wait(&self.reader.notices, request.min_position, deadline)
            .await?;
        let reading = self
            .reader
            .notices_between(member_id, (0, page.before()), page.limit(), deadline);
        let mut told = reading.await?;
        let next_page_token = page.newest_first(&mut told.notices, |notice| notice.position);
        Ok(Response::new(ListNoticesResponse {
            next_page_token,
            unread: told.unread,
            position: told.position,
            notices: told.encoded(),
        }))
    }

    type WatchNoticesStream = BoxStream<'static, Result<WatchNoticesResponse, Status>>;

    async fn watch_notices(
        &self,
        request: Request<WatchNoticesRequest>,
    ) -> Result<Response<Self::WatchNoticesStream>, Status> {
        let asker = Asker::of(&request, "NoticeService/WatchNotices")?;
        let deadline = Deadline::of(request.metadata());
        let mut fields = Fields::default();
        let member_id = fields.id("member_id", &request.get_ref().member_id);
        fields.finish()?;
        asker
            .may_ask(&self.reader, Belonging::to_member(member_id), deadline)
            .await?;
        let updates = watch_notices(Arc::clone(&self.reader), member_id)?;
        Ok(Response::new(
            updates.map(|update| update.map(watched).map_err(Status::from)).boxed(),
        ))
    }
}

fn watched(update: NoticesUpdate) -> WatchNoticesResponse {
    let NoticesUpdate { told, snapshot } = update;
    WatchNoticesResponse {
        unread: told.unread,
        snapshot,
        position: told.position,
        notices: told.encoded(),
    }
}

impl Reader {
    /// The newest notices of a person, or those after a position.
    pub(super) async fn told(&self, member_id: Uuid, after: Option<i64>, deadline: Deadline) -> Result<Told, Error> {
        let between = (after.unwrap_or_default(), i64::MAX);
        self.notices_between(member_id, between, WATCHED_MAX, deadline).await
    }

    async fn notices_between(
        &self,
        member_id: Uuid,
        (after, before): (i64, i64),
        limit: i64,
        deadline: Deadline,
    ) -> Result<Told, Error> {
        let values = [
            Value::Id(member_id),
            Value::Number(after),
            Value::Number(before),
            Value::Number(limit),
        ];
        let selection = Selection {
            tail: "member_id = $3 AND position > $4 AND position < $5 ORDER BY position DESC LIMIT $6",
            values: &values,
        };
        let found: Found<NoticeRow> = self.read(&self.notices, selection, deadline).await?;
        let (mut notices, position) = (found.rows, found.position);
        notices.sort_by_key(|notice| std::cmp::Reverse(notice.position));
        let (read_to, unread) = self.unread(member_id, deadline).await?;
        Ok(Told {
            notices,
            read_to,
            unread,
            position,
        })
    }

    /// Up to where a person has read, and how many notices lie beyond.
    async fn unread(&self, member_id: Uuid, deadline: Deadline) -> Result<(i64, u32), Error> {
        let inner = |names: &TableNames| {
            let (notices, marks) = (names.of(&NoticeRow::TABLE), names.of(&MarkRow::TABLE));
            format!(
                "SELECT m.read_to, (SELECT count(*) FROM (SELECT 1 FROM {notices} n
                     WHERE n.member_id = $3 AND n.position > m.read_to LIMIT $4) unread)
                 FROM (SELECT coalesce(max(read_to), 0) AS read_to FROM {marks} WHERE member_id = $3) m"
            )
        };
        let values = [Value::Id(member_id), Value::Number(UNREAD_MAX)];
        let decode = |row: &sqlx::postgres::PgRow| Ok((row.try_get::<i64, _>(1)?, row.try_get::<i64, _>(2)?));
        let found = self.read_as(&self.notices, &inner, &values, deadline, decode).await?;
        let (read_to, unread) = found.rows.first().copied().unwrap_or_default();
        Ok((read_to, u32::try_from(unread).unwrap_or_default()))
    }
}
