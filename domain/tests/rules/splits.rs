//! Bills that are shared: the money of each share moves with the split that it belongs to.

use baize_domain::command::{Command, OpenMode};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{IdentityId, MemberId, PaymentIntentId, SplitId, session_split, split_share};
use baize_domain::journal::Account;
use baize_domain::payment::{
    Channel, OrderNo, OrderOutcome, Paid, PaymentResolution, Phase as PaymentPhase, Presentation, Wanted,
};
use baize_domain::personal::{Identifier, Sealed};
use baize_domain::session::CloseCause;
use baize_domain::split::{self, BillSplit, CancelCause, Division, OPENER, Phase, ShareState};
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::units::splits::{
    SplitChanges, StartSplitInput, charge_share, confirm_share, deliver_share, pay_share, return_share, start_split,
};
use baize_domain::{Event, Fen, Refusal};
use jiff::Timestamp;
use uuid::Uuid;

use super::world::{CHAIN, World, at, balances, close, get, member_id, one, open, session_id, settle, yuan_a_minute};

pub(crate) const INTENT: PaymentIntentId = PaymentIntentId(Uuid::from_u128(0x700));

impl World {
    /// Decides what concerns splits.
    pub(crate) fn decide_splits(&self, command: Command, now: Timestamp) -> Result<Vec<(String, Event)>, Refusal> {
        let split = |split_id: SplitId| get(&self.splits, split_id);
        let wallet = |member_id: MemberId| get(&self.wallets, member_id);
        let payer = |split: &BillSplit, ordinal: u8| {
            let share = split.share(ordinal);
            share.and_then(|share| share.member_id).unwrap_or_default()
        };
        let told = |split_id, events| Ok(one(split_id, events, Event::BillSplit));
        match command {
            Command::StartSplit {
                session_id,
                member_id,
                division,
                tokens,
                anew,
            } => {
                let split_id = session_split(session_id);
                let changes = start_split(StartSplitInput {
                    session: &get(&self.sessions, session_id),
                    split: &split(split_id),
                    member: &get(&self.members, member_id),
                    division: &division,
                    tokens: &tokens,
                    anew,
                    now,
                })?;
                told(split_id, changes.split)
            }
            Command::ConfirmShare {
                split_id,
                token,
                member_id,
            } => {
                let member = get(&self.members, member_id);
                let changes = confirm_share(&split(split_id), &member, &wallet(member_id), &token, now)?;
                told(split_id, changes.split)
            }
            Command::DeclineShare {
                split_id,
                token,
                member_id,
            } => told(
                split_id,
                split::decide::decline(&split(split_id), &token, member_id, now)?,
            ),
            Command::RemoveShare {
                split_id,
                ordinal,
                member_id,
            } => {
                let split = split(split_id);
                split::decide::of_opener(&split, member_id)?;
                told(split_id, split::decide::remove(&split, ordinal, now)?)
            }
            Command::TakeOverShare {
                split_id,
                ordinal,
                member_id,
            } => {
                let split = split(split_id);
                split::decide::of_opener(&split, member_id)?;
                told(split_id, split::decide::take_over(&split, ordinal, now)?)
            }
            Command::CancelSplit { split_id, member_id } => {
                let split = split(split_id);
                split::decide::of_opener(&split, member_id)?;
                told(split_id, split::decide::cancel(&split, CancelCause::Opener, now)?)
            }
            Command::StallSplit { split_id, round } => {
                let split = split(split_id);
                match split.terms.as_ref().is_some_and(|terms| terms.round == round) {
                    true => told(split_id, split::decide::stall(&split, now)?),
                    false => Ok(Vec::new()),
                }
            }
            Command::LapseSplit { split_id, round } => {
                let split = split(split_id);
                match split.terms.as_ref().is_some_and(|terms| terms.round == round) {
                    true => told(split_id, split::decide::cancel(&split, CancelCause::TimeOver, now)?),
                    false => Ok(Vec::new()),
                }
            }
            Command::PayShare { split_id, member_id } => {
                let changes = pay_share(&split(split_id), &wallet(member_id), member_id, now)?;
                Ok(moved(changes, split_id, member_id, MemberId::default()))
            }
            Command::ChargeShare {
                split_id,
                round,
                ordinal,
            } => {
                let split = split(split_id);
                let payer = payer(&split, ordinal);
                let changes = charge_share(&split, &wallet(payer), round, ordinal, now)?;
                Ok(moved(changes, split_id, payer, MemberId::default()))
            }
            Command::DeliverShare {
                split_id,
                round,
                ordinal,
            } => {
                let split = split(split_id);
                let payer = payer(&split, ordinal);
                let opener = split.terms.as_ref().map(|terms| terms.opener).unwrap_or_default();
                let changes = deliver_share(&split, &wallet(payer), &wallet(opener), (round, ordinal), now)?;
                Ok(moved(changes, split_id, payer, opener))
            }
            Command::ReturnShare {
                split_id,
                round,
                ordinal,
            } => {
                let split = split(split_id);
                let payer = payer(&split, ordinal);
                let changes = return_share(&split, &wallet(payer), (round, ordinal), now)?;
                Ok(moved(changes, split_id, payer, MemberId::default()))
            }
            other => panic!("{other:?} does not concern splits"),
        }
    }
}

