//! Everything in one process on private servers.

use std::time::{Duration, Instant};

use baize_proto::hall::view::v1::TableStatus;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::Connection as _;

use crate::hall;
use crate::program::{is_gone, output, serve_all, text};

#[tokio::test]
async fn a_table_opens_and_a_signal_ends_everything_in_good_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = serve_all(dir.path());
    let ready = running.ready();
    let (command, query) = (ready.command.clone().unwrap(), ready.query.clone().unwrap());
    assert_eq!(ready.servers.len(), 2, "{ready:?}");

    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../calendars/china-2026.toml");
    for told in ["published", "published"] {
        let imported = output(&["import", "calendar", file, "--command-url", &command]);
        assert!(imported.status.success(), "{}", text(&imported));
        assert!(text(&imported).contains(told), "{}", text(&imported));
    }

    let hall = hall::set_up(&command).await;
    let opened = hall::open(&command, &hall).await;
    let table = hall::on_board(&query, &hall, opened.position).await;
    assert_eq!(table.session_id, opened.session_id);

    let since = Instant::now();
    running.signal(Signal::SIGTERM);
    let status = running.wait();
    assert!(status.success(), "{status}:\n{}", running.log());
    assert!(
        since.elapsed() < Duration::from_secs(40),
        "it took {:?}",
        since.elapsed()
    );
    assert!(!running.is_ready(), "the ready file outlived the program");
    for (server, pid) in ready.servers {
        assert!(is_gone(pid), "{server} outlived the program");
    }
}

#[tokio::test]
async fn a_data_directory_in_use_is_refused_and_says_by_whom() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = serve_all(dir.path());
    let ready = running.ready();
    let second = output(&[
        "serve",
        "all",
        "--data-dir",
        dir.path().to_str().unwrap(),
        "--command-listen",
        "127.0.0.1:0",
    ]);
    assert!(!second.status.success());
    let told = text(&second);
    assert!(
        told.contains("in use") && told.contains(&ready.pid.to_string()),
        "{told}"
    );
    // The first is none the worse for it.
    hall::set_up(&ready.command.unwrap()).await;
}

#[tokio::test]
async fn a_kill_leaves_no_server_behind_and_the_next_start_has_the_data() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = serve_all(dir.path());
    let ready = running.ready();
    let command = ready.command.clone().unwrap();
    let hall = hall::set_up(&command).await;
    let opened = hall::open(&command, &hall).await;

    running.signal(Signal::SIGKILL);
    running.wait();
    for (server, pid) in ready.servers {
        assert!(is_gone(pid), "{server} outlived the program");
    }

    let mut again = serve_all(dir.path());
    let ready = again.ready();
    let table = hall::on_board(&ready.query.unwrap(), &hall, opened.position).await;
    // Cancelled already if nobody confirmed the light in time; in any case it is not as if nothing had been.
    let is_open = table.status() == TableStatus::Occupied && table.session_id == opened.session_id;
    assert!(is_open || table.status() == TableStatus::Maintenance, "{table:?}");
}

#[tokio::test]
async fn a_private_server_that_dies_is_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = serve_all(dir.path());
    let ready = running.ready();
    let command = ready.command.unwrap();
    let hall = hall::set_up(&command).await;
    for pid in ready.servers.values() {
        kill(Pid::from_raw(*pid), Signal::SIGKILL).unwrap();
    }
    let opened = hall::open_patiently(&command, &hall).await;
    let table = hall::on_board_patiently(&ready.query.unwrap(), &hall, opened.position).await;
    assert_eq!(table.session_id, opened.session_id);
}

#[tokio::test]
async fn an_address_in_use_is_told_and_nothing_is_left_running() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let served = output(&[
        "serve",
        "all",
        "--data-dir",
        dir.path().to_str().unwrap(),
        "--command-listen",
        &address,
    ]);
    assert!(!served.status.success());
    assert!(text(&served).contains(&address), "{}", text(&served));
    // Its servers are gone with it, or this could not take the directory.
    let mut running = serve_all(dir.path());
    running.ready();
}

#[tokio::test]
async fn a_view_is_rebuilt_and_everything_verified_beside_the_running_services() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_str().unwrap();
    let mut running = serve_all(dir.path());
    let ready = running.ready();
    let (command, query) = (ready.command.unwrap(), ready.query.unwrap());
    let hall = hall::set_up(&command).await;
    let opened = hall::open(&command, &hall).await;
    hall::on_board(&query, &hall, opened.position).await;

    let rebuilt = output(&["rebuild", "board", "--data-dir", data_dir]);
    assert!(rebuilt.status.success(), "{}", text(&rebuilt));
    let lines = String::from_utf8_lossy(&rebuilt.stdout).into_owned();
    let progress: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(progress["view"], "board");
    assert!(lines.contains("view board: generation 2 is live"), "{lines}");

    let verified = output(&["verify", "--json", "--data-dir", data_dir]);
    assert!(verified.status.success(), "{}", text(&verified));
    let checks: Vec<serde_json::Value> = String::from_utf8_lossy(&verified.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        checks
            .iter()
            .any(|check| check["name"].as_str().unwrap().starts_with("JetStream")),
        "{checks:?}"
    );
    assert!(
        checks
            .iter()
            .any(|check| check["name"].as_str().unwrap().starts_with("view board")),
        "{checks:?}"
    );

    // What follows from nothing in the log must be noticed.
    let url = ready.database_url.unwrap();
    let mut database = sqlx::postgres::PgConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE views.board_tables_g2 SET label = 'forged'")
        .execute(&mut database)
        .await
        .unwrap();
    let verified = output(&["verify", "board", "--data-dir", data_dir]);
    assert_eq!(verified.status.code(), Some(1), "{}", text(&verified));
    assert!(text(&verified).contains("forged"), "{}", text(&verified));
    let rebuilt = output(&["rebuild", "board", "--data-dir", data_dir]);
    assert_eq!(rebuilt.status.code(), Some(1), "{}", text(&rebuilt));
    let rebuilt = output(&["rebuild", "board", "--accept-difference", "--data-dir", data_dir]);
    assert!(rebuilt.status.success(), "{}", text(&rebuilt));
    let verified = output(&["verify", "board", "--data-dir", data_dir]);
    assert!(verified.status.success(), "{}", text(&verified));
}
