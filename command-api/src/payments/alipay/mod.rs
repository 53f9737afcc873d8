//! Alipay, by its gateway with RSA2.
//!
//! What its codes mean here (each has a test in `wire`):
//!
//! | Alipay says | We say |
//! |---|---|
//! | `10000`, `10003` | what the answer's fields say |
//! | `20000`, `40005`, `ACQ.SYSTEM_ERROR`, no answer, an answer that is not signed rightly | asked again, at most thrice in all; then *unknown* |
//! | `ACQ.TRADE_NOT_EXIST` | no such order (nobody has scanned the code yet, or it never arrived) |
//! | `TRADE_CLOSED` with the time of payment | paid (and refunded wholly since) |
//! | `ACQ.CONTEXT_INCONSISTENT`, `ACQ.DISCORDANT_REPEAT_REQUEST` | the number was used for something else |
//! | `ACQ.TRADE_HAS_SUCCESS`, `…_CLOSE`, `…_FINISHED`, `ACQ.TRADE_STATUS_ERROR`, … | the order's state does not allow it |
//! | `ACQ.SELLER_BALANCE_NOT_ENOUGH` | the merchant has too little |
//! | `ACQ.REFUND_AMT_NOT_EQUAL_TOTAL`, `ACQ.REASON_TRADE_REFUND_FEE_ERR` | more was to be refunded than was paid |
//! | `ACQ.BUYER_…` and what else bars the payer | the payer cannot |
//! | anything else | our settings or our request are wrong |
//!
//! `alipay.trade.cancel` is left alone on purpose: it refunds an order that was paid meanwhile, behind the back of our books. So a code that nobody has
//! scanned cannot be taken back; it ends by its own time, and who pays it until then is refunded like everybody who pays late.

mod bill;
mod certificate;
mod client;
mod notify;
mod options;
mod preauth;
mod signature;
mod wire;

use async_trait::async_trait;
use baize_domain::payment::{
    Channel, Decline, Order, OrderNo, OrderState, Presentation, Presented, ProviderAnswer, RefundNo, RefundOrder,
    RefundState,
};
use http::HeaderMap;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::json;

use self::client::{Gateway, Trouble};
use self::wire::{BillAddress, Made, Meaning, RefundFound, Refunded, Trade};
use super::provider::{Acknowledgement, BillError, BillRow, Forged, Notice, PaySheet, Provider};

pub use options::{AlipayOptions, AlipayTrust};
pub use preauth::{Debit, Freeze, FreezeStatus, Frozen};

/// A day's bill is there by this hour of the next morning, Beijing's.
const BILL_HOUR: i8 = 10;

/// A client of Alipay's gateway.
pub struct Alipay {
    gateway: Gateway,
}

impl Alipay {
    /// # Errors
    /// A setting is wrong; the error names it.
    pub fn new(options: AlipayOptions) -> anyhow::Result<Self> {
        let gateway = Gateway::new(options)?;
        Ok(Self { gateway })
    }

    async fn bill_address(&self, date: Date) -> Result<String, BillError> {
        let body = json!({ "bill_type": "trade", "bill_date": date.to_string() });
        let method = "alipay.data.dataservice.bill.downloadurl.query";
        match self.gateway.call::<BillAddress>(method, &body).await {
            Ok(address) => Ok(address.bill_download_url),
            Err(Trouble::Refused(_, code)) if code.to_ascii_uppercase().ends_with("BILL_NOT_EXIST") => {
                Err(self.no_bill(date))
            }
            Err(Trouble::Refused(_, why) | Trouble::Unknown(why)) => Err(BillError::Failed(why)),
        }
    }

    /// Alipay has one word for a bill that is not made yet and for a day without business.
    fn no_bill(&self, date: Date) -> BillError {
        let next = date.checked_add(1.day()).unwrap_or(date);
        let made = next.at(BILL_HOUR, 0, 0, 0).to_zoned(wire::zone());
        match made {
            Ok(made) if self.gateway.now() >= made.timestamp() => BillError::Empty,
            _ => BillError::NotYet,
        }
    }
}

#[async_trait]
impl Provider for Alipay {
    fn channel(&self) -> Channel {
        Channel::Alipay
    }

    async fn create(&self, order: &Order, payer: Option<&str>) -> ProviderAnswer {
        let made: Result<Made, Trouble> = match (order.presentation, payer) {
            (Presentation::QrCode, _) => {
                let body = wire::precreate(order);
                self.gateway.call("alipay.trade.precreate", &body).await
            }
            (Presentation::InApp, Some(payer)) => {
                let body = wire::create(order, &self.gateway.options.app_id, payer);
                self.gateway.call("alipay.trade.create", &body).await
            }
            (Presentation::InApp, None) => return nobody(),
        };
        match made {
            Ok(made) => presented(order.presentation, made),
            Err(trouble) => trouble.answer(),
        }
    }

