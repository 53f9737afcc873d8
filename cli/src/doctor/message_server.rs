//! The message server: new enough, with JetStream, and its stream a copy of the log.

use std::time::Duration;

use baize_eventlog::{EventLog, LogOptions, RecordedEvent, check_server};

use super::Finding;

const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const LAG_EVENTS: u64 = 1_000;
const STREAM: &str = "EVENTS";

pub(super) async fn findings(nats_url: &str, database_url: Option<&str>) -> Vec<Finding> {
    let connected = tokio::time::timeout(ANSWER_WITHIN, async_nats::connect(nats_url)).await;
    let client = match connected {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => {
            return vec![Finding::fail(
                "nats-server",
                error.to_string(),
                "Start it, or correct nats_url.",
            )];
        }
        Err(_) => {
            return vec![Finding::fail(
                "nats-server",
                "no answer",
                "Start it, or correct nats_url.",
            )];
        }
    };
    if let Err(error) = check_server(&client) {
        return vec![Finding::fail(
            "nats-server",
            error.to_string(),
            "`./justw setup` in a checkout fetches a good one.",
        )];
    }
    let mut findings = vec![Finding::ok(
        "nats-server",
        format!("{} answers", client.server_info().version),
    )];
    let context = async_nats::jetstream::new(client);
    match context.query_account().await {
        Ok(account) => findings.push(Finding::ok(
            "JetStream",
            format!("{} streams, {} bytes on disk", account.streams, account.storage),
        )),
        Err(error) => {
            findings.push(Finding::fail(
                "JetStream",
                error.to_string(),
                "Enable JetStream for this account of the nats-server.",
            ));
            return findings;
        }
    }
    match tail(&context, database_url).await {
        Ok(finding) => findings.push(finding),
        Err(error) => findings.push(Finding::fail(
            "publication",
            format!("{error:#}"),
            "See the log of the command service.",
        )),
    }
    findings
}

/// The end of the stream against the log.
async fn tail(context: &async_nats::jetstream::Context, database_url: Option<&str>) -> anyhow::Result<Finding> {
    let stream = match context.get_stream(STREAM).await {
        Ok(stream) => stream,
        Err(error) => {
            let advice = "The command service makes it when it first runs.";
            return Ok(Finding::warn(
                "publication",
                format!("there is no stream {STREAM}: {error}"),
                advice,
            ));
        }
    };
    let last = stream.get_info().await?.state.last_sequence;
    let Some(url) = database_url else {
        return Ok(Finding::ok(
            "publication",
            format!("the stream ends at {last}; there is no database to compare with"),
        ));
    };
    let log = EventLog::connect(LogOptions::new(url.parse()?)).await?;
    let head = log.head().await?;
    let advice = "The relay has stopped, and nothing is published: decide whether the log or the stream is right.";
    if last > head {
        return Ok(Finding::fail(
            "publication",
            format!("the stream ends at {last}, the log at {head}"),
            advice,
        ));
    }
    if last > 0 {
        let message = stream.get_raw_message(last).await?;
        let published = RecordedEvent::from_message(&message.headers, &message.payload);
        let recorded = log.read(last - 1, 1).await?.into_iter().next();
        if published.ok() != recorded {
            return Ok(Finding::fail(
                "publication",
                format!("message {last} is not the event at position {last}"),
                advice,
            ));
        }
    }
    let behind = head - last;
    if behind > LAG_EVENTS {
        return Ok(Finding::warn(
            "publication",
            format!("{behind} events behind the log"),
            "Is a command service running? See its log.",
        ));
    }
    Ok(Finding::ok(
        "publication",
        format!("the stream ends at {last} as the log does at {head}"),
    ))
}
