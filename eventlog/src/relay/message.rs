//! An event as a message: body, headers and subject; and back.
//!
//! The body is the stored payload, byte for byte. The headers carry the rest twice: as CloudEvents attributes
//! for everybody (NATS binding, binary mode), and as `Baize-…` for readers that want the event exactly.

use std::sync::Arc;

use async_nats::{HeaderMap, HeaderValue};
use bytes::Bytes;

use crate::{Error, META_HALL, META_TRACEPARENT, RecordedEvent, Result, StreamId};

const POSITION: &str = "Baize-Position";
const AGGREGATE_TYPE: &str = "Baize-Aggregate-Type";
const AGGREGATE_ID: &str = "Baize-Aggregate-Id";
const SEQUENCE: &str = "Baize-Sequence";
const EVENT_TYPE: &str = "Baize-Event-Type";
const EVENT_VERSION: &str = "Baize-Event-Version";
const METADATA: &str = "Baize-Metadata";
const RECORDED_AT: &str = "Baize-Recorded-At";
const NATS_MESSAGE_ID: &str = "Nats-Msg-Id";
const NATS_EXPECTED_LAST_SEQUENCE: &str = "Nats-Expected-Last-Sequence";
/// Hex of [`RecordedEvent::hash`].
const HASH: &str = "Baize-Hash";

/// The headers of every message, and what they hold.
pub const HEADERS: &[(&str, &str)] = &[
    ("ce-specversion", "CloudEvents: 1.0"),
    (
        "ce-id",
        "CloudEvents: aggregate type, aggregate id and sequence; unique",
    ),
    ("ce-source", "CloudEvents: which Baize"),
    ("ce-type", "CloudEvents: baize.<aggregate type>.<event type>"),
    ("ce-subject", "CloudEvents: the aggregate's id"),
    ("ce-time", "CloudEvents: when the event was recorded, RFC 3339"),
    ("content-type", "application/json"),
    (
        POSITION,
        "place in the whole log: 1, 2, 3 … without gaps; equal to the stream's sequence",
    ),
    (AGGREGATE_TYPE, "type of the aggregate"),
    (AGGREGATE_ID, "id of the aggregate"),
    (SEQUENCE, "place among the aggregate's events: 1, 2, 3 … without gaps"),
    (EVENT_TYPE, "type of the event"),
    (EVENT_VERSION, "version of the event type, as 1.0.0"),
    (
        METADATA,
        "JSON object of strings: who did it, over which request, in which hall",
    ),
    (RECORDED_AT, "when the event was recorded, RFC 3339 with microseconds"),
    (HASH, "SHA-256 of the event, hexadecimal"),
    (NATS_MESSAGE_ID, "the same as ce-id"),
    (NATS_EXPECTED_LAST_SEQUENCE, "the position before this one"),
];

impl RecordedEvent {
    /// Where the event is published: `events.<aggregate type>.<hall or ->.<event type>`.
    pub fn subject(&self) -> String {
        format!(
            "events.{}.{}.{}",
            token(&self.stream.aggregate_type),
            token(self.metadata.get(META_HALL).map_or("-", String::as_str)),
            token(&self.event_type),
        )
    }

    /// The event that a message of the stream `EVENTS` holds, equal to what the log holds.
    ///
    /// Works for messages of consumers and for those read directly. That the hash fits is checked too: a
    /// message damaged on its way is an error, not an event.
    pub fn from_message(headers: &HeaderMap, payload: &[u8]) -> Result<Self> {
        let event = Self {
            position: number(headers, POSITION)?,
            stream: StreamId::new(text(headers, AGGREGATE_TYPE)?.to_owned(), text(headers, AGGREGATE_ID)?),
            sequence: number(headers, SEQUENCE)?,
            event_type: text(headers, EVENT_TYPE)?.to_owned(),
            event_version: text(headers, EVENT_VERSION)?.to_owned(),
            payload: Arc::from(std::str::from_utf8(payload).map_err(|error| unreadable("body", error))?),
            metadata: serde_json::from_str(text(headers, METADATA)?)
                .map(Arc::new)
                .map_err(|error| unreadable(METADATA, error))?,
            recorded_at: text(headers, RECORDED_AT)?
                .parse()
                .map_err(|error| unreadable(RECORDED_AT, error))?,
        };
        if text(headers, HASH)? != hex(&event.hash()) {
            return Err(unreadable(HASH, "does not fit the event"));
        }
        Ok(event)
    }

