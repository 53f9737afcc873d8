//! The fold of wallets, without a database.

use baize_domain::ids::{HallId, HoldId, MemberId, SessionId, ShareId, TopUpId};
use baize_domain::wallet::{Debt, LotShare, Origin, Split, TopUpChannel, WalletEvent};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{EntryKind, Wallets, WalletsState};
use crate::engine::{Contradiction, fold_all};

const MEMBER: Uuid = Uuid::from_u128(1);
const AT: Timestamp = Timestamp::UNIX_EPOCH;
const SESSION: SessionId = SessionId(Uuid::from_u128(2));

fn fold(events: Vec<WalletEvent>) -> Result<WalletsState, Contradiction> {
    let opened = WalletEvent::WalletOpened {
        member_id: MemberId(MEMBER),
        at: AT,
    };
    let topped_up = WalletEvent::TopUpCredited {
        top_up_id: TopUpId(Uuid::from_u128(3)),
        channel: TopUpChannel::Counter,
        amount: split(1_000, 100),
        at: AT,
    };
    let events = [opened, topped_up].into_iter().chain(events);
    fold_all::<Wallets>(events.map(|event| (MEMBER, Event::Wallet(event))).collect())
}

fn split(principal: i64, bonus: i64) -> Split {
    Split {
        principal: Fen(principal),
        bonus: Fen(bonus),
    }
}

fn held(hold: u128, amount: i64) -> WalletEvent {
    WalletEvent::FundsHeld {
        hold_id: hold_id(hold),
        session_id: SESSION,
        amount: Fen(amount),
        at: AT,
    }
}

fn captured(hold: u128, principal: i64, bonus: i64) -> WalletEvent {
    let captured = split(principal, bonus);
    WalletEvent::HoldCaptured {
        hold_id: hold_id(hold),
        session_id: SESSION,
        captured,
        released: Fen(0),
        at: AT,
    }
}

fn hold_id(hold: u128) -> HoldId {
    HoldId(Uuid::from_u128(hold))
}

/// Principal, bonus, held, owed, available.
fn wallet(state: &WalletsState) -> [i64; 5] {
    let wallet = state.wallets.get(MEMBER).unwrap();
    let available = wallet.available_fen();
    [
        wallet.principal_fen,
        wallet.bonus_fen,
        wallet.held_fen,
        wallet.owed_fen,
        available,
    ]
}

#[test]
fn a_wallet_is_the_sum_of_its_entries() {
    let state = fold(vec![
        held(10, 300),
        held(10, 200),
        held(11, 50),
        captured(10, 900, 100),
        WalletEvent::DebtIncurred {
            session_id: SESSION,
            hall_id: HallId(MEMBER),
            amount: Fen(70),
            at: AT,
        },
        WalletEvent::DebtPaid {
            session_id: SESSION,
            paid: split(20, 0),
            outstanding: Fen(50),
            at: AT,
        },
    ])
    .unwrap();
    assert_eq!(wallet(&state), [80, 0, 50, 50, 30]);
    let mut sums = [0; 4];
    for entry in state.entries.iter() {
        let changes = [entry.principal_fen, entry.bonus_fen, entry.held_fen, entry.owed_fen];
        sums.iter_mut().zip(changes).for_each(|(sum, change)| *sum += change);
    }
    assert_eq!(sums, wallet(&state)[..4]);
    assert_eq!(state.entries.count(), 7);
}

#[test]
fn a_prepaid_session_is_paid_and_paid_back() {
    let paid = WalletEvent::PrepaidCharged {
        session_id: SESSION,
        amount: split(600, 40),
        at: AT,
    };
    let back = WalletEvent::PrepaidRefunded {
        session_id: SESSION,
        amount: split(600, 40),
        at: AT,
    };
    let settled = WalletEvent::PrepaidSettled {
        session_id: SESSION,
        amount: split(600, 40),
        at: AT,
    };
    assert_eq!(
        wallet(&fold(vec![paid.clone(), settled]).unwrap()),
        [400, 60, 0, 0, 460]
    );
    assert_eq!(wallet(&fold(vec![paid, back]).unwrap()), [1_000, 100, 0, 0, 1_100]);
}

