//! `BookService`: what is in each account.

use std::sync::Arc;

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::{
    AccountBalance, BookAccount, GetTrialBalanceRequest, GetTrialBalanceResponse, book_service_server,
};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::deadline::Deadline;
use super::error::Error;
use super::fields::Fields;
use super::reader::{Found, Reader, Value};
use super::rights::Asker;
use crate::store::{Row as _, TableNames};
use crate::views::trial_balance::{AccountName, AccountRow};

/// The service.
pub(crate) struct BookService {
    reader: Arc<Reader>,
}

impl BookService {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader }
    }
}

#[tonic::async_trait]
impl book_service_server::BookService for BookService {
    async fn get_trial_balance(
        &self,
        request: Request<GetTrialBalanceRequest>,
    ) -> Result<Response<GetTrialBalanceResponse>, Status> {
        let asker = Asker::of(&request, "BookService/GetTrialBalance")?;
        let deadline = Deadline::of(request.metadata());
        let request = request.into_inner();
        let mut fields = Fields::default();
        let chain_id = fields.optional_id("chain_id", &request.chain_id);
        let hall_id = fields.optional_id("hall_id", &request.hall_id);
        fields.finish()?;
        let of = Belonging {
            member: None,
            hall: hall_id,
            chain: chain_id,
        };
        let reader = &self.reader;
        asker.may_ask(reader, of, deadline).await?;
        reader
            .wait(&reader.trial_balance, request.min_position, deadline)
            .await?;
        let Found { rows, position } = reader.balances(chain_id, hall_id, deadline).await?;
        Ok(Response::new(GetTrialBalanceResponse {
            debit_fen: rows.iter().map(|row| row.debit_fen).sum(),
            credit_fen: rows.iter().map(|row| row.credit_fen).sum(),
            accounts: rows.into_iter().map(Balance::into_message).collect(),
            position,
        }))
    }
}

struct Balance {
    account: AccountName,
    debit_fen: i64,
    credit_fen: i64,
}

impl Balance {
    fn read(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            account: row.try_get(1)?,
            debit_fen: row.try_get(2)?,
            credit_fen: row.try_get(3)?,
        })
    }

    fn into_message(self) -> AccountBalance {
        AccountBalance {
            account: told(self.account).into(),
            debit_fen: self.debit_fen,
            credit_fen: self.credit_fen,
            balance_fen: self.debit_fen - self.credit_fen,
        }
    }
}

const fn told(account: AccountName) -> BookAccount {
    match account {
        AccountName::CounterClearing => BookAccount::CounterClearing,
        AccountName::WechatPayClearing => BookAccount::WechatPayClearing,
        AccountName::AlipayClearing => BookAccount::AlipayClearing,
        AccountName::RefundsPayable => BookAccount::RefundsPayable,
        AccountName::Suspense => BookAccount::Suspense,
        AccountName::MemberPrincipal => BookAccount::MemberPrincipal,
        AccountName::MemberBonus => BookAccount::MemberBonus,
        AccountName::BonusCost => BookAccount::BonusCost,
        AccountName::PrepaidDeferred => BookAccount::PrepaidDeferred,
        AccountName::Revenue => BookAccount::Revenue,
        AccountName::Receivable => BookAccount::Receivable,
        AccountName::SharesHeld => BookAccount::SharesHeld,
        AccountName::WalletTransfers => BookAccount::WalletTransfers,
        AccountName::ProviderFees => BookAccount::ProviderFees,
        AccountName::Compensation => BookAccount::Compensation,
    }
}

impl Reader {
    /// The accounts of a chain, of a hall, or of everything, summed, in the order of their numbers.
    async fn balances(
        &self,
        chain_id: Option<Uuid>,
        hall_id: Option<Uuid>,
        deadline: Deadline,
    ) -> Result<Found<Balance>, Error> {
        let mut values = Vec::new();
        let mut conditions = String::from("true");
        for (column, id) in [("chain_id", chain_id), ("hall_id", hall_id)] {
            if let Some(id) = id {
                values.push(Value::Id(id));
                conditions.push_str(&format!(" AND {column} = ${}", values.len() + 2));
            }
        }
        let inner = |names: &TableNames| {
            format!(
                "SELECT account, sum(debit_fen)::bigint, sum(credit_fen)::bigint FROM {} WHERE {conditions} GROUP BY account",
                names.of(&AccountRow::TABLE)
            )
        };
        let mut found = self
            .read_as(&self.trial_balance, &inner, &values, deadline, Balance::read)
            .await?;
        found.rows.sort_by_key(|balance| told(balance.account) as i32);
        Ok(found)
    }
}
