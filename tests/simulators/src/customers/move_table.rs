//! Half-way to another table.

use baize_proto::hall::table::v1 as table;
use baize_proto::hall::view::v1::TableStatus;
use uuid::Uuid;

use super::caller::Caller;
use super::calls::instant;
use super::ledger::{Answer, Method, Subject};
use super::person::Visitor;
use super::wire::{Failed, Wire, timed};

/// A table may be taken by somebody faster.
const TRIES_MAX: u32 = 3;

impl Caller {
    async fn transfer(&mut self, session_id: Uuid, table_id: Uuid) -> Result<Answer, Failed> {
        let message = table::TransferSessionRequest {
            request_id: Uuid::new_v4().to_string(),
            session_id: session_id.to_string(),
            table_id: table_id.to_string(),
        };
        let subject = Subject {
            session_id: Some(session_id),
            table_id: Some(table_id),
            ..Subject::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.tables(), timed(message.clone()));
            async move { client.transfer_session(message).await }
        };
        let answer = |answer: &table::TransferSessionResponse| Answer::Moved {
            amount_fen: answer.amount_fen,
            secured_until: instant(answer.secured_until),
            position: answer.position,
        };
        self.command(Method::TransferSession, &message.request_id, subject, call, answer)
            .await
    }
}

impl Visitor {
    /// Moves if there is a table to move to; stays if not.
    pub(super) async fn move_on(&mut self, session_id: Uuid) -> Result<(), Failed> {
        for _ in 0..TRIES_MAX {
            let Ok(Some(table_id)) = self.some_table(TableStatus::Idle).await else {
                return Ok(());
            };
            let refusal = match self.caller.transfer(session_id, table_id).await {
                Ok(answer) => return self.has_moved(session_id, table_id, &answer).await,
                Err(Failed::Refused(refusal)) => refusal,
                Err(unknown) => return Err(unknown),
            };
            match refusal.reason.as_str() {
                "TABLE_OCCUPIED" | "TABLE_IN_MAINTENANCE" => {}
                "TOP_UP_REQUIRED" if self.top_up_shortfall(&refusal).await.is_ok() => {}
                _ => {
                    self.refused_because_over(session_id, &refusal).await;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn has_moved(&mut self, session_id: Uuid, table_id: Uuid, answer: &Answer) -> Result<(), Failed> {
        let &Answer::Moved { position, .. } = answer else {
            return Ok(());
        };
        let bill = self.caller.bill(session_id, position).await?;
        if super::caller::id(&bill.table_id) != table_id {
            self.caller.complain(format!(
                "session {session_id} was moved to table {table_id}, and the bill says {}",
                bill.table_id
            ));
        }
        Ok(())
    }
}
