//! The bill of a day, from the book: a zip of two CSV files in GBK, named in GBK, as Alipay's are.

use std::io::{Cursor, Write as _};

use encoding_rs::GBK;
use jiff::Timestamp;
use jiff::civil::Date;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::book::{Book, Refund, RefundStatus, Trade};
use super::faults::Fault;
use super::wire::{day, time, yuan};

const HEADER: &str = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注";

/// What Alipay keeps of 1,000 fen.
const FEE_PER_MILLE: i64 = 6;

/// Whether anything of that day stands in its bill.
pub fn has_business(book: &Book, date: Date) -> bool {
    let is_there = |order_no: &str| {
        !book.has_fault(order_no, Fault::BillRowMissing) || book.has_fault(order_no, Fault::BillRowExtra)
    };
    let gone_back = |refund: &Refund| day(refund.at) == date && refund.state == RefundStatus::Success;
    book.trades.values().any(|trade| {
        trade.paid_at.is_some_and(|at| day(at) == date) && is_there(&trade.order_no)
            || trade.refunds.iter().any(gone_back)
    })
}

/// The zipped bill of a day; nothing if there was no business.
pub fn of(book: &Book, date: Date, seller_id: &str, now: Timestamp) -> anyhow::Result<Option<Vec<u8>>> {
    let mut lines = Vec::new();
    let (mut payments, mut refunds) = (Vec::new(), Vec::new());
    for trade in book.trades.values() {
        let faulty = |fault| book.has_fault(&trade.order_no, fault);
        if let Some(at) = trade.paid_at.filter(|at| day(*at) == date) {
            let fee = fee(trade.amount_fen) + i64::from(faulty(Fault::BillOtherFee));
            if !faulty(Fault::BillRowMissing) {
                lines.push(row(trade, &trade.order_no, "交易", at, trade.amount_fen, "", -fee));
                payments.push(trade.amount_fen);
            }
            if faulty(Fault::BillRowExtra) {
                let other = format!("EXTRA{}", trade.order_no);
                lines.push(row(trade, &other, "交易", at, trade.amount_fen, "", -fee));
                payments.push(trade.amount_fen);
            }
        }
        for refund in &trade.refunds {
            if day(refund.at) == date && refund.state == RefundStatus::Success {
                let (amount, no) = (refund.amount_fen, &refund.refund_no);
                lines.push(row(trade, &trade.order_no, "退款", refund.at, -amount, no, fee(amount)));
                refunds.push(-amount);
            }
        }
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let next = date.tomorrow().unwrap_or(date);
    let head = |title: &str, list: &str| {
        format!(
            "#{title}\r\n#账号：[{seller_id}0156]\r\n#起始日期：[{} 00:00:00]   终止日期：[{} 00:00:00]\r\n#-----------------------------------------{list}----------------------------------------\r\n",
            date.strftime("%Y年%m月%d日"),
            next.strftime("%Y年%m月%d日"),
        )
    };
    let mut details = head("支付宝业务明细查询", "业务明细列表");
    details += HEADER;
    for line in &lines {
        details += "\r\n";
        details += line;
    }
    details += &format!(
        "\r\n#-----------------------------------------业务明细列表结束------------------------------------\r\n#交易合计：{}笔，商家实收共{}元，商家优惠共0.00元\r\n#退款合计：{}笔，商家实收退款共{}元，商家优惠退款共0.00元\r\n#导出时间：[{}]\r\n",
        payments.len(),
        yuan(payments.iter().sum()),
        refunds.len(),
        yuan(refunds.iter().sum()),
        time(now),
    );
    let summary = head("支付宝业务汇总查询", "业务汇总列表");
    let name = format!("{seller_id}0156_{}", date.strftime("%Y%m%d"));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (kind, text) in [("业务明细(汇总)", &summary), ("业务明细", &details)] {
        // Alipay names its files in GBK without saying so; what they are is to be told by what they say.
        zip.start_file(format!("{name}_{}.csv", kind.len()), SimpleFileOptions::default())?;
        zip.write_all(&GBK.encode(text).0)?;
    }
    Ok(Some(zip.finish()?.into_inner()))
}

fn row(trade: &Trade, order_no: &str, kind: &str, at: Timestamp, amount: i64, refund_no: &str, fee: i64) -> String {
    let trade_no = trade.trade_no.as_deref().unwrap_or_default();
    let refund_no = if refund_no.is_empty() {
        String::new()
    } else {
        format!("{refund_no}\t")
    };
    format!(
        "{trade_no}\t,{order_no}\t,{kind},{},{},{},,,,,pay***@example.com,{amount},{amount},0.00,0.00,0.00,0.00,0.00,,0.00,0.00,{refund_no},{},0.00,",
        trade.subject,
        time(trade.created_at),
        time(at),
        yuan(fee),
        amount = yuan(amount),
    )
}

/// Rounded half up.
fn fee(amount_fen: i64) -> i64 {
    (amount_fen * FEE_PER_MILLE + 500) / 1_000
}
