//! Reading a long stretch of the log: `COPY … TO STDOUT` in binary form.
//!
//! COPY streams rows without a portal's back and forth, and its rows are parsed here in a task of their own, so
//! that the database, the parser and the fold work at the same time. Memory is bounded by the channel.

use std::sync::Arc;

use futures::StreamExt;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{sync::mpsc, task::AbortHandle};

use crate::{
    Error, RecordedEvent, Result, SqlTimestamp, StreamId,
    read::{SharedMetadata, columns},
};

const BATCH_EVENTS: usize = 512;
const BATCHES_WAITING_MAX: usize = 4;

/// A stretch of the log being read. Dropping it ends the reading.
pub struct Replay {
    batches: mpsc::Receiver<Result<Vec<RecordedEvent>>>,
    reader: AbortHandle,
}

impl Replay {
    pub(crate) async fn start(connect: PgConnectOptions, after: u64, until: u64) -> Result<Self> {
        let connection = PgConnection::connect_with(&connect).await?;
        let (sender, batches) = mpsc::channel(BATCHES_WAITING_MAX);
        let task = tokio::spawn(async move {
            if let Err(error) = read(connection, after, until, &sender).await {
                // A reader that left needs no error.
                let _ = sender.send(Err(error)).await;
            }
        });
        Ok(Self {
            batches,
            reader: task.abort_handle(),
        })
    }

    /// The next events in order, or `None` when everything was read. An error ends the replay: a connection
    /// lost half way is never taken for the end.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<RecordedEvent>>> {
        self.batches.recv().await.transpose()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read(
    mut connection: PgConnection,
    after: u64,
    until: u64,
    sender: &mpsc::Sender<Result<Vec<RecordedEvent>>>,
) -> Result<()> {
    let (after, until) = (after.min(i64::MAX as u64), until.min(i64::MAX as u64));
    let statement = format!(
        "COPY (SELECT {} FROM events WHERE position > {after} AND position <= {until} ORDER BY position) TO STDOUT (FORMAT binary)",
        columns!()
    );
    let mut chunks = connection.copy_out_raw(&statement).await?;
    let mut parser = Parser::new(after + 1);
    while let Some(chunk) = chunks.next().await {
        parser.push(&chunk?)?;
        if parser.events.len() >= BATCH_EVENTS && sender.send(Ok(parser.take())).await.is_err() {
            return Ok(());
        }
    }
    if !parser.ended {
        return Err(Error::Unreadable("the copy ended without its trailer".into()));
    }
    if !parser.events.is_empty() {
        let _ = sender.send(Ok(parser.take())).await;
    }
    Ok(())
}

/// Turns binary COPY data into events, whatever the size of the pieces it arrives in.
struct Parser {
    rest: Vec<u8>,
    header_seen: bool,
    ended: bool,
    next: u64,
    metadata: SharedMetadata,
    events: Vec<RecordedEvent>,
}

/// `PGCOPY\n\377\r\n\0`, then flags and the length of a header extension.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const FIELDS: i16 = 9;
const TRAILER: i16 = -1;

impl Parser {
    fn new(next: u64) -> Self {
        Self {
            rest: Vec::new(),
            header_seen: false,
            ended: false,
            next,
            metadata: SharedMetadata::default(),
            events: Vec::with_capacity(BATCH_EVENTS),
        }
    }

    fn take(&mut self) -> Vec<RecordedEvent> {
        std::mem::replace(&mut self.events, Vec::with_capacity(BATCH_EVENTS))
    }

    fn push(&mut self, chunk: &[u8]) -> Result<()> {
        if self.rest.is_empty() {
            // The usual case: Postgres sends whole rows.
            let used = self.parse(chunk)?;
            self.rest.extend_from_slice(&chunk[used..]);
        } else {
            let mut rest = std::mem::take(&mut self.rest);
            rest.extend_from_slice(chunk);
            let used = self.parse(&rest)?;
            rest.drain(..used);
            self.rest = rest;
        }
        Ok(())
    }

    /// Parses whole rows and returns how many bytes they took.
    fn parse(&mut self, data: &[u8]) -> Result<usize> {
        let mut cursor = Cursor(data);
        if !self.header_seen {
            let Some(()) = cursor.header()? else {
                return Ok(0);
            };
            self.header_seen = true;
        }
        loop {
            let before = cursor.0.len();
            let Some(row) = cursor.row()? else {
                return Ok(data.len() - before);
            };
            match row {
                None => self.ended = true,
                Some(fields) => {
                    let event = self.event(fields)?;
                    self.events.push(event);
                }
            }
        }
    }

