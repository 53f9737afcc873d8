//! WeChat Pay, API v3, for one merchant: checks what it is sent as strictly as the provider does, and signs what it answers.
//!
//! <https://pay.weixin.qq.com/doc/v3/merchant/4012791874> (orders), <https://pay.weixin.qq.com/doc/v3/merchant/4013070371> (refunds),
//! <https://pay.weixin.qq.com/doc/v3/merchant/4013071196> (bills). Its keys are in files beside it and are nobody's.

mod bill;
mod calls;
mod cli;
mod letters;
mod signature;
mod telling;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use jiff::civil::Date;

use crate::listener::Listener;
use crate::provider::{Desk, DeskOptions, control};

pub use cli::Args;
pub use signature::{PlatformKeys, sheet_is_signed};
pub use telling::Teller;

/// The merchant's private key, PKCS#8.
pub const MERCHANT_KEY: &str = include_str!("keys/merchant.pem");
/// The merchant's certificate.
pub const MERCHANT_CERTIFICATE: &str = include_str!("keys/merchant.crt");
/// The serial number of the merchant's certificate.
pub const MERCHANT_SERIAL: &str = "2186B95DB05974C69F6741CD7B8000D92571E8A8";
/// The platform's certificate.
pub const PLATFORM_CERTIFICATE: &str = include_str!("keys/platform.crt");
/// The serial number of the platform's certificate.
pub const PLATFORM_SERIAL: &str = "15E5C9F53A0C805FD09E4CDEC7BAFDA4D1060A3A";
/// The platform's public key, of the same pair.
pub const PLATFORM_PUBLIC_KEY: &str = include_str!("keys/platform.pub");
/// What the platform's public key goes by.
pub const PLATFORM_KEY_ID: &str = "PUB_KEY_ID_0116000000012026112200000000000001";

/// Whom it works for.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// The merchant's number.
    pub mch_id: String,
    /// The mini-program.
    pub app_id: String,
    /// 32 characters.
    pub api_v3_key: String,
}

impl Default for Merchant {
    fn default() -> Self {
        Self {
            mch_id: "1900000001".to_owned(),
            app_id: "wx-app".to_owned(),
            api_v3_key: "0123456789abcdef0123456789ABCDEF".to_owned(),
        }
    }
}

/// A WeChat Pay.
pub struct WechatPay {
    shared: Arc<Shared>,
    listener: Listener,
}

struct Shared {
    merchant: Merchant,
    desk: Arc<Desk>,
    keys: Arc<PlatformKeys>,
    nonces: Mutex<signature::Nonces>,
    /// Bills as they were announced: what changes in the book later is not in them.
    announced: Mutex<BTreeMap<Date, String>>,
}

impl WechatPay {
    /// Starts to listen on a port that the system chooses.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start(merchant: Merchant, options: DeskOptions) -> anyhow::Result<Self> {
        Self::start_at(merchant, options, 0).await
    }

    /// Starts to listen on a port of loopback.
    ///
    /// # Errors
    /// The port is not free.
    pub async fn start_at(merchant: Merchant, options: DeskOptions, port: u16) -> anyhow::Result<Self> {
        let keys = Arc::new(PlatformKeys::read()?);
        let letters = letters::Writer::new(merchant.clone(), Arc::clone(&keys))?;
        let desk = Desk::open(options, Arc::new(letters))?;
        let shared = Arc::new(Shared {
            merchant,
            desk: Arc::clone(&desk),
            keys,
            nonces: Mutex::default(),
            announced: Mutex::default(),
        });
        let router = Router::new()
            .fallback(calls::answer)
            .with_state(Arc::clone(&shared))
            .merge(control::routes(desk));
        let listener = Listener::start_at(router, port).await?;
        Ok(Self { shared, listener })
    }

    /// Where it listens.
    pub fn base_url(&self) -> String {
        self.listener.base_url()
    }

    /// Its book, its payers, its faults.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.shared.desk
    }

    /// From now on it signs as that certificate's serial number or public key's id says.
    pub fn sign_as(&self, serial: &str) {
        self.shared.keys.sign_as(serial);
    }

    /// The next answers have a wrong signature, so many of them.
    pub fn forge_answers(&self, count: u32) {
        self.shared.keys.forge(count);
    }

    /// Calls that were refused for their signature, age or nonce.
    pub fn refused_calls(&self) -> u32 {
        self.shared
            .nonces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .refused
    }
}
