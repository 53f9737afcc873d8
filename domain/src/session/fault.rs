//! What a game costs that a fault of the light has ended.
//!
//! Time is billed until the fault by the tariff, without the minimum: whoever wanted to play on is not charged for having played too little.
//! Nobody pays more than a close by hand would have cost, nor more than was bought.

use jiff::Timestamp;

use crate::money::Fen;
use crate::tariff::pricing::{Stretch, bill as bill_of, within_grace};
use crate::tariff::{PinnedTariff, SoldPackage};

use super::{Bill, BillLine, Opening, TableSession};

/// The bill of a game that ended at `to`; nothing if what was bought is the price after all.
pub(super) fn bill(session: &TableSession, opening: &Opening, to: Timestamp) -> Option<Bill> {
    if !opening.is_prepaid() {
        return Some(played(session, opening, to));
    }
    if to >= session.covered_until {
        return None;
    }
    let played = match opening.package() {
        Some(package) => of_package(session, opening, package, to),
        None => played(session, opening, to),
    };
    (played.total - played.goods_total() < session.bought_price()).then_some(played)
}

/// What was played, by the tariffs without their minimum.
fn played(session: &TableSession, opening: &Opening, to: Timestamp) -> Bill {
    let zone = opening.zone();
    let stretches = session.played_until(opening, to);
    let prices: Vec<PinnedTariff> = stretches
        .iter()
        .map(|stretch| without_minimum(stretch.prices))
        .collect();
    let stretches: Vec<_> = stretches
        .iter()
        .zip(&prices)
        .map(|(stretch, prices)| Stretch { prices, ..*stretch })
        .collect();
    let past = session.past();
    let course = session.course(opening, &zone, &past);
    bill_of(&zone, &stretches, course.discount, course.goods)
}

fn without_minimum(prices: &PinnedTariff) -> PinnedTariff {
    let mut prices = prices.clone();
    prices.tariff.minimum = Fen::ZERO;
    prices
}

/// A package has one price for all of its time, so a part of the time costs that part of the price, half-up; with the time that was bought on top.
fn of_package(session: &TableSession, opening: &Opening, package: &SoldPackage, to: Timestamp) -> Bill {
    let stretches = session.played_until(opening, to);
    let nanoseconds: i128 = stretches
        .iter()
        .map(|stretch| (stretch.to.as_nanosecond() - stretch.from.as_nanosecond()).max(0))
        .sum();
    let bought = i128::from(session.bought_minutes()) * 60_000_000_000;
    let (paid, of) = (i128::from(session.bought_price().0), bought.max(1));
    let rounded = (2 * paid * nanoseconds.min(of) + of) / (2 * of);
    let part = BillLine::Package {
        code: package.code.clone(),
        name: package.name.clone(),
        from: opening.opened_at,
        to,
        amount: Fen(i64::try_from(rounded).unwrap_or(session.bought_price().0)),
    };
    let play = (!within_grace(&stretches)).then_some(part);
    let goods = session.goods.iter().cloned().map(BillLine::Goods);
    let lines: Vec<_> = play.into_iter().chain(goods).collect();
    Bill {
        total: lines.iter().map(BillLine::amount).sum(),
        lines,
    }
}
