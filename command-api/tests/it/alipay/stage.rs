//! An Alipay, a client of it, and somebody who takes its notifications.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use baize_command_api::payments::alipay::{Alipay, AlipayOptions, AlipayTrust};
use baize_command_api::payments::provider::{Forged, Notice, Provider as _};
use baize_domain::Fen;
use baize_domain::ids::{MemberId, PaymentIntentId, RefundId};
use baize_domain::payment::{Channel, Order, OrderNo, Paid, Presentation, ProviderAnswer, RefundNo, RefundOrder};
use baize_eventlog::Clock;
use baize_simulators::alipay::{self as simulated, keys};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

const APP: &str = "2021000000000001";
const SELLER: &str = "2088000000000001";
/// Long enough for anything to happen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Stage {
    pub alipay: simulated::Alipay,
    pub client: Arc<Alipay>,
    pub inbox: Inbox,
}

/// What came to the address for notifications.
#[derive(Clone)]
pub struct Inbox {
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    url: String,
    _server: Arc<AbortOnDropHandle<()>>,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(false).await
    }

    pub async fn with(certificates: bool) -> Self {
        let options = simulated::AlipayOptions {
            app_id: APP.to_owned(),
            seller_id: SELLER.to_owned(),
            certificates,
            ..simulated::AlipayOptions::default()
        };
        let alipay = simulated::Alipay::start(options).await.unwrap();
        let inbox = Inbox::start(true).await;
        let mut options = options_for(&alipay, &inbox);
        if certificates {
            options.trust = certificates_of_the_simulator();
        }
        let client = Arc::new(Alipay::new(options).unwrap());
        Self { alipay, client, inbox }
    }

    /// A client whose clock shows what Alipay's shows.
    pub fn client_now(&self) -> Alipay {
        let mut options = options_for(&self.alipay, &self.inbox);
        options.clock = Clock::scaled(Timestamp::now(), self.alipay.now(), 1.0);
        Alipay::new(options).unwrap()
    }

    pub async fn made(&self, order: &Order) {
        let answer = self.client.create(order, Some("payer-1")).await;
        assert!(matches!(answer, ProviderAnswer::Created(_)), "{answer:?}");
    }

    /// An order of ¥88.88 that was paid.
    pub async fn paid(&self) -> Order {
        let order = order(Presentation::InApp, 8_888);
        self.made(&order).await;
        self.alipay.pay(&order.order_no.to_string()).unwrap();
        order
    }

    pub fn read(&self, body: &[u8]) -> Result<Notice, Forged> {
        self.client.notice(&HeaderMap::new(), body, self.alipay.now())
    }

    /// The payment that Alipay has in its book.
    pub fn payment(&self, order: &Order) -> Paid {
        let book = self.alipay.book();
        let trade = book
            .iter()
            .find(|trade| trade.order_no == order.order_no.to_string())
            .unwrap();
        Paid {
            transaction_id: trade.trade_no.clone().unwrap(),
            amount: Fen(trade.amount_fen),
            paid_at: Timestamp::from_second(trade.paid_at.unwrap().as_second()).unwrap(),
        }
    }
}

pub fn options_for(alipay: &simulated::Alipay, inbox: &Inbox) -> AlipayOptions {
    AlipayOptions {
        gateway_url: alipay.gateway_url(),
        app_id: APP.to_owned(),
        seller_id: SELLER.to_owned(),
        app_private_key: keys::APP_PRIVATE.to_owned(),
        trust: AlipayTrust::PublicKey(keys::ALIPAY_PUBLIC.to_owned()),
        notify_url: inbox.url.clone(),
        timeout: Duration::from_secs(10),
        clock: Clock::real(),
    }
}

pub fn certificates_of_the_simulator() -> AlipayTrust {
    AlipayTrust::Certificates {
        app: keys::APP_CERTIFICATE.to_owned(),
        alipay: keys::ALIPAY_CERTIFICATE.to_owned(),
        root: keys::ROOT_CERTIFICATE.to_owned(),
    }
}

pub fn order(presentation: Presentation, fen: i64) -> Order {
    Order {
        channel: Channel::Alipay,
        order_no: OrderNo::new(PaymentIntentId(Uuid::new_v4()), 1).unwrap(),
        amount: Fen(fen),
        description: "台球 2 号台".to_owned(),
        presentation,
        payer: MemberId(Uuid::new_v4()),
        expires_at: Timestamp::now() + SignedDuration::from_mins(10),
    }
}

pub fn refund_of(order: &Order, fen: i64) -> RefundOrder {
    RefundOrder {
        channel: Channel::Alipay,
        order_no: order.order_no,
        refund_no: RefundNo(RefundId(Uuid::new_v4())),
        amount: Fen(fen),
        paid: order.amount,
        reason: "退款".to_owned(),
    }
}

/// Waits until it is so.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}

impl Inbox {
    /// Takes notifications; answers `success`, or else a 500.
    pub async fn start(takes: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/payments/alipay", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bodies);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let body = take(stream, takes).await;
                kept.lock().unwrap().push(body);
            }
        });
        let server = Arc::new(AbortOnDropHandle::new(server));
        Self {
            bodies,
            url,
            _server: server,
        }
    }

    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.bodies.lock().unwrap().clone()
    }

    pub async fn arrived(&self, count: usize) -> Vec<Vec<u8>> {
        until("so many notifications", || self.bodies().len() >= count).await;
        self.bodies()
    }
}

async fn take(mut stream: TcpStream, takes: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .unwrap();
        if body.len() >= length.parse::<usize>().unwrap() {
            let (status, answer) = if takes {
                ("200 OK", "success")
            } else {
                ("500 No", "fail")
            };
            let length = answer.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return body.as_bytes().to_vec();
        }
        assert_ne!(read, 0, "half a notification");
    }
}
