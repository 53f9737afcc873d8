//! Whether what a query reads is the caller's: asked with every row that is read and every id that rows are sought by.

use baize_proto::access::{Access, Belonging, Denial, Scope, denied};
use tonic::Request;
use uuid::Uuid;

use super::deadline::Deadline;
use super::error::Error;
use super::reader::Reader;
use crate::views::bills::BillRow;
use crate::views::directory::TableRow;
use crate::views::payments::PaymentRow;

/// The caller of one query.
pub(crate) struct Asker {
    access: Access,
    method: &'static str,
}

/// Says to whom a row belongs.
pub(crate) trait Belongs {
    fn belonging(&self) -> Belonging;
}

impl Belongs for BillRow {
    fn belonging(&self) -> Belonging {
        Belonging::to_hall(self.hall_id).and_member(self.member_id)
    }
}

impl Belongs for PaymentRow {
    /// A payment is its payer's, of the chain that is paid, and of the hall if it is for play there.
    fn belonging(&self) -> Belonging {
        Belonging {
            member: Some(self.member_id),
            hall: self.hall_id,
            chain: Some(self.chain_id),
        }
    }
}

impl Belongs for TableRow {
    fn belonging(&self) -> Belonging {
        Belonging::to_hall(self.hall_id)
    }
}

impl Asker {
    /// Whoever the guard let in to the method; what no guard has seen is refused.
    pub(crate) fn of<T>(request: &Request<T>, method: &'static str) -> Result<Self, Error> {
        let access = request.extensions().get::<Access>().cloned();
        let access = access.ok_or(Error::Denied(Denial::Nobody))?;
        Ok(Self { access, method })
    }

    /// The row that was found, if it is theirs. To those who may not see everything, what is not there and what is
    /// another's is the same.
    pub(crate) async fn theirs<R: Belongs>(
        &self,
        reader: &Reader,
        found: Result<(R, u64), Error>,
        deadline: Deadline,
    ) -> Result<(R, u64), Error> {
        match found {
            Ok((row, position)) => {
                self.may_ask(reader, row.belonging(), deadline).await?;
                Ok((row, position))
            }
            Err(Error::NotFound { .. }) if self.access.scope() != Scope::All => Err(self.deny(Denial::NotYours)),
            Err(error) => Err(error),
        }
    }

    /// Whether they may ask for what belongs to those.
    pub(crate) async fn may_ask(&self, reader: &Reader, mut of: Belonging, deadline: Deadline) -> Result<(), Error> {
        if let (Scope::Chain, Some(hall_id)) = (self.access.scope(), of.hall) {
            of.chain = match reader.hall(hall_id, deadline).await {
                Ok(hall) => Some(hall.chain_id),
                Err(Error::NotFound { .. }) => None,
                Err(error) => return Err(error),
            };
        }
        self.access.permit(&[of]).map_err(|denial| self.deny(denial))
    }

    /// Whether they may ask for what is a person's, and reaches staff and owners through the chain that knows the person: as of `min_position`.
    pub(crate) async fn may_ask_of_person(
        &self,
        reader: &Reader,
        member_id: Uuid,
        min_position: u64,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let mut of = Belonging::to_member(member_id);
        if self.access.scope() == Scope::Chain {
            reader.wait(&reader.members, min_position, deadline).await?;
            of.chain = match reader.member(member_id, deadline).await {
                Ok((member, _)) => Some(member.chain_id),
                Err(Error::NotFound { .. }) => None,
                Err(error) => return Err(error),
            };
        }
        self.access.permit(&[of]).map_err(|denial| self.deny(denial))
    }

    /// Who asks.
    pub(crate) fn subject(&self) -> Uuid {
        self.access.claims().subject
    }

    fn deny(&self, denial: Denial) -> Error {
        denied(self.method, self.access.claims(), denial);
        Error::Denied(denial)
    }
}
