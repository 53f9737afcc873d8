//! Bills on the wire.

use baize_domain::session::{Bill, BillLine};
use baize_proto::hall::table::v1::{self, bill_line::Kind};

use super::timestamp;

/// A bill with its lines.
pub fn bill(bill: Bill) -> v1::Bill {
    v1::Bill {
        total_fen: bill.total.0,
        lines: bill.lines.into_iter().map(line).collect(),
    }
}

fn line(line: BillLine) -> v1::BillLine {
    let amount_fen = line.amount().0;
    let of = |kind: Kind| v1::BillLine {
        kind: kind.into(),
        amount_fen,
        ..v1::BillLine::default()
    };
    match line {
        BillLine::Time {
            band,
            from,
            to,
            minutes,
            price_per_hour,
            amount: _,
        } => v1::BillLine {
            band,
            from: Some(timestamp(from)),
            to: Some(timestamp(to)),
            minutes,
            price_per_hour_fen: price_per_hour.0,
            ..of(Kind::Time)
        },
        BillLine::MinimumCharge { .. } => of(Kind::MinimumCharge),
        BillLine::Cap { .. } => of(Kind::Cap),
        BillLine::Surcharge { .. } => of(Kind::Surcharge),
        BillLine::Prepaid { minutes, .. } => v1::BillLine {
            minutes,
            ..of(Kind::Prepaid)
        },
        BillLine::Discount { level, rate, .. } => v1::BillLine {
            level: level.to_string(),
            rate: rate.normalize().to_string(),
            ..of(Kind::Discount)
        },
        BillLine::Overnight { name, .. } => v1::BillLine {
            band: name,
            ..of(Kind::Overnight)
        },
        BillLine::Package {
            code, name, from, to, ..
        } => v1::BillLine {
            band: name,
            package_code: code,
            from: Some(timestamp(from)),
            to: Some(timestamp(to)),
            ..of(Kind::Package)
        },
        BillLine::Goods(line) => v1::BillLine {
            goods: Some(v1::Goods {
                code: line.code,
                name_zh: line.name_zh,
                name_en: line.name_en,
                quantity: line.quantity,
                price_fen: line.price.0,
            }),
            ..of(Kind::Goods)
        },
    }
}
