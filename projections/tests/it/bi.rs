//! What analysts read.

use std::collections::BTreeMap;

use baize_projections::bi::{BI_VIEWS, bi_document};
use baize_projections::{RebuildOptions, VIEWS};
use sqlx::{Executor as _, PgConnection};

use crate::stage::{Stage, reach};

/// Somebody who is in the role of analysts alone.
async fn analyst(stage: &Stage) -> PgConnection {
    let mut connection = stage.owner().await;
    connection.execute("SET ROLE baize_bi").await.unwrap();
    connection
}

/// How many rows each view has, and what all of it comes to.
async fn figures(analyst: &mut PgConnection) -> BTreeMap<&'static str, (i64, String)> {
    let mut figures = BTreeMap::new();
    for bi in BI_VIEWS {
        let sql = format!(
            "SELECT count(*), md5(coalesce(string_agg(v::text, '|' ORDER BY v::text), '')) FROM bi_v1.{} v",
            bi.name
        );
        figures.insert(bi.name, sqlx::query_as(&sql).fetch_one(&mut *analyst).await.unwrap());
    }
    figures
}

#[tokio::test(flavor = "multi_thread")]
async fn analysts_read_their_views_and_nothing_else_and_a_rebuild_changes_nothing_for_them() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(12).await;
    stage.the_rare().await;
    let position = stage.append_bulk(evening.events(2_000)).await;
    let service = stage.serve().await;
    reach(&service, position).await;
    let mut analyst = analyst(&stage).await;
    let before = figures(&mut analyst).await;
    for name in [
        "halls",
        "tables",
        "sessions",
        "bill_lines",
        "session_payments",
        "wallet_entries",
        "members",
        "hours",
    ] {
        assert!(before[name].0 > 0, "{name} is empty");
    }

    // To the fen what the view of the log holds, and the lines of a bill are the bill.
    let table: String = sqlx::query_scalar(
        "SELECT 'views.bills_sessions_g' || generation FROM views.generations WHERE view = 'bills' AND status = 'live'",
    )
    .fetch_one(&mut stage.owner().await)
    .await
    .unwrap();
    let sums = "SELECT concat_ws(' ', sum(total_fen), sum(paid_fen), sum(outstanding_fen)) FROM";
    let told: String = sqlx::query_scalar(&format!("{sums} bi_v1.sessions"))
        .fetch_one(&mut analyst)
        .await
        .unwrap();
    let held: String = sqlx::query_scalar(&format!("{sums} {table}"))
        .fetch_one(&mut stage.owner().await)
        .await
        .unwrap();
    assert_eq!(told, held);
    let unequal: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM bi_v1.sessions s
         LEFT JOIN (SELECT session_id, sum(amount_fen) AS lines FROM bi_v1.bill_lines GROUP BY 1) l USING (session_id)
         WHERE closed_at IS NOT NULL AND coalesce(lines, 0) <> total_fen",
    )
    .fetch_one(&mut analyst)
    .await
    .unwrap();
    assert_eq!(unequal, 0, "lines sum to the total");

    for forbidden in [
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM views.generations",
        "SELECT count(*) FROM person_keys",
        "DELETE FROM bi_v1.halls",
        "CREATE VIEW bi_v1.mine AS SELECT 1",
    ] {
        let refused = analyst.execute(forbidden).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {refused}");
    }

    service.stop().await;
    for view in VIEWS {
        let rebuilt = baize_projections::rebuild(&stage.database(), view, RebuildOptions::default(), |_| {}).await;
        assert!(rebuilt.unwrap().switched, "{view}");
    }
    assert_eq!(figures(&mut analyst).await, before);
    let retired = "SELECT count(*) FROM views.generations WHERE status <> 'live'";
    assert_eq!(
        stage.number(retired).await,
        0,
        "no old table is held by a view for analysts"
    );
}

#[tokio::test]
async fn what_each_view_and_column_is_stands_in_the_database_and_in_the_page_for_analysts() {
    let stage = Stage::new().await;
    let (_, position) = stage.furnished(2).await;
    let service = stage.serve().await;
    reach(&service, position).await;
    service.stop().await;
    let unexplained = "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'bi_v1'::regnamespace AND a.attnum > 0
           AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)";
    assert_eq!(stage.number(unexplained).await, 0);
    let columns: usize = BI_VIEWS.iter().map(|bi| bi.columns.len()).sum();
    let made = "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'bi_v1'::regnamespace AND a.attnum > 0";
    assert_eq!(stage.number(made).await, i64::try_from(columns).unwrap());
    let page = include_str!("../../../docs/bi.md");
    let now = bi_document();
    if std::env::var_os("BAIZE_WRITE_DOCS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bi.md"), &now).unwrap();
        return;
    }
    assert_eq!(page, now, "docs/bi.md is another now: run `just schemas`");
}
