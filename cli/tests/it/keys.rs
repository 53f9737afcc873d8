//! Keys and tokens from the command line.

use std::path::Path;

use baize_command_api::PersonalKeys;
use baize_proto::access::{KeyFolder, Role, TokenError, Verifier};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::program::{output, text};

fn run(keys: &Path, args: &[&str]) -> (bool, String) {
    let output = output(&[args, &["--keys-dir", keys.to_str().unwrap()]].concat());
    (output.status.success(), text(&output))
}

#[test]
fn an_operator_gets_a_token_that_the_services_take() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    assert!(!run(&keys, &["token", "--role", "operator"]).0, "there is no key yet");
    assert!(run(&keys, &["keys", "generate"]).0);
    let hall = "0198c0de-0000-7000-8000-000000000001";
    let (made, token) = run(&keys, &["token", "--role", "staff", "--hall", hall, "--ttl", "10m"]);
    assert!(made, "{token}");
    let verifier = Verifier::new(KeyFolder::at(&keys).read().unwrap());
    let claims = verifier.verify(token.trim(), Timestamp::now()).unwrap();
    assert_eq!(claims.role, Role::Staff);
    assert_eq!(claims.halls, [Uuid::try_parse(hall).unwrap()]);
    let lifetime = claims.expires_at.duration_since(claims.issued_at);
    assert_eq!(lifetime, SignedDuration::from_mins(10));
    let (made, link) = run(&keys, &["token", "--role", "auditor", "--console"]);
    let token = link.trim().strip_prefix("http://127.0.0.1:7480/console/enter#token=");
    assert!(
        made && verifier.verify(token.unwrap_or_default(), Timestamp::now()).is_ok(),
        "{link}"
    );
    let (made, told) = run(&keys, &["token", "--role", "customer", "--ttl", "16m"]);
    assert!(!made && told.contains("900 seconds at most"), "{told}");
    let (made, told) = run(&keys, &["token", "--role", "emperor"]);
    assert!(!made && told.contains("is none of customer, staff"), "{told}");
}

#[test]
fn keys_are_rotated_and_dropped_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    assert!(run(&keys, &["keys", "generate"]).0);
    let old = KeyFolder::at(&keys).list().unwrap().remove(0).id;
    let (_, token) = run(&keys, &["token", "--role", "auditor"]);
    let (rotated, told) = run(&keys, &["keys", "rotate"]);
    assert!(rotated && told.contains("retired"), "{told}");
    let taken = |token: &str| {
        let verifier = Verifier::new(KeyFolder::at(&keys).read().unwrap());
        verifier
            .verify(token.trim(), Timestamp::now())
            .map(|claims| claims.key_id)
    };
    assert_eq!(taken(&token), Ok(old.clone()));
    let (_, fresh) = run(&keys, &["token", "--role", "auditor"]);
    assert_ne!(taken(&fresh), Ok(old.clone()));
    let (dropped, told) = run(&keys, &["keys", "drop", &old]);
    assert!(!dropped && told.contains("may be good until"), "{told}");
    assert!(run(&keys, &["keys", "drop", &old, "--force"]).0);
    assert_eq!(taken(&token), Err(TokenError::Invalid));
    assert!(taken(&fresh).is_ok());
}

#[tokio::test]
async fn keys_of_people_are_wrapped_anew_from_the_command_line_and_what_cannot_be_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("personal.keys");
    std::fs::write(&file, PersonalKeys::generate().unwrap().to_text()).unwrap();
    let url = baize_servers::testing::fresh_database();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    baize_schema::migrate(&pool).await.unwrap();
    let rewrap = || {
        let file = file.to_str().unwrap();
        output(&["keys", "rewrap", "--database-url", &url, "--personal-keys", file])
    };
    let told = rewrap();
    assert!(told.status.success(), "{}", text(&told));
    assert!(text(&told).contains(r#""people":0"#), "{}", text(&told));
    let foreign = "INSERT INTO person_keys (person, wrapped, created_at) VALUES (gen_random_uuid(), '\\x056f74686572aabb', now())";
    sqlx::query(foreign).execute(&pool).await.unwrap();
    pool.close().await;
    let told = rewrap();
    assert!(!told.status.success(), "{}", text(&told));
    assert!(text(&told).contains(r#""unreadable":1"#), "{}", text(&told));
    assert!(text(&told).contains("no line may go"), "{}", text(&told));

    std::fs::write(&file, "secret\n").unwrap();
    let told = rewrap();
    assert!(
        !told.status.success() && text(&told).contains("line 1"),
        "{}",
        text(&told)
    );
    let nowhere = output(&[
        "keys",
        "rewrap",
        "--database-url",
        &url,
        "--personal-keys",
        "/nowhere/keys",
    ]);
    assert!(!nowhere.status.success() && text(&nowhere).contains("/nowhere/keys"));
}
