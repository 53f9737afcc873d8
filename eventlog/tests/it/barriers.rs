//! What was recorded is never changed: grants stop the services, triggers stop the owner.

use std::time::Duration;

use baize_schema::APP_ROLE;
use sqlx::{Connection, Executor, PgConnection};

use crate::support::{Database, blocking, committed, deposits, unit, whole};

const CHANGES: [&str; 6] = [
    "UPDATE events SET payload = '{}'",
    "DELETE FROM events",
    "TRUNCATE events",
    "UPDATE command_results SET response = ''",
    "DELETE FROM command_results",
    "TRUNCATE command_results",
];

async fn refusal(connection: &mut PgConnection, statement: &str) -> (String, String) {
    let error = connection.execute(statement).await.expect_err(statement);
    let error = error.into_database_error().unwrap();
    (error.code().unwrap().into_owned(), error.message().to_owned())
}

#[tokio::test]
async fn the_services_may_only_insert_and_select() {
    let database = Database::new().await;
    let log = database.log().await;
    committed(&log, unit(vec![deposits("a", 0, 1)])).await;
    let before = whole(&log).await;

    let mut service = log.pool().acquire().await.unwrap();
    let role: String = sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(&mut *service)
        .await
        .unwrap();
    assert_eq!(role, APP_ROLE);
    let forbidden = [
        "ALTER TABLE events DISABLE TRIGGER append_only",
        "DROP TABLE events",
        "DROP TRIGGER append_only ON events",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
    ];
    for statement in CHANGES.iter().chain(&forbidden) {
        let (code, message) = refusal(&mut service, statement).await;
        assert_eq!(code, "42501", "{statement}: {message}");
        assert!(
            !message.contains("never changed"),
            "stopped by the trigger, not by a grant: {statement}"
        );
    }
    drop(service);
    assert_eq!(whole(&log).await, before);
}

#[tokio::test]
async fn the_owner_is_stopped_by_triggers_even_as_a_replica() {
    let database = Database::new().await;
    let log = database.log().await;
    committed(&log, unit(vec![deposits("a", 0, 1)])).await;
    let before = whole(&log).await;

    let mut owner = PgConnection::connect(&database.url).await.unwrap();
    for replication in ["origin", "replica"] {
        owner
            .execute(format!("SET session_replication_role = {replication}").as_str())
            .await
            .unwrap();
        for statement in CHANGES {
            let (_, message) = refusal(&mut owner, statement).await;
            assert!(
                message.contains("what was recorded is never changed"),
                "{statement}: {message}"
            );
        }
    }
    assert_eq!(whole(&log).await, before);
}

#[tokio::test]
async fn databases_of_one_cluster_can_be_migrated_at_the_same_time_and_again() {
    let postgres = blocking(|| baize_servers::testing::postgres().unwrap()).await;
    let urls: Vec<String> = (0..6).map(|_| postgres.fresh_database().unwrap()).collect();
    // The cluster is new: all of them try to make the role.
    let databases = futures::future::join_all(urls.into_iter().map(Database::migrated)).await;
    for database in &databases {
        let owner = database.owner().await;
        baize_schema::migrate(&owner).await.unwrap();
        let log = database.log().await;
        committed(&log, unit(vec![deposits("a", 0, 1)])).await;
    }
    blocking(move || drop(postgres)).await;
}

#[tokio::test]
async fn an_owner_that_is_no_superuser_can_migrate_and_serve() {
    let postgres = blocking(|| baize_servers::testing::postgres().unwrap()).await;
    postgres
        .psql("postgres", "CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'plain'")
        .unwrap();
    postgres.psql("postgres", "CREATE DATABASE theirs OWNER plain").unwrap();
    let url = format!("postgres://plain:plain@127.0.0.1:{}/theirs", postgres.port());
    let database = Database::migrated(url).await;
    let log = database.log().await;
    committed(&log, unit(vec![deposits("a", 0, 1)])).await;
    assert_eq!(
        log.forget_results(Duration::from_secs(7 * 86_400), 100).await.unwrap(),
        0
    );
    let mut owner = PgConnection::connect(&database.url).await.unwrap();
    let (_, message) = refusal(&mut owner, "DELETE FROM events").await;
    assert!(message.contains("what was recorded is never changed"), "{message}");
    blocking(move || drop(postgres)).await;
}

#[tokio::test]
async fn old_answers_are_forgotten_young_ones_are_kept_and_events_are_never_touched() {
    const DAY: Duration = Duration::from_secs(24 * 3_600);
    let database = Database::new().await;
    let log = database.log().await;
    let old = unit(vec![deposits("a", 0, 1)]);
    let (old_scope, old_id) = (old.request.scope.clone(), old.request.request_id);
    committed(&log, old).await;
    let young = unit(vec![deposits("a", 1, 1)]);
    let (young_scope, young_id) = (young.request.scope.clone(), young.request.request_id);
    committed(&log, young).await;
    let before = whole(&log).await;
    let mut owner = PgConnection::connect(&database.url).await.unwrap();
    // Eight days pass for the first answer: only with the triggers off can that be pretended.
    owner
        .execute("ALTER TABLE command_results DISABLE TRIGGER append_only")
        .await
        .unwrap();
    sqlx::query("UPDATE command_results SET recorded_at = recorded_at - interval '8 days' WHERE request_id = $1")
        .bind(old_id)
        .execute(&mut owner)
        .await
        .unwrap();
    // Even so the young one stays.
    let (code, message) = refusal(&mut owner, "DELETE FROM command_results").await;
    assert!(code == "42501" && message.contains("too young"), "{message}");
    owner
        .execute("ALTER TABLE command_results ENABLE ALWAYS TRIGGER append_only")
        .await
        .unwrap();

    assert_eq!(log.forget_results(9 * DAY, 100).await.unwrap(), 0);
    assert_eq!(log.forget_results(7 * DAY, 100).await.unwrap(), 1);
    assert_eq!(log.forget_results(7 * DAY, 100).await.unwrap(), 0);
    assert!(log.forget_results(DAY / 2, 100).await.is_err());
    assert!(log.stored_result(&old_scope, old_id).await.unwrap().is_none());
    assert!(log.stored_result(&young_scope, young_id).await.unwrap().is_some());
    assert_eq!(whole(&log).await, before);
    // The right to forget is no right to delete, nor does saying the word help.
    let mut service = log.pool().acquire().await.unwrap();
    service.execute("SET baize.forgetting = 'on'").await.unwrap();
    for statement in ["DELETE FROM command_results", "DELETE FROM events"] {
        let (code, message) = refusal(&mut service, statement).await;
        assert!(code == "42501" && message.contains("permission denied"), "{message}");
    }
}
