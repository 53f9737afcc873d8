//! Something to drink at the table, and what becomes of somebody who spends too much on it.

use baize_proto::hall::table::v1 as table;
use uuid::Uuid;

use super::caller::Caller;
use super::ledger::{Answer, Method, Subject};
use super::person::{Opened, Visitor};
use super::wire::{Failed, Wire, timed};

/// Pieces that are put on a bill at once, at most.
const PIECES_MAX: i64 = 99;
/// Minutes that somebody buys who has spent the money on drinks.
const LONGER: u32 = 15;
/// Orders of the same thing, with a top-up between them.
const TRIES_MAX: u32 = 2;

impl Caller {
    async fn order(&mut self, session_id: Uuid, code: &str, quantity: u32) -> Result<Answer, Failed> {
        let message = table::OrderGoodsRequest {
            request_id: Uuid::new_v4().to_string(),
            session_id: session_id.to_string(),
            code: code.to_owned(),
            quantity,
        };
        let subject = Subject {
            session_id: Some(session_id),
            ..Subject::default()
        };
        let call = |wire: &Wire| {
            let (mut client, message) = (wire.tables(), timed(message.clone()));
            async move { client.order_goods(message).await }
        };
        let answer = |answer: &table::OrderGoodsResponse| Answer::Ordered {
            goods_fen: answer.total_fen,
            position: answer.position,
        };
        self.command(Method::OrderGoods, &message.request_id, subject, call, answer)
            .await
    }
}

impl Visitor {
    /// Orders so many of something, and tops up if that takes more than there is.
    pub(super) async fn order_some(&mut self, session_id: Uuid, quantity: u32) -> Result<(), Failed> {
        let Some((code, price_fen)) = self.day.hall.goods(self.person.seed) else {
            return Ok(());
        };
        for _ in 0..TRIES_MAX {
            match self.caller.order(session_id, &code, quantity).await {
                Ok(answer) => {
                    return self
                        .is_on_the_bill(session_id, &answer, &code, quantity, price_fen)
                        .await;
                }
                Err(Failed::Refused(refusal)) => match refusal.reason.as_str() {
                    // The light is not confirmed yet; somebody thirsty asks again another time.
                    "SESSION_STARTING" => return Ok(()),
                    "TOP_UP_REQUIRED" if self.top_up_shortfall(&refusal).await.is_ok() => {}
                    _ => {
                        self.refused_because_over(session_id, &refusal).await;
                        return Ok(());
                    }
                },
                Err(Failed::Unknown(_)) => return Ok(()),
            }
        }
        Ok(())
    }

    async fn is_on_the_bill(
        &mut self,
        session_id: Uuid,
        answer: &Answer,
        code: &str,
        quantity: u32,
        price_fen: i64,
    ) -> Result<(), Failed> {
        let &Answer::Ordered { goods_fen, position } = answer else {
            return Ok(());
        };
        let bill = self.caller.bill(session_id, position).await?;
        let ordered = bill.goods.iter().filter(|goods| goods.code == code);
        let pieces: u32 = ordered.map(|goods| goods.quantity).sum();
        let right = pieces == quantity && goods_fen == price_fen * i64::from(quantity);
        if !right {
            self.caller.complain(format!(
                "{quantity} of {code} at {price_fen} fen were ordered in session {session_id}: {goods_fen} fen, {:?}",
                bill.goods
            ));
        }
        Ok(())
    }

    /// Drinks for all that is left, and then more time for what they cost: at the end the drinks are owed.
    pub(super) async fn spend_all(&mut self, opened: &Opened) -> Result<(), Failed> {
        let Some((code, price_fen)) = self.day.hall.cheapest_goods() else {
            return Ok(());
        };
        let wallet = self.caller.wallet(self.member_id, opened.position).await?;
        let pieces = (wallet.available_fen / price_fen.max(1)).min(PIECES_MAX);
        let Some(pieces) = u32::try_from(pieces).ok().filter(|pieces| *pieces > 0) else {
            return Ok(());
        };
        let session_id = opened.session_id;
        match self.caller.order(session_id, &code, pieces).await {
            Ok(_) | Err(Failed::Unknown(_)) => {}
            Err(Failed::Refused(refusal)) if refusal.reason == "SESSION_STARTING" => return Ok(()),
            Err(Failed::Refused(refusal)) => {
                self.refused_because_over(session_id, &refusal).await;
                return Ok(());
            }
        }
        match self.caller.extend(session_id, LONGER).await {
            Ok(_) | Err(Failed::Unknown(_)) => {}
            Err(Failed::Refused(refusal)) => self.refused_because_over(session_id, &refusal).await,
        }
        Ok(())
    }
}
