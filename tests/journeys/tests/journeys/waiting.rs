//! Tables that wait for their payment, and deposits.

use baize_domain::Event;
use baize_domain::session::TableSessionEvent;
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::view::v1::BillStatus;

use crate::{all_is_well, lamp_is, patient_policy, recorded};

#[tokio::test]
async fn a_table_that_waits_for_its_payment_opens_by_itself_and_of_a_deposit_the_rest_goes_back() -> anyhow::Result<()>
{
    let world = World::start(10.0).await?;
    let mut policy = patient_policy();
    (policy.deposit_fen, policy.payment_wait_seconds) = (Some(1_000), Some(3_600));
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let (first, second) = (hall.table("a1").await?, hall.table("a2").await?);
    let fleet = world.relays(&["a1", "a2"]).await?;
    let member = hall.member(400, 0).await?;

    let waiting = hall.open_on_deposit(&first, &member).await?;
    assert_eq!((waiting.due_fen, waiting.shortfall_fen), (1_000, 600));
    assert!(waiting.opened_at.is_none() && waiting.pay_by.is_some());
    let other = hall.member(5_000, 0).await?;
    assert_eq!(
        hall.open_postpaid(&first, &other).await.unwrap_err().reason,
        "TABLE_OCCUPIED"
    );
    assert_eq!(
        hall.extend(&waiting.session_id, 10).await.unwrap_err().reason,
        "PAYMENT_AWAITED",
        "nothing has begun"
    );

    let paid = hall.top_up(&member, 600, 0).await?;
    lamp_is(&fleet, "a1", true).await?;
    let opened = recorded(&world, "the opening", |event| match event {
        Event::TableSession(TableSessionEvent::SessionOpened { session_id, .. }) => {
            session_id.to_string() == waiting.session_id
        }
        _ => false,
    })
    .await?;
    assert!(opened.position > paid.position);
    assert_eq!(hall.wallet(&member, opened.position).await?.held_fen, 1_000);
    let closed = hall.close(&waiting.session_id).await?;
    let (bill, position) = hall
        .bill_until(&waiting.session_id, opened.position, BillStatus::Paid)
        .await?;
    let total = closed.bill.map(|bill| bill.total_fen).unwrap_or_default();
    assert_eq!(bill.paid_fen, total);
    let wallet = hall.wallet(&member, position).await?;
    assert_eq!((wallet.principal_fen, wallet.held_fen), (1_000 - total, 0));

    // Bought time waits in the same way.
    let waiting = hall.open_when_paid(&second, &member, 60).await?;
    assert_eq!(waiting.due_fen, 1_200);
    hall.top_up(&member, 1_200, 0).await?;
    lamp_is(&fleet, "a2", true).await?;
    let closed = hall.close(&waiting.session_id).await?;
    hall.bill_until(&waiting.session_id, closed.position, BillStatus::Paid)
        .await?;
    lamp_is(&fleet, "a2", false).await?;
    all_is_well(&world, &fleet).await
}
