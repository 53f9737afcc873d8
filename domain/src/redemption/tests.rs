//! Given a redemption, when it is asked, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{GiftId, HallId, MemberId, RedemptionId};

use super::{Redemption, RedemptionCommand, RedemptionError, RedemptionEvent, RedemptionTerms};

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const ID: RedemptionId = RedemptionId(Uuid::from_u128(1));

fn terms(member: u128) -> RedemptionTerms {
    RedemptionTerms {
        redemption_id: ID,
        member_id: MemberId(Uuid::from_u128(member)),
        gift_id: GiftId::default(),
        hall_id: HallId::default(),
        shares: Vec::new(),
        pick_up_code: "7F3K".to_owned(),
    }
}

fn make(member: u128) -> RedemptionCommand {
    RedemptionCommand::Make {
        terms: terms(member),
        at: AT,
    }
}

fn made() -> RedemptionEvent {
    RedemptionEvent::RedemptionMade {
        terms: terms(2),
        at: AT,
    }
}

fn hand_over(code: &str) -> RedemptionCommand {
    RedemptionCommand::HandOver {
        pick_up_code: code.to_owned(),
        at: AT,
    }
}

fn given(events: Vec<RedemptionEvent>) -> AggregateTestExecutor<Redemption> {
    TestFramework::<Redemption>::with(()).given(events)
}

#[test]
fn a_redemption_is_made_once() {
    given(vec![]).when(make(2)).then_expect_events(vec![made()]);
    given(vec![made()]).when(make(2)).then_expect_events(vec![]);
    given(vec![made()])
        .when(make(3))
        .then_expect_error(RedemptionError::Exists(ID));
}

#[test]
fn a_gift_is_handed_over_once_and_only_for_its_code() {
    let handed_over = RedemptionEvent::RedemptionHandedOver { at: AT };
    given(vec![made()])
        .when(hand_over("7F3X"))
        .then_expect_error(RedemptionError::WrongCode);
    given(vec![made()])
        .when(hand_over("7F3K"))
        .then_expect_events(vec![handed_over.clone()]);
    given(vec![made(), handed_over.clone()])
        .when(hand_over("7F3K"))
        .then_expect_events(vec![]);
    given(vec![made(), handed_over])
        .when(RedemptionCommand::Cancel { at: AT })
        .then_expect_error(RedemptionError::HandedOver);
    given(vec![])
        .when(hand_over("7F3K"))
        .then_expect_error(RedemptionError::NotFound);
}

#[test]
fn what_was_cancelled_is_not_handed_over() {
    let cancelled = RedemptionEvent::RedemptionCancelled { at: AT };
    let cancel = RedemptionCommand::Cancel { at: AT };
    given(vec![made()])
        .when(cancel.clone())
        .then_expect_events(vec![cancelled.clone()]);
    given(vec![made(), cancelled.clone()])
        .when(cancel)
        .then_expect_events(vec![]);
    given(vec![made(), cancelled])
        .when(hand_over("7F3K"))
        .then_expect_error(RedemptionError::Cancelled);
}
