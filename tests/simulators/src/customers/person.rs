//! One person's visit: money, a table, play, the bill, home.

use std::sync::Arc;
use std::time::Duration;

use baize_proto::hall::table::v1::Bill;
use baize_proto::hall::view::v1::{BillStatus, SessionBill};
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::caller::{Caller, Notes, id};
use super::hall::Hall;
use super::ledger::{Answer, Refusal, Visit, VisitEnd};
use super::phones::Phones;
use super::plan::{Habit, Mode, Person};
use super::watch;
use super::wire::{Failed, Wire};

/// How often one person takes another table after a cancelled opening.
const CANCELLED_MAX: u32 = 2;
/// How long a second game is.
const SHORT_GAME: SignedDuration = SignedDuration::from_mins(15);
/// The level of whoever joins, and the one that some are put on.
pub(super) const MEMBER: &str = "member";
const VIP: &str = "vip";
/// How long after the end of play a bill may take to be settled: whichever is longer, by the hall's clock or in real time.
const SETTLED_WITHIN: (SignedDuration, Duration) = (SignedDuration::from_mins(10), Duration::from_secs(30));

/// What all persons of a day share.
pub(crate) struct Day {
    pub(crate) chain_id: Uuid,
    pub(crate) hall_id: Uuid,
    pub(crate) hall: Hall,
    /// Those of guests; without them nobody comes as one.
    pub(crate) phones: Option<Phones>,
    pub(crate) closes_at: Timestamp,
    pub(crate) wire: Wire,
    pub(crate) notes: Arc<Notes>,
    /// Cancelled: the hall closes now.
    pub(crate) closing: CancellationToken,
}

/// Lives through one person's visit.
pub(crate) async fn visit(day: Arc<Day>, person: Person) {
    let Person {
        number,
        arrives_at,
        mut habit,
        ..
    } = person;
    // Nobody can verify a phone that gets no messages.
    if day.phones.is_none() && matches!(habit, Habit::Guest | Habit::GuestLooks) {
        habit = Habit::NoWallet;
    }
    let person = Person { habit, ..person };
    tokio::select! {
        () = day.wire.clock.sleep_until(arrives_at) => {}
        () = day.closing.cancelled() => return,
    }
    let member_id = Uuid::new_v4();
    let caller = Caller {
        person: number,
        wire: day.wire.of_customer(member_id),
        notes: Arc::clone(&day.notes),
        habit,
        rng: StdRng::seed_from_u64(person.seed),
    };
    let mut visitor = Visitor {
        day: Arc::clone(&day),
        person,
        caller,
        member_id,
        level: MEMBER.to_owned(),
        paid_in_fen: Some(0),
        paid_fen: 0,
        owed_fen: 0,
    };
    let end = visitor.stay().await;
    let left_at = visitor.caller.now();
    tracing::debug!(person = number, ?habit, ?end, "left");
    day.notes.visit(Visit {
        person: number,
        member_id: visitor.member_id,
        habit,
        arrived_at: arrives_at,
        left_at,
        end,
    });
}

/// A person on a visit.
pub(super) struct Visitor {
    pub(super) day: Arc<Day>,
    pub(super) person: Person,
    pub(super) caller: Caller,
    pub(super) member_id: Uuid,
    /// The code of the person's level.
    pub(super) level: String,
    /// What came into the wallet; nobody knows if a top-up was never answered.
    pub(super) paid_in_fen: Option<i64>,
    /// What was paid for settled sessions.
    pub(super) paid_fen: i64,
    /// What the wallet could not pay.
    pub(super) owed_fen: i64,
}

/// A table that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) session_id: Uuid,
    pub(super) table_id: Uuid,
    pub(super) position: u64,
}

impl Visitor {
    async fn stay(&mut self) -> VisitEnd {
        if let Err(end) = self.come_in().await {
            return end;
        }
        let end = self.take_and_play().await;
        let Some(after) = self.person.comes_again.take().filter(|_| end == VisitEnd::Played) else {
            return end;
        };
        let again_at = later(self.caller.now(), after);
        if later(again_at, SHORT_GAME) > self.day.closes_at {
            return end;
        }
        self.wait(after).await;
        if self.day.closing.is_cancelled() {
            return end;
        }
        // With an empty wallet: what is owed is asked for first, then the next game is paid for, and nothing else.
        self.person.play = SHORT_GAME;
        self.person.habit = Habit::Plain;
        self.take_and_play().await
    }

