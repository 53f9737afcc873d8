//! What the program refuses before it starts anything.

use crate::program::{output, text};

fn refused(config: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("baize.toml");
    std::fs::write(&file, config).unwrap();
    let data_dir = dir.path().join("data");
    let served = output(&[
        "serve",
        "all",
        "--config",
        file.to_str().unwrap(),
        "--data-dir",
        data_dir.to_str().unwrap(),
    ]);
    assert!(!served.status.success(), "{}", text(&served));
    assert!(!data_dir.exists(), "something was started");
    text(&served)
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let told = refused("reflection = true\nquery_listn = \"127.0.0.1:0\"\n");
    assert!(told.contains("line 2") && told.contains("query_listn"), "{told}");
}

#[test]
fn a_value_that_cannot_be_read_is_refused_with_its_line() {
    let told = refused("command_listen = \"nowhere\"\n");
    assert!(told.contains("line 1") && told.contains("command_listen"), "{told}");
}

#[test]
fn a_clock_that_is_none_is_refused() {
    let told = refused("clock = \"fast\"\n");
    assert!(told.contains("clock"), "{told}");
}

#[test]
fn a_message_server_without_a_broker_is_refused() {
    let told = refused("nats_url = \"nats://127.0.0.1:1\"\n");
    assert!(told.contains("mqtt_url"), "{told}");
}

#[test]
fn a_service_on_its_own_says_what_it_lacks() {
    for (service, key) in [
        ("command-api", "database_url"),
        ("projections", "database_url"),
        ("device-bridge", "nats_url"),
        ("sealer", "database_url"),
    ] {
        let served = output(&["serve", service]);
        assert!(!served.status.success());
        let told = text(&served);
        assert!(
            told.contains(key) && told.contains(&format!("BAIZE_{}", key.to_uppercase())),
            "{service}: {told}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let served = output(&["serve", "all", "--config", "/nowhere/baize.toml"]);
    assert!(!served.status.success());
    assert!(text(&served).contains("/nowhere/baize.toml"));
}

#[test]
fn a_view_of_no_database_is_not_rebuilt_and_no_database_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("none");
    for work in [["rebuild", "board"], ["verify", "board"]] {
        let told = output(&[&work[..], &["--data-dir", data_dir.to_str().unwrap()]].concat());
        assert!(!told.status.success());
        assert!(text(&told).contains("there is no database"), "{}", text(&told));
        assert!(!data_dir.exists());
    }
}
