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
use super::page::{Page, flag};
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
        let wanted = Wanted::try_from(&request)?;
        let of_chain = Belonging::default().and_chain(Some(wanted.chain_id));
        asker.may_ask(&self.reader, of_chain, deadline).await?;
        self.reader
            .wait(&self.reader.members, request.min_position, deadline)
            .await?;
        let Found { mut rows, position } = self.reader.member_page(&wanted, deadline).await?;
        let next_page_token = wanted.page.newest_first(&mut rows, |row| row.joined);
        Ok(Response::new(ListMembersResponse {
            members: rows.into_iter().map(member).collect(),
            next_page_token,
            position,
        }))
    }
}

/// Which members of a chain, the newest first.
struct Wanted {
    chain_id: Uuid,
    level: Option<LevelCode>,
    blacklisted_only: bool,
    page: Page,
}

impl TryFrom<&ListMembersRequest> for Wanted {
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
        let level_id = level.as_ref().map(|level| derived(&["level", level.as_str()]));
        let filter = [Some(chain_id), level_id, flag(request.blacklisted_only)];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        Ok(Self {
            chain_id,
            level,
            blacklisted_only: request.blacklisted_only,
            page,
        })
    }
}

impl Reader {
    /// A person.
    pub(crate) async fn member(&self, member_id: Uuid, deadline: Deadline) -> Result<(MemberRow, u64), Error> {
        self.one(&self.members, "member", "member_id", member_id, deadline)
            .await
    }

    async fn member_page(&self, wanted: &Wanted, deadline: Deadline) -> Result<Found<MemberRow>, Error> {
        let mut values = wanted.page.newest_of(wanted.chain_id).to_vec();
        let mut conditions = String::from("chain_id = $3 AND joined < $4");
        if let Some(level) = &wanted.level {
            values.push(Value::Text(level.as_str()));
            conditions.push_str(" AND level = $6");
        }
        if wanted.blacklisted_only {
            conditions.push_str(" AND blacklisted IS NOT NULL");
        }
        let selection = Selection {
            tail: &format!("{conditions} ORDER BY joined DESC LIMIT $5"),
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
        level_until: stored(row.level_until),
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
