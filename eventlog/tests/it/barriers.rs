//! What was recorded is never changed: grants stop the services, triggers stop the owner.

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
    let mut owner = PgConnection::connect(&database.url).await.unwrap();
    let (_, message) = refusal(&mut owner, "DELETE FROM events").await;
    assert!(message.contains("what was recorded is never changed"), "{message}");
    blocking(move || drop(postgres)).await;
}
