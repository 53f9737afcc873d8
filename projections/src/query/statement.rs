//! `StatementService`: wallets and what explains them.

use std::sync::Arc;

use baize_proto::hall::view::v1::{
    GetWalletRequest, GetWalletResponse, ListWalletEntriesRequest, ListWalletEntriesResponse, statement_service_server,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::encode;
use super::error::Error;
use super::fields::Fields;
use super::page::Page;
use super::reader::{Found, Reader, Selection};
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
            .may_ask_of_person(&self.reader, member_id, min_position, deadline)
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
        let (member_id, page) = Page::of("member_id", &request.member_id, request.page_size, &request.page_token)?;
        asker
            .may_ask_of_person(&self.reader, member_id, request.min_position, deadline)
            .await?;
        self.reader
            .wait(&self.reader.wallets, request.min_position, deadline)
            .await?;
        let Found { mut rows, position } = self.reader.entry_page(member_id, &page, deadline).await?;
        let next_page_token = page.newest_first(&mut rows, |entry| entry.position);
        let entries = rows.into_iter().map(encode::wallet_entry).collect();
        Ok(Response::new(ListWalletEntriesResponse {
            entries,
            next_page_token,
            position,
        }))
    }
}

impl Reader {
    /// The wallet of a member.
    pub(crate) async fn wallet(&self, member_id: Uuid, deadline: Deadline) -> Result<(WalletRow, u64), Error> {
        self.one(&self.wallets, "wallet", "member_id", member_id, deadline)
            .await
    }

    async fn entry_page(&self, member_id: Uuid, page: &Page, deadline: Deadline) -> Result<Found<EntryRow>, Error> {
        let selection = Selection {
            tail: "member_id = $3 AND position < $4 ORDER BY position DESC LIMIT $5",
            values: &page.newest_of(member_id),
        };
        let found: Found<EntryRow> = self.read(&self.wallets, selection, deadline).await?;
        if found.rows.is_empty() {
            // A new wallet, or none?
            self.wallet(member_id, deadline).await?;
        }
        Ok(found)
    }
}
