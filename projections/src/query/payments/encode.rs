//! Rows as messages.

use baize_domain::payment::{Attempt, AttemptFailure, AttemptState, Channel, Presentation, Purpose, Use};
use baize_domain::refund::Stage;
use baize_proto::hall::payment::v1 as named;
use baize_proto::hall::view::v1::manual_review::{Action, Why};
use baize_proto::hall::view::v1::{
    Compensation, ManualReview, PaymentAttempt, PaymentPurpose, PaymentRefund, ProviderPayment, compensation,
    payment_attempt, payment_refund,
};
use uuid::Uuid;

use crate::query::encode::{stored, timestamp};
use crate::views::payments::{
    CompensationRow, CompensationStatus, PaymentRow, PaymentStatus, ProviderName, RefundNote, ReviewReason, ReviewRow,
};

pub(super) fn payment(row: &PaymentRow) -> ProviderPayment {
    let intent = row.payment.intent.as_deref();
    let purpose = intent.map(|intent| intent.purpose);
    let mut refunds: Vec<_> = row.refunds.iter().collect();
    refunds.sort_by_key(|(refund_id, note)| (note.requested, **refund_id));
    let arrived = refunds.iter().filter(|(_, note)| note.refund.stage == Stage::Succeeded);
    ProviderPayment {
        intent_id: row.intent_id.to_string(),
        chain_id: row.chain_id.to_string(),
        hall_id: row.hall_id.map(|hall_id| hall_id.to_string()).unwrap_or_default(),
        member_id: row.member_id.to_string(),
        purpose: match purpose {
            None => PaymentPurpose::Unspecified,
            Some(Purpose::TopUp { .. }) => PaymentPurpose::TopUp,
            Some(Purpose::Opening { .. }) => PaymentPurpose::Opening,
            Some(Purpose::Bill { .. }) => PaymentPurpose::Bill,
            Some(Purpose::Share { .. }) => PaymentPurpose::Share,
        }
        .into(),
        session_id: purpose
            .and_then(Purpose::session_id)
            .map(|session_id| session_id.to_string())
            .unwrap_or_default(),
        state: told_status(row.status).into(),
        amount_fen: intent.map_or(0, |intent| intent.amount.0),
        bonus_fen: purpose.map_or(0, |purpose| purpose.bonus().0),
        paid_fen: row.payment.captured().0,
        refunded_fen: arrived.map(|(_, note)| amount(note)).sum(),
        started_at: Some(timestamp(row.started_at.timestamp())),
        expires_at: intent.map(|intent| timestamp(intent.expires_at)),
        changed_at: Some(timestamp(row.changed_at.timestamp())),
        attempts: row
            .payment
            .numbered()
            .map(|(number, told)| attempt(number, told))
            .collect(),
        refunds: refunds
            .into_iter()
            .map(|(refund_id, note)| refund(*refund_id, note))
            .collect(),
    }
}

fn attempt(number: u8, attempt: &Attempt) -> PaymentAttempt {
    use payment_attempt::State;

    let state = match &attempt.state {
        AttemptState::Asked => State::Asked,
        AttemptState::Presented(_) => State::Presented,
        AttemptState::Unknown => State::Unknown,
        AttemptState::Unclear => State::Unclear,
        AttemptState::Paid { .. } => State::Paid,
        AttemptState::Closed => State::Closed,
        AttemptState::Failed(AttemptFailure::Declined { .. }) => State::Declined,
        AttemptState::Failed(AttemptFailure::ChannelUnavailable) => State::ChannelUnavailable,
    };
    let mut told = PaymentAttempt {
        attempt: number.into(),
        channel: match attempt.order.channel {
            Channel::WechatPay => named::Channel::WechatPay,
            Channel::Alipay => named::Channel::Alipay,
        }
        .into(),
        presentation: match attempt.order.presentation {
            Presentation::InApp => named::Presentation::InApp,
            Presentation::QrCode => named::Presentation::QrCode,
        }
        .into(),
        order_no: attempt.order.order_no.to_string(),
        state: state.into(),
        ..PaymentAttempt::default()
    };
    match &attempt.state {
        AttemptState::Failed(AttemptFailure::Declined { code, .. }) => told.code.clone_from(code),
        AttemptState::Paid { paid, used } => {
            told.transaction_id.clone_from(&paid.transaction_id);
            told.paid_fen = paid.amount.0;
            told.paid_at = Some(timestamp(paid.paid_at));
            told.set_use(match used {
                Use::Served => payment_attempt::Use::Served,
                Use::Returned => payment_attempt::Use::Returned,
                Use::Suspended => payment_attempt::Use::Suspended,
            });
        }
        _ => {}
    }
    told
}

fn refund(refund_id: Uuid, note: &RefundNote) -> PaymentRefund {
    use payment_refund::State;

    let order = note.refund.request.as_deref().map(|request| &request.order);
    let state = match &note.refund.stage {
        Stage::Unrequested => State::Unspecified,
        Stage::Requested => State::Waiting,
        Stage::Approved => State::Approved,
        Stage::Sent => State::Sent,
        Stage::Succeeded => State::Succeeded,
        Stage::Rejected => State::Rejected,
        Stage::Failed(_) => State::Failed,
        Stage::Replaced => State::Replaced,
        Stage::SettledByHand => State::SettledByHand,
    };
    PaymentRefund {
        refund_id: refund_id.to_string(),
        attempt: order.map_or(0, |order| order.order_no.attempt().into()),
        amount_fen: amount(note),
        reason: order.map(|order| order.reason.clone()).unwrap_or_default(),
        state: state.into(),
        requested_at: Some(timestamp(note.requested_at)),
        changed_at: Some(timestamp(note.changed_at)),
    }
}

