//! Reconciliations with providers' bills.

use baize_domain::ids::{ReconciliationId, reconciliation_id};
use baize_domain::payment::Channel;
use baize_domain::reconciliation::{Comparison, Reconciliation, ReconciliationError, ReconciliationEvent};
use baize_domain::units::{ReconcileInput, record_comparison};
use jiff::Timestamp;
use jiff::civil::Date;

use super::session::post;
use super::work::Work;
use super::{CommandError, Reply};

/// Takes in what comparing a day found.
pub async fn record(
    work: &Work<'_>,
    channel: Channel,
    date: Date,
    comparison: &Comparison,
) -> Result<Reply, CommandError> {
    let reconciliation = work.read::<Reconciliation>(reconciliation_id(channel, date)).await?;
    let input = ReconcileInput {
        reconciliation: &reconciliation,
        channel,
        date,
        now: work.now,
    };
    let changes = record_comparison(input, comparison.clone())?;
    post(work, &changes.journal)?;
    work.write(&reconciliation, changes.reconciliation)?;
    Ok(Reply::Done)
}

/// Puts one question to a reconciliation.
pub async fn tell(
    work: &Work<'_>,
    reconciliation_id: ReconciliationId,
    decide: impl FnOnce(&Reconciliation, Timestamp) -> Result<Vec<ReconciliationEvent>, ReconciliationError>,
) -> Result<Reply, CommandError> {
    let reconciliation = work.read::<Reconciliation>(reconciliation_id).await?;
    let events = decide(&reconciliation, work.now).map_err(CommandError::refuse)?;
    work.write(&reconciliation, events)?;
    Ok(Reply::Done)
}
