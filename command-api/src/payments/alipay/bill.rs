//! The bill of a day: a zip of CSV files in GBK, of which the one with the details is read.
//!
//! <https://opendocs.alipay.com/open/02fkbc>. Lines that begin with `#` are comments; the header between `业务明细列表` and `业务明细列表结束` names 25 columns;
//! values may end with a tab; refunds are negative; `服务费（元）` is negative where Alipay keeps it. The counts below the list are compared, so that a file that
//! was cut off is not taken for a whole one.

use std::io::{Cursor, Read as _};

use baize_domain::Fen;
use baize_domain::payment::RefundState;
use encoding_rs::GBK;
use zip::ZipArchive;

use super::wire::{fen, instant};
use crate::payments::provider::{BillError, BillKind, BillRow};

/// Of a day's zipped bill: far more than the busiest day of one merchant.
pub const BYTES_MAX: usize = 32 << 20;
const UNZIPPED_BYTES_MAX: u64 = 256 << 20;
const FILES_MAX: usize = 16;

const BEGIN: &str = "业务明细列表";
const END: &str = "业务明细列表结束";
const SUMMARY: &str = "业务汇总查询";

/// Reads a bill as it was downloaded.
pub fn read(zipped: Vec<u8>) -> Result<Vec<BillRow>, BillError> {
    let unreadable = |what: String| BillError::Unreadable { line: 1, what };
    let mut archive = ZipArchive::new(Cursor::new(zipped)).map_err(|error| unreadable(error.to_string()))?;
    if archive.len() > FILES_MAX {
        return Err(unreadable("too many files".to_owned()));
    }
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| unreadable(error.to_string()))?;
        let mut bytes = Vec::new();
        file.take(UNZIPPED_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(error.to_string()))?;
        // The files' names are GBK without saying so: what a file is, its first line tells.
        let (text, wrong) = GBK.decode_without_bom_handling(&bytes);
        let details = !text.lines().next().unwrap_or_default().contains(SUMMARY) && text.contains(BEGIN);
        match (details, wrong) {
            (true, false) => return rows(&text),
            (true, true) => return Err(unreadable("not GBK".to_owned())),
            (false, _) => {}
        }
    }
    Err(unreadable("no file with the details".to_owned()))
}

/// Reads the file with the details.
pub fn rows(text: &str) -> Result<Vec<BillRow>, BillError> {
    let mut lines = text
        .lines()
        .map(str::trim_end)
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    let at = |line: usize, what: &str| BillError::Unreadable {
        line,
        what: what.to_owned(),
    };
    let begins = |line: &str| line.starts_with('#') && line.contains(BEGIN) && !line.contains(END);
    lines
        .find(|(_, line)| begins(line))
        .ok_or_else(|| at(1, "no list of details"))?;
    let (line, header) = lines.next().ok_or_else(|| at(1, "no header"))?;
    let columns = Columns::find(header).ok_or_else(|| at(line, "a column is missing"))?;

    let mut rows = Vec::new();
    for (line, text) in lines.by_ref() {
        if text.starts_with('#') && text.contains(END) {
            let rest: Vec<_> = lines.collect();
            return match counted(&rest, &rows) {
                true => Ok(rows),
                false => Err(at(line, "the counts below the list are others")),
            };
        }
        if !text.is_empty() {
            rows.push(columns.row(text).map_err(|what| at(line, what))?);
        }
    }
    Err(at(text.lines().count(), "the list has no end"))
}

/// Where the columns that matter are.
struct Columns {
    count: usize,
    transaction_id: usize,
    order_no: usize,
    kind: usize,
    finished: usize,
    amount: usize,
    refund_no: usize,
    fee: usize,
}

impl Columns {
    fn find(header: &str) -> Option<Self> {
        let names: Vec<_> = header
            .split(',')
            .map(|name| name.trim().trim_end_matches("（元）"))
            .collect();
        let position = |wanted: &str| names.iter().position(|name| *name == wanted);
        Some(Self {
            count: names.len(),
            transaction_id: position("支付宝交易号")?,
            order_no: position("商户订单号")?,
            kind: position("业务类型")?,
            finished: position("完成时间")?,
            amount: position("订单金额")?,
            refund_no: position("退款批次号/请求号")?,
            fee: position("服务费")?,
        })
    }

    fn row(&self, text: &str) -> Result<BillRow, &'static str> {
        let values: Vec<_> = text
            .split(',')
            .map(|value| value.trim().trim_matches('"').trim())
            .collect();
        if values.len() != self.count {
            return Err("not as many values as columns");
        }
        let value = |index: usize| values.get(index).copied().unwrap_or_default();
        let amount = fen(value(self.amount)).ok_or("no amount")?;
        let at = instant(value(self.finished)).ok_or("no time")?;
        let (kind, amount) = match value(self.kind) {
            "交易" => (BillKind::Payment, amount),
            "退款" => {
                let amount = -amount;
                let state = RefundState::Succeeded { amount, at };
                let refund_no = value(self.refund_no).to_owned();
                (BillKind::Refund { refund_no, state }, amount)
            }
            _ => return Err("neither a payment nor a refund"),
        };
        if !amount.is_positive() {
            return Err("the amount has the wrong sign");
        }
        Ok(BillRow {
            order_no: value(self.order_no).to_owned(),
            transaction_id: value(self.transaction_id).to_owned(),
            kind,
            amount,
            fee: match value(self.fee) {
                "" => Fen::ZERO,
                fee => -fen(fee).ok_or("no fee")?,
            },
            at,
        })
    }
}

