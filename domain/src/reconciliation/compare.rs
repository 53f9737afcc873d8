//! Compares a provider's bill of a day with our books, row by row. Pure: what is compared is handed in.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};

use crate::money::Fen;

/// Whether money came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum RowKind {
    /// It came.
    Payment,
    /// It went back.
    Refund,
}

/// Which row of a bill, or what of our books.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Row {
    /// Payment or refund.
    pub kind: RowKind,
    /// The number of the order or refund. In a bill it may be none of ours; ≤ 64 characters, both providers' limit.
    pub number: String,
    /// 0, or how many rows with the same number came before it.
    pub nth: u16,
}

/// Whether money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Standing {
    /// It did.
    Done,
    /// It is about to, as far as is known.
    UnderWay,
    /// It did not.
    Not,
}

/// A row of a provider's bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillLine {
    /// Payment or refund.
    pub kind: RowKind,
    /// The number of the order or refund.
    pub number: String,
    /// The provider's number of the payment.
    pub transaction_id: String,
    /// What moved, ≥ 0.
    pub amount: Fen,
    /// What the provider keeps (> 0) or gives back (< 0).
    pub fee: Fen,
    /// How it stood when the bill was made. A refund that was under way then may be done since.
    pub standing: Standing,
}

/// An order or a refund in our books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookLine {
    /// Payment or refund.
    pub kind: RowKind,
    /// Its number.
    pub number: String,
    /// What was asked, or moved, > 0.
    pub amount: Fen,
    /// How it stands.
    pub standing: Standing,
    /// The money moved on the day of the bill and is in no bill of a day beside it: the bill has to have it.
    /// Other lines are here to be found by rows of the bill alone.
    pub due: bool,
}

/// What a provider keeps of each payment: a share of 1, such as 0.006.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeRate(pub Decimal);

/// Rows and what they sum to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sums {
    /// How many.
    pub rows: u32,
    /// Money in less money back.
    pub amount: Fen,
}

/// What a provider keeps of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fees {
    /// By its bill.
    pub billed: Fen,
    /// By the rate that was agreed, each row rounded half up.
    pub expected: Fen,
}

/// How a row differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum DifferenceKind {
    /// The bill has it, our books do not.
    MissingHere,
    /// Our books have it, the bill does not.
    MissingThere,
    /// Both have it, with different amounts.
    AmountDiffers,
    /// Both have it; by one of them the money moved, by the other not.
    StateDiffers,
    /// All is the same but what the provider keeps.
    FeeDiffers,
}

/// A row that is not the same in the bill and our books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// Which.
    pub row: Row,
    /// The provider's number of the payment; empty if the bill does not have it.
    pub transaction_id: String,
    /// How it differs.
    pub kind: DifferenceKind,
    /// What moved by our books: > 0 in, < 0 back, 0 nothing. `None`: they do not have it.
    pub ours: Option<Fen>,
    /// What moved by the bill, likewise.
    pub theirs: Option<Fen>,
    /// What the provider keeps of it.
    pub fees: Fees,
}

impl Difference {
    /// What the bill has more than our books.
    pub fn excess(&self) -> Fen {
        self.theirs.unwrap_or(Fen::ZERO) - self.ours.unwrap_or(Fen::ZERO)
    }
}

/// What comparing a day found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    /// SHA-256 of the bill's rows, in hexadecimal.
    pub digest: String,
    /// All rows of the bill.
    pub bill: Sums,
    /// All rows of our books that are due, or that the bill has.
    pub book: Sums,
    /// Rows that are the same in both.
    pub matched: Sums,
    /// What the provider keeps.
    pub fees: Fees,
    /// Rows that are not, ordered by row.
    pub differences: Vec<Difference>,
}

impl FeeRate {
    /// What a provider keeps of a row by this rate, half up; negative for refunds, with which it gives back.
    fn of(self, kind: RowKind, amount: Fen) -> Fen {
        let exact = Decimal::from(amount.0) * self.0;
        let rounded = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        signed(kind, Fen(rounded.to_i64().unwrap_or_default()))
    }
}

