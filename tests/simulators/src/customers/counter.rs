//! The hall's counter: puts tables back on sale some time after they went to maintenance.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use uuid::Uuid;

use baize_proto::hall::view::v1::TableStatus;

use super::caller::{Caller, id};
use super::person::Day;
use super::plan::Habit;
use super::wire::Failed;

/// Looks around every minute, until it is aborted.
pub(crate) async fn repair(day: Arc<Day>, repair_after: SignedDuration) {
    let (wire, notes) = (day.wire.clone(), Arc::clone(&day.notes));
    let mut caller = Caller {
        person: 0,
        wire,
        notes,
        habit: Habit::Plain,
        rng: StdRng::seed_from_u64(0),
    };
    let mut broken_since: HashMap<Uuid, Timestamp> = HashMap::new();
    loop {
        day.wire.clock.sleep(SignedDuration::from_mins(1).unsigned_abs()).await;
        let Ok(tables) = caller.board(day.hall_id, 0).await else {
            continue;
        };
        let now = caller.now();
        let broken: Vec<_> = tables
            .iter()
            .filter(|table| table.status() == TableStatus::Maintenance)
            .map(|table| id(&table.table_id))
            .collect();
        broken_since.retain(|table_id, _| broken.contains(table_id));
        for table_id in broken {
            let since = *broken_since.entry(table_id).or_insert(now);
            if now.duration_since(since) < repair_after {
                continue;
            }
            broken_since.remove(&table_id);
            if let Err(Failed::Refused(refusal)) = caller.end_maintenance(table_id).await {
                caller.complain(format!(
                    "putting table {table_id} back on sale: {} {}",
                    refusal.reason, refusal.message
                ));
            }
        }
    }
}
