//! The hall's counter: puts tables back on sale some time after they went to maintenance, and sees to those that are under repair and to complaints.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use uuid::Uuid;

use baize_proto::hall::device::v1 as device;
use baize_proto::hall::view::v1::TableStatus;

use super::caller::{Caller, id};
use super::discontent::answer_all;
use super::person::Day;
use super::plan::Habit;
use super::wire::{Failed, timed};

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
        answer_all(&caller, day.hall_id).await;
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
                // A faulty light has to be seen to and to pass its test; if it fails, the counter comes again.
                if let Some(repair_id) = refusal.facts.get("repair_id") {
                    see_to(&caller, repair_id).await;
                    continue;
                }
                caller.complain(format!(
                    "putting table {table_id} back on sale: {} {}",
                    refusal.reason, refusal.message
                ));
            }
        }
    }
}

/// Repairs a light and has it tested. Whatever is refused or lost is tried again the next time.
async fn see_to(caller: &Caller, repair_id: &str) {
    let mut repairs = caller.wire.repairs();
    let (repair_id, new_id) = (repair_id.to_owned(), || Uuid::new_v4().to_string());
    let start = device::StartRepairRequest {
        request_id: new_id(),
        repair_id: repair_id.clone(),
    };
    let complete = device::CompleteRepairRequest {
        request_id: new_id(),
        repair_id: repair_id.clone(),
        note: "The relay was looked at.".to_owned(),
    };
    let test = device::TestDeviceRequest {
        request_id: new_id(),
        repair_id,
    };
    let _started = repairs.start_repair(timed(start)).await;
    let _completed = repairs.complete_repair(timed(complete)).await;
    let _tested = repairs.test_device(timed(test)).await;
}
