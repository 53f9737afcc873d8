//! A year of a calendar of holidays, from one TOML file as docs/import-calendar.md describes it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use baize_domain::calendar::{CalendarYear, DayKind, SpecialDay, decide};
use baize_domain::ids::CalendarId;
use baize_proto::access::Bearing;
use baize_proto::hall::calendar::v1::calendar_service_client::CalendarServiceClient;
use baize_proto::hall::calendar::v1::{self, PublishCalendarYearRequest};
use baize_proto::hall::venue;
use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use tonic::transport::Endpoint;
use uuid::Uuid;

use crate::credentials::Credentials;
use crate::settings::Settings;

/// Longer than the service takes for anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// Days of one holiday, at most.
const HOLIDAY_DAYS_MAX: usize = 31;

/// Arguments of `baize import calendar`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    credentials: Credentials,
    /// Check the file and publish nothing
    #[arg(long)]
    dry_run: bool,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    calendar_id: Spanned<String>,
    year: Spanned<i16>,
    source: Spanned<String>,
    holidays: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: Spanned<String>,
    from: Spanned<String>,
    to: Spanned<String>,
    #[serde(default)]
    workdays: Vec<Spanned<String>>,
}

/// What a file says.
#[derive(Debug, PartialEq)]
struct Calendar {
    calendar_id: CalendarId,
    year: i16,
    content: CalendarYear,
}

/// Something wrong, and the line where it is.
#[derive(Debug, PartialEq)]
struct Fault {
    line: usize,
    problem: String,
}

impl Args {
    /// Publishes the file's year. False if the file is not as it should be.
    ///
    /// # Errors
    /// The file cannot be read, or the command service does not accept it.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<bool> {
        let path = self.file.display();
        let text = std::fs::read_to_string(&self.file).with_context(|| format!("reading {path}"))?;
        let calendar = match read(&text) {
            Ok(calendar) => calendar,
            Err(faults) => {
                for Fault { line, problem } in &faults {
                    eprintln!("{path}:{line}: {problem}");
                }
                eprintln!("nothing was published");
                return Ok(false);
            }
        };
        let told = told(&calendar);
        if self.dry_run {
            println!("{told}: as it should be; nothing was published");
        } else {
            let url = settings.command_url();
            let channel = Endpoint::from_shared(url.clone())?.connect().await;
            let channel = channel.with_context(|| format!("connecting to the command service at {url}"))?;
            let client = CalendarServiceClient::new(Bearing::new(channel, self.credentials.badge(settings)?));
            let position = send(client, calendar).await?;
            println!("{told}: published, log position {position}");
        }
        Ok(true)
    }
}

fn told(calendar: &Calendar) -> String {
    let days = &calendar.content.days;
    let holidays = days.iter().filter(|day| day.kind == DayKind::Holiday).count();
    format!(
        "calendar {}, {}: {holidays} days off, {} adjusted workdays",
        calendar.calendar_id,
        calendar.year,
        days.len() - holidays
    )
}

/// Publishes the year that a file's text says, without a word.
///
/// # Errors
/// Something is wrong with the text, or the command service does not accept it.
pub async fn publish(text: &str, client: CalendarServiceClient<Bearing>) -> anyhow::Result<u64> {
    let calendar = read(text).map_err(|faults| anyhow::anyhow!("the calendar has faults: {faults:?}"))?;
    send(client, calendar).await
}

async fn send(mut client: CalendarServiceClient<Bearing>, calendar: Calendar) -> anyhow::Result<u64> {
    let day = |day: SpecialDay| v1::SpecialDay {
        date: day.date.to_string(),
        kind: match day.kind {
            DayKind::Holiday => venue::v1::DayKind::Holiday,
            DayKind::AdjustedWorkday => venue::v1::DayKind::AdjustedWorkday,
        }
        .into(),
        name: day.name,
    };
    let request = PublishCalendarYearRequest {
        request_id: Uuid::new_v4().to_string(),
        calendar_id: calendar.calendar_id.to_string(),
        year: calendar.year.into(),
        source: calendar.content.source,
        days: calendar.content.days.into_iter().map(day).collect(),
    };
    let mut request = tonic::Request::new(request);
    request.set_timeout(PATIENCE);
    let published = client
        .publish_calendar_year(request)
        .await
        .map_err(|status| anyhow::anyhow!("the command service refused it: {}", status.message()))?;
    Ok(published.into_inner().position)
}

