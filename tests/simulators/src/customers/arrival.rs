//! From the door to an open table: money, the board, the code, and what may be refused on the way.

use std::time::Duration;

use baize_proto::hall::table::v1::Bill;
use baize_proto::hall::table::v1::bill_line::Kind;
use baize_proto::hall::view::v1::{BillStatus, ScanNextStep, TableStatus};
use jiff::{SignedDuration, Timestamp};
use rand::seq::IndexedRandom as _;
use uuid::Uuid;

use super::caller::id;
use super::ledger::{Answer, Refusal, VisitEnd};
use super::person::{Opened, Visitor, adds_up, later, told};
use super::plan::{Habit, Mode};
use super::watch;
use super::wire::Failed;

/// How often one person tries to open a table before giving up.
const OPENINGS_MAX: u32 = 30;
const TOP_UPS_MAX: u32 = 4;
/// How long an opening may take once it is paid for, in real time.
const OPENS_WITHIN: Duration = Duration::from_secs(30);

impl Visitor {
    pub(super) async fn open_some_table(&mut self) -> Result<Opened, VisitEnd> {
        let give_up_at = later(self.caller.now(), self.person.patience);
        if self.person.habit == Habit::TriesTaken
            && let Some(opened) = self.try_a_taken_table().await?
        {
            return Ok(opened);
        }
        let mut mode = self.person.mode.clone();
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
            let Some(table_id) = self.scan(table_id).await? else {
                self.wait(SignedDuration::from_secs(20)).await;
                continue;
            };
            if std::mem::take(&mut quotes) {
                self.quote(table_id).await;
            }
            if self.person.habit == Habit::BuysPackage {
                mode = self.offered_package(table_id).await.unwrap_or(mode);
            }
            openings += 1;
            let refusal = match self.open(table_id, mode.clone()).await? {
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
                "UNPAID_BILL" if self.owed_fen > 0 => self.pay_debt(&refusal).await?,
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
        self.scan(table_id).await?;
        match self.open(table_id, self.person.mode.clone()).await? {
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

    /// Photographs the code of a table and does as told: the table that can be opened, if there is one.
    pub(super) async fn scan(&mut self, table_id: Uuid) -> Result<Option<Uuid>, VisitEnd> {
        let Some(code) = self.day.hall.code(table_id).await else {
            self.caller.complain(format!("there is no code on table {table_id}"));
            return Err(VisitEnd::GaveUp);
        };
        let told = match self.caller.scan(&code).await {
            Ok(told) => told,
            Err(Failed::Refused(refusal)) => {
                self.caller
                    .complain(format!("scanning table {table_id}: {}", told(&refusal)));
                return Err(VisitEnd::GaveUp);
            }
            Err(Failed::Unknown(_)) => return Err(VisitEnd::GaveUp),
        };
        let next_step = told.next_step();
        let scanned = told.table.unwrap_or_default();
        let speaks = !told.text_zh.is_empty() && !told.text_en.is_empty();
        let fits = (scanned.status() == TableStatus::Idle) == (next_step == ScanNextStep::Open);
        if id(&scanned.table_id) != table_id || !speaks || !fits {
            self.caller.complain(format!(
                "the code of table {table_id} leads to {scanned:?}, {next_step:?}"
            ));
        }
        Ok(match next_step {
            ScanNextStep::Open => Some(table_id),
            _ => told.free_tables.first().map(|table| id(&table.table_id)),
        })
    }

    pub(super) async fn some_table(&mut self, status: TableStatus) -> Result<Option<Uuid>, VisitEnd> {
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

    pub(super) async fn quote(&mut self, table_id: Uuid) {
        let minutes = match self.person.mode {
            Mode::Prepaid { minutes } => minutes,
            _ => u32::try_from(self.person.play.as_mins()).unwrap_or(60).clamp(1, 1440),
        };
        match self.caller.quote(table_id, minutes, self.member_id).await {
            Ok(quote) => {
                let bill = quote.bill.unwrap_or_default();
                if !adds_up(&bill) || !self.is_discounted(&bill) {
                    self.caller.complain(format!(
                        "a quote for table {table_id} does not add up, or has not the discount of {}: {bill:?}",
                        self.level
                    ));
                }
            }
            Err(Failed::Refused(refusal)) => self
                .caller
                .complain(format!("a quote for table {table_id}: {}", told(&refusal))),
            Err(Failed::Unknown(_)) => {}
        }
    }

    /// A package that the table's tariff offers now.
    async fn offered_package(&mut self, table_id: Uuid) -> Option<Mode> {
        let quote = self.caller.quote(table_id, 0, self.member_id).await.ok()?;
        let offer = quote.packages.choose(&mut self.caller.rng)?;
        Some(Mode::Package {
            code: offer.code.clone(),
        })
    }

    pub(super) async fn open(&mut self, table_id: Uuid, mode: Mode) -> Result<Result<Opened, Refusal>, VisitEnd> {
        let request_id = Uuid::new_v4();
        let waits = matches!(self.person.habit, Habit::PaysWaiting | Habit::NeverPays);
        let answer = self.caller.open(request_id, table_id, self.member_id, mode, waits);
        match answer.await {
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
            Ok(Answer::Awaited {
                session_id,
                shortfall_fen,
                pay_by,
                ..
            }) => {
                self.pay_what_is_awaited(session_id, table_id, shortfall_fen, pay_by)
                    .await
            }
            Err(Failed::Refused(refusal)) => Ok(Err(refusal)),
            Ok(_) | Err(Failed::Unknown(_)) => Err(VisitEnd::GaveUp),
        }
    }

    /// The table is kept: pays what is missing, and the table opens by itself. Or leaves it at that.
    async fn pay_what_is_awaited(
        &mut self,
        session_id: Uuid,
        table_id: Uuid,
        shortfall_fen: i64,
        pay_by: Timestamp,
    ) -> Result<Result<Opened, Refusal>, VisitEnd> {
        if self.person.habit == Habit::NeverPays {
            return Err(VisitEnd::NoMoney);
        }
        self.top_up((whole_ten_yuan(shortfall_fen), 0))
            .await
            .map_err(|_| VisitEnd::GaveUp)?;
        let in_time = self.caller.now() < pay_by;
        let opened = watch::until(&self.caller.wire, session_id, |bill| {
            bill.status() != BillStatus::Unspecified
        });
        match tokio::time::timeout(OPENS_WITHIN, opened).await {
            Ok((_, position)) => Ok(Ok(Opened {
                session_id,
                table_id,
                position,
            })),
            Err(_) if in_time => {
                self.caller
                    .complain(format!("session {session_id} was paid for in time and did not open"));
                Err(VisitEnd::GaveUp)
            }
            Err(_) => Err(VisitEnd::Cancelled),
        }
    }

    /// Whether a bill has the discount of the person's level, and no other.
    pub(super) fn is_discounted(&self, bill: &Bill) -> bool {
        let rate = self.day.hall.discount(&self.level).unwrap_or(0.0);
        // A package has its price whoever buys it; what is bought on top is discounted.
        let has_package = bill.lines.iter().any(|line| line.kind() == Kind::Package);
        // Goods are never discounted.
        let goods = bill.lines.iter().filter(|line| line.kind() == Kind::Goods);
        let play_fen = bill.total_fen - goods.map(|line| line.amount_fen).sum::<i64>();
        let mut discounts = bill.lines.iter().filter(|line| line.kind() == Kind::Discount);
        match discounts.next() {
            None => rate == 0.0 || play_fen == 0 || has_package,
            Some(line) => {
                let right = line.level == self.level && line.rate.parse() == Ok(rate);
                right && line.amount_fen <= 0 && discounts.next().is_none()
            }
        }
    }

    /// The same id with other content must be refused, and nothing done.
    async fn reuse(&mut self, request_id: Uuid, table_id: Uuid) {
        let answer = self
            .caller
            .open(
                request_id,
                table_id,
                self.member_id,
                Mode::Prepaid { minutes: 17 },
                false,
            )
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
        let amount_fen = whole_ten_yuan(shortfall_fen);
        self.top_up((amount_fen, 0)).await.map_err(|_| VisitEnd::GaveUp)
    }
}

/// At least so much, as people pay.
fn whole_ten_yuan(amount_fen: i64) -> i64 {
    (amount_fen + 999) / 1000 * 1000
}
