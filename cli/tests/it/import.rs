//! A hall imported from the example file into a running service.

use std::path::Path;
use std::process::Output;

use baize_proto::hall::view::v1::directory_service_client::DirectoryServiceClient;
use baize_proto::hall::view::v1::{ListHallsRequest, ListTablesRequest};

use tonic::transport::Endpoint;

use crate::program::{bearing, output, serve_all, text};

pub const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/hall.toml");

const CALENDAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../calendars/china-2026.toml");

pub fn import(file: &str, command_url: &str) -> Output {
    output(&["import", "hall", file, "--command-url", command_url])
}

pub async fn count(database_url: &str) -> i64 {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(database_url).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

/// The calendar that the example's holidays are told by, then the example.
pub fn import_example(command_url: &str) {
    let calendar = output(&["import", "calendar", CALENDAR, "--command-url", command_url]);
    assert!(calendar.status.success(), "{}", text(&calendar));
    let hall = import(EXAMPLE, command_url);
    assert!(hall.status.success(), "{}", text(&hall));
}

fn changed(dir: &Path, good: &str, bad: &str) -> String {
    let file = dir.join("changed.toml");
    let text = std::fs::read_to_string(EXAMPLE).unwrap();
    assert!(text.contains(good), "{good}");
    std::fs::write(&file, text.replacen(good, bad, 1)).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_hall_is_imported_whole_once_and_with_a_fault_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = serve_all(dir.path());
    let ready = running.ready();
    let (command, query) = (ready.command.clone().unwrap(), ready.query.clone().unwrap());
    let database = ready.database_url.clone().unwrap();

    let faulty = changed(dir.path(), "\"Asia/Shanghai\"", "\"Asia/Atlantis\"");
    let refused = import(&faulty, &command);
    assert!(!refused.status.success());
    let told = text(&refused);
    assert!(
        told.contains("line 27: hall.time_zone is not an IANA time zone"),
        "{told}"
    );
    let rehearsed = output(&["import", "hall", EXAMPLE, "--command-url", &command, "--dry-run"]);
    assert!(rehearsed.status.success(), "{}", text(&rehearsed));
    assert_eq!(count(&database).await, 0, "nothing was imported so far");

    let early = import(EXAMPLE, &command);
    assert!(
        !early.status.success() && text(&early).contains("calendar"),
        "{}",
        text(&early)
    );
    import_example(&command);
    let events = count(&database).await;
    let again = import(EXAMPLE, &command);
    assert!(again.status.success(), "{}", text(&again));
    assert_eq!(count(&database).await, events, "the same file changes nothing");

    let mut directory =
        DirectoryServiceClient::new(bearing(Endpoint::from_shared(query).unwrap().connect().await.unwrap()));
    let halls = ListHallsRequest {
        min_position: events.unsigned_abs(),
        ..ListHallsRequest::default()
    };
    let halls = directory.list_halls(halls).await.unwrap().into_inner().halls;
    assert_eq!(halls.len(), 1);
    assert_eq!((halls[0].name.as_str(), halls[0].tables), ("白泽台球 · 示例店", 3));
    let tables = ListTablesRequest {
        hall_id: halls[0].hall_id.clone(),
        free_only: true,
        ..ListTablesRequest::default()
    };
    let tables = directory.list_tables(tables).await.unwrap().into_inner().tables;
    let labels: Vec<_> = tables.iter().map(|table| table.label.as_str()).collect();
    assert_eq!(labels, ["A1", "A2", "S1"]);

    let other_class = changed(dir.path(), "class = \"nine_ball\"", "class = \"snooker\"");
    let refused = import(&other_class, &command);
    assert!(!refused.status.success());
    let told = text(&refused);
    assert!(
        told.contains("table A2") && told.contains("exists with other content"),
        "{told}"
    );
    assert_eq!(count(&database).await, events);
}