/// Whether `#交易合计：2笔，…` and `#退款合计：1笔，…` count what was read.
fn counted(rest: &[(usize, &str)], rows: &[BillRow]) -> bool {
    let refunds = rows.iter().filter(|row| row.kind != BillKind::Payment).count();
    let says = |name: &str| {
        let line = rest
            .iter()
            .find_map(|(_, line)| line.trim_start_matches('#').strip_prefix(name))?;
        line.trim_start_matches('：')
            .split('笔')
            .next()?
            .trim()
            .parse::<usize>()
            .ok()
    };
    says("交易合计") == Some(rows.len() - refunds) && says("退款合计") == Some(refunds)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// Written after bills that merchants have published; the buyer is blank.
    const BILL: &str = "#支付宝业务明细查询\n#账号：[20880000000000010156]\n#起始日期：[2026年11月20日 00:00:00]   终止日期：[2026年11月21日 00:00:00]\n\
#-----------------------------------------业务明细列表----------------------------------------\n\
支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注\n\
2026112022001\t,A01\t,交易,台球,2026-11-20 18:00:00,2026-11-20 18:00:30,,,,,,88.88,88.88,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,,-0.53,0.00,\n\
2026112022001\t,A01\t,退款,台球,2026-11-20 18:00:00,2026-11-20 19:00:00,,,,,,-8.88,-8.88,0.00,0.00,0.00,0.00,0.00,,0.00,0.00,R01\t,0.05,0.00,\n\
#-----------------------------------------业务明细列表结束------------------------------------\n\
#交易合计：1笔，商家实收共88.88元，商家优惠共0.00元\n#退款合计：1笔，商家实收退款共-8.88元，商家优惠退款共0.00元\n#导出时间：[2026年11月21日 06:27:10]\n";

    fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&GBK.encode(text).0).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn the_details_of_a_day_are_read_from_the_zip() {
        let summary = "#支付宝业务汇总查询\n#-----业务汇总列表-----\n";
        let rows = read(zipped(&[("a_业务明细(汇总).csv", summary), ("a_业务明细.csv", BILL)])).unwrap();
        let refunded_at: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
        let state = RefundState::Succeeded {
            amount: Fen(888),
            at: refunded_at,
        };
        let expected = [
            BillRow {
                order_no: "A01".to_owned(),
                transaction_id: "2026112022001".to_owned(),
                kind: BillKind::Payment,
                amount: Fen(8_888),
                fee: Fen(53),
                at: "2026-11-20T10:00:30Z".parse().unwrap(),
            },
            BillRow {
                order_no: "A01".to_owned(),
                transaction_id: "2026112022001".to_owned(),
                kind: BillKind::Refund {
                    refund_no: "R01".to_owned(),
                    state,
                },
                amount: Fen(888),
                fee: Fen(-5),
                at: refunded_at,
            },
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_bill_that_was_cut_off_is_not_taken_for_a_whole_one() {
        let end = BILL
            .find("#-----------------------------------------业务明细列表结束")
            .unwrap();
        assert!(matches!(rows(&BILL[..end]), Err(BillError::Unreadable { .. })));
        let row = BILL.find("2026112022001\t,A01\t,退款").unwrap();
        let without = format!("{}{}", &BILL[..row], &BILL[end..]);
        assert!(
            matches!(rows(&without), Err(BillError::Unreadable { .. })),
            "a row is missing"
        );
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        for (from, to) in [
            ("88.88,88.88", "88.888,88.88"),
            ("交易,台球", "转账,台球"),
            ("18:00:30", "24:61:00"),
            ("-8.88,-8.88", "8.88,8.88"),
        ] {
            let error = rows(&BILL.replacen(from, to, 1)).unwrap_err();
            assert!(
                matches!(error, BillError::Unreadable { line: 6 | 7, .. }),
                "{to}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_the_reader_stumble(bytes in proptest::collection::vec(any::<u8>(), 0..512), at in 0..BILL.len(), by in any::<u8>()) {
            prop_assert!(read(bytes).is_err());
            let mut altered = GBK.encode(BILL).0.into_owned();
            let at = at % altered.len();
            altered[at] = by;
            let (text, _) = GBK.decode_without_bom_handling(&altered);
            let _ = rows(&text);
            let mut zip = zipped(&[("a.csv", BILL)]);
            let at = at % zip.len();
            zip[at] = by;
            let _ = read(zip);
        }
    }
}