fn amount(note: &RefundNote) -> i64 {
    note.refund
        .request
        .as_deref()
        .map_or(0, |request| request.order.amount.0)
}

pub(super) fn compensation(row: CompensationRow) -> Compensation {
    let state = match row.status {
        CompensationStatus::Waiting => compensation::State::Waiting,
        CompensationStatus::Given => compensation::State::Given,
        CompensationStatus::Rejected => compensation::State::Rejected,
    };
    Compensation {
        compensation_id: row.compensation_id.to_string(),
        session_id: row.session_id.to_string(),
        hall_id: row.hall_id.to_string(),
        member_id: row.member_id.to_string(),
        amount_fen: row.amount_fen,
        reason: row.reason,
        state: state.into(),
        asked_by: row.asked_by.to_string(),
        asked_at: Some(timestamp(row.asked_at.timestamp())),
        decided_by: row.decided_by.map(|by| by.to_string()).unwrap_or_default(),
        decision: row.decision.unwrap_or_default(),
        decided_at: stored(row.decided_at),
    }
}

pub(super) fn review(row: &ReviewRow, of: &PaymentRow) -> ManualReview {
    let (why, actions) = why(row.why);
    let note = row.refund_id.and_then(|refund_id| of.refunds.get(&refund_id));
    let request = note.and_then(|note| note.refund.request.as_deref());
    ManualReview {
        why: why.into(),
        actions: actions.iter().map(|action| (*action).into()).collect(),
        refund_id: row.refund_id.map(|refund_id| refund_id.to_string()).unwrap_or_default(),
        requested_by: request
            .and_then(|request| request.requested_by)
            .map(|by| by.to_string())
            .unwrap_or_default(),
        since: Some(timestamp(row.since_at.timestamp())),
        payment: Some(payment(of)),
    }
}

/// What is said, and what the rules then let somebody do.
const fn why(why: ReviewReason) -> (Why, &'static [Action]) {
    let failed: &[Action] = &[Action::RetryRefund, Action::SettleRefundByHand];
    let closed: &[Action] = &[Action::RetryRefund, Action::ReplaceRefund, Action::SettleRefundByHand];
    match why {
        ReviewReason::OtherAmountPaid => (Why::OtherAmountPaid, &[Action::TakeIn, Action::GiveBack]),
        ReviewReason::PaymentUnclear => (Why::PaymentUnclear, &[Action::TakeIn, Action::NotPaid]),
        ReviewReason::RefundNeedsApproval => (Why::RefundNeedsApproval, &[Action::ApproveRefund, Action::RejectRefund]),
        ReviewReason::RefundAbnormal => (Why::RefundAbnormal, failed),
        ReviewReason::RefundClosed => (Why::RefundClosed, closed),
        ReviewReason::RefundDeclined => (Why::RefundDeclined, closed),
        ReviewReason::RefundUnanswered => (Why::RefundUnanswered, failed),
        ReviewReason::RefundOtherAmount => (Why::RefundOtherAmount, failed),
    }
}

const fn told_status(status: PaymentStatus) -> named::PaymentState {
    match status {
        PaymentStatus::Processing => named::PaymentState::Processing,
        PaymentStatus::Succeeded => named::PaymentState::Succeeded,
        PaymentStatus::Failed => named::PaymentState::Failed,
        PaymentStatus::Expired => named::PaymentState::Expired,
        PaymentStatus::Cancelled => named::PaymentState::Cancelled,
        PaymentStatus::Conflicted => named::PaymentState::Conflicted,
        PaymentStatus::ManualReview => named::PaymentState::ManualReview,
        PaymentStatus::Resolved => named::PaymentState::Resolved,
    }
}

pub(super) const fn asked_status(state: named::PaymentState) -> Option<PaymentStatus> {
    Some(match state {
        named::PaymentState::Unspecified => return None,
        named::PaymentState::Processing => PaymentStatus::Processing,
        named::PaymentState::Succeeded => PaymentStatus::Succeeded,
        named::PaymentState::Failed => PaymentStatus::Failed,
        named::PaymentState::Expired => PaymentStatus::Expired,
        named::PaymentState::Cancelled => PaymentStatus::Cancelled,
        named::PaymentState::Conflicted => PaymentStatus::Conflicted,
        named::PaymentState::ManualReview => PaymentStatus::ManualReview,
        named::PaymentState::Resolved => PaymentStatus::Resolved,
    })
}

pub(super) const fn asked_channel(channel: named::Channel) -> Option<ProviderName> {
    match channel {
        named::Channel::Unspecified => None,
        named::Channel::WechatPay => Some(ProviderName::WechatPay),
        named::Channel::Alipay => Some(ProviderName::Alipay),
    }
}
