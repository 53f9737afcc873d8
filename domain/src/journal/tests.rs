//! Given a stream of the journal, when a transaction is posted, then …

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::{MemberId, TopUpId, TransactionId};
use crate::money::Fen;

use super::{Account, Entry, Journal, JournalCommand, JournalError, JournalEvent, Source, Transaction};

const ID: TransactionId = TransactionId(Uuid::from_u128(1));

fn transaction(entries: &[(Account, i64)]) -> Transaction {
    Transaction {
        transaction_id: ID,
        hall_id: None,
        member_id: MemberId::default(),
        source: Source::TopUp(TopUpId::default()),
        entries: entries
            .iter()
            .map(|&(account, amount)| Entry {
                account,
                amount: Fen(amount),
            })
            .collect(),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn top_up(amount: i64) -> Transaction {
    transaction(&[(Account::CounterClearing, amount), (Account::MemberPrincipal, -amount)])
}

fn posted(transaction: Transaction) -> JournalEvent {
    JournalEvent::TransactionPosted {
        transaction_id: transaction.transaction_id,
        hall_id: transaction.hall_id,
        member_id: transaction.member_id,
        source: transaction.source,
        entries: transaction.entries,
        at: transaction.at,
    }
}

fn given(events: Vec<JournalEvent>) -> AggregateTestExecutor<Journal> {
    TestFramework::<Journal>::with(()).given(events)
}

#[test]
fn a_transaction_is_posted_once_whenever_it_is_repeated() {
    given(vec![])
        .when(JournalCommand::Post(top_up(500)))
        .then_expect_events(vec![posted(top_up(500))]);
    let later = Transaction {
        at: Timestamp::MAX,
        ..top_up(500)
    };
    given(vec![posted(top_up(500))])
        .when(JournalCommand::Post(later))
        .then_expect_events(vec![]);
    given(vec![posted(top_up(500))])
        .when(JournalCommand::Post(top_up(501)))
        .then_expect_error(JournalError::Exists(ID));
}

#[test]
fn what_does_not_balance_is_not_posted() {
    use Account::{BonusCost, CounterClearing, MemberBonus, MemberPrincipal};
    let cases = [
        (
            transaction(&[(CounterClearing, 500), (MemberPrincipal, -499)]),
            JournalError::Unbalanced(Fen(1)),
        ),
        (transaction(&[]), JournalError::Malformed),
        (transaction(&[(CounterClearing, 500)]), JournalError::Malformed),
        (
            transaction(&[(BonusCost, 0), (MemberBonus, 0)]),
            JournalError::Malformed,
        ),
        (transaction(&[(BonusCost, 5), (BonusCost, -5)]), JournalError::Malformed),
    ];
    for (transaction, error) in cases {
        given(vec![])
            .when(JournalCommand::Post(transaction))
            .then_expect_error(error);
    }
}
