//! The fold of the journal, without a database.

use std::collections::BTreeMap;

use baize_domain::hall::{HallEvent, HallPolicy};
use baize_domain::ids::{ChainId, HallId, MemberId, TopUpId, TransactionId};
use baize_domain::journal::{Account, Entry, JournalEvent, Source};
use baize_domain::member::MemberEvent;
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{AccountName, TrialBalance, TrialBalanceState};
use crate::engine::fold_all;

const CHAINS: [Uuid; 2] = [Uuid::from_u128(1), Uuid::from_u128(2)];
const HALLS: [Uuid; 3] = [Uuid::from_u128(11), Uuid::from_u128(12), Uuid::from_u128(13)];
const MEMBERS: [Uuid; 3] = [Uuid::from_u128(21), Uuid::from_u128(22), Uuid::from_u128(23)];
const ACCOUNTS: [Account; 4] = [
    Account::CounterClearing,
    Account::MemberPrincipal,
    Account::Revenue,
    Account::Receivable,
];

fn hall(hall_id: Uuid, chain_id: Uuid) -> (Uuid, Event) {
    let event = HallEvent::HallRegistered {
        hall_id: HallId(hall_id),
        chain_id: ChainId(chain_id),
        name: "球厅".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        business_day_cutoff_minutes: 360,
        policy: HallPolicy::default(),
    };
    (hall_id, Event::Hall(event))
}

fn guest(member_id: Uuid, chain_id: Uuid) -> (Uuid, Event) {
    let event = MemberEvent::GuestStarted {
        member_id: MemberId(member_id),
        chain_id: ChainId(chain_id),
        at: Timestamp::UNIX_EPOCH,
    };
    (member_id, Event::Member(event))
}

fn posted(number: u128, hall_id: Option<Uuid>, member_id: Uuid, entries: &[(Account, i64)]) -> (Uuid, Event) {
    let transaction_id = Uuid::from_u128(1_000 + number);
    let entries = entries.iter().map(|&(account, amount)| Entry {
        account,
        amount: Fen(amount),
    });
    let event = JournalEvent::TransactionPosted {
        transaction_id: TransactionId(transaction_id),
        hall_id: hall_id.map(HallId),
        member_id: MemberId(member_id),
        source: Source::TopUp(TopUpId(transaction_id)),
        entries: entries.collect(),
        at: Timestamp::UNIX_EPOCH,
    };
    (transaction_id, Event::Journal(event))
}

fn balances(state: &TrialBalanceState) -> BTreeMap<(Option<Uuid>, Option<Uuid>), i64> {
    let mut sums = BTreeMap::new();
    for row in state.accounts.iter() {
        *sums.entry((row.chain_id, row.hall_id)).or_default() += row.debit_fen - row.credit_fen;
    }
    sums
}

/// Many transactions of two and three entries: in halls and in none, of members of each chain and of none.
fn many() -> Vec<(Uuid, Event)> {
    let mut events = vec![
        hall(HALLS[0], CHAINS[0]),
        hall(HALLS[1], CHAINS[0]),
        hall(HALLS[2], CHAINS[1]),
        guest(MEMBERS[0], CHAINS[0]),
        guest(MEMBERS[1], CHAINS[1]),
    ];
    // A linear congruential generator, so that the mixture is the same every time.
    let mut random: u64 = 7;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % below
    };
    for number in 0..500 {
        let hall_id = [None, Some(HALLS[0]), Some(HALLS[1]), Some(HALLS[2])][next(4)];
        let (first, amount, part) = (next(4), next(9_000) as i64 + 2, next(2) as i64);
        let entries = [
            (ACCOUNTS[first], amount),
            (ACCOUNTS[(first + 1) % 4], part - amount),
            (ACCOUNTS[(first + 2) % 4], -part),
        ];
        let entries = if part == 0 { &entries[..2] } else { &entries[..] };
        events.push(posted(number, hall_id, MEMBERS[next(3)], entries));
    }
    events
}

#[test]
fn debits_equal_credits_in_every_chain_and_hall_after_every_transaction() {
    let events = many();
    for upto in (0..=events.len()).step_by(25).chain([events.len()]) {
        let state = fold_all::<TrialBalance>(events[..upto].to_vec()).unwrap();
        assert!(balances(&state).values().all(|sum| *sum == 0), "{:?}", balances(&state));
    }
}

#[test]
fn an_account_is_the_sum_of_what_the_journal_posted_to_it() {
    let events = many();
    let mut expected: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
    for (_, event) in &events {
        let Event::Journal(JournalEvent::TransactionPosted { entries, .. }) = event else {
            continue;
        };
        for entry in entries {
            let sums = expected.entry(AccountName::from(entry.account).as_str()).or_default();
            let amount = entry.amount.0;
            if amount > 0 {
                sums.0 += amount;
            } else {
                sums.1 -= amount;
            }
            sums.2 += 1;
        }
    }
    let state = fold_all::<TrialBalance>(events).unwrap();
    let mut found: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
    for row in state.accounts.iter() {
        let sums = found.entry(row.account.as_str()).or_default();
        *sums = (sums.0 + row.debit_fen, sums.1 + row.credit_fen, sums.2 + row.entries);
    }
    assert_eq!(found, expected);
}

#[test]
fn what_is_posted_is_of_the_halls_chain_else_of_the_members_else_of_none() {
    let entries = [(Account::CounterClearing, 100), (Account::MemberPrincipal, -100)];
    let state = fold_all::<TrialBalance>(vec![
        hall(HALLS[2], CHAINS[1]),
        guest(MEMBERS[0], CHAINS[0]),
        posted(1, Some(HALLS[2]), MEMBERS[0], &entries),
        posted(2, None, MEMBERS[0], &entries),
        posted(3, None, MEMBERS[2], &entries),
    ])
    .unwrap();
    let of: Vec<_> = balances(&state).into_keys().collect();
    assert_eq!(
        of,
        [(None, None), (Some(CHAINS[0]), None), (Some(CHAINS[1]), Some(HALLS[2]))]
    );
}

#[test]
fn a_transaction_that_does_not_balance_stops_the_view() {
    let entries = [(Account::CounterClearing, 100), (Account::MemberPrincipal, -99)];
    let why = fold_all::<TrialBalance>(vec![posted(1, None, MEMBERS[0], &entries)]).unwrap_err();
    assert!(why.to_string().contains("sum to ¥0.01"), "{why}");
}
