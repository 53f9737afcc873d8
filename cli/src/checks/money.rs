//! Money: wallets, the journal, and that the one is the other.

use std::collections::BTreeMap;

use baize_domain::journal::Account;
use baize_domain::money::Fen;
use baize_domain::payment::Channel;
use baize_domain::session::SessionMode;

use super::Check;
use super::book::Book;
use super::records::{Session, Topic};

/// Debits and credits of each account.
pub type TrialBalance = BTreeMap<Account, (Fen, Fen)>;

/// Adds up the journal: per account the debits and, as a positive figure, the credits.
pub fn trial_balance(book: &Book) -> TrialBalance {
    let mut accounts = TrialBalance::new();
    for entry in book.transactions.iter().flat_map(|(_, entries)| entries) {
        let (debit, credit) = accounts.entry(entry.account).or_default();
        match entry.amount.is_positive() {
            true => *debit += entry.amount,
            false => *credit += -entry.amount,
        }
    }
    accounts
}

pub(super) fn checks(book: &Book) -> Vec<Check> {
    let accounts = trial_balance(book);
    let balance = |account| {
        accounts
            .get(&account)
            .map_or(Fen::ZERO, |(debit, credit)| *debit - *credit)
    };
    let sum = |part: fn(&super::records::Wallet) -> Fen| book.wallets.values().map(part).sum::<Fen>();
    let owed: Fen = book
        .wallets
        .values()
        .flat_map(|wallet| wallet.debts.values())
        .copied()
        .sum();
    let earned: Fen = book
        .sessions
        .values()
        .flat_map(|session| &session.settlements)
        .map(|(paid, outstanding)| *paid + *outstanding)
        .sum();
    let unearned =
        |session: &&Session| matches!(session.mode, SessionMode::Prepaid { .. }) && session.settlements.is_empty();
    let deferred: Fen = book
        .sessions
        .values()
        .filter(unearned)
        .map(|session| session.taken)
        .sum();
    vec![
        Check::all(
            "no wallet is ever negative",
            book.wallets.len(),
            book.faults.get(&Topic::Wallets).cloned().unwrap_or_default(),
        ),
        Check::all(
            "each transaction sums to zero",
            book.transactions.len(),
            unbalanced(book),
        ),
        Check::equal(
            "journal: debits = credits",
            total(&accounts, |(debit, _)| debit),
            total(&accounts, |(_, credit)| credit),
        ),
        Check::equal(
            "principal in wallets = in the journal",
            sum(|wallet| wallet.principal),
            -balance(Account::MemberPrincipal),
        ),
        Check::equal(
            "bonus in wallets = in the journal",
            sum(|wallet| wallet.bonus),
            -balance(Account::MemberBonus),
        ),
        Check::equal(
            "set aside for shares of bills = in the journal",
            sum(|wallet| wallet.shares.values().copied().sum()),
            -balance(Account::SharesHeld),
        ),
        Check::equal("owed by members = in the journal", owed, balance(Account::Receivable)),
        Check::all(
            "each payment of a provider is taken in once",
            book.captured.len(),
            book.faults.get(&Topic::Payments).cloned().unwrap_or_default(),
        ),
        Check::equal(
            "WeChat Pay: captured - refunded = in the journal",
            captured(book, Channel::WechatPay),
            balance(Account::WechatPayClearing),
        ),
        Check::equal(
            "Alipay: captured - refunded = in the journal",
            captured(book, Channel::Alipay),
            balance(Account::AlipayClearing),
        ),
        Check::equal(
            "settled sessions = revenue in the journal",
            earned,
            -balance(Account::Revenue),
        ),
        Check::equal(
            "given back for sessions = in the journal",
            book.compensated,
            balance(Account::Compensation),
        ),
        Check::equal(
            "prepaid and not settled = in the journal",
            deferred,
            -balance(Account::PrepaidDeferred),
        ),
    ]
}

fn captured(book: &Book, channel: Channel) -> Fen {
    book.captured.get(&channel).copied().unwrap_or_default()
}

fn total(accounts: &TrialBalance, side: fn((Fen, Fen)) -> Fen) -> Fen {
    accounts.values().copied().map(side).sum()
}

fn unbalanced(book: &Book) -> Vec<String> {
    let sums = book
        .transactions
        .iter()
        .map(|(position, entries)| (position, entries.iter().map(|entry| entry.amount).sum::<Fen>()));
    sums.filter(|(_, sum)| *sum != Fen::ZERO)
        .map(|(position, sum)| format!("the transaction at position {position} sums to {sum}"))
        .collect()
}
