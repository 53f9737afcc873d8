//! Where a simulated provider does its business: its book, its clock, its faults and its notifications together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use baize_eventlog::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::book::{Book, Order, OrderState, Refund, RefundState, Refused};
use super::courier::{Courier, Flaw, Letters, Told, Way};
use super::faults::{Fault, Faults, Seeded};

/// A notification that is late is late by that much.
const LATE: Duration = Duration::from_secs(60);

/// How a provider does its business.
#[derive(Clone, Debug)]
pub struct DeskOptions {
    /// The provider's clock; a fast one also shortens the pauses between notifications.
    pub clock: Clock,
    /// How long a slow reply takes, in real time: longer than the caller waits.
    pub slow: Duration,
    /// How long one delivery of a notification may take, in real time.
    pub delivery_max: Duration,
    /// How long a refund is under way, by the clock.
    pub refund_takes: Duration,
    /// At which hour of Beijing's day the bill of the day before is made, 0–23.
    pub bill_hour: i8,
    /// Faults of orders for which none was set.
    pub faults: Option<Seeded>,
}

impl Default for DeskOptions {
    fn default() -> Self {
        Self {
            clock: Clock::real(),
            slow: Duration::from_secs(30),
            // WeChat Pay waits five seconds.
            delivery_max: Duration::from_secs(5),
            refund_takes: Duration::from_secs(2),
            // Merchants are asked to come after ten.
            bill_hour: 10,
            faults: None,
        }
    }
}

/// A provider's business.
pub struct Desk {
    options: DeskOptions,
    state: Mutex<State>,
    courier: Courier,
    this: Weak<Self>,
}

#[derive(Default)]
struct State {
    book: Book,
    faults: Faults,
    skew: SignedDuration,
    held: Vec<Told>,
}

/// What becomes of a call.
pub enum Reply<T> {
    /// It is answered.
    Answer(T),
    /// The connection breaks.
    Lost,
    /// It was not done: the provider's system failed.
    Failed,
}

impl Desk {
    /// Opens.
    ///
    /// # Errors
    /// There is no HTTP client.
    pub fn open(options: DeskOptions, letters: Arc<dyn Letters>) -> anyhow::Result<Arc<Self>> {
        let courier = Courier::new(letters, options.clock.clone(), options.delivery_max)?;
        let faults = Faults::new(options.faults);
        Ok(Arc::new_cyclic(|this| Self {
            options,
            state: Mutex::new(State {
                faults,
                ..State::default()
            }),
            courier,
            this: this.clone(),
        }))
    }

    /// What the provider's clock shows.
    pub fn now(&self) -> Timestamp {
        let skew = self.state().skew;
        self.options.clock.now() + skew
    }

    /// Sets the provider's clock off by so much.
    pub fn skew(&self, by: SignedDuration) {
        self.state().skew = by;
    }

    /// A fault is to come.
    pub fn fault(&self, order_no: &str, fault: Fault) {
        self.state().faults.set(order_no, fault);
    }

    /// Whether this is the time for that fault; it is past then.
    pub fn take_fault(&self, order_no: &str, fault: Fault) -> bool {
        self.state().faults.take(order_no, fault)
    }

    /// At which hour bills are made.
    pub const fn bill_hour(&self) -> i8 {
        self.options.bill_hour
    }

    /// Whether that fault is set, and stays.
    pub fn has_fault(&self, order_no: &str, fault: Fault) -> bool {
        self.state().faults.has(order_no, fault)
    }

    /// Does something with the book, at the time that the provider's clock shows.
    pub fn with<T>(&self, work: impl FnOnce(&mut Book, Timestamp) -> T) -> T {
        let now = self.now();
        work(&mut self.state().book, now)
    }

    /// A copy of the book.
    pub fn book(&self) -> Book {
        self.state().book.clone()
    }

    /// Counts notifications delivered, taken or not.
    pub fn deliveries(&self) -> watch::Receiver<u64> {
        self.courier.deliveries()
    }

    /// A payer pays the order with that number or code; the merchant is told.
    ///
    /// # Errors
    /// The book says no.
    pub fn pay(&self, key: &str, payer: &str) -> Result<Order, Refused> {
        let order = self.with(|book, now| {
            let order_no = book.find(key)?;
            book.pay(&order_no, payer, now)
        })?;
        self.tell(Told::Paid(order.clone()));
        Ok(order)
    }

    /// A payer looks at the order and does not pay: is declined, or goes away. It waits on.
    ///
    /// # Errors
    /// The book says no.
    pub fn look(&self, key: &str) -> Result<(), Refused> {
        self.with(|book, now| {
            let order_no = book.find(key)?;
            let order = book.order(&order_no, now).ok_or(Refused::NotFound)?;
            order.seen = true;
            match order.state {
                OrderState::Waiting => Ok(()),
                OrderState::Paid(_) => Err(Refused::Paid),
                OrderState::Closed => Err(Refused::Closed),
            }
        })
    }

