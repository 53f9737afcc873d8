//! The console, over plain HTTP as a browser speaks it: who gets in, what they see, and what they do not.

use std::collections::BTreeSet;
use std::time::Duration;

use baize_domain::Event;
use baize_domain::ids::{ChainId, HallId, MemberId, staff_id};
use baize_domain::member::MemberEvent;
use baize_domain::staff::{StaffEvent, StaffRole};
use baize_projections::Projections;
use baize_proto::access::{Claims, Role, Signer};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::evening::{Happened, Session, Table, at, bill, hall, topped_up, wallet_opened};
use crate::payments::Paying;
use crate::stage::{KEYS, Stage, in_time, reach};
use crate::web::{Answer, get};

/// The chain of the halls of `evening`.
const CHAIN: Uuid = Uuid::from_u128(1);

struct Scene {
    stage: Stage,
    service: Projections,
    session: Session,
    other: Session,
}

fn session() -> Session {
    Session {
        table: Table {
            hall_id: Uuid::now_v7(),
            table_id: Uuid::now_v7(),
            device_id: Uuid::now_v7(),
            channel: 1,
        },
        session_id: Uuid::now_v7(),
        member_id: Uuid::now_v7(),
    }
}

fn registered(member_id: Uuid) -> Happened {
    let event = MemberEvent::MemberRegistered {
        member_id: MemberId(member_id),
        chain_id: ChainId(CHAIN),
        openid: None,
        phone: None,
        nickname: None,
        at: at(0),
    };
    Happened {
        id: member_id,
        event: Event::Member(event),
    }
}

fn grant(member_id: Uuid, role: StaffRole, halls: &[Uuid]) -> Happened {
    let event = StaffEvent::RoleGranted {
        member_id: MemberId(member_id),
        chain_id: ChainId(CHAIN),
        role,
        halls: halls.iter().copied().map(HallId).collect::<BTreeSet<_>>(),
    };
    staff(member_id, event)
}

fn staff(member_id: Uuid, event: StaffEvent) -> Happened {
    Happened {
        id: staff_id(MemberId(member_id), ChainId(CHAIN)).0,
        event: Event::Staff(event),
    }
}

/// A session that was played and paid in one hall, and one in another.
async fn scene() -> Scene {
    let stage = Stage::new().await;
    let (session, other) = (session(), session());
    for (session, name) in [(session, "东门<b>球厅"), (other, "西门球厅")] {
        let table = session.table;
        stage
            .append(vec![
                hall(table.hall_id, name),
                table.registered("A1"),
                registered(session.member_id),
                wallet_opened(session.member_id, 0),
                topped_up(session.member_id, Uuid::now_v7(), 5_000, 100, 0),
            ])
            .await;
        stage
            .append(vec![
                session.held(4_000, 0),
                session.opened_postpaid(4_000, 0),
                table.occupied(session.session_id, 0),
                table.lit_for(session.session_id, 1),
                session.billing_started(5),
            ])
            .await;
        stage
            .append(vec![
                session.closed(bill(90, 6_000), 5_400),
                session.captured(5_000, 100, 0, 5_400),
                session.owes(900, 5_400),
                session.settled(5_100, 900, 5_400),
                table.released(session.session_id, 5_400),
            ])
            .await;
    }
    let service = stage.serve().await;
    reach(&service, stage.log.head().await.unwrap()).await;
    Scene {
        stage,
        service,
        session,
        other,
    }
}

/// What somebody's token says, who came in a quarter of an hour ago at most.
fn claims(subject: Uuid, role: Role) -> Claims {
    Claims::new(subject, role, Timestamp::now(), Duration::from_secs(600))
}

/// Hands a token over, as the page of the entry does.
async fn enter(service: &Projections, token: &str) -> Answer {
    let body = format!("token={token}");
    let request = format!(
        "POST /console/enter?lang=en HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(service.http_address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    in_time("the entry", connection.read_to_string(&mut text))
        .await
        .unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: head.to_owned(),
        body: body.to_owned(),
    }
}

/// The cookie of somebody who has entered.
async fn entered(service: &Projections, claims: &Claims) -> String {
    let token = Signer::new(KEYS.clone()).issue(claims).unwrap();
    let answer = enter(service, &token).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let cookie = answer
        .headers
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.unwrap_or_else(|| panic!("no cookie in {}", answer.headers));
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    cookie.split(';').next().unwrap().to_owned()
}

