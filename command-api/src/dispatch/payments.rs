//! Payments through providers and their refunds.

use baize_domain::Refusal;
use baize_domain::chain::Chain;
use baize_domain::ids::{MemberId, PaymentIntentId, RefundId, SessionId, SplitId};
use baize_domain::member::Member;
use baize_domain::payment::{
    self, Channel, OrderNo, OrderOutcome, Payment, PaymentError, PaymentEvent, PaymentResolution, Presentation, Wanted,
};
use baize_domain::refund::{Refund, RefundOutcome, RefundResolution};
use baize_domain::session::TableSession;
use baize_domain::split::BillSplit;
use baize_domain::units::payments::{
    OrderInput, PaymentChanges, RefundInput, StartInput, record_order, record_refund as decide_refund, resolve_payment,
    resolve_refund as decide_resolution, start_payment,
};
use baize_domain::wallet::Wallet;
use uuid::Uuid;

use super::session::post;
use super::work::{Held, Work};
use super::{CommandError, Reply};

/// Begins to pay.
pub async fn start(
    work: &Work<'_>,
    intent_id: PaymentIntentId,
    member_id: MemberId,
    wanted: Wanted,
    channel: Channel,
    presentation: Presentation,
) -> Result<Reply, CommandError> {
    let (session_id, split_id) = match wanted {
        Wanted::TopUp { .. } => (None, None),
        Wanted::Opening { session_id } | Wanted::Bill { session_id } => (Some(session_id), None),
        Wanted::Share { split_id } => (None, Some(split_id)),
    };
    let (payment, member, wallet) = tokio::try_join!(
        work.expect_new::<Payment>(intent_id),
        work.read::<Member>(member_id),
        work.read::<Wallet>(member_id),
    )?;
    let session = session(work, session_id).await?;
    let split = split(work, split_id).await?;
    let chain_id = member.profile.as_ref().map(|profile| profile.chain_id);
    let chain = work.read::<Chain>(chain_id.unwrap_or_default()).await?;
    let changes = start_payment(StartInput {
        intent_id,
        member_id,
        wanted,
        channel,
        presentation,
        payment: &payment,
        member: &member,
        chain: &chain,
        wallet: &wallet,
        session: session.as_deref(),
        split: split.as_deref(),
        now: work.now,
    })?;
    let payment = work.write(&payment, changes.payment)?;
    started(work, &payment)
}

/// Tries again.
pub async fn try_again(
    work: &Work<'_>,
    intent_id: PaymentIntentId,
    channel: Channel,
    presentation: Presentation,
) -> Result<Reply, CommandError> {
    let payment = work.read::<Payment>(intent_id).await?;
    let events = payment::decide::try_again(&payment, channel, presentation, work.now).map_err(CommandError::refuse)?;
    let payment = work.write(&payment, events)?;
    started(work, &payment)
}

/// Tells a payment something that concerns nothing else.
pub async fn tell(
    work: &Work<'_>,
    intent_id: PaymentIntentId,
    decide: impl FnOnce(&Payment) -> Result<Vec<PaymentEvent>, PaymentError>,
) -> Result<Reply, CommandError> {
    let payment = work.read::<Payment>(intent_id).await?;
    let events = decide(&payment).map_err(CommandError::refuse)?;
    note(work, &payment);
    work.write(&payment, events)?;
    Ok(Reply::Done)
}

/// Records what became known of an order.
pub async fn record(
    work: &Work<'_>,
    channel: Channel,
    order_no: OrderNo,
    outcome: &OrderOutcome,
) -> Result<Reply, CommandError> {
    with_payer(work, order_no.intent_id, |input| {
        record_order(input, channel, order_no, outcome.clone())
    })
    .await
}

/// Settles a payment by hand.
pub async fn resolve(
    work: &Work<'_>,
    intent_id: PaymentIntentId,
    resolution: &PaymentResolution,
    by: Uuid,
    reason: &str,
) -> Result<Reply, CommandError> {
    with_payer(work, intent_id, |input| {
        resolve_payment(input, resolution.clone(), by, reason.to_owned())
    })
    .await
}

