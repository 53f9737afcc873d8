//! Payments through providers, unit by unit: what comes in, what it is used for, what goes back.

use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::PaymentIntentId;
use baize_domain::journal::Account;
use baize_domain::money::Fen;
use baize_domain::payment::PaymentPolicy;
use baize_domain::payment::{
    AttemptState, Channel, Decline, OrderNo, OrderOutcome, Paid, PaymentResolution, Phase, Presentation, Presented,
    RefundNo, TopUpTier, Use, Wanted,
};
use baize_domain::refund::{RefundFailure, RefundOutcome, RefundResolution, Stage};
use baize_domain::session::{BillingStartCause, CloseCause, Phase as SessionPhase};
use baize_domain::tariff::pricing::seconds_after;
use jiff::Timestamp;
use uuid::Uuid;

use super::world::{CHAIN, World, at, balances, member_id, session_id, settle, table_id, yuan_a_minute};

const INTENT: PaymentIntentId = PaymentIntentId(Uuid::from_u128(0x500));
const STAFF: Uuid = Uuid::from_u128(0x900);

fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

fn seconds(n: u32) -> Timestamp {
    seconds_after(ten(), n)
}

fn order(attempt: u8) -> OrderNo {
    OrderNo::new(INTENT, attempt).expect("a number")
}

fn start(wanted: Wanted) -> Command {
    Command::StartPayment {
        intent_id: INTENT,
        member_id: member_id(1),
        wanted,
        channel: Channel::WechatPay,
        presentation: Presentation::InApp,
    }
}

fn by_alipay() -> Command {
    Command::TryPayment {
        intent_id: INTENT,
        channel: Channel::Alipay,
        presentation: Presentation::QrCode,
    }
}

fn told(attempt: u8, outcome: OrderOutcome) -> Command {
    let channel = if attempt == 2 {
        Channel::Alipay
    } else {
        Channel::WechatPay
    };
    Command::RecordOrder {
        channel,
        order_no: order(attempt),
        outcome,
    }
}

fn paid(attempt: u8, fen: i64) -> Command {
    told(
        attempt,
        OrderOutcome::Paid(Paid {
            transaction_id: format!("T{attempt}"),
            amount: Fen(fen),
            paid_at: ten(),
        }),
    )
}

fn declined(attempt: u8) -> Command {
    told(
        attempt,
        OrderOutcome::Declined {
            why: Decline::PayerCannot,
            code: "NOT_ENOUGH".to_owned(),
        },
    )
}

fn resolve(resolution: PaymentResolution) -> Command {
    Command::ResolvePayment {
        intent_id: INTENT,
        resolution,
        by: STAFF,
        reason: "查过账单".to_owned(),
    }
}

fn arrived(attempt: u8, fen: i64) -> Command {
    let channel = if attempt == 2 {
        Channel::Alipay
    } else {
        Channel::WechatPay
    };
    Command::RecordRefund {
        channel,
        refund_no: refund_no(attempt),
        outcome: RefundOutcome::Succeeded {
            amount: Fen(fen),
            at: ten(),
        },
    }
}

fn refund_no(attempt: u8) -> RefundNo {
    RefundNo(baize_domain::ids::order_refund(order(attempt)))
}

fn world() -> World {
    World::new(yuan_a_minute(), HallPolicy::default(), 2)
}

fn top_up(fen: i64) -> Command {
    start(Wanted::TopUp { amount: Fen(fen) })
}

fn balance(world: &World, account: Account) -> i64 {
    let all = balances(world).iter();
    all.filter(|((_, of), _)| *of == account)
        .map(|(_, amount)| amount.0)
        .sum()
}

fn phase(world: &World) -> Phase {
    world.payments[&INTENT].phase
}

fn used(world: &World, attempt: u8) -> Use {
    match &world.payments[&INTENT].attempt(attempt).expect("an attempt").state {
        AttemptState::Paid { used, .. } => *used,
        other => panic!("{other:?}"),
    }
}

