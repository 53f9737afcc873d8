//! `StatementService`: wallets and what explains them.

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    GetWalletRequest, GetWalletResponse, ListWalletEntriesRequest, ListWalletEntriesResponse, statement_service_server,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode;
use super::error::Error;
use super::fields::Fields;
use super::page::PageToken;
use super::reader::{Found, Reader, Selection, Value};
use super::rights::Asker;
use crate::views::wallets::{EntryRow, WalletRow};

/// The service.
pub(crate) struct StatementService {
    reader: Arc<Reader>,
}

impl StatementService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

#[tonic::async_trait]
impl statement_service_server::StatementService for StatementService {
    async fn get_wallet(&self, request: Request<GetWalletRequest>) -> Result<Response<GetWalletResponse>, Status> {
        let asker = Asker::of(&request, "StatementService/GetWallet")?;
        let deadline = Deadline::of(request.metadata());
        let GetWalletRequest {
            member_id,
            min_position,
        } = request.into_inner();
        let mut fields = Fields::default();
        let member_id = fields.id("member_id", &member_id);
        fields.finish()?;
        asker
            .may_ask(&self.reader, Belonging::to_member(member_id), deadline)
            .await?;
        self.reader.wait(&self.reader.wallets, min_position, deadline).await?;
        let (wallet, position) = self.reader.wallet(member_id, deadline).await?;
        Ok(Response::new(GetWalletResponse {
            wallet: Some(encode::wallet(&wallet)),
            position,
        }))
    }

    async fn list_wallet_entries(
        &self,
        request: Request<ListWalletEntriesRequest>,
    ) -> Result<Response<ListWalletEntriesResponse>, Status> {
        let asker = Asker::of(&request, "StatementService/ListWalletEntries")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let page = EntryPage::try_from(&request)?;
        asker
            .may_ask(&self.reader, Belonging::to_member(page.member_id), deadline)
            .await?;
        self.reader
            .wait(&self.reader.wallets, request.min_position, deadline)
            .await?;
        let Found { mut rows, position } = self.reader.entry_page(&page, deadline).await?;
        let next_page_token = page.cut(&mut rows);
        let entries = rows.into_iter().map(encode::wallet_entry).collect();
        Ok(Response::new(ListWalletEntriesResponse {
            entries,
            next_page_token,
            position,
        }))
    }
}

/// One page of a statement, newest first.
struct EntryPage {
    member_id: Uuid,
    size: u32,
    before: i64,
}

impl TryFrom<&ListWalletEntriesRequest> for EntryPage {
    type Error = Error;

    fn try_from(request: &ListWalletEntriesRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let member_id = fields.id("member_id", &request.member_id);
        let size = fields.page_size(request.page_size);
        let before = match request.page_token.as_str() {
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
}

impl EntryPage {
    /// Takes the row off that shows that there are more, and says where they begin.
    fn cut(&self, rows: &mut Vec<EntryRow>) -> String {
        let more = rows.len() > self.size as usize;
        rows.truncate(self.size as usize);
        match rows.last().filter(|_| more) {
            Some(last) => PageToken { before: last.position }.write(&[Some(self.member_id)]),
            None => String::new(),
        }
    }
}

impl Reader {
    /// The wallet of a member.
    pub(crate) async fn wallet(&self, member_id: Uuid, deadline: Deadline) -> Result<(WalletRow, u64), Error> {
        let selection = Selection {
            tail: "member_id = $3",
            values: &[Value::Id(member_id)],
        };
        let Found { rows, position } = self.read(&self.wallets, selection, deadline).await?;
        let missing = || Error::NotFound {
            kind: "wallet",
            id: member_id.to_string(),
        };
        Ok((rows.into_iter().next().ok_or_else(missing)?, position))
    }

    async fn entry_page(&self, page: &EntryPage, deadline: Deadline) -> Result<Found<EntryRow>, Error> {
        let values = [
            Value::Id(page.member_id),
            Value::Number(page.before),
            Value::Number(i64::from(page.size) + 1),
        ];
        let tail = "member_id = $3 AND position < $4 ORDER BY position DESC LIMIT $5";
        let mut found: Found<EntryRow> = self
            .read(&self.wallets, Selection { tail, values: &values }, deadline)
            .await?;
        if found.rows.is_empty() {
            // A new wallet, or none?
            self.wallet(page.member_id, deadline).await?;
        }
        found.rows.sort_by_key(|entry| std::cmp::Reverse(entry.position));
        Ok(found)
    }
}