    /// Does a call that concerns an order, with what goes wrong then.
    pub async fn call<T: Send + 'static>(&self, order_no: &str, work: impl FnOnce() -> T + Send + 'static) -> Reply<T> {
        if self.take_fault(order_no, Fault::ErrorFirst) {
            return Reply::Failed;
        }
        let slow = self.options.slow;
        if self.take_fault(order_no, Fault::DoneLate) {
            // On its own: a caller that hangs up takes the handler with it, and this must be done all the same.
            let late = tokio::spawn(async move {
                tokio::time::sleep(slow).await;
                work()
            });
            return late.await.map_or(Reply::Lost, Reply::Answer);
        }
        let answer = work();
        if self.take_fault(order_no, Fault::ReplyLost) {
            return Reply::Lost;
        }
        if self.take_fault(order_no, Fault::SlowReply) {
            tokio::time::sleep(slow).await;
        }
        Reply::Answer(answer)
    }

    /// A refund that was asked for goes its way: under way for a while, then settled, and the merchant is told.
    pub fn set_out(&self, refund: &Refund) {
        if refund.state != RefundState::Processing {
            return;
        }
        let (desk, refund_no) = (self.this.clone(), refund.asked.refund_no.clone());
        let (clock, takes) = (self.options.clock.clone(), self.options.refund_takes);
        tokio::spawn(async move {
            clock.sleep(takes).await;
            if let Some(told) = desk
                .upgrade()
                .and_then(|desk| desk.settle(&refund_no).map(|told| (desk, told)))
            {
                told.0.tell(told.1);
            }
        });
    }

    /// Settles a refund now and brings the notification before anything else is done.
    pub async fn settle_first(&self, refund_no: &str) {
        if let Some(told) = self.settle(refund_no) {
            self.bring(told).await;
        }
    }

    /// The payer pays now, and the notification comes before anything else is done.
    pub async fn pay_first(&self, order_no: &str, payer: &str) {
        if let Ok(order) = self.with(|book, now| book.pay(order_no, payer, now)) {
            self.bring(Told::Paid(order)).await;
        }
    }

    fn settle(&self, refund_no: &str) -> Option<Told> {
        let now = self.now();
        let mut state = self.state();
        let State { book, faults, .. } = &mut *state;
        let order_no = book.refunds.get(refund_no)?.asked.order_no.clone();
        let end = if faults.take(&order_no, Fault::RefundAbnormal) {
            RefundState::Abnormal(now)
        } else if faults.take(&order_no, Fault::RefundClosed) {
            RefundState::Closed(now)
        } else {
            RefundState::Succeeded(now)
        };
        book.settle(refund_no, end)
            .map(|(order, refund)| Told::Refund(order, refund))
    }

    /// Tells the merchant, with what goes wrong then.
    fn tell(&self, told: Told) {
        let order_no = told.order_no().to_owned();
        let mut held = Vec::new();
        {
            let mut state = self.state();
            let State {
                faults, held: waiting, ..
            } = &mut *state;
            if faults.take(&order_no, Fault::NoticeDropped) {
                return;
            }
            if faults.take(&order_no, Fault::NoticeReordered) {
                waiting.push(told);
                return;
            }
            waiting.retain(|earlier| match earlier.order_no() == order_no {
                true => {
                    held.push(earlier.clone());
                    false
                }
                false => true,
            });
        }
        let delay = match self.take_fault(&order_no, Fault::NoticeLate) {
            true => LATE,
            false => Duration::ZERO,
        };
        let flaw = [
            (Fault::NoticeForged, Flaw::Signature),
            (Fault::NoticeWrongAmount, Flaw::Amount),
            (Fault::NoticeOtherMerchant, Flaw::Merchant),
        ];
        let flaw = flaw
            .into_iter()
            .find(|(fault, _)| self.take_fault(&order_no, *fault))
            .map(|(_, flaw)| flaw);
        if self.take_fault(&order_no, Fault::NoticeDoubled) {
            self.courier.send(self.way(told.clone(), delay, None));
        }
        self.courier.send(self.way(told, delay, flaw));
        for earlier in held {
            self.courier.send(self.way(earlier, LATE, None));
        }
    }

    async fn bring(&self, told: Told) {
        let way = self.way(told, Duration::ZERO, None);
        if !self.courier.bring(&way).await {
            self.courier.send(way);
        }
    }

    fn way(&self, told: Told, delay: Duration, flaw: Option<Flaw>) -> Way {
        let skew = self.state().skew;
        Way {
            told,
            delay,
            flaw,
            skew,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
