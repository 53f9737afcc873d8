//! A provider's book: who owes what under which number, who paid, what went back. Pure; times come from the desk's clock.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use serde::Serialize;

/// Refunds of one order (<https://pay.weixin.qq.com/doc/v3/merchant/4012791903>).
const REFUNDS_MAX: usize = 50;
/// Fee in thousandths of an amount, as both providers charge ordinary merchants.
const FEE_PER_MILLE: i64 = 6;

/// Orders and refunds by their merchant's numbers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Book {
    /// By the merchant's number.
    pub orders: BTreeMap<String, Order>,
    /// By the merchant's number.
    pub refunds: BTreeMap<String, Refund>,
    /// The number of the order with a code.
    #[serde(skip)]
    codes: BTreeMap<String, String>,
    /// The numbers of an order's refunds.
    #[serde(skip)]
    refunded: BTreeMap<String, Vec<String>>,
    numbered: u64,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// What it was made with.
    #[serde(flatten)]
    pub made: NewOrder,
    /// When.
    pub made_at: Timestamp,
    /// A payer has looked at it.
    pub seen: bool,
    /// How it stands.
    pub state: OrderState,
}

/// What an order is made with. Under one number it is always the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewOrder {
    /// The merchant's number.
    pub order_no: String,
    /// > 0
    pub amount_fen: i64,
    /// What the payer reads.
    pub description: String,
    /// What a payer's app opens: a code's text, or the number that the payment sheet is given.
    pub code: String,
    /// Who alone may pay it, if anybody may not.
    pub payer: Option<String>,
    /// Where its notifications go.
    pub notify_url: String,
    /// From then on it cannot be paid.
    pub expires_at: Timestamp,
}

/// How an order stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// For its payer.
    Waiting,
    /// Somebody paid.
    Paid(Payment),
    /// Nobody can pay any more.
    Closed,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// The provider's number.
    pub transaction_id: String,
    /// Who paid.
    pub payer: String,
    /// When.
    pub at: Timestamp,
}

/// What a refund is asked with. Under one number it is always the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewRefund {
    /// The merchant's number of the refund.
    pub refund_no: String,
    /// The merchant's number of the order.
    pub order_no: String,
    /// > 0
    pub amount_fen: i64,
    /// Where its notifications go.
    pub notify_url: String,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// What it was asked with.
    #[serde(flatten)]
    pub asked: NewRefund,
    /// The provider's number.
    pub refund_id: String,
    /// When it was asked for.
    pub made_at: Timestamp,
    /// How it stands.
    pub state: RefundState,
}

/// How a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Accepted.
    Processing,
    /// The payer has the money.
    Succeeded(Timestamp),
    /// No money moved.
    Closed(Timestamp),
    /// It cannot be paid out.
    Abnormal(Timestamp),
}

/// Why the book says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such order or refund.
    NotFound,
    /// The number stands for something else.
    NumberUsed,
    /// It is paid.
    Paid,
    /// It is closed, or has expired.
    Closed,
    /// It is not paid.
    Unpaid,
    /// More than was paid, or more often than can be.
    TooMuch,
    /// Somebody else's order.
    OtherPayer,
}

/// A row of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The order.
    pub order: Order,
    /// Its payment.
    pub payment: Payment,
    /// The refund, if the row is one.
    pub refund: Option<Refund>,
    /// What the provider keeps; < 0 is given back.
    pub fee_fen: i64,
    /// When.
    pub at: Timestamp,
}

impl Book {
    /// Makes an order. The same again is answered with what is there.
    ///
    /// # Errors
    /// The number stands for another order, or cannot be paid any more.
    pub fn create(&mut self, new: NewOrder, now: Timestamp) -> Result<&Order, Refused> {
        if let Some(order) = self.order(&new.order_no, now) {
            // The code is the provider's own doing.
            let code = order.made.code.clone();
            match &order.state {
                OrderState::Paid(_) => return Err(Refused::Paid),
                OrderState::Closed => return Err(Refused::Closed),
                OrderState::Waiting if order.made != (NewOrder { code, ..new.clone() }) => {
                    return Err(Refused::NumberUsed);
                }
                OrderState::Waiting => {}
            }
        }
        let codes = &mut self.codes;
        Ok(self.orders.entry(new.order_no.clone()).or_insert_with(|| {
            codes.insert(new.code.clone(), new.order_no.clone());
            Order {
                made: new,
                made_at: now,
                seen: false,
                state: OrderState::Waiting,
            }
        }))
    }

