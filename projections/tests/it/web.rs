//! The pages, over plain HTTP as a browser speaks it.

use baize_projections::Projections;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::evening::{Session, Table, hall};
use crate::stage::{Stage, in_time, reach};

pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

pub async fn get(service: &Projections, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut connection = request(service, path, headers).await;
    let mut text = String::new();
    in_time("the page", connection.read_to_string(&mut text)).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        headers: head.to_lowercase(),
        body: body.to_owned(),
    }
}

async fn request(service: &Projections, path: &str, headers: &[(&str, &str)]) -> BufReader<TcpStream> {
    let mut connection = TcpStream::connect(service.http_address()).await.unwrap();
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    BufReader::new(connection)
}

/// A stream of server-sent events.
pub struct Events {
    connection: BufReader<TcpStream>,
}

impl Events {
    pub async fn open(service: &Projections, path: &str, headers: &[(&str, &str)]) -> Self {
        Self {
            connection: request(service, path, headers).await,
        }
    }

    /// The next `board` event: its id and its data.
    async fn board(&mut self) -> (u64, Value) {
        self.next("board").await
    }

    /// The next event of that name: its id and its data.
    pub async fn next(&mut self, wanted: &str) -> (u64, Value) {
        in_time("the event", async {
            let (mut name, mut id, mut data) = (String::new(), 0, Value::Null);
            loop {
                let mut line = String::new();
                assert!(
                    self.connection.read_line(&mut line).await.unwrap() > 0,
                    "the stream ended"
                );
                let line = line.trim_end();
                if let Some(value) = line.strip_prefix("event: ") {
                    value.clone_into(&mut name);
                } else if let Some(value) = line.strip_prefix("id: ") {
                    id = value.parse().unwrap();
                } else if let Some(value) = line.strip_prefix("data: ") {
                    data = serde_json::from_str(value).unwrap();
                } else if line.is_empty() && name == wanted && !data.is_null() {
                    return (id, data);
                }
            }
        })
        .await
    }
}

