//! Keys and tokens from the command line.

use std::path::Path;

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