    /// Becomes somebody who may open a table, with the money that the person brings.
    async fn come_in(&mut self) -> Result<(), VisitEnd> {
        match self.person.habit {
            Habit::Guest | Habit::GuestLooks => self.come_as_guest().await?,
            _ => {
                let joined = self.caller.join(self.day.chain_id, self.member_id).await;
                joined.map_err(|_| VisitEnd::GaveUp)?;
            }
        }
        if self.person.habit == Habit::Vip && self.day.hall.discount(VIP).is_some() {
            let risen = self.caller.rise(self.member_id, VIP).await;
            risen.map_err(|_| VisitEnd::GaveUp)?;
            VIP.clone_into(&mut self.level);
        }
        let comes_with_money = !matches!(self.person.habit, Habit::NoWallet | Habit::NoWalletLeaves);
        if comes_with_money {
            let paid = self.top_up(self.person.top_up_fen).await;
            paid.map_err(|_| VisitEnd::GaveUp)?;
        }
        Ok(())
    }

    async fn take_and_play(&mut self) -> VisitEnd {
        for _ in 0..=CANCELLED_MAX {
            let opened = match self.open_some_table().await {
                Ok(opened) => opened,
                Err(end) => return end,
            };
            match self.play(&opened).await {
                Ok(BillStatus::Cancelled) => {}
                Ok(_) => {
                    self.has_a_say(opened.session_id).await;
                    return VisitEnd::Played;
                }
                Err(Failed::Refused(refusal)) => {
                    self.caller
                        .complain(format!("session {}: {}", opened.session_id, told(&refusal)));
                    return VisitEnd::GaveUp;
                }
                Err(Failed::Unknown(_)) => return VisitEnd::GaveUp,
            }
        }
        VisitEnd::Cancelled
    }

    /// Plays until the bill is settled or the session cancelled; tells which.
    async fn play(&mut self, opened: &Opened) -> Result<BillStatus, Failed> {
        let session_id = opened.session_id;
        let bill = self.caller.bill(session_id, opened.position).await?;
        if id(&bill.table_id) != opened.table_id || id(&bill.member_id) != self.member_id {
            self.caller
                .complain(format!("the bill of session {session_id} is not ours: {bill:?}"));
        }
        let began = self.caller.now();
        let leaves_at = later(began, self.person.play).min(self.day.closes_at);
        let changes = self.person.extends.is_some()
            || self.person.orders.is_some()
            || matches!(self.person.habit, Habit::Moves | Habit::EndsShort);
        let mut changes_at = changes.then(|| later(began, self.person.play / 2));
        let stays_to_the_end = self.person.runs_out && matches!(self.person.mode, Mode::Prepaid { .. });
        let leaves_at = if stays_to_the_end {
            self.day.closes_at
        } else {
            leaves_at
        };
        loop {
            let next = changes_at.filter(|at| *at < leaves_at).unwrap_or(leaves_at);
            let ended = tokio::select! {
                _ended = watch::until(&self.day.wire, session_id, |bill| bill.status() != BillStatus::Running) => true,
                () = self.day.wire.clock.sleep_until(next) => false,
                () = self.day.closing.cancelled() => { changes_at = None; false }
            };
            if ended {
                break;
            }
            if changes_at.is_some_and(|at| at <= next) {
                changes_at = None;
                self.change(opened).await?;
            } else {
                self.close(session_id).await?;
                break;
            }
        }
        self.settle(session_id).await
    }

    /// What the person does half-way.
    async fn change(&mut self, opened: &Opened) -> Result<(), Failed> {
        let session_id = opened.session_id;
        if let Some(pieces) = self.person.orders {
            self.order_some(session_id, pieces).await?;
        }
        match self.person.habit {
            Habit::Moves => self.move_on(session_id).await,
            Habit::EndsShort => self.spend_all(opened).await,
            _ => match self.person.extends {
                Some(minutes) => self.extend(session_id, minutes).await,
                None => Ok(()),
            },
        }
    }

    async fn extend(&mut self, session_id: Uuid, minutes: u32) -> Result<(), Failed> {
        match self.caller.extend(session_id, minutes).await {
            Err(Failed::Refused(refusal)) if refusal.reason == "TOP_UP_REQUIRED" => {
                if self.top_up_shortfall(&refusal).await.is_ok()
                    && let Err(Failed::Refused(again)) = self.caller.extend(session_id, minutes).await
                {
                    self.refused_because_over(session_id, &again).await;
                }
                Ok(())
            }
            Err(Failed::Refused(refusal)) => {
                self.refused_because_over(session_id, &refusal).await;
                Ok(())
            }
            Err(Failed::Unknown(_)) | Ok(_) => Ok(()),
        }
    }

    async fn close(&mut self, session_id: Uuid) -> Result<(), Failed> {
        let (total_fen, position) = match self.caller.close(session_id).await {
            Ok(Answer::Closed {
                total_fen, position, ..
            }) => (total_fen, position),
            Ok(_) => return Ok(()),
            Err(Failed::Refused(refusal)) => {
                self.refused_because_over(session_id, &refusal).await;
                return Ok(());
            }
            Err(unknown) => return Err(unknown),
        };
        let bill = self.caller.bill(session_id, position).await?;
        let content = bill.bill.clone().unwrap_or_default();
        if content.total_fen != total_fen || bill.status() == BillStatus::Running {
            self.caller.complain(format!(
                "session {session_id} was closed at {total_fen} fen, and the bill read afterwards is {bill:?}"
            ));
        }
        Ok(())
    }