    /// An order as it stands now.
    pub fn order(&mut self, order_no: &str, now: Timestamp) -> Option<&mut Order> {
        let order = self.orders.get_mut(order_no)?;
        if order.state == OrderState::Waiting && now >= order.made.expires_at {
            order.state = OrderState::Closed;
        }
        Some(order)
    }

    /// The number of the order with that number or code.
    pub fn find(&self, key: &str) -> Result<String, Refused> {
        let number = self.codes.get(key).map_or(key, String::as_str);
        let found = self.orders.get(number);
        found.map(|order| order.made.order_no.clone()).ok_or(Refused::NotFound)
    }

    /// A payer pays.
    ///
    /// # Errors
    /// It is not there, not open, or somebody else's.
    pub fn pay(&mut self, order_no: &str, payer: &str, now: Timestamp) -> Result<Order, Refused> {
        let transaction_id = self.number("42");
        let order = self.order(order_no, now).ok_or(Refused::NotFound)?;
        order.seen = true;
        if order.made.payer.as_deref().is_some_and(|only| only != payer) {
            return Err(Refused::OtherPayer);
        }
        match order.state {
            OrderState::Paid(_) => return Err(Refused::Paid),
            OrderState::Closed => return Err(Refused::Closed),
            OrderState::Waiting => {}
        }
        order.state = OrderState::Paid(Payment {
            transaction_id,
            payer: payer.to_owned(),
            at: now,
        });
        Ok(order.clone())
    }

    /// The merchant closes an order; closing it again is well.
    ///
    /// # Errors
    /// It is not there, or paid.
    pub fn close(&mut self, order_no: &str, now: Timestamp) -> Result<(), Refused> {
        let order = self.order(order_no, now).ok_or(Refused::NotFound)?;
        if matches!(order.state, OrderState::Paid(_)) {
            return Err(Refused::Paid);
        }
        order.state = OrderState::Closed;
        Ok(())
    }

    /// The merchant asks for a refund. The same again is answered with what is there.
    ///
    /// # Errors
    /// The order is not paid, or not with so much; or the number stands for another refund.
    pub fn refund(&mut self, asked: NewRefund, now: Timestamp) -> Result<&Refund, Refused> {
        let paid = match self.order(&asked.order_no, now) {
            None => return Err(Refused::NotFound),
            Some(order) if !matches!(order.state, OrderState::Paid(_)) => return Err(Refused::Unpaid),
            Some(order) => order.made.amount_fen,
        };
        let number = asked.refund_no.clone();
        if let Some(known) = self.refunds.get(&number) {
            if known.asked != asked {
                return Err(Refused::NumberUsed);
            }
        } else {
            let others: Vec<_> = self.refunds_of(&asked.order_no).collect();
            let back: i64 = others.iter().map(|refund| refund.asked.amount_fen).sum();
            if asked.amount_fen <= 0 || back + asked.amount_fen > paid || others.len() >= REFUNDS_MAX {
                return Err(Refused::TooMuch);
            }
            let refund_id = self.number("50");
            let of_order = self.refunded.entry(asked.order_no.clone()).or_default();
            of_order.push(number.clone());
            self.refunds.insert(
                number.clone(),
                Refund {
                    asked,
                    refund_id,
                    made_at: now,
                    state: RefundState::Processing,
                },
            );
        }
        self.refunds.get(&number).ok_or(Refused::NotFound)
    }

    /// A refund that is under way comes to an end; `None` if it is not under way.
    pub fn settle(&mut self, refund_no: &str, state: RefundState) -> Option<(Order, Refund)> {
        let refund = self.refunds.get_mut(refund_no)?;
        if refund.state != RefundState::Processing {
            return None;
        }
        refund.state = state;
        Some((self.orders.get(&refund.asked.order_no)?.clone(), refund.clone()))
    }

    /// Refunds of an order that took or take money back.
    pub fn refunds_of<'a>(&'a self, order_no: &'a str) -> impl Iterator<Item = &'a Refund> {
        let alive = |refund: &&Refund| !matches!(refund.state, RefundState::Closed(_));
        let numbers = self.refunded.get(order_no).into_iter().flatten();
        numbers.filter_map(|number| self.refunds.get(number)).filter(alive)
    }

