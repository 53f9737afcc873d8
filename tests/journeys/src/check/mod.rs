//! The invariants, each as a function that returns what breaks it. An empty answer is a pass.

pub mod lamps;
pub mod ledger;
pub mod log;
pub mod money;
pub mod stream;
pub mod tables;
pub mod views;

use std::time::Duration;

use baize_simulators::fleet::Fleet;

use crate::eventually::eventually;
use crate::log::Log;
use crate::model::{Model, Session};
use crate::world::World;

/// How long work that was begun may take to come to its end.
const QUIET_LIMIT: Duration = Duration::from_secs(90);

/// What was found broken, in words.
pub type Broken = Vec<String>;

/// Every invariant on everything that is there, once nothing happens any more: sessions over, lights off.
///
/// # Errors
/// It never becomes quiet, or something cannot be read.
pub async fn everything(
    world: &World,
    fleet: &Fleet,
    tolerance: lamps::Tolerance,
) -> anyhow::Result<Vec<(&'static str, Broken)>> {
    let nats = world.nats_client().await?;
    loop {
        let log = quiet(world).await?;
        eventually("the stream to reach the end of the log", QUIET_LIMIT, async || {
            stream::last_sequence(&nats)
                .await
                .is_ok_and(|last| last >= log.head())
                .then_some(())
        })
        .await?;
        let model = Model::at(&log, log.head());
        let found = vec![
            ("positions", log::positions_are_dense(&log)),
            ("streams", log::streams_are_dense(&log)),
            ("requests", log::requests_are_executed_once(&log)),
            ("order", log::sessions_are_written_last(&log)),
            ("rules", money::no_event_breaks_a_rule(&model)),
            ("books", money::wallets_agree_with_the_books(&model)),
            ("charges", money::sessions_are_charged_once(&model)),
            ("settlement", money::everything_is_settled(&model)),
            ("tables", tables::one_session_at_a_time(&log)),
            ("stream", stream::is_the_log(&nats, &log).await?),
            ("views", views::equal_the_fold(&world.queries, &log).await?),
            (
                "lamps",
                lamps::none_burns_too_long(&log, &lamps::burnt(fleet, world.clock.now()), tolerance),
            ),
        ];
        // An event that came meanwhile is in the views and not in our copy of the log: look again.
        if world.log().await?.head() == log.head() {
            return Ok(found);
        }
    }
}

/// The log, once every session is over and every light is off and said so.
async fn quiet(world: &World) -> anyhow::Result<Log> {
    let mut last = String::from("the log cannot be read");
    let found = eventually("everything to come to its end", QUIET_LIMIT, async || {
        let log = world.log().await.ok()?;
        let model = Model::at(&log, log.head());
        let open: Vec<_> = model
            .sessions
            .iter()
            .filter(|(_, session)| !Session::is_over(session))
            .map(|(id, _)| id)
            .collect();
        let lit: Vec<_> = model
            .lights
            .iter()
            .filter(|(_, light)| light.desired || light.lit)
            .collect();
        last = format!("open sessions {open:?}, lights {lit:?}");
        (open.is_empty() && lit.is_empty()).then_some(log)
    });
    let found = found.await;
    found.map_err(|error| error.context(last))
}

/// Fails with everything that is broken, at most the first twenty of each check.
///
/// # Panics
/// If anything is broken.
#[allow(clippy::panic, reason = "this is how a test fails")]
pub fn nothing_is_broken(found: impl IntoIterator<Item = (&'static str, Broken)>) {
    let mut report = String::new();
    for (check, broken) in found {
        if !broken.is_empty() {
            report += &format!("\n{check}: {} broken\n", broken.len());
            for line in broken.iter().take(20) {
                report += &format!("  {line}\n");
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[cfg(test)]
mod tests;
