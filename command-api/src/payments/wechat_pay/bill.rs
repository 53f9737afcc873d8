//! The bill of a day, type ALL: <https://pay.weixin.qq.com/doc/v3/merchant/4013071196>.
//!
//! A header, the rows, a second header, the sums. Every field of the rows and sums has a backtick before it; a comma within a field is escaped.
//! Amounts are yuan with decimals. The file is read as it comes in, a line at a time, and its sums are checked against its rows.

use baize_domain::Fen;
use baize_domain::payment::RefundState;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, offset};

use crate::payments::provider::{BillError, BillKind, BillRow};

/// No line is longer.
const LINE_BYTES_MAX: usize = 16 << 10;
/// No day of one merchant has more.
const ROWS_MAX: usize = 500_000;
/// What the sums begin with.
const SUMMARY: &str = "总交易单数";

/// Reads a bill in pieces.
pub(super) struct Reader {
    mch_id: String,
    line: usize,
    pending: Vec<u8>,
    part: Part,
    rows: Vec<BillRow>,
    sums: Sums,
}

enum Part {
    Header,
    Rows(Columns),
    Summary(Vec<String>),
    End,
}

/// Where the fields are: types of bills order them differently.
struct Columns {
    count: usize,
    at: usize,
    mch_id: usize,
    transaction_id: usize,
    order_no: usize,
    state: usize,
    currency: usize,
    refund_no: usize,
    refund_state: usize,
    fee: usize,
    amount: usize,
    refund: usize,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    rows: i64,
    fee: i64,
    amount: i64,
    refund: i64,
}

type Read<T> = Result<T, String>;

impl Reader {
    pub(super) fn new(mch_id: &str) -> Self {
        Self {
            mch_id: mch_id.to_owned(),
            line: 0,
            pending: Vec::new(),
            part: Part::Header,
            rows: Vec::new(),
            sums: Sums::default(),
        }
    }

    /// Takes the next piece of the file.
    ///
    /// # Errors
    /// A line is none of a bill.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), BillError> {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.pending.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            self.end_line()?;
        }
        self.pending.extend_from_slice(bytes);
        match self.pending.len() {
            0..=LINE_BYTES_MAX => Ok(()),
            _ => {
                self.line += 1;
                Err(self.unreadable("the line is too long".to_owned()))
            }
        }
    }

    /// The rows, if the file is whole.
    ///
    /// # Errors
    /// It is not, or its sums are not those of its rows.
    pub(super) fn finish(mut self) -> Result<Vec<BillRow>, BillError> {
        self.end_line()?;
        match self.part {
            Part::End => Ok(self.rows),
            _ => Err(self.unreadable("the file ends before its sums".to_owned())),
        }
    }

    fn end_line(&mut self) -> Result<(), BillError> {
        self.line += 1;
        let bytes = std::mem::take(&mut self.pending);
        let read = match std::str::from_utf8(&bytes) {
            Ok(text) => self.take(text.trim_start_matches('\u{feff}').trim_end_matches('\r')),
            Err(_) => Err("it is not UTF-8".to_owned()),
        };
        read.map_err(|what| self.unreadable(what))
    }

    fn take(&mut self, text: &str) -> Read<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.part = match std::mem::replace(&mut self.part, Part::End) {
            Part::Header => Part::Rows(Columns::read(text)?),
            Part::Rows(_) if text.starts_with(SUMMARY) => Part::Summary(text.split(',').map(str::to_owned).collect()),
            Part::Rows(columns) => {
                self.row(&columns, text)?;
                Part::Rows(columns)
            }
            Part::Summary(names) => {
                self.compare(&names, text)?;
                Part::End
            }
            Part::End => return Err("something comes after the sums".to_owned()),
        };
        Ok(())
    }

    fn row(&mut self, columns: &Columns, text: &str) -> Read<()> {
        if self.rows.len() >= ROWS_MAX {
            return Err("there are too many rows".to_owned());
        }
        let fields = split(text)?;
        if fields.len() != columns.count {
            return Err(format!("{} fields instead of {}", fields.len(), columns.count));
        }
        if fields[columns.mch_id] != self.mch_id {
            return Err("it is another merchant's".to_owned());
        }
        if fields[columns.currency] != "CNY" {
            return Err("it is another currency's".to_owned());
        }
        let (amount, refund, fee) = (
            fen(fields[columns.amount])?,
            fen(fields[columns.refund])?,
            fen(fields[columns.fee])?,
        );
        self.sums.add(amount, refund, fee)?;
        let (kind, amount) = match fields[columns.state] {
            "SUCCESS" => (BillKind::Payment, amount),
            "REFUND" | "REVOKED" => {
                let (refund_no, at) = (fields[columns.refund_no].to_owned(), instant(fields[columns.at])?);
                let state = refund_state(fields[columns.refund_state], Fen(refund), at)?;
                (BillKind::Refund { refund_no, state }, refund)
            }
            other => return Err(format!("an unknown state {other:?}")),
        };
        self.rows.push(BillRow {
            order_no: fields[columns.order_no].to_owned(),
            transaction_id: fields[columns.transaction_id].to_owned(),
            kind,
            amount: Fen(amount),
            fee: Fen(fee),
            at: instant(fields[columns.at])?,
        });
        Ok(())
    }

    fn compare(&self, names: &[String], text: &str) -> Read<()> {
        let fields = split(text)?;
        let field = |name: &str| {
            let index = names
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| format!("there is no {name}"))?;
            fields.get(index).copied().ok_or_else(|| format!("there is no {name}"))
        };
        let told = Sums {
            rows: field(SUMMARY)?
                .parse()
                .map_err(|_| "a number that is none".to_owned())?,
            fee: fen(field("手续费总金额")?)?,
            amount: fen(field("订单总金额")?)?,
            refund: fen(field("申请退款总金额")?)?,
        };
        match told == self.sums {
            true => Ok(()),
            false => Err(format!("the sums are {:?} and not {told:?}", self.sums)),
        }
    }

    fn unreadable(&self, what: String) -> BillError {
        BillError::Unreadable {
            line: self.line.max(1),
            what,
        }
    }
}