    async fn query(&self, order_no: OrderNo) -> ProviderAnswer {
        let body = wire::about(order_no);
        match self.gateway.call::<Trade>("alipay.trade.query", &body).await {
            Ok(trade) => order(trade.state()),
            Err(Trouble::Refused(Meaning::NoSuchOrder, _)) => ProviderAnswer::Order(OrderState::NotFound),
            Err(trouble) => trouble.answer(),
        }
    }

    async fn close(&self, order_no: OrderNo) -> ProviderAnswer {
        let body = wire::about(order_no);
        match self
            .gateway
            .call::<serde_json::Value>("alipay.trade.close", &body)
            .await
        {
            Ok(_) => ProviderAnswer::Order(OrderState::Closed),
            Err(Trouble::Refused(Meaning::NoSuchOrder, _)) => ProviderAnswer::Order(OrderState::NotFound),
            // Paid or closed before: which of them, the order tells.
            Err(Trouble::Refused(Meaning::No(Decline::WrongState), _)) => self.query(order_no).await,
            Err(trouble) => trouble.answer(),
        }
    }

    async fn refund(&self, refund: &RefundOrder) -> ProviderAnswer {
        let body = wire::refund(refund);
        let refunded: Refunded = match self.gateway.call("alipay.trade.refund", &body).await {
            Ok(refunded) => refunded,
            Err(trouble) => return trouble.answer(),
        };
        if refunded.fund_change.as_deref() == Some("Y") {
            let at = refunded.gmt_refund_pay.as_deref().and_then(wire::instant);
            let at = at.unwrap_or_else(|| self.gateway.now());
            let amount = refund.amount;
            return ProviderAnswer::Refund(RefundState::Succeeded { amount, at });
        }
        // Nothing moved now: it did before, or it will. That a refund is not to be found right after it was accepted does not mean that there is none.
        match self.query_refund(refund.order_no, refund.refund_no).await {
            ProviderAnswer::Refund(RefundState::NotFound) => ProviderAnswer::Refund(RefundState::Processing),
            answer => answer,
        }
    }

    async fn query_refund(&self, order_no: OrderNo, refund_no: RefundNo) -> ProviderAnswer {
        let body = wire::refund_query(order_no, refund_no);
        let method = "alipay.trade.fastpay.refund.query";
        match self.gateway.call::<RefundFound>(method, &body).await {
            Ok(found) => match found.state(self.gateway.now()) {
                Some(state) => ProviderAnswer::Refund(state),
                None => senseless(),
            },
            Err(Trouble::Refused(Meaning::NoSuchOrder, _)) => ProviderAnswer::Refund(RefundState::NotFound),
            Err(trouble) => trouble.answer(),
        }
    }

    fn sheet(&self, presented: &Presented, _now: Timestamp) -> anyhow::Result<PaySheet> {
        Ok(match presented {
            Presented::TradeNo(trade_no) => PaySheet::Alipay {
                trade_no: trade_no.clone(),
            },
            Presented::Code(code) => PaySheet::Code(code.clone()),
            Presented::PrepayId(_) => anyhow::bail!("a prepay_id is none of Alipay's"),
        })
    }

    fn notice(&self, _headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notice, Forged> {
        notify::read(&self.gateway, body, now)
    }

    fn acknowledgement(&self, taken: bool) -> Acknowledgement {
        Acknowledgement {
            status: if taken { 200 } else { 500 },
            content_type: "text/plain",
            body: if taken { "success" } else { "fail" },
        }
    }

    async fn bill(&self, date: Date) -> Result<Vec<BillRow>, BillError> {
        let address = self.bill_address(date).await?;
        let zipped = self.gateway.file(&address, bill::BYTES_MAX).await;
        bill::read(zipped.map_err(BillError::Failed)?)
    }
}

fn presented(presentation: Presentation, made: Made) -> ProviderAnswer {
    let presented = match presentation {
        Presentation::InApp => made.trade_no.map(Presented::TradeNo),
        Presentation::QrCode => made.qr_code.map(Presented::Code),
    };
    presented.map_or_else(senseless, ProviderAnswer::Created)
}

fn order(state: Option<OrderState>) -> ProviderAnswer {
    state.map_or_else(senseless, ProviderAnswer::Order)
}

/// Signed by Alipay, but not what its pages say that it answers.
fn senseless() -> ProviderAnswer {
    ProviderAnswer::Unknown {
        why: "an answer that makes no sense".to_owned(),
    }
}

fn nobody() -> ProviderAnswer {
    ProviderAnswer::Declined {
        why: Decline::Merchant,
        code: "the payer's id at Alipay is not known".to_owned(),
    }
}
