//! `baize schemas`: what programs that follow the events can rely on, as documents.
//!
//! `json/<aggregate type>.json` are JSON Schemas (draft 2020-12) of the events, made from the types that write them; `asyncapi.json` is an
//! AsyncAPI 3 document of the stream, its subjects and its headers.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baize_domain::event::VERSION;
use baize_domain::event_schemas;
use baize_eventlog::HEADERS;
use schemars::Schema;
use serde_json::{Map, Value, json};

/// Arguments of `baize schemas`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Directory to write to; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    out: PathBuf,
}

impl Args {
    /// Writes the documents.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn run(&self) -> anyhow::Result<()> {
        let folder = self.out.join("json");
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let schemas = event_schemas();
        for (aggregate, schema) in &schemas {
            write(&folder.join(format!("{aggregate}.json")), schema.as_value())?;
        }
        write(&self.out.join("asyncapi.json"), &asyncapi(&schemas))?;
        println!(
            "{} schemas and asyncapi.json are in {}",
            schemas.len(),
            self.out.display()
        );
        Ok(())
    }
}

fn write(path: &Path, document: &Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(document)? + "\n";
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// <https://www.asyncapi.com/docs/reference/specification/v3.0.0>.
fn asyncapi(schemas: &[(&str, Schema)]) -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for (aggregate, schema) in schemas {
        let (mut of_channel, mut types) = (Map::new(), Vec::new());
        for (number, event_type) in variants(schema).enumerate() {
            types.push(event_type);
            let name = format!("{aggregate}.{event_type}");
            of_channel.insert(
                event_type.to_owned(),
                reference(&format!("#/components/messages/{name}")),
            );
            messages.insert(name, message(aggregate, event_type, number));
        }
        let address = format!("events.{aggregate}.{{hall}}.{{eventType}}");
        let channel = json!({
            "address": address,
            "description": format!("Events of aggregates of type {aggregate}."),
            "parameters": {
                "hall": { "description": "Id of the hall that it happened in, or - if it was in none." },
                "eventType": { "enum": types },
            },
            "messages": of_channel,
        });
        channels.insert((*aggregate).to_owned(), channel);
        let operation = json!({ "action": "send", "channel": reference(&format!("#/channels/{aggregate}")) });
        operations.insert(format!("publish{aggregate}"), operation);
    }
    let headers = HEADERS.iter().map(|(name, description)| {
        let header = json!({ "type": "string", "description": description });
        ((*name).to_owned(), header)
    });
    let required: Vec<_> = HEADERS.iter().map(|(name, _)| *name).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Baize: what happens in the halls",
            "version": VERSION,
            "description": "Every event, in the order in which it was committed, in the JetStream stream EVENTS. The stream's sequence is the \
                position in the log. A body is the event as it was recorded, byte for byte: an object with one field, named as the event type. \
                Fields may be added within a version; follow with a consumer of your own and keep the position.",
            "license": { "name": "Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": {
                "headers": { "type": "object", "properties": headers.collect::<Map<_, _>>(), "required": required },
            },
        },
    })
}

/// The types of the events that a schema is about, in its own order.
fn variants(schema: &Schema) -> impl Iterator<Item = &str> {
    let variants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    variants.filter_map(|variant| variant["required"][0].as_str())
}

fn message(aggregate: &str, event_type: &str, number: usize) -> Value {
    json!({
        "name": event_type,
        "title": format!("{aggregate}: {event_type}"),
        "headers": reference("#/components/schemas/headers"),
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": reference(&format!("json/{aggregate}.json#/oneOf/{number}")),
        },
    })
}

fn reference(to: &str) -> Value {
    json!({ "$ref": to })
}
