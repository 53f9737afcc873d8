//! The commands of payments and refunds in the small world.

use baize_domain::command::Command;
use baize_domain::compensation;
use baize_domain::ids::{MemberId, PaymentIntentId, SessionId};
use baize_domain::payment::{self, PaymentPolicy, Wanted};
use baize_domain::refund;
use baize_domain::units::payments::{
    Asked, OrderInput, PaymentChanges, RefundInput, StartInput, WithdrawInput, record_order, record_refund,
    reject_refund, request_principal_refund, resolve_payment, resolve_refund, return_leftover, start_payment,
};
use baize_domain::units::{
    CompensateInput, CompensationAsked, CompensationChanges, approve_compensation, compensate_session,
};
use baize_domain::{Event, Refusal};
use jiff::Timestamp;
use uuid::Uuid;

use super::world::{World, get, one};

type Streams = Vec<(String, Event)>;

pub(crate) fn decide(world: &World, command: Command, now: Timestamp) -> Result<Streams, Refusal> {
    match command {
        Command::StartPayment {
            intent_id,
            member_id,
            wanted,
            channel,
            presentation,
        } => {
            let (session_id, split_id) = match wanted {
                Wanted::TopUp { .. } => (None, None),
                Wanted::Opening { session_id } | Wanted::Bill { session_id } => (Some(session_id), None),
                Wanted::Share { split_id } => (None, Some(split_id)),
            };
            let member = get(&world.members, member_id);
            let chain_id = member.profile.as_ref().map(|profile| profile.chain_id);
            let changes = start_payment(StartInput {
                intent_id,
                member_id,
                wanted,
                channel,
                presentation,
                payment: &get(&world.payments, intent_id),
                member: &member,
                chain: &get(&world.chains, chain_id.unwrap_or_default()),
                wallet: &get(&world.wallets, member_id),
                session: session_id.and_then(|session_id| world.sessions.get(&session_id)),
                split: split_id.and_then(|split_id| world.splits.get(&split_id)),
                now,
            })?;
            Ok(one(intent_id, changes.payment, Event::Payment))
        }
        Command::TryPayment {
            intent_id,
            channel,
            presentation,
        } => {
            let payment = get(&world.payments, intent_id);
            let events = payment::decide::try_again(&payment, channel, presentation, now)?;
            Ok(one(intent_id, events, Event::Payment))
        }
        Command::CancelPayment { intent_id } => {
            let events = payment::decide::cancel(&get(&world.payments, intent_id), now)?;
            Ok(one(intent_id, events, Event::Payment))
        }
        Command::ExpirePayment { intent_id } => {
            let events = payment::decide::expire(&get(&world.payments, intent_id), now)?;
            Ok(one(intent_id, events, Event::Payment))
        }
        Command::RecordOrder {
            channel,
            order_no,
            outcome,
        } => of_payment(world, order_no.intent_id, now, |input| {
            record_order(input, channel, order_no, outcome)
        }),
        Command::ResolvePayment {
            intent_id,
            resolution,
            by,
            reason,
        } => of_payment(world, intent_id, now, |input| {
            resolve_payment(input, resolution, by, reason)
        }),
        Command::RequestPrincipalRefund {
            request_id,
            member_id,
            amount,
            by,
            reason,
        } => withdrawal(world, member_id, Some(request_id), now, |input| {
            request_principal_refund(input, Asked { amount, by, reason })
        }),
        Command::ReturnLeftover { member_id } => withdrawal(world, member_id, None, now, return_leftover),
        Command::ApproveRefund { refund_id, by } => {
            let events = refund::decide::approve(&get(&world.refunds, refund_id), by, now)?;
            Ok(one(refund_id, events, Event::Refund))
        }
        Command::RejectRefund { refund_id, by, reason } => of_refund(world, refund_id, now, |input| {
            let payer = input.refund.request.as_ref().map(|request| request.member_id);
            let holder = stands_for(world, payer.unwrap_or_default());
            let wallet = get(&world.wallets, holder);
            reject_refund(input.refund, input.payment, (holder, &wallet), by, reason, now)
        }),
        Command::RecordRefund {
            channel,
            refund_no,
            outcome,
        } => of_refund(world, refund_no.0, now, |input| record_refund(input, channel, outcome)),
        Command::ResolveRefund {
            refund_id,
            resolution,
            by,
            reason,
        } => of_refund(world, refund_id, now, |input| {
            resolve_refund(input, resolution, by, reason)
        }),
        Command::CompensateSession {
            compensation_id,
            session_id,
            amount,
            by,
            reason,
        } => {
            let asked = CompensationAsked {
                compensation_id,
                amount,
                by,
                reason,
            };
            of_compensation(world, session_id, now, |input| {
                compensate_session(input, &PaymentPolicy::default(), asked)
            })
        }
        Command::ApproveCompensation {
            session_id,
            compensation_id,
            by,
        } => of_compensation(world, session_id, now, |input| {
            approve_compensation(input, compensation_id, by)
        }),
        Command::RejectCompensation {
            session_id,
            compensation_id,
            by,
            reason,
        } => {
            let state = get(&world.compensations, session_id);
            let events = compensation::decide::reject(&state, compensation_id, by, reason, now)?;
            Ok(one(session_id, events, Event::Compensation))
        }
        other => panic!("{other:?} is not about payments"),
    }
}

