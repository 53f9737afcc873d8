//! What the staff of a hall have to know, by mail: gathered for two minutes, then grouped by hall and cause.
//!
//! How far alerts were sent stands in the table `alert_mails`, and moves on after the mail went out: whoever dies in between lets it come twice,
//! under the same message id, rather than not at all. Who begins to get alerts gets none of before.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use baize_domain::ids::derived;
use baize_eventlog::{Clock, EventLog};
use jiff::SignedDuration;
use lettre::Message;
use lettre::message::Mailbox;
use sqlx::PgPool;
use tonic::Status;

use super::Scope;
use super::figures::halls;
use super::subscriptions::Subscription;
use crate::mail::{Mailer, SendError};
use crate::query::{Deadline, Found, Reader, Selection, Value, alert_words};
use crate::views::devices::{AlertKind, AlertRow};
use crate::views::indicators::HallRow;
use crate::web::Language;

/// For how long alerts are gathered before they are sent.
const GATHER: SignedDuration = SignedDuration::from_secs(120);
/// Alerts of one mail; more come in the next.
const ALERTS_MAX: usize = 500;
/// Alerts of one cause that are told one by one.
const LINES_MAX: usize = 10;
/// How long reading for one mail may take.
const READ_MAX: Duration = Duration::from_secs(30);

/// Sends alerts.
pub(super) struct Alerter {
    pub(super) reader: Arc<Reader>,
    pub(super) log: EventLog,
    pub(super) pool: PgPool,
    pub(super) mailer: Mailer,
    pub(super) clock: Clock,
}

impl Alerter {
    /// Sends what has gathered since the last mail.
    pub(super) async fn turn(&self, to: &Subscription) -> anyhow::Result<()> {
        let deadline = Deadline::within(READ_MAX);
        let halls = halls(&self.reader, to.scope, deadline)
            .await
            .map_err(Status::from)?
            .rows;
        let Some(last) = self.last(to.scope).await? else {
            let now = self.log.head().await?;
            return self.sent(to.scope, i64::try_from(now).unwrap_or(i64::MAX)).await;
        };
        let alerts = self.since(&halls, last, deadline).await.map_err(Status::from)?.rows;
        let (Some(first), Some(newest)) = (alerts.first(), alerts.last()) else {
            return Ok(());
        };
        let age = self.clock.now().duration_since(first.at.timestamp());
        if age < GATHER && alerts.len() < ALERTS_MAX {
            return Ok(());
        }
        let mail = write(&alerts, &halls, to, newest.position, self.mailer.from())?.formatted();
        match self.mailer.send(&to.to, &mail).await {
            Ok(()) => {}
            Err(SendError::Refused(why) | SendError::Unclear(why)) => anyhow::bail!(why),
        }
        tracing::info!(scope = %to.scope, alerts = alerts.len(), "alerts were sent");
        self.sent(to.scope, newest.position).await
    }

    async fn since(
        &self,
        halls: &[HallRow],
        last: i64,
        deadline: Deadline,
    ) -> Result<Found<AlertRow>, crate::query::Error> {
        let ids: Vec<_> = halls.iter().map(|hall| hall.hall_id.to_string()).collect();
        let ids = ids.join(",");
        let values = &[Value::Text(&ids), Value::Number(last)];
        let tail = format!(
            "hall_id = ANY(string_to_array($3, ',')::uuid[]) AND position > $4 ORDER BY position LIMIT {ALERTS_MAX}"
        );
        let selection = Selection { tail: &tail, values };
        self.reader.read(&self.reader.devices, selection, deadline).await
    }

    async fn last(&self, scope: Scope) -> anyhow::Result<Option<i64>> {
        let last = sqlx::query_scalar("SELECT position FROM alert_mails WHERE scope = $1");
        Ok(last.bind(scope.to_string()).fetch_optional(&self.pool).await?)
    }

    async fn sent(&self, scope: Scope, position: i64) -> anyhow::Result<()> {
        let moved = sqlx::query(
            "INSERT INTO alert_mails (scope, position) VALUES ($1, $2)
             ON CONFLICT (scope) DO UPDATE SET position = greatest(alert_mails.position, excluded.position), changed_at = now()",
        );
        moved.bind(scope.to_string()).bind(position).execute(&self.pool).await?;
        Ok(())
    }
}

fn write(
    alerts: &[AlertRow],
    halls: &[HallRow],
    to: &Subscription,
    position: i64,
    from: &Mailbox,
) -> anyhow::Result<Message> {
    let language = to.language;
    let mut text = String::new();
    let mut names = Vec::new();
    for hall in halls {
        let mut causes: Vec<(AlertKind, Vec<&AlertRow>)> = Vec::new();
        for alert in alerts.iter().filter(|alert| alert.hall_id == hall.hall_id) {
            match causes.iter_mut().find(|(kind, _)| *kind == alert.kind) {
                Some((_, of_it)) => of_it.push(alert),
                None => causes.push((alert.kind, vec![alert])),
            }
        }
        if causes.is_empty() {
            continue;
        }
        names.push(hall.name.as_str());
        text += &format!("{}\n", hall.name);
        for (kind, of_it) in causes {
            text += &cause(kind, &of_it, hall, language);
        }
        text += "\n";
    }
    let number = alerts.len();
    let names = names.join(language.of("、", ", "));
    let subject = match language {
        Language::ZhCn => format!("{names} · {number} 条告警"),
        Language::En => format!("{names} · alerts: {number}"),
    };
    let id = derived(&["alerts", &to.scope.to_string(), &position.to_string()]);
    let mut message = Message::builder()
        .from(from.clone())
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .subject(subject);
    for mailbox in &to.to {
        message = message.to(mailbox.clone());
    }
    message.body(text).context("a mail with alerts")
}

/// One cause in one hall: how often, from when to when, and the first of them one by one.
fn cause(kind: AlertKind, alerts: &[&AlertRow], hall: &HallRow, language: Language) -> String {
    let (zone, _) = hall.clock();
    let clock = |alert: &&AlertRow| {
        zone.to_datetime(alert.at.timestamp())
            .strftime("%m-%d %H:%M")
            .to_string()
    };
    let told = |alert: &AlertRow| {
        let [zh_cn, en] = alert_words(kind, &alert.name);
        match language {
            Language::ZhCn => zh_cn,
            Language::En => en,
        }
    };
    let title = alerts.first().map(|alert| told(alert).title).unwrap_or_default();
    let (first, last) = (alerts.first().map(clock), alerts.last().map(clock));
    let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
    let when = match first == last {
        true => first,
        false => format!("{first} – {last}"),
    };
    let mut text = format!("  {title} ×{} ({when})\n", alerts.len());
    for alert in alerts.iter().take(LINES_MAX) {
        text += &format!("    {} {}\n", clock(alert), told(alert).body);
    }
    if alerts.len() > LINES_MAX {
        text += &format!("    … +{}\n", alerts.len() - LINES_MAX);
    }
    text
}
