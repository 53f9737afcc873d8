//! The fold of payments, without a database.

use baize_domain::compensation::{CompensationEvent, CompensationTerms};
use baize_domain::ids::{ChainId, CompensationId, HallId, MemberId, PaymentIntentId, RefundId, SessionId};
use baize_domain::payment::{
    Channel, Intent, Order, OrderNo, Paid, Payment, PaymentEvent, PaymentPolicy, PaymentResolution, Presentation,
    Presented, Purpose, RefundNo, RefundOrder, Use,
};
use baize_domain::refund::{RefundBasis, RefundEvent, RefundFailure, RefundRequest};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{CompensationStatus, PaymentStatus, Payments, PaymentsState, ProviderName, ReviewReason};
use crate::engine::{Contradiction, fold_all};

const INTENT: PaymentIntentId = PaymentIntentId(Uuid::from_u128(1));
const REFUND: RefundId = RefundId(Uuid::from_u128(2));
const STAFF: Uuid = Uuid::from_u128(3);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn order_no() -> OrderNo {
    OrderNo::new(INTENT, 1).unwrap()
}

fn paid(fen: i64) -> Paid {
    Paid {
        transaction_id: "4200001".to_owned(),
        amount: Fen(fen),
        paid_at: at(3),
    }
}

/// A bill of 50 yuan, to be paid with Alipay.
fn started() -> Vec<PaymentEvent> {
    let intent = Intent {
        intent_id: INTENT,
        chain_id: ChainId(Uuid::from_u128(4)),
        hall_id: Some(HallId(Uuid::from_u128(5))),
        payer: MemberId(Uuid::from_u128(6)),
        guest: false,
        purpose: Purpose::Bill {
            session_id: SessionId(Uuid::from_u128(7)),
        },
        amount: Fen(5_000),
        description: "台费".to_owned(),
        policy: PaymentPolicy::default(),
        expires_at: at(900),
    };
    let order = Order {
        channel: Channel::Alipay,
        order_no: order_no(),
        amount: Fen(5_000),
        description: "台费".to_owned(),
        presentation: Presentation::QrCode,
        payer: intent.payer,
        expires_at: at(900),
    };
    vec![
        PaymentEvent::PaymentStarted {
            intent: Box::new(intent),
            at: at(1),
        },
        PaymentEvent::AttemptAsked {
            attempt: 1,
            order,
            at: at(1),
        },
        PaymentEvent::AttemptPresented {
            attempt: 1,
            presented: Presented::Code("https://qr.alipay.com/x".to_owned()),
            at: at(2),
        },
    ]
}

fn taken(fen: i64, used: Use) -> PaymentEvent {
    PaymentEvent::AttemptPaid {
        attempt: 1,
        paid: paid(fen),
        used,
        at: at(4),
    }
}

fn served() -> Vec<PaymentEvent> {
    let succeeded = PaymentEvent::PaymentSucceeded { attempt: 1, at: at(4) };
    [started(), vec![taken(5_000, Use::Served), succeeded]].concat()
}

fn requested(needs_approval: bool) -> RefundEvent {
    let request = RefundRequest {
        refund_id: REFUND,
        chain_id: ChainId(Uuid::from_u128(4)),
        member_id: MemberId(Uuid::from_u128(6)),
        order: RefundOrder {
            channel: Channel::Alipay,
            order_no: order_no(),
            refund_no: RefundNo(REFUND),
            amount: Fen(2_000),
            paid: Fen(5_000),
            reason: "退款".to_owned(),
        },
        basis: RefundBasis::Unserved,
        requested_by: Some(STAFF),
    };
    RefundEvent::RefundRequested {
        request: Box::new(request),
        needs_approval,
        at: at(5),
    }
}

fn fold(payment: &[PaymentEvent], refund: &[RefundEvent]) -> Result<PaymentsState, Contradiction> {
    let payment = payment.iter().map(|event| (INTENT.0, Event::Payment(event.clone())));
    let refund = refund.iter().map(|event| (REFUND.0, Event::Refund(event.clone())));
    fold_all::<Payments>(payment.chain(refund).collect())
}

/// Why the thing waits, if it does, and since which position.
fn waiting(state: &PaymentsState, id: Uuid) -> Option<(ReviewReason, i64)> {
    let review = state.reviews.get(id).filter(|review| review.open)?;
    Some((review.why, review.since))
}

#[test]
fn a_payment_is_what_the_domain_takes_it_for() {
    let events = served();
    let state = fold(&events, &[]).unwrap();
    let row = state.payments.get(INTENT.0).unwrap();
    let mut expected = Payment::default();
    events.iter().for_each(|event| expected.evolve(event));
    assert_eq!(row.payment.0, expected);
    assert_eq!(
        (row.status, row.channel, row.started, row.position),
        (PaymentStatus::Succeeded, Some(ProviderName::Alipay), 1, 5)
    );
    assert_eq!((row.started_at, row.changed_at), (at(1).into(), at(4).into()));
    assert_eq!(state.reviews.count(), 0, "nobody needs to look at it");
}

