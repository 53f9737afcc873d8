//! Notifications, true and false.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::Request;
use baize_domain::ids::PaymentIntentId;
use baize_domain::payment::OrderNo;
use baize_domain::refusal::{Refusal, RefusalKind};
use jiff::{Timestamp, ToSpan as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::super::PaymentOptions;
use super::super::fixtures::{Scripted, Told};
use super::*;

/// Remembers what it was told.
#[derive(Default)]
struct Memory {
    told: Mutex<BTreeSet<String>>,
    away: AtomicBool,
    refuses: AtomicBool,
}

impl Memory {
    fn len(&self) -> usize {
        self.told.lock().unwrap().len()
    }
}

#[async_trait]
impl Book for Memory {
    async fn record(&self, _: Channel, command: Command) -> Result<(), CommandError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(CommandError::Unavailable("away".to_owned()));
        }
        if self.refuses.load(Ordering::Relaxed) {
            let refusal = Refusal::new(
                RefusalKind::NotFound,
                "ORDER_NOT_FOUND",
                "no such order".to_owned(),
                "Look.",
            );
            return Err(refusal.into());
        }
        self.told
            .lock()
            .unwrap()
            .insert(serde_json::to_string(&command).unwrap());
        Ok(())
    }
}

struct World {
    provider: Arc<Scripted>,
    book: Arc<Memory>,
    router: Router,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(set: impl FnOnce(&mut PaymentOptions)) -> Self {
        let provider = Arc::new(Scripted::new(Channel::WechatPay));
        let mut options = PaymentOptions::new(vec![Arc::clone(&provider) as Arc<dyn Provider>]);
        set(&mut options);
        let channels = Arc::new(Channels::new(Some(&options), Clock::real()));
        let book = Arc::new(Memory::default());
        let into = Arc::clone(&book) as Arc<dyn Book>;
        let router = Callbacks::new(channels, into, Clock::real(), options.callbacks).router();
        Self { provider, book, router }
    }

