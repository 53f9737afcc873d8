//! The device bridge on its own.

use std::path::Path;

use anyhow::{Context as _, bail};
use baize_device_bridge::{Credentials, DeviceBridge, MqttOptions, Options, Tls};
use baize_proto::access::Badge;
use tokio_util::sync::CancellationToken;

use super::{announce, needed, patience, tokens, withdraw};
use crate::ready::Ready;
use crate::settings::Settings;

/// How the service is run with these settings and servers.
pub(super) fn options(
    settings: &Settings,
    badge: Badge,
    nats_url: &str,
    mqtt_url: &str,
    command_url: &str,
) -> anyhow::Result<Options> {
    let mut mqtt = broker(mqtt_url).context("mqtt_url")?;
    if let Some(file) = &settings.mqtt_password_file {
        let password =
            std::fs::read_to_string(file).with_context(|| format!("mqtt_password_file {}", file.display()))?;
        let credentials = mqtt.credentials.as_mut();
        let credentials = credentials.context("mqtt_password_file is set, but mqtt_url names no user")?;
        password.trim_end().clone_into(&mut credentials.password);
    }
    if let Some(file) = &settings.mqtt_authorities {
        mqtt.tls = Some(Tls::Authorities(file.clone()));
    }
    let mut options = Options::new(nats_url, mqtt, command_url);
    options.badge = badge;
    options.disk = Some(settings.bridge_dir());
    options.clock = settings.clock()?;
    if let Some(shard) = &settings.shard {
        options.shard.clone_from(shard);
    }
    options.halls.clone_from(&settings.halls);
    Ok(options)
}

pub(super) async fn serve(
    settings: &Settings,
    ready_file: Option<&Path>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let nats_url = needed(&settings.nats_url, "nats_url")?;
    let mqtt_url = needed(&settings.mqtt_url, "mqtt_url")?;
    let badge = tokens::of_a_bridge(settings, None)?;
    let options = options(settings, badge, nats_url, mqtt_url, &settings.command_url())?;
    let mut service = patience::until(&stop, "the device bridge", || DeviceBridge::start(options.clone())).await?;
    announce(&Ready::new(), ready_file)?;
    let served = tokio::select! {
        () = stop.cancelled() => Ok(()),
        () = service.ended() => bail!("the device bridge ended by itself"),
    };
    service.stop().await;
    withdraw(ready_file);
    served
}

/// Reads `mqtt://user:password@host:port`, or `mqtts://` for TLS. User, password and port may be absent.
fn broker(url: &str) -> anyhow::Result<MqttOptions> {
    let (scheme, rest) = url
        .split_once("://")
        .context("it is no URL such as mqtt://127.0.0.1:1883")?;
    let (tls, default_port) = match scheme {
        "mqtt" => (None, 1883),
        "mqtts" => (Some(Tls::System), 8883),
        other => bail!("{other:?} is neither mqtt nor mqtts"),
    };
    let rest = rest.trim_end_matches('/');
    // From the right: a password may hold an @.
    let (credentials, address) = match rest.rsplit_once('@') {
        Some((credentials, address)) => (Some(credentials), address),
        None => (None, rest),
    };
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().with_context(|| format!("{port:?} is no port"))?),
        None => (address, default_port),
    };
    anyhow::ensure!(!host.is_empty(), "it names no host");
    let credentials = credentials.map(|text| {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
        }
    });
    Ok(MqttOptions {
        credentials,
        tls,
        ..MqttOptions::new(host, port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_read_from_its_url() {
        let plain = broker("mqtt://127.0.0.1:1884").unwrap();
        assert_eq!((plain.host.as_str(), plain.port), ("127.0.0.1", 1884));
        assert!(plain.credentials.is_none() && plain.tls.is_none());
        let secure = broker("mqtts://bridge:p@ss:word@broker.example/").unwrap();
        assert_eq!((secure.host.as_str(), secure.port), ("broker.example", 8883));
        let credentials = secure.credentials.unwrap();
        assert_eq!(
            (credentials.user.as_str(), credentials.password.as_str()),
            ("bridge", "p@ss:word")
        );
        assert!(matches!(secure.tls, Some(Tls::System)));
    }

    #[test]
    fn what_is_no_broker_is_refused() {
        for url in ["127.0.0.1:1883", "http://127.0.0.1", "mqtt://:1883", "mqtt://host:port"] {
            assert!(broker(url).is_err(), "{url}");
        }
    }
}
