//! Alipay, as a merchant's server sees it: a gateway with its own keys, its own clock and its own book; notifications; bills; freezes; payers who do
//! what they are told to; and what goes wrong with an order, if somebody wants it.
//!
//! The book is the truth that a merchant's books are compared with. The keys beside this file are of nothing but this program.

mod bill;
mod book;
mod cli;
mod control;
mod faults;
mod freezes;
mod gateway;
mod notifier;
mod telling;
mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use baize_eventlog::Clock;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tokio_util::task::AbortOnDropHandle;

use self::book::Book;
use self::freezes::Freezes;
use self::notifier::Pending;
use crate::listener::Listener;
use crate::provider::Seeded;

pub use book::{Refund, RefundStatus, Status, Trade};
pub use cli::Args;
pub use faults::Fault;
pub use telling::PaidNotice;

/// How often it looks what is due to be sent.
const TICK: Duration = Duration::from_millis(20);

/// What a merchant's server is set up with to trust this program, and to be trusted by it.
pub mod keys {
    /// The application's private key.
    pub const APP_PRIVATE: &str = include_str!("keys/app.pem");
    /// Alipay's public key.
    pub const ALIPAY_PUBLIC: &str = include_str!("keys/alipay.pub.pem");
    /// The application's certificate.
    pub const APP_CERTIFICATE: &str = include_str!("keys/app.crt");
    /// Alipay's certificate.
    pub const ALIPAY_CERTIFICATE: &str = include_str!("keys/alipay.crt");
    /// The root of both.
    pub const ROOT_CERTIFICATE: &str = include_str!("keys/root.crt");
    pub(super) const ALIPAY_PRIVATE: &str = include_str!("keys/alipay.pem");
}

/// The names of the certificates in [`keys`] on the wire, reckoned by OpenSSL.
struct Serials {
    app: &'static str,
    alipay: &'static str,
    root: &'static str,
}

const SERIALS: Serials = Serials {
    app: "646f2ee7430228410f531e0c983af77c",
    alipay: "d3ad824223e3cdd5da453c5cc4ae2251",
    root: "0c0cb7f225ee0cd938a339a4a0ce4eed",
};

/// How it is set up.
#[derive(Clone, Debug)]
pub struct AlipayOptions {
    /// The application that may ask.
    pub app_id: String,
    /// The merchant.
    pub seller_id: String,
    /// Whether requests and answers name certificates.
    pub certificates: bool,
    /// Its clock.
    pub clock: Clock,
    /// How long a slow answer takes, in real time.
    pub slow: Duration,
    /// How long one delivery of a notification may take, in real time.
    pub delivery_max: Duration,
    /// Faults of orders for which none was set.
    pub faults: Option<Seeded>,
}

impl Default for AlipayOptions {
    fn default() -> Self {
        Self {
            app_id: "2021000000000001".to_owned(),
            seller_id: "2088000000000001".to_owned(),
            certificates: false,
            clock: Clock::real(),
            slow: Duration::from_secs(1),
            delivery_max: Duration::from_secs(10),
            faults: None,
        }
    }
}

/// An Alipay with one merchant.
#[derive(Clone)]
pub struct Alipay {
    shared: Arc<Shared>,
    listener: Arc<Listener>,
    _notifier: Arc<AbortOnDropHandle<()>>,
}

struct Shared {
    app_id: String,
    seller_id: String,
    keys: wire::Keys,
    serials: Option<Serials>,
    clock: Clock,
    slow: Duration,
    delivery_max: Duration,
    state: Mutex<StateOf>,
}

#[derive(Default)]
struct StateOf {
    book: Book,
    freezes: Freezes,
    notifications: Vec<Pending>,
    bills: BTreeMap<String, (Date, Instant)>,
    ahead: SignedDuration,
}

