//! Our commands through gRPC: the service as it runs in production, in this process, its callers beside it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use baize_command_api::{CommandApi, Options, RunnerStatus};
use baize_eventlog::RelayStatus;
use baize_proto::access::{Badge, Bearing, KeyRing, Keys};
use baize_proto::hall::venue::v1::venue_service_client::VenueServiceClient;
use baize_proto::hall::venue::v1::{EndMaintenanceRequest, StartMaintenanceRequest};
use tokio::sync::Mutex;
use tonic::transport::Endpoint;

use crate::hall::{Player, Seat, request_id};
use crate::load::{Measured, closed_loop};

/// Starts the service. Without `nats_url` it publishes nothing; `processes` decides whether sessions are settled.
///
/// # Errors
/// It does not start.
pub async fn serve(
    database_url: &str,
    nats_url: Option<String>,
    processes: bool,
) -> anyhow::Result<(CommandApi, Bearing)> {
    let mut options = Options::new(database_url);
    let keys = Keys::new(KeyRing::generate()?);
    options.keys = keys.clone();
    options.nats_url = nats_url;
    options.processes = processes;
    let api = CommandApi::start(options).await?;
    let channel = Endpoint::from_shared(format!("http://{}", api.address()))?
        .tcp_nodelay(true)
        .connect()
        .await?;
    Ok((api, Bearing::new(channel, Badge::of_the_house(&keys))))
}

/// Waits until what was done so far is published and taken in by the process runner: what was set up must not burden what is
/// measured.
///
/// # Errors
/// The runner or the relay has stopped.
pub async fn come_to_rest(api: &CommandApi, head: u64) -> anyhow::Result<()> {
    api.processes()
        .wait_for(|status| matches!(status, RunnerStatus::Leading { position, pending: 0 } if *position >= head))
        .await?;
    if let Some(mut relay) = api.relay() {
        relay
            .wait_for(|status| matches!(status, RelayStatus::Running { position } if *position >= head))
            .await?;
    }
    Ok(())
}

/// Open, extend, close on fresh sessions.
///
/// # Errors
/// A command is refused.
pub async fn play(channel: &Bearing, seats: &[Seat], callers: usize, time: Duration) -> anyhow::Result<Measured> {
    let players = seats
        .iter()
        .take(callers)
        .map(|seat| Arc::new(Mutex::new(Player::new(channel, seat.clone()))))
        .collect::<Vec<_>>();
    let measured = closed_loop(callers, time, |index| {
        let player = Arc::clone(&players[index]);
        move || {
            let player = Arc::clone(&player);
            async move { Ok(player.lock().await.next().await?) }
        }
    })
    .await?;
    // Leaves no table occupied for whoever measures next.
    for player in players {
        player.lock().await.finish().await?;
    }
    Ok(measured)
}

/// Median latency in microseconds of one caller that toggles a table's maintenance, `calls` times.
///
/// # Errors
/// A command is refused.
pub async fn toggle_latency(channel: &Bearing, table_id: &str, calls: usize) -> anyhow::Result<f64> {
    let mut client = VenueServiceClient::new(channel.clone());
    let mut latencies = Vec::with_capacity(calls);
    for call in 0..calls {
        let start = Instant::now();
        toggle(&mut client, table_id, call % 2 == 0).await?;
        latencies.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(crate::report::median(&latencies))
}

/// Toggles maintenance until the table's stream has `events` events more.
///
/// # Errors
/// A command is refused.
pub async fn lengthen(channel: &Bearing, table_id: &str, events: usize) -> anyhow::Result<()> {
    let mut client = VenueServiceClient::new(channel.clone());
    for event in 0..events {
        toggle(&mut client, table_id, event % 2 == 0)
            .await
            .context("lengthen a stream")?;
    }
    Ok(())
}

async fn toggle(client: &mut VenueServiceClient<Bearing>, table_id: &str, start: bool) -> Result<(), tonic::Status> {
    let (request_id, table_id) = (request_id(), table_id.to_owned());
    if start {
        let request = StartMaintenanceRequest {
            request_id,
            table_id,
            reason: "bench".to_owned(),
            expected_end: None,
        };
        client.start_maintenance(request).await?;
    } else {
        client
            .end_maintenance(EndMaintenanceRequest { request_id, table_id })
            .await?;
    }
    Ok(())
}
