//! Refunds that go out, with answers that are lost, late and doubled.

use jiff::Timestamp;
use uuid::Uuid;

use crate::event::Event;
use crate::ids::{ChainId, MemberId, PaymentIntentId, RefundId};
use crate::money::Fen;
use crate::payment::{Channel, Decline, OrderNo, ProviderAnswer, RefundNo, RefundOrder, RefundState};
use crate::processes::fixtures::{Instance, at, steps};
use crate::processes::{Effect, Input, ProcessManager as _};
use crate::refund::{RefundBasis, RefundEvent, RefundFailure, RefundRequest};

use super::Refunding;

fn requested(needs_approval: bool) -> Event {
    let request = RefundRequest {
        refund_id: RefundId::default(),
        chain_id: ChainId::default(),
        member_id: MemberId::default(),
        order: RefundOrder {
            channel: Channel::Alipay,
            order_no: OrderNo::new(PaymentIntentId::default(), 1).expect("a number"),
            refund_no: RefundNo(RefundId::default()),
            amount: Fen(500),
            paid: Fen(500),
            reason: "退款".to_owned(),
        },
        basis: RefundBasis::Unserved,
        requested_by: None,
    };
    Event::Refund(RefundEvent::RefundRequested {
        request: Box::new(request),
        needs_approval,
        at: at(0),
    })
}

fn approved() -> Event {
    Event::Refund(RefundEvent::RefundApproved {
        by: Uuid::default(),
        at: at(5),
    })
}

fn calls(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Call { step, .. } => Some(step.as_str()),
            _ => None,
        })
        .collect()
}

fn answered(refunding: &mut Instance<Refunding>, step: &str, answer: &ProviderAnswer, second: i64) -> Vec<Effect> {
    let now: Timestamp = at(second);
    Refunding::react(&mut refunding.0, &Input::Answered { step, answer }, now)
}

fn unknown() -> ProviderAnswer {
    ProviderAnswer::Unknown {
        why: "timeout".to_owned(),
    }
}

#[test]
fn a_refund_goes_out_when_it_may_whichever_is_heard_first() {
    let mut refunding = Instance::<Refunding>::new();
    assert!(calls(&refunding.event(&requested(true), 0)).is_empty());
    assert_eq!(calls(&refunding.event(&approved(), 5)), ["refund"]);
    assert!(calls(&refunding.event(&approved(), 6)).is_empty(), "once");

    let mut refunding = Instance::<Refunding>::new();
    assert!(calls(&refunding.event(&approved(), 5)).is_empty());
    assert_eq!(calls(&refunding.event(&requested(true), 6)), ["refund"]);
}

#[test]
fn a_lost_answer_is_asked_for_and_what_never_arrived_is_sent_again() {
    let mut refunding = Instance::<Refunding>::new();
    refunding.event(&requested(false), 0);
    let effects = answered(&mut refunding, "refund", &unknown(), 1);
    assert_eq!(effects, [Effect::set_timer("poll", at(11))]);
    assert_eq!(calls(&refunding.timer("poll", 11)), ["query"]);
    let not_found = ProviderAnswer::Refund(RefundState::NotFound);
    assert_eq!(calls(&answered(&mut refunding, "query", &not_found, 12)), ["refund"]);
    let done = ProviderAnswer::Refund(RefundState::Succeeded {
        amount: Fen(500),
        at: at(13),
    });
    assert_eq!(steps(&answered(&mut refunding, "refund", &done, 13)), ["record"]);
    assert!(answered(&mut refunding, "refund", &done, 13).is_empty(), "once");
}

#[test]
fn a_refund_that_the_provider_works_at_is_asked_about_for_a_week() {
    let mut refunding = Instance::<Refunding>::new();
    refunding.event(&requested(false), 0);
    let processing = ProviderAnswer::Refund(RefundState::Processing);
    assert_eq!(steps(&answered(&mut refunding, "refund", &processing, 1)), ["note"]);
    assert!(steps(&answered(&mut refunding, "query", &processing, 20)).is_empty());
    let week = 7 * 86_400;
    assert_eq!(steps(&answered(&mut refunding, "query", &processing, week)), ["record"]);
}

#[test]
fn what_was_declined_is_sent_again_when_somebody_says_so() {
    let mut refunding = Instance::<Refunding>::new();
    refunding.event(&requested(false), 0);
    let declined = ProviderAnswer::Declined {
        why: Decline::MerchantShort,
        code: "NOT_ENOUGH".to_owned(),
    };
    assert_eq!(steps(&answered(&mut refunding, "refund", &declined, 1)), ["record"]);
    refunding.accepted("record", 2);
    let failed = Event::Refund(RefundEvent::RefundFailed {
        failure: RefundFailure::Abnormal,
        at: at(2),
    });
    refunding.event(&failed, 2);
    assert!(calls(&refunding.timer("poll", 11)).is_empty());
    let retried = Event::Refund(RefundEvent::RefundRetried {
        by: Uuid::default(),
        reason: "余额已补足".to_owned(),
        at: at(60),
    });
    assert_eq!(calls(&refunding.event(&retried, 60)), ["refund"]);
    assert!(calls(&refunding.event(&retried, 61)).is_empty());
}
