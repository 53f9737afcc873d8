//! Tokens that are good, and everything that is not one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const QUARTER: Duration = Duration::from_secs(900);

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn customer() -> Claims {
    Claims::new(Uuid::from_u128(7), Role::Customer, now(), QUARTER)
}

fn stage() -> (Keys, Signer, Verifier) {
    let keys = Keys::new(KeyRing::generate().unwrap());
    (keys.clone(), Signer::new(keys.clone()), Verifier::new(keys))
}

/// Signs any content with a key of the ring, as somebody would who has stolen it or runs another program with it.
fn sign_anything(ring: &KeyRing, header: &Header, content: &Value) -> String {
    let (_, key) = ring.encoding_key().unwrap();
    jsonwebtoken::encode(header, content, &key).unwrap()
}

fn header(ring: &KeyRing) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = ring.encoding_key().map(|(id, _)| id.to_owned());
    header
}

fn content() -> Value {
    json!({
        "iss": "baize", "aud": "baize", "sub": Uuid::from_u128(7), "role": "customer",
        "iat": now().as_second(), "exp": now().as_second() + 900,
    })
}

#[test]
fn a_token_says_what_was_put_into_it() {
    let (keys, signer, verifier) = stage();
    let (chain, halls) = (Uuid::from_u128(1), [2, 3].map(Uuid::from_u128));
    let staff = Claims::new(Uuid::from_u128(9), Role::Staff, now(), Duration::from_secs(3_600));
    let staff = staff.in_chain(chain).in_halls(halls);
    let said = verifier.verify(&signer.issue(&staff).unwrap(), later(60)).unwrap();
    let key_id = keys.ring().encoding_key().map(|(id, _)| id.to_owned()).unwrap();
    assert_eq!(said, Claims { key_id, ..staff });
    let guest = verifier.verify(&signer.issue(&customer().as_guest()).unwrap(), now());
    assert!(guest.unwrap().guest);
}

#[test]
fn a_token_is_good_until_it_expires_and_a_moment_for_clocks() {
    let (_, signer, verifier) = stage();
    let token = signer.issue(&customer()).unwrap();
    assert!(verifier.verify(&token, later(-5)).is_ok());
    assert!(verifier.verify(&token, later(904)).is_ok());
    assert_eq!(verifier.verify(&token, later(905)), Err(TokenError::Expired));
    assert_eq!(verifier.verify(&token, later(-6)), Err(TokenError::Early));
}

#[test]
fn no_role_gets_a_token_for_longer_than_its_lifetime() {
    let (keys, signer, verifier) = stage();
    for role in Role::ALL {
        let longest = Claims::new(Uuid::from_u128(7), role, now(), role.lifetime_max());
        assert!(signer.issue(&longest).is_ok(), "{role}");
        let longer = Claims::new(
            Uuid::from_u128(7),
            role,
            now(),
            role.lifetime_max() + Duration::from_secs(1),
        );
        assert!(
            matches!(signer.issue(&longer), Err(IssueError::TooLong(of)) if of == role),
            "{role}"
        );
    }
    let mut eternal = content();
    eternal["exp"] = json!(later(901).as_second());
    let forged = sign_anything(&keys.ring(), &header(&keys.ring()), &eternal);
    assert_eq!(verifier.verify(&forged, now()), Err(TokenError::Invalid));
}

#[test]
fn a_token_of_another_key_issuer_audience_or_shape_is_refused() {
    let (keys, _, verifier) = stage();
    let ring = keys.ring();
    let good = sign_anything(&ring, &header(&ring), &content());
    assert!(
        verifier.verify(&good, now()).is_ok(),
        "what is changed below is good to begin with"
    );
    let wrong = [
        ("iss", json!("someone")),
        ("aud", json!("someone")),
        ("aud", json!(null)),
        ("sub", json!("nobody")),
        ("role", json!("emperor")),
        ("exp", json!("9999999999")),
        ("exp", json!(null)),
        ("iat", json!(i64::MAX)),
        ("halls", json!(vec![Uuid::from_u128(1); HALLS_MAX + 1])),
    ];
    for (claim, value) in wrong {
        let mut content = content();
        content[claim] = value;
        let token = sign_anything(&ring, &header(&ring), &content);
        assert_eq!(verifier.verify(&token, now()), Err(TokenError::Invalid), "{claim}");
    }
    let other = KeyRing::generate().unwrap();
    let of_other = sign_anything(&other, &header(&other), &content());
    assert_eq!(verifier.verify(&of_other, now()), Err(TokenError::Invalid));
    // The other key, under the name of ours.
    let passed_off = sign_anything(&other, &header(&ring), &content());
    assert_eq!(verifier.verify(&passed_off, now()), Err(TokenError::Invalid));
    let nameless = sign_anything(&ring, &Header::new(Algorithm::EdDSA), &content());
    assert_eq!(verifier.verify(&nameless, now()), Err(TokenError::Invalid));
}

