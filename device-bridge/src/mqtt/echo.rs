//! Whether a broker lets bridge and device speak to each other, and nobody else in.
//!
//! A broker says nothing of what it denies: it acknowledges a publication that nobody gets, and mosquitto even a
//! subscription that stays empty. So that credentials and access lists are right shows only when what one says is
//! heard by the other.

use std::time::Duration;

use anyhow::{Context as _, bail};
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, NetworkOptions, Packet, QoS, SubscribeReasonCode,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::drivers::{self, Grants};

use super::{Credentials, MqttOptions};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const HEAR_WITHIN: Duration = Duration::from_secs(5);
/// Messages of one test, and of others that speak under the same topic.
const QUEUE_MAX: usize = 64;

/// Lets the bridge speak to a device, and the device to the bridge, each with its own credentials, through the broker. The user of `device` is its
/// topic. A device that is there hears a message that means nothing to it.
///
/// # Errors
/// What does not work, for people.
pub async fn between(
    broker: &MqttOptions,
    bridge: &Credentials,
    device: &Credentials,
    kind: baize_domain::device::Driver,
) -> anyhow::Result<()> {
    let Grants { speaks, listens } = drivers::driver(kind).grants();
    let (Some(up), Some(down)) = (speaks.first(), listens.first()) else {
        bail!("such a device is not reached through a broker");
    };
    let (up, down) = (place(up, &device.user), place(down, &device.user));
    let mut bridge = Party::join("the bridge", broker, bridge, &up).await?;
    let mut device = Party::join("the device", broker, device, &down).await?;
    bridge.tell(&mut device, &down).await?;
    device.tell(&mut bridge, &up).await
}

/// Makes sure that nobody gets in without credentials.
///
/// # Errors
/// Somebody does, or the broker is away.
pub async fn refuses_strangers(broker: &MqttOptions) -> anyhow::Result<()> {
    let stranger = MqttOptions {
        credentials: None,
        ..broker.clone()
    };
    let (_client, mut eventloop) = connection(&stranger)?;
    let connecting = async {
        loop {
            match eventloop.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    bail!("the broker lets in whoever comes without credentials");
                }
                Ok(_) => {}
                Err(ConnectionError::ConnectionRefused(
                    ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
                )) => return Ok(()),
                Err(error) => return Err(anyhow::Error::new(error).context("the broker does not answer")),
            }
        }
    };
    let answered = tokio::time::timeout(CONNECT_WITHIN, connecting).await;
    answered.context("the broker does not answer")?
}

/// A topic under a filter.
fn place(filter: &str, device: &str) -> String {
    let levels = filter.split('/').map(|level| match level {
        "{}" => device,
        "+" | "#" => "echo",
        other => other,
    });
    levels.collect::<Vec<_>>().join("/")
}

/// One end, connected and listening.
struct Party {
    name: &'static str,
    client: AsyncClient,
    heard: mpsc::Receiver<Vec<u8>>,
    listening: JoinHandle<()>,
}

impl Drop for Party {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Party {
    async fn join(
        name: &'static str,
        broker: &MqttOptions,
        credentials: &Credentials,
        topic: &str,
    ) -> anyhow::Result<Self> {
        let options = MqttOptions {
            credentials: Some(credentials.clone()),
            ..broker.clone()
        };
        let (client, mut eventloop) = connection(&options)?;
        let joining = subscribed(&client, &mut eventloop, topic);
        tokio::time::timeout(CONNECT_WITHIN, joining)
            .await
            .context("the broker does not answer")
            .flatten()
            .with_context(|| format!("{name} cannot join"))?;
        let (said, heard) = mpsc::channel(QUEUE_MAX);
        let listening = tokio::spawn(async move {
            while let Ok(event) = eventloop.poll().await {
                if let Event::Incoming(Packet::Publish(publish)) = event
                    && said.send(publish.payload.to_vec()).await.is_err()
                {
                    return;
                }
            }
        });
        Ok(Self {
            name,
            client,
            heard,
            listening,
        })
    }

    /// Says something new and waits until the other has heard it.
    async fn tell(&mut self, other: &mut Self, topic: &str) -> anyhow::Result<()> {
        let word = format!("{{\"echo\":\"{}\"}}", Uuid::new_v4().simple());
        self.client
            .try_publish(topic, QoS::AtMostOnce, false, word.as_bytes())?;
        let hearing = async {
            while let Some(heard) = other.heard.recv().await {
                if heard == word.as_bytes() {
                    return true;
                }
            }
            false
        };
        if tokio::time::timeout(HEAR_WITHIN, hearing).await != Ok(true) {
            bail!("{} does not hear what {} says on {topic}", other.name, self.name);
        }
        Ok(())
    }
}

fn connection(options: &MqttOptions) -> anyhow::Result<(AsyncClient, EventLoop)> {
    let client_id = format!("baize-echo-{}", Uuid::new_v4().simple());
    let options = options.client(&client_id).context("the broker's authorities")?;
    let (client, mut eventloop) = AsyncClient::new(options, QUEUE_MAX);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    eventloop.set_network_options(network);
    Ok((client, eventloop))
}

async fn subscribed(client: &AsyncClient, eventloop: &mut EventLoop, topic: &str) -> anyhow::Result<()> {
    loop {
        match eventloop.poll().await? {
            Event::Incoming(Packet::ConnAck(_)) => client.try_subscribe(topic, QoS::AtLeastOnce)?,
            Event::Incoming(Packet::SubAck(answer)) if answer.return_codes.contains(&SubscribeReasonCode::Failure) => {
                bail!("the broker does not let it listen on {topic}")
            }
            Event::Incoming(Packet::SubAck(_)) => return Ok(()),
            _ => {}
        }
    }
}
