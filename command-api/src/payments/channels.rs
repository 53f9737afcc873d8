//! The providers that are set up, each behind its breaker: the only place that asks them for anything.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use baize_domain::payment::{Channel, ProviderAnswer, ProviderRequest};
use baize_eventlog::Clock;

use super::PaymentOptions;
use super::breaker::Breaker;
use super::provider::Provider;

/// The providers.
pub struct Channels {
    lines: Vec<Line>,
    clock: Clock,
    call_time_max: Duration,
}

struct Line {
    provider: Arc<dyn Provider>,
    breaker: Mutex<Breaker>,
}

impl Channels {
    /// Those of the options; none without options.
    pub fn new(options: Option<&PaymentOptions>, clock: Clock) -> Self {
        let line = |options: &PaymentOptions, provider: &Arc<dyn Provider>| Line {
            provider: Arc::clone(provider),
            breaker: Mutex::new(Breaker::new(options.breaker.clone())),
        };
        Self {
            lines: options.map_or_else(Vec::new, |options| {
                let providers = options.providers.iter();
                providers.map(|provider| line(options, provider)).collect()
            }),
            clock,
            call_time_max: options.map_or(Duration::ZERO, |options| options.call_time_max),
        }
    }

    /// The provider, if it is set up.
    pub fn provider(&self, channel: Channel) -> Option<&Arc<dyn Provider>> {
        self.line(channel).map(|line| &line.provider)
    }

    /// Those that new orders can go through now, in the order in which they are offered.
    pub fn working(&self) -> Vec<Channel> {
        let now = self.clock.now();
        let works = |channel: &Channel| self.line(*channel).is_some_and(|line| line.breaker().would_admit(now));
        Channel::ALL.into_iter().filter(works).collect()
    }

    /// Asks a provider. `payer` is the payer's id there, which new orders in its own app need.
    pub async fn call(&self, request: &ProviderRequest, payer: Option<&str>) -> ProviderAnswer {
        let Some(line) = self.line(request.channel()) else {
            return ProviderAnswer::Unavailable;
        };
        let is_order = matches!(request, ProviderRequest::Create(_));
        if is_order && !line.breaker().admit(self.clock.now()) {
            return ProviderAnswer::Unavailable;
        }
        let asked = tokio::time::timeout(self.call_time_max, ask(&*line.provider, request, payer));
        let answer = asked.await.unwrap_or_else(|_| ProviderAnswer::Unknown {
            why: "no answer in time".to_owned(),
        });
        match &answer {
            ProviderAnswer::Unknown { why } => {
                let channel = request.channel().code();
                tracing::warn!(channel, why, "a provider gave no answer that counts");
                line.breaker().failed(self.clock.now());
            }
            // Whoever could not even be asked tells nothing about the provider; a probe that ended so frees its place in time.
            ProviderAnswer::Unavailable => {}
            _ => line.breaker().answered(is_order),
        }
        answer
    }

    fn line(&self, channel: Channel) -> Option<&Line> {
        self.lines.iter().find(|line| line.provider.channel() == channel)
    }
}

impl Line {
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(provider: &dyn Provider, request: &ProviderRequest, payer: Option<&str>) -> ProviderAnswer {
    match request {
        ProviderRequest::Create(order) => provider.create(order, payer).await,
        ProviderRequest::Query { order_no, .. } => provider.query(*order_no).await,
        ProviderRequest::Close { order_no, .. } => provider.close(*order_no).await,
        ProviderRequest::Refund(refund) => provider.refund(refund).await,
        ProviderRequest::QueryRefund {
            order_no, refund_no, ..
        } => provider.query_refund(*order_no, *refund_no).await,
    }
}

#[cfg(test)]
mod tests {
    use baize_domain::Fen;
    use baize_domain::ids::PaymentIntentId;
    use baize_domain::payment::{Order, OrderNo, OrderState, Presentation};
    use jiff::Timestamp;

    use super::super::fixtures::Scripted;
    use super::*;

    fn unknown() -> ProviderAnswer {
        ProviderAnswer::Unknown { why: "lost".to_owned() }
    }

    fn number() -> OrderNo {
        OrderNo::new(PaymentIntentId::default(), 1).unwrap()
    }

    fn create() -> ProviderRequest {
        ProviderRequest::Create(Order {
            channel: Channel::WechatPay,
            order_no: number(),
            amount: Fen(1),
            description: "Table".to_owned(),
            presentation: Presentation::QrCode,
            payer: baize_domain::ids::MemberId::default(),
            expires_at: Timestamp::MAX,
        })
    }

    fn query() -> ProviderRequest {
        ProviderRequest::Query {
            channel: Channel::WechatPay,
            order_no: number(),
        }
    }

    fn channels(provider: &Arc<Scripted>) -> Channels {
        let mut options = PaymentOptions::new(vec![Arc::clone(provider) as Arc<dyn Provider>]);
        options.breaker.failures_max = 2;
        options.breaker.pause = Duration::from_secs(3_600);
        Channels::new(Some(&options), Clock::real())
    }

    #[tokio::test]
    async fn a_provider_that_is_out_of_order_is_asked_for_no_new_order_and_still_about_old_ones() {
        let provider = Arc::new(Scripted::new(Channel::WechatPay));
        let channels = channels(&provider);
        provider.answers(unknown());
        for _ in 0..2 {
            assert_eq!(channels.call(&create(), None).await, unknown());
        }
        assert!(channels.working().is_empty());
        assert_eq!(channels.call(&create(), None).await, ProviderAnswer::Unavailable);
        assert_eq!(provider.asked(), 2, "the third order was not sent");
        assert_eq!(channels.call(&query(), None).await, unknown());
        assert_eq!(provider.asked(), 3);
    }

    #[tokio::test]
    async fn an_answered_query_brings_a_provider_back() {
        let provider = Arc::new(Scripted::new(Channel::WechatPay));
        let channels = channels(&provider);
        provider.answers(unknown());
        for _ in 0..2 {
            channels.call(&create(), None).await;
        }
        provider.answers(ProviderAnswer::Order(OrderState::Waiting));
        channels.call(&query(), None).await;
        assert_eq!(channels.working(), [Channel::WechatPay]);
        channels.call(&create(), None).await;
        channels.call(&create(), None).await;
        assert_eq!(provider.asked(), 5);
    }

    #[tokio::test]
    async fn who_is_not_set_up_is_unavailable() {
        let channels = Channels::new(None, Clock::real());
        assert_eq!(channels.call(&create(), None).await, ProviderAnswer::Unavailable);
        assert_eq!(channels.call(&query(), None).await, ProviderAnswer::Unavailable);
    }

    #[tokio::test]
    async fn a_call_that_takes_too_long_has_an_unknown_end() {
        let provider = Arc::new(Scripted::new(Channel::WechatPay));
        provider.hangs();
        let mut channels = channels(&provider);
        channels.call_time_max = Duration::from_millis(1);
        let answer = channels.call(&query(), None).await;
        assert!(matches!(answer, ProviderAnswer::Unknown { .. }), "{answer:?}");
    }
}