fn moved(changes: SplitChanges, split_id: SplitId, payer: MemberId, opener: MemberId) -> Vec<(String, Event)> {
    let mut all = one(payer, changes.wallet, Event::Wallet);
    all.extend(one(opener, changes.opener, Event::Wallet));
    all.extend(one(split_id, changes.split, Event::BillSplit));
    let journal = changes.journal.into_iter();
    all.extend(journal.flat_map(|(id, events)| one(id, events, Event::Journal)));
    all
}

pub(crate) fn split_id() -> SplitId {
    session_split(session_id(1))
}

pub(crate) fn token(ordinal: u8, round: u32) -> String {
    format!("link-{round}-{ordinal}")
}

pub(crate) fn start_of(division: Division, round: u32) -> Command {
    let others = u8::try_from(division.people()).expect("a few") - 1;
    Command::StartSplit {
        session_id: session_id(1),
        member_id: member_id(1),
        tokens: (1..=others).map(|ordinal| token(ordinal, round)).collect(),
        division,
        anew: round > 1,
    }
}

pub(crate) fn confirm_by(ordinal: u8, member: u8, round: u32) -> Command {
    Command::ConfirmShare {
        split_id: split_id(),
        token: token(ordinal, round),
        member_id: member_id(member),
    }
}

/// What the hall is owed or has, in all, of one account.
pub(crate) fn account(world: &World, account: Account) -> Fen {
    let all = balances(world).iter();
    all.filter(|((_, of), _)| *of == account)
        .map(|(_, amount)| *amount)
        .sum()
}

pub(crate) fn ten() -> Timestamp {
    at("2026-03-02T10:00:00+08:00")
}

/// Member 1 has played for an hour, ¥60, with `paid_in` in the wallet when the bill was taken. Members 2 and 3 have ¥100 each; of
/// member 3's ¥90 is bonus.
pub(crate) fn played(paid_in: i64) -> World {
    // The light stays on beyond what the wallet secures, so that the bill can be more than there is.
    let policy = HallPolicy {
        hold_minutes: u32::try_from(paid_in / 100).expect("a few").min(60),
        linger_seconds: 1_800,
        ..HallPolicy::default()
    };
    let mut world = World::new(yuan_a_minute(), policy, 1);
    world.top_up(1, 1, paid_in, 0, ten());
    world.top_up(2, 2, 10_000, 0, ten());
    world.top_up(3, 3, 1_000, 9_000, ten());
    world.run(&open(1, 1, 1, OpenMode::Postpaid), ten());
    let billing = Command::StartBilling {
        session_id: session_id(1),
        cause: baize_domain::session::BillingStartCause::LightConfirmed,
        at: ten(),
    };
    world.run(&billing, ten());
    let end = seconds_after(ten(), 3_600);
    world.run(&close(1, CloseCause::Customer), end);
    world.run(&settle(1), end);
    world
}

fn eleven() -> Timestamp {
    seconds_after(ten(), 3_600)
}

