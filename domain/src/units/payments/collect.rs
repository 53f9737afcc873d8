//! What became known of an order is recorded, and money that it brought in is put to its use, all in one unit.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{RefundId, order_refund, order_top_up};
use crate::member::Member;
use crate::payment::{
    self, Channel, Intent, Order, OrderNo, OrderOutcome, Paid, Payment, PaymentError, PaymentEvent, PaymentResolution,
    Purpose, RefundNo, RefundOrder, Use,
};
use crate::refund::{self, Refund, RefundBasis, RefundEvent, RefundRequest};
use crate::refusal::Refusal;
use crate::session::{self, TableSession};
use crate::split::{self, BillSplit};
use crate::units::credit_top_up::debt_postings;
use crate::units::postings::Context;
use crate::units::splits::charge;
use crate::wallet::{self, Split, TopUpChannel, Wallet};

use super::PaymentChanges;

/// What it is decided from. Member and wallet are the payer's, session and split those of the purpose, if it has one.
#[derive(Clone, Copy, Debug)]
pub struct OrderInput<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// Who pays.
    pub member: &'a Member,
    /// The payer's wallet.
    pub wallet: &'a Wallet,
    /// The session that is paid for.
    pub session: Option<&'a TableSession>,
    /// The split of which a share is paid.
    pub split: Option<&'a BillSplit>,
    /// When.
    pub now: Timestamp,
}

/// Records what became known of an order; what was known changes nothing.
///
/// # Errors
/// `PAYMENT_NOT_FOUND`, `ORDER_NOT_FOUND`.
pub fn record_order(
    input: OrderInput<'_>,
    channel: Channel,
    order_no: OrderNo,
    outcome: OrderOutcome,
) -> Result<PaymentChanges, Refusal> {
    let events = payment::decide::record(input.payment, channel, order_no, outcome, servable(&input), input.now)?;
    put_to_use(&input, events)
}

/// Settles a payment by hand.
///
/// # Errors
/// `PAYMENT_NOT_FOUND`, `CANNOT_RESOLVE`, `INVALID_ARGUMENT`, `MEMBER_MERGED`, `MEMBER_ERASED`, `TOO_MANY_TOP_UPS`.
pub fn resolve_payment(
    input: OrderInput<'_>,
    resolution: PaymentResolution,
    by: Uuid,
    reason: String,
) -> Result<PaymentChanges, Refusal> {
    let events = payment::decide::resolve(input.payment, resolution, by, reason, servable(&input), input.now)?;
    put_to_use(&input, events)
}

/// Whether what is paid for can still be had through the payer's wallet.
fn servable(input: &OrderInput<'_>) -> bool {
    let Some(intent) = &input.payment.intent else {
        return false;
    };
    let has = match intent.purpose {
        Purpose::TopUp { .. } => input.member.members_only().is_ok(),
        Purpose::Opening { .. } => {
            let waits = |session| matches!(session::decide::payable(session, input.now), Ok(Some(_)));
            input.session.is_some_and(waits)
        }
        Purpose::Bill { session_id } => input.wallet.debts.iter().any(|debt| debt.session_id == session_id),
        Purpose::Share { .. } => share_due(input, intent),
    };
    has && input.member.active().is_ok() && wallet::decide::has_room(input.wallet)
}

/// Whether the payer's own share still waits to be paid. What somebody settles by hand is credited also when it does not.
fn share_due(input: &OrderInput<'_>, intent: &Intent) -> bool {
    let Purpose::Share { round, ordinal, .. } = intent.purpose else {
        return false;
    };
    let due = input.split.and_then(|split| split::decide::due(split, round, ordinal));
    due.is_some_and(|(_, member_id)| member_id == intent.payer)
}