impl Alipay {
    /// Starts to listen on a port that the system chooses.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start(options: AlipayOptions) -> anyhow::Result<Self> {
        Self::start_at(options, 0).await
    }

    /// Starts to listen on a port of loopback.
    ///
    /// # Errors
    /// The port is not free.
    pub async fn start_at(options: AlipayOptions, port: u16) -> anyhow::Result<Self> {
        let AlipayOptions {
            app_id,
            seller_id,
            certificates,
            clock,
            slow,
            delivery_max,
            faults,
        } = options;
        let state = StateOf {
            book: Book::drawing(faults),
            ..StateOf::default()
        };
        let shared = Arc::new(Shared {
            app_id,
            seller_id,
            keys: wire::Keys::new(keys::ALIPAY_PRIVATE, keys::APP_PRIVATE)?,
            serials: certificates.then_some(SERIALS),
            clock,
            slow,
            delivery_max,
            state: Mutex::new(state),
        });
        let router = Router::new()
            .route("/gateway.do", post(gateway::gateway))
            .route("/bill/{token}", get(gateway::file))
            .merge(control::router())
            .with_state(Arc::clone(&shared));
        let listener = Arc::new(Listener::start_at(router, port).await?);
        let sender = Arc::clone(&shared);
        let notifier = tokio::spawn(async move {
            loop {
                sender.send_due().await;
                tokio::time::sleep(TICK).await;
            }
        });
        let notifier = Arc::new(AbortOnDropHandle::new(notifier));
        Ok(Self {
            shared,
            listener,
            _notifier: notifier,
        })
    }

    /// Where its gateway is.
    pub fn gateway_url(&self) -> String {
        format!("{}/gateway.do", self.listener.base_url())
    }

    /// Where everything is.
    pub fn base_url(&self) -> String {
        self.listener.base_url()
    }

    /// Lets things go wrong with an order, which may be made later; each happens once.
    pub fn fault(&self, order_no: &str, faults: &[Fault]) {
        self.shared.fault(order_no, faults);
    }

    /// A payer pays an order.
    ///
    /// # Errors
    /// It cannot be paid: Alipay's code.
    pub fn pay(&self, order_no: &str) -> Result<(), &'static str> {
        self.shared.pay(order_no)
    }

    /// A payer scans a code and sees the order; its number.
    ///
    /// # Errors
    /// The code leads to nothing that can be paid.
    pub fn scan(&self, code: &str) -> Result<String, &'static str> {
        let now = self.shared.now();
        self.shared.with(|state| state.book.scan(code, now))
    }

    /// A payer scans the code of a freeze and agrees.
    ///
    /// # Errors
    /// The code leads to nothing.
    pub fn agree(&self, code: &str) -> Result<(), &'static str> {
        self.shared.agree(code)
    }

    /// A payer is asked by the merchant's mini program, with this text, to agree to a freeze, and does.
    ///
    /// # Errors
    /// The text is not rightly signed, or not a freeze.
    pub fn agree_in_app(&self, order: &str) -> Result<(), String> {
        self.shared.agree_in_app(order)
    }

    /// The merchant's account is empty, or full again.
    pub fn merchant_short(&self, short: bool) {
        self.shared.with(|state| state.book.merchant_short = short);
    }

    /// A payer has too little.
    pub fn poor(&self, payer: &str) {
        self.shared.with(|state| state.book.poor.push(payer.to_owned()));
    }

    /// An order has become too old to go back.
    pub fn finish(&self, order_no: &str) {
        self.shared.with(|state| {
            if let Some(trade) = state.book.trades.get_mut(order_no) {
                trade.status = Status::TradeFinished;
            }
        });
    }

    /// Its clock jumps ahead: orders end, notifications come due, bills are made.
    pub fn advance(&self, by: SignedDuration) {
        self.shared.with(|state| state.ahead += by);
    }

    /// Its clock.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// Everything in its book.
    pub fn book(&self) -> Vec<Trade> {
        self.shared.with(|state| state.book.trades.values().cloned().collect())
    }

    /// Notifications that wait to be sent, or sent again.
    pub fn notifications(&self) -> usize {
        self.shared.with(|state| state.notifications.len())
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, StateOf> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, of: impl FnOnce(&mut StateOf) -> T) -> T {
        of(&mut self.state())
    }

    fn now(&self) -> Timestamp {
        self.clock.now() + self.with(|state| state.ahead)
    }

    fn fault(&self, order_no: &str, faults: &[Fault]) {
        self.with(|state| {
            let waiting: &mut VecDeque<_> = state.book.faults.entry(order_no.to_owned()).or_default();
            waiting.extend(faults);
        });
    }

    fn pay(&self, order_no: &str) -> Result<(), &'static str> {
        let now = self.now();
        self.with(|state| state.book.pay(order_no, now))?;
        self.notify(order_no);
        Ok(())
    }

    fn agree(&self, code: &str) -> Result<(), &'static str> {
        let now = self.now();
        self.with(|state| {
            let number = state.book.number(now);
            state.freezes.agree(code, number, now)
        })
    }

    fn agree_in_app(&self, order: &str) -> Result<(), String> {
        let form = wire::form(order.as_bytes());
        self.check_form(&form)?;
        let asked = form.get("biz_content").and_then(|text| serde_json::from_str(text).ok());
        let asked = asked.ok_or("no content")?;
        if form
            .get("method")
            .is_none_or(|method| method != "alipay.fund.auth.order.app.freeze")
        {
            return Err("not a freeze".to_owned());
        }
        let now = self.now();
        let agreed = self.with(|state| {
            let number = state.book.number(now);
            state.freezes.agree_in_app(&asked, number, now)
        });
        agreed.map_err(str::to_owned)
    }

    /// Tells the merchant that an order changed, with what goes wrong with that.
    fn notify(&self, order_no: &str) {
        let now = self.now();
        self.with(|state| {
            let fault = state.book.fault(order_no, Fault::of_notification);
            if let Some(trade) = state.book.trades.get(order_no) {
                let told = notifier::of(trade, fault, &self.app_id, &self.seller_id, now);
                state.notifications.extend(told);
            }
        });
    }
}
