//! What the doctor finds.

use baize_servers::testing;
use serde_json::Value;

use crate::program::{output, serve_all, text, wait_for};

fn findings(args: &[&str]) -> (bool, Vec<Value>) {
    let told = output(&[&["doctor", "--json"], args].concat());
    let lines = String::from_utf8_lossy(&told.stdout).into_owned();
    let findings = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{}", text(&told))))
        .collect();
    (told.status.success(), findings)
}

fn level(findings: &[Value], subject: &str) -> String {
    let found = findings.iter().find(|finding| finding["subject"] == subject);
    found.unwrap_or_else(|| panic!("nothing about {subject}: {findings:?}"))["level"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_healthy_set_up_is_found_healthy() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = serve_all(dir.path());
    running.ready();
    // Ready is who answers; views are built, and the log is published, moments later.
    let settled = wait_for(|| {
        let (well, findings) = findings(&["--data-dir", dir.path().to_str().unwrap()]);
        (well && findings.iter().all(|finding| finding["level"] == "ok")).then_some(findings)
    });
    let findings = settled.expect("not everything came to be well");
    for subject in [
        "PostgreSQL",
        "nats-server",
        "database",
        "migrations",
        "role",
        "append only",
        "processes",
        "view",
        "JetStream",
        "publication",
        "MQTT broker",
    ] {
        assert_eq!(level(&findings, subject), "ok", "{findings:?}");
    }
}

#[test]
fn a_database_that_is_away_fails_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (well, findings) = findings(&[
        "--data-dir",
        dir.path().to_str().unwrap(),
        "--database-url",
        "postgres://127.0.0.1:1/none",
    ]);
    assert!(!well);
    assert_eq!(level(&findings, "database"), "fail");
    let failed = findings
        .iter()
        .find(|finding| finding["subject"] == "database")
        .unwrap();
    assert!(failed["advice"].as_str().unwrap().contains("database_url"), "{failed}");
}

#[test]
fn a_database_without_migrations_fails_and_migrate_heals_it() {
    let url = testing::fresh_database();
    let nats = testing::nats().unwrap();
    let (host, port) = nats.mqtt_address();
    let named = [
        "--database-url",
        &url,
        "--nats-url",
        &nats.url(),
        "--mqtt-url",
        &format!("mqtt://{host}:{port}"),
    ];
    let (well, before) = findings(&named);
    assert!(!well);
    assert_eq!(level(&before, "migrations"), "fail");
    assert!(output(&["migrate", "--database-url", &url]).status.success());
    let (well, after) = findings(&named);
    assert!(well, "{after:?}");
    assert_eq!(level(&after, "migrations"), "ok");
    // The tests' own Postgres waits for no disk, and nobody has published yet: worth telling, no failure.
    assert_eq!(level(&after, "durability"), "warn");
    assert_eq!(level(&after, "publication"), "warn");
}

#[test]
fn grants_that_were_widened_by_hand_fail() {
    let url = testing::fresh_database();
    assert!(output(&["migrate", "--database-url", &url]).status.success());
    let database = url.rsplit('/').next().unwrap();
    testing::servers()
        .postgres
        .psql(database, "GRANT UPDATE ON events TO baize_app")
        .unwrap();
    let (well, findings) = findings(&["--database-url", &url]);
    assert!(!well);
    assert_eq!(level(&findings, "role"), "fail");
}

#[test]
fn a_process_runner_that_has_stopped_is_told_with_its_reason() {
    let url = testing::fresh_database();
    assert!(output(&["migrate", "--database-url", &url]).status.success());
    let database = url.rsplit('/').next().unwrap();
    testing::servers()
        .postgres
        .psql(
            database,
            "UPDATE process_runner SET failure = 'position 7: LightExploded is not known'",
        )
        .unwrap();
    let (well, findings) = findings(&["--database-url", &url]);
    assert!(!well);
    assert_eq!(level(&findings, "processes"), "fail");
    let told = findings
        .iter()
        .find(|finding| finding["subject"] == "processes")
        .unwrap();
    assert!(told["found"].as_str().unwrap().contains("LightExploded"), "{told}");
    assert!(told["advice"].as_str().unwrap().contains("runbook"), "{told}");
}

#[test]
fn a_log_that_may_be_changed_fails() {
    let url = testing::fresh_database();
    assert!(output(&["migrate", "--database-url", &url]).status.success());
    let database = url.rsplit('/').next().unwrap();
    testing::servers()
        .postgres
        .psql(database, "ALTER TABLE events DISABLE TRIGGER append_only")
        .unwrap();
    let (well, findings) = findings(&["--database-url", &url]);
    assert!(!well);
    assert_eq!(level(&findings, "append only"), "fail");
}

#[test]
fn a_program_that_is_not_there_fails_and_says_where_to_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut doctor = crate::program::baize(&["doctor", "--json", "--data-dir", dir.path().to_str().unwrap()]);
    let told = doctor
        .env("BAIZE_NATS_SERVER", "/nowhere/nats-server")
        .output()
        .unwrap();
    assert!(!told.status.success());
    assert!(text(&told).contains("/nowhere/nats-server"), "{}", text(&told));
}
