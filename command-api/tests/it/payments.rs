//! Notifications of a provider of the tests' own, over HTTP and through to the log.

use std::sync::Arc;

use baize_command_api::PaymentOptions;
use baize_command_api::payments::provider;
use baize_domain::payment::{Channel, OrderNo};
use http::HeaderMap;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::world::World;
use fixtures::{Scripted, Told};

#[allow(dead_code, reason = "the service's own tests use more of it")]
#[path = "../../src/payments/fixtures.rs"]
mod fixtures;

struct Till {
    world: World,
    provider: Arc<Scripted>,
}

impl Till {
    async fn open() -> Self {
        let provider = Arc::new(Scripted::new(Channel::WechatPay));
        let set_up = Arc::clone(&provider);
        let world = World::with(|options| options.payments = Some(PaymentOptions::new(vec![set_up]))).await;
        Self { world, provider }
    }

    /// Posts a notification; returns the status.
    async fn post(&self, headers: HeaderMap, body: &[u8]) -> u16 {
        let mut request = format!(
            "POST /callbacks/wechat_pay HTTP/1.1\r\nhost: baize\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in &headers {
            request += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        request += "\r\n";
        let mut connection = TcpStream::connect(self.world.api.callbacks().unwrap()).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        connection.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        let status = String::from_utf8(answer).unwrap();
        status.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Anything that was appended.
    async fn events(&self) -> i64 {
        self.world.count("SELECT count(*) FROM events").await
    }
}

/// That the first attempt of some payment was paid.
fn paid(intent_id: Uuid) -> Vec<u8> {
    let told = Told {
        merchant: Scripted::MERCHANT.to_owned(),
        order_no: OrderNo::new(intent_id.into(), 1).unwrap().to_string(),
        transaction_id: "4200001".to_owned(),
        fen: 5_000,
        paid_at_second: 1_790_000_000,
    };
    serde_json::to_vec(&told).unwrap()
}

#[tokio::test]
async fn a_notification_that_is_not_the_providers_changes_nothing() {
    let till = Till::open().await;
    let body = paid(Uuid::now_v7());
    let mut headers = till.provider.sign(Timestamp::now(), &body);
    headers.insert("x-signature", "AAAA".parse().unwrap());
    assert_eq!(till.post(headers, &body).await, 400);
    assert_eq!(till.events().await, 0);
}

#[tokio::test]
async fn a_notification_about_an_order_that_nobody_made_is_not_acknowledged() {
    let till = Till::open().await;
    let body = paid(Uuid::now_v7());
    for _ in 0..2 {
        let headers = till.provider.sign(Timestamp::now(), &body);
        assert_eq!(till.post(headers, &body).await, 409);
    }
    assert_eq!(till.events().await, 0);
}

#[tokio::test]
async fn without_a_provider_nobody_listens_for_notifications() {
    let world = World::start().await;
    assert_eq!(world.api.callbacks(), None);
}
