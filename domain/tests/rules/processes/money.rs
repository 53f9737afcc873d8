//! Payments with everything lost, late, doubled and out of order. Whatever comes: nobody pays twice without getting it back, no payment is
//! left hanging, and the books show what the providers have.

use baize_domain::Fen;
use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::PaymentIntentId;
use baize_domain::journal::Account;
use baize_domain::payment::{AttemptState, Channel, OrderNo, Phase, Presentation, Use, Wanted};
use baize_domain::refund::Stage;
use baize_domain::tariff::pricing::seconds_after;
use proptest::prelude::*;
use uuid::Uuid;

use crate::world::{World, at, balances, member_id, session_id, table_id, yuan_a_minute};

use super::runner::Runner;

const INTENT: PaymentIntentId = PaymentIntentId(Uuid::from_u128(0x500));

#[derive(Clone, Debug)]
struct Purchase {
    /// For a waiting opening; else a top-up.
    opening: bool,
    /// When the payer changes to the other channel.
    tries: Vec<u32>,
    cancelled_at: Option<u32>,
    /// When the payer pays which attempt.
    payments: Vec<(u32, u8)>,
    /// Notifications come, and how often.
    notified: u8,
}

fn purchases() -> impl Strategy<Value = Purchase> {
    (
        any::<bool>(),
        proptest::collection::vec(1u32..400, 0..3),
        proptest::option::weighted(0.3, 1u32..400),
        proptest::collection::vec((1u32..1_000, 1u8..4), 0..4),
        0u8..3,
    )
        .prop_map(|(opening, mut tries, cancelled_at, payments, notified)| {
            tries.sort_unstable();
            Purchase {
                opening,
                tries,
                cancelled_at,
                payments,
                notified,
            }
        })
}

fn collect(purchase: &Purchase, chaos: Vec<u8>) -> Runner {
    let ten = at("2026-03-02T10:00:00+08:00");
    let mut world = World::new(yuan_a_minute(), HallPolicy::default(), 2);
    world.top_up(1, 1, 6_000, 0, ten);
    let mut runner = Runner::new(world, ten, chaos);
    let mut wanted = Wanted::TopUp { amount: Fen(20_000) };
    if purchase.opening {
        let open = Command::OpenTable {
            session_id: session_id(1),
            table_id: table_id(1),
            member_id: member_id(1),
            mode: OpenMode::Deposit,
            wait_for_payment: true,
        };
        runner.script.push((ten, open));
        wanted = Wanted::Opening {
            session_id: session_id(1),
        };
    }
    let start = Command::StartPayment {
        intent_id: INTENT,
        member_id: member_id(1),
        wanted,
        channel: Channel::WechatPay,
        presentation: Presentation::InApp,
    };
    runner.script.push((ten, start));
    for (index, second) in purchase.tries.iter().enumerate() {
        let again = Command::TryPayment {
            intent_id: INTENT,
            channel: Channel::ALL[(index + 1) % 2],
            presentation: Presentation::InApp,
        };
        runner.script.push((seconds_after(ten, *second), again));
    }
    if let Some(second) = purchase.cancelled_at {
        let cancel = Command::CancelPayment { intent_id: INTENT };
        runner.script.push((seconds_after(ten, second), cancel));
    }
    for (second, attempt) in &purchase.payments {
        let order_no = OrderNo::new(INTENT, *attempt).expect("a number");
        runner.payers.push((seconds_after(ten, *second), order_no));
    }
    runner.notified = purchase.notified;
    runner.run();
    runner
}

fn balance(world: &World, account: Account) -> Fen {
    let all = balances(world).iter();
    all.filter(|((_, of), _)| *of == account)
        .map(|(_, amount)| *amount)
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_payment_is_left_hanging_and_nobody_pays_twice(
        purchase in purchases(),
        chaos in proptest::collection::vec(any::<u8>(), 0..500),
    ) {
        let runner = collect(&purchase, chaos);
        let world = &runner.world;
        prop_assert_eq!(runner.unfinished(), vec![]);
        let payment = &world.payments[&INTENT];
        prop_assert!(!payment.phase.is_open(), "{:?}", payment.phase);
        let served = payment
            .attempts
            .iter()
            .filter(|attempt| matches!(attempt.state, AttemptState::Paid { used: Use::Served, .. }))
            .count();
        prop_assert!(served <= 1);
        prop_assert_eq!(served == 1, payment.phase == Phase::Succeeded);
        for refund in world.refunds.values() {
            prop_assert_eq!(&refund.stage, &Stage::Succeeded);
        }
        prop_assert_eq!(balance(world, Account::RefundsPayable), Fen::ZERO);
        let kept = payment.captured() - payment.refunds.iter().map(|part| part.amount).sum();
        let due = payment.intent.as_ref().map_or(Fen::ZERO, |intent| intent.amount);
        prop_assert_eq!(kept, if served == 1 { due } else { Fen::ZERO });
    }

    #[test]
    fn the_clearing_accounts_show_what_the_providers_have(
        purchase in purchases(),
        chaos in proptest::collection::vec(any::<u8>(), 0..500),
    ) {
        let runner = collect(&purchase, chaos);
        let unclear = |state: &AttemptState| matches!(state, AttemptState::Unclear);
        let payment = &runner.world.payments[&INTENT];
        prop_assume!(!payment.attempts.iter().any(|attempt| unclear(&attempt.state)));
        for channel in Channel::ALL {
            let book = runner.provider.book(channel);
            prop_assert_eq!(balance(&runner.world, Account::clearing(channel)), book, "{:?}", channel);
        }
    }
}

#[test]
fn a_payer_whom_no_notification_tells_of_is_served_all_the_same() {
    let purchase = Purchase {
        opening: true,
        tries: vec![],
        cancelled_at: None,
        payments: vec![(40, 1)],
        notified: 0,
    };
    let runner = collect(&purchase, vec![]);
    assert_eq!(runner.world.payments[&INTENT].phase, Phase::Succeeded);
    assert!(
        runner.world.sessions[&session_id(1)].opening.is_some(),
        "the table opened by itself"
    );
}