async fn page(service: &Projections, path: &str, cookie: &str) -> Answer {
    get(service, path, &[("Cookie", cookie), ("Accept-Language", "en")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_finds_out_what_a_member_paid_and_why() {
    let Scene {
        stage,
        service,
        session,
        ..
    } = scene().await;
    let owner = Uuid::now_v7();
    stage.append(vec![grant(owner, StaffRole::Owner, &[])]).await;
    let cookie = entered(&service, &claims(owner, Role::Owner).in_chain(CHAIN)).await;

    let halls = page(&service, "/console", &cookie).await;
    assert!(halls.body.contains("东门&#60;b&#62;球厅"), "{}", halls.body);
    let member = page(&service, &format!("/console/members/{}", session.member_id), &cookie).await;
    assert_eq!(member.status, 200, "{}", member.body);
    for text in ["Paid for play", "-¥51.00", "¥51.00", "Left owing", "Top-up"] {
        assert!(member.body.contains(text), "{text} is not in {}", member.body);
    }
    let why = format!("/console/sessions/{}", session.session_id);
    assert!(member.body.contains(&why), "{}", member.body);
    let played = page(&service, &why, &cookie).await;
    assert_eq!(played.status, 200, "{}", played.body);
    for text in [
        "Table opened",
        "Money set aside",
        "Light confirmed",
        "Billing began",
        "Closed",
        "Settled",
        "From the balance at the end",
        "¥60.00",
        "¥9.00",
        "owed",
        "&#34;SessionSettled&#34;",
    ] {
        assert!(played.body.contains(text), "{text} is not in {}", played.body);
    }
    let receipt = page(&service, &format!("{why}/receipt"), &cookie).await;
    assert_eq!(receipt.status, 303);
    let printed = format!("location: /receipts/{}?ticket=", session.session_id);
    assert!(receipt.headers.contains(&printed), "{}", receipt.headers);

    let day = page(
        &service,
        &format!("/console/halls/{}?day=2026-11-20", session.table.hall_id),
        &cookie,
    )
    .await;
    assert!(
        day.body.contains(&why) && day.body.contains("2026-11-20"),
        "{}",
        day.body
    );
    let history = format!("/console/halls/{}/history?days=7", session.table.hall_id);
    let history = page(&service, &history, &cookie).await;
    assert!(history.body.contains("Table hours taken"), "{}", history.body);
    let found = page(
        &service,
        &format!("/console/members?find={}", session.member_id),
        &cookie,
    )
    .await;
    assert_eq!(found.status, 303);
    let list = page(&service, "/console/members", &cookie).await;
    assert!(list.body.contains(&session.member_id.to_string()), "{}", list.body);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_entered_or_holds_no_role_that_stands_sees_nothing() {
    let Scene {
        stage,
        service,
        session,
        ..
    } = scene().await;
    let pages = [
        "/console".to_owned(),
        "/console/members".to_owned(),
        "/console/payments".to_owned(),
        "/console/books".to_owned(),
        "/console/system".to_owned(),
        format!("/console/sessions/{}", session.session_id),
        format!("/console/sessions/{}/receipt", session.session_id),
        format!("/console/members/{}", session.member_id),
        format!("/console/halls/{}", session.table.hall_id),
        format!("/console/halls/{}/history", session.table.hall_id),
    ];
    let operator = Signer::new(KEYS.clone())
        .issue(&claims(Uuid::now_v7(), Role::Operator))
        .unwrap();
    // A token is no session: what a thief reads elsewhere opens nothing here.
    for cookie in [
        "",
        "baize_console=",
        "baize_console=x.y.z",
        &format!("baize_console={operator}"),
    ] {
        for path in &pages {
            let answer = page(&service, path, cookie).await;
            assert_eq!(answer.status, 303, "{path} with {cookie:?}");
            assert!(
                answer.headers.contains("location: /console/enter"),
                "{}",
                answer.headers
            );
        }
    }
    let signer = Signer::new(KEYS.clone());
    let never = Uuid::now_v7();
    let expired = Claims::new(never, Role::Operator, Timestamp::UNIX_EPOCH, Duration::from_secs(600));
    for refused in [
        claims(session.member_id, Role::Customer),
        claims(never, Role::Device),
        claims(never, Role::Owner).in_chain(CHAIN),
        claims(never, Role::Owner),
        expired,
    ] {
        let answer = enter(&service, &signer.issue(&refused).unwrap()).await;
        assert_eq!(answer.status, 403, "{refused:?}");
        assert!(!answer.headers.contains("set-cookie"), "{}", answer.headers);
    }
    assert_eq!(enter(&service, "%E8%8A%B1").await.status, 403);

    let owner = Uuid::now_v7();
    stage.append(vec![grant(owner, StaffRole::Owner, &[])]).await;
    let cookie = entered(&service, &claims(owner, Role::Owner).in_chain(CHAIN)).await;
    assert_eq!(page(&service, "/console", &cookie).await.status, 200);
    let revoked = StaffEvent::RoleRevoked {
        role: StaffRole::Owner,
        reason: "sold the chain".to_owned(),
    };
    stage.append(vec![staff(owner, revoked)]).await;
    assert_eq!(page(&service, "/console", &cookie).await.status, 303, "at once");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_their_own_hall_and_no_books() {
    let Scene {
        stage,
        service,
        session,
        other,
    } = scene().await;
    let person = Uuid::now_v7();
    let own = session.table.hall_id;
    stage.append(vec![grant(person, StaffRole::Staff, &[own])]).await;
    let cookie = entered(&service, &claims(person, Role::Staff).in_chain(CHAIN).in_halls([own])).await;
    let halls = page(&service, "/console", &cookie).await;
    assert!(
        halls.body.contains(&own.to_string()) && !halls.body.contains("西门"),
        "{}",
        halls.body
    );
    assert!(!halls.body.contains("/console/books"), "{}", halls.body);
    for (path, status) in [
        (format!("/console/halls/{own}"), 200),
        (format!("/console/halls/{}", other.table.hall_id), 403),
        (format!("/console/sessions/{}", session.session_id), 200),
        (format!("/console/sessions/{}", other.session_id), 403),
        (format!("/console/sessions/{}/receipt", other.session_id), 403),
        ("/console/payments".to_owned(), 200),
        ("/console/books".to_owned(), 403),
        ("/console/system".to_owned(), 403),
    ] {
        assert_eq!(page(&service, &path, &cookie).await.status, status, "{path}");
    }
    // Somebody else's halls in one's own token are not granted.
    let greedy = claims(person, Role::Staff)
        .in_chain(CHAIN)
        .in_halls([own, other.table.hall_id]);
    let token = Signer::new(KEYS.clone()).issue(&greedy).unwrap();
    assert_eq!(enter(&service, &token).await.status, 403);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_sees_payments_books_and_views() {
    let Scene {
        stage,
        service,
        session,
        ..
    } = scene().await;
    let paying = Paying::new(session.member_id, Some(session.table.hall_id));
    let mut events = paying.started(0);
    events.extend(paying.conflicted(1));
    let head = stage.append(events).await;
    reach(&service, head).await;
    let cookie = entered(&service, &claims(Uuid::now_v7(), Role::Auditor)).await;
    let payments = page(&service, "/console/payments?lang=zh-CN", &cookie).await;
    for text in ["实付金额不符", "待人工处理", "确认入账"] {
        assert!(payments.body.contains(text), "{text} is not in {}", payments.body);
    }
    let intent = payments.body.split("/console/payments/").nth(1).unwrap();
    let intent = intent.split('?').next().unwrap();
    let payment = page(&service, &format!("/console/payments/{intent}"), &cookie).await;
    assert!(
        payment.status == 200 && payment.body.contains("Orders at providers"),
        "{}",
        payment.body
    );
    let books = page(&service, "/console/books", &cookie).await;
    assert!(
        books.status == 200 && books.body.contains("Debit equals credit"),
        "{}",
        books.body
    );
    let system = page(&service, "/console/system", &cookie).await;
    for view in baize_projections::VIEWS {
        assert!(system.body.contains(view), "{view} is not in {}", system.body);
    }
    for missing in ["/console/sessions/x", &format!("/console/members/{}", Uuid::now_v7())] {
        assert_eq!(page(&service, missing, &cookie).await.status, 404, "{missing}");
    }
    stage.verify("timelines").await;
    service.stop().await;
}