impl Sums {
    fn add(&mut self, amount: i64, refund: i64, fee: i64) -> Read<()> {
        let sum = |a: i64, b: i64| a.checked_add(b).ok_or_else(|| "a sum that is too large".to_owned());
        *self = Self {
            rows: sum(self.rows, 1)?,
            fee: sum(self.fee, fee)?,
            amount: sum(self.amount, amount)?,
            refund: sum(self.refund, refund)?,
        };
        Ok(())
    }
}

impl Columns {
    fn read(header: &str) -> Read<Self> {
        let names: Vec<_> = header.split(',').collect();
        let of = |name: &str| {
            names
                .iter()
                .position(|known| *known == name)
                .ok_or_else(|| format!("there is no {name}"))
        };
        Ok(Self {
            count: names.len(),
            at: of("交易时间")?,
            mch_id: of("商户号")?,
            transaction_id: of("微信订单号")?,
            order_no: of("商户订单号")?,
            state: of("交易状态")?,
            currency: of("货币种类")?,
            refund_no: of("商户退款单号")?,
            refund_state: of("退款状态")?,
            fee: of("手续费")?,
            amount: of("订单金额")?,
            refund: of("申请退款金额")?,
        })
    }
}

fn split(text: &str) -> Read<Vec<&str>> {
    let text = text.strip_prefix('`').ok_or("it does not begin with a backtick")?;
    Ok(text.split(",`").collect())
}

/// The states of the bill are not those of the interface: <https://pay.weixin.qq.com/doc/v3/merchant/4013071196>.
fn refund_state(text: &str, amount: Fen, at: Timestamp) -> Read<RefundState> {
    Ok(match text {
        "SUCCESS" => RefundState::Succeeded { amount, at },
        "PROCESSING" => RefundState::Processing,
        "FAIL" => RefundState::Closed,
        "CHANGE" => RefundState::Abnormal,
        other => return Err(format!("an unknown state of a refund {other:?}")),
    })
}

/// Yuan to fen, exactly: a part of a fen is refused.
fn fen(text: &str) -> Read<i64> {
    let wrong = || format!("{text:?} is no amount");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (yuan, part) = digits.split_once('.').unwrap_or((digits, ""));
    let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || !digits_only(yuan) || !digits_only(part) {
        return Err(wrong());
    }
    let (cents, rest) = part.split_at(part.len().min(2));
    if rest.bytes().any(|byte| byte != b'0') {
        return Err(wrong());
    }
    let cents = format!("{cents:0<2}");
    let fen: Option<i64> = yuan
        .parse::<i64>()
        .ok()
        .and_then(|yuan| yuan.checked_mul(100)?.checked_add(cents.parse().ok()?));
    fen.map(|fen| if negative { -fen } else { fen }).ok_or_else(wrong)
}