async fn scene() -> (Stage, Projections, Table, Session) {
    let stage = Stage::new().await;
    let table = Table {
        hall_id: Uuid::new_v4(),
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    };
    let session = Session {
        table,
        session_id: Uuid::new_v4(),
        member_id: Uuid::new_v4(),
    };
    let free = Table {
        table_id: Uuid::new_v4(),
        ..table
    };
    let broken = Table {
        table_id: Uuid::new_v4(),
        ..table
    };
    let head = stage
        .append(vec![
            hall(table.hall_id, "东门<script>alert(1)</script>球厅"),
            table.registered("A\"1' & <b>"),
            free.registered("A2"),
            broken.registered("A3"),
            broken.maintenance("<img src=x onerror=alert(2)>", 0),
            table.occupied(session.session_id, 0),
            session.opened_prepaid(60, 0),
            session.billing_started(5),
        ])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    (stage, service, table, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_speaks_both_languages() {
    let (_stage, service, table, _) = scene().await;
    let path = format!("/halls/{}/board", table.hall_id);
    let chinese = get(&service, &path, &[]).await;
    assert_eq!(chinese.status, 200);
    for text in [
        "<html lang=\"zh-CN\">",
        "空闲",
        "使用中",
        "维护中",
        "中式八球",
        "预付至",
        "数据截至",
    ] {
        assert!(chinese.body.contains(text), "{text}");
    }
    let accepted = get(&service, &path, &[("Accept-Language", "en-US,en;q=0.9,zh;q=0.5")]).await;
    let asked = get(&service, &format!("{path}?lang=en"), &[("Accept-Language", "zh-CN")]).await;
    for english in [accepted, asked] {
        for text in [
            "<html lang=\"en\">",
            "Free",
            "In play",
            "Maintenance",
            "Chinese eight-ball",
            "Prepaid until",
            "As of",
        ] {
            assert!(english.body.contains(text), "{text}");
        }
        assert!(!english.body.contains("使用中"));
    }
    // 20:00 in Shanghai: an hour from the start, which is 19:00:05 there.
    assert!(
        chinese.body.contains("预付至 <span class=\"nobr\">20:00<"),
        "{}",
        chinese.body
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_typed_becomes_markup() {
    let (_stage, service, table, _) = scene().await;
    let board = get(&service, &format!("/halls/{}/board", table.hall_id), &[]).await;
    let halls = get(&service, "/", &[]).await;
    for page in [&board, &halls] {
        assert!(!page.body.contains("<script>alert"), "{}", page.body);
        assert!(!page.body.contains("<img src=x"), "{}", page.body);
    }
    assert!(board.body.contains("东门&#60;script&#62;"), "{}", board.body);
    assert!(board.body.contains("A&#34;1&#39; &#38; &#60;b&#62;"), "{}", board.body);
    // And if it did, the browser would refuse to run it.
    let policy = board
        .headers
        .lines()
        .find(|line| line.starts_with("content-security-policy"))
        .unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let nonce = policy
        .split("script-src 'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert!(board.body.contains(&format!("<script nonce=\"{nonce}\">")));
    let again = get(&service, "/", &[]).await;
    assert!(!again.headers.contains(nonce), "a nonce is used once");

    let path = format!("/halls/{}/board/events", table.hall_id);
    let (_, data) = Events::open(&service, &path, &[]).await.board().await;
    let cards = data["cards"].to_string();
    assert!(
        !cards.contains("<img src=x") && cards.contains("&#60;img src=x"),
        "{cards}"
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_halls_leads_to_their_boards() {
    let (_stage, service, table, _) = scene().await;
    let halls = get(&service, "/?lang=en", &[]).await;
    assert_eq!(halls.status, 200);
    assert!(
        halls
            .body
            .contains(&format!("href=\"/halls/{}/board?lang=en\"", table.hall_id)),
        "{}",
        halls.body
    );
    assert!(halls.body.contains("Free 1") && halls.body.contains("In play 1") && halls.body.contains("Maintenance 1"));
    for missing in [
        "/nothing",
        "/halls/1/board",
        &format!("/halls/{}/board", Uuid::new_v4()),
        &format!("/halls/{}/board/events", Uuid::new_v4()),
    ] {
        let answer = get(&service, missing, &[]).await;
        assert_eq!(answer.status, 404, "{missing}");
        assert!(answer.body.contains("没有这个页面"), "{missing}");
    }
    assert_eq!(get(&service, "/healthz", &[]).await.body.trim(), "ok");
    let ready = get(&service, "/readyz", &[]).await;
    assert_eq!(ready.status, 200);
    assert_eq!(serde_json::from_str::<Value>(&ready.body).unwrap()["ready"], true);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_kept_up_to_date_and_resumes_where_it_was() {
    let (stage, service, table, session) = scene().await;
    let head = stage.log.head().await.unwrap();
    let path = format!("/halls/{}/board/events?lang=en", table.hall_id);
    let mut events = Events::open(&service, &path, &[]).await;
    let (id, whole) = events.board().await;
    assert_eq!(
        (
            id,
            whole["snapshot"].as_bool(),
            whole["cards"].as_array().unwrap().len()
        ),
        (head, Some(true), 3)
    );

    let position = stage.append(vec![table.released(session.session_id, 60)]).await;
    let (id, change) = events.board().await;
    assert_eq!((id, change["snapshot"].as_bool()), (position, Some(false)));
    let cards = change["cards"].as_array().unwrap();
    assert_eq!(cards.len(), 1);
    assert_eq!(cards[0]["id"], table.table_id.to_string());
    assert!(cards[0]["html"].as_str().unwrap().contains("Free"));
    drop(events);

    // While nobody looks:
    let position = stage.append(vec![table.maintenance("换台呢", 70)]).await;
    reach(&service, position).await;
    let seen = id.to_string();
    for (path, headers) in [
        // As the browser asks after an interruption; the query is of the page's first request.
        (format!("{path}&after=1"), vec![("Last-Event-ID", seen.as_str())]),
        // As the page asks anew.
        (format!("{path}&after={seen}"), vec![]),
    ] {
        let (id, missed) = Events::open(&service, &path, &headers).await.board().await;
        assert_eq!((id, missed["snapshot"].as_bool()), (position, Some(false)));
        let cards = missed["cards"].as_array().unwrap();
        assert_eq!(cards.len(), 1, "only what was missed");
        assert!(cards[0]["html"].as_str().unwrap().contains("换台呢"));
    }
    // What claims to have seen the future has to look again.
    let (_, whole) = Events::open(&service, &path, &[("Last-Event-ID", "999999")])
        .await
        .board()
        .await;
    assert_eq!(
        (whole["snapshot"].as_bool(), whole["cards"].as_array().unwrap().len()),
        (Some(true), 3)
    );
    service.stop().await;
}
