//! Tables: at most one open session at each.

use std::collections::BTreeMap;

use baize_domain::Event;
use baize_domain::ids::{SessionId, TableId};
use baize_domain::session::TableSessionEvent;

use super::Broken;
use crate::log::Log;

/// No session opens at a table while another one there is neither closed nor cancelled. Told from the sessions' own
/// streams, so that it holds whatever the table's stream says.
pub fn one_session_at_a_time(log: &Log) -> Broken {
    let mut open: BTreeMap<TableId, SessionId> = BTreeMap::new();
    let mut broken = Broken::new();
    for entry in &log.entries {
        let Event::TableSession(event) = &entry.event else {
            continue;
        };
        match event {
            TableSessionEvent::SessionOpened {
                session_id, table_id, ..
            } => {
                if let Some(other) = open.insert(*table_id, *session_id) {
                    broken.push(format!(
                        "position {}: {session_id} opens table {table_id}, where {other} is open",
                        entry.position
                    ));
                }
            }
            TableSessionEvent::SessionTransferred {
                from_table_id,
                table_id,
                ..
            } => {
                if let Some(session_id) = open.remove(from_table_id)
                    && let Some(other) = open.insert(*table_id, session_id)
                {
                    broken.push(format!(
                        "position {}: {session_id} moves to table {table_id}, where {other} is open",
                        entry.position
                    ));
                }
            }
            TableSessionEvent::SessionClosed { .. } | TableSessionEvent::SessionCancelled { .. } => {
                open.retain(|_, session| session.to_string() != entry.aggregate_id);
            }
            _ => {}
        }
    }
    broken
}
