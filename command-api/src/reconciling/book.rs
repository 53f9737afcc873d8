//! Our side: a table of all that providers were asked for, which follows the log.

use anyhow::Context as _;
use baize_domain::Event;
use baize_domain::Fen;
use baize_domain::ids::PaymentIntentId;
use baize_domain::payment::{Channel, OrderNo, PaymentEvent, RefundNo};
use baize_domain::reconciliation::{BillLine, BookLine, RowKind, Standing};
use baize_domain::refund::RefundEvent;
use baize_eventlog::{EventLog, RecordedEvent, SqlTimestamp, checkpoint};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::daily::zone;

const CHECKPOINT: &str = "provider_book";
/// Events in one transaction.
const BATCH: usize = 4_096;
/// Lines of one day; as many as a bill may have rows.
const LINES_MAX: i64 = 500_000;

/// The table.
#[derive(Clone)]
pub struct Book {
    log: EventLog,
}

impl Book {
    /// On the log's own database.
    pub const fn new(log: EventLog) -> Self {
        Self { log }
    }

    /// Takes in everything that has happened.
    ///
    /// # Errors
    /// The database is away, or the log cannot be read.
    pub async fn catch_up(&self) -> anyhow::Result<()> {
        let head = self.log.head().await?;
        let mut position = checkpoint::position(self.log.pool(), CHECKPOINT).await?;
        while position < head {
            let events = self.log.read(position, BATCH).await?;
            let Some(last) = events.last().map(|event| event.position) else {
                break;
            };
            let mut transaction = self.log.pool().begin().await?;
            for event in &events {
                take_in(&mut transaction, event).await?;
            }
            checkpoint::advance(&mut transaction, CHECKPOINT, position, last).await?;
            transaction.commit().await?;
            position = last;
        }
        Ok(())
    }

    /// The day on which the provider was first asked for anything, Beijing's; nothing before that can be reconciled.
    ///
    /// # Errors
    /// The database is away.
    pub async fn first_day(&self, channel: Channel) -> anyhow::Result<Option<Date>> {
        let first: Option<SqlTimestamp> =
            sqlx::query_scalar("SELECT min(asked_at) FROM provider_book WHERE channel = $1")
                .bind(channel.code())
                .fetch_one(self.log.pool())
                .await?;
        Ok(first.map(|first| first.0.to_zoned(zone()).date()))
    }

    /// What is due on that day, and whatever else the bill is about.
    ///
    /// # Errors
    /// The database is away, or the day has more than a bill could.
    pub async fn of(&self, channel: Channel, date: Date, bill: &[BillLine]) -> anyhow::Result<Vec<BookLine>> {
        let (from, to) = day(date, &zone())?;
        let numbers: Vec<_> = bill.iter().map(|line| line.number.clone()).collect();
        let rows = sqlx::query(
            "SELECT number, is_refund, amount_fen, standing,
                    standing = 'done' AND billed_at >= $2 AND billed_at < $3 AS due
               FROM provider_book
              WHERE channel = $1
                AND (standing = 'done' AND billed_at >= $2 AND billed_at < $3 OR number = ANY ($4))
              LIMIT $5",
        )
        .bind(channel.code())
        .bind(SqlTimestamp(from))
        .bind(SqlTimestamp(to))
        .bind(numbers)
        .bind(LINES_MAX + 1)
        .fetch_all(self.log.pool())
        .await?;
        anyhow::ensure!(rows.len() <= LINES_MAX as usize, "the day has too many lines");
        rows.iter().map(line).collect()
    }
}

fn day(date: Date, zone: &TimeZone) -> anyhow::Result<(Timestamp, Timestamp)> {
    let start = |date: Date| anyhow::Ok(date.to_zoned(zone.clone())?.timestamp());
    Ok((start(date)?, start(date.tomorrow()?)?))
}

fn line(row: &PgRow) -> anyhow::Result<BookLine> {
    let standing: &str = row.try_get("standing")?;
    let is_refund: bool = row.try_get("is_refund")?;
    Ok(BookLine {
        kind: if is_refund { RowKind::Refund } else { RowKind::Payment },
        number: row.try_get("number")?,
        amount: Fen(row.try_get("amount_fen")?),
        standing: match standing {
            "done" => Standing::Done,
            "under_way" => Standing::UnderWay,
            _ => Standing::Not,
        },
        due: row.try_get::<Option<bool>, _>("due")?.unwrap_or_default(),
    })
}

