//! Somebody who pays for a top-up through a provider: mostly as one should, sometimes not.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use baize_proto::access::Bearing;
use baize_proto::hall::payment::v1::get_pay_sheet_response::Sheet;
use baize_proto::hall::payment::v1::payment_service_client::PaymentServiceClient;
use baize_proto::hall::payment::v1::start_payment_request::Purpose;
use baize_proto::hall::payment::v1::{
    CancelPaymentRequest, Channel, GetPaySheetRequest, PaymentState, Presentation, RequestPrincipalRefundRequest,
    RetryPaymentRequest, StartPaymentRequest, TopUp,
};
use baize_proto::hall::view::v1::WatchPaymentRequest;
use baize_proto::hall::view::v1::payment_service_client::PaymentServiceClient as PaymentViewClient;
use baize_simulators::provider::Steering;
use rand::Rng as _;
use rand::rngs::StdRng;

use super::calls::{PAUSE, ask};
use crate::clients::{Refusal, new_id};

/// How long somebody waits for a code before it is asked for again.
const CODE_WITHIN: Duration = Duration::from_secs(2);
/// How long somebody stays for the outcome, in real time.
const PATIENCE: Duration = Duration::from_secs(60);
/// So often somebody tries to pay.
const TRIES: usize = 8;

/// How somebody behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// Scans the code and pays.
    Pays,
    /// Pays by one code while asking for another at the other provider, and pays by that too if it can be done.
    PaysAndChanges,
    /// Has codes of both providers, and pays both at once.
    PaysTwice,
    /// Gives up in the moment of paying.
    CancelsWhilePaying,
    /// Gives up before paying.
    GivesUp,
    /// Goes away.
    Abandons,
}

impl Manner {
    fn drawn(random: &mut StdRng) -> Self {
        match random.random_range(0..100) {
            0..3 => Self::PaysAndChanges,
            3..7 => Self::PaysTwice,
            7..11 => Self::CancelsWhilePaying,
            11..14 => Self::GivesUp,
            14..17 => Self::Abandons,
            _ => Self::Pays,
        }
    }
}

/// What is needed to pay.
#[derive(Clone, Debug)]
pub struct Street {
    /// Where commands go.
    pub commands: Bearing,
    /// Where queries go.
    pub queries: Bearing,
    /// WeChat Pay's payers.
    pub wechat_pay: Steering,
    /// Alipay's payers.
    pub alipay: Steering,
}

/// How a payment went for the payer.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// How the payer behaved.
    pub manner: Manner,
    /// The outcome that the payer was told; nothing if the payer went away before.
    pub told: Option<PaymentState>,
}

/// One payer's payment.
#[derive(Debug)]
pub struct Payer {
    street: Street,
    member_id: String,
    intent_id: String,
    channel: Channel,
}

impl Payer {
    /// Pays something for a member, as drawn.
    ///
    /// # Errors
    /// A call is refused that should not be, or never answered.
    pub async fn pay(street: Street, member_id: String, mut random: StdRng) -> anyhow::Result<Visit> {
        let manner = Manner::drawn(&mut random);
        let channel = match random.random_bool(0.5) {
            true => Channel::WechatPay,
            false => Channel::Alipay,
        };
        let amount_fen = random.random_range(100..20_000);
        let mut payer = Self {
            street,
            member_id,
            intent_id: String::new(),
            channel,
        };
        let position = payer.start(amount_fen).await.context("starting")?;
        let stays = payer.behave(manner).await.with_context(|| format!("{manner:?}"))?;
        let told = match stays {
            true => Some(payer.outcome(position).await.context("the outcome")?),
            false => None,
        };
        if told == Some(PaymentState::Succeeded) && random.random_bool(0.12) {
            payer
                .refund(random.random_range(1..=amount_fen))
                .await
                .context("a refund")?;
        }
        Ok(Visit { manner, told })
    }

    /// Whether the payer waits for the outcome.
    async fn behave(&mut self, manner: Manner) -> anyhow::Result<bool> {
        match manner {
            Manner::Pays => self.pay_until_paid().await?,
            Manner::Abandons => {
                self.code().await?;
                return Ok(false);
            }
            Manner::GivesUp => {
                self.code().await?;
                self.cancel().await?;
            }
            Manner::CancelsWhilePaying => {
                let Some(code) = self.code().await? else {
                    return Ok(true);
                };
                let steering = self.steering();
                let (_paid, cancelled) = tokio::join!(steering.pay(&code), self.cancel());
                cancelled?;
            }
            Manner::PaysTwice => {
                let Some(first) = self.code().await? else {
                    return Ok(true);
                };
                let there = self.steering();
                self.channel = other(self.channel);
                if self.retry().await?
                    && let Some(second) = self.code().await?
                {
                    let here = self.steering();
                    let (_first, _second) = tokio::join!(there.pay(&first), here.pay(&second));
                }
            }
            Manner::PaysAndChanges => {
                let Some(code) = self.code().await? else {
                    return Ok(true);
                };
                let steering = self.steering();
                self.channel = other(self.channel);
                let (_paid, retried) = tokio::join!(steering.pay(&code), self.retry());
                if retried? && let Some(code) = self.code().await? {
                    // Whether it can still be paid, the provider decides.
                    let _paid = self.steering().pay(&code).await;
                }
            }
        }
        Ok(true)
    }

