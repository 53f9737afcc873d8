//! This machine: programs, directory, ports.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use baize_servers::{NatsServer, Postgres, Program};
use tokio::net::TcpStream;
use tonic::transport::Endpoint;

use super::{Finding, Servers};
use crate::settings::Settings;

const ANSWER_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn findings(settings: &Settings, servers: &Servers) -> Vec<Finding> {
    let mut findings = Vec::new();
    let private_postgres = settings.database_url.is_none();
    let private_nats = settings.nats_url.is_none();
    if private_postgres || private_nats {
        findings.push(setpriv());
    }
    if private_postgres {
        findings.push(program("PostgreSQL", Postgres::find()));
    }
    if private_nats {
        findings.push(program("nats-server", NatsServer::find(&settings.data_dir())));
    }
    if private_postgres || private_nats {
        findings.push(data_dir(settings, servers));
    }
    for (subject, address) in [
        ("command address", settings.command_listen()),
        ("query address", settings.query_listen()),
        ("web address", settings.web_listen()),
    ] {
        findings.push(port(subject, address).await);
    }
    if let Some(url) = &servers.mqtt_url {
        findings.push(mqtt(url).await);
    }
    findings
}

fn setpriv() -> Finding {
    let found = std::process::Command::new("setpriv").arg("--version").output();
    match found {
        Ok(output) if output.status.success() => {
            Finding::ok("setpriv", String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => Finding::fail(
            "setpriv",
            "was not found",
            "Private servers are started through it: install util-linux.",
        ),
    }
}

fn program(subject: &'static str, found: baize_servers::Result<Program>) -> Finding {
    match found {
        Ok(Program { path, version }) => Finding::ok(subject, format!("{version} at {}", path.display())),
        // The error tells what to do itself.
        Err(error) => Finding::fail(subject, error.to_string(), ""),
    }
}

fn data_dir(settings: &Settings, servers: &Servers) -> Finding {
    let dir = settings.data_dir();
    let shown = dir.display();
    if let Some(holder) = &servers.holder {
        return Finding::ok("data directory", format!("{shown} is in use by process {holder}"));
    }
    // Up to the first that exists: only there can writing be tried without making anything.
    let absolute = std::path::absolute(&dir).unwrap_or_else(|_| dir.clone());
    let Some(existing) = absolute.ancestors().find(|dir| dir.exists()) else {
        return Finding::fail(
            "data directory",
            format!("{shown} cannot be made"),
            "Choose another with --data-dir.",
        );
    };
    match tempfile::tempfile_in(existing) {
        Ok(_) if existing == absolute => Finding::ok("data directory", format!("{shown} exists and is free")),
        Ok(_) => Finding::ok("data directory", format!("{shown} will be made")),
        Err(error) => Finding::fail(
            "data directory",
            format!("{} cannot be written: {error}", existing.display()),
            "Choose another with --data-dir, or make it writable.",
        ),
    }
}

async fn port(subject: &'static str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(subject, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            if answers_http(address).await {
                return Finding::ok(subject, format!("{address} answers"));
            }
            let advice = "Stop what uses it, or choose another address.";
            Finding::warn(
                subject,
                format!("{address} is taken by something that does not answer HTTP"),
                advice,
            )
        }
        Err(error) => Finding::fail(
            subject,
            format!("{address}: {error}"),
            "Choose an address of this machine.",
        ),
    }
}

async fn answers_http(address: SocketAddr) -> bool {
    let Ok(endpoint) = Endpoint::from_shared(format!("http://{address}")) else {
        return false;
    };
    tokio::time::timeout(ANSWER_WITHIN, endpoint.connect())
        .await
        .is_ok_and(|connected| connected.is_ok())
}

async fn mqtt(url: &str) -> Finding {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let with_port = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:1883")
    };
    match tokio::time::timeout(ANSWER_WITHIN, TcpStream::connect(&with_port)).await {
        Ok(Ok(_)) => Finding::ok("MQTT broker", format!("{with_port} accepts connections")),
        _ => Finding::fail(
            "MQTT broker",
            format!("{with_port} does not accept connections"),
            "Start it, or correct mqtt_url.",
        ),
    }
}