fn charge(ordinal: u8) -> Command {
    Command::ChargeShare {
        split_id: split_id(),
        round: 1,
        ordinal,
    }
}

fn deliver(ordinal: u8) -> Command {
    Command::DeliverShare {
        split_id: split_id(),
        round: 1,
        ordinal,
    }
}

fn give_back(ordinal: u8) -> Command {
    Command::ReturnShare {
        split_id: split_id(),
        round: 1,
        ordinal,
    }
}

fn available(world: &World, member: u8) -> i64 {
    world.wallet(member).available().0
}

/// Confirmed by members 2 and 3, and being charged.
fn charging(paid_in: i64) -> World {
    let mut world = played(paid_in);
    world.run(&start_of(Division::Equal { people: 3 }, 1), eleven());
    world.run(&confirm_by(1, 2, 1), eleven());
    world.run(&confirm_by(2, 3, 1), eleven());
    world
}

#[test]
fn of_a_paid_bill_the_others_shares_come_to_the_opener_once_all_are_paid() {
    let mut world = charging(10_000);
    let bill = world.session(1).closing.as_ref().expect("a bill").bill.total;
    assert_eq!((bill, available(&world, 1)), (Fen(6_000), 4_000));
    world.run(&charge(OPENER), eleven());
    world.run(&charge(1), eleven());
    assert_eq!((available(&world, 1), available(&world, 2)), (4_000, 8_000));
    assert_eq!(account(&world, Account::SharesHeld), Fen(-2_000));
    assert_eq!(
        world.execute(&deliver(1), eleven()),
        Ok(vec![]),
        "not everybody has paid"
    );
    world.run(&charge(2), eleven());
    assert_eq!(world.splits[&split_id()].phase, Phase::Completed);
    for ordinal in [1, 2] {
        world.run(&deliver(ordinal), eleven());
        assert_eq!(world.execute(&deliver(ordinal), eleven()), Ok(vec![]), "once");
    }
    assert_eq!([1, 2, 3].map(|member| available(&world, member)), [8_000, 8_000, 8_000]);
    assert_eq!(account(&world, Account::SharesHeld), Fen::ZERO);
    let balance = world.wallet(1).balance();
    assert_eq!(
        (balance.principal, balance.bonus),
        (Fen(7_000), Fen(1_000)),
        "bonus stays bonus"
    );
}

#[test]
fn of_an_open_bill_the_opener_pays_only_what_the_others_do_not_bring() {
    let mut world = charging(4_500);
    assert_eq!(world.wallet(1).debts[0].outstanding, Fen(1_500));
    for ordinal in [OPENER, 1, 2] {
        world.run(&charge(ordinal), eleven());
    }
    assert_eq!(world.splits[&split_id()].phase, Phase::Completed);
    world.run(&deliver(1), eleven());
    world.run(&deliver(2), eleven());
    assert!(world.wallet(1).debts.is_empty());
    assert_eq!(
        available(&world, 1),
        2_500,
        "the own share, ¥20, is all that the bill cost"
    );
    assert_eq!(account(&world, Account::Receivable), Fen::ZERO);
}

#[test]
fn an_opener_who_owes_more_than_the_others_bring_pays_the_rest() {
    let mut world = played(3_000);
    assert_eq!(world.wallet(1).debts[0].outstanding, Fen(3_000));
    let amounts = Division::Amounts(vec![Fen(5_000), Fen(1_000)]);
    world.run(&start_of(amounts, 1), eleven());
    world.run(&confirm_by(1, 2, 1), eleven());
    world.run(&charge(OPENER), eleven());
    assert_eq!(world.splits[&split_id()].shares[0].failures, 1);
    pay_through_provider(&mut world, 1, Fen(2_000));
    assert!(world.splits[&split_id()].shares[0].set_aside().is_some());
    world.run(&charge(1), eleven());
    world.run(&deliver(1), eleven());
    assert!(world.wallet(1).debts.is_empty());
    assert_eq!(available(&world, 1), 0);
}

