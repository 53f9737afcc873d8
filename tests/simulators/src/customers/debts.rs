//! The bill of the last visit, which comes before the next table.

use baize_proto::hall::view::v1::BillStatus;
use baize_proto::hall::wallet::v1 as wallet;
use uuid::Uuid;

use super::caller::Caller;
use super::ledger::{Answer, Method, Refusal, Subject, VisitEnd};
use super::person::{Visitor, told};
use super::wire::{Failed, Wire, timed};

impl Caller {
    async fn pay_bill(&mut self, session_id: Uuid) -> Result<Answer, Failed> {
        let message = wallet::PayBillRequest {
            request_id: Uuid::new_v4().to_string(),
            session_id: session_id.to_string(),
        };
        let subject = Subject {
            session_id: Some(session_id),
            ..Subject::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.own_wallet(), timed(message.clone()));
            async move { client.pay_bill(message).await }
        };
        let answer = |answer: &wallet::PayBillResponse| Answer::BillPaid {
            session_id,
            paid_fen: answer.paid_fen,
            position: answer.position,
        };
        self.command(Method::PayBill, &message.request_id, subject, call, answer)
            .await
    }
}

impl Visitor {
    /// Pays what kept the person out: is told how much is missing, brings it, and pays.
    pub(super) async fn pay_debt(&mut self, blocked: &Refusal) -> Result<(), VisitEnd> {
        let session_id = blocked.facts.get("session_id").and_then(|id| id.parse().ok());
        let Some(session_id) = session_id else {
            self.caller
                .complain(format!("a bill is unpaid, but not said which: {}", told(blocked)));
            return Err(VisitEnd::GaveUp);
        };
        let paid = match self.caller.pay_bill(session_id).await {
            Err(Failed::Refused(refusal)) if refusal.reason == "TOP_UP_REQUIRED" => {
                self.top_up_shortfall(&refusal).await?;
                self.caller.pay_bill(session_id).await
            }
            paid => paid,
        };
        let position = match paid {
            Ok(Answer::BillPaid { position, .. }) => position,
            Err(Failed::Refused(refusal)) => {
                self.caller
                    .complain(format!("paying the bill of session {session_id}: {}", told(&refusal)));
                return Err(VisitEnd::GaveUp);
            }
            Ok(_) | Err(Failed::Unknown(_)) => return Err(VisitEnd::GaveUp),
        };
        self.paid_fen += std::mem::take(&mut self.owed_fen);
        let bill = self.caller.bill(session_id, position).await;
        let bill = bill.map_err(|_| VisitEnd::GaveUp)?;
        if bill.status() != BillStatus::Paid || bill.outstanding_fen != 0 {
            self.caller
                .complain(format!("the bill of session {session_id} was paid and is {bill:?}"));
        }
        Ok(())
    }
}
