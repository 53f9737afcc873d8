//! Given a refund, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{ChainId, MemberId, PaymentIntentId, RefundId};
use crate::money::Fen;
use crate::payment::{Channel, OrderNo, RefundNo, RefundOrder};

use super::{
    Refund, RefundBasis, RefundCommand, RefundError, RefundEvent, RefundFailure, RefundOutcome, RefundRequest,
};

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const ASKS: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn requested(needs_approval: bool) -> RefundEvent {
    let request = RefundRequest {
        refund_id: RefundId::default(),
        chain_id: ChainId::default(),
        member_id: MemberId::default(),
        order: RefundOrder {
            channel: Channel::Alipay,
            order_no: OrderNo::new(PaymentIntentId::default(), 1).expect("a number"),
            refund_no: RefundNo(RefundId::default()),
            amount: Fen(500),
            paid: Fen(900),
            reason: "退款".to_owned(),
        },
        basis: RefundBasis::Unserved,
        requested_by: Some(ASKS),
    };
    RefundEvent::RefundRequested {
        request: Box::new(request),
        needs_approval,
        at: AT,
    }
}

fn record(outcome: RefundOutcome) -> RefundCommand {
    RefundCommand::Record {
        channel: Channel::Alipay,
        outcome,
        at: AT,
    }
}

fn succeeded(amount: i64) -> RefundCommand {
    record(RefundOutcome::Succeeded {
        amount: Fen(amount),
        at: AT,
    })
}

fn given(events: Vec<RefundEvent>) -> AggregateTestExecutor<Refund> {
    TestFramework::<Refund>::with(()).given(events)
}

#[test]
fn who_asked_for_a_refund_cannot_decide_on_it() {
    let approve = |by| RefundCommand::Approve { by, at: AT };
    let reject = |by| RefundCommand::Reject {
        by,
        reason: "资料不符".to_owned(),
        at: AT,
    };
    given(vec![requested(true)])
        .when(approve(ASKS))
        .then_expect_error(RefundError::SamePerson);
    given(vec![requested(true)])
        .when(reject(ASKS))
        .then_expect_error(RefundError::SamePerson);
    given(vec![requested(true)])
        .when(approve(OTHER))
        .then_expect_events(vec![RefundEvent::RefundApproved { by: OTHER, at: AT }]);
    given(vec![requested(false)])
        .when(approve(OTHER))
        .then_expect_events(vec![]);
    given(vec![requested(false)])
        .when(reject(OTHER))
        .then_expect_error(RefundError::NotWaiting);
}

#[test]
fn a_refund_that_waits_for_approval_is_not_moved_by_what_a_provider_tells() {
    given(vec![requested(true)])
        .when(succeeded(500))
        .then_expect_events(vec![]);
    given(vec![requested(true)])
        .when(record(RefundOutcome::Sent))
        .then_expect_events(vec![]);
}

#[test]
fn another_amount_than_asked_has_not_arrived() {
    given(vec![requested(false)])
        .when(succeeded(499))
        .then_expect_events(vec![RefundEvent::RefundFailed {
            failure: RefundFailure::OtherAmount { amount: Fen(499) },
            at: AT,
        }]);
}

#[test]
fn a_notification_of_another_amount_is_not_taken_on_its_word() {
    let told = |fen| {
        record(RefundOutcome::Told {
            amount: Fen(fen),
            at: AT,
        })
    };
    given(vec![requested(false)])
        .when(told(499))
        .then_expect_error(RefundError::AmountUnconfirmed { told: Fen(499) });
    given(vec![requested(false)])
        .when(told(500))
        .then_expect_events(vec![RefundEvent::RefundSucceeded {
            refunded_at: AT,
            at: AT,
        }]);
}

#[test]
fn what_arrives_after_it_failed_has_arrived() {
    let failed = RefundEvent::RefundFailed {
        failure: RefundFailure::Abnormal,
        at: AT,
    };
    let arrived = RefundEvent::RefundSucceeded {
        refunded_at: AT,
        at: AT,
    };
    given(vec![requested(false), failed.clone()])
        .when(succeeded(500))
        .then_expect_events(vec![arrived.clone()]);
    given(vec![requested(false), failed, arrived])
        .when(record(RefundOutcome::Failed(RefundFailure::Closed)))
        .then_expect_events(vec![]);
}

#[test]
fn a_refund_is_only_believed_from_its_own_provider() {
    given(vec![requested(false)])
        .when(RefundCommand::Record {
            channel: Channel::WechatPay,
            outcome: RefundOutcome::Sent,
            at: AT,
        })
        .then_expect_error(RefundError::NotFound);
}