/// A member pays what the own share lacks, which must be so much.
fn pay_through_provider(world: &mut World, member: u8, lacking: Fen) {
    let start = Command::StartPayment {
        intent_id: INTENT,
        member_id: member_id(member),
        wanted: Wanted::Share { split_id: split_id() },
        channel: Channel::WechatPay,
        presentation: Presentation::QrCode,
    };
    world.run(&start, eleven());
    let amount = world.payments[&INTENT].intent.as_ref().expect("an intent").amount;
    assert_eq!(amount, lacking);
    world.run(&paid(amount), eleven());
}

fn paid(amount: Fen) -> Command {
    Command::RecordOrder {
        channel: Channel::WechatPay,
        order_no: OrderNo::new(INTENT, 1).expect("a number"),
        outcome: OrderOutcome::Paid(Paid {
            transaction_id: "4200001".into(),
            amount,
            paid_at: eleven(),
        }),
    }
}

#[test]
fn a_share_that_the_balance_cannot_pay_is_paid_through_a_provider() {
    let mut world = played(10_000);
    world.run(&start_of(Division::Amounts(vec![Fen(0), Fen(6_000)]), 1), eleven());
    world.run(&confirm_by(1, 4, 1), eleven());
    world.run(&charge(1), eleven());
    let share = &world.splits[&split_id()].shares[1];
    assert_eq!((share.failures, share.state), (1, ShareState::Confirmed));
    let pay = Command::PayShare {
        split_id: split_id(),
        member_id: member_id(4),
    };
    let refusal = world.refused(&pay, eleven());
    assert_eq!(
        (refusal.reason.as_str(), refusal.facts["shortfall_fen"].as_str()),
        ("TOP_UP_REQUIRED", "6000")
    );
    world.top_up(4, 4, 1_000, 0, eleven());
    pay_through_provider(&mut world, 4, Fen(5_000));
    assert_eq!(world.payments[&INTENT].phase, PaymentPhase::Succeeded);
    assert!(world.splits[&split_id()].shares[1].set_aside().is_some());
    assert_eq!(available(&world, 4), 0);
    world.run(&charge(OPENER), eleven());
    assert_eq!(world.splits[&split_id()].phase, Phase::Completed);
}

#[test]
fn money_for_a_share_that_is_not_due_any_more_goes_back() {
    let mut world = played(10_000);
    world.run(&start_of(Division::Amounts(vec![Fen(0), Fen(6_000)]), 1), eleven());
    world.run(&confirm_by(1, 4, 1), eleven());
    let start = Command::StartPayment {
        intent_id: INTENT,
        member_id: member_id(4),
        wanted: Wanted::Share { split_id: split_id() },
        channel: Channel::WechatPay,
        presentation: Presentation::QrCode,
    };
    world.run(&start, eleven());
    let cancel = Command::CancelSplit {
        split_id: split_id(),
        member_id: member_id(1),
    };
    world.run(&cancel, eleven());
    world.run(&paid(Fen(6_000)), eleven());
    assert_eq!(world.refunds.len(), 1, "it goes back by itself");
    assert_eq!(account(&world, Account::RefundsPayable), Fen(-6_000));
    assert!(!world.wallets.contains_key(&member_id(4)));
}

#[test]
fn what_somebody_settles_by_hand_for_a_share_that_is_not_due_any_more_is_the_payers() {
    let mut world = played(10_000);
    world.run(&start_of(Division::Amounts(vec![Fen(0), Fen(6_000)]), 1), eleven());
    world.run(&confirm_by(1, 4, 1), eleven());
    let start = Command::StartPayment {
        intent_id: INTENT,
        member_id: member_id(4),
        wanted: Wanted::Share { split_id: split_id() },
        channel: Channel::WechatPay,
        presentation: Presentation::QrCode,
    };
    world.run(&start, eleven());
    world.run(&paid(Fen(5_999)), eleven());
    assert_eq!(world.payments[&INTENT].phase, PaymentPhase::Conflicted);
    let cancel = Command::CancelSplit {
        split_id: split_id(),
        member_id: member_id(1),
    };
    world.run(&cancel, eleven());
    let resolve = Command::ResolvePayment {
        intent_id: INTENT,
        resolution: PaymentResolution::Paid {
            attempt: 1,
            paid: Paid {
                transaction_id: "4200001".into(),
                amount: Fen(5_999),
                paid_at: eleven(),
            },
        },
        by: Uuid::from_u128(0xb),
        reason: "少付一分".into(),
    };
    world.run(&resolve, eleven());
    assert_eq!(available(&world, 4), 5_999);
    assert!(
        world.wallet(4).shares.is_empty(),
        "nothing is charged for a split that is over"
    );
}