    async fn post(&self, path: &str, headers: HeaderMap, body: impl Into<Body>) -> StatusCode {
        let mut request = Request::post(path).body(body.into()).unwrap();
        *request.headers_mut() = headers;
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    async fn send(&self, headers: HeaderMap, body: Vec<u8>) -> StatusCode {
        self.post("/callbacks/wechat_pay", headers, body).await
    }

    async fn honest(&self, order: u128) -> StatusCode {
        let body = body(order);
        self.send(self.provider.sign(Timestamp::now(), &body), body).await
    }
}

fn body(order: u128) -> Vec<u8> {
    told(Scripted::MERCHANT, order)
}

fn told(merchant: &str, order: u128) -> Vec<u8> {
    let order_no = OrderNo::new(PaymentIntentId(Uuid::from_u128(order)), 1).unwrap();
    let told = Told {
        merchant: merchant.to_owned(),
        order_no: order_no.to_string(),
        transaction_id: format!("42{order}"),
        fen: 5_000,
        paid_at_second: 1_790_000_000,
    };
    serde_json::to_vec(&told).unwrap()
}

#[tokio::test]
async fn a_notification_is_acknowledged_once_it_is_stored() {
    let world = World::new();
    assert_eq!(world.honest(1).await, StatusCode::OK);
    assert_eq!(world.book.len(), 1);
}

#[tokio::test]
async fn while_the_database_is_away_the_provider_is_told_to_come_again() {
    let world = World::new();
    world.book.away.store(true, Ordering::Relaxed);
    assert_eq!(world.honest(1).await, StatusCode::INTERNAL_SERVER_ERROR);
    world.book.away.store(false, Ordering::Relaxed);
    assert_eq!(world.honest(1).await, StatusCode::OK);
    assert_eq!(world.book.len(), 1);
}

#[tokio::test]
async fn what_a_rule_refuses_is_not_acknowledged_and_not_our_fault() {
    let world = World::new();
    world.book.refuses.store(true, Ordering::Relaxed);
    assert_eq!(world.honest(1).await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_order_that_was_never_ours_is_acknowledged_and_not_stored() {
    let world = World::new();
    let told = Told {
        merchant: Scripted::MERCHANT.to_owned(),
        order_no: "somebody else's".to_owned(),
        transaction_id: "42".to_owned(),
        fen: 1,
        paid_at_second: 0,
    };
    let body = serde_json::to_vec(&told).unwrap();
    let headers = world.provider.sign(Timestamp::now(), &body);
    assert_eq!(world.send(headers, body).await, StatusCode::OK);
    assert_eq!(world.book.len(), 0);
}

#[tokio::test]
async fn only_channels_that_are_set_up_have_an_address() {
    let world = World::new();
    let body = body(1);
    for path in ["/callbacks/alipay", "/callbacks/else", "/callbacks/", "/"] {
        let headers = world.provider.sign(Timestamp::now(), &body);
        assert_eq!(
            world.post(path, headers, body.clone()).await,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(world.book.len(), 0);
}

#[tokio::test]
async fn a_notification_that_is_too_long_is_not_read_to_its_end() {
    let world = World::new();
    let body = vec![b' '; (64 << 10) + 1];
    let headers = world.provider.sign(Timestamp::now(), &body);
    assert_eq!(world.send(headers, body).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn who_sends_too_slowly_is_not_waited_for() {
    let world = World::with(|options| options.callbacks.read_time_max = Duration::from_millis(1));
    let never = futures::stream::pending::<Result<Bytes, std::io::Error>>();
    let status = world
        .post("/callbacks/wechat_pay", HeaderMap::new(), Body::from_stream(never))
        .await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn ten_thousand_forged_notifications_are_all_answered_and_none_is_believed() {
    let world = World::new();
    let mut random = StdRng::seed_from_u64(64);
    for round in 0..10_000 {
        let (headers, body) = forged(&world.provider, &mut random, round);
        let status = world.send(headers, body).await;
        assert!(status.is_client_error(), "round {round}: {status}");
    }
    assert_eq!(world.book.len(), 0, "nothing was taken in");
    assert_eq!(world.honest(1).await, StatusCode::OK, "and the true one still is");
}

#[tokio::test]
async fn a_notification_that_is_sent_again_and_again_is_one() {
    let world = World::new();
    let body = body(9);
    for _ in 0..100 {
        let headers = world.provider.sign(Timestamp::now(), &body);
        assert_eq!(world.send(headers, body.clone()).await, StatusCode::OK);
    }
    assert_eq!(world.book.len(), 1, "the same command each time");
}

/// A notification that must not be believed: altered, stale, for another merchant, without its headers, or no notification at all.
fn forged(provider: &Scripted, random: &mut StdRng, round: u128) -> (HeaderMap, Vec<u8>) {
    let now = Timestamp::now();
    let body = body(round);
    let mut headers = provider.sign(now, &body);
    match random.random_range(0..8) {
        0 => {
            let mut altered = body;
            let index = random.random_range(0..altered.len());
            altered[index] ^= 1 << random.random_range(0..7);
            (headers, altered)
        }
        1 => {
            let mut longer = body;
            longer.push(b' ');
            (headers, longer)
        }
        2 => {
            let late = now - random.random_range(301..100_000).seconds();
            (provider.sign(late, &body), body)
        }
        3 => {
            let early = now + random.random_range(310..100_000).seconds();
            (provider.sign(early, &body), body)
        }
        4 => {
            let other = told("1900000110", round);
            (provider.sign(now, &other), other)
        }
        5 => {
            let missing = if random.random() { "x-signature" } else { "x-timestamp" };
            headers.remove(missing);
            (headers, body)
        }
        6 => {
            let noise: Vec<u8> = (0..random.random_range(0..200)).map(|_| random.random()).collect();
            (provider.sign(now, &noise), noise)
        }
        _ => {
            let (length, at) = (random.random_range(0..40), random.random::<i64>());
            let signature: String = (0..length)
                .map(|_| char::from(random.random_range(b' '..b'~')))
                .collect();
            headers.insert("x-signature", signature.parse().unwrap());
            headers.insert("x-timestamp", at.into());
            (headers, body)
        }
    }
}
