//! Refunds that somebody asks for, and what a guest has left.

use std::collections::BTreeMap;

use baize_domain::chain::{Chain, ChainError};
use baize_domain::ids::{MemberId, PaymentIntentId, RefundId};
use baize_domain::member::Member;
use baize_domain::payment::Payment;
use baize_domain::refund::{self, Refund, RefundEvent};
use baize_domain::units::payments::{
    Asked, PaymentChanges, WithdrawInput, reject_refund, request_principal_refund, return_leftover as decide_leftover,
};
use baize_domain::wallet::{LotShare, Wallet, withdraw};
use baize_domain::{Fen, Refusal};
use uuid::Uuid;

use super::people::stands_for;
use super::reply::RequestedRefund;
use super::session::post;
use super::work::{Held, Work};
use super::{CommandError, Reply};

/// Gives a member principal back.
pub async fn request_principal(
    work: &Work<'_>,
    request_id: Uuid,
    member_id: MemberId,
    asked: Asked,
) -> Result<Reply, CommandError> {
    let (member, wallet) = tokio::try_join!(work.read::<Member>(member_id), work.read::<Wallet>(member_id))?;
    // Whether the amount is one that can be asked for is decided with everything else.
    let shares = withdraw::shares(&wallet, asked.amount.max(Fen(1))).unwrap_or_default();
    let asked_for = give_back(work, Some(request_id), &member, &wallet, &shares, |input| {
        request_principal_refund(input, asked)
    })
    .await?;
    Ok(Reply::RefundsRequested {
        needs_approval: asked_for.iter().any(|(_, needs_approval)| *needs_approval),
        refunds: asked_for.into_iter().map(|(refund, _)| refund).collect(),
    })
}

/// Gives a guest back what is left.
pub async fn return_leftover(work: &Work<'_>, member_id: MemberId) -> Result<Reply, CommandError> {
    let (member, wallet) = tokio::try_join!(work.read::<Member>(member_id), work.read::<Wallet>(member_id))?;
    let shares = withdraw::leftover(&wallet);
    give_back(work, None, &member, &wallet, &shares, decide_leftover).await?;
    Ok(Reply::Done)
}

/// Lets a refund go out.
pub async fn approve(work: &Work<'_>, refund_id: RefundId, by: Uuid) -> Result<Reply, CommandError> {
    let refund = work.read::<Refund>(refund_id).await?;
    let events = refund::decide::approve(&refund, by, work.now).map_err(CommandError::refuse)?;
    work.write(&refund, events)?;
    Ok(Reply::Done)
}

/// Does not let a refund go out.
pub async fn reject(work: &Work<'_>, refund_id: RefundId, by: Uuid, reason: &str) -> Result<Reply, CommandError> {
    let refund = work.read::<Refund>(refund_id).await?;
    let request = refund::decide::requested(&refund)
        .map_err(CommandError::refuse)?
        .clone();
    let holder = stands_for(work, request.member_id).await?;
    let (payment, wallet) = tokio::try_join!(
        work.read::<Payment>(request.order.order_no.intent_id),
        work.read::<Wallet>(holder),
    )?;
    let changes = reject_refund(&refund, &payment, (holder, &wallet), by, reason.to_owned(), work.now)?;
    work.write(&wallet, changes.wallet)?;
    post(work, &changes.journal)?;
    work.write(&payment, changes.payment)?;
    work.write(&refund, changes.refund)?;
    Ok(Reply::Done)
}

/// Gives the shares back; tells which refunds that makes, and whether each waits for somebody's word.
async fn give_back(
    work: &Work<'_>,
    request_id: Option<Uuid>,
    member: &Held<Member>,
    wallet: &Held<Wallet>,
    shares: &[LotShare],
    decide: impl FnOnce(WithdrawInput<'_>) -> Result<PaymentChanges, Refusal>,
) -> Result<Vec<(RequestedRefund, bool)>, CommandError> {
    let chain_id = member.profile.as_ref().map(|profile| profile.chain_id);
    let chain = work.read::<Chain>(chain_id.unwrap_or_default()).await?;
    let chain = chain
        .profile
        .clone()
        .ok_or_else(|| CommandError::refuse(ChainError::NotFound))?;
    let mut held: BTreeMap<PaymentIntentId, Held<Payment>> = BTreeMap::new();
    for (_, order_no) in shares.iter().filter_map(|share| share.origin.order()) {
        let intent_id = order_no.intent_id;
        held.insert(intent_id, work.read::<Payment>(intent_id).await?);
    }
    let payments = held
        .iter()
        .map(|(intent_id, payment)| (*intent_id, Payment::clone(payment)));
    let changes = decide(WithdrawInput {
        request_id,
        member,
        wallet,
        payments: &payments.collect(),
        policy: &chain.payment_policy,
        now: work.now,
    })?;
    work.write(wallet, changes.wallet)?;
    post(work, &changes.journal)?;
    for (refund_id, events) in &changes.new_refunds {
        work.write_new::<Refund>(refund_id, events)?;
    }
    for (intent_id, events) in changes.payments {
        if let Some(payment) = held.get(&intent_id) {
            work.write(payment, events)?;
        }
    }
    let requested = changes.new_refunds.iter().flat_map(|(_, events)| events);
    Ok(requested.filter_map(requested_refund).collect())
}

fn requested_refund(event: &RefundEvent) -> Option<(RequestedRefund, bool)> {
    let RefundEvent::RefundRequested {
        request,
        needs_approval,
        ..
    } = event
    else {
        return None;
    };
    let refund = RequestedRefund {
        refund_id: request.refund_id,
        intent_id: request.order.order_no.intent_id,
        amount: request.order.amount,
    };
    Some((refund, *needs_approval))
}
