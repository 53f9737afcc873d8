//! Another table, and a pause.

use baize_domain::Event;
use baize_domain::session::{ResumeCause, TableSessionEvent};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::view::v1::BillStatus;

use crate::{all_is_well, lamp_is, patient_policy, recorded};

#[tokio::test]
async fn play_moves_to_another_table_the_lamps_follow_and_a_pause_is_not_billed() -> anyhow::Result<()> {
    let world = World::start(60.0).await?;
    let mut policy = patient_policy();
    policy.pause_minutes_max = Some(5);
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let (first, second) = (hall.table("a1").await?, hall.table("a2").await?);
    let fleet = world.relays(&["a1", "a2"]).await?;
    let member = hall.member(5_000, 0).await?;
    let opened = hall.open_postpaid(&first, &member).await?;
    let session_id = &opened.session_id;
    lamp_is(&fleet, "a1", true).await?;
    recorded(&world, "billing", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::BillingStarted { .. }))
    })
    .await?;

    let before = hall.on_board(&first, opened.position).await?;
    let moved = hall.transfer(session_id, &second).await?;
    lamp_is(&fleet, "a2", true).await?;
    let (left, taken) = (
        hall.on_board(&first, moved.position).await?,
        hall.on_board(&second, moved.position).await?,
    );
    assert_eq!((left.session_id.as_str(), &taken.session_id), ("", session_id));
    assert_eq!(taken.opened_at, before.opened_at, "the game is the same");
    lamp_is(&fleet, "a1", false).await?;

    hall.pause(session_id, "停电").await?;
    let refused = hall.extend(session_id, 10).await.unwrap_err();
    assert_eq!(refused.reason, "SESSION_PAUSED");
    let resumed = recorded(&world, "the end of the pause", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::SessionResumed { .. }))
    })
    .await?;
    let Event::TableSession(TableSessionEvent::SessionResumed {
        paused_at, cause, at, ..
    }) = resumed.event
    else {
        anyhow::bail!("{resumed:?}");
    };
    assert_eq!(cause, ResumeCause::Limit, "it goes on by itself");
    assert_eq!(at.duration_since(paused_at).as_mins(), 5);

    let closed = hall.close_by_staff(session_id, "打烊").await?;
    let (bill, _) = hall.bill_until(session_id, opened.position, BillStatus::Paid).await?;
    assert_eq!(bill.table_id, second.table_id);
    assert_eq!(
        bill.paid_fen,
        closed.bill.map(|bill| bill.total_fen).unwrap_or_default()
    );
    lamp_is(&fleet, "a2", false).await?;
    all_is_well(&world, &fleet).await
}
