//! The demo's hall: the one that docs/examples/hall.toml describes, with as many tables as are asked for, imported like any other.

use std::fmt::Write as _;

use anyhow::Context as _;
use baize_proto::access::{Badge, Bearing, Keys};
use baize_proto::hall::calendar::v1::calendar_service_client::CalendarServiceClient;
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use tonic::transport::Endpoint;
use uuid::Uuid;

use crate::import;

/// Where the demo's hall is.
pub const TIME_ZONE: &str = "Asia/Shanghai";
const EXAMPLE: &str = include_str!("../../../docs/examples/hall.toml");
const CALENDAR: &str = include_str!("../../../calendars/china-2026.toml");
const CLASSES: [&str; 3] = ["chinese_eight_ball", "snooker", "nine_ball"];

/// A hall that is set up.
#[derive(Clone, Debug)]
pub struct Hall {
    /// Its id.
    pub hall_id: Uuid,
    /// Its chain.
    pub chain_id: String,
    /// The MQTT topics of its lights, in the order of the tables.
    pub topics: Vec<String>,
}

/// Sets up a hall with so many tables.
///
/// # Errors
/// The command service refuses or is away.
pub async fn set_up(command_url: &str, keys: &Keys, tables: u32) -> anyhow::Result<Hall> {
    let channel = Endpoint::from_shared(command_url.to_owned())?
        .connect()
        .await
        .context("connecting to the command service")?;
    let house = Bearing::new(channel, Badge::of_the_house(keys));
    let calendar = import::calendar::publish(CALENDAR, CalendarServiceClient::new(house.clone())).await;
    calendar.context("publishing the calendar")?;
    let hall_id = Uuid::now_v7();
    let topics: Vec<_> = (1..=tables).map(|number| topic(hall_id, number)).collect();
    let document = document(hall_id, &topics);
    let imported = import::hall::set_up(&document, VenueServiceClient::new(house)).await;
    let imported = imported.context("importing the hall")?;
    Ok(Hall {
        hall_id,
        chain_id: imported.chain_id,
        topics,
    })
}

/// Unlike any topic of another evening on the same broker.
fn topic(hall_id: Uuid, number: u32) -> String {
    format!("{}-A{number}", &hall_id.simple().to_string()[20..])
}

/// The example with another id, and other devices and tables.
fn document(hall_id: Uuid, topics: &[String]) -> String {
    let rules = EXAMPLE.split("[[devices]]").next().unwrap_or_default();
    let mut document = rules.replacen("[hall]\n", &format!("[hall]\nid = \"{hall_id}\"\n"), 1);
    for (number, topic) in (1..).zip(topics) {
        let class = CLASSES[number % CLASSES.len()];
        // Writing to a text cannot fail.
        let _infallible = write!(
            document,
            "[[devices]]\ntopic = \"{topic}\"\nchannels = 1\n\n\
             [[tables]]\nlabel = \"A{number}\"\nclass = \"{class}\"\ntariff = \"standard\"\n\
             device = \"{topic}\"\nchannel = 1\n\n"
        );
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_with_other_tables_is_a_file_without_fault() {
        let hall_id = Uuid::from_u128(7);
        let topics = [topic(hall_id, 1), topic(hall_id, 2)];
        let document = document(hall_id, &topics);
        assert_eq!(import::hall::faults(&document), Vec::<String>::new());
        assert!(document.contains(&format!("id = \"{hall_id}\"")), "{document}");
        assert_eq!(document.matches("[[tables]]").count(), 2);
    }
}