    fn event(&mut self, fields: [&[u8]; FIELDS as usize]) -> Result<RecordedEvent> {
        let [
            position,
            aggregate_type,
            aggregate_id,
            sequence,
            event_type,
            event_version,
            payload,
            metadata,
            recorded_at,
        ] = fields;
        let position = int(position)? as u64;
        if position != self.next {
            return Err(Error::Gap {
                expected: self.next,
                found: position,
            });
        }
        self.next += 1;
        Ok(RecordedEvent {
            position,
            stream: StreamId::new(text(aggregate_type)?.to_owned(), text(aggregate_id)?),
            sequence: int(sequence)? as u64,
            event_type: text(event_type)?.to_owned(),
            event_version: text(event_version)?.to_owned(),
            payload: Arc::from(text(payload)?),
            metadata: self.metadata.read(text(metadata)?)?,
            recorded_at: SqlTimestamp::from_wire(int(recorded_at)?).map_err(unreadable)?.0,
        })
    }
}

struct Cursor<'d>(&'d [u8]);

impl<'d> Cursor<'d> {
    fn take(&mut self, bytes: usize) -> Option<&'d [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    /// `None` if more data is needed; then nothing is consumed.
    fn header(&mut self) -> Result<Option<()>> {
        let Some((head, rest)) = self.0.split_at_checked(19) else {
            return Ok(None);
        };
        if !head.starts_with(SIGNATURE) || head[11..] != [0; 8] {
            return Err(unreadable("not a binary copy"));
        }
        self.0 = rest;
        Ok(Some(()))
    }

    /// A row (`Some(None)` is the trailer), or `None` if more data is needed; then nothing is consumed.
    #[allow(clippy::type_complexity)]
    fn row(&mut self) -> Result<Option<Option<[&'d [u8]; FIELDS as usize]>>> {
        let mut ahead = Cursor(self.0);
        let Some(count) = ahead.take(2) else {
            return Ok(None);
        };
        match i16::from_be_bytes([count[0], count[1]]) {
            TRAILER => {
                self.0 = ahead.0;
                return Ok(Some(None));
            }
            FIELDS => {}
            other => return Err(unreadable(format!("a row of {other} fields"))),
        }
        let mut fields = [[].as_slice(); FIELDS as usize];
        for field in &mut fields {
            let Some(length) = ahead.take(4) else {
                return Ok(None);
            };
            let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
            let length = usize::try_from(length).map_err(|_| unreadable("a NULL in an event"))?;
            let Some(value) = ahead.take(length) else {
                return Ok(None);
            };
            *field = value;
        }
        self.0 = ahead.0;
        Ok(Some(Some(fields)))
    }
}

fn int(field: &[u8]) -> Result<i64> {
    field.try_into().map(i64::from_be_bytes).map_err(unreadable)
}

fn text(field: &[u8]) -> Result<&str> {
    std::str::from_utf8(field).map_err(unreadable)
}

fn unreadable(why: impl ToString) -> Error {
    Error::Unreadable(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(positions: impl IntoIterator<Item = u64>) -> Vec<u8> {
        let mut data = SIGNATURE.to_vec();
        data.extend([0; 8]);
        for position in positions {
            data.extend(FIELDS.to_be_bytes());
            let position = (position as i64).to_be_bytes();
            let fields: [&[u8]; 9] = [
                &position,
                b"Account",
                b"a-1",
                &position,
                b"Deposited",
                b"1.0",
                b"{\"n\":1}",
                b"{\"hall\":\"h\"}",
                &[0; 8],
            ];
            for field in fields {
                data.extend((field.len() as i32).to_be_bytes());
                data.extend(field);
            }
        }
        data.extend(TRAILER.to_be_bytes());
        data
    }

    #[test]
    fn pieces_of_any_size_make_the_same_events() {
        let data = copy(4..=6);
        let mut whole = Parser::new(4);
        whole.push(&data).unwrap();
        assert!(whole.ended);
        assert_eq!(whole.events.len(), 3);
        assert_eq!(&*whole.events[2].payload, "{\"n\":1}");
        for size in 1..data.len() {
            let mut parser = Parser::new(4);
            for piece in data.chunks(size) {
                parser.push(piece).unwrap();
            }
            assert!(parser.ended, "pieces of {size}");
            assert_eq!(parser.events, whole.events, "pieces of {size}");
        }
    }

    #[test]
    fn a_gap_is_an_error() {
        let mut parser = Parser::new(1);
        let gap = parser.push(&copy([1, 3])).unwrap_err();
        assert!(matches!(gap, Error::Gap { expected: 2, found: 3 }));
    }
}
