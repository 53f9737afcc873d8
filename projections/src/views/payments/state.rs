//! Payments in memory.

use baize_domain::Event;
use baize_domain::refund::RefundEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::engine::{Decoded, State, Visitor};
use crate::store::{Rows, TableNames};

use super::compensations::compensation_id;
use super::fold::stream_id;
use super::rows::{CompensationRow, PaymentRow, RefundRow, ReviewRow};

/// Payments by their ids, refunds by theirs, and what waits by either.
#[derive(Debug, Default)]
pub struct PaymentsState {
    pub(super) payments: Rows<PaymentRow>,
    pub(super) refunds: Rows<RefundRow>,
    pub(super) reviews: Rows<ReviewRow>,
    pub(super) compensations: Rows<CompensationRow>,
}

impl PaymentsState {
    /// Loads refunds first: they say whose payments are asked for next.
    pub(super) async fn load(
        &mut self,
        connection: &mut PgConnection,
        names: &TableNames,
        events: &[Decoded<'_>],
    ) -> sqlx::Result<()> {
        let (mut payments, mut refunds, mut compensations) = (Vec::new(), Vec::new(), Vec::new());
        for decoded in events {
            let Ok(id) = stream_id(decoded) else { continue };
            match &decoded.event {
                Event::Refund(event) => {
                    refunds.push(id);
                    if let RefundEvent::RefundRequested { request, .. } = event {
                        payments.push(request.order.order_no.intent_id.0);
                    }
                }
                Event::Compensation(event) => compensations.push(compensation_id(event)),
                _ => payments.push(id),
            }
        }
        let missing = once(&refunds, |id| self.refunds.get(id).is_none());
        self.refunds.load(connection, names, "refund_id", missing).await?;
        let of_refunds = refunds.iter().filter_map(|id| self.refunds.get(*id));
        payments.extend(of_refunds.map(|refund| refund.intent_id));
        let waiting: Vec<_> = payments.iter().chain(&refunds).copied().collect();
        let missing = once(&waiting, |id| self.reviews.get(id).is_none());
        self.reviews.load(connection, names, "review_id", missing).await?;
        let missing = once(&compensations, |id| self.compensations.get(id).is_none());
        self.compensations
            .load(connection, names, "compensation_id", missing)
            .await?;
        let missing = once(&payments, |id| self.payments.get(id).is_none());
        self.payments.load(connection, names, "intent_id", missing).await?;
        Ok(())
    }
}

/// Each id once that is wanted.
fn once(ids: &[Uuid], wanted: impl Fn(Uuid) -> bool) -> Vec<Uuid> {
    let mut ids: Vec<_> = ids.iter().copied().filter(|id| wanted(*id)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl State for PaymentsState {
    async fn visit<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), V::Error> {
        visitor.rows(&mut self.payments).await?;
        visitor.rows(&mut self.refunds).await?;
        visitor.rows(&mut self.reviews).await?;
        visitor.rows(&mut self.compensations).await
    }

    fn held(&self) -> usize {
        self.payments.count() + self.refunds.count() + self.reviews.count() + self.compensations.count()
    }
}
