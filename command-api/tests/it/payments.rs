//! Payments through a provider of the tests' own, which signs what it tells.

use std::sync::Arc;

use baize_command_api::PaymentOptions;
use baize_command_api::payments::provider;
use baize_domain::Fen;
use baize_domain::payment::{Channel, OrderNo, OrderState, Paid, Presented, ProviderAnswer};
use baize_proto::access::{Claims, Role};
use baize_proto::hall::payment::v1::get_pay_sheet_response::Sheet;
use baize_proto::hall::payment::v1::resolve_payment_request::Resolution;
use baize_proto::hall::payment::v1::start_payment_request::Purpose;
use baize_proto::hall::payment::v1::{
    CancelPaymentRequest, Channel as Named, DefineTopUpTiersRequest, GetPaySheetRequest, GetPaySheetResponse, GiveBack,
    PaymentState, Presentation, ResolvePaymentRequest, RetryPaymentRequest, StartPaymentRequest, StartPaymentResponse,
    TopUp, TopUpTier,
};
use http::HeaderMap;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use uuid::Uuid;

use super::world::{Clients, PATIENCE, World, refused, request_id};
use fixtures::{Scripted, Told};

#[allow(dead_code, reason = "the service's own tests use more of it")]
#[path = "../../src/payments/fixtures.rs"]
pub mod fixtures;

const CODE: &str = "weixin://wxpay/bizpayurl?pr=ours";

/// A service with a provider, and a member.
pub struct Till {
    pub world: World,
    pub provider: Arc<Scripted>,
    pub clients: Clients,
    pub member_id: String,
}

impl Till {
    pub async fn open() -> Self {
        let provider = Arc::new(Scripted::new(Channel::WechatPay));
        provider.answers(ProviderAnswer::Created(Presented::Code(CODE.to_owned())));
        let set_up = Arc::clone(&provider);
        let world = World::with(|options| options.payments = Some(PaymentOptions::new(vec![set_up]))).await;
        let mut clients = world.clients.clone();
        let member_id = clients.newcomer().await;
        Self {
            world,
            provider,
            clients,
            member_id,
        }
    }

    pub fn top_up(&self, amount_fen: i64) -> StartPaymentRequest {
        StartPaymentRequest {
            request_id: request_id(),
            member_id: self.member_id.clone(),
            purpose: Some(Purpose::TopUp(TopUp { amount_fen })),
            channel: Named::WechatPay.into(),
            presentation: Presentation::QrCode.into(),
            ..StartPaymentRequest::default()
        }
    }

    pub async fn start(&mut self, amount_fen: i64) -> StartPaymentResponse {
        let request = self.top_up(amount_fen);
        self.clients.payment.start_payment(request).await.unwrap().into_inner()
    }

    async fn sheet(&mut self, intent_id: &str) -> Result<GetPaySheetResponse, Status> {
        let request = GetPaySheetRequest {
            intent_id: intent_id.to_owned(),
        };
        let sheet = self.clients.payment.get_pay_sheet(request).await;
        sheet.map(tonic::Response::into_inner)
    }

