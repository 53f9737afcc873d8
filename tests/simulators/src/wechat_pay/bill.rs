//! The bill of a day, from the book: <https://pay.weixin.qq.com/doc/v3/merchant/4013071196>.

use jiff::civil::Date;

use super::{Merchant, wire};
use crate::provider::book::beijing;
use crate::provider::{Desk, Fault, RefundState, Row};

const HEADER: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const SUMMARY: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

/// The file, or nothing if there was no business.
pub(super) fn file(merchant: &Merchant, desk: &Desk, date: Date) -> Option<String> {
    let mut rows = Vec::new();
    for mut row in desk.book().rows(date) {
        let order_no = row.order.made.order_no.clone();
        if desk.has_fault(&order_no, Fault::BillMissing) {
            continue;
        }
        if desk.has_fault(&order_no, Fault::BillOtherFee) {
            row.fee_fen += 1;
        }
        if row.refund.is_none() && desk.has_fault(&order_no, Fault::BillExtra) {
            let mut extra = row.clone();
            extra.order.made.order_no = format!("EXTRA{}", &order_no[..order_no.len().min(20)]);
            extra.payment.transaction_id = format!("43{}", &extra.payment.transaction_id[2..]);
            rows.push(extra);
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return None;
    }
    let mut text = format!("\u{feff}{HEADER}\r\n");
    let mut sums = [0; 4];
    for row in &rows {
        text.push_str(&line(merchant, row));
        let (paid, back) = amounts(row);
        for (sum, amount) in sums.iter_mut().zip([paid, back, row.fee_fen, paid]) {
            *sum += amount;
        }
    }
    let [paid, back, fee, total] = sums;
    let fields = [
        rows.len().to_string(),
        yuan(paid),
        yuan(back),
        yuan(0),
        fee_yuan(fee),
        yuan(total),
        yuan(back),
    ];
    Some(format!("{text}{SUMMARY}\r\n{}", joined(&fields)))
}

fn amounts(row: &Row) -> (i64, i64) {
    match &row.refund {
        None => (row.order.made.amount_fen, 0),
        Some(refund) => (0, refund.asked.amount_fen),
    }
}

fn line(merchant: &Merchant, row: &Row) -> String {
    let (paid, back) = amounts(row);
    let none = |text: &str| text.to_owned();
    let (state, refund_id, refund_no, kind, refund_state) = match &row.refund {
        None => ("SUCCESS", none("0"), none("0"), "", ""),
        Some(refund) => {
            let state = match refund.state {
                RefundState::Processing => "PROCESSING",
                RefundState::Succeeded(_) => "SUCCESS",
                RefundState::Closed(_) => "FAIL",
                RefundState::Abnormal(_) => "CHANGE",
            };
            (
                "REFUND",
                refund.refund_id.clone(),
                refund.asked.refund_no.clone(),
                "ORIGINAL",
                state,
            )
        }
    };
    let order = &row.order.made;
    joined(&[
        row.at.to_zoned(beijing()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        merchant.app_id.clone(),
        merchant.mch_id.clone(),
        none("0"),
        none(""),
        row.payment.transaction_id.clone(),
        order.order_no.clone(),
        row.payment.payer.clone(),
        none(wire::trade_type(&row.order)),
        none(state),
        none("OTHERS"),
        none("CNY"),
        yuan(paid),
        yuan(0),
        refund_id,
        refund_no,
        yuan(back),
        yuan(0),
        none(kind),
        none(refund_state),
        order.description.replace(',', "\\ "),
        none(""),
        fee_yuan(row.fee_fen),
        none("0.60%"),
        yuan(paid),
        yuan(back),
        none(""),
    ])
}

fn joined(fields: &[String]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| format!("`{field}")).collect();
    format!("{}\r\n", fields.join(","))
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

fn fee_yuan(fen: i64) -> String {
    format!("{}000", yuan(fen))
}
