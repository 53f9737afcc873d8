//! Points that come and go by themselves.

use baize_domain::ids::{EarningId, SessionId};
use baize_domain::points_account::PointsAccountEvent;
use baize_domain::{Event, Fen};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::world::{World, decoded, fast};

/// Points that expire in so many seconds.
pub fn earned(now: Timestamp, points: u64, in_seconds: i64) -> Event {
    Event::PointsAccount(PointsAccountEvent::PointsEarned {
        earning_id: EarningId(Uuid::now_v7()),
        session_id: SessionId(Uuid::now_v7()),
        principal: Fen(100),
        fen_per_point: Fen(100),
        points,
        met_owed: 0,
        expires_at: now + SignedDuration::from_secs(in_seconds),
        at: now,
    })
}

#[tokio::test]
async fn points_expire_when_their_time_is_over_and_nobody_has_to_look() {
    let clock = fast(60.0);
    let world = World::with(|options| options.clock = clock.clone()).await;
    let member = world.clients.clone().member(100).await;
    world.happened(&[(&member, earned(clock.now(), 7, 60))]).await;
    let mut history = world.history().await;
    let expired = history.until("PointsExpired", &member).await;
    let Event::PointsAccount(PointsAccountEvent::PointsExpired { points, .. }) = decoded(&expired) else {
        panic!("{expired:?}");
    };
    assert_eq!(points, 7);
    world.settled(expired.position).await;
    let left = world.count("SELECT count(*) FROM process_instances").await;
    assert_eq!(left, 0, "nothing is waited for any more");
}
