//! Payments that are collected, step by step; with everything lost, late and doubled in `tests/rules/processes/money.rs`.

use jiff::Timestamp;

use crate::command::Command;
use crate::event::Event;
use crate::ids::{ChainId, MemberId, PaymentIntentId};
use crate::money::Fen;
use crate::payment::{
    Channel, Decline, Intent, Order, OrderNo, OrderOutcome, OrderState, Paid, PaymentEvent, PaymentPolicy,
    Presentation, Presented, ProviderAnswer, Purpose,
};
use crate::processes::fixtures::{Instance, at, dispatched, refusal, steps};
use crate::processes::{Effect, Input, ProcessManager as _};

use super::Collecting;

fn started() -> Event {
    let intent = Intent {
        intent_id: PaymentIntentId::default(),
        chain_id: ChainId::default(),
        hall_id: None,
        payer: MemberId::default(),
        guest: false,
        purpose: Purpose::TopUp { tier: None },
        amount: Fen(500),
        description: "会员充值".to_owned(),
        policy: PaymentPolicy::default(),
        expires_at: at(900),
    };
    Event::Payment(PaymentEvent::PaymentStarted {
        intent: Box::new(intent),
        at: at(0),
    })
}

fn asked(attempt: u8, presentation: Presentation) -> Event {
    let order = Order {
        channel: if attempt == 1 {
            Channel::WechatPay
        } else {
            Channel::Alipay
        },
        order_no: OrderNo::new(PaymentIntentId::default(), attempt).expect("a number"),
        amount: Fen(500),
        description: "会员充值".to_owned(),
        presentation,
        payer: MemberId::default(),
        expires_at: at(900),
    };
    Event::Payment(PaymentEvent::AttemptAsked {
        attempt,
        order,
        at: at(0),
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

fn timer(effects: &[Effect], name: &str) -> Option<Timestamp> {
    effects.iter().find_map(|effect| match effect {
        Effect::SetTimer { name: set, due } if set == name => Some(*due),
        _ => None,
    })
}

fn answered(collecting: &mut Instance<Collecting>, step: &str, answer: &ProviderAnswer, second: i64) -> Vec<Effect> {
    Collecting::react(&mut collecting.0, &Input::Answered { step, answer }, at(second))
}

fn order(state: OrderState) -> ProviderAnswer {
    ProviderAnswer::Order(state)
}

fn presented() -> ProviderAnswer {
    ProviderAnswer::Created(Presented::Code("code".to_owned()))
}

fn unknown() -> ProviderAnswer {
    ProviderAnswer::Unknown {
        why: "timeout".to_owned(),
    }
}

fn outcome(effects: &[Effect]) -> OrderOutcome {
    match dispatched(effects).as_slice() {
        [(_, Command::RecordOrder { outcome, .. })] => outcome.clone(),
        other => panic!("{other:?}"),
    }
}

/// The first attempt was asked for.
fn begun(presentation: Presentation) -> Instance<Collecting> {
    let mut collecting = Instance::<Collecting>::new();
    assert_eq!(timer(&collecting.event(&started(), 0), "expire"), Some(at(900)));
    assert_eq!(calls(&collecting.event(&asked(1, presentation), 0)), ["create-1"]);
    assert!(calls(&collecting.event(&asked(1, presentation), 0)).is_empty(), "once");
    collecting
}

/// The first attempt waits for its payer.
fn waiting(presentation: Presentation) -> Instance<Collecting> {
    let mut collecting = begun(presentation);
    let effects = answered(&mut collecting, "create-1", &presented(), 1);
    assert_eq!(
        (timer(&effects, "poll-1"), steps(&effects)),
        (Some(at(6)), vec!["note-1"])
    );
    collecting
}

#[test]
fn an_order_is_asked_about_without_any_notification() {
    let mut collecting = waiting(Presentation::InApp);
    for (second, next) in [(6, 21), (21, 51), (51, 111), (111, 171)] {
        assert_eq!(calls(&collecting.timer("poll-1", second)), ["query-1"]);
        let effects = answered(&mut collecting, "query-1", &order(OrderState::Waiting), second);
        assert_eq!(timer(&effects, "poll-1"), Some(at(next)));
    }
    let paid = Paid {
        transaction_id: "T".to_owned(),
        amount: Fen(500),
        paid_at: at(160),
    };
    let effects = answered(&mut collecting, "query-1", &order(OrderState::Paid(paid.clone())), 171);
    assert_eq!(outcome(&effects), OrderOutcome::Paid(paid));
    collecting.accepted("record-1", 171);
    let succeeded = Event::Payment(PaymentEvent::PaymentSucceeded {
        attempt: 1,
        at: at(171),
    });
    assert_eq!(collecting.event(&succeeded, 172), [Effect::End]);
}

#[test]
fn an_order_whose_making_was_not_answered_is_asked_about_then_closed() {
    let mut collecting = begun(Presentation::InApp);
    let effects = answered(&mut collecting, "create-1", &unknown(), 1);
    assert_eq!(timer(&effects, "poll-1"), Some(at(3)));
    assert_eq!(outcome(&effects), OrderOutcome::Unknown);
    for (second, next) in [(3, 7), (7, 15), (15, 31), (31, 63), (63, 123)] {
        collecting.timer("poll-1", second);
        let effects = answered(&mut collecting, "query-1", &unknown(), second);
        assert_eq!(timer(&effects, "poll-1"), Some(at(next)), "doubling, at most a minute");
    }
    let effects = answered(&mut collecting, "query-1", &order(OrderState::Waiting), 123);
    assert_eq!(calls(&effects), ["close-1"]);
    let effects = answered(&mut collecting, "close-1", &order(OrderState::Closed), 124);
    assert_eq!(outcome(&effects), OrderOutcome::Closed);
}

#[test]
fn an_order_that_nobody_can_tell_about_for_ten_minutes_is_somebodys_to_look_at() {
    let mut collecting = waiting(Presentation::InApp);
    answered(&mut collecting, "query-1", &unknown(), 6);
    assert!(steps(&answered(&mut collecting, "query-1", &unknown(), 605)).is_empty());
    let effects = answered(&mut collecting, "query-1", &unknown(), 606);
    assert_eq!(outcome(&effects), OrderOutcome::Unclear);
}

#[test]
fn an_answer_in_between_begins_the_ten_minutes_anew() {
    let mut collecting = waiting(Presentation::InApp);
    answered(&mut collecting, "query-1", &unknown(), 6);
    answered(&mut collecting, "query-1", &order(OrderState::Waiting), 500);
    answered(&mut collecting, "query-1", &unknown(), 560);
    assert!(steps(&answered(&mut collecting, "query-1", &unknown(), 700)).is_empty());
}

#[test]
fn a_new_attempt_is_made_when_the_order_before_it_is_closed() {
    let mut collecting = waiting(Presentation::InApp);
    assert_eq!(
        calls(&collecting.event(&asked(2, Presentation::QrCode), 10)),
        ["close-1"]
    );
    let effects = answered(&mut collecting, "close-1", &order(OrderState::Closed), 11);
    assert_eq!((steps(&effects), calls(&effects)), (vec!["record-1"], vec![]));
    assert_eq!(calls(&collecting.accepted("record-1", 12)), ["create-2"]);
}

#[test]
fn an_order_that_turns_out_paid_when_it_is_closed_wins() {
    let mut collecting = waiting(Presentation::InApp);
    collecting.event(&asked(2, Presentation::QrCode), 10);
    let paid = Paid {
        transaction_id: "T".to_owned(),
        amount: Fen(500),
        paid_at: at(9),
    };
    answered(&mut collecting, "close-1", &order(OrderState::Paid(paid.clone())), 11);
    let taken = Event::Payment(PaymentEvent::PaymentSucceeded { attempt: 1, at: at(11) });
    let effects = collecting.event(&taken, 11);
    assert_eq!(calls(&effects), Vec::<&str>::new());
    assert_eq!(outcome(&effects), OrderOutcome::Closed, "the second was never made");
    collecting.accepted("record-1", 12);
    assert_eq!(collecting.accepted("record-2", 12), [Effect::End]);
}

#[test]
fn an_order_that_cannot_be_closed_does_not_keep_the_payer_waiting() {
    let mut collecting = waiting(Presentation::InApp);
    collecting.event(&asked(2, Presentation::QrCode), 10);
    assert!(calls(&answered(&mut collecting, "close-1", &unknown(), 11)).is_empty());
    assert!(calls(&answered(&mut collecting, "query-1", &unknown(), 13)).is_empty());
    assert_eq!(
        calls(&answered(&mut collecting, "query-1", &unknown(), 17)),
        ["create-2"]
    );
}

#[test]
fn a_channel_that_is_away_and_one_that_declines_are_recorded_as_that() {
    let mut collecting = begun(Presentation::InApp);
    let effects = answered(&mut collecting, "create-1", &ProviderAnswer::Unavailable, 1);
    assert_eq!(outcome(&effects), OrderOutcome::Unavailable);
    let mut collecting = begun(Presentation::InApp);
    let declined = ProviderAnswer::Declined {
        why: Decline::PayerCannot,
        code: "NOT_ENOUGH".to_owned(),
    };
    let effects = answered(&mut collecting, "create-1", &declined, 1);
    assert!(matches!(outcome(&effects), OrderOutcome::Declined { .. }));
    let mut collecting = begun(Presentation::InApp);
    let used = ProviderAnswer::Declined {
        why: Decline::NumberUsed,
        code: "OUT_TRADE_NO_USED".to_owned(),
    };
    let effects = answered(&mut collecting, "create-1", &used, 1);
    assert_eq!(outcome(&effects), OrderOutcome::Unknown, "an answer before it was lost");
}

#[test]
fn at_its_end_what_is_open_is_closed_and_then_it_expires() {
    let mut collecting = waiting(Presentation::InApp);
    assert_eq!(calls(&collecting.timer("expire", 900)), ["close-1"]);
    answered(&mut collecting, "close-1", &order(OrderState::Closed), 901);
    assert_eq!(steps(&collecting.accepted("record-1", 901)), ["expire"]);
    let early = collecting.refused("expire", &refusal("PAYMENT_NOT_EXPIRED"), 901);
    assert_eq!(timer(&early, "expire"), Some(at(903)));
    assert_eq!(steps(&collecting.timer("expire", 903)), ["expire"]);
    assert_eq!(collecting.accepted("expire", 904), [Effect::End]);
}

#[test]
fn a_code_that_nobody_has_scanned_is_no_failure_until_its_end() {
    let mut collecting = waiting(Presentation::QrCode);
    let unseen = order(OrderState::NotFound);
    assert_eq!(
        timer(&answered(&mut collecting, "query-1", &unseen, 6), "poll-1"),
        Some(at(21))
    );
    collecting.timer("expire", 900);
    let effects = answered(&mut collecting, "close-1", &unseen, 901);
    assert!(steps(&effects).is_empty(), "it could still be scanned: clocks differ");
    let effects = answered(&mut collecting, "query-1", &unseen, 960);
    assert_eq!(calls(&effects), ["close-1"]);
    assert_eq!(
        outcome(&answered(&mut collecting, "close-1", &unseen, 961)),
        OrderOutcome::Closed
    );
}

#[test]
fn a_payment_that_its_payer_gives_up_has_its_order_closed() {
    let mut collecting = waiting(Presentation::InApp);
    let cancelled = Event::Payment(PaymentEvent::PaymentCancelled { at: at(5) });
    assert_eq!(calls(&collecting.event(&cancelled, 5)), ["close-1"]);
    assert!(calls(&collecting.event(&cancelled, 6)).is_empty(), "once");
}