fn of_payment(
    world: &World,
    intent_id: PaymentIntentId,
    now: Timestamp,
    decide: impl FnOnce(OrderInput<'_>) -> Result<PaymentChanges, Refusal>,
) -> Result<Streams, Refusal> {
    let payment = get(&world.payments, intent_id);
    let intent = payment.intent.as_deref();
    let payer = intent.map(|intent| intent.payer).unwrap_or_default();
    let session_id: Option<SessionId> = intent.and_then(|intent| intent.purpose.session_id());
    let split_id = intent.and_then(|intent| intent.purpose.split_id());
    let changes = decide(OrderInput {
        payment: &payment,
        member: &get(&world.members, payer),
        wallet: &get(&world.wallets, payer),
        session: session_id.and_then(|session_id| world.sessions.get(&session_id)),
        split: split_id.and_then(|split_id| world.splits.get(&split_id)),
        now,
    })?;
    let mut events = one(intent_id, changes.payment.clone(), Event::Payment);
    events.extend(one(payer, changes.wallet.clone(), Event::Wallet));
    events.extend(one(
        split_id.unwrap_or_default(),
        changes.split.clone(),
        Event::BillSplit,
    ));
    events.extend(beside(changes));
    Ok(events)
}

fn of_refund(
    world: &World,
    refund_id: baize_domain::ids::RefundId,
    now: Timestamp,
    decide: impl FnOnce(RefundInput<'_>) -> Result<PaymentChanges, Refusal>,
) -> Result<Streams, Refusal> {
    let refund = get(&world.refunds, refund_id);
    let order_no = refund.request.as_ref().map(|request| request.order.order_no);
    let intent_id = order_no.map(|order_no| order_no.intent_id).unwrap_or_default();
    let changes = decide(RefundInput {
        refund: &refund,
        payment: &get(&world.payments, intent_id),
        now,
    })?;
    let mut events = one(intent_id, changes.payment.clone(), Event::Payment);
    events.extend(one(refund_id, changes.refund.clone(), Event::Refund));
    let whose = refund.request.as_ref().map(|request| request.member_id);
    let holder = stands_for(world, whose.unwrap_or_default());
    events.extend(one(holder, changes.wallet.clone(), Event::Wallet));
    events.extend(beside(changes));
    Ok(events)
}

/// Who somebody is by now.
pub(crate) fn stands_for(world: &World, member_id: MemberId) -> MemberId {
    let member = world.members.get(&member_id);
    let into = member.and_then(|member| member.profile.as_ref()?.merged_into);
    into.map_or(member_id, |target_id| stands_for(world, target_id))
}

fn withdrawal(
    world: &World,
    member_id: MemberId,
    request_id: Option<Uuid>,
    now: Timestamp,
    decide: impl FnOnce(WithdrawInput<'_>) -> Result<PaymentChanges, Refusal>,
) -> Result<Streams, Refusal> {
    let member = get(&world.members, member_id);
    let chain_id = member.profile.as_ref().map(|profile| profile.chain_id);
    let chain = get(&world.chains, chain_id.unwrap_or_default());
    let policy = chain.profile.as_ref().map(|chain| chain.payment_policy.clone());
    let policy = policy.unwrap_or_default();
    let changes = decide(WithdrawInput {
        request_id,
        member: &member,
        wallet: &get(&world.wallets, member_id),
        payments: &world.payments,
        policy: &policy,
        now,
    })?;
    let payments = changes.payments.clone().into_iter();
    let mut events: Streams = payments
        .flat_map(|(id, events)| one(id, events, Event::Payment))
        .collect();
    events.extend(one(member_id, changes.wallet.clone(), Event::Wallet));
    events.extend(beside(changes));
    Ok(events)
}

fn of_compensation(
    world: &World,
    session_id: SessionId,
    now: Timestamp,
    decide: impl FnOnce(CompensateInput<'_>) -> Result<CompensationChanges, Refusal>,
) -> Result<Streams, Refusal> {
    let session = get(&world.sessions, session_id);
    let opening = session.opening.as_ref();
    let member_id = opening.map(|opening| opening.member_id).unwrap_or_default();
    let changes = decide(CompensateInput {
        session: &session,
        compensation: &get(&world.compensations, session_id),
        member: &get(&world.members, member_id),
        wallet: &get(&world.wallets, member_id),
        now,
    })?;
    let mut events = one(session_id, changes.compensation, Event::Compensation);
    events.extend(one(member_id, changes.wallet, Event::Wallet));
    let journal = changes.journal.into_iter();
    events.extend(journal.flat_map(|(id, events)| one(id, events, Event::Journal)));
    Ok(events)
}

fn beside(changes: PaymentChanges) -> Streams {
    let refunds = changes.new_refunds.into_iter();
    let mut events: Streams = refunds
        .flat_map(|(id, events)| one(id, events, Event::Refund))
        .collect();
    let journal = changes.journal.into_iter();
    events.extend(journal.flat_map(|(id, events)| one(id, events, Event::Journal)));
    events
}
