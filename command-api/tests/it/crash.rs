//! The service dies without a word, time and again; another one takes over.

use baize_command_api::{CommandApi, Options, RunnerStatus};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

use super::processes::play_and_close;
use super::world::{Clients, KEYS, PATIENCE, World, database, fast, patient, until};

/// A service on threads of its own, which can be taken away from it at any moment.
struct Mortal {
    runtime: Runtime,
    api: CommandApi,
}

impl Mortal {
    async fn start(mut options: Options) -> Self {
        options.keys = KEYS.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let api = runtime.spawn(CommandApi::start(options)).await.unwrap().unwrap();
        Self { runtime, api }
    }

    /// Ends it wherever it is: nothing is drained, nothing closed in good order.
    fn kill(self) {
        self.runtime.shutdown_background();
        drop(self.api);
    }

    async fn leads(&self) {
        let mut status = self.api.processes();
        let leads = status.wait_for(|status| matches!(status, RunnerStatus::Leading { .. }));
        tokio::time::timeout(PATIENCE, leads).await.expect("it leads").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_outlives_the_process_that_set_it() {
    let mut options = Options::new(database().await);
    options.clock = fast(20.0);
    let mortal = Mortal::start(options.clone()).await;
    let mut clients = Clients::to(&mortal.api).await;
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let session_id = clients.open(&hall.tables[0], &member).await.unwrap().session_id;
    let timers = "SELECT count(*) FROM process_timers WHERE name = 'light-timeout'";
    until(&options.database_url, timers, |number| number == 1).await;
    mortal.kill();

    let world = World::on(options).await;
    let cancelled = world.history().await.until("SessionCancelled", &session_id).await;
    let history = world.at_rest(cancelled.position).await;
    assert_eq!(history.count("SessionCancelled"), 1);
    assert_eq!(history.count("HoldReleased"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_outlives_the_process_that_owed_it_and_is_not_doubled() {
    let mut options = Options::new(database().await);
    options.clock = fast(60.0);
    options.processes = false;
    let world = World::on(options.clone()).await;
    let mut clients = world.clients.clone();
    let hall = clients.hall_with(1, patient()).await;
    let closed = play_and_close(&clients, &hall.tables, 1).await;

    // From here on events can be read, but not written.
    let mut blocker = PgConnection::connect(&options.database_url).await.unwrap();
    let mut blocking = blocker.begin().await.unwrap();
    sqlx::query("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *blocking)
        .await
        .unwrap();
    options.processes = true;
    let mortal = Mortal::start(options.clone()).await;
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'events'::regclass";
    until(&options.database_url, waits, |number| number == 1).await;
    until(
        &options.database_url,
        "SELECT count(*) FROM process_effects WHERE step = 'settle'",
        |number| number == 1,
    )
    .await;
    mortal.kill();
    // Whether what it had sent is written now, nobody knows.
    blocking.rollback().await.unwrap();

    let heir = World::on(options).await;
    let history = heir.at_rest(closed).await;
    assert_eq!(history.count("SessionSettled"), 1);
    assert_eq!(history.count("HoldReleased") + history.count("HoldCaptured"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_and_nothing_is_lost_or_doubled() {
    const ROUNDS: usize = 6;
    const TABLES: u32 = 10;
    let mut options = Options::new(database().await);
    options.clock = fast(100.0);
    let mut leader = Mortal::start(options.clone()).await;
    leader.leads().await;
    let hall = Clients::to(&leader.api).await.hall_with(TABLES, patient()).await;
    let mut last = 0;
    for _ in 0..ROUNDS {
        let standby = Mortal::start(options.clone()).await;
        let clients = Clients::to(&standby.api).await;
        // The leader is taken away at the moment at which the last session is closed: settlements are in full swing.
        last = play_and_close(&clients, &hall.tables, 2).await;
        leader.kill();
        standby.leads().await;
        leader = standby;
    }
    leader.kill();

    let world = World::on(options).await;
    let sessions = ROUNDS * TABLES as usize * 2;
    let history = world.at_rest(last).await;
    for event_type in ["SessionOpened", "SessionClosed", "SessionSettled", "FundsHeld"] {
        assert_eq!(history.count(event_type), sessions, "{event_type}");
    }
    let ends = history.count("HoldCaptured") + history.count("HoldReleased");
    assert_eq!(ends, sessions);
}
