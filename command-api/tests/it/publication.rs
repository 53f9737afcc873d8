//! The relay inside the service.

use baize_eventlog::RelayStatus;

use super::world::{PATIENCE, World};

#[tokio::test]
async fn what_is_committed_is_published_at_its_position() {
    let nats = tokio::task::spawn_blocking(|| baize_servers::testing::nats().unwrap())
        .await
        .unwrap();
    let world = World::with(|options| options.nats_url = Some(nats.url())).await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let opened = clients.open(&hall.tables[0], &member).await.unwrap();

    let mut status = world.api.relay().unwrap();
    let published =
        status.wait_for(|status| matches!(status, RelayStatus::Running { position } if *position >= opened.position));
    tokio::time::timeout(PATIENCE, published)
        .await
        .expect("it is published")
        .unwrap();
    let client = async_nats::connect(nats.url()).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("EVENTS").await.unwrap();
    let message = stream.get_raw_message(opened.position).await.unwrap();
    let mut history = world.history().await;
    history.read_to(opened.position).await;
    let event = &history.events[opened.position as usize - 1];
    assert_eq!(message.payload.as_ref(), event.payload.as_bytes());
    world.api.stop().await;
}
