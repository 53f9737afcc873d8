//! What the queries about payments read.

use std::sync::Arc;

use baize_domain::hall::{business_day_start, time_zone_or_utc};
use baize_proto::access::Belonging;
use baize_proto::hall::payment::v1 as named;
use baize_proto::hall::view::v1::ListPaymentsRequest;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::postgres::PgRow;
use tokio::sync::broadcast::Receiver;
use uuid::Uuid;

use super::encode;
use crate::engine::Announcement;
use crate::query::deadline::Deadline;
use crate::query::error::Error;
use crate::query::fields::Fields;
use crate::query::page::Page;
use crate::query::reader::{Found, Reader, Selection, Value};
use crate::query::rights::Belongs;
use crate::query::watch::Watched;
use crate::store::{Row as _, TableNames};
use crate::views::payments::{PaymentRow, PaymentStatus, ProviderName, ReviewRow};

/// Which payments, the newest first.
pub(super) struct Wanted {
    chain_id: Option<Uuid>,
    hall_id: Option<Uuid>,
    member_id: Option<Uuid>,
    status: Option<PaymentStatus>,
    channel: Option<ProviderName>,
    /// A business day of that hall.
    day: Option<(Uuid, Date)>,
    pub(super) page: Page,
}

impl TryFrom<&ListPaymentsRequest> for Wanted {
    type Error = Error;

    fn try_from(request: &ListPaymentsRequest) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let chain_id = fields.optional_id("chain_id", &request.chain_id);
        let hall_id = fields.optional_id("hall_id", &request.hall_id);
        let member_id = fields.optional_id("member_id", &request.member_id);
        if named::PaymentState::try_from(request.state).is_err() {
            fields.refuse("state", "is none that is known");
        }
        if named::Channel::try_from(request.channel).is_err() {
            fields.refuse("channel", "is none that is known");
        }
        let day = day(&mut fields, &request.business_date, hall_id);
        // What narrows the list, beside whose it is, as one id.
        let number = |number: i32| u64::from(number.unsigned_abs());
        let kinds = number(request.state) << 32 | number(request.channel);
        let date = day.map_or(0, |(_, date)| {
            number(date.year().into()) << 16 | number(date.month().into()) << 8 | number(date.day().into())
        });
        let filter = [chain_id, hall_id, member_id, Some(Uuid::from_u64_pair(kinds, date))];
        let page = Page::read(&mut fields, request.page_size, &request.page_token, &filter);
        fields.finish()?;
        Ok(Self {
            chain_id,
            hall_id,
            member_id,
            status: encode::asked_status(request.state()),
            channel: encode::asked_channel(request.channel()),
            day,
            page,
        })
    }
}

/// A business day, and the hall whose it is.
fn day(fields: &mut Fields, date: &str, hall_id: Option<Uuid>) -> Option<(Uuid, Date)> {
    if date.is_empty() {
        return None;
    }
    let Ok(read) = date.parse::<Date>() else {
        fields.refuse("business_date", "is not a date such as 2026-10-01");
        return None;
    };
    if hall_id.is_none() {
        fields.refuse("hall_id", "is required with business_date");
    }
    hall_id.map(|hall_id| (hall_id, read))
}

impl Belongs for Wanted {
    /// To whom all payments of the list belong.
    fn belonging(&self) -> Belonging {
        Belonging {
            member: self.member_id,
            hall: self.hall_id,
            chain: self.chain_id,
        }
    }
}

impl Watched for PaymentRow {
    fn announced(reader: &Reader) -> Receiver<Announcement<Arc<[Self]>>> {
        reader.payments.watch()
    }

    fn id(&self) -> Uuid {
        self.intent_id
    }

    async fn watched_row(reader: &Reader, id: Uuid, deadline: Deadline) -> Result<(Self, u64), Error> {
        reader.payment(id, deadline).await
    }

    fn is_final(&self) -> bool {
        self.status.is_final()
    }
}

impl Reader {
    /// A payment.
    pub(crate) async fn payment(&self, intent_id: Uuid, deadline: Deadline) -> Result<(PaymentRow, u64), Error> {
        self.one(&self.payments, "payment", "intent_id", intent_id, deadline)
            .await
    }

    pub(super) async fn payment_page(&self, wanted: &Wanted, deadline: Deadline) -> Result<Found<PaymentRow>, Error> {
        let mut values = vec![Value::Number(wanted.page.before()), Value::Number(wanted.page.limit())];
        let mut conditions = String::from("started < $3");
        let mut narrow = |condition: &str, value| {
            values.push(value);
            conditions.push_str(&format!(" AND {condition} ${}", values.len() + 2));
        };
        let ids = [
            ("member_id =", wanted.member_id),
            ("hall_id =", wanted.hall_id),
            ("chain_id =", wanted.chain_id),
        ];
        for (condition, id) in ids {
            if let Some(id) = id {
                narrow(condition, Value::Id(id));
            }
        }
        if let Some(status) = wanted.status {
            narrow("status =", Value::Text(status.as_str()));
        }
        if let Some(channel) = wanted.channel {
            narrow("channel =", Value::Text(channel.as_str()));
        }
        if let Some((hall_id, date)) = wanted.day {
            let (begin, end) = self.business_day(hall_id, date, deadline).await?;
            let micros = "(extract(epoch FROM started_at) * 1000000)::bigint";
            narrow(&format!("{micros} >="), Value::Number(begin.as_microsecond()));
            narrow(&format!("{micros} <"), Value::Number(end.as_microsecond()));
        }
        let selection = Selection {
            tail: &format!("{conditions} ORDER BY started DESC LIMIT $4"),
            values: &values,
        };
        self.read(&self.payments, selection, deadline).await
    }

    /// When a business day of a hall begins and ends, by the hall's clocks.
    async fn business_day(
        &self,
        hall_id: Uuid,
        date: Date,
        deadline: Deadline,
    ) -> Result<(Timestamp, Timestamp), Error> {
        let hall = self.counted_hall(hall_id, deadline).await?.0.hall;
        let zone = time_zone_or_utc(&hall.time_zone);
        let start = |date| business_day_start(&zone, hall.business_day_cutoff_minutes.unsigned_abs(), date);
        Ok((start(date), date.tomorrow().map_or(Timestamp::MAX, start)))
    }

    /// What waits for somebody, with the payments that it is about.
    pub(super) async fn reviews(
        &self,
        chain_id: Option<Uuid>,
        page: &Page,
        deadline: Deadline,
    ) -> Result<Found<(ReviewRow, PaymentRow)>, Error> {
        let mut values = vec![Value::Number(page.after()), Value::Number(page.limit())];
        let mut condition = "r.open AND r.since > $3".to_owned();
        if let Some(chain_id) = chain_id {
            values.push(Value::Id(chain_id));
            condition.push_str(" AND r.chain_id = $5");
        }
        let inner = |names: &TableNames| {
            format!(
                "SELECT {}, {} FROM {} r JOIN {} p ON p.intent_id = r.intent_id
                 WHERE {condition} ORDER BY r.since LIMIT $4",
                ReviewRow::TABLE.column_list("r."),
                PaymentRow::TABLE.column_list("p."),
                names.of(&ReviewRow::TABLE),
                names.of(&PaymentRow::TABLE),
            )
        };
        let decode = |row: &PgRow| {
            let payment = PaymentRow::read(row, 1 + ReviewRow::TABLE.columns.len())?;
            Ok::<_, sqlx::Error>((ReviewRow::read(row, 1)?, payment))
        };
        self.read_as(&self.payments, &inner, &values, deadline, decode).await
    }
}