/// Member 1 has ¥60 and waits at table 1 for the rest of a deposit of ¥100.
fn waiting() -> World {
    let mut world = world();
    world.top_up(1, 1, 6_000, 0, ten());
    let open = Command::OpenTable {
        session_id: session_id(1),
        table_id: table_id(1),
        member_id: member_id(1),
        mode: OpenMode::Deposit,
        wait_for_payment: true,
    };
    world.run(&open, ten());
    world
}

fn opening() -> Command {
    start(Wanted::Opening {
        session_id: session_id(1),
    })
}

#[test]
fn a_top_up_brings_the_bonus_of_its_tier_as_it_was_when_it_began() {
    let mut world = world();
    let tiers = |bonus| Command::DefineTopUpTiers {
        chain_id: CHAIN,
        tiers: vec![
            TopUpTier {
                from: Fen(10_000),
                bonus: Fen(bonus),
            },
            TopUpTier {
                from: Fen(50_000),
                bonus: Fen(10_000),
            },
        ],
    };
    world.run(&tiers(500), ten());
    world.run(&top_up(20_000), ten());
    world.run(&tiers(700), seconds(1));
    world.run(&paid(1, 20_000), seconds(30));
    assert_eq!(phase(&world), Phase::Succeeded);
    let balance_of = world.wallet(1).balance();
    assert_eq!((balance_of.principal, balance_of.bonus), (Fen(20_000), Fen(500)));
    assert_eq!(balance(&world, Account::WechatPayClearing), 20_000);
    assert_eq!(balance(&world, Account::MemberPrincipal), -20_000);
    assert_eq!(balance(&world, Account::MemberBonus), -500);
}

#[test]
fn the_first_result_stands_however_often_it_is_told() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    world.run(&paid(1, 20_000), seconds(30));
    assert!(world.run(&paid(1, 20_000), seconds(31)).is_empty());
    assert!(world.run(&paid(1, 1), seconds(32)).is_empty());
    assert!(world.run(&told(1, OrderOutcome::Closed), seconds(33)).is_empty());
    assert!(world.run(&told(1, OrderOutcome::Unclear), seconds(34)).is_empty());
    assert_eq!(world.wallet(1).balance().total(), Fen(20_000));
}

#[test]
fn an_order_is_only_believed_from_its_own_provider() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    let other = Command::RecordOrder {
        channel: Channel::Alipay,
        order_no: order(1),
        outcome: OrderOutcome::Closed,
    };
    assert_eq!(world.refused(&other, seconds(1)).reason, "ORDER_NOT_FOUND");
    assert_eq!(
        world.refused(&told(3, OrderOutcome::Closed), seconds(1)).reason,
        "ORDER_NOT_FOUND"
    );
}

#[test]
fn an_opening_is_paid_to_the_fen_that_it_lacks() {
    let mut world = waiting();
    world.run(&opening(), seconds(1));
    let intent = world.payments[&INTENT].intent.clone().expect("an intent");
    assert_eq!(intent.amount, Fen(4_000));
    assert_eq!(intent.expires_at, seconds(180), "as long as the table is kept");
    world.run(&paid(1, 4_000), seconds(30));
    world.run(
        &Command::PayOpening {
            session_id: session_id(1),
        },
        seconds(30),
    );
    assert_eq!(world.session(1).phase, SessionPhase::Open);
    assert_eq!(world.wallet(1).held(), Fen(10_000));
}

#[test]
fn what_comes_after_the_opening_lapsed_goes_back() {
    let mut world = waiting();
    world.run(&opening(), seconds(1));
    let lapse = Command::LapseOpening {
        session_id: session_id(1),
        reason: baize_domain::session::LapseReason::NotPaid,
    };
    world.run(&lapse, seconds(180));
    world.run(&paid(1, 4_000), seconds(200));
    assert_eq!((phase(&world), used(&world, 1)), (Phase::Failed, Use::Returned));
    assert_eq!(world.wallet(1).balance().total(), Fen(6_000));
    assert_eq!(balance(&world, Account::RefundsPayable), -4_000);
    world.run(&arrived(1, 4_000), seconds(260));
    assert!(world.run(&arrived(1, 4_000), seconds(261)).is_empty(), "once");
    assert_eq!(balance(&world, Account::RefundsPayable), 0);
    assert_eq!(balance(&world, Account::WechatPayClearing), 0);
}

