//! `baize-simulators fleet`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use baize_eventlog::Clock;
use clap::Args as ClapArgs;
use tokio::signal::unix::{SignalKind, signal};

use super::{Connections, Faults, Firmware, Fleet, FleetOptions, RelaySpec};

/// Relays over MQTT, with Tasmota, with ESPHome or as Shelly devices. Prints `ready` when all are connected, and a JSON summary at the end.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The broker, host:port.
    #[arg(long)]
    mqtt: String,
    /// User at the broker; the password is taken from MQTT_PASSWORD.
    #[arg(long)]
    user: Option<String>,
    /// Topics of the relays; `topic:4` has four outputs, `shelly@topic` is a Shelly device, `esphome@topic` has ESPHome, others have Tasmota.
    #[arg(long, value_delimiter = ',', required_unless_present = "count")]
    devices: Vec<String>,
    /// This many relays, in addition.
    #[arg(long, default_value_t = 0)]
    count: usize,
    /// Their topics, before the number (from 1).
    #[arg(long, default_value = "relay-")]
    prefix: String,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What goes wrong, as in offline=0.02,slow=0.05:0.2..1.5,lost=0.01,stuck=0.001,stuck-on=0.001
    #[arg(long, default_value = "")]
    faults: Faults,
    /// Where to write every change of every lamp, one JSON object a line.
    #[arg(long)]
    log: Option<PathBuf>,
    /// The time: `real`, or speed,virtual origin,unix ms of the real origin.
    #[arg(long, default_value = "real", value_parser = Clock::from_spec)]
    clock: Clock,
    /// Seconds between unasked reports of a relay.
    #[arg(long, default_value_t = 10.0)]
    tele_period: f64,
    /// Connections that the relays share; 0: each its own, with a retained will.
    #[arg(long, default_value_t = 1)]
    connections: usize,
}

/// Runs until SIGTERM or Ctrl-C.
///
/// # Errors
/// Unreadable arguments, or no broker.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let options = args.options()?;
    let fleet = Fleet::start(options).await?;
    println!("ready");
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    let summary = fleet.stop().await;
    println!("{}", serde_json::to_string_pretty(&summary)?);
    Ok(())
}

impl Args {
    fn options(self) -> anyhow::Result<FleetOptions> {
        let (host, port) = self.mqtt.rsplit_once(':').context("--mqtt is host:port")?;
        let port = port.parse().context("--mqtt is host:port")?;
        let numbered = (1..=self.count).map(|number| format!("{}{number}", self.prefix));
        let specs = self.devices.iter().cloned().chain(numbered);
        let relays = specs.map(|text| relay(&text)).collect::<anyhow::Result<_>>()?;
        let credentials = match self.user {
            Some(user) => Some((user, std::env::var("MQTT_PASSWORD").context("MQTT_PASSWORD")?)),
            None => None,
        };
        Ok(FleetOptions {
            credentials,
            connections: match self.connections {
                0 => Connections::PerRelay,
                count => Connections::Shared(count),
            },
            seed: self.seed,
            faults: self.faults,
            tele_period: Duration::try_from_secs_f64(self.tele_period).context("--tele-period")?,
            clock: self.clock,
            log: self.log,
            ..FleetOptions::new(host, port, relays)
        })
    }
}

fn relay(text: &str) -> anyhow::Result<RelaySpec> {
    let (firmware, address) = match text.split_once('@') {
        None => (Firmware::Tasmota, text),
        Some(("tasmota", address)) => (Firmware::Tasmota, address),
        Some(("shelly", address)) => (Firmware::Shelly, address),
        Some(("esphome", address)) => (Firmware::EspHome, address),
        Some(_) => bail!("{text:?}: known are tasmota@, shelly@ and esphome@"),
    };
    let Some((topic, channels)) = address.split_once(':') else {
        return Ok(RelaySpec::new(address).with(firmware));
    };
    match channels.parse() {
        Ok(channels @ 1..=32) => Ok(RelaySpec {
            topic: topic.to_owned(),
            channels,
            firmware,
        }),
        _ => bail!("{text:?}: a relay has 1 to 32 outputs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_written_as_its_kind_topic_and_outputs() {
        let shelly = |channels| RelaySpec {
            topic: "t".into(),
            channels,
            firmware: Firmware::Shelly,
        };
        assert_eq!(relay("t").unwrap(), RelaySpec::new("t"));
        assert_eq!(relay("tasmota@t").unwrap(), RelaySpec::new("t"));
        assert_eq!(relay("shelly@t").unwrap(), shelly(1));
        assert_eq!(relay("esphome@t").unwrap().firmware, Firmware::EspHome);
        assert_eq!(relay("shelly@t:4").unwrap(), shelly(4));
        for text in ["x@t", "t:0", "t:33", "shelly@t:x"] {
            assert!(relay(text).is_err(), "{text}");
        }
    }
}