fn instant(text: &str) -> Read<Timestamp> {
    let wrong = |_| format!("{text:?} is no time");
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).map_err(wrong)?;
    time.to_zoned(TimeZone::fixed(offset(8)))
        .map(|time| time.timestamp())
        .map_err(wrong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The layout of the provider's documentation; the rows after wechatpay-go's tests and public samples.
    const BILL: &str = "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r
`2021-01-28 17:07:11,`wx81be3101902f7cb2,`1601959334,`0,`,`4200000925202101284997714292,`S20210128170702357723,`openid,`NATIVE,`SUCCESS,`OTHERS,`CNY,`32.50,`0.00,`0,`0,`0.00,`0.00,`,`,`for testing\\ or so,`cipher code,`0.20000,`0.60%,`32.50,`0.00,`\r
`2021-01-28 23:59:59,`wx81be3101902f7cb2,`1601959334,`0,`,`4200000925202101284997714292,`S20210128170702357723,`openid,`NATIVE,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50,`R20210128,`10.00,`0.00,`ORIGINAL,`CHANGE,`for testing,`cipher code,`-0.06000,`0.60%,`0.00,`10.00,`\r
总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r
`2,`32.50,`10.00,`0.00,`0.14000,`32.50,`10.00\r
";

    fn read(text: &str, piece: usize) -> Result<Vec<BillRow>, BillError> {
        let mut reader = Reader::new("1601959334");
        for piece in text.as_bytes().chunks(piece) {
            reader.feed(piece)?;
        }
        reader.finish()
    }

    #[test]
    fn a_bill_is_read_in_whatever_pieces_it_comes() {
        let payment = BillRow {
            order_no: "S20210128170702357723".to_owned(),
            transaction_id: "4200000925202101284997714292".to_owned(),
            kind: BillKind::Payment,
            amount: Fen(3_250),
            fee: Fen(20),
            at: "2021-01-28T09:07:11Z".parse().unwrap(),
        };
        let refund = BillRow {
            kind: BillKind::Refund {
                refund_no: "R20210128".to_owned(),
                state: RefundState::Abnormal,
            },
            amount: Fen(1_000),
            fee: Fen(-6),
            at: "2021-01-28T15:59:59Z".parse().unwrap(),
            ..payment.clone()
        };
        for piece in [1, 7, 4_096] {
            assert_eq!(read(BILL, piece).unwrap(), [payment.clone(), refund.clone()]);
        }
    }

    #[test]
    fn what_is_not_right_in_a_bill_is_named_with_its_line() {
        let shorter = &BILL[..BILL.find("`2,`32.50").unwrap()];
        for (text, at, problem) in [
            (BILL.replace("`32.50,`0.00,`\r", "`32.505,`0.00,`\r"), 2, "no amount"),
            (BILL.replace("`2,`32.50", "`3,`32.50"), 5, "the sums are"),
            (BILL.replace("0.14000", "0.15000"), 5, "the sums are"),
            (BILL.replace("`REFUND,", "`SOMETHING,"), 3, "unknown state"),
            (BILL.replace("`CHANGE,", "`MAYBE,"), 3, "unknown state of a refund"),
            (BILL.replace("`1601959334", "`1601959335"), 2, "another merchant's"),
            (BILL.replace("`CNY", "`USD"), 2, "another currency's"),
            (BILL.replace(",手续费,", ",fee,"), 1, "there is no 手续费"),
            (BILL.replace("2021-01-28 17:07:11", "2021-02-30 17:07:11"), 2, "no time"),
            (format!("{BILL}`1,`2\r\n"), 6, "after the sums"),
            (shorter.to_owned(), 5, "ends before its sums"),
            (String::new(), 1, "ends before its sums"),
        ] {
            match read(&text, 64) {
                Err(BillError::Unreadable { line, what }) => {
                    assert!(line == at && what.contains(problem), "{line}: {what}")
                }
                other => panic!("{problem}: {other:?}"),
            }
        }
        let endless = "x".repeat(LINE_BYTES_MAX + 1);
        assert!(matches!(
            read(&endless, 4_096),
            Err(BillError::Unreadable { line: 1, .. })
        ));
    }

    proptest! {
        #[test]
        fn yuan_become_fen_exactly(amount in -1_000_000_000i64..1_000_000_000, zeros in 0..4usize) {
            let sign = if amount < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:02}{}", amount.abs() / 100, amount.abs() % 100, "0".repeat(zeros));
            prop_assert_eq!(fen(&text), Ok(amount));
            let more = format!("{text}1");
            prop_assert!(fen(&more).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, at: prop::sample::Index, with: u8) {
            let mut reader = Reader::new("1601959334");
            prop_assert!(reader.feed(&bytes).is_err() || reader.finish().is_err());
            let mut bill = BILL.as_bytes().to_vec();
            let at = at.index(bill.len());
            bill[at] = with;
            let mut reader = Reader::new("1601959334");
            let _ = reader.feed(&bill).and_then(|()| reader.finish());
        }
    }
}