#[test]
fn of_two_channels_that_both_paid_the_second_goes_back() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    world.run(&by_alipay(), seconds(5));
    world.run(&paid(2, 20_000), seconds(20));
    world.run(&paid(1, 20_000), seconds(21));
    assert_eq!((used(&world, 2), used(&world, 1)), (Use::Served, Use::Returned));
    assert_eq!(world.wallet(1).balance().total(), Fen(20_000));
    world.run(&arrived(1, 20_000), seconds(40));
    assert_eq!(balance(&world, Account::WechatPayClearing), 0);
    assert_eq!(balance(&world, Account::AlipayClearing), 20_000);
}

#[test]
fn what_is_paid_after_the_payer_gave_up_goes_back() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    world.run(&Command::CancelPayment { intent_id: INTENT }, seconds(5));
    assert_eq!(world.refused(&by_alipay(), seconds(6)).reason, "PAYMENT_OVER");
    world.run(&paid(1, 20_000), seconds(9));
    assert_eq!((phase(&world), used(&world, 1)), (Phase::Cancelled, Use::Returned));
}

#[test]
fn what_is_paid_a_little_late_is_still_served() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    let expire = Command::ExpirePayment { intent_id: INTENT };
    assert_eq!(world.refused(&expire, seconds(899)).reason, "PAYMENT_NOT_EXPIRED");
    assert_eq!(world.refused(&expire, seconds(900)).reason, "PAYMENT_ATTEMPT_OPEN");
    world.run(&told(1, OrderOutcome::Closed), seconds(901));
    world.run(&expire, seconds(901));
    assert_eq!(phase(&world), Phase::Expired);
    world.run(&paid(1, 20_000), seconds(950));
    assert_eq!((phase(&world), used(&world, 1)), (Phase::Succeeded, Use::Served));
}

#[test]
fn three_declined_attempts_are_enough_and_a_channel_that_is_away_is_no_decline() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    world.run(&told(1, OrderOutcome::Unavailable), seconds(1));
    assert_eq!(world.payments[&INTENT].channels(), [Channel::Alipay]);
    for attempt in 2..=4 {
        assert_eq!(phase(&world), Phase::Processing);
        let again = Command::TryPayment {
            intent_id: INTENT,
            channel: if attempt == 2 {
                Channel::Alipay
            } else {
                Channel::WechatPay
            },
            presentation: Presentation::InApp,
        };
        world.run(&again, seconds(u32::from(attempt)));
        world.run(&declined(attempt), seconds(u32::from(attempt)));
    }
    assert_eq!(phase(&world), Phase::Failed);
    assert_eq!(world.refused(&by_alipay(), seconds(9)).reason, "PAYMENT_OVER");
}

#[test]
fn the_same_attempt_again_is_the_one_that_waits() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    world.run(
        &told(1, OrderOutcome::Presented(Presented::PrepayId("p".to_owned()))),
        seconds(1),
    );
    let same = Command::TryPayment {
        intent_id: INTENT,
        channel: Channel::WechatPay,
        presentation: Presentation::InApp,
    };
    assert!(world.run(&same, seconds(2)).is_empty());
    world.run(&told(1, OrderOutcome::Closed), seconds(3));
    assert_eq!(world.run(&same, seconds(4)).len(), 1);
}

#[test]
fn a_notification_of_another_amount_is_not_taken_on_its_word() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    let notified = |fen| {
        let paid = Paid {
            transaction_id: "T1".to_owned(),
            amount: Fen(fen),
            paid_at: ten(),
        };
        told(1, OrderOutcome::Told(paid))
    };
    assert_eq!(
        world.refused(&notified(20_001), seconds(1)).reason,
        "AMOUNT_UNCONFIRMED"
    );
    assert_eq!(balance(&world, Account::Suspense), 0);
    world.run(&notified(20_000), seconds(2));
    assert_eq!((phase(&world), used(&world, 1)), (Phase::Succeeded, Use::Served));
    assert!(
        world.run(&notified(20_001), seconds(3)).is_empty(),
        "it is paid already"
    );
}