async fn take_in(connection: &mut PgConnection, recorded: &RecordedEvent) -> anyhow::Result<()> {
    let stream = &recorded.stream;
    if !matches!(&*stream.aggregate_type, "Payment" | "Refund") {
        return Ok(());
    }
    let unreadable = || format!("the event at position {} cannot be read", recorded.position);
    let id: Uuid = stream.aggregate_id.parse().with_context(unreadable)?;
    match Event::decode(&stream.aggregate_type, &recorded.payload).with_context(unreadable)? {
        Event::Payment(event) => payment(connection, PaymentIntentId(id), event).await,
        Event::Refund(event) => refund(connection, RefundNo(id.into()), event).await,
        _ => Ok(()),
    }
}

async fn payment(connection: &mut PgConnection, intent_id: PaymentIntentId, event: PaymentEvent) -> anyhow::Result<()> {
    match event {
        PaymentEvent::AttemptAsked { order, at, .. } => {
            let asked = Asked {
                number: order.order_no.to_string(),
                channel: order.channel,
                is_refund: false,
                amount: order.amount,
                at,
            };
            asked.insert(connection).await
        }
        PaymentEvent::AttemptPaid { attempt, paid, .. } => {
            let number = OrderNo::new(intent_id, attempt)?.to_string();
            sqlx::query(
                "UPDATE provider_book SET standing = 'done', amount_fen = $2, billed_at = $3 WHERE number = $1",
            )
            .bind(number)
            .bind(paid.amount.0)
            .bind(SqlTimestamp(paid.paid_at))
            .execute(connection)
            .await?;
            Ok(())
        }
        PaymentEvent::AttemptClosed { attempt, .. } | PaymentEvent::AttemptFailed { attempt, .. } => {
            let number = OrderNo::new(intent_id, attempt)?.to_string();
            stand(connection, &number, "not", None).await
        }
        _ => Ok(()),
    }
}

async fn refund(connection: &mut PgConnection, number: RefundNo, event: RefundEvent) -> anyhow::Result<()> {
    let number = number.to_string();
    match event {
        RefundEvent::RefundRequested { request, at, .. } => {
            let asked = Asked {
                number: request.order.refund_no.to_string(),
                channel: request.order.channel,
                is_refund: true,
                amount: request.order.amount,
                at,
            };
            asked.insert(connection).await
        }
        RefundEvent::RefundSent { at } => stand(connection, &number, "under_way", Some(at)).await,
        RefundEvent::RefundSucceeded { refunded_at, .. } => stand(connection, &number, "done", Some(refunded_at)).await,
        RefundEvent::RefundApproved { .. } | RefundEvent::RefundRetried { .. } => {
            stand(connection, &number, "under_way", None).await
        }
        RefundEvent::RefundFailed { .. }
        | RefundEvent::RefundRejected { .. }
        | RefundEvent::RefundReplaced { .. }
        | RefundEvent::RefundSettledByHand { .. } => stand(connection, &number, "not", None).await,
    }
}

/// Something that a provider is asked for.
struct Asked {
    number: String,
    channel: Channel,
    is_refund: bool,
    amount: Fen,
    at: Timestamp,
}

impl Asked {
    async fn insert(self, connection: &mut PgConnection) -> anyhow::Result<()> {
        sqlx::query(
            "INSERT INTO provider_book (number, channel, is_refund, amount_fen, standing, asked_at)
             VALUES ($1, $2, $3, $4, 'under_way', $5) ON CONFLICT (number) DO NOTHING",
        )
        .bind(self.number)
        .bind(self.channel.code())
        .bind(self.is_refund)
        .bind(self.amount.0)
        .bind(SqlTimestamp(self.at))
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// What is done stays done. A refund is in the bill of the day on which the provider took it on, however long it takes from there.
async fn stand(
    connection: &mut PgConnection,
    number: &str,
    standing: &str,
    billed_at: Option<Timestamp>,
) -> anyhow::Result<()> {
    sqlx::query(
        "UPDATE provider_book SET standing = $2, billed_at = coalesce(billed_at, $3) WHERE number = $1 AND standing <> 'done'",
    )
    .bind(number)
    .bind(standing)
    .bind(billed_at.map(SqlTimestamp))
    .execute(connection)
    .await?;
    Ok(())
}