/// Compares the bill of a day with our books. `book` holds what is due, and whatever else the bill may be about.
pub fn compare(digest: String, bill: &[BillLine], book: &[BookLine], rate: FeeRate) -> Comparison {
    let mut ours: BTreeMap<(RowKind, &str), &BookLine> = book
        .iter()
        .map(|line| ((line.kind, line.number.as_str()), line))
        .collect();
    let mut seen: BTreeMap<(RowKind, &str), u16> = BTreeMap::new();
    let mut found = Comparison {
        digest,
        bill: Sums::default(),
        book: Sums::default(),
        matched: Sums::default(),
        fees: Fees::default(),
        differences: Vec::new(),
    };
    for line in bill {
        let key = (line.kind, line.number.as_str());
        let nth = seen.entry(key).or_default();
        let row = row(line.kind, &line.number, *nth);
        *nth = nth.saturating_add(1);
        found.take(row, line, ours.remove(&key), rate);
    }
    for line in ours.into_values().filter(|line| line.due) {
        found.lacks(line);
    }
    found.differences.sort_by(|a, b| a.row.cmp(&b.row));
    found
}

impl Comparison {
    fn take(&mut self, row: Row, line: &BillLine, own: Option<&BookLine>, rate: FeeRate) {
        let theirs = match line.standing {
            Standing::Done | Standing::UnderWay => signed(line.kind, line.amount),
            Standing::Not => Fen::ZERO,
        };
        let ours = own.map(|own| worth(own, line.standing));
        let expected = match line.standing {
            Standing::Not => Fen::ZERO,
            _ => rate.of(line.kind, line.amount),
        };
        let fees = Fees {
            billed: line.fee,
            expected,
        };
        self.bill.add(theirs);
        self.fees.billed += fees.billed;
        self.fees.expected += fees.expected;
        if let Some(ours) = ours {
            self.book.add(ours);
        }
        let Some(kind) = differs(line, own, theirs, ours, fees) else {
            self.matched.add(theirs);
            return;
        };
        self.differences.push(Difference {
            row,
            transaction_id: line.transaction_id.clone(),
            kind,
            ours,
            theirs: Some(theirs),
            fees,
        });
    }

    fn lacks(&mut self, own: &BookLine) {
        let ours = worth(own, Standing::Not);
        self.book.add(ours);
        self.differences.push(Difference {
            row: row(own.kind, &own.number, 0),
            transaction_id: String::new(),
            kind: DifferenceKind::MissingThere,
            ours: Some(ours),
            theirs: None,
            fees: Fees::default(),
        });
    }
}

impl Sums {
    fn add(&mut self, amount: Fen) {
        self.rows = self.rows.saturating_add(1);
        self.amount += amount;
    }
}

fn differs(
    line: &BillLine,
    own: Option<&BookLine>,
    theirs: Fen,
    ours: Option<Fen>,
    fees: Fees,
) -> Option<DifferenceKind> {
    let Some(own) = own else {
        return Some(DifferenceKind::MissingHere);
    };
    let agree = match line.standing {
        Standing::Done => own.standing == Standing::Done,
        // A bill shows a refund as it stood when the bill was made.
        Standing::UnderWay => own.standing != Standing::Not,
        Standing::Not => own.standing != Standing::Done,
    };
    // How the fee of a part of a payment is rounded when it is given back, neither provider says.
    let slack = if line.kind == RowKind::Refund { 1 } else { 0 };
    match () {
        () if !agree => Some(DifferenceKind::StateDiffers),
        () if ours != Some(theirs) => Some(DifferenceKind::AmountDiffers),
        () if (fees.billed - fees.expected).0.abs() > slack => Some(DifferenceKind::FeeDiffers),
        () => None,
    }
}

/// What moved by our books, for a row that stands so in the bill.
fn worth(own: &BookLine, there: Standing) -> Fen {
    match (own.standing, there) {
        (Standing::Done, _) | (Standing::UnderWay, Standing::UnderWay) => signed(own.kind, own.amount),
        _ => Fen::ZERO,
    }
}

fn signed(kind: RowKind, amount: Fen) -> Fen {
    match kind {
        RowKind::Payment => amount,
        RowKind::Refund => -amount,
    }
}

fn row(kind: RowKind, number: &str, nth: u16) -> Row {
    Row {
        kind,
        number: number.chars().take(64).collect(),
        nth,
    }
}
