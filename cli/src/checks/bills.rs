//! Bills: made again from the events of each session, and compared with what was billed and paid.

use std::collections::BTreeMap;

use baize_domain::money::Fen;
use baize_domain::session::{Bill, BillLine, GoodsLine, SessionMode};
use baize_domain::tariff::pricing::within_grace;
use baize_domain::tariff::{Course, PinnedTariff, Stretch};
use jiff::tz::TimeZone;

use super::Check;
use super::book::Book;
use super::records::Session;

pub(super) fn checks(book: &Book) -> Vec<Check> {
    let closed: Vec<_> = book.at_rest().filter(|(_, session)| session.closed.is_some()).collect();
    let cancelled: Vec<_> = book
        .at_rest()
        .filter(|(_, session)| session.cancelled.is_some())
        .collect();
    let faults = |sessions: &[(&baize_domain::ids::SessionId, &Session)], fault: fn(&Session) -> Option<String>| {
        let found = sessions
            .iter()
            .filter_map(|(id, session)| Some(format!("session {id}: {}", fault(session)?)));
        found.collect::<Vec<_>>()
    };
    vec![
        Check::all(
            "the lines of every bill sum to its total",
            closed.len(),
            faults(&closed, lines_sum),
        ),
        Check::all(
            "every bill equals its tariff",
            closed.len(),
            faults(&closed, equals_tariff),
        ),
        Check::all(
            "goods on bills = goods ordered",
            closed.iter().filter(|(_, session)| !session.goods.is_empty()).count(),
            faults(&closed, goods_are_billed),
        ),
        Check::all(
            "every closed session is settled exactly once",
            closed.len(),
            faults(&closed, settled_once),
        ),
        Check::all(
            "paid + owed = billed, and paid = what the wallet gave",
            closed.len(),
            faults(&closed, paid_is_taken),
        ),
        Check::all(
            "cancelled sessions cost nothing",
            cancelled.len(),
            faults(&cancelled, costs_nothing),
        ),
    ]
}

fn lines_sum(session: &Session) -> Option<String> {
    let (.., bill) = session.closed.as_ref()?;
    let sum: Fen = bill.lines.iter().map(BillLine::amount).sum();
    (sum != bill.total || bill.total < Fen::ZERO).then(|| format!("lines of {sum}, total {}", bill.total))
}

fn equals_tariff(session: &Session) -> Option<String> {
    let (closed_at, _, bill) = session.closed.as_ref()?;
    let Ok(zone) = TimeZone::get(&session.time_zone) else {
        return Some(format!("its time zone {:?} is unknown", session.time_zone));
    };
    if session.billing_from.is_none() {
        return Some("it was closed, but its billing never began".to_owned());
    }
    let past = session.past.iter().map(|(prices, from, to)| Stretch {
        prices,
        from: *from,
        to: *to,
    });
    let past: Vec<_> = past.collect();
    let goods: Fen = session.goods.iter().map(GoodsLine::amount).sum();
    let (prices, from) = session.stretch();
    let course = Course {
        zone: &zone,
        past: &past,
        prices: &prices,
        from,
        discount: session.discount.as_ref(),
        goods: &[],
    };
    match &session.mode {
        SessionMode::Postpaid { .. } | SessionMode::Deposit { .. } => {
            // Alike goods stand in one line; how they were ordered does not show.
            let due = course.bill(*closed_at);
            let time = |bill: &Bill| {
                bill.lines
                    .iter()
                    .filter(|line| !matches!(line, BillLine::Goods(_)))
                    .cloned()
                    .collect::<Vec<_>>()
            };
            (time(&due) != time(bill) || due.total + goods != bill.total)
                .then(|| format!("billed {bill:?}, due {due:?}"))
        }
        SessionMode::Prepaid {
            minutes: first,
            price,
            ends_at,
            package,
        } => {
            // However many purchases it was bought in, the time costs what it would have cost at once.
            let minutes = first + session.extensions.iter().map(|(minutes, _)| *minutes).sum::<u32>();
            let bought = *price + session.extensions.iter().map(|(_, price)| *price).sum();
            let due = match package {
                None => {
                    let opened = Course {
                        past: &[],
                        prices: &session.tariff,
                        from: session.opened_at,
                        ..course
                    };
                    opened.prepaid(minutes).total
                }
                // A package has its price, and the minimum is paid with it; what is bought on top follows on it.
                Some(package) => {
                    let mut prices = PinnedTariff::clone(&session.tariff);
                    prices.tariff.minimum = Fen::ZERO;
                    let on_top = Course {
                        past: &[],
                        prices: &prices,
                        from: *ends_at,
                        ..course
                    };
                    let listed = prices.tariff.packages.iter().find(|listed| listed.code == package.code);
                    listed.map_or(Fen::ZERO, |listed| listed.price) + on_top.prepaid(minutes - *first).total
                }
            };
            // Who moved has paid for what was left at the prices of the other table too.
            if due != bought && !session.moved {
                return Some(format!("{minutes} minutes were sold for {bought}, due {due}"));
            }
            let mut played = past.clone();
            played.push(Stretch {
                prices: &prices,
                from,
                to: *closed_at,
            });
            let free = within_grace(&played);
            let due = if free { goods } else { bought + goods };
            (due != bill.total).then(|| format!("billed {}, due {due}", bill.total))
        }
    }
}

/// So many of each kind at each price.
type Pieces = BTreeMap<(String, Fen), u32>;

fn goods_are_billed(session: &Session) -> Option<String> {
    let (.., bill) = session.closed.as_ref()?;
    let billed = bill.lines.iter().filter_map(|line| match line {
        BillLine::Goods(goods) => Some(goods),
        _ => None,
    });
    let (ordered, billed) = (pieces(session.goods.iter()), pieces(billed));
    (ordered != billed).then(|| format!("ordered {ordered:?}, billed {billed:?}"))
}

fn pieces<'a>(goods: impl Iterator<Item = &'a GoodsLine>) -> Pieces {
    let mut pieces = Pieces::new();
    for line in goods.filter(|line| line.quantity > 0) {
        *pieces.entry((line.code.clone(), line.price)).or_default() += line.quantity;
    }
    pieces
}

fn settled_once(session: &Session) -> Option<String> {
    let times = session.settlements.len();
    (times != 1).then(|| format!("settled {times} times"))
}

fn paid_is_taken(session: &Session) -> Option<String> {
    let (.., bill) = session.closed.as_ref()?;
    let paid: Fen = session.settlements.iter().map(|(paid, _)| *paid).sum();
    let owed: Fen = session.settlements.iter().map(|(_, owed)| *owed).sum();
    let right = paid + owed == bill.total && paid == session.taken;
    (!right).then(|| {
        format!(
            "billed {}, paid {paid}, owed {owed}, taken {}",
            bill.total, session.taken
        )
    })
}

fn costs_nothing(session: &Session) -> Option<String> {
    let right = session.taken == Fen::ZERO && session.settlements.is_empty();
    (!right).then(|| format!("taken {}, settlements {:?}", session.taken, session.settlements))
}
