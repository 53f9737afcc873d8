//! Reading: one's own writes, and the live page.

use std::time::Duration;

use anyhow::Context as _;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::view::v1::{BillStatus, GetBoardRequest, TableStatus, WatchBoardRequest};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tonic::{Code, Request};

use crate::{PATIENCE, all_is_well, lamp_is, patient_policy};

#[tokio::test]
async fn who_writes_reads_the_own_write_by_its_position() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let fleet = world.relays(&[]).await?;
    let member = hall.newcomer().await?;
    for round in 1..=100 {
        let paid = hall.top_up(&member, 100, 10).await?;
        let wallet = hall.wallet(&member, paid.position).await?;
        assert_eq!((wallet.principal_fen, wallet.bonus_fen), (round * 100, round * 10));
    }

    // A position that is not there yet is waited for, within the caller's deadline and not beyond.
    let mut request = Request::new(GetBoardRequest {
        hall_id: hall.hall_id.clone(),
        min_position: 1_000_000,
    });
    request.set_timeout(Duration::from_millis(300));
    let late = world.clients.boards.clone().get_board(request).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn the_board_shows_a_table_open_and_close_while_it_is_watched() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let mut policy = patient_policy();
    policy.linger_seconds = Some(1);
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(5_000, 0).await?;
    hall.on_board(&table, world.log().await?.head()).await?;

    let watch = WatchBoardRequest {
        hall_id: hall.hall_id.clone(),
    };
    let mut board = world.clients.boards.clone().watch_board(watch).await?.into_inner();
    let first = board.message().await?.context("no first message")?;
    assert!(first.snapshot && first.tables.len() == 1);
    let mut page = Page::open(&world, &hall.hall_id).await?;

    let opened = hall.open_postpaid(&table, &member).await?;
    let watched = async {
        loop {
            let update = board.message().await?.context("the board ended")?;
            if update
                .tables
                .iter()
                .any(|row| row.status() == TableStatus::Occupied && row.session_id == opened.session_id)
            {
                return anyhow::Ok(());
            }
        }
    };
    tokio::time::timeout(PATIENCE, watched)
        .await
        .context("the board never showed the session")??;
    page.wait_for_card(&table.table_id, "occupied").await?;

    hall.close(&opened.session_id).await?;
    page.wait_for_card(&table.table_id, "idle").await?;
    lamp_is(&fleet, "a1", false).await?;
    hall.bill_until(&opened.session_id, opened.position, BillStatus::Paid)
        .await?;
    all_is_well(&world, &fleet).await
}

/// The live page, as a browser sees it: the document, then the events that change it.
struct Page {
    events: BufReader<TcpStream>,
}

impl Page {
    async fn open(world: &World, hall_id: &str) -> anyhow::Result<Self> {
        let mut document = get(world, &format!("/halls/{hall_id}/board"), "text/html").await?;
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut document, &mut text).await?;
        anyhow::ensure!(text.starts_with("HTTP/1.1 200"), "the page: {text}");
        anyhow::ensure!(
            text.contains("data-label=\"a1\""),
            "the page does not show the table: {text}"
        );
        let events = get(world, &format!("/halls/{hall_id}/board/events"), "text/event-stream").await?;
        Ok(Self { events })
    }

    /// Waits until the page is told to draw a table as being so.
    async fn wait_for_card(&mut self, table_id: &str, status: &str) -> anyhow::Result<()> {
        let wanted = format!("data-status=\"{status}\"");
        let found = async {
            loop {
                let mut line = String::new();
                anyhow::ensure!(self.events.read_line(&mut line).await? > 0, "the events ended");
                let data = line
                    .strip_prefix("data:")
                    .and_then(|data| serde_json::from_str(data).ok());
                let data: serde_json::Value = data.unwrap_or_default();
                let mut cards = data["cards"].as_array().into_iter().flatten();
                if cards.any(|card| {
                    card["id"] == table_id && card["html"].as_str().is_some_and(|html| html.contains(&wanted))
                }) {
                    return Ok(());
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.with_context(|| format!("the page was never told that the table is {status}"))?
    }
}

async fn get(world: &World, path: &str, accept: &str) -> anyhow::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(world.addresses.web).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n",
        world.addresses.web
    );
    stream.write_all(request.as_bytes()).await?;
    Ok(BufReader::new(stream))
}