#[test]
fn another_amount_than_asked_waits_for_somebody() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    world.run(&paid(1, 19_999), seconds(9));
    assert_eq!((phase(&world), used(&world, 1)), (Phase::Conflicted, Use::Suspended));
    assert_eq!(balance(&world, Account::Suspense), -19_999);
    assert_eq!(world.refused(&by_alipay(), seconds(10)).reason, "PAYMENT_UNDER_REVIEW");
    assert_eq!(
        world.refused(&resolve(PaymentResolution::NotPaid), seconds(10)).reason,
        "CANNOT_RESOLVE"
    );
    let mut credited = world.clone();
    let taken = PaymentResolution::Paid {
        attempt: 1,
        paid: Paid {
            transaction_id: "T1".to_owned(),
            amount: Fen(19_999),
            paid_at: ten(),
        },
    };
    credited.run(&resolve(taken), seconds(11));
    assert_eq!(credited.wallet(1).balance().total(), Fen(19_999));
    assert_eq!(
        (phase(&credited), balance(&credited, Account::Suspense)),
        (Phase::Resolved, 0)
    );

    world.run(&resolve(PaymentResolution::Refund), seconds(11));
    world.run(&arrived(1, 19_999), seconds(12));
    assert_eq!(balance(&world, Account::Suspense), 0);
    assert_eq!(balance(&world, Account::WechatPayClearing), 0);
    assert_eq!(
        world.refused(&resolve(PaymentResolution::Refund), seconds(13)).reason,
        "CANNOT_RESOLVE"
    );
}

#[test]
fn an_order_that_nobody_can_tell_about_is_settled_by_hand() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    world.run(&told(1, OrderOutcome::Unknown), seconds(9));
    assert_eq!(
        world.refused(&resolve(PaymentResolution::NotPaid), seconds(10)).reason,
        "CANNOT_RESOLVE"
    );
    world.run(&told(1, OrderOutcome::Unclear), seconds(700));
    assert_eq!(phase(&world), Phase::ManualReview);
    let mut unpaid = world.clone();
    unpaid.run(&resolve(PaymentResolution::NotPaid), seconds(800));
    assert_eq!(phase(&unpaid), Phase::Resolved);
    unpaid.run(&paid(1, 20_000), seconds(900));
    assert_eq!(
        used(&unpaid, 1),
        Use::Returned,
        "somebody has said that it was not paid"
    );

    let shown = PaymentResolution::Paid {
        attempt: 1,
        paid: Paid {
            transaction_id: "T1".to_owned(),
            amount: Fen(20_000),
            paid_at: ten(),
        },
    };
    world.run(&resolve(shown), seconds(800));
    assert_eq!((phase(&world), used(&world, 1)), (Phase::Succeeded, Use::Served));
    assert!(
        world.run(&paid(1, 20_000), seconds(900)).is_empty(),
        "the notification that comes late"
    );
}

#[test]
fn a_bill_is_paid_by_the_credit() {
    let mut world = super::paying::in_debt();
    let then = seconds(3_900);
    world.run(&settle(1), then);
    let bill = start(Wanted::Bill {
        session_id: session_id(1),
    });
    world.run(&bill, then);
    world.run(&paid(1, 300), seconds(3_960));
    assert!(world.wallet(1).debts.is_empty());
    assert_eq!(world.wallet(1).available(), Fen::ZERO);
    assert_eq!(balance(&world, Account::Receivable), 0);
    let again = Command::StartPayment {
        intent_id: PaymentIntentId(Uuid::from_u128(0x501)),
        member_id: member_id(1),
        wanted: Wanted::Bill {
            session_id: session_id(1),
        },
        channel: Channel::Alipay,
        presentation: Presentation::QrCode,
    };
    assert_eq!(world.refused(&again, seconds(3_970)).reason, "NOTHING_TO_PAY");
}

