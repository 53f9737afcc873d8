//! The bills of `testdata/tariff_cases.toml`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::hall::time_zone;
use crate::money::Fen;
use crate::session::BillLine;
use crate::tariff::{Tariff, bill, validate};

#[derive(Deserialize)]
struct Cases {
    tariffs: BTreeMap<String, Tariff>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    what: String,
    tariff: String,
    zone: String,
    from: Timestamp,
    to: Timestamp,
    lines: Vec<(String, u32, i64)>,
    total: i64,
}

#[test]
fn every_bill_is_as_computed_by_hand() {
    let text = include_str!("../../../testdata/tariff_cases.toml");
    let cases: Cases = toml::from_str(text).expect("the file of cases");
    assert!(cases.case.len() >= 20);
    for tariff in cases.tariffs.values() {
        validate(tariff).expect("a valid tariff");
    }
    for case in cases.case {
        let zone = time_zone(&case.zone).expect("a time zone");
        let bill = bill(&cases.tariffs[&case.tariff], &zone, case.from, case.to);
        let lines: Vec<_> = bill.lines.iter().map(short).collect();
        assert_eq!(lines, case.lines, "{}", case.what);
        assert_eq!(bill.total, Fen(case.total), "{}", case.what);
    }
}

fn short(line: &BillLine) -> (String, u32, i64) {
    match line {
        BillLine::Time {
            band, minutes, amount, ..
        } => (band.clone(), *minutes, amount.0),
        BillLine::MinimumCharge { amount } => ("minimum".into(), 0, amount.0),
        BillLine::Cap { amount } => ("cap".into(), 0, amount.0),
        BillLine::Prepaid { minutes, amount } => ("prepaid".into(), *minutes, amount.0),
    }
}