/// Records what became known of a refund.
pub async fn record_refund(
    work: &Work<'_>,
    channel: Channel,
    refund_id: RefundId,
    outcome: &RefundOutcome,
) -> Result<Reply, CommandError> {
    with_refund(work, refund_id, |input| decide_refund(input, channel, outcome.clone())).await
}

/// Settles a refund that did not arrive.
pub async fn resolve_refund(
    work: &Work<'_>,
    refund_id: RefundId,
    resolution: RefundResolution,
    by: Uuid,
    reason: &str,
) -> Result<Reply, CommandError> {
    with_refund(work, refund_id, |input| {
        decide_resolution(input, resolution, by, reason.to_owned())
    })
    .await
}

async fn with_payer(
    work: &Work<'_>,
    intent_id: PaymentIntentId,
    decide: impl FnOnce(OrderInput<'_>) -> Result<PaymentChanges, Refusal>,
) -> Result<Reply, CommandError> {
    let payment = work.read::<Payment>(intent_id).await?;
    let Some(intent) = payment.intent.clone() else {
        return Err(CommandError::refuse(PaymentError::NotFound));
    };
    note(work, &payment);
    let (member, wallet) = tokio::try_join!(work.read::<Member>(intent.payer), work.read::<Wallet>(intent.payer))?;
    let session = session(work, intent.purpose.session_id()).await?;
    let split = split(work, intent.purpose.split_id()).await?;
    let changes = decide(OrderInput {
        payment: &payment,
        member: &member,
        wallet: &wallet,
        session: session.as_deref(),
        split: split.as_deref(),
        now: work.now,
    })?;
    work.write(&wallet, changes.wallet)?;
    if let Some(split) = &split {
        work.write(split, changes.split)?;
    }
    post(work, &changes.journal)?;
    for (refund_id, events) in &changes.new_refunds {
        work.write_new::<Refund>(refund_id, events)?;
    }
    work.write(&payment, changes.payment)?;
    Ok(Reply::Done)
}

async fn with_refund(
    work: &Work<'_>,
    refund_id: RefundId,
    decide: impl FnOnce(RefundInput<'_>) -> Result<PaymentChanges, Refusal>,
) -> Result<Reply, CommandError> {
    let refund = work.read::<Refund>(refund_id).await?;
    let order_no = refund.request.as_ref().map(|request| request.order.order_no);
    let intent_id = order_no.map(|order_no| order_no.intent_id);
    let payment = work.read::<Payment>(intent_id.unwrap_or_default()).await?;
    note(work, &payment);
    let changes = decide(RefundInput {
        refund: &refund,
        payment: &payment,
        now: work.now,
    })?;
    post(work, &changes.journal)?;
    for (refund_id, events) in &changes.new_refunds {
        work.write_new::<Refund>(refund_id, events)?;
    }
    work.write(&payment, changes.payment)?;
    work.write(&refund, changes.refund)?;
    Ok(Reply::Done)
}

async fn session(work: &Work<'_>, session_id: Option<SessionId>) -> Result<Option<Held<TableSession>>, CommandError> {
    match session_id {
        Some(session_id) => work.read::<TableSession>(session_id).await.map(Some),
        None => Ok(None),
    }
}

async fn split(work: &Work<'_>, split_id: Option<SplitId>) -> Result<Option<Held<BillSplit>>, CommandError> {
    match split_id {
        Some(split_id) => work.read::<BillSplit>(split_id).await.map(Some),
        None => Ok(None),
    }
}

/// Notes the hall and the session that the events belong to.
fn note(work: &Work<'_>, payment: &Payment) {
    let Some(intent) = &payment.intent else { return };
    if let Some(hall_id) = intent.hall_id {
        work.in_hall(hall_id);
    }
    if let Some(session_id) = intent.purpose.session_id() {
        work.of_session(session_id);
    }
}

fn started(work: &Work<'_>, payment: &Payment) -> Result<Reply, CommandError> {
    note(work, payment);
    let intent = payment.intent.as_ref().ok_or(PaymentError::NotFound);
    let intent = intent.map_err(CommandError::refuse)?;
    Ok(Reply::PaymentStarted {
        intent_id: intent.intent_id,
        attempt: u8::try_from(payment.attempts.len()).unwrap_or(u8::MAX),
        amount: intent.amount,
        bonus: intent.purpose.bonus(),
        expires_at: intent.expires_at,
    })
}
