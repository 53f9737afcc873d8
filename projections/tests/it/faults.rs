//! Who may do what in the database.

use baize_projections::ROLE;
use sqlx::Connection as _;

use crate::stage::{Stage, reach};

#[tokio::test(flavor = "multi_thread")]
async fn the_views_role_reads_events_and_owns_views_and_may_do_nothing_else() {
    let stage = Stage::new().await;
    let (_, position) = stage.furnished(50).await;
    let service = stage.serve().await;
    reach(&service, position).await;
    service.stop().await;
    let mut connection = stage.owner().await;
    sqlx::raw_sql(&format!("SET ROLE {ROLE}"))
        .execute(&mut connection)
        .await
        .unwrap();
    for refused in [
        "INSERT INTO events SELECT * FROM events LIMIT 1",
        "UPDATE events SET event_type = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "SELECT * FROM command_results",
        "CREATE TABLE public.stray (n int)",
        "DROP TABLE views.generations",
    ] {
        let error = sqlx::raw_sql(refused).execute(&mut connection).await.unwrap_err();
        let code = error
            .as_database_error()
            .and_then(|error| error.code().map(|code| code.to_string()));
        assert_eq!(code.as_deref(), Some("42501"), "{refused}: {error}");
    }
    sqlx::raw_sql("SELECT count(*) FROM events; SELECT count(*) FROM views.board_tables_g1")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
