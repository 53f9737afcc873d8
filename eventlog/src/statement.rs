//! The one statement that appends: a flush as parameters of `append_units`, and its answer.

use jiff::Timestamp;
use sqlx::{
    Connection, PgConnection, Postgres, Row,
    encode::{Encode, IsNull},
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgConnectOptions, PgHasArrayType, PgRow, PgTypeInfo, types::Oid},
};

use crate::{SqlTimestamp, Unit, options::LogOptions};

const APPEND: &str =
    "SELECT * FROM append_units($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";

/// What became of a unit.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// In the log; its last event has this position.
    Accepted { position: u64, recorded_at: Timestamp },
    /// The request had been executed before.
    Replayed { position: u64, response: Vec<u8> },
    /// The request id had been used before with other content.
    Reused,
    /// This one of its claims did not hold.
    Conflict { claim: usize },
}

/// Opens the appender's own connection.
pub(crate) async fn connect(options: &LogOptions) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(&session(options)).await
}

fn session(options: &LogOptions) -> PgConnectOptions {
    options.session("baize appender").options([
        // The function's plans do not depend on its arguments: never try to make better ones.
        ("plan_cache_mode", "force_generic_plan".to_owned()),
        // A statement whose client gave up must not commit much later.
        ("statement_timeout", options.flush_timeout.as_millis().to_string()),
    ])
}

/// Runs one flush: one round trip, one transaction. A second one if a stream or a request turned out to be known: then all
/// of the first came to nothing, and it takes a closer look to tell who is refused.
pub(crate) async fn append(connection: &mut PgConnection, units: &[Unit]) -> Result<Vec<Outcome>, sqlx::Error> {
    match run(connection, units, false).await {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => run(connection, units, true).await,
        result => result,
    }
}

async fn run(connection: &mut PgConnection, units: &[Unit], careful: bool) -> Result<Vec<Outcome>, sqlx::Error> {
    let metadata: Vec<String> = units
        .iter()
        .map(|unit| serde_json::to_string(&unit.metadata).unwrap_or_else(|_| "{}".into()))
        .collect();
    let mut claims = Claims::default();
    let mut events = Events::default();
    let mut last = Vec::with_capacity(units.len());
    for (number, unit) in units.iter().enumerate() {
        let unit_number = number as i32 + 1;
        for claim in &unit.streams {
            claims.unit.push(unit_number);
            claims.aggregate_type.push(&claim.stream.aggregate_type);
            claims.aggregate_id.push(&claim.stream.aggregate_id);
            claims.expected.push(claim.expected_version as i64);
            claims
                .creates
                .push(claim.expected_version == 0 && !claim.events.is_empty());
            for (event, sequence) in claim.events.iter().zip(claim.expected_version as i64 + 1..) {
                events.unit.push(unit_number);
                events.aggregate_type.push(&claim.stream.aggregate_type);
                events.aggregate_id.push(&claim.stream.aggregate_id);
                events.sequence.push(sequence);
                events.event_type.push(&event.event_type);
                events.event_version.push(&event.event_version);
                events.payload.push(JsonText(&event.payload));
                events.metadata.push(JsonText(&metadata[number]));
            }
        }
        last.push(events.unit.len() as i32);
    }
    let row = sqlx::query(APPEND)
        .bind(column(units, |unit| unit.request.scope.as_str()))
        .bind(column(units, |unit| unit.request.request_id))
        .bind(column(units, |unit| unit.request.content_hash.as_slice()))
        .bind(column(units, |unit| unit.response.as_slice()))
        .bind(last)
        .bind(claims.unit)
        .bind(claims.aggregate_type)
        .bind(claims.aggregate_id)
        .bind(claims.expected)
        .bind(claims.creates)
        .bind(events.unit)
        .bind(events.aggregate_type)
        .bind(events.aggregate_id)
        .bind(events.sequence)
        .bind(events.event_type)
        .bind(events.event_version)
        .bind(events.payload)
        .bind(events.metadata)
        .bind(careful)
        .fetch_one(connection)
        .await?;

    let answer = Answer::read(&row)?;
    let outcomes = answer.outcomes(units);
    outcomes.ok_or_else(|| sqlx::Error::Protocol("append_units: unknown outcome".into()))
}

/// The row that `append_units` returns; see there.
struct Answer {
    head: u64,
    recorded_at: Timestamp,
    refused: Option<Refused>,
}

struct Refused {
    outcome: Vec<i32>,
    at: Vec<i64>,
    answer: Vec<Option<Vec<u8>>>,
    claim: Vec<Option<i32>>,
}

impl Answer {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let refused = match row.try_get(2)? {
            None => None,
            Some(outcome) => Some(Refused {
                outcome,
                at: row.try_get(3)?,
                answer: row.try_get(4)?,
                claim: row.try_get(5)?,
            }),
        };
        Ok(Self {
            head: row.try_get::<i64, _>(0)? as u64,
            recorded_at: row.try_get::<SqlTimestamp, _>(1)?.0,
            refused,
        })
    }

    fn outcomes(self, units: &[Unit]) -> Option<Vec<Outcome>> {
        let recorded_at = self.recorded_at;
        let Some(refused) = self.refused else {
            let mut position = self.head;
            let accepted = |unit: &Unit| {
                position += events_of(unit) as u64;
                Outcome::Accepted { position, recorded_at }
            };
            return Some(units.iter().map(accepted).collect());
        };
        let mut claims_before = 0;
        let mut answers = refused.answer.into_iter();
        let outcomes = units.iter().enumerate().map(|(number, unit)| {
            let position = *refused.at.get(number)? as u64;
            let response = answers.next()?;
            let claim = refused.claim.get(number)?;
            let outcome = match refused.outcome.get(number)? {
                0 => Outcome::Accepted { position, recorded_at },
                1 => Outcome::Replayed {
                    position,
                    response: response?,
                },
                2 => Outcome::Reused,
                3 => Outcome::Conflict {
                    claim: (usize::try_from((*claim)?).ok()?).checked_sub(claims_before + 1)?,
                },
                _ => return None,
            };
            claims_before += unit.streams.len();
            Some(outcome)
        });
        outcomes.collect()
    }
}

pub(crate) fn events_of(unit: &Unit) -> usize {
    unit.streams.iter().map(|claim| claim.events.len()).sum()
}

fn column<'u, T>(units: &'u [Unit], value: impl Fn(&'u Unit) -> T) -> Vec<T> {
    units.iter().map(value).collect()
}

#[derive(Default)]
struct Claims<'u> {
    unit: Vec<i32>,
    aggregate_type: Vec<&'u str>,
    aggregate_id: Vec<&'u str>,
    expected: Vec<i64>,
    creates: Vec<bool>,
}

#[derive(Default)]
struct Events<'u> {
    unit: Vec<i32>,
    aggregate_type: Vec<&'u str>,
    aggregate_id: Vec<&'u str>,
    sequence: Vec<i64>,
    event_type: Vec<&'u str>,
    event_version: Vec<&'u str>,
    payload: Vec<JsonText<'u>>,
    metadata: Vec<JsonText<'u>>,
}

/// JSON text sent as `json` as it is; sqlx's own `Json` would parse and print it again.
struct JsonText<'u>(&'u str);

const JSON: Oid = Oid(114);
const JSON_ARRAY: Oid = Oid(199);

impl sqlx::Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON)
    }
}

impl PgHasArrayType for JsonText<'_> {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON_ARRAY)
    }
}

impl Encode<'_, Postgres> for JsonText<'_> {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buf.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}
