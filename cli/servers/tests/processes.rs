//! The servers as processes: they end with the program that started them, however it ends; a start after an accident
//! finds its way; programs that will not do are refused.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use baize_servers::testing::fresh_dir;
use baize_servers::{Durability, NatsOptions, NatsServer, Postgres, PostgresOptions};

const LIMIT: Duration = Duration::from_secs(60);

const DIR: &str = "BAIZE_TEST_HOLD_DIR";
const PIDS: &str = "process ids: ";

/// The program whose end the other tests watch: this test binary, running `hold` alone.
fn hold(dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("is known"));
    command
        .args(["--exact", "hold_until_the_input_ends", "--ignored", "--nocapture"])
        .env(DIR, dir);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
#[ignore = "the other tests run it as a program of its own"]
fn hold_until_the_input_ends() {
    let dir = std::env::var_os(DIR).expect("is run by another test");
    let nats = NatsServer::launch(NatsOptions::new(&dir)).unwrap_or_else(|error| panic!("{error}"));
    let postgres = Postgres::launch(PostgresOptions::new(&dir).durability(Durability::Relaxed)).expect("starts");
    println!(
        "\n{PIDS}{} {}",
        postgres.pid().expect("runs"),
        nats.pid().expect("runs")
    );
    std::io::stdin().read_to_end(&mut Vec::new()).expect("reads");
}

fn started(dir: &Path) -> (Child, Vec<u32>) {
    let mut program = hold(dir).spawn().expect("starts");
    let lines = BufReader::new(program.stdout.take().expect("is piped")).lines();
    let line = lines
        .map_while(Result::ok)
        .find(|line| line.starts_with(PIDS))
        .expect("both servers run");
    let pids = line
        .trim_start_matches(PIDS)
        .split_whitespace()
        .map(|pid| pid.parse().expect("a pid"))
        .collect();
    (program, pids)
}

/// A zombie that nobody has collected yet counts as ended.
fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn await_end(pids: &[u32]) {
    let since = Instant::now();
    while pids.iter().any(|pid| lives(*pid)) {
        assert!(since.elapsed() < LIMIT, "still alive: {pids:?}");
        std::thread::yield_now();
    }
}

#[test]
fn the_servers_end_when_the_program_is_killed() {
    let dir = fresh_dir("killed").expect("a directory");
    let (mut program, pids) = started(&dir);
    assert!(pids.iter().all(|pid| lives(*pid)));
    program.kill().expect("kills");
    await_end(&pids);
    program.wait().expect("is collected");
}

#[test]
fn so_they_do_below_a_directory_that_only_the_caller_may_enter() {
    let closed = fresh_dir("closed").expect("a directory");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("closes");
    let (mut program, pids) = started(&closed.join("data"));
    program.kill().expect("kills");
    await_end(&pids);
    program.wait().expect("is collected");
}

#[test]
fn a_program_may_start_while_the_killed_one_s_servers_are_still_ending() {
    let dir = fresh_dir("at-once").expect("a directory");
    for _ in 0..3 {
        let (mut program, _) = started(&dir);
        program.kill().expect("kills");
        program.wait().expect("is collected");
    }
    Postgres::launch(PostgresOptions::new(&dir).durability(Durability::Relaxed)).expect("starts");
}

#[test]
fn servers_that_were_left_running_are_ended_first() {
    let dir = fresh_dir("left").expect("a directory");
    let first = NatsServer::launch(NatsOptions::new(&dir)).expect("starts");
    let url = first.url();
    drop(first);
    let program = NatsServer::find(&dir).expect("is found").path;
    let log = fs::File::create(dir.join("left.log")).expect("creates");
    let mut left = Command::new(program);
    left.arg("-c")
        .arg(dir.join("nats/server.conf"))
        .current_dir(dir.join("nats"))
        .stderr(log);
    let mut left = left.spawn().expect("starts");
    let since = Instant::now();
    while !fs::read_to_string(dir.join("left.log"))
        .expect("reads")
        .contains("Server is ready")
    {
        assert!(since.elapsed() < LIMIT, "is not ready");
        std::thread::yield_now();
    }
    let second = NatsServer::launch(NatsOptions::new(&dir)).expect("starts");
    let ended = left.try_wait().expect("tells").is_some();
    left.kill().expect("is ended or gone");
    assert!(ended, "two servers on one directory");
    assert_eq!(second.url(), url);
}

#[test]
fn an_interrupted_first_start_is_begun_anew() {
    let dir = fresh_dir("interrupted").expect("a directory");
    let bin = fresh_dir("bin").expect("a directory");
    script(&bin, "postgres", "echo 'postgres (PostgreSQL) 15.1'");
    script(&bin, "psql", "");
    script(&bin, "initdb", r#"echo 15 > "$2/PG_VERSION"; mkdir "$2/base"; exit 1"#);
    let output = hold(&dir)
        .env("BAIZE_POSTGRES_BIN", &bin)
        .stdin(Stdio::null())
        .output()
        .expect("runs");
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("initdb"), "{complaint}");
    Postgres::launch(PostgresOptions::new(&dir).durability(Durability::Relaxed)).expect("starts");
}

#[test]
fn an_old_nats_server_is_refused_by_its_version() {
    let dir = fresh_dir("old").expect("a directory");
    let old = script(&dir, "nats-server", "echo 'nats-server: v2.9.10'");
    let output = hold(&dir)
        .env("BAIZE_NATS_SERVER", &old)
        .stdin(Stdio::null())
        .output()
        .expect("runs");
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["is version 2.9.10", "2.14", "./justw setup"] {
        assert!(complaint.contains(part), "{part:?} is missing: {complaint}");
    }
}

#[test]
fn an_old_nats_server_is_passed_over_for_a_good_one() {
    let dir = fresh_dir("both").expect("a directory");
    let old = script(&dir.join(".tools/bin"), "nats-server", "echo 'nats-server: v2.9.10'");
    match NatsServer::find(&dir) {
        Ok(found) => assert_ne!(found.path, old),
        Err(error) => panic!("another was to be found: {error}"),
    }
}

#[test]
fn a_variable_that_names_nothing_is_an_error() {
    let dir = fresh_dir("nothing").expect("a directory");
    let output = hold(&dir)
        .env("BAIZE_NATS_SERVER", "/no/such/file")
        .stdin(Stdio::null())
        .output()
        .expect("runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/file"));
}

/// Makes a program of the shell's.
fn script(dir: &Path, name: &str, lines: &str) -> PathBuf {
    fs::create_dir_all(dir).expect("makes");
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("sets");
    path
}
