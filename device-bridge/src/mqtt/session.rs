//! One connection from beginning to end.

use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, NetworkOptions, Outgoing, Packet, Publish, QoS,
    SubscribeFilter, SubscribeReasonCode,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::drivers;

use super::{Happening, Link, PublishLatency};

/// Commands waiting for the socket. A whole fleet may be commanded at once.
const QUEUE_MAX: usize = 65_536;
/// A broker sends what it retained right after the subscription.
const SWEEP_FOR: Duration = Duration::from_secs(2);

pub(super) struct Session<'s> {
    link: Link,
    eventloop: EventLoop,
    latency: &'s PublishLatency,
    happenings: &'s mpsc::Sender<Happening>,
    sweep: Sweep,
    is_up: bool,
    subscriptions_left: usize,
}

/// Clears commands that others left retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sweep {
    Due,
    Until(Instant),
    Done,
}

impl<'s> Session<'s> {
    pub fn new(
        options: &MqttOptions,
        latency: &'s PublishLatency,
        happenings: &'s mpsc::Sender<Happening>,
        must_sweep: bool,
    ) -> Self {
        let (client, mut eventloop) = AsyncClient::new(options.clone(), QUEUE_MAX);
        let mut network = NetworkOptions::new();
        // Otherwise each message waits some 40 ms for the one before it to be acknowledged.
        network.set_tcp_nodelay(true);
        eventloop.set_network_options(network);
        Self {
            link: Link::new(client),
            eventloop,
            latency,
            happenings,
            sweep: if must_sweep { Sweep::Due } else { Sweep::Done },
            is_up: false,
            subscriptions_left: 0,
        }
    }

    pub fn was_up(&self) -> bool {
        self.is_up
    }

    pub fn has_swept(&self) -> bool {
        self.sweep == Sweep::Done
    }

    /// Returns why the connection ended; `None` if nobody listens any more.
    pub async fn run(&mut self) -> Option<ConnectionError> {
        loop {
            let event = match self.eventloop.poll().await {
                Ok(event) => event,
                Err(error) => return Some(error),
            };
            let happening = match event {
                Event::Outgoing(Outgoing::Publish(_)) => {
                    self.link.published(self.latency);
                    continue;
                }
                Event::Incoming(Packet::ConnAck(_)) => {
                    self.subscribe();
                    continue;
                }
                Event::Incoming(Packet::SubAck(answer)) if self.subscriptions_left > 0 => {
                    if answer.return_codes.contains(&SubscribeReasonCode::Failure) {
                        tracing::error!("the broker refused a subscription: devices will not be heard");
                    }
                    self.subscriptions_left -= 1;
                    if self.subscriptions_left > 0 {
                        continue;
                    }
                    self.is_up = true;
                    Happening::Up(self.link.clone())
                }
                Event::Incoming(Packet::Publish(publish)) => match self.sort(publish) {
                    Some(happening) => happening,
                    None => continue,
                },
                _ => continue,
            };
            self.end_sweep();
            if self.happenings.send(happening).await.is_err() {
                return None;
            }
        }
    }

    fn subscribe(&mut self) {
        for driver in drivers::all() {
            let filters = driver.subscriptions().iter();
            let filters = filters.map(|filter| SubscribeFilter::new((*filter).to_owned(), QoS::AtLeastOnce));
            self.subscriptions_left += usize::from(self.link.client().try_subscribe_many(filters).is_ok());
        }
        if self.sweep == Sweep::Due {
            let filters = drivers::all().iter().map(|driver| driver.command_filter().to_owned());
            let filters = filters.map(|filter| SubscribeFilter::new(filter, QoS::AtMostOnce));
            self.subscriptions_left += usize::from(self.link.client().try_subscribe_many(filters).is_ok());
            self.sweep = Sweep::Until(Instant::now() + SWEEP_FOR);
        }
    }

    /// What is retained is nobody's word now: a retained "Online" outlives its device.
    fn sort(&mut self, publish: Publish) -> Option<Happening> {
        let is_command = drivers::all()
            .iter()
            .all(|driver| driver.device_topic(&publish.topic).is_none());
        if publish.retain {
            if is_command && !publish.payload.is_empty() {
                tracing::warn!(topic = publish.topic, "clearing a retained command");
                self.link.clear_retained(publish.topic);
            }
            return None;
        }
        (!is_command).then_some(Happening::Message {
            topic: publish.topic,
            payload: publish.payload,
        })
    }

    fn end_sweep(&mut self) {
        let Sweep::Until(end) = self.sweep else { return };
        if Instant::now() < end {
            return;
        }
        for driver in drivers::all() {
            let _next_time = self.link.client().try_unsubscribe(driver.command_filter());
        }
        self.sweep = Sweep::Done;
    }
}