    /// The payment as soon as it is as wished.
    async fn once(&mut self, intent_id: &str, is_it: impl Fn(&GetPaySheetResponse) -> bool) -> GetPaySheetResponse {
        let found = async {
            loop {
                let sheet = self.sheet(intent_id).await.unwrap();
                if is_it(&sheet) {
                    return sheet;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("it comes to that")
    }

    /// The provider tells that the first attempt was paid.
    pub async fn tell(&self, intent_id: &str, fen: i64) -> u16 {
        self.tell_at(intent_id, fen, 1_790_000_000).await
    }

    /// The provider has so much for the first attempt, whoever asks.
    pub fn has(&self, fen: i64) {
        self.provider.answers(ProviderAnswer::Order(OrderState::Paid(Paid {
            transaction_id: "4200001".to_owned(),
            amount: Fen(fen),
            paid_at: Timestamp::from_second(1_790_000_000).unwrap(),
        })));
    }

    /// The provider tells that the first attempt was paid in that second since 1970.
    pub async fn tell_at(&self, intent_id: &str, fen: i64, paid_at_second: i64) -> u16 {
        let intent_id = Uuid::try_parse(intent_id).unwrap();
        let order_no = OrderNo::new(intent_id.into(), 1).unwrap();
        let body = serde_json::to_vec(&Told {
            merchant: Scripted::MERCHANT.to_owned(),
            order_no: order_no.to_string(),
            transaction_id: "4200001".to_owned(),
            fen,
            paid_at_second,
        });
        let body = body.unwrap();
        self.post(self.provider.sign(Timestamp::now(), &body), &body).await
    }

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

    async fn credits(&self) -> i64 {
        self.world
            .count("SELECT count(*) FROM events WHERE event_type = 'TopUpCredited'")
            .await
    }
}

#[tokio::test]
async fn a_payment_is_presented_paid_and_credited_once_however_often_the_provider_tells_it() {
    let mut till = Till::open().await;
    let started = till.start(5_000).await;
    assert_eq!((started.attempt, started.amount_fen, started.bonus_fen), (1, 5_000, 0));
    let sheet = till.once(&started.intent_id, |sheet| sheet.sheet.is_some()).await;
    assert_eq!(sheet.sheet, Some(Sheet::Code(CODE.to_owned())));
    for _ in 0..3 {
        assert_eq!(till.tell(&started.intent_id, 5_000).await, 200);
    }
    let sheet = till.sheet(&started.intent_id).await.unwrap();
    assert_eq!((sheet.state(), sheet.sheet), (PaymentState::Succeeded, None));
    assert_eq!(till.credits().await, 1);
}

#[tokio::test]
async fn a_notification_that_is_not_the_providers_changes_nothing() {
    let mut till = Till::open().await;
    let started = till.start(5_000).await;
    let body = br#"{"merchant":"1900000109"}"#;
    let mut headers = till.provider.sign(Timestamp::now(), body);
    headers.insert("x-signature", "AAAA".parse().unwrap());
    assert_eq!(till.post(headers, body).await, 400);
    let sheet = till.sheet(&started.intent_id).await.unwrap();
    assert_eq!(sheet.state(), PaymentState::Processing);
    assert_eq!(till.credits().await, 0);
}

#[tokio::test]
async fn another_amount_than_was_asked_is_for_the_staff_to_look_into() {
    let mut till = Till::open().await;
    let started = till.start(5_000).await;
    till.once(&started.intent_id, |sheet| sheet.sheet.is_some()).await;
    till.has(4_999);
    assert_eq!(till.tell(&started.intent_id, 4_999).await, 200);
    let sheet = till.sheet(&started.intent_id).await.unwrap();
    assert_eq!(sheet.state(), PaymentState::Conflicted);
    assert_eq!(till.credits().await, 0);
}

#[tokio::test]
async fn of_another_amount_the_provider_is_asked_and_what_it_has_is_taken_in() {
    let mut till = Till::open().await;
    let started = till.start(5_000).await;
    till.once(&started.intent_id, |sheet| sheet.sheet.is_some()).await;
    assert_eq!(till.tell(&started.intent_id, 5_001).await, 409, "it has nothing");
    assert_eq!(till.credits().await, 0);
    till.has(5_000);
    assert_eq!(till.tell(&started.intent_id, 5_001).await, 200);
    let sheet = till.sheet(&started.intent_id).await.unwrap();
    assert_eq!(sheet.state(), PaymentState::Succeeded);
    assert_eq!(till.credits().await, 1);
}

#[tokio::test]
async fn who_settles_a_payment_by_hand_is_on_record_with_the_reason() {
    let mut till = Till::open().await;
    let started = till.start(5_000).await;
    till.once(&started.intent_id, |sheet| sheet.sheet.is_some()).await;
    till.has(4_999);
    till.tell(&started.intent_id, 4_999).await;
    let (owner, chain) = (Uuid::now_v7(), Uuid::try_parse(super::world::CHAIN).unwrap());
    let claims = Claims::new(owner, Role::Owner, Timestamp::now(), Role::Owner.lifetime_max());
    till.clients = till.world.clients.of(claims.in_chain(chain));
    let resolve = ResolvePaymentRequest {
        request_id: request_id(),
        intent_id: started.intent_id,
        resolution: Some(Resolution::GiveBack(GiveBack {})),
        reason: "the customer was told".to_owned(),
    };
    till.clients.payment.resolve_payment(resolve).await.unwrap();
    let by = format!(
        "SELECT count(*) FROM events WHERE event_type = 'PaymentResolved'
             AND payload::jsonb->'PaymentResolved'->>'by' = '{owner}'
             AND payload::jsonb->'PaymentResolved'->>'reason' = 'the customer was told'"
    );
    assert_eq!(till.world.count(&by).await, 1);
}

#[tokio::test]
async fn a_provider_that_cannot_be_used_is_refused_with_those_that_can() {
    let mut till = Till::open().await;
    let request = StartPaymentRequest {
        channel: Named::Alipay.into(),
        ..till.top_up(5_000)
    };
    let answer = till.clients.payment.start_payment(request).await;
    let details = refused(answer, Code::FailedPrecondition, "CHANNEL_UNAVAILABLE");
    let facts = &details.error_info().unwrap().metadata;
    assert_eq!(
        (facts["channel"].as_str(), facts["channels"].as_str()),
        ("alipay", "wechat_pay,balance")
    );
    assert_eq!(
        till.world
            .count("SELECT count(*) FROM events WHERE aggregate_type = 'Payment'")
            .await,
        0
    );
}

#[tokio::test]
async fn a_payment_is_its_payers_own() {
    let mut till = Till::open().await;
    let started = till.start(5_000).await;
    let customer = |subject| Claims {
        subject,
        ..Claims::new(subject, Role::Customer, Timestamp::now(), Role::Customer.lifetime_max())
    };
    let own = Uuid::try_parse(&till.member_id).unwrap();
    let (request, intent_id) = (till.top_up(1_000), started.intent_id.clone());
    till.clients = till.world.clients.of(customer(own));
    assert!(till.sheet(&intent_id).await.is_ok());
    till.clients = till.world.clients.of(customer(Uuid::now_v7()));
    refused(till.sheet(&intent_id).await, Code::PermissionDenied, "NOT_YOURS");
    refused(
        till.clients.payment.start_payment(request).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    let cancel = CancelPaymentRequest {
        request_id: request_id(),
        intent_id: intent_id.clone(),
    };
    refused(
        till.clients.payment.cancel_payment(cancel).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    let retry = RetryPaymentRequest {
        request_id: request_id(),
        intent_id,
        channel: Named::WechatPay.into(),
        presentation: Presentation::QrCode.into(),
    };
    refused(
        till.clients.payment.retry_payment(retry).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
}

#[tokio::test]
async fn a_payment_that_is_given_up_is_not_presented_any_more() {
    let mut till = Till::open().await;
    let started = till.start(5_000).await;
    let cancel = CancelPaymentRequest {
        request_id: request_id(),
        intent_id: started.intent_id.clone(),
    };
    till.clients.payment.cancel_payment(cancel).await.unwrap();
    let sheet = till.sheet(&started.intent_id).await.unwrap();
    assert_eq!((sheet.state(), sheet.sheet), (PaymentState::Cancelled, None));
    assert!(sheet.channels.is_empty());
}

#[tokio::test]
async fn a_tier_brings_its_bonus_with_the_top_up_that_began_under_it() {
    let mut till = Till::open().await;
    let define = DefineTopUpTiersRequest {
        request_id: request_id(),
        chain_id: super::world::CHAIN.to_owned(),
        tiers: vec![TopUpTier {
            from_fen: 5_000,
            bonus_fen: 500,
        }],
    };
    till.clients.payment.define_top_up_tiers(define).await.unwrap();
    assert_eq!(till.start(4_999).await.bonus_fen, 0);
    assert_eq!(till.start(5_000).await.bonus_fen, 500);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_to_pay_is_named() {
    let mut till = Till::open().await;
    let named = |status: Status| {
        let details = refused::<()>(Err(status), Code::InvalidArgument, "INVALID_ARGUMENT");
        let violations = details.bad_request().unwrap().field_violations.clone();
        violations
            .into_iter()
            .map(|violation| violation.field)
            .collect::<Vec<_>>()
    };
    let request = StartPaymentRequest::default();
    let status = till.clients.payment.start_payment(request).await.unwrap_err();
    assert_eq!(
        named(status),
        ["request_id", "channel", "presentation", "member_id", "purpose"]
    );
    let request = till.top_up(0);
    let status = till.clients.payment.start_payment(request).await.unwrap_err();
    assert_eq!(named(status), ["top_up.amount_fen"]);
}

#[tokio::test]
async fn a_notification_about_an_order_that_nobody_made_is_not_acknowledged() {
    let till = Till::open().await;
    let before = till.world.count("SELECT max(position) FROM events").await;
    for _ in 0..2 {
        assert_eq!(till.tell(&Uuid::now_v7().to_string(), 5_000).await, 409);
    }
    assert_eq!(till.world.count("SELECT max(position) FROM events").await, before);
}

#[tokio::test]
async fn without_a_provider_nobody_listens_for_notifications() {
    let world = World::start().await;
    assert_eq!(world.api.callbacks(), None);
}