#[test]
fn a_refund_that_does_not_arrive_waits_for_somebody() {
    let mut world = world();
    world.run(&top_up(20_000), ten());
    world.run(&Command::CancelPayment { intent_id: INTENT }, seconds(5));
    world.run(&paid(1, 20_000), seconds(9));
    let failed = |failure| Command::RecordRefund {
        channel: Channel::WechatPay,
        refund_no: refund_no(1),
        outcome: RefundOutcome::Failed(failure),
    };
    let resolve = |resolution| Command::ResolveRefund {
        refund_id: refund_no(1).0,
        resolution,
        by: STAFF,
        reason: "已联系顾客".to_owned(),
    };
    assert_eq!(
        world.refused(&resolve(RefundResolution::Retry), seconds(10)).reason,
        "REFUND_NOT_FAILED"
    );
    world.run(&failed(RefundFailure::Abnormal), seconds(20));
    assert_eq!(
        world.refused(&resolve(RefundResolution::Replace), seconds(21)).reason,
        "REFUND_NOT_CLOSED",
        "two numbers could pay twice"
    );
    world.run(&resolve(RefundResolution::Retry), seconds(22));
    world.run(&failed(RefundFailure::Closed), seconds(23));
    let mut replaced = world.clone();
    replaced.run(&resolve(RefundResolution::Replace), seconds(24));
    let replacement = baize_domain::ids::replacement_refund(refund_no(1).0);
    assert_eq!(replaced.refunds[&replacement].stage, Stage::Approved);
    assert_eq!(
        replaced.payments[&INTENT].refundable(1),
        Fen::ZERO,
        "no more than was paid"
    );

    world.run(&resolve(RefundResolution::SettledByHand), seconds(24));
    assert_eq!(balance(&world, Account::RefundsPayable), 0);
    assert_eq!(balance(&world, Account::CounterClearing), -20_000);
    world.run(&arrived(1, 20_000), seconds(90));
    assert_eq!(balance(&world, Account::WechatPayClearing), 0);
    assert_eq!(
        balance(&world, Account::Suspense),
        20_000,
        "given twice, for somebody to explain"
    );
}

#[test]
fn a_new_member_pays_for_the_first_table_before_there_is_a_wallet() {
    let mut world = world();
    let open = |wait_for_payment| Command::OpenTable {
        session_id: session_id(1),
        table_id: table_id(1),
        member_id: member_id(1),
        mode: OpenMode::Deposit,
        wait_for_payment,
    };
    assert_eq!(world.refused(&open(false), ten()).reason, "PAYMENT_METHOD_REQUIRED");
    world.run(&open(true), ten());
    world.run(&opening(), seconds(1));
    world.run(&paid(1, 10_000), seconds(30));
    world.run(
        &Command::PayOpening {
            session_id: session_id(1),
        },
        seconds(30),
    );
    assert_eq!(world.session(1).phase, SessionPhase::Open);
}

/// Member 1 has ¥200 and a bonus of ¥20 by WeChat Pay, and before that ¥60 from the counter.
fn topped_up() -> World {
    let mut world = world();
    world.top_up(1, 1, 6_000, 0, ten());
    let tiers = vec![TopUpTier {
        from: Fen(20_000),
        bonus: Fen(2_000),
    }];
    world.run(&Command::DefineTopUpTiers { chain_id: CHAIN, tiers }, ten());
    world.run(&top_up(20_000), ten());
    world.run(&paid(1, 20_000), seconds(9));
    world
}

fn ask_back(number: u128, fen: i64) -> Command {
    Command::RequestPrincipalRefund {
        request_id: Uuid::from_u128(number),
        member_id: member_id(1),
        amount: Fen(fen),
        by: member_id(1).0,
        reason: "退余额".to_owned(),
    }
}

fn asked(number: u128) -> RefundNo {
    RefundNo(baize_domain::ids::principal_refund(Uuid::from_u128(number), order(1)))
}

