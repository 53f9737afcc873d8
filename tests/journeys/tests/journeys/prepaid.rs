//! Buy time first.

use baize_domain::Event;
use baize_domain::session::{CloseCause, TableSessionEvent, Warning};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::view::v1::BillStatus;

use crate::{all_is_well, lamp_is, patient_policy, recorded};

#[tokio::test]
async fn bought_time_ends_by_itself_after_each_warning_was_given_once() -> anyhow::Result<()> {
    let world = World::start(120.0).await?;
    let mut policy = patient_policy();
    policy.warning_minutes = vec![8, 3];
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(300, 200).await?;

    let opened = hall.open_prepaid(&table, &member, 10).await?;
    assert_eq!(opened.secured_fen, 200, "ten minutes are paid");
    assert_eq!(hall.wallet(&member, opened.position).await?.available_fen, 300);

    // Prolonged after the first warning: both are armed again for the new end.
    recorded(&world, "the first warning", |event| warned_minutes(event) == Some(8)).await?;
    let extended = hall.extend(&opened.session_id, 10).await?;
    assert_eq!(extended.amount_fen, 200);

    let (bill, position) = hall
        .bill_until(&opened.session_id, opened.position, BillStatus::Paid)
        .await?;
    assert_eq!((bill.paid_fen, bill.outstanding_fen), (400, 0));
    let wallet = hall.wallet(&member, position).await?;
    assert_eq!(
        (wallet.principal_fen, wallet.bonus_fen),
        (0, 100),
        "principal first, then bonus"
    );

    let log = world.log().await?;
    let warned: Vec<_> = log
        .entries
        .iter()
        .filter_map(|entry| warned_minutes(&entry.event))
        .collect();
    assert_eq!(warned, [8, 8, 3]);
    let cause = log.entries.iter().find_map(|entry| match &entry.event {
        Event::TableSession(TableSessionEvent::SessionClosed { cause, .. }) => Some(*cause),
        _ => None,
    });
    assert_eq!(cause, Some(CloseCause::PrepaidEnd));
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}

fn warned_minutes(event: &Event) -> Option<u32> {
    match event {
        Event::TableSession(TableSessionEvent::CustomerWarned {
            warning: Warning::PrepaidEnding { minutes },
            ..
        }) => Some(*minutes),
        _ => None,
    }
}
