//! Reads the log ahead of the runner: decodes each event and finds out whom it concerns.

use std::sync::Arc;

use baize_domain::Event;
use baize_domain::processes::Route;
use baize_eventlog::{Follower, RecordedEvent};
use tokio::sync::mpsc;

use super::manager::Manager;
use super::store::Key;

/// Why reading ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not answer: begin again.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// The log holds what cannot be read. It will not get better by itself, and nothing may be skipped.
    #[error("the log cannot be read at position {position}: {why}")]
    Poison {
        /// Where.
        position: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// A stretch of the log.
#[derive(Debug, Default)]
pub struct Stretch {
    /// The position it reaches.
    pub to: u64,
    /// The events in it that concern a process.
    pub events: Vec<Routed>,
}

/// An event, and whom it concerns.
#[derive(Debug)]
pub struct Routed {
    /// Its place in the log.
    pub position: u64,
    /// The stream it is from.
    pub aggregate_id: String,
    /// The event.
    pub event: Event,
    /// The instances, and whether it begins them.
    pub concerned: Vec<(Key, bool)>,
}

/// Follows the log until the runner goes away or it cannot be read.
pub async fn read(
    mut follower: Follower,
    managers: Arc<[Box<dyn Manager>]>,
    stretches: mpsc::Sender<Result<Stretch, Error>>,
    events_max: usize,
) {
    loop {
        let read = follower.next_batch(events_max).await;
        let (stretch, error) = match read {
            Ok(events) => stretch(events, &managers),
            Err(baize_eventlog::Error::Database(error)) => (None, Some(Error::Database(error))),
            Err(error) => {
                let (position, why) = (follower.position() + 1, error.to_string());
                (None, Some(Error::Poison { position, why }))
            }
        };
        // What comes before something unreadable is taken in.
        if let Some(stretch) = stretch
            && stretches.send(Ok(stretch)).await.is_err()
        {
            return;
        }
        if let Some(error) = error {
            // If the runner has gone, nobody is left to tell.
            let _ = stretches.send(Err(error)).await;
            return;
        }
    }
}

/// The events up to the first that cannot be read.
fn stretch(events: Vec<RecordedEvent>, managers: &[Box<dyn Manager>]) -> (Option<Stretch>, Option<Error>) {
    let mut stretch = Stretch::default();
    for recorded in events {
        let position = recorded.position;
        let event = match Event::decode(&recorded.stream.aggregate_type, &recorded.payload) {
            Ok(event) => event,
            Err(error) => {
                let why = format!("{} {}: {error}", recorded.event_type, recorded.event_version);
                return (
                    Some(stretch).filter(|stretch| stretch.to > 0),
                    Some(Error::Poison { position, why }),
                );
            }
        };
        stretch.to = position;
        let aggregate_id = recorded.stream.aggregate_id;
        let concerned = concerned(managers, &aggregate_id, &event);
        if !concerned.is_empty() {
            stretch.events.push(Routed {
                position,
                aggregate_id,
                event,
                concerned,
            });
        }
    }
    (Some(stretch), None)
}

fn concerned(managers: &[Box<dyn Manager>], aggregate_id: &str, event: &Event) -> Vec<(Key, bool)> {
    let routes = managers.iter().filter_map(|manager| {
        let (instance, begins) = match manager.route(aggregate_id, event) {
            Route::Ignore => return None,
            Route::Start(instance) => (instance, true),
            Route::Continue(instance) => (instance, false),
        };
        let process = manager.name();
        Some((Key { process, instance }, begins))
    });
    routes.collect()
}
