//! A provider's bill, as the domain compares it.

use baize_domain::payment::RefundState;
use baize_domain::reconciliation::{BillLine, RowKind, Standing};
use ring::digest;

use crate::payments::provider::{BillKind, BillRow};

/// SHA-256 of all rows, in their order, in hexadecimal: the same bill fetched again has the same.
pub fn digest(rows: &[BillRow]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for row in rows {
        // Only what is compared: the file itself names when it was made.
        context.update(format!("{row:?}\n").as_bytes());
    }
    let digest = context.finish();
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The rows.
pub fn lines(rows: Vec<BillRow>) -> Vec<BillLine> {
    rows.into_iter().map(line).collect()
}

fn line(row: BillRow) -> BillLine {
    let (kind, number, standing) = match row.kind {
        BillKind::Payment => (RowKind::Payment, row.order_no, Standing::Done),
        BillKind::Refund { refund_no, state } => (RowKind::Refund, refund_no, standing(&state)),
    };
    BillLine {
        kind,
        number,
        transaction_id: row.transaction_id,
        amount: row.amount,
        fee: row.fee,
        standing,
    }
}

const fn standing(state: &RefundState) -> Standing {
    match state {
        RefundState::Succeeded { .. } => Standing::Done,
        RefundState::Processing => Standing::UnderWay,
        RefundState::NotFound | RefundState::Closed | RefundState::Abnormal => Standing::Not,
    }
}
