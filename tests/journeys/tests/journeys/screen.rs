//! The wall screen in a real browser.

use std::path::PathBuf;

use baize_journeys::browser::{Browser, Page};
use baize_journeys::clients::{new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::tools::repository;
use baize_journeys::world::World;
use baize_proto::hall::venue::v1::display_service_client::DisplayServiceClient;
use baize_proto::hall::venue::v1::{IssueDisplayLinkRequest, RevokeDisplayLinkRequest};
use baize_proto::hall::view::v1::GetIndicatorsRequest;
use baize_proto::hall::view::v1::get_indicators_request::Of;
use baize_proto::hall::view::v1::indicator_service_client::IndicatorServiceClient;

use crate::{all_is_well, lamp_is, patient_policy};

/// Pages as they looked, kept as output of the build.
pub fn picture(name: &str) -> PathBuf {
    repository().join("target/pictures").join(name).with_extension("png")
}

/// How many tables the screen shows in that state.
pub async fn shown(page: &Page, status: &str, count: usize) -> anyhow::Result<()> {
    let seen = format!("document.querySelectorAll('#tables [data-status={status}]').length === {count}");
    page.until(&format!("{count} tables that are {status}"), &seen).await
}

#[tokio::test]
async fn a_table_opened_over_grpc_is_taken_on_the_wall_screen_which_turns_grey_without_news_and_comes_back()
-> anyhow::Result<()> {
    let mut world = World::start(1.0).await?;
    let mut policy = patient_policy();
    policy.linger_seconds = Some(1);
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    hall.table("a2").await?;
    let fleet = world.relays(&["a1", "a2"]).await?;
    let member = hall.member(50_000, 0).await?;
    let mut displays = DisplayServiceClient::new(world.commands.clone());
    let issue = IssueDisplayLinkRequest {
        request_id: new_id(),
        hall_id: hall.hall_id.clone(),
        label: "吧台上方".to_owned(),
        days: 30,
    };
    let link = displays.issue_display_link(timed(issue.clone())).await?.into_inner();
    let again = displays.issue_display_link(timed(issue)).await?.into_inner();
    assert_eq!(link, again, "one request, one link");
    // The page asks the view of the figures whether the link is good.
    let figures = GetIndicatorsRequest {
        of: Some(Of::HallId(hall.hall_id.clone())),
        min_position: link.position,
        ..GetIndicatorsRequest::default()
    };
    IndicatorServiceClient::new(world.queries.clone())
        .get_indicators(timed(figures))
        .await?;

    let browser = Browser::launch()?;
    let address = format!("http://{}{}&stale=8", world.addresses.web, link.page_path);
    let zh = browser.open(&format!("{address}&lang=zh-CN"), 1920, 1080).await?;
    let en = browser.open(&format!("{address}&lang=en"), 1920, 1080).await?;
    for (page, heading) in [(&zh, "今日营业额"), (&en, "Revenue today")] {
        page.until("the screen", "document.body.classList.contains('live')")
            .await?;
        page.until(
            "its language",
            &format!("document.body.innerText.includes('{heading}')"),
        )
        .await?;
        shown(page, "idle", 2).await?;
    }
    let opened = hall.open_postpaid(&table, &member).await?;
    for page in [&zh, &en] {
        shown(page, "occupied", 1).await?;
        page.until(
            "the figure",
            "document.querySelector('[data-kpi=occupied_tables] b').textContent === '1'",
        )
        .await?;
        page.until(
            "the running time",
            "/^0:0\\d:\\d\\d$/.test(document.querySelector('[data-since]')?.textContent)",
        )
        .await?;
        // What was asked for and confirmed stands beside its target.
        page.until(
            "the share of openings",
            "document.querySelector('[data-kpi=open_success].met b')?.textContent === '100'",
        )
        .await?;
    }
    zh.picture(&picture("journey-zh-CN")).await?;
    en.picture(&picture("journey-en")).await?;

    world.projections.kill();
    for page in [&zh, &en] {
        page.until("grey", "document.body.classList.contains('stale')").await?;
        page.until(
            "grey tiles",
            "getComputedStyle(document.querySelector('main')).filter.includes('grayscale')",
        )
        .await?;
    }
    en.picture(&picture("journey-stale-en")).await?;
    hall.close(&opened.session_id).await?;
    world.projections.spawn()?;
    world.projections.ready().await?;
    for page in [&zh, &en] {
        page.until(
            "life",
            "document.body.classList.contains('live') && !document.body.classList.contains('stale')",
        )
        .await?;
        shown(page, "occupied", 0).await?;
    }

    // However often it is drawn, it holds what it held. Charts grow with the hours of a day.
    let elements = "document.querySelectorAll('*').length - document.querySelectorAll('#charts *').length";
    let before = zh.value(elements).await?;
    for _round in 0..3 {
        let opened = hall.open_postpaid(&table, &member).await?;
        shown(&zh, "occupied", 1).await?;
        hall.close(&opened.session_id).await?;
        shown(&zh, "idle", 2).await?;
    }
    assert_eq!(zh.value(elements).await?, before);

    let revoke = RevokeDisplayLinkRequest {
        request_id: new_id(),
        hall_id: hall.hall_id.clone(),
        display_id: link.display_id,
    };
    displays.revoke_display_link(timed(revoke)).await?;
    for page in [&zh, &en] {
        page.until(
            "darkness",
            "document.body.classList.contains('gone') && !document.querySelector('.table')",
        )
        .await?;
    }
    assert_eq!(zh.faults(), Vec::<String>::new(), "no script has thrown");
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}
