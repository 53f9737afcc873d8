//! The house keeps its shape: who may depend on whom, what the domain may not touch, and a contract without lint.

#![allow(clippy::unwrap_used, reason = "all of this is tests, helpers too")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use baize_journeys::tools;

/// Crates that do I/O, or exist to be an async runtime's reactor. `tokio` itself is not among them: cqrs-es brings its
/// channels and macros along, without `net`, `fs` or `process`, whose reactor is `mio`.
const IO_CRATES: [&str; 16] = [
    "async-nats",
    "async-std",
    "axum",
    "h2",
    "hyper",
    "mio",
    "nix",
    "postgres-es",
    "reqwest",
    "rumqttc",
    "rustls",
    "socket2",
    "sqlx",
    "tempfile",
    "tonic",
    "tracing-subscriber",
];

const SERVICES: [&str; 3] = ["baize-command-api", "baize-projections", "baize-device-bridge"];

#[test]
fn the_domain_depends_on_no_io_crate() {
    let all = dependencies("baize-domain", "normal,build");
    let io: Vec<_> = all
        .all
        .iter()
        .filter(|name| IO_CRATES.contains(&name.as_str()))
        .collect();
    assert!(io.is_empty(), "baize-domain reaches I/O crates {io:?}");
    for runtime in ["tokio", "futures", "async-trait"] {
        assert!(
            !all.direct.contains(runtime),
            "baize-domain depends on {runtime} itself"
        );
    }
    assert!(
        all.direct.contains("cqrs-es"),
        "the dependencies were not read: {:?}",
        all.direct
    );
}

#[test]
fn the_domain_reads_no_clock_draws_no_lots_and_touches_no_file() {
    const FORBIDDEN: [&str; 14] = [
        "Timestamp::now",
        "Zoned::now",
        "SystemTime",
        "Instant::now",
        "now_v7",
        "new_v4",
        "rand::",
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "async fn",
        "println!",
    ];
    let mut seen = 0;
    for file in rust_files(&repository().join("domain/src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests may do as they like, and the bridge to cqrs-es has to implement its async trait.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let bridge = file.file_name().is_some_and(|name| name == "aggregate.rs");
        let tests = file.file_name().is_some_and(|name| name == "tests.rs")
            || file.components().any(|part| part.as_os_str() == "tests");
        for forbidden in FORBIDDEN {
            let excused = tests || (bridge && forbidden == "async fn");
            assert!(
                excused || !code.contains(forbidden),
                "{} uses {forbidden}",
                file.display()
            );
        }
        seen += 1;
    }
    assert!(seen > 10, "only {seen} files were read");
}

#[test]
fn the_event_log_knows_no_aggregate() {
    let all = dependencies("baize-eventlog", "normal,build").all;
    assert!(all.contains("sqlx"), "the dependencies were not read");
    let ours: Vec<_> = all
        .iter()
        .filter(|name| name.starts_with("baize") && *name != "baize-eventlog")
        .collect();
    assert!(ours.is_empty(), "baize-eventlog depends on {ours:?}");
}

#[test]
fn the_three_services_never_import_each_other() {
    for service in SERVICES {
        let all = dependencies(service, "normal,build,dev").all;
        let others: Vec<_> = SERVICES
            .iter()
            .filter(|other| **other != service && all.contains(**other))
            .collect();
        assert!(others.is_empty(), "{service} depends on {others:?}");
    }
}

#[test]
fn simulators_are_linked_into_no_service_and_not_into_the_program() {
    for package in SERVICES
        .iter()
        .chain(&["baize", "baize-domain", "baize-eventlog", "baize-servers"])
    {
        let all = dependencies(package, "normal,build").all;
        for foreign in ["baize-simulators", "baize-journeys", "baize-bench"] {
            assert!(!all.contains(foreign), "{package} depends on {foreign}");
        }
    }
}

#[test]
fn the_contract_passes_buf_lint() {
    let rules = std::fs::read_to_string(repository().join("buf.yaml")).unwrap();
    assert!(
        rules.contains("STANDARD") && !rules.contains("except") && !rules.contains("ignore"),
        "buf.yaml is lenient:\n{rules}"
    );
    let lint = Command::new(tools::buf())
        .arg("lint")
        .current_dir(repository())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&lint.stdout).into_owned() + &String::from_utf8_lossy(&lint.stderr);
    assert!(lint.status.success(), "buf lint:\n{said}");
}

struct Dependencies {
    direct: BTreeSet<String>,
    all: BTreeSet<String>,
}

/// What `package` is built from, with the features that it alone asks for: other members of the workspace do not count.
fn dependencies(package: &str, edges: &str) -> Dependencies {
    let mut tree = Command::new(env!("CARGO"));
    tree.args([
        "tree",
        "--offline",
        "--package",
        package,
        "--edges",
        edges,
        "--prefix",
        "depth",
    ]);
    let output = tree.current_dir(repository()).output().unwrap();
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut found = Dependencies {
        direct: BTreeSet::new(),
        all: BTreeSet::new(),
    };
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let name_at = line.find(|c: char| !c.is_ascii_digit()).unwrap();
        let (depth, rest) = line.split_at(name_at);
        let name = rest.split(' ').next().unwrap().to_owned();
        if depth == "1" {
            found.direct.insert(name.clone());
        }
        found.all.insert(name);
    }
    found
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

fn repository() -> PathBuf {
    tools::repository()
}
