//! Which devices there are: from the log, or from the file that a hall is imported from.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use baize_device_bridge::drivers;
use baize_domain::device::{DeviceEvent, Driver};
use baize_domain::ids::HallId;
use baize_eventlog::{EventLog, LogOptions};
use baize_proto::hall::venue::v1 as wire;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::import::hall;
use crate::infrastructure::Infrastructure;
use crate::settings::Settings;

/// Topics that would be part of other devices' topics, or the bridge's name.
const RESERVED: [&str; 5] = ["baize", super::BRIDGE, "cmnd", "stat", "tele"];
const TOPIC_CHARS_MAX: usize = 64;

/// A device that speaks through the broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its topic, which is its user, too.
    pub topic: String,
    /// The language it speaks.
    pub driver: Driver,
    /// Where it is.
    pub hall_id: HallId,
}

/// What was made here for which names, and until when it is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Names and addresses in the certificate.
    pub names: Vec<String>,
    /// When it ends.
    pub until: Timestamp,
}

/// Everything that a directory is provisioned for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provisioned {
    /// Names and addresses of the broker.
    pub names: Vec<String>,
    /// The certificate, if it was made here.
    pub certificate: Option<Issued>,
    /// By topic.
    pub devices: Vec<Device>,
}

impl Provisioned {
    /// Puts the devices of a hall in the place of those it had. Gives the topics that are gone.
    ///
    /// # Errors
    /// A topic that will not do, or that is another hall's.
    pub fn replace(&mut self, hall_id: HallId, devices: Vec<Device>) -> anyhow::Result<Vec<String>> {
        let (old, mut kept): (Vec<_>, Vec<_>) = self.devices.drain(..).partition(|device| device.hall_id == hall_id);
        let mut seen: HashSet<String> = kept.iter().map(|device| device.topic.clone()).collect();
        for device in devices {
            check(&device.topic)?;
            ensure!(
                seen.insert(device.topic.clone()),
                "the topic {} is already another device's: a broker tells devices by it",
                device.topic
            );
            if drivers::driver(device.driver).grants().speaks.is_empty() {
                // It is not reached through a broker.
                continue;
            }
            kept.push(device);
        }
        kept.sort_by(|one, other| one.topic.cmp(&other.topic));
        self.devices = kept;
        let is_gone = |topic: &String| !self.devices.iter().any(|device| device.topic == *topic);
        Ok(old.into_iter().map(|device| device.topic).filter(is_gone).collect())
    }
}

/// A topic becomes the name of a file, a subject and part of an access list.
fn check(topic: &str) -> anyhow::Result<()> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    ensure!(
        (1..=TOPIC_CHARS_MAX).contains(&topic.len()) && topic.chars().all(is_plain),
        "the topic {topic:?} is not 1 to 64 letters, digits, '_' or '-'"
    );
    ensure!(
        !RESERVED.contains(&topic),
        "the topic {topic} is part of other devices' topics: the device would hear or say what is theirs. Register it under another"
    );
    Ok(())
}

/// The devices of a hall that have not left it.
///
/// # Errors
/// There is no database, or it holds no such device.
pub async fn of_database(settings: &Settings, hall_id: HallId) -> anyhow::Result<Vec<Device>> {
    let infrastructure = Infrastructure::database_only(settings, false).await?;
    let found = registered(&infrastructure.database_url, hall_id).await;
    infrastructure.stop().await;
    let devices = found?;
    ensure!(!devices.is_empty(), "the hall {hall_id} has no devices");
    Ok(devices)
}

async fn registered(database_url: &str, hall_id: HallId) -> anyhow::Result<Vec<Device>> {
    let log = EventLog::connect(LogOptions::new(database_url.parse()?).role(baize_schema::APP_ROLE)).await?;
    let payloads: Result<Vec<String>, _> = sqlx::query_scalar(
        "SELECT payload::text FROM events AS made
         WHERE aggregate_type = 'Device' AND event_type = 'DeviceRegistered'
           AND payload #>> '{DeviceRegistered,hall_id}' = $1
           AND NOT EXISTS (SELECT FROM events WHERE aggregate_type = 'Device'
                           AND aggregate_id = made.aggregate_id AND event_type = 'DeviceRetired')
         ORDER BY position",
    )
    .bind(hall_id.to_string())
    .fetch_all(log.pool())
    .await;
    log.close().await;
    let mut devices = Vec::new();
    for payload in payloads.context("reading the devices")? {
        let event = serde_json::from_str(&payload).context("a device in the log")?;
        if let DeviceEvent::DeviceRegistered {
            hall_id, driver, topic, ..
        } = event
        {
            devices.push(Device { topic, driver, hall_id });
        }
    }
    Ok(devices)
}

/// The devices that a file lists.
///
/// # Errors
/// The file cannot be read, has faults, or lists no devices.
pub fn of_file(file: &Path) -> anyhow::Result<(HallId, Vec<Device>)> {
    let mut devices = Vec::new();
    for request in hall::devices(file)? {
        let driver = match request.driver() {
            wire::Driver::Tasmota => Driver::Tasmota,
            wire::Driver::Shelly => Driver::Shelly,
            wire::Driver::Esphome => Driver::EspHome,
            wire::Driver::Unspecified => bail!("the device {} has no driver", request.topic),
        };
        devices.push(Device {
            driver,
            hall_id: request.hall_id.parse()?,
            topic: request.topic,
        });
    }
    let hall_id = devices.first().context("the file lists no devices")?.hall_id;
    Ok((hall_id, devices))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(hall: u128, topic: &str) -> Device {
        Device {
            topic: topic.to_owned(),
            driver: Driver::Tasmota,
            hall_id: HallId(uuid::Uuid::from_u128(hall)),
        }
    }

    fn topics(provisioned: &Provisioned) -> Vec<&str> {
        provisioned.devices.iter().map(|device| device.topic.as_str()).collect()
    }

    #[test]
    fn halls_share_a_broker_and_a_device_that_left_is_gone_from_its_hall_alone() {
        let mut provisioned = Provisioned::default();
        let (one, two) = (device(1, "a").hall_id, device(2, "a").hall_id);
        assert!(
            provisioned
                .replace(one, vec![device(1, "b"), device(1, "a")])
                .unwrap()
                .is_empty()
        );
        assert!(provisioned.replace(two, vec![device(2, "c")]).unwrap().is_empty());
        assert_eq!(topics(&provisioned), ["a", "b", "c"]);
        assert_eq!(provisioned.replace(one, vec![device(1, "b")]).unwrap(), ["a"]);
        assert_eq!(topics(&provisioned), ["b", "c"]);
    }

    #[test]
    fn a_topic_of_another_hall_or_one_that_reaches_into_others_is_refused() {
        let mut provisioned = Provisioned::default();
        provisioned
            .replace(device(1, "a").hall_id, vec![device(1, "a")])
            .unwrap();
        let add = |topic: &str| {
            let added = provisioned
                .clone()
                .replace(device(2, topic).hall_id, vec![device(2, topic)]);
            added.map(drop)
        };
        assert!(add("b").is_ok());
        for topic in ["a", "cmnd", "baize", "baize-bridge", "", "a/b", "a.b", "#", "../a"] {
            assert!(add(topic).is_err(), "{topic:?}");
        }
    }
}
