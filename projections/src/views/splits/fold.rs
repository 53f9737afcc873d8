//! How events change a split.

use baize_domain::Event;
use baize_domain::split::{BillSplit, SplitEvent};
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{Contradiction, Decoded};

use super::rows::SplitRow;
use super::state::SplitsState;

pub(super) fn fold(state: &mut SplitsState, decoded: &Decoded<'_>) -> Result<(), Contradiction> {
    let Event::BillSplit(event) = &decoded.event else {
        return Ok(());
    };
    let (split_id, position) = (split_id(decoded)?, decoded.position());
    if state.splits.get(split_id).is_none() {
        if !matches!(event, SplitEvent::SplitStarted { .. }) {
            return Err(Contradiction(format!("split {split_id} was never started")));
        }
        state.splits.put(SplitRow {
            split_id,
            split: Json(BillSplit::default()),
            position,
        });
    }
    let Some(row) = state.splits.change(split_id) else {
        return Err(Contradiction(format!("split {split_id} cannot be changed")));
    };
    row.split.evolve(event);
    row.position = position;
    let bill = row.split.terms.as_ref().map(|terms| terms.bill);
    let shares = row.split.standing().map(|(_, share)| share.amount).sum();
    if bill != Some(shares) {
        return Err(Contradiction(format!("the shares of split {split_id} sum to {shares}")));
    }
    Ok(())
}

/// The split that an event is about.
pub(super) fn split_id(decoded: &Decoded<'_>) -> Result<Uuid, Contradiction> {
    let stream = &decoded.recorded.stream;
    stream
        .aggregate_id
        .parse()
        .map_err(|_| Contradiction(format!("the id of stream {stream} is no UUID")))
}
