//! A guest with money who turns out to be a member: the money, and what is owed, go along to the fen.

use std::collections::BTreeMap;

use baize_domain::command::{Command, OpenMode};
use baize_domain::ids::{MemberId, PaymentIntentId, SessionId, ShareId, TopUpId};
use baize_domain::journal::{Account, JournalEvent, Source};
use baize_domain::payment::{Channel, OrderNo};
use baize_domain::wallet::{Split, TopUpChannel, Wallet, WalletEvent};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::people::{GUEST, start, verify};
use super::world::{HALL, World, at, member_id, yuan_a_minute};

fn now() -> Timestamp {
    at("2026-03-02T12:00:00Z")
}

fn merge() -> Command {
    Command::MergeGuest {
        guest_id: GUEST,
        target_id: member_id(1),
        phone: None,
    }
}

/// A lot of a wallet: principal, bonus, and whether a provider brought it in.
type LotOf = (i64, i64, bool);

/// A wallet with these lots, some of it spent, and these debts.
fn wallet(owner: MemberId, nth: u128, lots: &[LotOf], spent: i64, debts: &[i64]) -> Wallet {
    let mut wallet = Wallet::default();
    wallet.evolve(&WalletEvent::WalletOpened {
        member_id: owner,
        at: now(),
    });
    for (number, (principal, bonus, by_provider)) in (1u128..).zip(lots) {
        let intent_id = PaymentIntentId(Uuid::from_u128(nth * 1_000 + number));
        let order_no = OrderNo::new(intent_id, 1).expect("a first attempt");
        let channel = match by_provider {
            true => TopUpChannel::Provider {
                channel: Channel::WechatPay,
                order_no,
            },
            false => TopUpChannel::Counter,
        };
        wallet.evolve(&WalletEvent::TopUpCredited {
            top_up_id: TopUpId(Uuid::from_u128(nth * 1_000 + number)),
            channel,
            amount: split(*principal, *bonus),
            at: now(),
        });
    }
    let spent = Fen(spent).min(wallet.balance().total());
    if spent.is_positive() {
        let amount = wallet.split(spent);
        let session_id = SessionId(Uuid::from_u128(nth));
        wallet.evolve(&WalletEvent::PrepaidCharged {
            session_id,
            amount,
            at: now(),
        });
        wallet.evolve(&WalletEvent::PrepaidSettled {
            session_id,
            amount,
            at: now(),
        });
    }
    for (number, amount) in (1u128..).zip(debts) {
        wallet.evolve(&WalletEvent::DebtIncurred {
            session_id: SessionId(Uuid::from_u128(nth * 100 + number)),
            hall_id: HALL,
            amount: Fen(*amount),
            at: now(),
        });
    }
    wallet
}

fn split(principal: i64, bonus: i64) -> Split {
    Split {
        principal: Fen(principal),
        bonus: Fen(bonus),
    }
}

/// A guest and member 1 with these wallets.
fn world(guest: Wallet, member: Wallet) -> World {
    let mut world = World::with_tariff(yuan_a_minute());
    world.run(&start(GUEST), now());
    world.run(&verify(GUEST, 1), now());
    world.wallets.insert(GUEST, guest);
    world.wallets.insert(member_id(1), member);
    world
}

/// What the postings among the events say of each person's accounts; each must sum to zero.
fn posted(events: &[Event]) -> BTreeMap<(MemberId, Account), Fen> {
    let mut books = BTreeMap::new();
    for event in events {
        let Event::Journal(JournalEvent::TransactionPosted { member_id, entries, .. }) = event else {
            continue;
        };
        let sum: Fen = entries.iter().map(|entry| entry.amount).sum();
        assert_eq!(sum, Fen::ZERO, "{event:?}");
        for entry in entries {
            *books.entry((*member_id, entry.account)).or_insert(Fen::ZERO) += entry.amount;
        }
    }
    books
}

/// What is in a wallet, less what is owed.
fn worth(wallet: &Wallet) -> Fen {
    wallet.balance().total() - wallet.owed()
}

fn lots() -> impl Strategy<Value = Vec<LotOf>> {
    proptest::collection::vec((1i64..20_000, 0i64..3_000, any::<bool>()), 0..5)
}

fn debts() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(1i64..15_000, 0..3)
}

proptest! {
    #[test]
    fn whatever_is_merged_no_fen_is_made_or_lost_and_the_books_of_both_say_what_their_wallets_say(
        (of_guest, spent_by_guest, owed_by_guest) in (lots(), 0i64..30_000, debts()),
        (of_member, spent_by_member, owed_by_member) in (lots(), 0i64..30_000, debts()),
    ) {
        let guest = wallet(GUEST, 1, &of_guest, spent_by_guest, &owed_by_guest);
        let member = wallet(member_id(1), 2, &of_member, spent_by_member, &owed_by_member);
        let mut world = world(guest.clone(), member.clone());
        let events = world.run(&merge(), now());
        let (after_guest, after) = (world.wallets[&GUEST].clone(), world.wallet(1).clone());

        prop_assert_eq!(worth(&guest) + worth(&member), worth(&after));
        prop_assert_eq!((after_guest.balance(), after_guest.owed()), (Split::default(), Fen::ZERO));
        let books = posted(&events);
        let book = |who, account| books.get(&(who, account)).copied().unwrap_or_default();
        for (who, before, after) in [(GUEST, &guest, &after_guest), (member_id(1), &member, &after)] {
            let (before, owed, after, owes) = (before.balance(), before.owed(), after.balance(), after.owed());
            prop_assert_eq!(-book(who, Account::MemberPrincipal), after.principal - before.principal);
            prop_assert_eq!(-book(who, Account::MemberBonus), after.bonus - before.bonus);
            prop_assert_eq!(book(who, Account::Receivable), owes - owed);
        }
        let in_transit = book(GUEST, Account::WalletTransfers) + book(member_id(1), Account::WalletTransfers);
        prop_assert_eq!(in_transit, Fen::ZERO);
        // Debts come first; what is left came from where it came from, with what it brought in then.
        let something_came = !(of_guest.is_empty() && owed_by_guest.is_empty()) && worth_moving(&guest);
        prop_assert!(!something_came || after.owed() == Fen::ZERO || after.available() == Fen::ZERO);
        for lot in after.lots.iter() {
            let known = guest.lots.iter().chain(member.lots.iter()).find(|known| {
                known.origin.top_up_id == lot.origin.top_up_id
            });
            let known = known.expect("a lot of one of the two");
            prop_assert_eq!((known.origin.channel, known.origin.credited), (lot.origin.channel, lot.origin.credited));
            prop_assert!(lot.remaining.principal <= known.remaining.principal && lot.remaining.bonus <= known.remaining.bonus);
        }
        prop_assert_eq!(world.run(&merge(), now()), Vec::<Event>::new());
    }
}

