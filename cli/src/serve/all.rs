//! Everything in one process, on servers that are named or private.

use std::time::Duration;

use anyhow::Context as _;
use baize_command_api::CommandApi;
use baize_device_bridge::DeviceBridge;
use baize_eventlog::seal::Sealer;
use baize_eventlog::{EventLog, LogOptions};
use baize_projections::Projections;
use baize_proto::access::Keys;
use tokio_util::sync::CancellationToken;

use super::{command_api, device_bridge, patience, people, projections, tokens};
use crate::infrastructure::Infrastructure;
use crate::migrate::migrate;
use crate::ready::{Ready, http};
use crate::seal;
use crate::settings::Settings;

/// All services at work.
pub struct All {
    infrastructure: Infrastructure,
    command_api: CommandApi,
    projections: Projections,
    device_bridge: DeviceBridge,
    sealed: Sealed,
    keys: Keys,
}

/// The log and who seals it.
struct Sealed {
    log: EventLog,
    sealer: Sealer,
}

impl All {
    /// Starts the servers that are not named, and the services.
    ///
    /// # Errors
    /// A server or a service cannot be started.
    pub async fn start(settings: &Settings, stop: &CancellationToken) -> anyhow::Result<Self> {
        let infrastructure = Infrastructure::start(settings).await?;
        let keys = match tokens::keys(settings, true) {
            Ok(keys) => keys,
            Err(error) => {
                infrastructure.stop().await;
                return Err(error);
            }
        };
        match Self::start_services(settings, &keys, &infrastructure, stop).await {
            Ok((command_api, projections, device_bridge, sealed)) => Ok(Self {
                infrastructure,
                command_api,
                projections,
                device_bridge,
                sealed,
                keys,
            }),
            Err(error) => {
                infrastructure.stop().await;
                Err(error)
            }
        }
    }

    async fn start_services(
        settings: &Settings,
        keys: &Keys,
        infrastructure: &Infrastructure,
        stop: &CancellationToken,
    ) -> anyhow::Result<(CommandApi, Projections, DeviceBridge, Sealed)> {
        let Infrastructure {
            database_url,
            nats_url,
            mqtt_url,
            ..
        } = infrastructure;
        if infrastructure.owns_database() {
            migrate(database_url).await.context("the private database")?;
        }
        let mut options = command_api::options(settings, keys.clone(), database_url, nats_url)?;
        options.people = Some(people::at_home(settings, keys.clone())?);
        let command_api = patience::until(stop, "the command service", || CommandApi::start(options.clone())).await?;
        let options = projections::options(settings, keys.clone(), database_url, nats_url)?;
        let projections =
            patience::until(stop, "the projections service", || Projections::start(options.clone())).await?;
        let command_url = http(command_api.address());
        let badge = tokens::of_a_bridge(settings, Some(keys.clone()))?;
        let options = device_bridge::options(settings, badge, nats_url, mqtt_url, &command_url)?;
        let device_bridge = patience::until(stop, "the device bridge", || DeviceBridge::start(options.clone())).await?;
        let log = EventLog::connect(LogOptions::new(database_url.parse()?).role(baize_schema::APP_ROLE)).await?;
        let sealer = Sealer::start(log.clone(), seal::at_home(settings)?);
        Ok((command_api, projections, device_bridge, Sealed { log, sealer }))
    }

    /// The keys that sign and vouch for tokens here.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Where everything is.
    pub fn ready(&self) -> Ready {
        Ready {
            command: Some(http(self.command_api.address())),
            callbacks: self.command_api.callbacks().map(http),
            query: Some(http(self.projections.grpc_address())),
            web: Some(http(self.projections.http_address())),
            mqtt: Some(self.infrastructure.mqtt_url.clone()),
            database_url: Some(self.infrastructure.database_url.clone()),
            nats_url: Some(self.infrastructure.nats_url.clone()),
            servers: self.infrastructure.pids().into_iter().collect(),
            ..Ready::new()
        }
    }

    /// Waits until a service cannot serve any more.
    pub async fn failed(&mut self) -> anyhow::Error {
        tokio::select! {
            error = self.command_api.failed() => error.context("the command service"),
            () = self.device_bridge.ended() => anyhow::anyhow!("the device bridge ended by itself"),
        }
    }

    /// Ends the services, each after what it serves, then the private servers. What was acknowledged is safe however
    /// this ends.
    pub async fn stop(self, within: Duration) {
        let Self {
            infrastructure,
            command_api,
            projections,
            device_bridge,
            sealed,
            ..
        } = self;
        let services = async {
            // The bridge reports to the command service, and readers want to see what it has done last.
            device_bridge.stop().await;
            command_api.stop().await;
            projections.stop().await;
        };
        if tokio::time::timeout(within, services).await.is_err() {
            tracing::warn!(?within, "the services did not end in time and were cut off");
        }
        // Last, so that what the services have done is sealed.
        let sealing = async {
            sealed.sealer.stop().await;
            sealed.log.close().await;
        };
        if tokio::time::timeout(within, sealing).await.is_err() {
            tracing::warn!(?within, "the last events are not sealed: the next start will do it");
        }
        infrastructure.stop().await;
    }
}
