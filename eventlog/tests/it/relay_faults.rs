//! The relay against servers that crash, come back older, or are too old.

use std::path::Path;

use baize_eventlog::{Relay, RelayOptions, RelayStatus};
use rand::Rng;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::{
    relaying::{assert_copy, jetstream, nats, on, options, reaches, until},
    support::{Database, append_some},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_mid_stream_ends_with_the_whole_log() {
    let (database, nats) = (Database::new().await, nats().await);
    let log = database.log().await;
    let relay = Relay::start(log.clone(), options(&nats));
    let mut last = 0;
    for _ in 0..6 {
        let appending = tokio::spawn({
            let log = log.clone();
            async move {
                let mut last = 0;
                for _ in 0..20 {
                    last = append_some(&log, 50).await;
                }
                last
            }
        });
        // Somewhere in the middle of publishing.
        let seen = last + rand::rng().random_range(1..500);
        until(
            &relay,
            |status| matches!(status, RelayStatus::Running { position } if *position >= seen),
        )
        .await;
        on(&nats, |nats| {
            nats.kill();
            nats.start().unwrap();
        })
        .await;
        last = appending.await.unwrap();
    }
    reaches(&relay, last).await;
    assert_copy(&log, &jetstream(&nats).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_the_stream_is_brought_up_to_date_with_the_same_bytes() {
    let (database, nats) = (Database::new().await, nats().await);
    let log = database.log().await;
    let relay = Relay::start(log.clone(), options(&nats));
    append_some(&log, 100).await;
    reaches(&relay, 100).await;
    let backup = baize_servers::testing::fresh_dir("backup").unwrap();
    on(&nats, {
        let backup = backup.clone();
        move |nats| {
            nats.stop();
            copy(&nats.store_dir(), &backup);
            nats.start().unwrap();
        }
    })
    .await;
    append_some(&log, 150).await;
    reaches(&relay, 250).await;
    on(&nats, move |nats| {
        nats.kill();
        nats.wipe().unwrap();
        copy(&backup, &nats.store_dir());
        nats.start().unwrap();
    })
    .await;
    append_some(&log, 1).await;
    reaches(&relay, 251).await;
    assert_copy(&log, &jetstream(&nats).await).await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Greets as a server of that version and answers pings; counts on nobody asking for more.
async fn server_of_version(version: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (reader, mut writer) = socket.into_split();
                let info = format!(
                    "INFO {{\"server_id\":\"X\",\"server_name\":\"x\",\"version\":\"{version}\",\"proto\":1,\"headers\":true,\"jetstream\":true,\"max_payload\":1048576}}\r\n"
                );
                let _ = writer.write_all(info.as_bytes()).await;
                let mut lines = BufReader::new(reader).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    assert!(
                        !line.starts_with("PUB") && !line.starts_with("HPUB"),
                        "asked an old server: {line}"
                    );
                    if line.starts_with("PING") {
                        let _ = writer.write_all(b"PONG\r\n").await;
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused_with_a_clear_message() {
    let database = Database::new().await;
    let log = database.log().await;
    let url = server_of_version("2.9.10").await;
    let relay = Relay::start(log, RelayOptions::new(url));
    let refused = until(
        &relay,
        |status| matches!(status, RelayStatus::Disconnected { reason } if reason.contains("2.9.10 is too old")),
    )
    .await;
    println!("{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_server_behind_the_same_address_is_refused_after_the_reconnect() {
    let (database, nats) = (Database::new().await, nats().await);
    let old = server_of_version("2.9.10").await;
    let log = database.log().await;
    let both = RelayOptions {
        nats_url: format!("{},{old}", nats.url()),
        ..options(&nats)
    };
    let both = RelayOptions {
        connect: std::sync::Arc::new(|| async_nats::ConnectOptions::new().retain_servers_order()),
        ..both
    };
    let relay = Relay::start(log.clone(), both);
    append_some(&log, 10).await;
    reaches(&relay, 10).await;
    on(&nats, |nats| nats.stop()).await;
    until(
        &relay,
        |status| matches!(status, RelayStatus::Disconnected { reason } if reason.contains("2.9.10 is too old")),
    )
    .await;
}