    /// Headers and body to publish. `source` is the CloudEvents source.
    pub(crate) fn to_message(&self, source: &str) -> Result<(HeaderMap, Bytes)> {
        let metadata = serde_json::to_string(&*self.metadata).map_err(|error| unreadable(METADATA, error))?;
        let id = format!("{}/{}", self.stream, self.sequence);
        let recorded_at = self.recorded_at.to_string();
        let ce_type = format!("baize.{}.{}", self.stream.aggregate_type, self.event_type);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("ce-specversion", "1.0"),
            ("ce-id", &id),
            ("ce-source", source),
            ("ce-type", &ce_type),
            ("ce-subject", &self.stream.aggregate_id),
            ("ce-time", &recorded_at),
            ("content-type", "application/json"),
            (POSITION, &self.position.to_string()),
            (AGGREGATE_TYPE, &self.stream.aggregate_type),
            (AGGREGATE_ID, &self.stream.aggregate_id),
            (SEQUENCE, &self.sequence.to_string()),
            (EVENT_TYPE, &self.event_type),
            (EVENT_VERSION, &self.event_version),
            (METADATA, &metadata),
            (RECORDED_AT, &recorded_at),
            (HASH, &hex(&self.hash())),
            // A label only: what makes publishing exactly once is the expected sequence.
            (NATS_MESSAGE_ID, &id),
            (NATS_EXPECTED_LAST_SEQUENCE, &(self.position - 1).to_string()),
        ] {
            let value: HeaderValue = value.parse().map_err(|error| unreadable(name, error))?;
            headers.insert(name, value);
        }
        if let Some(traceparent) = self.metadata.get(META_TRACEPARENT)
            && traceparent.bytes().all(|byte| byte.is_ascii_graphic())
        {
            headers.insert("traceparent", traceparent.as_str());
        }
        Ok((headers, Bytes::copy_from_slice(self.payload.as_bytes())))
    }
}

/// A name as one token of a subject.
fn token(name: &str) -> String {
    if name.is_empty() {
        return "-".to_owned();
    }
    name.chars()
        .map(|c| match c {
            '.' | '*' | '>' => '_',
            c if c.is_whitespace() || c.is_control() => '_',
            c => c,
        })
        .collect()
}

fn text<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<&'h str> {
    headers
        .get(name)
        .map(|value| value.as_str())
        .ok_or_else(|| unreadable(name, "is missing"))
}

fn number(headers: &HeaderMap, name: &'static str) -> Result<u64> {
    text(headers, name)?.parse().map_err(|error| unreadable(name, error))
}

fn unreadable(what: &str, why: impl std::fmt::Display) -> Error {
    Error::Unreadable(format!("message: {what}: {why}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> RecordedEvent {
        RecordedEvent {
            position: 7,
            stream: StreamId::new("TableSession", "会话 1"),
            sequence: 2,
            event_type: "SessionOpened".into(),
            event_version: "1.0".into(),
            payload: Arc::from("{ \"price_fen\" : 1200 ,\"note\":\"灯亮\"}"),
            metadata: Arc::new(
                [
                    ("hall", "hall 1.a"),
                    ("traceparent", "00-1-2-01"),
                    ("note", "two\r\nlines"),
                ]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ),
            recorded_at: "2026-11-20T18:00:00.000001Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_message_holds_the_whole_event() {
        let (headers, payload) = event().to_message("/baize").unwrap();
        assert_eq!(payload, event().payload.as_bytes());
        assert_eq!(RecordedEvent::from_message(&headers, &payload).unwrap(), event());
        assert_eq!(headers.get("ce-id").unwrap().as_str(), "TableSession/会话 1/2");
        assert_eq!(headers.get("traceparent").unwrap().as_str(), "00-1-2-01");
    }

    #[test]
    fn a_message_has_the_documented_headers_and_no_other() {
        let quiet = RecordedEvent {
            metadata: Arc::default(),
            ..event()
        };
        let (headers, _) = quiet.to_message("/baize").unwrap();
        let mut written: Vec<_> = headers.iter().map(|(name, _)| name.to_string()).collect();
        let mut documented: Vec<_> = HEADERS.iter().map(|(name, _)| (*name).to_owned()).collect();
        written.sort_unstable();
        documented.sort_unstable();
        assert_eq!(written, documented);
    }

    #[test]
    fn a_subject_has_four_tokens_whatever_the_names_hold() {
        assert_eq!(event().subject(), "events.TableSession.hall_1_a.SessionOpened");
        let elsewhere = RecordedEvent {
            metadata: Arc::default(),
            ..event()
        };
        assert_eq!(elsewhere.subject(), "events.TableSession.-.SessionOpened");
    }

    #[test]
    fn a_damaged_message_is_no_event() {
        let (headers, _) = event().to_message("/baize").unwrap();
        assert!(RecordedEvent::from_message(&headers, b"{}").is_err());
        let (mut headers, payload) = event().to_message("/baize").unwrap();
        headers.insert(SEQUENCE, "3");
        assert!(RecordedEvent::from_message(&headers, &payload).is_err());
    }

    #[test]
    fn a_trace_context_cannot_smuggle_headers() {
        let mut event = event();
        event.metadata = Arc::new([("traceparent".to_owned(), "x\r\nNats-Rollup: all".to_owned())].into());
        let (headers, _) = event.to_message("/baize").unwrap();
        assert!(headers.get("traceparent").is_none());
    }
}