    /// The bill of a day of Beijing's, in order of time.
    pub fn rows(&self, date: Date) -> Vec<Row> {
        let on_day = |at: Timestamp| at.to_zoned(beijing()).date() == date;
        let mut rows = Vec::new();
        for order in self.orders.values() {
            let OrderState::Paid(payment) = &order.state else {
                continue;
            };
            let row = |refund: Option<Refund>, fee_fen, at| Row {
                order: order.clone(),
                payment: payment.clone(),
                refund,
                fee_fen,
                at,
            };
            if on_day(payment.at) {
                rows.push(row(None, fee(order.made.amount_fen), payment.at));
            }
            let refunds = self.refunded.get(&order.made.order_no).into_iter().flatten();
            let refunds = refunds.filter_map(|number| self.refunds.get(number));
            for refund in refunds.filter(|refund| on_day(refund.made_at)) {
                let back = match refund.state {
                    RefundState::Processing | RefundState::Succeeded(_) => -fee(refund.asked.amount_fen),
                    RefundState::Closed(_) | RefundState::Abnormal(_) => 0,
                };
                rows.push(row(Some(refund.clone()), back, refund.made_at));
            }
        }
        rows.sort_by_key(|row| row.at);
        rows
    }

    fn number(&mut self, prefix: &str) -> String {
        self.numbered += 1;
        format!("{prefix}{:026}", self.numbered)
    }
}

/// Half a fen counts as one.
fn fee(amount_fen: i64) -> i64 {
    (amount_fen * FEE_PER_MILLE + 500) / 1_000
}

/// Both providers go by it.
pub fn beijing() -> TimeZone {
    TimeZone::fixed(offset(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_197_600 + second).unwrap()
    }

    fn order(amount_fen: i64) -> NewOrder {
        NewOrder {
            order_no: "A1".to_owned(),
            amount_fen,
            description: "台费".to_owned(),
            code: "weixin://1".to_owned(),
            payer: Some("openid".to_owned()),
            notify_url: String::new(),
            expires_at: at(60),
        }
    }

    fn refund(refund_no: &str, amount_fen: i64) -> NewRefund {
        NewRefund {
            refund_no: refund_no.to_owned(),
            order_no: "A1".to_owned(),
            amount_fen,
            notify_url: String::new(),
        }
    }

    #[test]
    fn an_order_is_paid_once_by_its_payer_before_it_expires() {
        let mut book = Book::default();
        book.create(order(3_000), at(0)).unwrap();
        book.create(order(3_000), at(1)).unwrap();
        assert_eq!(book.create(order(3_001), at(1)).unwrap_err(), Refused::NumberUsed);
        assert_eq!(book.pay("A1", "another", at(2)).unwrap_err(), Refused::OtherPayer);
        assert_eq!(book.clone().pay("A1", "openid", at(60)).unwrap_err(), Refused::Closed);
        book.pay("A1", "openid", at(59)).unwrap();
        assert_eq!(book.pay("A1", "openid", at(59)).unwrap_err(), Refused::Paid);
        assert_eq!(book.close("A1", at(59)), Err(Refused::Paid));
        assert_eq!(book.create(order(3_000), at(59)).unwrap_err(), Refused::Paid);
    }

    #[test]
    fn no_more_goes_back_than_was_paid() {
        let mut book = Book::default();
        book.create(order(3_000), at(0)).unwrap();
        assert_eq!(book.refund(refund("R1", 1), at(1)).unwrap_err(), Refused::Unpaid);
        book.pay("A1", "openid", at(2)).unwrap();
        book.refund(refund("R1", 2_000), at(3)).unwrap();
        book.refund(refund("R1", 2_000), at(4)).unwrap();
        assert_eq!(
            book.refund(refund("R1", 1_000), at(4)).unwrap_err(),
            Refused::NumberUsed
        );
        assert_eq!(book.refund(refund("R2", 1_001), at(4)).unwrap_err(), Refused::TooMuch);
        book.settle("R1", RefundState::Closed(at(5))).unwrap();
        book.refund(refund("R2", 3_000), at(6)).unwrap();
        assert_eq!(book.settle("R1", RefundState::Succeeded(at(7))), None, "it has ended");
    }

    #[test]
    fn the_bill_of_a_day_has_what_happened_on_that_day_in_beijing() {
        let mut book = Book::default();
        book.create(order(3_250), at(0)).unwrap();
        book.pay("A1", "openid", at(1)).unwrap();
        book.refund(refund("R1", 3_250), at(24 * 3_600)).unwrap();
        let today = at(0).to_zoned(beijing()).date();
        let fees = |book: &Book, date| book.rows(date).iter().map(|row| row.fee_fen).collect::<Vec<_>>();
        assert_eq!(fees(&book, today), [20], "19.5 fen are 20");
        assert_eq!(fees(&book, today.tomorrow().unwrap()), [-20]);
        assert!(fees(&book, today.yesterday().unwrap()).is_empty());
        book.settle("R1", RefundState::Abnormal(at(24 * 3_600 + 2))).unwrap();
        assert_eq!(fees(&book, today.tomorrow().unwrap()), [0], "nothing went back");
    }
}