#[test]
fn principal_goes_back_to_its_order_and_the_bonus_given_for_it_is_lost() {
    let mut world = topped_up();
    world.run(&ask_back(1, 5_000), seconds(60));
    let left = world.wallet(1).balance();
    assert_eq!((left.principal, left.bonus), (Fen(21_000), Fen(1_500)));
    assert_eq!(balance(&world, Account::RefundsPayable), -5_000);
    assert_eq!(balance(&world, Account::BonusCost), 1_500);
    let arrived = Command::RecordRefund {
        channel: Channel::WechatPay,
        refund_no: asked(1),
        outcome: RefundOutcome::Succeeded {
            amount: Fen(5_000),
            at: ten(),
        },
    };
    world.run(&arrived, seconds(90));
    assert_eq!(balance(&world, Account::RefundsPayable), 0);
    assert_eq!(balance(&world, Account::WechatPayClearing), 15_000);
    assert_eq!(balance(&world, Account::MemberPrincipal), -21_000);
}

#[test]
fn what_was_paid_in_at_the_counter_does_not_go_back_to_a_provider() {
    let mut world = topped_up();
    let refusal = world.refused(&ask_back(1, 20_001), seconds(60));
    assert_eq!(refusal.reason, "REFUND_AT_COUNTER");
    assert_eq!(refusal.facts["refundable_fen"], "20000");
}

#[test]
fn held_money_does_not_go_back() {
    let mut world = topped_up();
    world.run(&super::world::open(1, 1, 1, OpenMode::Deposit), seconds(10));
    assert_eq!(world.refused(&ask_back(1, 20_000), seconds(60)).reason, "MONEY_HELD");
}

#[test]
fn more_than_two_hundred_yuan_needs_somebody_elses_word() {
    let mut world = topped_up();
    world.run(
        &Command::StartPayment {
            intent_id: PaymentIntentId(Uuid::from_u128(0x501)),
            member_id: member_id(1),
            wanted: Wanted::TopUp { amount: Fen(1_000) },
            channel: Channel::Alipay,
            presentation: Presentation::QrCode,
        },
        seconds(10),
    );
    let second = OrderNo::new(PaymentIntentId(Uuid::from_u128(0x501)), 1).expect("a number");
    world.run(
        &Command::RecordOrder {
            channel: Channel::Alipay,
            order_no: second,
            outcome: OrderOutcome::Paid(Paid {
                transaction_id: "A1".to_owned(),
                amount: Fen(1_000),
                paid_at: ten(),
            }),
        },
        seconds(20),
    );
    let before = world.wallet(1).clone();
    world.run(&ask_back(1, 20_001), seconds(60));
    assert_eq!(world.refunds.len(), 2, "the newest first, each to its own order");
    let refund_id = asked(1).0;
    assert_eq!(world.refunds[&refund_id].stage, Stage::Requested);
    let approve = |by| Command::ApproveRefund { refund_id, by };
    assert_eq!(
        world.refused(&approve(member_id(1).0), seconds(61)).reason,
        "SECOND_PERSON_REQUIRED"
    );
    let mut approved = world.clone();
    approved.run(&approve(STAFF), seconds(62));
    assert_eq!(approved.refunds[&refund_id].stage, Stage::Approved);
    let ids: Vec<_> = world.refunds.keys().copied().collect();
    for refund_id in ids {
        let reject = Command::RejectRefund {
            refund_id,
            by: STAFF,
            reason: "资料不符".to_owned(),
        };
        world.run(&reject, seconds(62));
        assert!(world.run(&reject, seconds(63)).is_empty(), "once");
    }
    assert_eq!(world.wallet(1).lots.balance(), before.lots.balance());
    assert_eq!(balance(&world, Account::RefundsPayable), 0);
    assert_eq!(world.payments[&INTENT].refundable(1), Fen(20_000));
}

