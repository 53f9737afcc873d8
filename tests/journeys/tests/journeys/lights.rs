//! A light that does not answer.

use baize_domain::Event;
use baize_domain::device::DeviceEvent;
use baize_domain::session::TableSessionEvent;
use baize_journeys::clients::millis;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::venue::v1::HallPolicy;
use baize_proto::hall::view::v1::{BillStatus, TableStatus};
use jiff::SignedDuration;

use crate::{all_is_well, lamp_is, recorded};

#[tokio::test]
async fn a_light_that_is_never_confirmed_cancels_the_session_after_thirty_seconds_and_costs_nothing()
-> anyhow::Result<()> {
    let world = World::start(20.0).await?;
    let hall = Hall::open(&world.clients, HallPolicy::default(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let other = hall.table("a2").await?;
    let fleet = world.relays(&["a1", "a2"]).await?;
    let relay = fleet.relay("a1").ok_or_else(|| anyhow::anyhow!("no relay"))?;
    relay.set_offline(true);
    let second = fleet.relay("a2").ok_or_else(|| anyhow::anyhow!("no relay"))?;
    second.set_offline(true);
    let (paying_later, paying_first) = (hall.member(5_000, 0).await?, hall.member(5_000, 0).await?);

    let opened = hall.open_postpaid(&table, &paying_later).await?;
    let (bill, position) = hall
        .bill_until(&opened.session_id, opened.position, BillStatus::Cancelled)
        .await?;
    assert_eq!((bill.paid_fen, bill.outstanding_fen), (0, 0));
    let wallet = hall.wallet(&paying_later, position).await?;
    assert_eq!(
        (wallet.principal_fen, wallet.held_fen),
        (5_000, 0),
        "all of it is free again"
    );

    let cancelled = recorded(&world, "the cancellation", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::SessionCancelled { .. }))
    })
    .await?;
    let Event::TableSession(TableSessionEvent::SessionCancelled { at, .. }) = cancelled.event else {
        unreachable!("found by its kind")
    };
    let waited = at.as_millisecond() - millis(opened.opened_at);
    assert!((30_000..60_000).contains(&waited), "cancelled after {waited} ms");

    // Off sale, with a reason that customers may read.
    let board = hall.on_board(&table, position).await?;
    assert_eq!(board.status(), TableStatus::Maintenance);
    assert!(!board.maintenance_reason.is_empty());
    let refused = hall.open_prepaid(&table, &paying_first, 30).await.unwrap_err();
    assert_eq!(refused.reason, "TABLE_IN_MAINTENANCE");

    // It is not put back by hand, before its light was seen to; who pays first gets everything back as well.
    let refused = hall.end_maintenance(&table).await.unwrap_err();
    assert_eq!(refused.reason, "TABLE_UNDER_REPAIR");
    let opened = hall.open_prepaid(&other, &paying_first, 30).await?;
    let (_, position) = hall
        .bill_until(&opened.session_id, opened.position, BillStatus::Cancelled)
        .await?;
    assert_eq!(hall.wallet(&paying_first, position).await?.principal_fen, 5_000);

    // The relay comes back long after: what it is told is what is wanted now, not what was wanted then.
    relay.set_offline(false);
    second.set_offline(false);
    recorded(&world, "the relay to confirm that it is off", |event| {
        matches!(event, Event::Device(DeviceEvent::LightConfirmed { on: false, .. }))
    })
    .await?;
    for topic in ["a1", "a2"] {
        assert_eq!(fleet.lamp(topic, 1).changes(), [], "the lamp never burnt");
    }
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn a_lamp_goes_off_by_its_own_timer_when_everything_else_is_dead() -> anyhow::Result<()> {
    let mut world = World::start(60.0).await?;
    let policy = HallPolicy {
        light_timeout_seconds: Some(3_600),
        linger_seconds: Some(60),
        ..HallPolicy::default()
    };
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(5_000, 0).await?;
    hall.open_prepaid(&table, &member, 3).await?;
    lamp_is(&fleet, "a1", true).await?;
    recorded(&world, "the light to be confirmed", |event| {
        matches!(event, Event::Device(DeviceEvent::LightConfirmed { on: true, .. }))
    })
    .await?;

    let log = world.log().await?;
    for service in world.services() {
        service.kill();
    }
    lamp_is(&fleet, "a1", false).await?;
    let promised = log.entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Device(DeviceEvent::LightDesired { not_after, .. }) => *not_after,
        _ => None,
    });
    let went_off = fleet
        .lamp("a1", 1)
        .changes()
        .last()
        .map(|change| change.at)
        .unwrap_or_default();
    let late = went_off.duration_since(promised.unwrap_or_default());
    assert!(
        late < SignedDuration::from_secs(2 + 60),
        "the lamp burnt {late:#} past its end"
    );

    // When everything is back, the session ends where it should have ended.
    for service in world.services() {
        service.spawn()?;
        service.ready().await?;
    }
    let closed = recorded(&world, "the session to be settled", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::SessionSettled { .. }))
    })
    .await?;
    assert!(
        matches!(closed.event, Event::TableSession(TableSessionEvent::SessionSettled { paid, .. }) if paid.0 == 60)
    );
    all_is_well(&world, &fleet).await
}