#[test]
fn what_was_paid_otherwise_waits_until_somebody_has_decided() {
    let conflicted = PaymentEvent::PaymentConflicted { attempt: 1, at: at(4) };
    let mut events = [started(), vec![taken(4_999, Use::Suspended), conflicted]].concat();
    let state = fold(&events, &[]).unwrap();
    assert_eq!(waiting(&state, INTENT.0), Some((ReviewReason::OtherAmountPaid, 4)));
    assert_eq!(state.payments.get(INTENT.0).unwrap().status, PaymentStatus::Conflicted);
    events.push(PaymentEvent::PaymentResolved {
        resolution: PaymentResolution::Refund,
        by: STAFF,
        reason: "told the customer".to_owned(),
        at: at(9),
    });
    let state = fold(&events, &[]).unwrap();
    assert_eq!(waiting(&state, INTENT.0), None);
    assert_eq!(state.payments.get(INTENT.0).unwrap().status, PaymentStatus::Resolved);
}

#[test]
fn what_nobody_can_tell_waits_until_the_provider_tells_it_after_all() {
    let unclear = PaymentEvent::AttemptUnclear { attempt: 1, at: at(3) };
    let mut events = [started(), vec![unclear]].concat();
    let state = fold(&events, &[]).unwrap();
    assert_eq!(waiting(&state, INTENT.0), Some((ReviewReason::PaymentUnclear, 4)));
    events.push(taken(5_000, Use::Served));
    events.push(PaymentEvent::PaymentSucceeded { attempt: 1, at: at(4) });
    assert_eq!(waiting(&fold(&events, &[]).unwrap(), INTENT.0), None);
}

#[test]
fn a_refund_waits_for_the_second_person_and_again_when_it_does_not_arrive() {
    let payment = served();
    let mut events = vec![requested(true)];
    let state = fold(&payment, &events).unwrap();
    assert_eq!(waiting(&state, REFUND.0), Some((ReviewReason::RefundNeedsApproval, 6)));
    events.push(RefundEvent::RefundApproved {
        by: Uuid::from_u128(9),
        at: at(6),
    });
    assert_eq!(waiting(&fold(&payment, &events).unwrap(), REFUND.0), None);
    events.push(RefundEvent::RefundFailed {
        failure: RefundFailure::Abnormal,
        at: at(7),
    });
    let state = fold(&payment, &events).unwrap();
    assert_eq!(waiting(&state, REFUND.0), Some((ReviewReason::RefundAbnormal, 8)));
    events.push(RefundEvent::RefundSettledByHand {
        by: STAFF,
        reason: "paid at the counter".to_owned(),
        at: at(8),
    });
    let state = fold(&payment, &events).unwrap();
    assert_eq!(waiting(&state, REFUND.0), None);
    let row = state.payments.get(INTENT.0).unwrap();
    assert_eq!((row.refunds.len(), row.changed_at), (1, at(8).into()));
    assert_eq!(row.refunds[&REFUND.0].requested_at, at(5));
}

#[test]
fn a_refund_of_a_payment_that_never_began_is_said() {
    let why = fold(&[], &[requested(false)]).unwrap_err().to_string();
    assert!(why.contains("which never began"), "{why}");
    let never_asked = [RefundEvent::RefundSent { at: at(6) }];
    let why = fold(&served(), &never_asked).unwrap_err().to_string();
    assert!(why.contains("was never asked for"), "{why}");
}

fn compensation(events: Vec<CompensationEvent>) -> Result<PaymentsState, Contradiction> {
    let session = Uuid::from_u128(7);
    let events = events.into_iter().map(|event| (session, Event::Compensation(event)));
    fold_all::<Payments>(events.collect())
}

fn asked(needs_approval: bool) -> CompensationEvent {
    let terms = CompensationTerms {
        compensation_id: CompensationId(Uuid::from_u128(8)),
        session_id: SessionId(Uuid::from_u128(7)),
        hall_id: HallId(Uuid::from_u128(5)),
        chain_id: ChainId(Uuid::from_u128(4)),
        member_id: MemberId(Uuid::from_u128(6)),
        amount: Fen(2_000),
        reason: "球台不平".to_owned(),
        asked_by: STAFF,
    };
    CompensationEvent::CompensationAsked {
        terms: Box::new(terms),
        needs_approval,
        at: at(1),
    }
}

#[test]
fn a_compensation_is_given_at_once_or_waits_until_somebody_has_decided() {
    let id = Uuid::from_u128(8);
    let given = compensation(vec![asked(false)]).unwrap();
    assert_eq!(given.compensations.get(id).unwrap().status, CompensationStatus::Given);
    let waiting = compensation(vec![asked(true)]).unwrap();
    assert_eq!(
        waiting.compensations.get(id).unwrap().status,
        CompensationStatus::Waiting
    );
    let approved = CompensationEvent::CompensationApproved {
        compensation_id: CompensationId(id),
        by: Uuid::from_u128(9),
        at: at(2),
    };
    let state = compensation(vec![asked(true), approved.clone()]).unwrap();
    let row = state.compensations.get(id).unwrap();
    assert_eq!(
        (row.status, row.decided_by),
        (CompensationStatus::Given, Some(Uuid::from_u128(9)))
    );
    let why = compensation(vec![asked(false), approved]).unwrap_err().to_string();
    assert!(why.contains("was not waiting"), "{why}");
}
