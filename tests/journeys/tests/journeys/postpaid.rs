//! Play first, pay at the end.

use baize_domain::Event;
use baize_domain::device::DeviceEvent;
use baize_domain::session::{BillingStartCause, TableSessionEvent};
use baize_journeys::clients::millis;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::view::v1::{BillStatus, LightStatus, TableStatus};
use jiff::{SignedDuration, Timestamp};

use crate::{all_is_well, lamp_is, patient_policy, recorded};

const LINGER_MILLIS: i64 = 180_000;

#[tokio::test]
async fn a_customer_plays_an_evening_and_pays_exactly_the_minutes_played() -> anyhow::Result<()> {
    let world = World::start(120.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let lamp = fleet.lamp("a1", 1);
    let member = hall.member(10_000, 1_000).await?;

    let opened = hall.open_postpaid(&table, &member).await?;
    assert_eq!(opened.secured_fen, 1_200, "an hour is set aside");
    lamp_is(&fleet, "a1", true).await?;

    // Billing starts when the light is confirmed, to the instant, not when the table was opened.
    let started = recorded(&world, "billing to start", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::BillingStarted { .. }))
    })
    .await?;
    let confirmed = recorded(&world, "the light to be confirmed", |event| {
        matches!(event, Event::Device(DeviceEvent::LightConfirmed { on: true, .. }))
    })
    .await?;
    let (
        Event::TableSession(TableSessionEvent::BillingStarted {
            at: billed_from, cause, ..
        }),
        Event::Device(DeviceEvent::LightConfirmed { at, .. }),
    ) = (&started.event, &confirmed.event)
    else {
        unreachable!("they were found by their kind");
    };
    assert_eq!((billed_from, *cause), (at, BillingStartCause::LightConfirmed));
    assert!(millis(opened.opened_at) < billed_from.as_millisecond());

    let board = hall.on_board(&table, started.position.max(confirmed.position)).await?;
    assert_eq!(
        (board.status(), board.light()),
        (TableStatus::Occupied, LightStatus::On)
    );
    assert_eq!(board.session_id, opened.session_id);

    let extended = hall.extend(&opened.session_id, 30).await?;
    assert_eq!(extended.amount_fen, 600, "half an hour more is set aside");
    assert_eq!(
        millis(extended.secured_until) - billed_from.as_millisecond(),
        90 * 60_000,
        "both together reach 90 minutes"
    );

    world
        .clock
        .sleep_until(*billed_from + SignedDuration::from_secs(200))
        .await;
    let closed = hall.close(&opened.session_id).await?;
    let minutes = minutes_begun(*billed_from, millis(closed.closed_at));
    let total = minutes * 20;
    assert!(minutes >= 4);
    assert_eq!(
        closed.bill.map(|bill| bill.total_fen),
        Some(total),
        "{minutes} minutes at 20 fen"
    );

    let (bill, position) = hall
        .bill_until(&opened.session_id, opened.position, BillStatus::Paid)
        .await?;
    let lines = bill.bill.unwrap_or_default().lines;
    assert_eq!(lines.iter().map(|line| line.amount_fen).sum::<i64>(), total);
    assert_eq!((bill.paid_fen, bill.outstanding_fen), (total, 0));
    let wallet = hall.wallet(&member, position).await?;
    assert_eq!(
        (wallet.principal_fen, wallet.bonus_fen, wallet.held_fen),
        (10_000 - total, 1_000, 0),
        "principal is spent first"
    );

    // The table is free at once, the light lingers and goes off.
    let board = hall.on_board(&table, position).await?;
    assert_eq!((board.status(), board.session_id.as_str()), (TableStatus::Idle, ""));
    lamp_is(&fleet, "a1", false).await?;
    let went_off = lamp.changes().last().map(|change| change.at).unwrap_or_default();
    let lingered = went_off.as_millisecond() - millis(closed.closed_at);
    assert!(
        lingered >= LINGER_MILLIS - 1_000,
        "the light lingered {lingered} ms only"
    );
    recorded(&world, "the light to be reported off", is_off).await?;
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn a_hold_that_runs_low_is_raised_while_the_wallet_can_pay() -> anyhow::Result<()> {
    let world = World::start(120.0).await?;
    let mut policy = patient_policy();
    (policy.hold_minutes, policy.hold_renewal_minutes) = (Some(6), Some(3));
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    // 120 for the first six minutes, 120 for the next; then 10 are left, less than a minute's price.
    let member = hall.member(250, 0).await?;

    let opened = hall.open_postpaid(&table, &member).await?;
    let (bill, position) = hall
        .bill_until(&opened.session_id, opened.position, BillStatus::Paid)
        .await?;
    assert_eq!(
        (bill.paid_fen, bill.outstanding_fen),
        (240, 0),
        "play ended when the money did"
    );
    assert_eq!(hall.wallet(&member, position).await?.available_fen, 10);

    let log = world.log().await?;
    let kinds: Vec<_> = log
        .entries
        .iter()
        .filter(|entry| entry.aggregate_id == opened.session_id)
        .map(|entry| entry.event_type.as_str())
        .collect();
    let expected = [
        "SessionOpened",
        "BillingStarted",
        "HoldRenewed",
        "CustomerWarned",
        "SessionClosed",
        "SessionSettled",
    ];
    assert_eq!(kinds, expected, "raised once, warned once, closed by itself");
    lamp_is(&fleet, "a1", false).await?;
    recorded(&world, "the light to be reported off", is_off).await?;
    all_is_well(&world, &fleet).await
}

fn minutes_begun(from: Timestamp, to_millis: i64) -> i64 {
    (to_millis - from.as_millisecond() + 59_999) / 60_000
}

fn is_off(event: &Event) -> bool {
    matches!(
        event,
        Event::Device(DeviceEvent::LightConfirmed { on: false, .. } | DeviceEvent::LightExpired { .. })
    )
}
