//! Reports: made of the views when their period is over, sent through a real mail server, each once.

use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use std::time::Duration;

use baize_domain::Event;
use baize_domain::device::DeviceEvent;
use baize_eventlog::Clock;
use baize_projections::reports::{Kind, ReportOptions, Scope, ask};
use baize_projections::{MailOptions, Options, Projections};
use baize_proto::hall::view::v1::indicator_service_client::IndicatorServiceClient;
use baize_proto::hall::view::v1::{GetIndicatorsRequest, get_indicators_request};
use baize_simulators::mail::{MailServer, Mood, Received};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use mail_parser::{MessageParser, MimeHeaders as _};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::watch;
use uuid::Uuid;

use crate::evening::{Happened, at};
use crate::stage::{NO_NATS, Stage, bearing, in_time, reach};

/// The business day of the evening.
const DAY: Date = date(2026, 11, 20);

/// An evening that is over, and who wants to know of it.
struct Office {
    stage: Stage,
    server: MailServer,
    received: watch::Receiver<Vec<Received>>,
    hall_id: Uuid,
    device_id: Uuid,
    head: u64,
    file: PathBuf,
    _dir: tempfile::TempDir,
}

impl Office {
    async fn open(kinds: &str) -> Self {
        Self::with(&format!("kinds = [{kinds}]")).await
    }

    /// With these lines in the file of who gets what.
    async fn with(lines: &str) -> Self {
        let stage = Stage::new().await;
        let (mut evening, _) = stage.furnished(11).await;
        let mut head = 0;
        for batch in evening.events(400) {
            head = stage.append(batch).await;
        }
        let server = MailServer::start().await.unwrap();
        let (dir, table) = (tempfile::tempdir().unwrap(), evening.table());
        let (hall_id, device_id) = (table.hall_id, table.device_id);
        let file = dir.path().join("reports.toml");
        let to = "to = [\"老板 <owner@example.com>\", \"second@example.com\"]";
        let text = format!("[[report]]\nhall = \"{hall_id}\"\n{lines}\n{to}\n");
        std::fs::write(&file, text).unwrap();
        Self {
            received: server.received(),
            stage,
            server,
            hall_id,
            device_id,
            head,
            file,
            _dir: dir,
        }
    }

    /// Options whose clock shows the morning so many days after the evening, and stands there, almost.
    fn options(&self, days_after: i64) -> Options {
        let morning: Timestamp = "2026-11-21T01:00:00Z".parse().unwrap();
        let morning = morning + (24 * (days_after - 1)).hours();
        let mail = MailOptions {
            smtp_url: self.server.url(),
            from: "白泽 <reports@example.com>".to_owned(),
        };
        let mut reports = ReportOptions::new(mail, self.file.clone());
        reports.interval = Duration::from_millis(20);
        reports.pause_min = Duration::from_millis(20);
        Options {
            reports: Some(reports),
            clock: Clock::scaled(Timestamp::now(), morning, 1.0),
            ..self.stage.options(NO_NATS)
        }
    }

    async fn start(&self, days_after: i64) -> Projections {
        let service = Projections::start(self.options(days_after)).await.unwrap();
        reach(&service, self.head).await;
        service
    }

    async fn mails(&mut self, number: usize) -> Vec<Received> {
        let mails = self.received.wait_for(|mails| mails.len() >= number);
        in_time("mails", mails).await.unwrap().clone()
    }

    async fn ledger(&self) -> Vec<String> {
        let mut connection = PgConnection::connect(&self.stage.url).await.unwrap();
        let rows = sqlx::query_scalar(
            "SELECT kind || ' ' || first_day || ' ' || revision || ' ' || state FROM report_ledger ORDER BY first_day, kind, revision",
        );
        rows.fetch_all(&mut connection).await.unwrap()
    }

    /// The mail of the first report, as the ledger keeps it.
    async fn kept(&self) -> Vec<u8> {
        let mut connection = PgConnection::connect(&self.stage.url).await.unwrap();
        let kept = sqlx::query_scalar("SELECT mail FROM report_ledger ORDER BY first_day, revision LIMIT 1");
        kept.fetch_one(&mut connection).await.unwrap()
    }

