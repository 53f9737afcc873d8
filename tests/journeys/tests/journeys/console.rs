//! The console in a real browser: entered by its link, read with mouse, keyboard and screen reader, on a desk and on a phone.

use std::time::Duration;

use baize_journeys::browser::{Browser, Page};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::tools;
use baize_journeys::world::World;
use baize_proto::access::{Claims, Role, Signer};
use baize_proto::hall::view::v1::GetTimelineRequest;
use baize_proto::hall::view::v1::timeline_service_client::TimelineServiceClient;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::screen::picture;
use crate::{all_is_well, lamp_is, patient_policy};

/// Opens the page by the link of its own text, as somebody would who reads it.
async fn follow(page: &Page, what: &str, link: &str) -> anyhow::Result<()> {
    let found = format!("document.querySelector('{link}')");
    page.until(what, &format!("{found} !== null")).await?;
    let address = page.value(&format!("{found}.href")).await?;
    page.go(address.as_str().unwrap_or_default()).await
}

/// Nothing on the page is out of reach of whoever cannot see it, or of a narrow screen.
async fn usable(page: &Page, axe: &str, what: &str) -> anyhow::Result<()> {
    page.value(&format!("{axe}; true")).await?;
    page.value("axe.run(document).then((found) => { window.found = found.violations; }); true")
        .await?;
    page.until("the check", "Array.isArray(window.found)").await?;
    let violations = page
        .value("JSON.stringify(window.found.map((rule) => rule.id + ': ' + rule.nodes.map((node) => node.target).join(' ')))")
        .await?;
    assert_eq!(violations, "[]", "{what}");
    let overflow = page
        .value("document.documentElement.scrollWidth > window.innerWidth")
        .await?;
    assert_eq!(overflow, false, "{what} is wider than the screen");
    Ok(())
}

#[tokio::test]
async fn what_a_member_paid_and_why_is_found_in_the_console_on_a_desk_and_on_a_phone() -> anyhow::Result<()> {
    let world = World::start(120.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(50_000, 0).await?;
    let opened = hall.open_postpaid(&table, &member).await?;
    lamp_is(&fleet, "a1", true).await?;
    let played = SignedDuration::from_mins(12);
    world.clock.sleep_until(world.clock.now() + played).await;
    hall.close(&opened.session_id).await?;
    lamp_is(&fleet, "a1", false).await?;
    crate::access::complained(&world, &member, &opened.session_id).await?;
    let timelines = TimelineServiceClient::new(world.queries.clone());
    let settled = crate::eventually("the session is settled", crate::PATIENCE, async || {
        let request = GetTimelineRequest {
            session_id: opened.session_id.clone(),
            min_position: 0,
        };
        let timeline = timelines.clone().get_timeline(request).await.ok()?.into_inner();
        timeline
            .events
            .iter()
            .any(|event| event.r#type == "SessionSettled")
            .then_some(timeline)
    });
    let settled = settled.await?;
    for expected in [
        "SessionOpened",
        "FundsHeld",
        "LightDesired",
        "LightConfirmed",
        "SessionClosed",
        "TransactionPosted",
    ] {
        assert!(
            settled.events.iter().any(|event| event.r#type == expected),
            "{expected}"
        );
    }

    let axe = std::fs::read_to_string(tools::axe())?;
    let claims = Claims::new(
        Uuid::now_v7(),
        Role::Auditor,
        Timestamp::now(),
        Duration::from_secs(3_600),
    );
    let token = Signer::new(world.keys.clone()).issue(&claims)?;
    let browser = Browser::launch()?;
    let web = format!("http://{}", world.addresses.web);
    for (language, width, height) in [("zh-CN", 1280, 900), ("en", 390, 844)] {
        let page = browser
            .open(&format!("{web}/console/enter?lang={language}"), width, height)
            .await?;
        usable(&page, &axe, "the entry").await?;
        page.go(&format!("{web}/console/enter?lang={language}#token={token}"))
            .await?;
        page.until(
            "the halls",
            "location.pathname === '/console' && document.querySelector('.cards') !== null",
        )
        .await?;
        assert_eq!(page.value("location.href.includes('token')").await?, false);
        usable(&page, &axe, "the halls").await?;
        follow(&page, "the hall", ".cards h2 a").await?;
        page.until(
            "the session",
            "document.querySelector('tbody a[href*=sessions]') !== null",
        )
        .await?;
        usable(&page, &axe, "the day").await?;
        page.picture(&picture(&format!("console-day-{language}"))).await?;
        follow(&page, "the history", "a[href*=history]").await?;
        usable(&page, &axe, "the history").await?;
        page.picture(&picture(&format!("console-history-{language}"))).await?;

        follow(&page, "the hall again", ".crumb a[href*=halls]").await?;
        follow(&page, "the devices", "a[href*=\"/devices?\"]").await?;
        page.until("the lamp", "document.querySelector('tbody .good') !== null")
            .await?;
        usable(&page, &axe, "the devices").await?;
        page.picture(&picture(&format!("console-devices-{language}"))).await?;
        follow(&page, "the device", "tbody th a[href*=devices]").await?;
        page.until("its history", "document.querySelectorAll('tbody tr').length > 4")
            .await?;
        usable(&page, &axe, "the device").await?;

        page.go(&format!(
            "{web}/console/halls/{}/complaints?lang={language}",
            hall.hall_id
        ))
        .await?;
        page.until("the complaint", "document.querySelector('tbody .bad') !== null")
            .await?;
        usable(&page, &axe, "the complaints").await?;

        // What did this member pay, and why: two clicks from the list.
        page.go(&format!("{web}/console/members/{}?lang={language}", member))
            .await?;
        usable(&page, &axe, "the member").await?;
        page.picture(&picture(&format!("console-member-{language}"))).await?;
        follow(&page, "why", "td a[href*=sessions]").await?;
        page.until("the timeline", "document.querySelectorAll('.steps > li').length > 5")
            .await?;
        usable(&page, &axe, "the session").await?;
        page.value("document.querySelector('.steps details').open = true")
            .await?;
        page.picture(&picture(&format!("console-session-{language}"))).await?;
        for (place, what) in [
            ("members", "the members"),
            ("payments", "the payments"),
            ("books", "the books"),
            ("system", "the views"),
        ] {
            follow(&page, what, &format!("nav a[href*=\"/console/{place}\"]")).await?;
            page.until(what, &format!("location.pathname === '/console/{place}'"))
                .await?;
            usable(&page, &axe, what).await?;
            page.picture(&picture(&format!("console-{place}-{language}"))).await?;
        }
        assert_eq!(page.faults(), Vec::<String>::new(), "no script has thrown");
    }
    all_is_well(&world, &fleet).await
}
