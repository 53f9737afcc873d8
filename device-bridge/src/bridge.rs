//! A bridge from start to stop.

use std::time::Duration;

use anyhow::Context as _;
use async_nats::jetstream::{self, Context};
use baize_domain::ids::HallId;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::disk::Disk;
use crate::engine::{Engine, Parts};
use crate::events::{Feed, Follower};
use crate::mqtt::{self, PublishLatency};
use crate::nats;
use crate::register::disk::Keeper;
use crate::register::store::{self, Journal, Loaded, Writer};
use crate::reports::{self, Outbox, Sender};
use crate::status::Status;
use crate::{NatsOptions, Options, register};

/// Events waiting for the engine, and messages of devices.
const QUEUE_MAX: usize = 4_096;
/// A bridge that has a register on disk waits so long for the message server before it goes on with that.
const CENTRE_WITHIN: Duration = Duration::from_secs(3);
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
    /// Starts a bridge. NATS, the broker and command-api may come later and go: it waits for them. If NATS is away and the disk holds a
    /// register, it goes on with that: lights go off at their time, and what happens is reported when command-api is back.
    ///
    /// # Errors
    /// The options make no sense: an address that is none, a file of authorities that cannot be read.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        options.check()?;
        // Both NATS and MQTT speak TLS through rustls, which wants one provider for the process. Somebody may have
        // chosen it already.
        let _chosen_before = rustls::crypto::ring::default_provider().install_default();
        let outbox = Outbox::default();
        let disk = options.disk.as_deref().map(|dir| Disk::in_dir(dir, &options.shard));
        let disk = disk.transpose().context("the directory of the bridge")?;
        if let Some(disk) = &disk {
            let waiting = reports::disk::load(&disk.reports);
            waiting.into_iter().for_each(|report| outbox.push(report));
        }
        let sender = Sender::new(&options.command_api_url, options.badge.clone(), outbox.clone())
            .context("the address of command-api")?;
        let client_id = format!("baize-bridge-{}-{}", options.shard, Uuid::new_v4().simple());
        let mqtt_client = options.mqtt.client(&client_id).context("the broker's authorities")?;
        let latency = PublishLatency::new()?;
        let (status, receiver) = watch::channel(Status::default());
        let cancel = CancellationToken::new();
        let run = Run {
            options,
            disk,
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
    disk: Option<Disk>,
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
        let kept = self
            .disk
            .as_ref()
            .and_then(|disk| register::disk::load(&disk.register, halls.as_deref()));
        let connecting = async {
            let (client, changes) = nats::connect(&nats).await;
            (jetstream::new(client), changes)
        };
        let mut preparing = Box::pin(async {
            let (context, changes) = connecting.await;
            let load = || store::load(&context, &shard, halls.as_deref());
            let loaded = nats::until_ok("the register cannot be read", load).await;
            (context, changes, loaded)
        });
        let patience = async {
            match &kept {
                Some(_) => tokio::time::sleep(CENTRE_WITHIN).await,
                None => std::future::pending().await,
            }
        };
        let prepared = cancel.run_until_cancelled(async {
            tokio::select! {
                prepared = &mut preparing => Some(prepared),
                () = patience => None,
            }
        });
        let Some(prepared) = prepared.await else {
            return;
        };
        drop(preparing);
        let (centre, loaded) = match prepared {
            Some((context, changes, loaded)) => (Some((context, changes)), loaded),
            None => (None, kept.unwrap_or_default()),
        };
        if centre.is_some() {
            tracing::info!(position = loaded.position, "the register is read");
        } else {
            tracing::warn!(
                position = loaded.position,
                "the centre is away; going on with the register on disk"
            );
        }
        let (feed_in, feed) = mpsc::channel(QUEUE_MAX);
        let (happenings_in, happenings) = mpsc::channel(QUEUE_MAX);
        let mut journal = Journal::default();
        // What the engine leaves behind is stored and reported after it.
        let engine_ended = CancellationToken::new();
        let mut tasks = JoinSet::new();
        if let Some(disk) = self.disk {
            let keeper = Keeper::new(disk.register, halls.clone(), journal.copied(), &loaded);
            tasks.spawn(keeper.run(engine_ended.clone()));
            tasks.spawn(reports::disk::keep(
                disk.reports,
                self.outbox.clone(),
                engine_ended.clone(),
            ));
        }
        let links = CentreLinks {
            nats,
            stream: events_stream,
            shard,
            halls,
            feed: feed_in,
            journal: journal.clone(),
            loaded: loaded.clone(),
        };
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
        let (ending, canceling) = (engine_ended.clone(), cancel.clone());
        tasks.spawn(async move {
            let _ending = ending.drop_guard();
            engine.run(canceling).await;
        });
        tasks.spawn(links.run(centre, engine_ended.clone()));
        tasks.spawn(mqtt::run(self.mqtt_client, self.latency, happenings_in));
        tasks.spawn(self.sender.run(engine_ended));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the bridge is broken and stops");
                cancel.cancel();
            }
        }
    }
}

/// What comes from the message server, and is stored there.
struct CentreLinks {
    nats: NatsOptions,
    stream: String,
    shard: String,
    halls: Option<Vec<HallId>>,
    feed: mpsc::Sender<Feed>,
    journal: Journal,
    /// What the engine began with.
    loaded: Loaded,
}

impl CentreLinks {
    /// Works until the engine has ended; first connects, if that was not possible yet.
    async fn run(self, centre: Option<(Context, watch::Receiver<u64>)>, engine_ended: CancellationToken) {
        let (context, connection_changes) = match centre {
            Some(centre) => centre,
            None => {
                let connecting = engine_ended.run_until_cancelled(nats::connect(&self.nats));
                let Some((client, changes)) = connecting.await else {
                    return;
                };
                (jetstream::new(client), changes)
            }
        };
        let follower = Follower {
            context: context.clone(),
            stream: self.stream,
            halls: self.halls.clone(),
            position: self.loaded.position,
            feed: self.feed,
            connection_changes: connection_changes.clone(),
        };
        let writer = Writer::new(context, self.shard, self.halls, self.journal, &self.loaded);
        drop(self.loaded);
        tokio::join!(follower.run(), writer.run(connection_changes, engine_ended));
    }
}
