//! WeChat Pay, API v3: orders in the mini-program (JSAPI) and as codes (Native), refunds, notifications, bills.
//!
//! What its codes mean here (`wire` has a test of each); every call page of <https://pay.weixin.qq.com/doc/v3/merchant/4012791874> lists its own:
//!
//! | WeChat Pay says | We say |
//! |---|---|
//! | 5xx, `SYSTEM_ERROR`, `BANK_ERROR`, `FREQUENCY_LIMITED`, no answer, an answer that is not signed rightly | asked again with the same number, thrice in all and by turns at the backup host; then *unknown* |
//! | `FREQUENCY_LIMITED` on closing | the payer may be at it: asked how the order stands |
//! | `ORDER_NOT_EXIST`, `RESOURCE_NOT_EXISTS` | no such order or refund; to a refund: the order is not paid |
//! | `USERPAYING` | it waits for its payer |
//! | `OUT_TRADE_NO_USED`, `INVALID_REQUEST` (201), `INVALID_REQUEST` (refund, 不一致) | the number was used for something else |
//! | `ORDER_CLOSED`, `ORDERPAID`, `INVALID_REQUEST` (refund) | the order's state does not allow it |
//! | `INVALID_REQUEST` (refund, 可退金额) | more was to be refunded than was paid |
//! | `NOT_ENOUGH` | to a refund: the merchant has too little; else the payer |
//! | `ACCOUNT_ERROR`, `USER_ACCOUNT_ABNORMAL`, `TRADE_ERROR` | the payer cannot |
//! | anything else (`PARAM_ERROR`, `SIGN_ERROR`, `NO_AUTH`, `APPID_MCHID_NOT_MATCH`, `RULE_LIMIT`, …) | our settings or our request are wrong |

mod bill;
mod client;
mod notify;
mod options;
mod signature;
mod wire;

use anyhow::bail;
use async_trait::async_trait;
use baize_domain::payment::{
    Channel, Decline, Order, OrderNo, OrderState, Presentation, Presented, ProviderAnswer, RefundNo, RefundOrder,
    RefundState,
};
use http::HeaderMap;
use jiff::Timestamp;
use jiff::civil::Date;
use reqwest::Method;

use self::client::{Client, Trouble};
use self::wire::{Asked, BillAddress, Created, Meaning, Refund, Transaction, strange};
use super::provider::{Acknowledgement, BillError, BillRow, Forged, Notice, PaySheet, Provider};

pub use options::{WechatPayKey, WechatPayOptions};

/// A client of one merchant.
pub struct WechatPay {
    client: Client,
}

impl WechatPay {
    /// # Errors
    /// A setting is wrong; the error names it.
    pub fn new(options: WechatPayOptions) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::new(options)?,
        })
    }

    fn order(&self, order_no: OrderNo, transaction: &Transaction) -> ProviderAnswer {
        if transaction.mchid != self.client.options.mch_id || transaction.out_trade_no != order_no.to_string() {
            return strange("it is about another order");
        }
        match transaction.state() {
            Ok(state) => ProviderAnswer::Order(state),
            Err(what) => strange(what),
        }
    }

    /// Closing did not do: what became of the order decides.
    async fn after_closing(&self, order_no: OrderNo, code: &str) -> ProviderAnswer {
        match self.query(order_no).await {
            ProviderAnswer::Order(OrderState::Waiting) => ProviderAnswer::Unknown {
                why: format!("it cannot be closed now: {code}"),
            },
            answer => answer,
        }
    }
}

#[async_trait]
impl Provider for WechatPay {
    fn channel(&self) -> Channel {
        Channel::WechatPay
    }

    async fn create(&self, order: &Order, payer: Option<&str>) -> ProviderAnswer {
        let (target, payer) = match (order.presentation, payer) {
            (Presentation::QrCode, _) => ("/v3/pay/transactions/native", None),
            (Presentation::InApp, Some(openid)) => ("/v3/pay/transactions/jsapi", Some(openid)),
            (Presentation::InApp, None) => {
                let code = "NO_PAYER".to_owned();
                return ProviderAnswer::Declined {
                    why: Decline::PayerCannot,
                    code,
                };
            }
        };
        let body = wire::create(&self.client.options, order, payer);
        let created = self
            .client
            .ask::<Created>(Asked::Create, Method::POST, target, Some(&body))
            .await;
        match created {
            Ok(Created {
                prepay_id: Some(id), ..
            }) if payer.is_some() => ProviderAnswer::Created(Presented::PrepayId(id)),
            Ok(Created {
                code_url: Some(code), ..
            }) if payer.is_none() => ProviderAnswer::Created(Presented::Code(code)),
            Ok(_) => strange("there is neither prepay_id nor code_url"),
            Err(trouble) => trouble.answer(Asked::Create),
        }
    }

