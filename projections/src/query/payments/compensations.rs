//! What the query about compensations reads.

use baize_proto::access::Belonging;
use baize_proto::hall::view::v1::ListCompensationsRequest;
use uuid::Uuid;

use crate::query::deadline::Deadline;
use crate::query::error::Error;
use crate::query::fields::Fields;
use crate::query::page::{Page, flag};
use crate::query::reader::{Found, Reader, Selection, Value};
use crate::query::rights::Belongs;
use crate::views::payments::CompensationRow;

/// Which compensations, the newest first.
pub(super) struct Wanted {
    chain_id: Option<Uuid>,
    hall_id: Option<Uuid>,
    waiting_only: bool,
    pub(super) page: Page,
}

impl TryFrom<&ListCompensationsRequest> for Wanted {
    type Error = Error;

    fn try_from(request: &ListCompensationsRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let chain_id = fields.optional_id("chain_id", &request.chain_id);
        let hall_id = fields.optional_id("hall_id", &request.hall_id);
        let filter = [chain_id, hall_id, flag(request.waiting_only)];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        Ok(Self {
            chain_id,
            hall_id,
            waiting_only: request.waiting_only,
            page,
        })
    }
}

impl Belongs for Wanted {
    /// To whom all compensations of the list belong.
    fn belonging(&self) -> Belonging {
        Belonging {
            member: None,
            hall: self.hall_id,
            chain: self.chain_id,
        }
    }
}

impl Reader {
    pub(super) async fn compensations(
        &self,
        wanted: &Wanted,
        deadline: Deadline,
    ) -> Result<Found<CompensationRow>, Error> {
        let mut values = vec![Value::Number(wanted.page.before()), Value::Number(wanted.page.limit())];
        let mut conditions = String::from("asked < $3");
        for (column, id) in [("hall_id", wanted.hall_id), ("chain_id", wanted.chain_id)] {
            if let Some(id) = id {
                values.push(Value::Id(id));
                conditions.push_str(&format!(" AND {column} = ${}", values.len() + 2));
            }
        }
        if wanted.waiting_only {
            conditions.push_str(" AND status = 'waiting'");
        }
        let selection = Selection {
            tail: &format!("{conditions} ORDER BY asked DESC LIMIT $4"),
            values: &values,
        };
        self.read(&self.payments, selection, deadline).await
    }
}
