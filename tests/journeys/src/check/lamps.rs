//! Lamps, by what they really did: none burns longer than it was promised to.

use std::collections::{BTreeMap, HashMap};

use baize_domain::Event;
use baize_domain::device::{DeviceEvent, LightChannel};
use baize_domain::ids::DeviceId;
use baize_simulators::fleet::Fleet;
use jiff::{SignedDuration, Timestamp};

use super::Broken;
use crate::log::Log;

/// A lamp that really burnt, from one instant to another of the hall's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burning {
    /// The relay's MQTT topic.
    pub topic: String,
    /// Its output.
    pub channel: u8,
    /// When it went on.
    pub from: Timestamp,
    /// When it went off, or was last seen on.
    pub to: Timestamp,
}

/// How late a lamp may go off.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// After the last instant ever promised for it. The relay's own timer sees to that when nothing else runs, so this
    /// is the timer's coarseness and the way of the command, no more.
    pub after_promise: SignedDuration,
    /// After what was asked last: an OFF, or an ON that ran out. As long as it may take to bring a killed part back.
    pub after_wish: SignedDuration,
}

#[derive(Clone, Copy, Debug)]
struct Wish {
    issued_at: Timestamp,
    /// Until when it may burn; the instant of issue if it is an OFF.
    until: Timestamp,
}

/// What the fleet's lamps really did, up to now.
pub fn burnt(fleet: &Fleet, now: Timestamp) -> Vec<Burning> {
    let mut lit: BTreeMap<(String, u8), Timestamp> = BTreeMap::new();
    let mut burnt = Vec::new();
    for change in fleet.ground_truth().changes() {
        let lamp = (change.topic, change.channel);
        if change.on {
            lit.entry(lamp).or_insert(change.at);
        } else if let Some(from) = lit.remove(&lamp) {
            burnt.push(Burning {
                topic: lamp.0,
                channel: lamp.1,
                from,
                to: change.at,
            });
        }
    }
    burnt.extend(lit.into_iter().map(|((topic, channel), from)| Burning {
        topic,
        channel,
        from,
        to: now,
    }));
    burnt
}

/// No lamp burns past the end that it was promised, and none goes on that nobody asked for.
pub fn none_burns_too_long(log: &Log, burnt: &[Burning], tolerance: Tolerance) -> Broken {
    let wishes = Wishes::of(log);
    let mut broken = Broken::new();
    for burning in burnt {
        let Burning {
            topic,
            channel,
            from,
            to,
        } = burning;
        let Some(late) = wishes.lateness(burning) else {
            broken.push(format!(
                "{topic}/{channel} burnt from {from}, and nobody had asked for it"
            ));
            continue;
        };
        if late.after_promise > tolerance.after_promise {
            let by = late.after_promise;
            broken.push(format!(
                "{topic}/{channel} burnt from {from} to {to}, {by:#} longer than it was ever promised"
            ));
        }
        if late.after_wish > tolerance.after_wish {
            let by = late.after_wish;
            broken.push(format!(
                "{topic}/{channel} burnt from {from} to {to}, once {by:#} longer than it should have"
            ));
        }
    }
    broken
}

/// How late the latest lamps went off: what a tolerance is worth.
pub fn latest(log: &Log, burnt: &[Burning]) -> Tolerance {
    let wishes = Wishes::of(log);
    let none = Tolerance {
        after_promise: SignedDuration::MIN,
        after_wish: SignedDuration::MIN,
    };
    let late = burnt.iter().filter_map(|burning| wishes.lateness(burning));
    late.fold(none, |worst, late| Tolerance {
        after_promise: worst.after_promise.max(late.after_promise),
        after_wish: worst.after_wish.max(late.after_wish),
    })
}

/// What was asked of each lamp, in order.
struct Wishes<'a> {
    devices: BTreeMap<&'a str, DeviceId>,
    wishes: HashMap<LightChannel, Vec<Wish>>,
}

impl<'a> Wishes<'a> {
    fn of(log: &'a Log) -> Self {
        let mut devices = BTreeMap::new();
        let mut wishes: HashMap<_, Vec<_>> = HashMap::new();
        for entry in &log.entries {
            match &entry.event {
                Event::Device(DeviceEvent::DeviceRegistered { device_id, topic, .. }) => {
                    devices.insert(topic.as_str(), *device_id);
                }
                Event::Device(DeviceEvent::LightDesired {
                    channel,
                    on,
                    not_after,
                    issued_at,
                    ..
                }) => {
                    let device_id = entry.aggregate_id.parse().unwrap_or_default();
                    let until = not_after.filter(|_| *on).unwrap_or(*issued_at);
                    let wish = Wish {
                        issued_at: *issued_at,
                        until,
                    };
                    wishes
                        .entry(LightChannel {
                            device_id,
                            channel: *channel,
                        })
                        .or_default()
                        .push(wish);
                }
                _ => {}
            }
        }
        Self { devices, wishes }
    }

    /// How long it burnt past its ends; `None` if nobody had asked for it at all.
    fn lateness(&self, burning: &Burning) -> Option<Tolerance> {
        let device_id = *self.devices.get(burning.topic.as_str())?;
        let wishes = self.wishes.get(&LightChannel {
            device_id,
            channel: burning.channel,
        })?;
        let asked: Vec<_> = wishes.iter().filter(|wish| wish.issued_at <= burning.to).collect();
        let promised = asked.iter().map(|wish| wish.until).max()?;
        let late = asked.iter().enumerate().map(|(number, wish)| {
            // From this wish to the next, it counts alone.
            let end = asked
                .get(number + 1)
                .map_or(burning.to, |next| next.issued_at.min(burning.to));
            end.duration_since(wish.until.max(burning.from))
        });
        Some(Tolerance {
            after_promise: burning.to.duration_since(promised),
            after_wish: late.max()?,
        })
    }
}
