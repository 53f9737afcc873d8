//! The wall screen, over plain HTTP as a browser speaks it, and the links that show it.

use baize_domain::Event;
use baize_domain::hall::HallEvent;
use baize_domain::ids::DisplayId;
use baize_projections::{Options, Projections};
use baize_proto::access::{Signer, display_link};
use jiff::Timestamp;
use uuid::Uuid;

use crate::evening::{Happened, Session, Table, bill, device, hall};
use crate::stage::{KEYS, NO_NATS, Stage, reach};
use crate::web::{Events, get};

fn far() -> Timestamp {
    "2100-01-01T00:00:00Z".parse().unwrap()
}

fn happened(hall_id: Uuid, event: HallEvent) -> Happened {
    Happened {
        id: hall_id,
        event: Event::Hall(event),
    }
}

fn issued(hall_id: Uuid, display_id: Uuid, expires_at: Timestamp) -> Happened {
    let event = HallEvent::DisplayLinkIssued {
        display_id: DisplayId(display_id),
        label: "吧台".to_owned(),
        expires_at,
        at: Timestamp::UNIX_EPOCH,
    };
    happened(hall_id, event)
}

fn revoked(hall_id: Uuid, display_id: Uuid) -> Happened {
    let event = HallEvent::DisplayLinkRevoked {
        display_id: DisplayId(display_id),
        at: Timestamp::UNIX_EPOCH,
    };
    happened(hall_id, event)
}

fn link(hall_id: Uuid, display_id: Uuid, until: Timestamp) -> String {
    display_link(&Signer::new(KEYS.clone()), hall_id, display_id, until).unwrap()
}

async fn furnished() -> (Stage, Table, u64) {
    let stage = Stage::new().await;
    let table = Table {
        hall_id: Uuid::new_v4(),
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    };
    let free = Table {
        table_id: Uuid::new_v4(),
        channel: 2,
        ..table
    };
    let head = stage
        .append(vec![
            hall(table.hall_id, "东门<script>alert(1)</script>"),
            device(table.hall_id, table.device_id),
            table.registered("A\"1' & <b>"),
            free.registered("A2"),
            free.maintenance("<img src=x>", 0),
        ])
        .await;
    (stage, table, head)
}

fn session(table: Table) -> Session {
    Session {
        table,
        session_id: Uuid::new_v4(),
        member_id: Uuid::new_v4(),
    }
}

/// A service whose clock stands in the evening of the events, an hour after they begin.
async fn at_eight(stage: &Stage) -> Projections {
    let eight = "2026-11-20T12:00:00Z".parse().unwrap();
    let options = Options {
        clock: baize_eventlog::Clock::scaled(Timestamp::now(), eight, 1.0),
        ..stage.options(NO_NATS)
    };
    Projections::start(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_is_whole_without_its_script_in_both_languages() {
    let (stage, table, _) = furnished().await;
    let session = session(table);
    let head = stage
        .append_all(vec![
            vec![table.occupied(session.session_id, 0), session.opened_postpaid(4_000, 0)],
            vec![table.lit_for(session.session_id, 2), session.billing_started(2)],
            vec![
                session.closed(bill(30, 1_234_500), 1_800),
                table.released(session.session_id, 1_800),
            ],
        ])
        .await;
    let service = at_eight(&stage).await;
    reach(&service, head).await;
    let path = format!("/screen?hall={}", table.hall_id);
    let zh = get(&service, &format!("{path}&lang=zh-CN"), &[]).await;
    assert_eq!(zh.status, 200);
    let told = [
        "今日营业额",
        "¥12,345",
        "开台成功率",
        "达标",
        "营业日",
        "2026-11-20 周五",
        "维护",
        "球台",
    ];
    for text in told {
        assert!(zh.body.contains(text), "{text} is missing:\n{}", zh.body);
    }
    let en = get(&service, &format!("{path}&lang=en&theme=light"), &[]).await;
    for text in [
        "Revenue today",
        "¥12,345",
        "on target",
        "Fri",
        "class=\"light\"",
        "A week ago",
    ] {
        assert!(en.body.contains(text), "{text} is missing:\n{}", en.body);
    }
    for page in [&zh.body, &en.body] {
        assert!(!page.contains("<script>alert") && !page.contains("<img") && !page.contains("& <b>"));
        // The content policy would drop it.
        assert!(!page.contains(" style=\""));
        assert_eq!(page.matches("role=\"img\"").count(), 2);
    }
    let none = get(&service, &format!("/screen?hall={}", Uuid::new_v4()), &[]).await;
    assert_eq!(none.status, 404);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_that_change_are_sent_and_no_others() {
    let (stage, table, head) = furnished().await;
    let service = at_eight(&stage).await;
    reach(&service, head).await;
    let path = format!("/screen/events?hall={}&lang=en", table.hall_id);
    let mut events = Events::open(&service, &path, &[]).await;
    let (_, first) = events.next("screen").await;
    for part in ["kpis", "charts", "tables"] {
        assert!(first["parts"][part].is_string(), "{first}");
    }
    assert_eq!(first["fresh"], true);
    let repaired = Table {
        table_id: Uuid::new_v4(),
        channel: 3,
        ..table
    };
    stage
        .append(vec![
            repaired.registered("A3"),
            repaired.occupied(Uuid::new_v4(), 3_599),
        ])
        .await;
    let tables = loop {
        let (_, next) = events.next("screen").await;
        if let Some(tables) = next["parts"]["tables"].as_str() {
            break tables.to_owned();
        }
    };
    assert_eq!(tables.matches("data-status=\"occupied\"").count(), 1, "{tables}");
    stage.append(vec![repaired.maintenance("cloth", 3_600)]).await;
    // A table that is taken stays so: nothing of it is drawn otherwise.
    let (_, next) = events.next("screen").await;
    assert!(next["parts"]["tables"].is_null(), "{next}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shows_its_hall_until_it_is_revoked_and_then_the_screen_goes_dark() {
    let (stage, table, _) = furnished().await;
    let (good, expired, never) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let past = "2026-01-01T00:00:00Z".parse().unwrap();
    let head = stage
        .append(vec![
            issued(table.hall_id, good, far()),
            issued(table.hall_id, expired, past),
        ])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let shown = link(table.hall_id, good, far());
    assert_eq!(get(&service, &shown, &[]).await.status, 200);
    let other_hall = shown.replace(&table.hall_id.to_string(), &Uuid::new_v4().to_string());
    let unsigned = format!("/screen?hall={}&display={good}", table.hall_id);
    for refused in [
        other_hall,
        unsigned,
        link(table.hall_id, expired, past),
        // Signed for longer than the link is good.
        link(table.hall_id, expired, far()),
        link(table.hall_id, never, far()),
    ] {
        assert_eq!(get(&service, &refused, &[]).await.status, 403, "{refused}");
    }
    let mut events = Events::open(&service, &shown.replace("/screen?", "/screen/events?"), &[]).await;
    events.next("screen").await;
    let head = stage.append(vec![revoked(table.hall_id, good)]).await;
    events.next("gone").await;
    reach(&service, head).await;
    assert_eq!(get(&service, &shown, &[]).await.status, 403);
    stage.verify_all(head).await;
    service.stop().await;
}