    async fn query(&self, order_no: OrderNo) -> ProviderAnswer {
        let mch_id = &self.client.options.mch_id;
        let target = format!("/v3/pay/transactions/out-trade-no/{order_no}?mchid={mch_id}");
        match self
            .client
            .ask::<Transaction>(Asked::Query, Method::GET, &target, None)
            .await
        {
            Ok(transaction) => self.order(order_no, &transaction),
            Err(Trouble::Refused(status, refusal)) => match refusal.meaning(Asked::Query, status) {
                Meaning::NotFound => ProviderAnswer::Order(OrderState::NotFound),
                Meaning::Paying => ProviderAnswer::Order(OrderState::Waiting),
                _ => Trouble::Refused(status, refusal).answer(Asked::Query),
            },
            Err(trouble) => trouble.answer(Asked::Query),
        }
    }

    async fn close(&self, order_no: OrderNo) -> ProviderAnswer {
        let target = format!("/v3/pay/transactions/out-trade-no/{order_no}/close");
        let body = serde_json::json!({ "mchid": self.client.options.mch_id });
        match self
            .client
            .call(Asked::Close, &Method::POST, &target, Some(&body))
            .await
        {
            Ok(_) => ProviderAnswer::Order(OrderState::Closed),
            Err(Trouble::Refused(status, refusal)) => match refusal.meaning(Asked::Close, status) {
                Meaning::NotFound => ProviderAnswer::Order(OrderState::NotFound),
                Meaning::Declined(Decline::Merchant) if refusal.code != "INVALID_REQUEST" => {
                    Trouble::Refused(status, refusal).answer(Asked::Close)
                }
                _ => self.after_closing(order_no, &refusal.code).await,
            },
            Err(trouble) => trouble.answer(Asked::Close),
        }
    }

    async fn refund(&self, refund: &RefundOrder) -> ProviderAnswer {
        let body = wire::refund(&self.client.options, refund);
        let target = "/v3/refund/domestic/refunds";
        let asked = self
            .client
            .ask::<Refund>(Asked::Refund, Method::POST, target, Some(&body))
            .await;
        refunded(asked, refund.refund_no, Asked::Refund)
    }

    async fn query_refund(&self, _: OrderNo, refund_no: RefundNo) -> ProviderAnswer {
        let target = format!("/v3/refund/domestic/refunds/{refund_no}");
        let asked = self
            .client
            .ask::<Refund>(Asked::QueryRefund, Method::GET, &target, None)
            .await;
        refunded(asked, refund_no, Asked::QueryRefund)
    }

    fn sheet(&self, presented: &Presented, now: Timestamp) -> anyhow::Result<PaySheet> {
        let prepay_id = match presented {
            Presented::PrepayId(id) => id,
            Presented::Code(code) => return Ok(PaySheet::Code(code.clone())),
            Presented::TradeNo(_) => bail!("an order of another provider"),
        };
        let app_id = self.client.options.app_id.clone();
        let (time_stamp, nonce_str) = (now.as_second().to_string(), signature::nonce()?);
        let package = format!("prepay_id={prepay_id}");
        let pay_sign = self
            .client
            .merchant
            .sign(&format!("{app_id}\n{time_stamp}\n{nonce_str}\n{package}\n"))?;
        let sign_type = "RSA".to_owned();
        Ok(PaySheet::WechatPay {
            time_stamp,
            nonce_str,
            package,
            sign_type,
            pay_sign,
            app_id,
        })
    }

