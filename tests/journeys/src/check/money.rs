//! Money: the books balance, wallets equal their entries and the books, every session is charged once.

use std::collections::BTreeSet;

use baize_domain::Fen;
use baize_domain::ids::MemberId;
use baize_domain::journal::Account;

use super::Broken;
use crate::model::{Model, Session};

/// Where the money is that members paid in: at the counter or at a provider, without what is to go back and what nobody knows yet.
const PAID_IN: [Account; 5] = [
    Account::CounterClearing,
    Account::WechatPayClearing,
    Account::AlipayClearing,
    Account::RefundsPayable,
    Account::Suspense,
];

/// What no event may bring about: an unbalanced transaction, a negative balance, a hold captured twice, …
pub fn no_event_breaks_a_rule(model: &Model) -> Broken {
    model.faults.clone()
}

/// The members' accounts in the journal say what their wallets say, principal and bonus each by itself, and debts too.
pub fn wallets_agree_with_the_books(model: &Model) -> Broken {
    let mut broken = Broken::new();
    let members: BTreeSet<_> = model
        .wallets
        .keys()
        .chain(model.books.keys().map(|(_, member)| member))
        // What is of no member, such as what a provider keeps.
        .filter(|member| **member != MemberId::default())
        .collect();
    for member in members {
        let wallet = model.wallets.get(member).cloned().unwrap_or_default();
        let mut claim = |what: &str, wallet: Fen, books: Fen| {
            if wallet != books {
                broken.push(format!(
                    "{what} of {member}: {wallet} in the wallet, {books} in the books"
                ));
            }
        };
        claim(
            "principal",
            wallet.balance.principal,
            -model.share(Account::MemberPrincipal, *member),
        );
        claim(
            "bonus",
            wallet.balance.bonus,
            -model.share(Account::MemberBonus, *member),
        );
        claim("debt", wallet.owed(), model.share(Account::Receivable, *member));
        claim(
            "principal paid in",
            wallet.topped_up.principal,
            PAID_IN.into_iter().map(|account| model.share(account, *member)).sum(),
        );
        claim(
            "bonus given",
            wallet.topped_up.bonus,
            model.share(Account::BonusCost, *member),
        );
    }
    broken
}

/// What was taken for each session is what its bill says, no more and no less; a cancelled one cost nothing.
pub fn sessions_are_charged_once(model: &Model) -> Broken {
    let mut broken = Broken::new();
    let mut revenue = Fen::ZERO;
    for (id, session) in &model.sessions {
        let (spent, owed) = spent_and_owed(model, id, session);
        let billed = session.bill.as_ref().map_or(Fen::ZERO, |bill| bill.total);
        if session.cancelled && (spent, owed) != (Fen::ZERO, Fen::ZERO) {
            broken.push(format!("{id} was cancelled, yet {spent} was taken and {owed} is owed"));
        }
        if session.settled.is_some() {
            revenue += billed;
            if spent + owed != billed {
                broken.push(format!("{id} costs {billed}; {spent} was taken and {owed} is owed"));
            }
        }
    }
    let earned = -model.balance(Account::Revenue);
    if earned != revenue {
        broken.push(format!(
            "the books say {earned} was earned, the settled bills {revenue}"
        ));
    }
    broken
}

/// Nothing is left half done: every session is settled or cancelled, nothing is set aside, no table is taken.
pub fn everything_is_settled(model: &Model) -> Broken {
    let mut broken = Broken::new();
    for (id, session) in model.sessions.iter().filter(|(_, session)| !session.is_over()) {
        broken.push(format!(
            "{id} is not over: closed {}, table {}",
            session.bill.is_some(),
            session.table_id
        ));
    }
    for (member, wallet) in model.wallets.iter().filter(|(_, wallet)| !wallet.holds.is_empty()) {
        broken.push(format!("{member} still has {} set aside", wallet.held()));
    }
    let deferred = model.balance(Account::PrepaidDeferred);
    if deferred != Fen::ZERO {
        broken.push(format!("{deferred} of prepaid time is neither earned nor paid back"));
    }
    for (id, table) in model.tables.iter().filter(|(_, table)| table.session.is_some()) {
        broken.push(format!("table {id} is still taken by {:?}", table.session));
    }
    broken
}

fn spent_and_owed(model: &Model, id: &baize_domain::ids::SessionId, session: &Session) -> (Fen, Fen) {
    let wallet = model.wallets.get(&session.member_id);
    let of = |amounts: Option<&std::collections::BTreeMap<_, Fen>>| {
        amounts.and_then(|by| by.get(id)).copied().unwrap_or_default()
    };
    (
        of(wallet.map(|wallet| &wallet.spent)),
        of(wallet.map(|wallet| &wallet.owed)),
    )
}
