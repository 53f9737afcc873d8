//! A bridge from start to stop.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Options;
use crate::engine::{Engine, Parts};
use crate::events::Follower;
use crate::mqtt::{self, PublishLatency};
use crate::nats;
use crate::register::store::{self, Journal, Writer};
use crate::reports::{Outbox, Sender};
use crate::status::Status;

/// Events waiting for the engine, and messages of devices.
const QUEUE_MAX: usize = 4_096;
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A running bridge. Dropping it is a crash: nothing more is sent, stored or reported.
#[derive(Debug)]
pub struct DeviceBridge {
    status: watch::Receiver<Status>,
    latency: PublishLatency,
    outbox: Outbox,
    cancel: CancellationToken,
    work: AbortOnDrop,
}

#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl DeviceBridge {
    /// Starts a bridge. NATS, the broker and command-api may come later and go: it waits for them.
    ///
    /// # Errors
    /// The options make no sense: an address that is none, a file of authorities that cannot be read.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        options.check()?;
        // Both NATS and MQTT speak TLS through rustls, which wants one provider for the process. Somebody may have
        // chosen it already.
        let _chosen_before = rustls::crypto::ring::default_provider().install_default();
        let outbox = Outbox::default();
        let sender = Sender::new(&options.command_api_url, options.badge.clone(), outbox.clone())
            .context("the address of command-api")?;
        let client_id = format!("baize-bridge-{}-{}", options.shard, Uuid::new_v4().simple());
        let mqtt_client = options.mqtt.client(&client_id).context("the broker's authorities")?;
        let latency = PublishLatency::new()?;
        let (status, receiver) = watch::channel(Status::default());
        let cancel = CancellationToken::new();
        let run = Run {
            options,
            mqtt_client,
            latency: latency.clone(),
            outbox: outbox.clone(),
            sender,
            status,
            cancel: cancel.clone(),
        };
        Ok(Self {
            status: receiver,
            latency,
            outbox,
            cancel,
            work: AbortOnDrop(tokio::spawn(run.run())),
        })
    }

    /// What it is doing, now and whenever that changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// How long commands take from the event to the broker's socket.
    pub fn publish_latency(&self) -> &PublishLatency {
        &self.latency
    }

    /// Reports that command-api has not taken yet.
    pub fn reports_waiting(&self) -> usize {
        self.outbox.len()
    }

    /// Waits until it ended by itself, which is a defect: a task of it panicked.
    pub async fn ended(&mut self) {
        let _joined = (&mut self.work.0).await;
    }

    /// Stops: sends nothing more, stores and reports what is left, within seconds. Lights stay as they are; those
    /// that are on go off at their time by themselves.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        if tokio::time::timeout(STOP_WITHIN, &mut self.work.0).await.is_err() {
            tracing::warn!("the bridge did not stop in time");
        }
    }
}

struct Run {
    options: Options,
    mqtt_client: rumqttc::MqttOptions,
    latency: PublishLatency,
    outbox: Outbox,
    sender: Sender,
    status: watch::Sender<Status>,
    cancel: CancellationToken,
}

impl Run {
    async fn run(self) {
        let Options {
            nats,
            events_stream,
            clock,
            shard,
            halls,
            seed,
            ..
        } = self.options;
        let cancel = self.cancel;
        let preparing = Box::pin(async {
            let (client, changes) = nats::connect(&nats).await;
            let context = jetstream::new(client);
            let load = || store::load(&context, &shard, halls.as_deref());
            let loaded = nats::until_ok("the register cannot be read", load).await;
            (context, changes, loaded)
        });
        let Some((context, connection_changes, loaded)) = cancel.run_until_cancelled(preparing).await else {
            return;
        };
        tracing::info!(position = loaded.position, "the register is read");
        let (feed_in, feed) = mpsc::channel(QUEUE_MAX);
        let (happenings_in, happenings) = mpsc::channel(QUEUE_MAX);
        let journal = Journal::default();
        let follower = Follower {
            context: context.clone(),
            stream: events_stream,
            halls: halls.clone(),
            position: loaded.position,
            feed: feed_in,
            connection_changes: connection_changes.clone(),
        };
        let writer = Writer::new(context, shard, halls, journal.clone(), &loaded);
        let parts = Parts {
            clock,
            feed,
            happenings,
            journal,
            outbox: self.outbox,
            status: self.status,
            seed,
        };
        let engine = Engine::new(parts, loaded);
        // What the engine leaves behind is stored and reported after it.
        let engine_ended = CancellationToken::new();
        let (ending, canceling) = (engine_ended.clone(), cancel.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _ending = ending.drop_guard();
            engine.run(canceling).await;
        });
        tasks.spawn(follower.run());
        tasks.spawn(mqtt::run(self.mqtt_client, self.latency, happenings_in));
        tasks.spawn(writer.run(connection_changes, engine_ended.clone()));
        tasks.spawn(self.sender.run(engine_ended));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the bridge is broken and stops");
                cancel.cancel();
            }
        }
    }
}
