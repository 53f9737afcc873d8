//! Seals: what they prove, and that an altered log is found out, whoever altered it.

use std::time::Duration;

use baize_eventlog::seal::{Altered, Inclusion, SealKey, SealOptions, SealStatus, Sealer, check, heads, leaf, origin};
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;

use crate::support::{Database, PATIENCE, append_some};

fn pkcs8() -> Vec<u8> {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    key.as_ref().to_vec()
}

fn key(pkcs8: &[u8]) -> SealKey {
    SealKey::from_pkcs8(pkcs8).unwrap()
}

/// A head after every few events, so that a test need not wait for one.
fn often(pkcs8: &[u8]) -> SealOptions {
    SealOptions {
        events_max: 4,
        interval: Duration::from_millis(20),
        ..SealOptions::new(key(pkcs8))
    }
}

async fn sealed(sealer: &Sealer, size: u64) {
    let mut status = sealer.status();
    let reached = status.wait_for(|status| *status == SealStatus::Sealed(size));
    tokio::time::timeout(PATIENCE, reached).await.unwrap().unwrap();
}

/// Does as the owner of the database what nobody may do.
async fn tamper(database: &Database, statement: &str) {
    let owner = database.owner().await;
    for statement in [
        "ALTER TABLE events DISABLE TRIGGER append_only",
        statement,
        "ALTER TABLE events ENABLE ALWAYS TRIGGER append_only",
    ] {
        sqlx::raw_sql(statement).execute(&owner).await.unwrap();
    }
    owner.close().await;
}

