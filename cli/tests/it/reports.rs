//! Reports by mail from the command line: asked for once more, and settings that cannot be.

use baize_servers::testing;
use uuid::Uuid;

use crate::program::{output, text};

#[tokio::test]
async fn a_report_is_asked_for_and_each_time_is_a_number_of_its_own() {
    let url = testing::fresh_database();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    baize_schema::migrate(&pool).await.unwrap();
    let hall = Uuid::now_v7().to_string();
    let wanted = [
        "report",
        "weekly",
        "2026-11-20",
        "--hall",
        &hall,
        "--database-url",
        &url,
    ];
    for number in 1..=2 {
        let told = output(&wanted);
        assert!(told.status.success(), "{}", text(&told));
        let told = text(&told);
        assert!(told.contains("2026-11-16 – 2026-11-22"), "{told}");
        assert!(told.contains(&format!("as number {number}")), "{told}");
    }
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT scope, state FROM report_ledger ORDER BY revision")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(rows, vec![(format!("hall:{hall}"), "asked".to_owned()); 2]);
    pool.close().await;
}

#[test]
fn a_report_is_of_a_hall_or_of_a_chain() {
    let id = Uuid::now_v7().to_string();
    for of in [vec![], vec!["--hall", &id, "--chain", &id], vec!["--hall", "7"]] {
        let told = output(&[&["report", "daily", "2026-11-20"][..], &of].concat());
        assert_eq!(told.status.code(), Some(2), "{}", text(&told));
    }
}

#[test]
fn what_is_missing_or_wrong_about_reports_is_told_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("reports.toml");
    let served = |text: &str, more: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let (file, none) = (file.to_str().unwrap(), "postgres://127.0.0.1:1/none");
        let serve = [
            "serve",
            "projections",
            "--database-url",
            none,
            "--nats-url",
            "nats://127.0.0.1:1",
            "--reports-file",
            file,
        ];
        output(&[&serve[..], more].concat())
    };
    let (server, from) = (
        ["--smtp-url", "smtp://127.0.0.1:1"],
        ["--mail-from", "Baize <reports@example.com>"],
    );
    let both = [server, from].concat();
    for (file, settings, told) in [
        ("", &[][..], "smtp_url"),
        ("", &server[..], "mail_from"),
        (
            "",
            &["--smtp-url", "http://x", "--mail-from", "a@example.com"][..],
            "smtp_url",
        ),
        (
            "",
            &["--smtp-url", "smtp://x", "--mail-from", "nobody"][..],
            "mail_from",
        ),
        (
            "[[report]]\nkinds = [\"daily\"]\nto = [\"a@example.com\"]\n",
            &both[..],
            "report 1: is of a hall or of a chain",
        ),
    ] {
        let output = served(file, settings);
        assert!(!output.status.success());
        assert!(text(&output).contains(told), "{told}: {}", text(&output));
    }
}
