//! A wallet that is short at the end.

use baize_journeys::clients::millis;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::view::v1::BillStatus;
use jiff::{SignedDuration, Timestamp};

use crate::{all_is_well, lamp_is, patient_policy};

/// A session that runs on past its hold ends by itself, so a wallet can only be short when nobody was there to end it:
/// here the process runner hangs, and the customer closes through another command-api.
#[tokio::test]
async fn a_wallet_that_is_short_at_the_end_leaves_a_bill_that_blocks_the_next_opening_until_it_is_paid()
-> anyhow::Result<()> {
    let mut world = World::start(120.0).await?;
    let mut policy = patient_policy();
    (policy.hold_minutes, policy.hold_renewal_minutes, policy.linger_seconds) = (Some(5), Some(2), Some(600));
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(110, 0).await?;
    let opened = hall.open_postpaid(&table, &member).await?;
    assert_eq!(opened.secured_fen, 100);
    lamp_is(&fleet, "a1", true).await?;
    let second = world.second_command_api().await?;

    world.command_api.freeze();
    let until = Timestamp::from_millisecond(millis(opened.secured_until))?;
    world.clock.sleep_until(until + SignedDuration::from_mins(4)).await;
    let closed = hall.through(&second).close(&opened.session_id).await?;
    let total = closed.bill.map(|bill| bill.total_fen).unwrap_or_default();
    assert!(total > 110, "{total} is more than the wallet has");
    world.command_api.thaw();

    let (bill, position) = hall
        .bill_until(&opened.session_id, opened.position, BillStatus::Outstanding)
        .await?;
    assert_eq!(
        (bill.paid_fen, bill.outstanding_fen),
        (110, total - 110),
        "what there was is taken, the rest is owed"
    );
    let wallet = hall.wallet(&member, position).await?;
    assert_eq!(
        (wallet.principal_fen, wallet.held_fen, wallet.owed_fen),
        (0, 0, total - 110)
    );

    // Money alone does not open a table: the bill comes first.
    let refused = hall.open_postpaid(&table, &member).await.unwrap_err();
    assert_eq!(refused.reason, "UNPAID_BILL");
    assert_eq!(refused.facts.get("session_id"), Some(&opened.session_id));
    let paid = hall.top_up(&member, 1_000, 0).await?;
    let wallet = hall.wallet(&member, paid.position).await?;
    assert_eq!(
        (wallet.principal_fen, wallet.owed_fen),
        (1_110 - total, 0),
        "the top-up pays the bill"
    );
    assert_eq!(
        hall.bill(&opened.session_id, paid.position).await?.status(),
        BillStatus::Paid
    );
    let again = hall.open_postpaid(&table, &member).await?;
    hall.close(&again.session_id).await?;
    hall.bill_until(&again.session_id, again.position, BillStatus::Paid)
        .await?;
    all_is_well(&world, &fleet).await
}
