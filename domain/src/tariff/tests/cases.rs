//! The bills of `testdata/tariff_cases.toml`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use uuid::Uuid;

use crate::hall::time_zone;
use crate::ids::TariffPlanId;
use crate::level::LevelCode;
use crate::money::Fen;
use crate::session::{BillLine, GoodsLine};
use crate::tariff::{Days, Discount, PinnedTariff, Stretch, Tariff, bill, validate};

#[derive(Deserialize)]
struct Cases {
    days: Days,
    tariffs: BTreeMap<String, Tariff>,
    case: Vec<Case>,
}

/// Either `tariff`, `from` and `to`, or `stretches`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    zone: String,
    tariff: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    #[serde(default)]
    stretches: Vec<(String, Timestamp, Timestamp)>,
    discount: Option<Decimal>,
    #[serde(default)]
    goods: Vec<(String, u32, i64)>,
    lines: Vec<(String, u32, i64)>,
    total: i64,
}

#[test]
fn every_bill_is_as_computed_by_hand() {
    let text = include_str!("../../../testdata/tariff_cases.toml");
    let cases: Cases = toml::from_str(text).expect("the file of cases");
    assert!(cases.case.len() >= 80, "{} cases", cases.case.len());
    let tariffs: BTreeMap<&str, PinnedTariff> = cases
        .tariffs
        .iter()
        .zip(1..)
        .map(|((name, tariff), number)| (name.as_str(), pinned(tariff, number, &cases.days)))
        .collect();
    for case in &cases.case {
        let zone = time_zone(&case.zone).expect("a time zone");
        let discount = case.discount.map(|rate| Discount {
            level: LevelCode::member(),
            rate,
        });
        let goods: Vec<_> = case.goods.iter().map(goods).collect();
        let bill = bill(&zone, &case.stretches(&tariffs), discount.as_ref(), &goods);
        let lines: Vec<_> = bill.lines.iter().map(short).collect();
        assert_eq!(lines, case.lines, "{}", case.what);
        assert_eq!(bill.total, Fen(case.total), "{}", case.what);
    }
}

impl Case {
    fn stretches<'a>(&self, tariffs: &'a BTreeMap<&str, PinnedTariff>) -> Vec<Stretch<'a>> {
        let whole = || Some((self.tariff.clone()?, self.from?, self.to?));
        let stretches = match whole() {
            Some(whole) => vec![whole],
            None => self.stretches.clone(),
        };
        let stretch = |(tariff, from, to): (String, Timestamp, Timestamp)| Stretch {
            prices: &tariffs[tariff.as_str()],
            from,
            to,
        };
        stretches.into_iter().map(stretch).collect()
    }
}

fn pinned(tariff: &Tariff, number: u128, days: &Days) -> PinnedTariff {
    validate(tariff).expect("a valid tariff");
    PinnedTariff {
        plan_id: TariffPlanId(Uuid::from_u128(number)),
        version: 1,
        tariff: tariff.clone(),
        days: tariff.calendar_id.map(|_| days.clone()).unwrap_or_default(),
    }
}

fn goods((name, quantity, price): &(String, u32, i64)) -> GoodsLine {
    GoodsLine {
        code: name.clone(),
        name_zh: name.clone(),
        name_en: name.clone(),
        quantity: *quantity,
        price: Fen(*price),
    }
}

fn short(line: &BillLine) -> (String, u32, i64) {
    match line {
        BillLine::Time {
            band, minutes, amount, ..
        } => (band.clone(), *minutes, amount.0),
        BillLine::MinimumCharge { amount } => ("minimum".into(), 0, amount.0),
        BillLine::Cap { amount } => ("cap".into(), 0, amount.0),
        BillLine::Overnight { name, amount } => (name.clone(), 0, amount.0),
        BillLine::Package { name, amount, .. } => (name.clone(), 0, amount.0),
        BillLine::Prepaid { minutes, amount } => ("prepaid".into(), *minutes, amount.0),
        BillLine::Surcharge { amount } => ("surcharge".into(), 0, amount.0),
        BillLine::Discount { amount, .. } => ("discount".into(), 0, amount.0),
        BillLine::Goods(line) => (line.name_zh.clone(), line.quantity, line.amount().0),
    }
}
