//! Where events come from: the stream, the log itself, and the ways back and forth.

use std::time::Duration;

use async_nats::jetstream;
use baize_projections::{Options, Projections};
use baize_servers::testing;

use crate::stage::{HEAVY, Stage, in_time, published, reach, relay};

/// A silent stream is never compared with the log: what arrives has come through the stream.
const STREAM_ONLY: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn events_come_through_the_stream() {
    let _few = HEAVY.acquire().await.unwrap();
    let nats = testing::nats().unwrap();
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(3).await;
    stage.append_all(evening.events(100)).await;
    let _relay = relay(&stage, &nats.url()).await;
    let options = Options {
        silence_max: STREAM_ONLY,
        ..stage.options(&nats.url())
    };
    let service = Projections::start(options).await.unwrap();
    in_time("the stream", service.source_is(true)).await;
    let position = stage.append_all(evening.events(300)).await;
    reach(&service, position).await;
    assert!(service.follows_stream());
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_resumes_where_the_views_are() {
    let _few = HEAVY.acquire().await.unwrap();
    let nats = testing::nats().unwrap();
    let stage = Stage::new().await;
    let (mut evening, position) = stage.furnished(4).await;
    let relay = relay(&stage, &nats.url()).await;
    let service = Projections::start(stage.options(&nats.url())).await.unwrap();
    reach(&service, position).await;
    service.stop().await;

    let position = stage.append_all(evening.events(200)).await;
    published(&relay, position).await;
    // Whoever folded an event twice would fail here: entries of a wallet are written once.
    let options = Options {
        silence_max: STREAM_ONLY,
        ..stage.options(&nats.url())
    };
    let service = Projections::start(options).await.unwrap();
    reach(&service, position).await;
    assert!(service.statuses().iter().all(|status| status.generation == 1));
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_the_stream_is_filled_from_the_log() {
    let _few = HEAVY.acquire().await.unwrap();
    let nats = testing::nats().unwrap();
    let stage = Stage::new().await;
    let (mut evening, first) = stage.furnished(5).await;
    let relay = relay(&stage, &nats.url()).await;
    let context = jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    // A mirror keeps sequences, but begins late, and messages may be deleted from it.
    let mirror = jetstream::stream::Config {
        name: "HOLES".to_owned(),
        mirror: Some(jetstream::stream::Source {
            name: "EVENTS".to_owned(),
            start_sequence: Some(first - 2),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mirror = context.create_stream(mirror).await.unwrap();
    let position = stage.append_all(evening.events(150)).await;
    published(&relay, position).await;
    in_time("the mirror", async {
        while mirror.get_info().await.unwrap().state.last_sequence < position {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for hole in [first + 20, first + 21, first + 60, position - 1] {
        assert!(mirror.delete_message(hole).await.unwrap());
    }
    let options = Options {
        stream: "HOLES".to_owned(),
        silence_max: STREAM_ONLY,
        poll_interval: STREAM_ONLY,
        ..stage.options(&nats.url())
    };
    let service = Projections::start(options).await.unwrap();
    reach(&service, position).await;
    in_time("the stream", service.source_is(true)).await;
    stage.verify_all(position).await;

    // And another one while it follows.
    let last = stage.append_all(evening.events(30)).await;
    reach(&service, last).await;
    stage.verify_all(last).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_and_wiped_stream_holds_nobody_up() {
    let _few = HEAVY.acquire().await.unwrap();
    let nats = testing::nats().unwrap();
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(6).await;
    let relay = relay(&stage, &nats.url()).await;
    let service = Projections::start(stage.options(&nats.url())).await.unwrap();
    in_time("the stream", service.source_is(true)).await;
    let position = stage.append_all(evening.events(100)).await;
    reach(&service, position).await;

    nats.kill();
    let position = stage.append_all(evening.events(100)).await;
    reach(&service, position).await;
    in_time("the way back to the log", service.source_is(false)).await;
    stage.verify_all(position).await;

    nats.wipe().unwrap();
    nats.start().unwrap();
    let position = stage.append_all(evening.events(100)).await;
    published(&relay, position).await;
    in_time("the stream", service.source_is(true)).await;
    let position = stage.append_all(evening.events(100)).await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_falls_behind_is_overtaken_and_not_applied_twice() {
    let _few = HEAVY.acquire().await.unwrap();
    let nats = testing::nats().unwrap();
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(7).await;
    let publishing = relay(&stage, &nats.url()).await;
    let service = Projections::start(stage.options(&nats.url())).await.unwrap();
    in_time("the stream", service.source_is(true)).await;

    publishing.stop().await;
    let position = stage.append_all(evening.events(100)).await;
    reach(&service, position).await;
    assert!(service.follows_stream(), "the stream is there, only behind");

    // Now everything comes once more.
    let publishing = relay(&stage, &nats.url()).await;
    let position = stage.append_all(evening.events(50)).await;
    published(&publishing, position).await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_far_behind_is_loaded_from_the_log_while_the_stream_goes_on() {
    let _few = HEAVY.acquire().await.unwrap();
    let nats = testing::nats().unwrap();
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(8).await;
    stage.append_bulk(evening.events(5_500)).await;
    let relay = relay(&stage, &nats.url()).await;
    let service = Projections::start(stage.options(&nats.url())).await.unwrap();
    let position = stage.append_all(evening.events(100)).await;
    published(&relay, position).await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;
}
