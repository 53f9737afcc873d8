//! From the door to an open table: money, the board, and what may be refused on the way.

use baize_proto::hall::view::v1::TableStatus;
use jiff::SignedDuration;
use rand::seq::IndexedRandom as _;
use uuid::Uuid;

use super::caller::id;
use super::ledger::{Answer, Refusal, VisitEnd};
use super::person::{Opened, Visitor, adds_up, later, told};
use super::plan::{Habit, Mode};
use super::wire::Failed;

/// How often one person tries to open a table before giving up.
const OPENINGS_MAX: u32 = 30;
const TOP_UPS_MAX: u32 = 4;

impl Visitor {
    pub(super) async fn open_some_table(&mut self) -> Result<Opened, VisitEnd> {
        let give_up_at = later(self.caller.now(), self.person.patience);
        if self.person.habit == Habit::TriesTaken
            && let Some(opened) = self.try_a_taken_table().await?
        {
            return Ok(opened);
        }
        let mut top_ups = 0;
        let mut openings = 0;
        let mut quotes = self.person.quotes;
        loop {
            if self.day.closing.is_cancelled() || self.caller.now() >= give_up_at.min(self.day.closes_at) {
                return Err(VisitEnd::NoTable);
            }
            let Some(table_id) = self.some_table(TableStatus::Idle).await? else {
                self.wait(SignedDuration::from_mins(1)).await;
                continue;
            };
            if std::mem::take(&mut quotes) {
                self.quote(table_id).await;
            }
            openings += 1;
            let refusal = match self.open(table_id).await? {
                Ok(opened) => return Ok(opened),
                Err(refusal) => refusal,
            };
            match refusal.reason.as_str() {
                // The board was a little late; somebody else was faster.
                "TABLE_OCCUPIED" | "TABLE_IN_MAINTENANCE" if openings < OPENINGS_MAX => {
                    self.wait(SignedDuration::from_secs(20)).await;
                }
                "PAYMENT_METHOD_REQUIRED" if self.paid_in_fen == Some(0) => {
                    if self.person.habit == Habit::NoWalletLeaves {
                        return Err(VisitEnd::NoMoney);
                    }
                    self.top_up(self.person.top_up_fen)
                        .await
                        .map_err(|_| VisitEnd::GaveUp)?;
                }
                "TOP_UP_REQUIRED" if top_ups < TOP_UPS_MAX => {
                    top_ups += 1;
                    self.top_up_shortfall(&refusal).await?;
                }
                _ => {
                    self.caller
                        .complain(format!("opening table {table_id}: {}", told(&refusal)));
                    return Err(VisitEnd::GaveUp);
                }
            }
        }
    }

    /// `None` if it was refused, as it should be.
    async fn try_a_taken_table(&mut self) -> Result<Option<Opened>, VisitEnd> {
        let Some(table_id) = self.some_table(TableStatus::Occupied).await? else {
            return Ok(None);
        };
        match self.open(table_id).await? {
            // It had become free meanwhile.
            Ok(opened) => Ok(Some(opened)),
            Err(refusal) => {
                if !matches!(refusal.reason.as_str(), "TABLE_OCCUPIED" | "TABLE_IN_MAINTENANCE")
                    || refusal.message.is_empty()
                {
                    self.caller
                        .complain(format!("trying taken table {table_id}: {}", told(&refusal)));
                }
                Ok(None)
            }
        }
    }

    async fn some_table(&mut self, status: TableStatus) -> Result<Option<Uuid>, VisitEnd> {
        match self.caller.board(self.day.hall_id, 0).await {
            Ok(tables) => {
                let fitting: Vec<_> = tables.iter().filter(|table| table.status() == status).collect();
                Ok(fitting.choose(&mut self.caller.rng).map(|table| id(&table.table_id)))
            }
            Err(Failed::Refused(refusal)) => {
                self.caller
                    .complain(format!("looking at the board: {}", told(&refusal)));
                Err(VisitEnd::GaveUp)
            }
            Err(Failed::Unknown(_)) => Err(VisitEnd::GaveUp),
        }
    }

    async fn quote(&mut self, table_id: Uuid) {
        let minutes = match self.person.mode {
            Mode::Prepaid { minutes } => minutes,
            Mode::Postpaid => u32::try_from(self.person.play.as_mins()).unwrap_or(60).clamp(1, 1440),
        };
        match self.caller.quote(table_id, minutes).await {
            Ok(quote) => {
                let bill = quote.bill.unwrap_or_default();
                if !adds_up(&bill) {
                    self.caller
                        .complain(format!("a quote for table {table_id} does not add up: {bill:?}"));
                }
            }
            Err(Failed::Refused(refusal)) => self
                .caller
                .complain(format!("a quote for table {table_id}: {}", told(&refusal))),
            Err(Failed::Unknown(_)) => {}
        }
    }

    async fn open(&mut self, table_id: Uuid) -> Result<Result<Opened, Refusal>, VisitEnd> {
        let request_id = Uuid::new_v4();
        match self
            .caller
            .open(request_id, table_id, self.member_id, self.person.mode)
            .await
        {
            Ok(Answer::Opened {
                session_id, position, ..
            }) => {
                if self.person.habit == Habit::ReusesId {
                    self.reuse(request_id, table_id).await;
                }
                Ok(Ok(Opened {
                    session_id,
                    table_id,
                    position,
                }))
            }
            Err(Failed::Refused(refusal)) => Ok(Err(refusal)),
            Ok(_) | Err(Failed::Unknown(_)) => Err(VisitEnd::GaveUp),
        }
    }

    /// The same id with other content must be refused, and nothing done.
    async fn reuse(&mut self, request_id: Uuid, table_id: Uuid) {
        let answer = self
            .caller
            .open(request_id, table_id, self.member_id, Mode::Prepaid { minutes: 17 })
            .await;
        let refused = matches!(&answer, Err(Failed::Refused(refusal)) if refusal.reason == "REQUEST_ID_REUSED");
        if !refused && !matches!(answer, Err(Failed::Unknown(_))) {
            self.caller.complain(format!(
                "request id {request_id} was used for something else and answered {answer:?}"
            ));
        }
    }

    pub(super) async fn top_up(&mut self, amount_fen: (i64, i64)) -> Result<(), Failed> {
        let before = self.paid_in_fen.take();
        let answer = self.caller.top_up(self.member_id, amount_fen).await;
        if let Err(Failed::Refused(refusal)) = &answer {
            self.caller.complain(format!("topping up: {}", told(refusal)));
            self.paid_in_fen = before;
        }
        answer?;
        self.paid_in_fen = before.map(|before| before + amount_fen.0 + amount_fen.1);
        Ok(())
    }

    pub(super) async fn top_up_shortfall(&mut self, refusal: &Refusal) -> Result<(), VisitEnd> {
        let shortfall_fen: i64 = refusal
            .facts
            .get("shortfall_fen")
            .and_then(|fen| fen.parse().ok())
            .unwrap_or(0);
        if shortfall_fen <= 0 {
            self.caller
                .complain(format!("told to top up, but not how much: {}", told(refusal)));
            return Err(VisitEnd::GaveUp);
        }
        // Whole ten yuan, as people pay.
        let amount_fen = (shortfall_fen + 999) / 1000 * 1000;
        self.top_up((amount_fen, 0)).await.map_err(|_| VisitEnd::GaveUp)
    }
}