    fn notice(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notice, Forged> {
        self.client.platform.verify(headers, body, now)?;
        let options = &self.client.options;
        notify::read(body, &options.api_v3_key, &options.mch_id, &options.app_id)
    }

    fn acknowledgement(&self, taken: bool) -> Acknowledgement {
        let (status, body) = match taken {
            true => (200, r#"{"code":"SUCCESS","message":"成功"}"#),
            false => (500, r#"{"code":"FAIL","message":"失败"}"#),
        };
        Acknowledgement {
            status,
            content_type: "application/json",
            body,
        }
    }

    async fn bill(&self, date: Date) -> Result<Vec<BillRow>, BillError> {
        let target = format!("/v3/bill/tradebill?bill_date={date}&bill_type=ALL");
        let address = self
            .client
            .ask::<BillAddress>(Asked::Query, Method::GET, &target, None)
            .await;
        match address {
            Ok(address) => self.client.download(&address).await,
            Err(Trouble::Refused(_, refusal)) => Err(match refusal.code.as_str() {
                "NO_STATEMENT_EXIST" => BillError::Empty,
                "STATEMENT_CREATING" => BillError::NotYet,
                code => BillError::Failed(code.to_owned()),
            }),
            Err(Trouble::Unknown(why)) => Err(BillError::Failed(why)),
        }
    }
}

fn refunded(asked: Result<Refund, Trouble>, refund_no: RefundNo, question: Asked) -> ProviderAnswer {
    match asked {
        Ok(refund) if refund.out_refund_no != refund_no.to_string() => strange("it is about another refund"),
        Ok(refund) => match refund.state() {
            Ok(state) => ProviderAnswer::Refund(state),
            Err(what) => strange(what),
        },
        Err(Trouble::Refused(status, refusal)) if refusal.meaning(question, status) == Meaning::NotFound => {
            ProviderAnswer::Refund(RefundState::NotFound)
        }
        Err(trouble) => trouble.answer(question),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use baize_eventlog::Clock;
    use baize_simulators::wechat_pay as simulated;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    pub(super) fn options(base_url: &str) -> WechatPayOptions {
        let merchant = simulated::Merchant::default();
        WechatPayOptions {
            base_url: base_url.to_owned(),
            backup_url: None,
            app_id: merchant.app_id,
            mch_id: merchant.mch_id,
            merchant_serial: simulated::MERCHANT_SERIAL.to_owned(),
            merchant_key: simulated::MERCHANT_KEY.to_owned(),
            platform_keys: vec![WechatPayKey::Certificate(simulated::PLATFORM_CERTIFICATE.to_owned())],
            api_v3_key: merchant.api_v3_key,
            notify_url: "https://hall.example/payments/wechat_pay".to_owned(),
            timeout: Duration::from_secs(5),
            clock: Clock::real(),
        }
    }

    #[test]
    fn what_is_wrong_with_the_settings_is_said_before_anything_is_served() {
        WechatPay::new(options("https://localhost")).map(drop).unwrap();
        type Change = fn(&mut WechatPayOptions);
        let wrong: [(Change, &str); 11] = [
            (
                |options| options.base_url = "http://api.mch.weixin.qq.com".to_owned(),
                "wechat_pay.base_url",
            ),
            (
                |options| options.backup_url = Some("api2".to_owned()),
                "wechat_pay.backup_url",
            ),
            (|options| options.notify_url.push_str("?a=b"), "wechat_pay.notify_url"),
            (|options| options.app_id = "app".to_owned(), "wechat_pay.app_id"),
            (|options| options.mch_id = "12".to_owned(), "wechat_pay.mch_id"),
            (
                |options| options.merchant_serial = "xyz".to_owned(),
                "wechat_pay.merchant_serial",
            ),
            (
                |options| options.merchant_key = simulated::MERCHANT_CERTIFICATE.to_owned(),
                "wechat_pay.merchant_key",
            ),
            (|options| options.api_v3_key.truncate(31), "wechat_pay.api_v3_key"),
            (|options| options.platform_keys.clear(), "wechat_pay.platform_keys"),
            (
                |options| options.platform_keys.push(options.platform_keys[0].clone()),
                "is there twice",
            ),
            (|options| options.timeout = Duration::ZERO, "wechat_pay.timeout"),
        ];
        for (change, problem) in wrong {
            let mut options = options("https://localhost");
            change(&mut options);
            let error = WechatPay::new(options).map(drop).unwrap_err();
            assert!(format!("{error:#}").contains(problem), "{problem}: {error:#}");
        }
        assert!(!format!("{:?}", options("https://localhost")).contains("PRIVATE"));
    }

    #[test]
    fn the_payment_sheet_of_the_mini_program_is_signed_by_the_merchant() {
        let provider = WechatPay::new(options("https://localhost")).unwrap();
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let sheet = provider.sheet(&Presented::PrepayId("wx26".to_owned()), now).unwrap();
        let PaySheet::WechatPay {
            time_stamp,
            nonce_str,
            package,
            sign_type,
            pay_sign,
            app_id,
        } = sheet
        else {
            panic!("another sheet")
        };
        assert_eq!(
            (time_stamp.as_str(), package.as_str(), sign_type.as_str()),
            ("1795348800", "prepay_id=wx26", "RSA")
        );
        let certificate = pem::parse(simulated::MERCHANT_CERTIFICATE).unwrap();
        let (_, certificate) = x509_parser::parse_x509_certificate(certificate.contents()).unwrap();
        let text = format!("{app_id}\n{time_stamp}\n{nonce_str}\n{package}\n");
        let signature = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, pay_sign).unwrap();
        UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            &certificate.public_key().subject_public_key.data,
        )
        .verify(text.as_bytes(), &signature)
        .unwrap();
        assert!(provider.sheet(&Presented::TradeNo("1".to_owned()), now).is_err());
        assert!(matches!(
            provider.sheet(&Presented::Code("weixin://x".to_owned()), now),
            Ok(PaySheet::Code(_))
        ));
    }
}
