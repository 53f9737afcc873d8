//! Splits with everything lost, late, doubled and out of order. Whatever comes: the shares sum to the bill, nobody pays twice without getting it back,
//! the bill ends paid, or open with the opener told, and money is conserved.

use baize_domain::command::Command;
use baize_domain::ids::PaymentIntentId;
use baize_domain::journal::Account;
use baize_domain::payment::{Channel, OrderNo, Presentation, Wanted};
use baize_domain::refund::Stage;
use baize_domain::split::{Division, Phase, SplitEvent};
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::wallet::WalletEvent;
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::splits::{account, confirm_by, played, split_id, start_of, ten};
use crate::world::member_id;

use super::runner::Runner;

/// What somebody does, so many seconds after the split began.
#[derive(Clone, Debug)]
enum Act {
    Confirm {
        ordinal: u8,
        member: u8,
    },
    Decline {
        ordinal: u8,
        member: u8,
    },
    Remove(u8),
    TakeOver(u8),
    Cancel,
    Resplit(u8),
    PayShare(u8),
    /// Through a provider; the order is paid a moment later, perhaps twice.
    Provider {
        member: u8,
        intent: u8,
    },
}

fn acts() -> impl Strategy<Value = Vec<(u32, Act)>> {
    let act = prop_oneof![
        6 => (1u8..4, 2u8..6).prop_map(|(ordinal, member)| Act::Confirm { ordinal, member }),
        1 => (1u8..4, 2u8..6).prop_map(|(ordinal, member)| Act::Decline { ordinal, member }),
        1 => (1u8..4).prop_map(Act::Remove),
        2 => (1u8..4).prop_map(Act::TakeOver),
        1 => Just(Act::Cancel),
        1 => (2u8..5).prop_map(Act::Resplit),
        2 => (1u8..6).prop_map(Act::PayShare),
        3 => (1u8..6, 0u8..4).prop_map(|(member, intent)| Act::Provider { member, intent }),
    ];
    proptest::collection::vec((1u32..3_000, act), 0..14)
}

fn intent_id(intent: u8) -> PaymentIntentId {
    PaymentIntentId(Uuid::from_u128(0x700 + u128::from(intent)))
}

/// A bill of ¥60 is split among as many; members 2 and 3 have ¥100, 4 and 5 nothing.
fn party(paid_in: i64, people: u8, keen: bool, acts: &[(u32, Act)], chaos: Vec<u8>) -> Runner {
    let world = played(paid_in);
    let begin = seconds_after(ten(), 3_600);
    let mut runner = Runner::new(world, begin, chaos);
    let people_of = |people: u8| Division::Equal { people: people.into() };
    runner.script.push((begin, start_of(people_of(people), 1)));
    let mut round = 1;
    if keen {
        for ordinal in 1..people {
            runner
                .script
                .push((seconds_after(begin, 1), confirm_by(ordinal, ordinal + 1, 1)));
        }
    }
    let mut acts = acts.to_vec();
    acts.sort_by_key(|(second, _)| *second);
    for (second, act) in acts {
        let at = seconds_after(begin, second);
        let (split_id, opener) = (split_id(), member_id(1));
        let command = match act {
            Act::Confirm { ordinal, member } => confirm_by(ordinal, member, round),
            Act::Decline { ordinal, member } => Command::DeclineShare {
                split_id,
                token: crate::splits::token(ordinal, round),
                member_id: member_id(member),
            },
            Act::Remove(ordinal) => Command::RemoveShare {
                split_id,
                ordinal,
                member_id: opener,
            },
            Act::TakeOver(ordinal) => Command::TakeOverShare {
                split_id,
                ordinal,
                member_id: opener,
            },
            Act::Cancel => Command::CancelSplit {
                split_id,
                member_id: opener,
            },
            Act::Resplit(people) => {
                round += 1;
                start_of(people_of(people), round)
            }
            Act::PayShare(member) => Command::PayShare {
                split_id,
                member_id: member_id(member),
            },
            Act::Provider { member, intent } => {
                pays(&mut runner, intent, at);
                Command::StartPayment {
                    intent_id: intent_id(intent),
                    member_id: member_id(member),
                    wanted: Wanted::Share { split_id },
                    channel: Channel::WechatPay,
                    presentation: Presentation::QrCode,
                }
            }
        };
        runner.script.push((at, command));
    }
    runner.notified = 2;
    runner.run();
    runner
}

fn pays(runner: &mut Runner, intent: u8, at: Timestamp) {
    let order_no = OrderNo::new(intent_id(intent), 1).expect("a number");
    runner.payers.push((seconds_after(at, 30), order_no));
}