#[test]
fn a_share_of_a_bill_leaves_one_wallet_and_comes_into_another() {
    let share_id = ShareId(MEMBER);
    let charged = WalletEvent::ShareCharged {
        share_id,
        amount: split(600, 40),
        at: AT,
    };
    let back = WalletEvent::ShareReturned {
        share_id,
        amount: split(600, 40),
        at: AT,
    };
    let gone = WalletEvent::ShareDelivered {
        share_id,
        amount: split(600, 40),
        at: AT,
    };
    let received = WalletEvent::TopUpCredited {
        top_up_id: TopUpId(MEMBER),
        channel: TopUpChannel::Share { share_id },
        amount: split(600, 40),
        at: AT,
    };
    assert_eq!(
        wallet(&fold(vec![charged.clone(), gone]).unwrap()),
        [400, 60, 0, 0, 460]
    );
    let state = fold(vec![charged, back, received]).unwrap();
    assert_eq!(wallet(&state), [1_600, 140, 0, 0, 1_740]);
    let kinds: Vec<_> = state.entries.iter().map(|entry| entry.kind).collect();
    for kind in [EntryKind::Share, EntryKind::ShareReturned, EntryKind::ShareReceived] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}

#[test]
fn what_cannot_have_happened_is_said() {
    let twice = fold(vec![held(10, 300), captured(10, 1, 0), captured(10, 1, 0)]).unwrap_err();
    assert!(twice.to_string().contains("has no hold"), "{twice}");
    let unopened = fold_all::<Wallets>(vec![(MEMBER, Event::Wallet(held(1, 1)))]).unwrap_err();
    assert!(unopened.to_string().contains("was never opened"), "{unopened}");
    let reopened = fold(vec![WalletEvent::WalletOpened {
        member_id: MemberId(MEMBER),
        at: AT,
    }])
    .unwrap_err();
    assert!(reopened.to_string().contains("was opened before"), "{reopened}");
}

#[test]
fn what_a_guest_had_and_owed_is_in_the_members_statement_and_no_more_in_the_guests() {
    let guest = MemberId(Uuid::from_u128(8));
    let session_id = SESSION;
    let owes = WalletEvent::DebtIncurred {
        session_id,
        hall_id: HallId(Uuid::from_u128(5)),
        amount: Fen(300),
        at: AT,
    };
    let given = WalletEvent::WalletHandedOver {
        to: guest,
        balance: split(1_000, 100),
        owed: Fen(300),
        at: AT,
    };
    let state = fold(vec![owes, given]).unwrap();
    let wallet = state.wallets.get(MEMBER).unwrap();
    assert_eq!((wallet.principal_fen, wallet.bonus_fen, wallet.owed_fen), (0, 0, 0));

    let origin = Origin {
        ordinal: 0,
        top_up_id: TopUpId(Uuid::from_u128(9)),
        channel: TopUpChannel::Counter,
        credited: split(2_000, 0),
    };
    let taken = WalletEvent::WalletTakenOver {
        from: guest,
        lots: vec![LotShare {
            origin,
            taken: split(1_500, 0),
        }],
        debts: vec![Debt {
            session_id,
            hall_id: HallId(Uuid::from_u128(5)),
            outstanding: Fen(300),
        }],
        at: AT,
    };
    let state = fold(vec![taken]).unwrap();
    let wallet = state.wallets.get(MEMBER).unwrap();
    assert_eq!(
        (wallet.principal_fen, wallet.bonus_fen, wallet.owed_fen),
        (2_500, 100, 300)
    );
}

#[test]
fn what_is_given_back_for_a_session_is_an_entry_that_names_it() {
    let given = WalletEvent::TopUpCredited {
        top_up_id: TopUpId(Uuid::from_u128(9)),
        channel: TopUpChannel::Compensation { session_id: SESSION },
        amount: split(300, 0),
        at: AT,
    };
    let state = fold(vec![given]).unwrap();
    let mut entries = state.entries.iter();
    let entry = entries.find(|entry| entry.kind == EntryKind::Compensation).unwrap();
    assert_eq!((entry.principal_fen, entry.reference), (300, SESSION.0));
    assert_eq!(state.wallets.get(MEMBER).unwrap().principal_fen, 1_300);
}