#[test]
fn a_token_cannot_choose_its_algorithm() {
    let (keys, _, verifier) = stage();
    let ring = keys.ring();
    let good = sign_anything(&ring, &header(&ring), &content());
    let [_, body, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let kid = header(&ring).kid.unwrap();
    for algorithm in ["none", "None", "HS256", "RS256", "ES256"] {
        let head = base64url(json!({ "alg": algorithm, "typ": "JWT", "kid": kid }).to_string());
        for signature in ["", signature] {
            let token = format!("{head}.{body}.{signature}");
            assert_eq!(verifier.verify(&token, now()), Err(TokenError::Invalid), "{algorithm}");
        }
    }
    // A MAC with the public key as its secret: every form of the public key that an attacker could take.
    let public = ring.keys().next().unwrap();
    let head = base64url(json!({ "alg": "HS256", "typ": "JWT", "kid": kid }).to_string());
    let signed = format!("{head}.{body}");
    let pem = public.public_pem();
    for secret in [pem.as_bytes(), pem.trim().as_bytes(), &public.raw()] {
        let mac = ring::hmac::sign(
            &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret),
            signed.as_bytes(),
        );
        let token = format!("{signed}.{}", base64url(mac.as_ref()));
        assert_eq!(verifier.verify(&token, now()), Err(TokenError::Invalid));
    }
    // The library would make such a token only with a provider that can: ours cannot.
    let hmac = EncodingKey::from_secret(b"secret");
    assert!(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &content(), &hmac).is_err());
}

#[test]
fn rotation_adds_a_key_then_signs_with_it_then_drops_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = KeyFolder::at(folder.path().join("keys"));
    folder.ensure(now()).unwrap();
    folder.ensure(later(1)).unwrap();
    let keys = Keys::new(folder.read().unwrap());
    let (signer, verifier) = (Signer::new(keys.clone()), Verifier::new(keys.clone()));
    let [first] = &folder.list().unwrap()[..] else {
        panic!("one key")
    };
    let old = signer.issue(&customer()).unwrap();

    let second = folder.add().unwrap();
    keys.replace(folder.read().unwrap());
    assert_eq!(
        verifier
            .verify(&signer.issue(&customer()).unwrap(), now())
            .unwrap()
            .key_id,
        first.id
    );

    folder.sign_with(&second, later(60)).unwrap();
    keys.replace(folder.read().unwrap());
    let new = signer.issue(&customer()).unwrap();
    assert_eq!(verifier.verify(&new, now()).unwrap().key_id, second);
    assert!(
        verifier.verify(&old, later(61)).is_ok(),
        "tokens outlive the key's retirement"
    );

    assert!(matches!(
        folder.drop_key(&second, later(61), true),
        Err(KeyFolderError::Signs(_))
    ));
    let day = 24 * 3_600;
    assert!(matches!(
        folder.drop_key(&first.id, later(59 + day), false),
        Err(KeyFolderError::StillNeeded { until, .. }) if until == later(60 + day)
    ));
    folder.drop_key(&first.id, later(60 + day), false).unwrap();
    keys.replace(folder.read().unwrap());
    assert_eq!(verifier.verify(&old, now()), Err(TokenError::Invalid));
    assert!(verifier.verify(&new, now()).is_ok());
    let left = folder.list().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].signs_since, Some(later(60)));
}

#[test]
fn a_service_that_signs_nothing_needs_only_the_public_key() {
    let (keys, signer, _) = stage();
    let public = keys.ring().keys().next().unwrap().public_pem();
    let key = Key::from_pem(&public).unwrap();
    assert!(!key.signs());
    let id = key.id().to_owned();
    let ring = KeyRing::default().with(key).signing_with(&id);
    let token = signer.issue(&customer()).unwrap();
    assert!(Verifier::new(ring.clone()).verify(&token, now()).is_ok());
    assert!(matches!(
        Signer::new(ring).issue(&customer()),
        Err(IssueError::NoSigningKey)
    ));
}

#[test]
fn keys_survive_being_written_and_tell_no_secret_in_debug() {
    let key = Key::generate().unwrap();
    let pem = key.private_pem().unwrap();
    assert_eq!(Key::from_pem(&pem).unwrap().id(), key.id());
    let secret = pem.lines().nth(1).unwrap();
    assert!(!format!("{key:?}").contains(&secret[..8]));
    for bad in [
        "",
        "key",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        assert!(Key::from_pem(bad).is_err(), "{bad}");
    }
}

#[test]
fn files_of_keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let folder = KeyFolder::at(folder.path().join("keys"));
    folder.ensure(now()).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

proptest! {
    #[test]
    fn whatever_comes_as_a_token_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (_, _, verifier) = stage();
        prop_assert!(verifier.verify(&String::from_utf8_lossy(&bytes), now()).is_err());
    }

    #[test]
    fn a_token_with_any_part_changed_is_refused(at in any::<prop::sample::Index>(), by in "[A-Za-z0-9_.-]") {
        let (_, signer, verifier) = stage();
        let token = signer.issue(&customer()).unwrap();
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &by);
        prop_assume!(changed != token);
        prop_assert_eq!(verifier.verify(&changed, now()), Err(TokenError::Invalid));
    }
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.as_ref().chunks(3) {
        let number = chunk.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(DIGITS[(number >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}