    async fn start(&mut self, amount_fen: i64) -> anyhow::Result<u64> {
        let since = Instant::now();
        loop {
            let request = StartPaymentRequest {
                request_id: new_id(),
                member_id: self.member_id.clone(),
                purpose: Some(Purpose::TopUp(TopUp { amount_fen })),
                channel: self.channel.into(),
                presentation: Presentation::QrCode.into(),
                ..StartPaymentRequest::default()
            };
            let client = self.client();
            match ask!(client, start_payment, request).await {
                Ok(started) => {
                    let started = started.into_inner();
                    self.intent_id = started.intent_id;
                    return Ok(started.position);
                }
                Err(refusal) if refusal.reason == "CHANNEL_UNAVAILABLE" && since.elapsed() < PATIENCE => {
                    self.channel = other(self.channel);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }

    async fn pay_until_paid(&mut self) -> anyhow::Result<()> {
        for _ in 0..TRIES {
            let Some(code) = self.code().await? else { break };
            if self.steering().pay(&code).await.is_ok() {
                break;
            }
            // Closed, run out, or paid already: it is shown anew, or it is over.
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The code to scan, as soon as there is one; nothing once the payment is over.
    async fn code(&mut self) -> anyhow::Result<Option<String>> {
        let (since, mut asked) = (Instant::now(), Instant::now());
        let client = self.client();
        while since.elapsed() < PATIENCE {
            let request = GetPaySheetRequest {
                intent_id: self.intent_id.clone(),
            };
            let sheet = ask!(client, get_pay_sheet, request).await?;
            let sheet = sheet.into_inner();
            match sheet.sheet {
                Some(Sheet::Code(ref code)) => {
                    self.channel = sheet.channel();
                    return Ok(Some(code.clone()));
                }
                _ if sheet.state() != PaymentState::Processing => return Ok(None),
                _ if asked.elapsed() > CODE_WITHIN => {
                    // The order may have come to nothing: the payer asks for another.
                    self.channel = other(self.channel);
                    if !self.retry().await? {
                        return Ok(None);
                    }
                    asked = Instant::now();
                }
                _ => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// Whether another attempt can be made, or the last one goes on.
    async fn retry(&self) -> anyhow::Result<bool> {
        let request = RetryPaymentRequest {
            request_id: new_id(),
            intent_id: self.intent_id.clone(),
            channel: self.channel.into(),
            presentation: Presentation::QrCode.into(),
        };
        let client = self.client();
        let retried = ask!(client, retry_payment, request).await;
        match retried {
            Ok(_) => Ok(true),
            Err(Refusal { reason, .. }) if reason == "CHANNEL_UNAVAILABLE" => Ok(true),
            Err(refusal) if is_over(&refusal) => Ok(false),
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn cancel(&self) -> anyhow::Result<()> {
        let request = CancelPaymentRequest {
            request_id: new_id(),
            intent_id: self.intent_id.clone(),
        };
        let client = self.client();
        let cancelled = ask!(client, cancel_payment, request).await;
        match cancelled {
            Err(refusal) if !is_over(&refusal) => Err(refusal.into()),
            _ => Ok(()),
        }
    }

    async fn refund(&self, amount_fen: i64) -> anyhow::Result<()> {
        let request = RequestPrincipalRefundRequest {
            request_id: new_id(),
            member_id: self.member_id.clone(),
            amount_fen,
            reason: "不再需要".to_owned(),
        };
        let client = self.client();
        ask!(client, request_principal_refund, request).await?;
        Ok(())
    }

    /// How it stands when the payer has heard the outcome, or has waited long enough.
    async fn outcome(&self, position: u64) -> anyhow::Result<PaymentState> {
        let request = WatchPaymentRequest {
            intent_id: self.intent_id.clone(),
            min_position: position,
        };
        let client = PaymentViewClient::new(self.street.queries.clone());
        let mut last = PaymentState::Processing;
        let heard = async {
            let mut changes = ask!(client, watch_payment, request).await?.into_inner();
            while let Ok(Some(change)) = changes.message().await {
                last = change.payment.unwrap_or_default().state();
            }
            Ok::<_, Refusal>(())
        };
        match tokio::time::timeout(PATIENCE, heard).await {
            Ok(Err(refusal)) => Err(refusal.into()),
            _ => Ok(last),
        }
    }

    fn client(&self) -> PaymentServiceClient<Bearing> {
        PaymentServiceClient::new(self.street.commands.clone())
    }

    fn steering(&self) -> Steering {
        match self.channel {
            Channel::WechatPay => self.street.wechat_pay.clone(),
            _ => self.street.alipay.clone(),
        }
    }
}

fn is_over(refusal: &Refusal) -> bool {
    [
        "PAYMENT_OVER",
        "PAYMENT_SUCCEEDED",
        "PAYMENT_UNDER_REVIEW",
        "TOO_MANY_ATTEMPTS",
    ]
    .contains(&refusal.reason.as_str())
}

const fn other(channel: Channel) -> Channel {
    match channel {
        Channel::WechatPay => Channel::Alipay,
        _ => Channel::WechatPay,
    }
}