#[test]
fn what_went_back_within_a_day_counts_together_towards_the_second_persons_word() {
    let hours = |n: u32| seconds(n * 3_600);
    let stage = |world: &World, number| world.refunds[&asked(number).0].stage.clone();
    let mut world = topped_up();
    world.run(
        &Command::ChangePaymentPolicy {
            chain_id: CHAIN,
            policy: PaymentPolicy {
                refund_approval_above: Fen(10_000),
                ..PaymentPolicy::default()
            },
        },
        ten(),
    );
    world.run(&ask_back(1, 6_000), hours(1));
    assert_eq!(stage(&world, 1), Stage::Approved, "10,000 fen need nobody");
    world.run(&ask_back(2, 4_001), hours(2));
    assert_eq!(stage(&world, 2), Stage::Requested, "10,001 in a day do");
    world.run(&ask_back(3, 1), hours(3));
    assert_eq!(stage(&world, 3), Stage::Requested, "what waits counts");

    for number in [2, 3] {
        let reject = Command::RejectRefund {
            refund_id: asked(number).0,
            by: STAFF,
            reason: "资料不符".to_owned(),
        };
        world.run(&reject, hours(4));
    }
    world.run(&ask_back(4, 4_000), hours(5));
    assert_eq!(stage(&world, 4), Stage::Approved, "what was rejected does not count");
    world.run(&ask_back(5, 6_000), hours(25));
    assert_eq!(stage(&world, 5), Stage::Approved, "nor does what is a day ago");
    world.run(&ask_back(6, 1), hours(28));
    assert_eq!(stage(&world, 6), Stage::Requested);
}

#[test]
fn refunds_of_an_order_never_sum_to_more_than_was_paid() {
    let mut world = topped_up();
    world.run(&ask_back(1, 15_000), seconds(60));
    let refusal = world.refused(&ask_back(2, 5_001), seconds(61));
    assert_eq!(refusal.facts["refundable_fen"], "5000");
    world.run(&ask_back(2, 5_000), seconds(62));
    assert_eq!(world.wallet(1).balance().bonus, Fen::ZERO);
    assert_eq!(world.payments[&INTENT].refundable(1), Fen::ZERO);
}

#[test]
fn what_a_member_has_left_stays_and_nothing_is_returned_unasked() {
    let mut world = topped_up();
    let leave = Command::ReturnLeftover {
        member_id: member_id(1),
    };
    assert!(world.run(&leave, seconds(60)).is_empty());
}

#[test]
fn what_a_guest_has_left_goes_back_to_where_it_came_from() {
    use super::people::{GUEST, start as start_guest, verify};
    let mut world = world();
    world.run(&start_guest(GUEST), ten());
    world.run(&verify(GUEST, 1), ten());
    let open = Command::OpenTable {
        session_id: session_id(1),
        table_id: table_id(1),
        member_id: GUEST,
        mode: OpenMode::Deposit,
        wait_for_payment: true,
    };
    world.run(&open, ten());
    let pay = |wanted| Command::StartPayment {
        intent_id: INTENT,
        member_id: GUEST,
        wanted,
        channel: Channel::WechatPay,
        presentation: Presentation::InApp,
    };
    let by_choice = pay(Wanted::TopUp { amount: Fen(500) });
    assert_eq!(world.refused(&by_choice, seconds(1)).reason, "GUEST_NOT_ALLOWED");
    let session = session_id(1);
    world.run(&pay(Wanted::Opening { session_id: session }), seconds(1));
    world.run(&paid(1, 10_000), seconds(20));
    world.run(&Command::PayOpening { session_id: session }, seconds(30));
    let billing = Command::StartBilling {
        session_id: session,
        cause: BillingStartCause::LightConfirmed,
        at: seconds(30),
    };
    world.run(&billing, seconds(30));
    world.run(&super::world::close(1, CloseCause::Customer), seconds(1_830));
    let leave = Command::ReturnLeftover { member_id: GUEST };
    assert!(world.run(&leave, seconds(1_831)).is_empty(), "not before it is settled");
    world.run(&settle(1), seconds(1_832));
    world.run(&leave, seconds(1_833));
    assert!(world.run(&leave, seconds(1_834)).is_empty(), "once");
    assert_eq!(world.wallets[&GUEST].balance().total(), Fen::ZERO);
    assert_eq!(balance(&world, Account::RefundsPayable), -7_000);
    assert_eq!(world.payments[&INTENT].refundable(1), Fen(3_000));
}