#[test]
fn what_was_paid_in_a_cancelled_split_is_in_its_lots_again() {
    let mut world = charging(10_000);
    let before = world.wallet(3).lots.clone();
    world.run(&charge(2), eleven());
    assert_ne!(world.wallet(3).lots, before);
    let cancel = Command::CancelSplit {
        split_id: split_id(),
        member_id: member_id(1),
    };
    let stranger = Command::CancelSplit {
        split_id: split_id(),
        member_id: member_id(2),
    };
    assert_eq!(world.refused(&stranger, eleven()).reason, "SPLIT_NOT_FOUND");
    world.run(&cancel, eleven());
    let again = start_of(Division::Equal { people: 2 }, 1);
    assert_eq!(world.refused(&again, eleven()).reason, "SHARES_RETURNING");
    world.run(&give_back(2), eleven());
    assert_eq!(world.execute(&give_back(2), eleven()), Ok(vec![]), "once");
    assert_eq!(world.wallet(3).lots, before);
    assert_eq!(account(&world, Account::SharesHeld), Fen::ZERO);
    assert_eq!(
        world.execute(&charge(1), eleven()),
        Ok(vec![]),
        "nobody is charged after that"
    );
    world.run(&again, eleven());
    let share = &world.splits[&split_id()].shares[1];
    assert_eq!(
        share.share_id,
        split_share(split_id(), 2, 1),
        "another share than before"
    );
}

#[test]
fn only_a_settled_bill_of_ones_own_is_split_and_only_by_a_member() {
    let mut world = World::with_tariff(yuan_a_minute());
    let start = start_of(Division::Equal { people: 2 }, 1);
    assert_eq!(world.refused(&start, ten()).reason, "SESSION_NOT_FOUND");
    world.top_up(1, 1, 10_000, 0, ten());
    world.run(&open(1, 1, 1, OpenMode::Postpaid), ten());
    assert_eq!(world.refused(&start, ten()).reason, "SESSION_STILL_OPEN");
    world.run(&close(1, CloseCause::Customer), ten());
    assert_eq!(world.refused(&start, ten()).reason, "SESSION_NOT_SETTLED");
    world.run(&settle(1), ten());
    assert_eq!(world.refused(&start, ten()).reason, "NOTHING_TO_SPLIT");
    let mut world = played(10_000);
    let mut by_another = start.clone();
    if let Command::StartSplit { member_id: by, .. } = &mut by_another {
        *by = member_id(2);
    }
    assert_eq!(world.refused(&by_another, eleven()).reason, "SPLIT_NOT_FOUND");
    world.run(&start, eleven());
    assert_eq!(world.refused(&start, eleven()).reason, "SPLIT_OPEN");
}

#[test]
fn guests_take_part_with_a_verified_number_and_whoever_owes_pays_that_first() {
    let mut world = played(10_000);
    world.run(&start_of(Division::Equal { people: 3 }, 1), eleven());
    let guest = MemberId(Uuid::from_u128(0x3ff));
    let begin = Command::StartGuest {
        member_id: guest,
        chain_id: CHAIN,
    };
    world.run(&begin, eleven());
    let confirm = Command::ConfirmShare {
        split_id: split_id(),
        token: token(1, 1),
        member_id: guest,
    };
    assert_eq!(world.refused(&confirm, eleven()).reason, "PHONE_NOT_VERIFIED");
    let verify = Command::VerifyPhone {
        member_id: guest,
        phone: Identifier {
            identity_id: IdentityId(Uuid::from_u128(0x900)),
            sealed: Sealed("sealed".to_owned()),
        },
    };
    world.run(&verify, eleven());
    world.run(&confirm, eleven());
    world.owe(2, session_id(9), Fen(100));
    assert_eq!(world.refused(&confirm_by(2, 2, 1), eleven()).reason, "UNPAID_BILL");
}
