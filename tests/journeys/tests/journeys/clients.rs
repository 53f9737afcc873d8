//! Clients that share no code with Baize: a Python program, and buf by reflection.

use std::process::{Output, Stdio};

use anyhow::Context as _;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::tools;
use baize_journeys::world::World;
use baize_proto::access::{Claims, Role, Signer};
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use uuid::Uuid;

use crate::{all_is_well, lamp_is, patient_policy};

#[tokio::test]
async fn a_python_program_logs_in_opens_a_table_moves_and_sees_its_lamps_and_bill() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let fleet = world.relays(&["python-1", "python-2"]).await?;
    let (mqtt_host, mqtt_port) = world.nats.mqtt_address();
    let mut python = Command::new(tools::client_python());
    python
        .arg(tools::repository().join("tests/python-client/evening.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    python.args([
        "--commands",
        &world.addresses.commands.to_string(),
        "--queries",
        &world.addresses.queries.to_string(),
    ]);
    let role = Role::Operator;
    let operator = Claims::new(Uuid::now_v7(), role, Timestamp::now(), role.lifetime_max());
    python
        .arg("--operator-token")
        .arg(world.token_file("operator", &operator)?);
    python.args(["--wechat-code", &world.wechat.login("o-python")]);
    python.args(["--mqtt", &format!("{mqtt_host}:{mqtt_port}")]);
    python.args(["--relays", "python-1", "python-2"]);
    let said = succeed(&mut python).await?;
    for line in [
        "logged in: new",
        "the code leads to table A1",
        "lamp on",
        "refused: TABLE_OCCUPIED",
        "invalid: {'minutes'",
        "moved to table A2",
        "total ¥",
        "lamp off; done",
    ] {
        assert!(said.contains(line), "{line:?} is missing in:\n{said}");
    }
    for relay in ["python-1", "python-2"] {
        let lamp = fleet.lamp(relay, 1);
        let changes: Vec<_> = lamp.changes().iter().map(|change| change.on).collect();
        assert_eq!(changes, [true, false], "the lamp {relay} really went on and off");
    }
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn every_event_on_nats_is_as_the_published_contract_says_and_ten_lines_of_python_follow_them()
-> anyhow::Result<()> {
    let world = World::start(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member_id = hall.member(10_000, 500).await?;
    let opened = hall.open_postpaid(&table, &member_id).await?;
    lamp_is(&fleet, "a1", true).await?;
    hall.close(&opened.session_id).await?;
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await?;
    let last = world.log().await?.entries.last().context("events")?.position;

    let mut python = Command::new(tools::client_python());
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    python.arg(tools::repository().join("tests/python-client/events.py"));
    python.args(["--nats", &world.nats.url(), "--until", &last.to_string()]);
    python.arg("--contract").arg(tools::repository().join("schema"));
    let said = succeed(&mut python).await?;
    assert!(
        said.contains(&format!("{last} events are as the contract says")),
        "{said}"
    );

    let mut consumer = Command::new(tools::client_python());
    consumer.arg(tools::repository().join("docs/examples/consumer.py"));
    consumer.arg(world.nats.url()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut consumer = consumer.spawn()?;
    let printed = consumer.stdout.take().context("its output")?;
    let mut lines = BufReader::new(printed).lines();
    let followed = async {
        while let Some(line) = lines.next_line().await? {
            if line.starts_with(&format!("{last} events.")) {
                return Ok(line);
            }
        }
        anyhow::bail!("it ended before the last event")
    };
    tokio::time::timeout(crate::PATIENCE, followed).await??;
    Ok(())
}

#[tokio::test]
async fn buf_finds_the_services_by_reflection_and_calls_them() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let (commands, queries) = (
        format!("http://{}", world.addresses.commands),
        format!("http://{}", world.addresses.queries),
    );
    let listed = succeed(&mut curl(&["--list-methods", &commands])).await?;
    for method in [
        "hall.table.v1.TableService/OpenTable",
        "hall.venue.v1.VenueService/RegisterHall",
        "hall.wallet.v1.WalletService/CreditTopUp",
        "hall.device.v1.DeviceService/ConfirmLight",
    ] {
        assert!(listed.contains(method), "{method} is missing in:\n{listed}");
    }
    let listed = succeed(&mut curl(&["--list-methods", &queries])).await?;
    for method in [
        "hall.view.v1.BoardService/GetBoard",
        "hall.view.v1.BillService/WatchBill",
        "hall.view.v1.StatementService/GetWallet",
    ] {
        assert!(listed.contains(method), "{method} is missing in:\n{listed}");
    }
    let head = world.log().await?.head();
    let message = format!(r#"{{"hallId":"{}","minPosition":{head}}}"#, hall.hall_id);
    let auditor = Claims::new(
        Uuid::now_v7(),
        Role::Auditor,
        Timestamp::now(),
        Role::Auditor.lifetime_max(),
    );
    let header = format!(
        "authorization: Bearer {}",
        Signer::new(world.keys.clone()).issue(&auditor)?
    );
    let answer = succeed(&mut curl(&[
        "--header",
        &header,
        "--data",
        &message,
        &format!("{queries}/hall.view.v1.BoardService/GetBoard"),
    ]))
    .await?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    assert_eq!(answer["position"].as_str(), Some(head.to_string().as_str()), "{answer}");
    Ok(())
}

fn curl(arguments: &[&str]) -> Command {
    let mut buf = Command::new(tools::buf());
    buf.args(["curl", "--http2-prior-knowledge", "--protocol", "grpc"])
        .args(arguments);
    // Away from the checkout: the schema shall come from the services, not from files.
    buf.current_dir(std::env::temp_dir());
    buf
}

async fn succeed(command: &mut Command) -> anyhow::Result<String> {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    anyhow::ensure!(status.success(), "{command:?}: {status}\n{stdout}\n{stderr}");
    Ok(stdout.into_owned())
}
