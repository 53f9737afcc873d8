//! The private Postgres: what it keeps over restarts and crashes, and what it refuses.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use baize_servers::testing::{fresh_dir, postgres, servers};
use baize_servers::{Durability, Error, Postgres, PostgresOptions};

fn options(dir: &Path) -> PostgresOptions {
    PostgresOptions::new(dir).durability(Durability::Relaxed)
}

fn write_a_row(server: &Postgres) {
    server
        .psql(
            "postgres",
            "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('白泽')",
        )
        .expect("writes");
}

fn read_the_row(server: &Postgres) -> String {
    server.psql("postgres", "SELECT word FROM kept").expect("reads")
}

#[test]
fn a_new_server_is_durable_private_and_speaks_unicode() {
    let server = Postgres::launch(PostgresOptions::new(fresh_dir("full").expect("a directory"))).expect("starts");
    let show = |setting: &str| server.psql("postgres", &format!("SHOW {setting}")).expect("shows");
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        assert_eq!(show(setting), "on", "{setting}");
    }
    assert_eq!(show("listen_addresses"), "127.0.0.1");
    assert_eq!(show("server_encoding"), "UTF8");
    assert_eq!(show("lc_collate"), "C");
    assert_eq!(server.psql("postgres", "SELECT upper('é')").expect("upper-cases"), "É");
    let rules = "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules";
    assert_eq!(server.psql("postgres", rules).expect("lists"), "scram-sha-256");
}

#[test]
fn a_restart_keeps_the_data_and_the_address() {
    let server = postgres().expect("starts");
    write_a_row(&server);
    let (url, pid) = (server.url("postgres"), server.pid());
    server.restart().expect("restarts");
    assert_ne!(server.pid(), pid);
    assert_eq!(server.url("postgres"), url);
    assert_eq!(read_the_row(&server), "白泽");
}

#[test]
fn a_killed_server_starts_again_with_what_was_committed() {
    let server = postgres().expect("starts");
    write_a_row(&server);
    for _ in 0..3 {
        server.kill();
        assert!(!server.is_running());
        server.psql("postgres", "SELECT 1").expect_err("nobody answers");
        server.start().expect("recovers");
        assert_eq!(read_the_row(&server), "白泽");
    }
}

#[test]
fn a_server_that_died_is_revived_and_one_that_was_stopped_is_not() {
    let server = postgres().expect("starts");
    assert!(!server.revive().expect("runs"));
    let pid = i32::try_from(server.pid().expect("runs")).expect("a pid");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).expect("kills");
    while server.is_running() {
        std::thread::yield_now();
    }
    assert!(server.revive().expect("revives"));
    assert!(server.is_running());
    server.stop();
    assert!(!server.revive().expect("stays stopped"));
    assert!(!server.is_running());
}

#[test]
fn the_next_program_on_the_directory_finds_the_same_database_at_the_same_address() {
    let dir = fresh_dir("next").expect("a directory");
    let first = Postgres::launch(options(&dir)).expect("starts");
    write_a_row(&first);
    let url = first.url("postgres");
    drop(first);
    let second = Postgres::launch(options(&dir)).expect("starts again");
    assert_eq!(second.url("postgres"), url);
    assert_eq!(read_the_row(&second), "白泽");
}

#[test]
fn a_directory_has_one_server_at_a_time() {
    let dir = fresh_dir("one").expect("a directory");
    let server = Postgres::launch(options(&dir)).expect("starts");
    let refused = Postgres::launch(options(&dir)).expect_err("is in use");
    assert!(
        matches!(&refused, Error::InUse { holder, .. } if *holder == std::process::id().to_string()),
        "{refused}"
    );
    assert!(server.is_running());
}

#[test]
fn a_lock_file_that_names_a_stranger_does_not_keep_the_server_from_starting() {
    let dir = fresh_dir("stranger").expect("a directory");
    drop(Postgres::launch(options(&dir)).expect("starts"));
    // As after a crash of the machine: the file is left, and its process id belongs to somebody else by now.
    let pgdata = dir.join("postgres");
    let owner = fs::metadata(&pgdata).expect("is there").uid().to_string();
    let mut stranger = Command::new("setpriv");
    let mut stranger = stranger
        .args(["--reuid", &owner, "sleep", "600"])
        .spawn()
        .expect("starts");
    while fs::read_to_string(format!("/proc/{}/comm", stranger.id())).expect("lives") != "sleep\n" {
        std::thread::yield_now();
    }
    let stale = format!(
        "{}\n{}\n1700000000\n5432\n\n127.0.0.1\n",
        stranger.id(),
        pgdata.display()
    );
    fs::write(pgdata.join("postmaster.pid"), stale).expect("writes");
    let started = Postgres::launch(options(&dir));
    stranger.kill().expect("is ended");
    stranger.wait().expect("is collected");
    started.expect("starts all the same");
}

#[test]
fn a_directory_of_another_version_is_left_alone() {
    let dir = fresh_dir("version").expect("a directory");
    fs::create_dir_all(dir.join("postgres")).expect("makes");
    fs::write(dir.join("postgres/PG_VERSION"), "9\n").expect("writes");
    let refused = Postgres::launch(options(&dir)).expect_err("no such version");
    assert!(
        matches!(&refused, Error::OtherVersion { made_by, .. } if made_by == "9"),
        "{refused}"
    );
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let options = options(&fresh_dir("bad").expect("a directory")).setting("shared_buffers", "nonsense");
    let refused = Postgres::launch(options).expect_err("cannot start").to_string();
    assert!(
        refused.contains("invalid value for parameter \"shared_buffers\""),
        "{refused}"
    );
}

#[test]
fn fresh_databases_are_apart() {
    let server = &servers().postgres;
    let (one, other) = (
        server.fresh_database().expect("creates"),
        server.fresh_database().expect("creates"),
    );
    assert_ne!(one, other);
    assert!(server.create_database("once").expect("creates"));
    assert!(!server.create_database("once").expect("is there"));
    assert!(matches!(server.create_database("a; DROP"), Err(Error::DatabaseName(_))));
}

/// The kernel takes a thread's end for its parent's death, so a server is started by a thread of its own.
#[test]
fn a_server_outlives_the_thread_that_launched_it() {
    let server = std::thread::spawn(|| postgres().expect("starts")).join().expect("ends");
    for _ in 0..5 {
        server.psql("postgres", "SELECT 1").expect("is there");
    }
    assert!(!server.revive().expect("lives"));
}
