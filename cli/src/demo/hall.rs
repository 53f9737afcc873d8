//! The demo's hall: tables, a light over each, and a tariff with bands; set up through gRPC like any other.

use anyhow::Context as _;
use baize_proto::access::{Badge, Bearing, Keys};
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::venue::v1::{
    Band, Driver, HallPolicy, PublishTariffRequest, RegisterChainRequest, RegisterDeviceRequest, RegisterHallRequest,
    RegisterTableRequest, TableClass, Tariff, Weekday,
};
use tonic::transport::Endpoint;
use uuid::Uuid;

/// Where the demo's hall is.
pub const TIME_ZONE: &str = "Asia/Shanghai";
const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

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
    let mut venue = VenueServiceClient::new(Bearing::new(channel, Badge::of_the_house(keys)));
    let chain = RegisterChainRequest {
        request_id: request_id(),
        chain_id: String::new(),
        name: "白泽台球".to_owned(),
    };
    let chain = venue.register_chain(chain).await.context("registering the chain")?;
    let chain_id = chain.into_inner().chain_id;
    let hall_id = Uuid::now_v7();
    let hall = RegisterHallRequest {
        request_id: request_id(),
        hall_id: hall_id.to_string(),
        chain_id: chain_id.clone(),
        name: "白泽台球·演示店".to_owned(),
        time_zone: TIME_ZONE.to_owned(),
        business_day_cutoff_minutes: 360,
        policy: Some(HallPolicy::default()),
    };
    venue.register_hall(hall).await.context("registering the hall")?;
    let plan = PublishTariffRequest {
        request_id: request_id(),
        plan_id: String::new(),
        hall_id: hall_id.to_string(),
        tariff: Some(tariff()),
    };
    let plan = venue
        .publish_tariff(plan)
        .await
        .context("publishing the tariff")?
        .into_inner();
    let mut topics = Vec::new();
    for number in 1..=tables {
        topics.push(set_up_table(&mut venue, hall_id, &plan.plan_id, number).await?);
    }
    Ok(Hall {
        hall_id,
        chain_id,
        topics,
    })
}

async fn set_up_table(
    venue: &mut VenueServiceClient<Bearing>,
    hall_id: Uuid,
    plan_id: &str,
    number: u32,
) -> anyhow::Result<String> {
    let label = format!("A{number}");
    // Unlike any topic of another evening on the same broker.
    let topic = format!("{}-{label}", &hall_id.simple().to_string()[20..]);
    let device = RegisterDeviceRequest {
        request_id: request_id(),
        device_id: String::new(),
        hall_id: hall_id.to_string(),
        driver: Driver::Tasmota.into(),
        topic: topic.clone(),
        channels: 1,
    };
    let device = venue
        .register_device(device)
        .await
        .with_context(|| format!("registering the light of {label}"))?;
    let class = [TableClass::ChineseEightBall, TableClass::Snooker, TableClass::NineBall][number as usize % 3];
    let table = RegisterTableRequest {
        request_id: request_id(),
        table_id: String::new(),
        hall_id: hall_id.to_string(),
        label: label.clone(),
        table_class: class.into(),
        tariff_plan_id: plan_id.to_owned(),
        light_device_id: device.into_inner().device_id,
        light_channel: 1,
    };
    venue
        .register_table(table)
        .await
        .with_context(|| format!("registering table {label}"))?;
    Ok(topic)
}

/// Day, evening and night; a step of ten minutes, a minimum, a grace of three minutes and a cap.
fn tariff() -> Tariff {
    let band = |name: &str, from_minute, to_minute, price_per_hour_fen| Band {
        name: name.to_owned(),
        weekdays: WEEK.map(Into::into).to_vec(),
        from_minute,
        to_minute,
        price_per_hour_fen,
        ..Default::default()
    };
    Tariff {
        name: "平场".to_owned(),
        price_per_hour_fen: 2_400,
        bands: vec![
            band("日场", 9 * 60, 18 * 60, 3_000),
            band("晚场", 18 * 60, 22 * 60, 4_800),
            band("夜场", 22 * 60, 2 * 60, 3_600),
        ],
        step_minutes: 10,
        minimum_fen: 1_000,
        cap_fen: Some(20_000),
        grace_seconds: 180,
        ..Default::default()
    }
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}