/// What each person paid for shares and did not get back.
fn paid_for_shares(runner: &Runner, member: u8) -> Fen {
    let stream = member_id(member).to_string();
    let events = runner.world.log.iter().filter(|(of, _)| *of == stream);
    let moved = events.map(|(_, event)| match event {
        Event::Wallet(WalletEvent::ShareCharged { amount, .. }) => amount.total(),
        Event::Wallet(WalletEvent::ShareReturned { amount, .. }) => -amount.total(),
        _ => Fen::ZERO,
    });
    moved.sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn whatever_happens_shares_sum_to_the_bill_and_nobody_pays_twice(
        paid_in in prop_oneof![Just(10_000i64), Just(4_500), Just(3_000)],
        people in 2u8..6,
        keen in any::<bool>(),
        acts in acts(),
        chaos in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let runner = party(paid_in, people, keen, &acts, chaos);
        let world = &runner.world;
        prop_assert_eq!(runner.unfinished(), vec![]);
        let split = &world.splits[&split_id()];
        let sum: Fen = split.standing().map(|(_, share)| share.amount).sum();
        prop_assert_eq!(sum, Fen(6_000), "shares sum to the bill");
        prop_assert!(split.is_settled(), "{:?}", split.phase);
        prop_assert!(matches!(split.phase, Phase::Completed | Phase::Cancelled));
        prop_assert_eq!(account(world, Account::SharesHeld), Fen::ZERO, "nothing is left in between");
        for member in 2..6 {
            let share = split.share_of(member_id(member)).and_then(|ordinal| split.share(ordinal));
            let due = share.filter(|_| split.phase == Phase::Completed).map_or(Fen::ZERO, |share| share.amount);
            prop_assert_eq!(paid_for_shares(&runner, member), due, "member {}", member);
        }
        let told = |event: &SplitEvent| matches!(event, SplitEvent::SplitCompleted { .. } | SplitEvent::SplitCancelled { .. });
        let told = world.log.iter().filter(|(_, event)| matches!(event, Event::BillSplit(event) if told(event))).count();
        prop_assert_eq!(told, 1, "the opener is told how it ended, once");
        let owed: Fen = get_debts(&runner);
        if split.phase == Phase::Completed {
            prop_assert_eq!(owed, Fen::ZERO, "the bill is paid");
        }
        for refund in world.refunds.values() {
            prop_assert_eq!(&refund.stage, &Stage::Succeeded);
        }
    }

    #[test]
    fn money_is_conserved_and_the_clearing_accounts_show_what_the_provider_has(
        paid_in in prop_oneof![Just(10_000i64), Just(3_000)],
        acts in acts(),
        chaos in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let runner = party(paid_in, 4, true, &acts, chaos);
        let world = &runner.world;
        let provider = runner.provider.book(Channel::WechatPay);
        prop_assert_eq!(account(world, Account::WechatPayClearing), provider);
        let wallets: Fen = world.wallets.values().map(|wallet| wallet.balance().total()).sum();
        let in_books = account(world, Account::MemberPrincipal) + account(world, Account::MemberBonus);
        prop_assert_eq!(wallets, -in_books);
        let paid_in = Fen(paid_in + 20_000);
        prop_assert_eq!(wallets, paid_in + provider - Fen(6_000) + get_debts(&runner), "all that came in, less the bill");
    }
}

fn get_debts(runner: &Runner) -> Fen {
    let wallets = runner.world.wallets.values();
    wallets
        .flat_map(|wallet| wallet.debts.iter().map(|debt| debt.outstanding))
        .sum()
}

#[test]
fn a_party_of_three_pays_its_shares_at_once_and_the_opener_has_the_money() {
    let runner = party(10_000, 3, true, &[], vec![]);
    let world = &runner.world;
    assert_eq!(world.splits[&split_id()].phase, Phase::Completed);
    assert_eq!(
        [1, 2, 3].map(|member| world.wallet(member).available()),
        [Fen(8_000); 3]
    );
    let charged = runner
        .dispatched
        .iter()
        .filter(|(_, _, step, _)| step.starts_with("charge-"));
    let at: Vec<_> = charged.map(|(at, ..)| *at).collect();
    assert_eq!(at.len(), 3);
    assert!(at.iter().all(|charged| *charged == at[0]), "all at the same time");
}

#[test]
fn a_party_of_which_one_never_confirms_ends_by_itself_with_nobody_charged() {
    let acts = [(1, Act::Confirm { ordinal: 1, member: 2 })];
    let runner = party(10_000, 3, false, &acts, vec![]);
    let world = &runner.world;
    assert_eq!(world.splits[&split_id()].phase, Phase::Cancelled);
    let names: Vec<_> = world
        .log
        .iter()
        .filter_map(|(_, event)| match event {
            Event::BillSplit(event) => Some(event.name()),
            _ => None,
        })
        .collect();
    assert_eq!(
        names,
        ["SplitStarted", "ShareConfirmed", "SplitStalled", "SplitCancelled"]
    );
    assert_eq!(world.wallet(2).available(), Fen(10_000));
}

#[test]
fn a_share_that_cannot_be_paid_is_tried_four_times_and_the_opener_takes_it_over_by_word() {
    let late = [(600, Act::TakeOver(3))];
    let runner = party(10_000, 4, true, &late, vec![]);
    let world = &runner.world;
    let of_the_third = |(_, _, step, _): &&(Timestamp, &str, String, Command)| step == "charge-1-3";
    assert_eq!(runner.dispatched.iter().filter(of_the_third).count(), 4);
    let asked = world
        .log
        .iter()
        .filter(|(_, event)| matches!(event, Event::BillSplit(SplitEvent::OpenerAsked { .. })));
    assert_eq!(asked.count(), 1);
    assert_eq!(world.splits[&split_id()].phase, Phase::Completed);
    assert_eq!(
        world.wallet(1).available(),
        Fen(4_000 + 3_000),
        "two of four shares came from others"
    );
}
