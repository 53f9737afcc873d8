//! What is done: the reconciler's word becomes messages and reports.

use std::time::Instant;

use baize_domain::device::LightChannel;
use jiff::Timestamp;

use crate::drivers::Operation;
use crate::reconcile::{Situation, Step};
use crate::reports::{LightReport, Report};

use super::Engine;
use super::timers::Key;

impl Engine {
    /// Does what the reconciler says. `since`: when the event that asks for it came in.
    pub(super) fn step(&mut self, light: LightChannel, now: Timestamp, since: Option<Instant>) {
        if self.history.is_frozen() {
            return self.history.defer(light);
        }
        let may_switch_on = !self.history.is_doubted(light);
        let Some(entry) = self.register.entry(light) else {
            return;
        };
        let Some(station) = self.stations.get_mut(&light.device_id) else {
            return;
        };
        let health = station.presence.health();
        let driver = station.driver;
        let Some(pursuit) = station.lamps.get_mut(&light.channel) else {
            return;
        };
        let step = pursuit.step(&Situation {
            desired: &entry.desired,
            known: entry.outcomes,
            health,
            is_connected: self.link.is_some(),
            may_switch_on,
            dead_man_max: driver.capabilities().dead_man_max,
            now,
        });
        let rev = entry.desired.rev;
        self.timers.set(Key::Lamp(light.into()), step.wake_at);
        self.send(light, &step, since);
        for outcome in step.outcomes {
            self.outbox.push(Report::Light(LightReport {
                light,
                rev,
                outcome,
                recoveries: step.recoveries,
                at: now,
            }));
        }
    }

    fn send(&mut self, light: LightChannel, step: &Step, since: Option<Instant>) {
        let (Some(link), Some(station)) = (&self.link, self.stations.get(&light.device_id)) else {
            return;
        };
        let mut frames = Vec::new();
        let mut last_of_command = 0;
        if let Some(switch) = step.switch {
            self.correlation = self.correlation.wrapping_add(1);
            let operation = Operation::Switch {
                channel: light.channel,
                on: switch.on,
                dead_man: switch.dead_man,
            };
            frames = station.driver.encode(&station.topic, operation, self.correlation);
            last_of_command = frames.len();
        }
        if step.query {
            self.correlation = self.correlation.wrapping_add(1);
            frames.extend(station.driver.query(&station.topic, light.channel, self.correlation));
        }
        for (number, frame) in (1..).zip(frames) {
            let since = since.filter(|_| number == last_of_command);
            if !link.publish(frame, since) {
                tracing::warn!(
                    topic = station.topic,
                    "no room for a message to the broker; the next attempt repeats it"
                );
            }
        }
    }
}