async fn notes(log: &baize_eventlog::EventLog) -> Vec<(String, String)> {
    let heads = heads(log.pool()).await.unwrap();
    heads
        .into_iter()
        .map(|head| (head.size.to_string(), head.note))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_sealed_as_it_grows_and_every_head_fits() {
    let (database, pkcs8) = (Database::new().await, pkcs8());
    let log = database.log().await;
    append_some(&log, 3).await;
    let first = Sealer::start(log.clone(), often(&pkcs8));
    sealed(&first, 3).await;
    append_some(&log, 8).await;
    sealed(&first, 11).await;
    first.stop().await;

    append_some(&log, 1).await;
    let second = Sealer::start(log.clone(), often(&pkcs8));
    sealed(&second, 12).await;
    second.stop().await;

    let checked = check(&log, &key(&pkcs8).verifier(), &notes(&log).await, |_, _| {})
        .await
        .unwrap();
    assert_eq!(
        (checked.altered.as_slice(), checked.sealed, checked.events),
        ([].as_slice(), 12, 12)
    );
    assert!(checked.heads >= 3);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_altered_byte_is_found_and_bracketed_whatever_column_it_is_in() {
    for change in [
        "UPDATE events SET payload = replace(payload::text, '1', '2')::json WHERE position = 6",
        "UPDATE events SET metadata = replace(metadata::text, 'hall-1', 'hall-2')::json WHERE position = 6",
        "UPDATE events SET event_type = 'Withdrawn' WHERE position = 6",
        "UPDATE events SET event_version = '1.1' WHERE position = 6",
        "UPDATE events SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 6",
        "UPDATE events SET aggregate_id = aggregate_id || 'x' WHERE position = 6",
    ] {
        let (database, pkcs8) = (Database::new().await, pkcs8());
        let log = database.log().await;
        let sealer = Sealer::start(log.clone(), often(&pkcs8));
        for size in [4, 8, 12] {
            append_some(&log, 4).await;
            sealed(&sealer, size).await;
        }
        sealer.stop().await;
        tamper(&database, change).await;

        let checked = check(&log, &key(&pkcs8).verifier(), &notes(&log).await, |_, _| {})
            .await
            .unwrap();
        let [Altered::Events { from, to }] = checked.altered.as_slice() else {
            panic!("{change}: {:?}", checked.altered);
        };
        assert!(
            (*from..=*to).contains(&6) && *from >= 5 && *to <= 8,
            "{change}: {from}..={to}"
        );
        log.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_was_cut_off_is_missed_by_whoever_kept_a_head() {
    let (database, pkcs8) = (Database::new().await, pkcs8());
    let log = database.log().await;
    append_some(&log, 4).await;
    let sealer = Sealer::start(log.clone(), often(&pkcs8));
    sealed(&sealer, 4).await;
    append_some(&log, 4).await;
    sealed(&sealer, 8).await;
    sealer.stop().await;
    let kept = notes(&log).await;
    tamper(&database, "DELETE FROM events WHERE position > 5").await;

    let checked = check(&log, &key(&pkcs8).verifier(), &kept, |_, _| {}).await.unwrap();
    assert_eq!(checked.altered, [Altered::Shortened { events: 5, size: 8 }]);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_sealed_anew_differs_from_the_heads_that_were_kept() {
    let (database, pkcs8) = (Database::new().await, pkcs8());
    let log = database.log().await;
    append_some(&log, 4).await;
    let sealer = Sealer::start(log.clone(), often(&pkcs8));
    sealed(&sealer, 4).await;
    sealer.stop().await;
    let kept = notes(&log).await;

    // Somebody with the key and the database: alters, and seals what came of it.
    tamper(
        &database,
        "UPDATE events SET event_type = 'Withdrawn' WHERE position = 2",
    )
    .await;
    let owner = database.owner().await;
    sqlx::raw_sql("DROP TRIGGER append_only ON tree_heads; DELETE FROM tree_heads")
        .execute(&owner)
        .await
        .unwrap();
    owner.close().await;
    let again = Sealer::start(log.clone(), often(&pkcs8));
    sealed(&again, 4).await;
    again.stop().await;

    let verifier = key(&pkcs8).verifier();
    let new = notes(&log).await;
    assert!(
        check(&log, &verifier, &new, |_, _| {})
            .await
            .unwrap()
            .altered
            .is_empty()
    );
    let both = [kept, new].concat();
    let altered = check(&log, &verifier, &both, |_, _| {}).await.unwrap().altered;
    assert!(altered.contains(&Altered::Fork { size: 4 }), "{altered:?}");
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_can_add_heads_and_change_none() {
    let (database, pkcs8) = (Database::new().await, pkcs8());
    let log = database.log().await;
    append_some(&log, 4).await;
    let sealer = Sealer::start(log.clone(), often(&pkcs8));
    sealed(&sealer, 4).await;
    sealer.stop().await;
    let owner = database.owner().await;
    for statement in [
        "UPDATE tree_heads SET note = ''",
        "DELETE FROM tree_heads",
        "TRUNCATE tree_heads",
    ] {
        sqlx::query(statement).execute(log.pool()).await.unwrap_err();
        sqlx::query(statement).execute(&owner).await.unwrap_err();
    }
    owner.close().await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_built_on_a_head_that_another_key_signed() {
    let database = Database::new().await;
    let log = database.log().await;
    append_some(&log, 4).await;
    let sealer = Sealer::start(log.clone(), often(&pkcs8()));
    sealed(&sealer, 4).await;
    sealer.stop().await;
    let other = Sealer::start(log.clone(), often(&pkcs8()));
    let mut status = other.status();
    let failed = status.wait_for(|status| matches!(status, SealStatus::Failed(_)));
    tokio::time::timeout(PATIENCE, failed).await.unwrap().unwrap();
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_kept_where_they_are_wanted_and_never_overwritten() {
    let (database, pkcs8) = (Database::new().await, pkcs8());
    let directory = std::env::temp_dir().join(format!("baize-heads-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&directory).unwrap();
    let log = database.log().await;
    append_some(&log, 4).await;
    let options = || SealOptions {
        copies: Some(directory.clone()),
        ..often(&pkcs8)
    };
    let sealer = Sealer::start(log.clone(), options());
    sealed(&sealer, 4).await;
    let kept = std::fs::read_to_string(directory.join("00000000000000000004.head")).unwrap();
    assert_eq!(key(&pkcs8).verifier().open(&kept).unwrap().size, 4);

    // What lies there already is somebody's proof.
    std::fs::write(directory.join("00000000000000000008.head"), "kept").unwrap();
    append_some(&log, 4).await;
    let mut status = sealer.status();
    let failed = status.wait_for(|status| matches!(status, SealStatus::Failed(_)));
    tokio::time::timeout(PATIENCE, failed).await.unwrap().unwrap();
    assert_eq!(
        std::fs::read(directory.join("00000000000000000008.head")).unwrap(),
        b"kept"
    );
    log.close().await;
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_is_proved_to_whoever_has_only_the_head() {
    let (database, pkcs8) = (Database::new().await, pkcs8());
    let log = database.log().await;
    append_some(&log, 7).await;
    let sealer = Sealer::start(log.clone(), often(&pkcs8));
    sealed(&sealer, 7).await;
    sealer.stop().await;
    let note = notes(&log).await.pop().unwrap().1;
    let head = key(&pkcs8).verifier().open(&note).unwrap();
    let events = log.read(0, 10).await.unwrap();
    assert_eq!(head.origin, origin(&events[0]));
    for event in &events {
        let proof = Inclusion::prove(&log, event.position, head.size).await.unwrap();
        assert_eq!(proof.root(leaf(event)), Some(head.root));
        let mut other = event.clone();
        other.sequence += 1;
        assert_ne!(proof.root(leaf(&other)), Some(head.root));
    }
    Inclusion::prove(&log, 8, 7).await.unwrap_err();
    Inclusion::prove(&log, 7, 8).await.unwrap_err();
    log.close().await;
}
