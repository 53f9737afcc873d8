//! `MemberDirectoryService`: who there is in a chain.

use std::sync::Arc;

use baize_domain::ids::derived;
use baize_domain::level::LevelCode;
use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    self as view, GetMemberRequest, GetMemberResponse, ListMembersRequest, ListMembersResponse,
    member_directory_service_server,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode::stored;
use super::error::Error;
use super::fields::Fields;
use super::page::PageToken;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::{Asker, Belongs};
use crate::views::members::{MemberKind, MemberRow};

/// The service.
pub(crate) struct MemberDirectoryService {
    reader: Arc<Reader>,
}

impl MemberDirectoryService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

impl Belongs for MemberRow {
    fn belonging(&self) -> Belonging {
        Belonging::to_member(self.member_id).and_chain(Some(self.chain_id))
    }
}

#[tonic::async_trait]
impl member_directory_service_server::MemberDirectoryService for MemberDirectoryService {
    async fn get_member(&self, request: Request<GetMemberRequest>) -> Result<Response<GetMemberResponse>, Status> {
        let asker = Asker::of(&request, "MemberDirectoryService/GetMember")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let member_id = fields.id("member_id", &request.member_id);
        fields.finish()?;
        self.reader
            .wait(&self.reader.members, request.min_position, deadline)
            .await?;
        let found = self.reader.member(member_id, deadline).await;
        let (row, position) = asker.theirs(&self.reader, found, deadline).await?;
        Ok(Response::new(GetMemberResponse {
            member: Some(member(row)),
            position,
        }))
    }

    async fn list_members(
        &self,
        request: Request<ListMembersRequest>,
    ) -> Result<Response<ListMembersResponse>, Status> {
        let asker = Asker::of(&request, "MemberDirectoryService/ListMembers")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let page = MemberPage::try_from(&request)?;
        let of_chain = Belonging::default().and_chain(Some(page.chain_id));
        asker.may_ask(&self.reader, of_chain, deadline).await?;
        self.reader
            .wait(&self.reader.members, request.min_position, deadline)
            .await?;
        let Found { mut rows, position } = self.reader.member_page(&page, deadline).await?;
        let next_page_token = page.cut(&mut rows);
        Ok(Response::new(ListMembersResponse {
            members: rows.into_iter().map(member).collect(),
            next_page_token,
            position,
        }))
    }
}

/// One page of a chain's members, the newest first.
struct MemberPage {
    chain_id: Uuid,
    level: Option<LevelCode>,
    blacklisted_only: bool,
    size: u32,
    before: i64,
}

impl TryFrom<&ListMembersRequest> for MemberPage {
    type Error = Error;

    fn try_from(request: &ListMembersRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let chain_id = fields.id("chain_id", &request.chain_id);
        let level = match request.level.as_str() {
            "" => None,
            code => LevelCode::try_new(code, "level")
                .map_err(|invalid| fields.refuse("level", invalid.problem))
                .ok(),
        };
        let size = fields.page_size(request.page_size);
        let mut page = Self {
            chain_id,
            level,
            blacklisted_only: request.blacklisted_only,
            size,
            before: i64::MAX,
        };
        if !request.page_token.is_empty() {
            match PageToken::read(&request.page_token, &page.filter()) {
                Some(token) => page.before = token.before,
                None => fields.refuse("page_token", "is not of this query"),
            }
        }
        fields.finish()?;
        Ok(page)
    }
}

impl MemberPage {
    /// What a page token is good for.
    fn filter(&self) -> [Option<Uuid>; 3] {
        let level = self.level.as_ref().map(|level| derived(&["level", level.as_str()]));
        [Some(self.chain_id), level, self.blacklisted_only.then(Uuid::max)]
    }

    /// Takes the row off that shows that there are more, and says where they begin.
    fn cut(&self, rows: &mut Vec<MemberRow>) -> String {
        rows.sort_by_key(|row| std::cmp::Reverse(row.joined));
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        match rows.last().filter(|_| more) {
            Some(last) => PageToken { before: last.joined }.write(&self.filter()),
            None => String::new(),
        }
    }
}

impl Reader {
    async fn member(&self, member_id: Uuid, deadline: Deadline) -> Result<(MemberRow, u64), Error> {
        let selection = Selection {
            tail: "member_id = $3",
            values: &[Value::Id(member_id)],
        };
        let Found { rows, position } = self.read(&self.members, selection, deadline).await?;
        let missing = || Error::NotFound {
            kind: "member",
            id: member_id.to_string(),
        };
        Ok((rows.into_iter().next().ok_or_else(missing)?, position))
    }

    async fn member_page(&self, page: &MemberPage, deadline: Deadline) -> Result<Found<MemberRow>, Error> {
        let mut values = vec![
            Value::Id(page.chain_id),
            Value::Number(page.before),
            Value::Number(i64::from(page.size) + 1),
        ];
        let mut conditions = String::from("chain_id = $3 AND joined < $4");
        if let Some(level) = &page.level {
            values.push(Value::Text(level.as_str()));
            conditions.push_str(" AND level = $6");
        }
        if page.blacklisted_only {
            conditions.push_str(" AND blacklisted IS NOT NULL");
        }
        let tail = format!("{conditions} ORDER BY joined DESC LIMIT $5");
        let selection = Selection {
            tail: &tail,
            values: &values,
        };
        self.read(&self.members, selection, deadline).await
    }
}

fn member(row: MemberRow) -> view::Member {
    let kind = match row.kind {
        MemberKind::Guest => view::MemberKind::Guest,
        MemberKind::Member => view::MemberKind::Member,
    };
    view::Member {
        member_id: row.member_id.to_string(),
        chain_id: row.chain_id.to_string(),
        kind: kind.into(),
        level: row.level,
        blacklisted: row.blacklisted.is_some(),
        blacklist_reason: row.blacklisted.unwrap_or_default(),
        merged_into: row.merged_into.map(|id| id.to_string()).unwrap_or_default(),
        phone_verified: row.phone_verified,
        erased: row.erased,
        joined_at: stored(Some(row.joined_at)),
        last_login_at: stored(Some(row.last_login_at)),
        sessions: row.sessions.unsigned_abs(),
        last_visit_at: stored(row.last_visit_at),
        last_hall_id: row.last_hall_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}
