//! A provider of payments in memory, as unreliable as it is told to be: requests and answers are lost, it is away, and refunds take a while.

use std::collections::BTreeMap;

use baize_domain::Fen;
use baize_domain::command::Command;
use baize_domain::payment::{
    Channel, Decline, Order, OrderNo, OrderOutcome, OrderState, Paid, Presented, ProviderAnswer, ProviderRequest,
    RefundNo, RefundState,
};
use jiff::Timestamp;

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    RequestLost,
    AnswerLost,
    Away,
    Slow,
}

#[derive(Default)]
pub(crate) struct Provider {
    orders: BTreeMap<OrderNo, (Order, OrderState)>,
    refunds: BTreeMap<RefundNo, (Channel, RefundState)>,
}

impl Provider {
    /// The payer pays the order, if it can be paid. Tells what the provider notifies.
    pub fn pay(&mut self, order_no: OrderNo, now: Timestamp) -> Option<Command> {
        let (order, state) = self.orders.get_mut(&order_no)?;
        if *state != OrderState::Waiting || now >= order.expires_at {
            return None;
        }
        let paid = Paid {
            transaction_id: format!("T{order_no}"),
            amount: order.amount,
            paid_at: now,
        };
        *state = OrderState::Paid(paid.clone());
        Some(Command::RecordOrder {
            channel: order.channel,
            order_no,
            outcome: OrderOutcome::Paid(paid),
        })
    }

    /// What it has of our money: what was paid, less what it has paid back.
    pub fn book(&self, channel: Channel) -> Fen {
        let paid = self.orders.values().filter(|(order, _)| order.channel == channel);
        let paid: Fen = paid
            .map(|(_, state)| match state {
                OrderState::Paid(paid) => paid.amount,
                _ => Fen::ZERO,
            })
            .sum();
        let back: Fen = self
            .refunds
            .values()
            .filter(|(of, _)| *of == channel)
            .map(|(_, state)| match state {
                RefundState::Succeeded { amount, .. } => *amount,
                _ => Fen::ZERO,
            })
            .sum();
        paid - back
    }

    pub fn answer(&mut self, request: &ProviderRequest, fault: Fault, now: Timestamp) -> ProviderAnswer {
        let lost = ProviderAnswer::Unknown { why: "lost".to_owned() };
        match fault {
            Fault::RequestLost => lost,
            Fault::Away => ProviderAnswer::Unavailable,
            Fault::AnswerLost => {
                self.execute(request, false, now);
                lost
            }
            Fault::None => self.execute(request, false, now),
            Fault::Slow => self.execute(request, true, now),
        }
    }

    fn execute(&mut self, request: &ProviderRequest, slow: bool, now: Timestamp) -> ProviderAnswer {
        match request {
            ProviderRequest::Create(order) => {
                let known = self.orders.entry(order.order_no);
                let (asked, state) = known.or_insert_with(|| (order.clone(), OrderState::Waiting));
                assert_eq!(asked, order, "one number, one order");
                match state {
                    OrderState::Waiting => ProviderAnswer::Created(Presented::Code(order.order_no.to_string())),
                    _ => ProviderAnswer::Declined {
                        why: Decline::NumberUsed,
                        code: "OUT_TRADE_NO_USED".to_owned(),
                    },
                }
            }
            ProviderRequest::Query { order_no, .. } => ProviderAnswer::Order(self.state(*order_no)),
            ProviderRequest::Close { order_no, .. } => {
                if let Some((_, state)) = self.orders.get_mut(order_no)
                    && *state == OrderState::Waiting
                {
                    *state = OrderState::Closed;
                }
                ProviderAnswer::Order(self.state(*order_no))
            }
            ProviderRequest::Refund(refund) => {
                let paid =
                    matches!(self.state(refund.order_no), OrderState::Paid(paid) if paid.amount >= refund.amount);
                assert!(paid, "{refund:?} was never paid");
                let done = RefundState::Succeeded {
                    amount: refund.amount,
                    at: now,
                };
                let (_, state) = self
                    .refunds
                    .entry(refund.refund_no)
                    .or_insert((refund.channel, RefundState::Processing));
                if !slow && *state == RefundState::Processing {
                    *state = done;
                }
                ProviderAnswer::Refund(state.clone())
            }
            ProviderRequest::QueryRefund {
                refund_no, order_no, ..
            } => {
                let Some((_, state)) = self.refunds.get_mut(refund_no) else {
                    return ProviderAnswer::Refund(RefundState::NotFound);
                };
                if !slow && *state == RefundState::Processing {
                    let amount = self.orders.get(order_no).map_or(Fen::ZERO, |(order, _)| order.amount);
                    *state = RefundState::Succeeded { amount, at: now };
                }
                ProviderAnswer::Refund(state.clone())
            }
        }
    }

    fn state(&self, order_no: OrderNo) -> OrderState {
        self.orders
            .get(&order_no)
            .map_or(OrderState::NotFound, |(_, state)| state.clone())
    }
}