    /// The ledger, once it is as wished.
    async fn ledger_is(&self, wished: &[&str]) {
        in_time(&format!("{wished:?}"), async {
            while self.ledger().await != wished {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

fn subject(mail: &Received) -> String {
    let message = MessageParser::default().parse(&mail.message).unwrap();
    message.subject().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_day_says_what_the_indicators_say_with_charts_inside_and_a_workbook() {
    let mut office = Office::open("\"daily\"").await;
    let service = office.start(1).await;
    let mail = office.mails(1).await.remove(0);
    assert_eq!(mail.to, ["owner@example.com", "second@example.com"]);
    let message = MessageParser::default().parse(&mail.message).unwrap();
    let title = message.subject().unwrap();
    assert!(title.contains("日报 2026-11-20"), "{title}");
    assert_eq!(message.from().unwrap().first().unwrap().name(), Some("白泽"));

    let url = format!("http://{}", service.grpc_address());
    let channel = tonic::transport::Channel::from_shared(url).unwrap().connect_lazy();
    let request = GetIndicatorsRequest {
        of: Some(get_indicators_request::Of::HallId(office.hall_id.to_string())),
        business_date: DAY.to_string(),
        min_position: office.head,
    };
    let day = IndicatorServiceClient::new(bearing(channel))
        .get_indicators(request)
        .await
        .unwrap();
    let hours = day.into_inner().day.unwrap().hours;
    let revenue: i64 = hours.iter().map(|hour| hour.revenue_fen).sum();
    let sessions: u64 = hours.iter().map(|hour| hour.sessions).sum();
    assert!(revenue > 0 && sessions > 0, "an evening without games proves nothing");
    let html = message.body_html(0).unwrap();
    let yuan = format!("{}.{:02}", revenue / 100, revenue % 100).replace(".00", "");
    let shown = html.replace(',', "");
    assert!(shown.contains(&format!("<b>¥{yuan}</b>")), "¥{yuan} in {html}");
    assert!(shown.contains(&format!("<b>{sessions}</b>")), "{html}");
    assert!(html.contains("球台利用率") && html.contains("cid:hours"), "{html}");
    assert!(message.body_text(0).unwrap().contains("营业额"), "and in plain text");

    let parts: Vec<_> = message.parts.iter().collect();
    let chart = parts.iter().find(|part| part.content_id() == Some("hours")).unwrap();
    assert!(chart.contents().starts_with(b"\x89PNG"), "a picture");
    let book = parts.iter().find(|part| part.attachment_name().is_some()).unwrap();
    assert_eq!(book.attachment_name(), Some("baize-daily-2026-11-20.xlsx"));
    let (names, cells) = sheets(book.contents());
    assert!(names.contains("各球台") && cells.contains("营业额"), "{names}");
    assert!(cells.contains("2026-11-20"), "{cells}");
    office.ledger_is(&["daily 2026-11-20 1 sent"]).await;
    service.stop().await;
}

/// The names of a workbook's sheets, and the texts in its cells.
fn sheets(book: &[u8]) -> (String, String) {
    let mut zip = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    (read("xl/workbook.xml"), read("xl/sharedStrings.xml"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_sent_once_over_restarts_and_by_two_at_once_and_again_only_when_it_is_asked_for() {
    let mut office = Office::open("\"daily\", \"weekly\", \"monthly\"").await;
    let (one, other) = tokio::join!(office.start(1), office.start(1));
    let mails = office.mails(3).await;
    let mut titles: Vec<_> = mails.iter().map(subject).collect();
    titles.sort_unstable();
    assert!(titles[0].contains("周报 2026-11-09 – 2026-11-15"), "{titles:?}");
    assert!(
        titles[1].contains("日报 2026-11-20") && titles[2].contains("月报 2026-10"),
        "{titles:?}"
    );
    one.stop().await;
    other.stop().await;

    let service = office.start(1).await;
    let mut connection = PgConnection::connect(&office.stage.url).await.unwrap();
    let scope = Scope::Hall(office.hall_id);
    let asked = ask(&mut connection, scope, Kind::Daily.period_of(DAY)).await.unwrap();
    assert_eq!(asked.revision, 2);
    let mails = office.mails(4).await;
    assert_eq!(mails.len(), 4, "the restart sent nothing");
    assert!(
        subject(&mails[3]).ends_with("日报 2026-11-20 (2)"),
        "{}",
        subject(&mails[3])
    );
    let id = |mail: &Received| {
        MessageParser::default()
            .parse(&mail.message)
            .unwrap()
            .message_id()
            .unwrap()
            .to_owned()
    };
    assert_ne!(id(&mails[0]), id(&mails[3]));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_caught_up_on_and_a_clock_that_is_set_back_sends_nothing() {
    let mut office = Office::open("\"daily\"").await;
    let service = office.start(1).await;
    office.mails(1).await;
    service.stop().await;
    let service = office.start(4).await;
    let titles: Vec<_> = office.mails(4).await.iter().map(subject).collect();
    for (title, day) in titles
        .iter()
        .zip(["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"])
    {
        assert!(title.ends_with(day), "{titles:?}");
    }
    office
        .ledger_is(&[
            "daily 2026-11-20 1 sent",
            "daily 2026-11-21 1 sent",
            "daily 2026-11-22 1 sent",
            "daily 2026-11-23 1 sent",
        ])
        .await;
    service.stop().await;
    let service = office.start(2).await;
    let mut connection = PgConnection::connect(&office.stage.url).await.unwrap();
    let scope = Scope::Hall(office.hall_id);
    ask(&mut connection, scope, Kind::Daily.period_of(DAY)).await.unwrap();
    assert_eq!(office.mails(5).await.len(), 5, "only what was asked for");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_is_asked_again_and_one_that_hangs_up_is_not() {
    let mut office = Office::open("\"daily\"").await;
    office.server.set(Mood::Busy);
    let service = office.start(1).await;
    let mut refused = office.server.refused();
    in_time("two tries", refused.wait_for(|refused| *refused >= 2))
        .await
        .unwrap();
    office.server.set(Mood::Good);
    let mail = office.mails(1).await.remove(0);
    office.ledger_is(&["daily 2026-11-20 1 sent"]).await;
    let (kept, came) = (office.kept().await, mail.message);
    let same = kept.trim_ascii_end() == came.trim_ascii_end();
    assert!(same, "made once, kept, and sent as it is kept");

    office.server.set(Mood::HangsUp);
    let mut connection = PgConnection::connect(&office.stage.url).await.unwrap();
    let scope = Scope::Hall(office.hall_id);
    ask(&mut connection, scope, Kind::Daily.period_of(DAY)).await.unwrap();
    office
        .ledger_is(&["daily 2026-11-20 1 sent", "daily 2026-11-20 2 unclear"])
        .await;
    service.stop().await;
    assert_eq!(office.mails(2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_of_one_cause_come_together_once_and_none_of_before() {
    let mut office = Office::with("alerts = true").await;
    let flapped = |second: i64| Happened {
        id: office.device_id,
        event: Event::Device(DeviceEvent::DeviceFlapped {
            drops: 3,
            hold_until: at(second + 600),
            at: at(second),
        }),
    };
    let (old, news, later) = (flapped(0), [flapped(60), flapped(120)], flapped(180));
    office.head = office.stage.append(vec![old]).await;
    let service = office.start(1).await;
    let mut connection = PgConnection::connect(&office.stage.url).await.unwrap();
    in_time("a beginning", async {
        let begun = "SELECT count(*) FROM alert_mails WHERE position > 0";
        while sqlx::query_scalar::<_, i64>(begun)
            .fetch_one(&mut connection)
            .await
            .unwrap()
            == 0
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
    office.stage.append(news.to_vec()).await;
    let mail = office.mails(1).await.remove(0);
    assert!(subject(&mail).ends_with("2 条告警"), "{}", subject(&mail));
    let message = MessageParser::default().parse(&mail.message).unwrap();
    let text = message.body_text(0).unwrap();
    assert!(text.contains("设备不稳定 ×2 (11-20 19:01 – 11-20 19:02)"), "{text}");
    service.stop().await;

    office.head = office.stage.append(vec![later]).await;
    let service = office.start(1).await;
    let mails = office.mails(2).await;
    assert!(
        subject(&mails[1]).ends_with("1 条告警"),
        "only the new one: {}",
        subject(&mails[1])
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_hall_that_is_not_there_nor_a_report_of_the_future_keeps_others_waiting() {
    let mut office = Office::open("\"daily\"").await;
    let text = std::fs::read_to_string(&office.file).unwrap();
    let unknown = text.replace(&office.hall_id.to_string(), &Uuid::now_v7().to_string());
    std::fs::write(&office.file, unknown + &text).unwrap();
    let mut connection = PgConnection::connect(&office.stage.url).await.unwrap();
    let scope = Scope::Hall(office.hall_id);
    let future = Kind::Daily.period_of(date(2030, 1, 1));
    ask(&mut connection, scope, future).await.unwrap();
    let service = office.start(1).await;
    let titles: Vec<_> = office.mails(2).await.iter().map(subject).collect();
    for day in ["2026-11-20", "2030-01-01"] {
        assert!(titles.iter().any(|title| title.ends_with(day)), "{titles:?}");
    }
    service.stop().await;
}