fn worth_moving(wallet: &Wallet) -> bool {
    wallet.balance() != Split::default() || wallet.owed() != Fen::ZERO
}

#[test]
fn what_a_guest_paid_through_a_provider_can_go_back_to_its_order_from_the_members_wallet() {
    let guest = wallet(GUEST, 1, &[(10_000, 0, true)], 4_000, &[]);
    let order = guest.lots.iter().next().expect("a lot").origin.order();
    let mut world = world(guest, Wallet::default());
    let events = world.run(&merge(), now());
    let member = world.wallet(1);
    assert_eq!(member.member_id, Some(member_id(1)), "it is opened for that");
    assert_eq!(member.balance(), split(6_000, 0));
    assert!(order.is_some());
    assert_eq!(member.lots.iter().next().expect("the lot").origin.order(), order);
    let sources = events.iter().filter_map(|event| match event {
        Event::Journal(JournalEvent::TransactionPosted { source, .. }) => Some(*source),
        _ => None,
    });
    assert_eq!(sources.collect::<Vec<_>>(), [Source::GuestMerged(GUEST); 2]);
}

#[test]
fn the_guests_debt_is_the_members_and_is_paid_from_what_there_is() {
    let guest = wallet(GUEST, 1, &[], 0, &[3_000]);
    let member = wallet(member_id(1), 2, &[(2_000, 500, false)], 0, &[]);
    let mut world = world(guest, member);
    world.run(&merge(), now());
    let member = world.wallet(1);
    assert_eq!(member.balance(), Split::default());
    assert_eq!(member.debts.len(), 1);
    assert_eq!(member.owed(), Fen(500));
    let refusal = world.refused(&super::world::open(1, 1, 1, OpenMode::Postpaid), now());
    assert_eq!(refusal.reason, "UNPAID_BILL");
}

#[test]
fn a_guest_whose_session_is_not_settled_is_not_merged_until_it_is() {
    let mut guest = wallet(GUEST, 1, &[(10_000, 0, true)], 0, &[]);
    let session_id = SessionId(Uuid::from_u128(9));
    let held = WalletEvent::FundsHeld {
        hold_id: baize_domain::ids::session_hold(session_id),
        session_id,
        amount: Fen(6_000),
        at: now(),
    };
    guest.evolve(&held);
    let mut world = world(guest, Wallet::default());
    let refusal = world.refused(&merge(), now());
    assert_eq!(refusal.reason, "GUEST_HAS_OPEN_SESSION");
    assert_eq!(refusal.facts["session_id"], session_id.to_string());
    let release = WalletEvent::HoldReleased {
        hold_id: baize_domain::ids::session_hold(session_id),
        session_id,
        released: Fen(6_000),
        at: now(),
    };
    world.wallets.get_mut(&GUEST).expect("a wallet").evolve(&release);
    world.run(&merge(), now());
    assert_eq!(world.wallet(1).balance(), split(10_000, 0));
}

#[test]
fn a_guest_without_money_brings_none() {
    let mut world = world(Wallet::default(), Wallet::default());
    let events = world.run(&merge(), now());
    let about_money = |event: &&Event| matches!(event, Event::Wallet(_) | Event::Journal(_));
    assert_eq!(events.iter().find(about_money), None);
}

#[test]
fn a_guest_who_paid_a_share_that_is_not_delivered_is_not_merged_until_it_is() {
    let mut guest = wallet(GUEST, 1, &[(10_000, 0, true)], 0, &[]);
    let share_id = ShareId(Uuid::from_u128(9));
    let charged = WalletEvent::ShareCharged {
        share_id,
        amount: split(2_000, 0),
        at: now(),
    };
    guest.evolve(&charged);
    let mut world = world(guest, Wallet::default());
    let refusal = world.refused(&merge(), now());
    assert_eq!(refusal.reason, "GUEST_HAS_OPEN_SHARE");
    assert_eq!(refusal.facts["share_id"], share_id.to_string());
    let returned = WalletEvent::ShareReturned {
        share_id,
        amount: split(2_000, 0),
        at: now(),
    };
    world.wallets.get_mut(&GUEST).expect("a wallet").evolve(&returned);
    world.run(&merge(), now());
    assert_eq!(world.wallet(1).balance(), split(10_000, 0));
}