/// Reads a file, or tells all that is wrong with it.
fn read(text: &str) -> Result<Calendar, Vec<Fault>> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let document: Document = toml::from_str(text).map_err(|error| {
        vec![Fault {
            line: error.span().map_or(1, |span| line(span.start)),
            problem: error.message().to_owned(),
        }]
    })?;
    let mut faults = Vec::new();
    let mut note = |at: usize, problem: String| {
        faults.push(Fault {
            line: line(at),
            problem,
        })
    };
    let calendar_id = document.calendar_id.get_ref().parse().unwrap_or_else(|_| {
        note(
            document.calendar_id.span().start,
            "calendar_id is not a UUID".to_owned(),
        );
        CalendarId::default()
    });
    let mut days = Vec::new();
    // Where each day was written.
    let mut origins = Vec::new();
    for holiday in &document.holidays {
        for (date, kind, at) in special_days(holiday, &mut note) {
            origins.push(at);
            days.push(SpecialDay {
                date,
                kind,
                name: holiday.name.get_ref().clone(),
            });
        }
    }
    let year = *document.year.get_ref();
    let content = CalendarYear {
        source: document.source.get_ref().clone(),
        days,
    };
    for invalid in decide::faults(year, &content) {
        let origin = day_index(&invalid.field).and_then(|index| origins.get(index)).copied();
        let at = match (origin, invalid.field.as_str()) {
            (Some(at), _) => at,
            (None, "source") => document.source.span().start,
            (None, _) => document.year.span().start,
        };
        note(at, invalid.to_string());
    }
    if faults.is_empty() {
        Ok(Calendar {
            calendar_id,
            year,
            content,
        })
    } else {
        faults.sort_by_key(|fault| fault.line);
        Err(faults)
    }
}

/// The days of a holiday and its workdays, and where they were written.
fn special_days(holiday: &Holiday, note: &mut impl FnMut(usize, String)) -> Vec<(Date, DayKind, usize)> {
    let mut days = Vec::new();
    let (from, to) = (date(&holiday.from, note), date(&holiday.to, note));
    if let (Some(from), Some(to)) = (from, to) {
        let span: Vec<Date> = from
            .series(jiff::Span::new().days(1))
            .take_while(|day| *day <= to)
            .take(HOLIDAY_DAYS_MAX + 1)
            .collect();
        if span.is_empty() || span.len() > HOLIDAY_DAYS_MAX {
            let problem = format!("to is not from {from} to {HOLIDAY_DAYS_MAX} days on");
            note(holiday.to.span().start, problem);
        } else {
            let at = holiday.from.span().start;
            days.extend(span.into_iter().map(|day| (day, DayKind::Holiday, at)));
        }
    }
    for workday in &holiday.workdays {
        let at = workday.span().start;
        days.extend(date(workday, note).map(|day| (day, DayKind::AdjustedWorkday, at)));
    }
    days
}

fn date(text: &Spanned<String>, note: &mut impl FnMut(usize, String)) -> Option<Date> {
    let date = text.get_ref().parse().ok();
    if date.is_none() {
        let problem = format!("{:?} is not a date such as 2026-10-01", text.get_ref());
        note(text.span().start, problem);
    }
    date
}

/// The `n` of `days[n].…`.
fn day_index(field: &str) -> Option<usize> {
    field.strip_prefix("days[")?.split_once(']')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHINA: [&str; 3] = [
        include_str!("../../../calendars/china-2024.toml"),
        include_str!("../../../calendars/china-2025.toml"),
        include_str!("../../../calendars/china-2026.toml"),
    ];

    fn kind(calendar: &Calendar, text: &str) -> Option<DayKind> {
        let date: Date = text.parse().unwrap();
        calendar
            .content
            .days
            .iter()
            .find(|day| day.date == date)
            .map(|day| day.kind)
    }

    #[test]
    fn chinas_calendars_are_as_announced() {
        let calendars = CHINA.map(|text| read(text).unwrap());
        let counts = calendars.each_ref().map(|calendar| {
            let days = &calendar.content.days;
            let off = days.iter().filter(|day| day.kind == DayKind::Holiday).count();
            (calendar.year, off, days.len() - off)
        });
        assert_eq!(counts, [(2024, 28, 8), (2025, 28, 5), (2026, 33, 6)]);
        assert!(
            calendars
                .iter()
                .all(|calendar| calendar.calendar_id == calendars[0].calendar_id)
        );
        let [_, _, year] = &calendars;
        assert_eq!(kind(year, "2026-02-14"), Some(DayKind::AdjustedWorkday));
        assert_eq!(kind(year, "2026-02-15"), Some(DayKind::Holiday));
        assert_eq!(kind(year, "2026-02-23"), Some(DayKind::Holiday));
        assert_eq!(kind(year, "2026-02-24"), None);
        assert_eq!(kind(year, "2026-10-10"), Some(DayKind::AdjustedWorkday));
    }

    #[test]
    fn all_that_is_wrong_is_told_by_line() {
        let text = r#"calendar_id = "china"
year = 2026
source = " "

[[holidays]]
name = "国庆节"
from = "2026-10-01"
to = "2026-09-30"
workdays = ["10 October",
  "2026-10-09"]

[[holidays]]
name = "元旦"
from = "2024-01-01"
to = "2024-01-01"
"#;
        let faults = read(text).unwrap_err();
        let lines: Vec<_> = faults.iter().map(|fault| fault.line).collect();
        // The id, the source, the end before the beginning, a date that is none, a Friday, a year that is another.
        assert_eq!(lines, [1, 3, 8, 9, 10, 14], "{faults:?}");
    }

    #[test]
    fn a_key_that_is_unknown_or_missing_is_told_by_line() {
        let fault = |text: &str| read(text).unwrap_err().remove(0).line;
        assert_eq!(fault("calendar_id = \"\"\nyaer = 2026\n"), 2);
        assert_eq!(fault("calendar_id = \"\"\nyear = \n"), 2);
    }
}