/// Adds to the payment's events what they mean for wallet, refunds and journal.
fn put_to_use(input: &OrderInput<'_>, events: Vec<PaymentEvent>) -> Result<PaymentChanges, Refusal> {
    let mut changes = PaymentChanges::default();
    let Some(intent) = input.payment.intent.as_deref().filter(|_| !events.is_empty()) else {
        return Ok(changes);
    };
    let context = Context {
        hall_id: intent.hall_id,
        member_id: intent.payer,
        at: input.now,
    };
    for event in &events {
        match event {
            PaymentEvent::AttemptPaid {
                attempt, paid, used, ..
            } => {
                let order = order(input.payment, *attempt)?;
                let bonus = intent.purpose.bonus();
                changes.journal.extend(context.order(order, paid.amount, *used, bonus)?);
                let amount = Split {
                    principal: paid.amount,
                    bonus,
                };
                use_money(input, intent, order, paid, *used, amount, &mut changes)?;
            }
            PaymentEvent::PaymentResolved { resolution, .. } => {
                let Some((number, paid)) = payment::decide::suspended(input.payment) else {
                    continue;
                };
                let used = match resolution {
                    PaymentResolution::Refund => Use::Returned,
                    PaymentResolution::Paid { .. } | PaymentResolution::NotPaid => Use::Served,
                };
                let order = order(input.payment, number)?;
                changes
                    .journal
                    .extend(context.order_resolved(order, paid.amount, used)?);
                let amount = Split {
                    principal: paid.amount,
                    ..Split::default()
                };
                use_money(input, intent, order, paid, used, amount, &mut changes)?;
            }
            _ => {}
        }
    }
    changes.payment.splice(0..0, events);
    Ok(changes)
}

fn order(payment: &Payment, number: u8) -> Result<&Order, Refusal> {
    Ok(payment
        .attempt(number)
        .map(|attempt| &attempt.order)
        .ok_or(PaymentError::NotFound)?)
}

/// To the wallet, or back; what is suspended stays where it is.
fn use_money(
    input: &OrderInput<'_>,
    intent: &Intent,
    order: &Order,
    paid: &Paid,
    used: Use,
    amount: Split,
    changes: &mut PaymentChanges,
) -> Result<(), Refusal> {
    match used {
        Use::Served => credit(input, intent, order, amount, changes),
        Use::Returned => give_back(input, intent, order, paid, changes),
        Use::Suspended => Ok(()),
    }
}

fn credit(
    input: &OrderInput<'_>,
    intent: &Intent,
    order: &Order,
    amount: Split,
    changes: &mut PaymentChanges,
) -> Result<(), Refusal> {
    input.member.active()?;
    let top_up_id = order_top_up(order.order_no);
    let channel = TopUpChannel::Provider {
        channel: order.channel,
        order_no: order.order_no,
    };
    let events = wallet::decide::credit_top_up(input.wallet, intent.payer, top_up_id, channel, amount, input.now)?;
    let context = Context {
        hall_id: None,
        member_id: intent.payer,
        at: input.now,
    };
    changes
        .journal
        .extend(debt_postings(input.wallet, &events, top_up_id, context)?);
    changes.wallet = events;
    if let (Purpose::Share { ordinal, .. }, Some(split), true) = (intent.purpose, input.split, share_due(input, intent))
    {
        let mut wallet = input.wallet.clone();
        changes.wallet.iter().for_each(|event| wallet.evolve(event));
        let charged = charge(split, &wallet, ordinal, input.now)?;
        changes.wallet.extend(charged.wallet);
        changes.journal.extend(charged.journal);
        changes.split = charged.split;
    }
    Ok(())
}

/// A rule asks for this refund, so nobody has to approve it.
fn give_back(
    input: &OrderInput<'_>,
    intent: &Intent,
    order: &Order,
    paid: &Paid,
    changes: &mut PaymentChanges,
) -> Result<(), Refusal> {
    let refund_id = order_refund(order.order_no);
    let request = RefundRequest {
        refund_id,
        chain_id: intent.chain_id,
        member_id: intent.payer,
        order: RefundOrder {
            channel: order.channel,
            order_no: order.order_no,
            refund_no: RefundNo(refund_id),
            amount: paid.amount,
            paid: paid.amount,
            reason: "订单已失效，原路退回".to_owned(),
        },
        basis: RefundBasis::Unserved,
        requested_by: None,
    };
    changes.payment.push(PaymentEvent::RefundReserved {
        refund_id,
        attempt: order.order_no.attempt(),
        amount: paid.amount,
        at: input.now,
    });
    changes.new_refunds.push(requested(refund_id, request, input.now)?);
    Ok(())
}

fn requested(
    refund_id: RefundId,
    request: RefundRequest,
    at: Timestamp,
) -> Result<(RefundId, Vec<RefundEvent>), Refusal> {
    let events = refund::decide::request_refund(&Refund::default(), request, false, at)?;
    Ok((refund_id, events))
}