    /// A refusal to change a session is right only if the session is over.
    pub(super) async fn refused_because_over(&mut self, session_id: Uuid, refusal: &Refusal) {
        let over = watch::until(&self.day.wire, session_id, |bill| bill.status() != BillStatus::Running);
        if tokio::time::timeout(SETTLED_WITHIN.1, over).await.is_err() {
            self.caller.complain(format!(
                "session {session_id} goes on, yet was refused: {}",
                told(refusal)
            ));
        }
    }

    async fn settle(&mut self, session_id: Uuid) -> Result<BillStatus, Failed> {
        let limit = self
            .day
            .wire
            .clock
            .real_duration(SETTLED_WITHIN.0.unsigned_abs())
            .max(SETTLED_WITHIN.1);
        let settled = watch::until(&self.day.wire, session_id, |bill| {
            matches!(
                bill.status(),
                BillStatus::Paid | BillStatus::Outstanding | BillStatus::Cancelled
            )
        });
        let Ok((_, position)) = tokio::time::timeout(limit, settled).await else {
            self.caller
                .complain(format!("the bill of session {session_id} was not settled in {limit:?}"));
            return Err(Failed::Unknown("not settled".to_owned()));
        };
        let bill = self.caller.bill(session_id, position).await?;
        self.check_bill(&bill);
        self.paid_fen += bill.paid_fen;
        self.owed_fen = bill.outstanding_fen;
        self.check_wallet(&bill, position).await?;
        Ok(bill.status())
    }

    fn check_bill(&self, bill: &SessionBill) {
        let content = bill.bill.clone().unwrap_or_default();
        let cancelled = bill.status() == BillStatus::Cancelled;
        let owes_the_rest = bill.paid_fen + bill.outstanding_fen == if cancelled { 0 } else { content.total_fen };
        let status_fits = (bill.status() == BillStatus::Outstanding) == (bill.outstanding_fen > 0);
        if !(adds_up(&content) && owes_the_rest && status_fits && (cancelled || self.is_discounted(&content))) {
            self.caller.complain(format!(
                "the bill of session {} does not add up: {bill:?}",
                bill.session_id
            ));
        }
    }

    async fn check_wallet(&mut self, bill: &SessionBill, position: u64) -> Result<(), Failed> {
        let wallet = self.caller.wallet(self.member_id, position).await?;
        let balance_fen = wallet.principal_fen + wallet.bonus_fen;
        let expected_fen = self.paid_in_fen.map(|paid_in| paid_in - self.paid_fen);
        let sound = wallet.principal_fen >= 0
            && wallet.bonus_fen >= 0
            && wallet.held_fen == 0
            && wallet.available_fen == balance_fen
            && wallet.owed_fen == bill.outstanding_fen
            && expected_fen.is_none_or(|expected| expected == balance_fen);
        if !sound {
            self.caller.complain(format!(
                "after session {} the wallet should hold {expected_fen:?} fen and is {wallet:?}",
                bill.session_id
            ));
        }
        Ok(())
    }

    pub(super) async fn wait(&self, time: SignedDuration) {
        let clock = &self.day.wire.clock;
        tokio::select! {
            () = clock.sleep(time.unsigned_abs()) => {}
            () = self.day.closing.cancelled() => {}
        }
    }
}

/// Whether the lines sum to the total, and the total is no gift.
pub(crate) fn adds_up(bill: &Bill) -> bool {
    let sum = bill
        .lines
        .iter()
        .try_fold(0_i64, |sum, line| sum.checked_add(line.amount_fen));
    sum == Some(bill.total_fen) && bill.total_fen >= 0
}

pub(super) fn told(refusal: &Refusal) -> String {
    format!("refused as {} {:?}: {}", refusal.code, refusal.reason, refusal.message)
}

pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use baize_proto::hall::table::v1::BillLine;

    use super::*;

    #[test]
    fn a_bill_adds_up_only_if_its_lines_sum_to_its_total() {
        let line = |amount_fen| BillLine {
            amount_fen,
            ..BillLine::default()
        };
        let bill = |lines: &[i64], total_fen| Bill {
            lines: lines.iter().copied().map(line).collect(),
            total_fen,
        };
        assert!(adds_up(&bill(&[1200, -200], 1000)));
        assert!(adds_up(&bill(&[], 0)));
        assert!(!adds_up(&bill(&[1200], 1201)));
        assert!(!adds_up(&bill(&[-1], -1)));
        assert!(!adds_up(&bill(&[i64::MAX, 1], i64::MIN)));
    }
}
