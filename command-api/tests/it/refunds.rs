//! Refunds that somebody asks for, the second person, and what a chain sets for its payments.

use baize_proto::access::{Claims, Role};
use baize_proto::hall::payment::v1::{
    ApproveRefundRequest, ChangePaymentPolicyRequest, Channel as Named, PaymentPolicy, RejectRefundRequest,
    RequestPrincipalRefundRequest, RequestPrincipalRefundResponse,
};
use jiff::Timestamp;
use tonic::{Code, Status};
use uuid::Uuid;

use super::payments::Till;
use super::world::{CHAIN, Clients, refused, request_id};

/// A member who has topped up 500 yuan through the provider.
async fn topped_up() -> Till {
    let mut till = Till::open().await;
    let started = till.start(50_000).await;
    assert_eq!(till.tell(&started.intent_id, 50_000).await, 200);
    till
}

fn ask(till: &Till, amount_fen: i64) -> RequestPrincipalRefundRequest {
    RequestPrincipalRefundRequest {
        request_id: request_id(),
        member_id: till.member_id.clone(),
        amount_fen,
        reason: "不再来了".to_owned(),
    }
}

async fn asked(
    clients: &mut Clients,
    request: RequestPrincipalRefundRequest,
) -> Result<RequestPrincipalRefundResponse, Status> {
    let answer = clients.payment.request_principal_refund(request).await;
    answer.map(tonic::Response::into_inner)
}

fn approve(refund_id: &str) -> ApproveRefundRequest {
    ApproveRefundRequest {
        request_id: request_id(),
        refund_id: refund_id.to_owned(),
    }
}

/// Somebody of the chain.
fn of(role: Role) -> Claims {
    let chain = Uuid::try_parse(CHAIN).unwrap();
    Claims::new(Uuid::now_v7(), role, Timestamp::now(), role.lifetime_max()).in_chain(chain)
}

async fn balance(till: &Till) -> i64 {
    let principal = "(payload::jsonb #>> '{TopUpCredited,amount,principal}')::bigint";
    let out = "(payload::jsonb #>> '{PrincipalWithdrawn,share,taken,principal}')::bigint";
    let back = "(payload::jsonb #>> '{PrincipalRestored,share,taken,principal}')::bigint";
    let sum = format!(
        "SELECT sum(coalesce({principal}, 0) - coalesce({out}, 0) + coalesce({back}, 0))::bigint
         FROM events WHERE aggregate_type = 'Wallet'"
    );
    till.world.count(&sum).await
}

#[tokio::test]
async fn a_small_refund_of_principal_goes_out_on_the_word_of_whoever_asks() {
    let mut till = topped_up().await;
    let request = ask(&till, 20_000);
    let answer = asked(&mut till.clients, request.clone()).await.unwrap();
    assert!(!answer.needs_approval);
    assert_eq!(
        answer.refunds.iter().map(|refund| refund.amount_fen).sum::<i64>(),
        20_000
    );
    assert_eq!(
        asked(&mut till.clients, request).await.unwrap(),
        answer,
        "a repeat refunds nothing"
    );
    assert_eq!(balance(&till).await, 30_000);
    let out = till
        .world
        .count("SELECT count(*) FROM events WHERE event_type = 'RefundRequested'");
    assert_eq!(out.await, 1);
}

#[tokio::test]
async fn a_large_refund_waits_for_somebody_other_than_who_asked() {
    let till = topped_up().await;
    let mut owner = till.clients.of(of(Role::Owner));
    let answer = asked(&mut owner, ask(&till, 20_001)).await.unwrap();
    assert!(answer.needs_approval);
    assert_eq!(balance(&till).await, 29_999, "the money is out of the wallet meanwhile");
    let refund_id = &answer.refunds[0].refund_id;
    let alone = owner.payment.approve_refund(approve(refund_id)).await;
    let details = refused(alone, Code::FailedPrecondition, "SECOND_PERSON_REQUIRED");
    assert!(details.precondition_failure().is_some(), "it says what to do next");
    let mut another = till.clients.of(of(Role::Owner));
    another.payment.approve_refund(approve(refund_id)).await.unwrap();
    let approved = "SELECT count(*) FROM events WHERE event_type = 'RefundApproved'";
    assert_eq!(till.world.count(approved).await, 1);
    let late = RejectRefundRequest {
        request_id: request_id(),
        refund_id: refund_id.clone(),
        reason: "changed my mind".to_owned(),
    };
    let late = another.payment.reject_refund(late).await;
    refused(late, Code::FailedPrecondition, "REFUND_NOT_WAITING");
}

#[tokio::test]
async fn a_refund_that_is_rejected_is_in_the_wallet_again() {
    let mut till = topped_up().await;
    let answer = {
        let request = ask(&till, 30_000);
        asked(&mut till.clients, request).await.unwrap()
    };
    assert_eq!(balance(&till).await, 20_000);
    let reject = RejectRefundRequest {
        request_id: request_id(),
        refund_id: answer.refunds[0].refund_id.clone(),
        reason: "the card is not theirs".to_owned(),
    };
    let mut owner = till.clients.of(of(Role::Owner));
    owner.payment.reject_refund(reject).await.unwrap();
    assert_eq!(balance(&till).await, 50_000);
}

#[tokio::test]
async fn who_may_ask_for_a_refund_and_who_may_approve_it() {
    let mut till = topped_up().await;
    let own = Uuid::try_parse(&till.member_id).unwrap();
    let customer = |subject| Claims {
        subject,
        ..Claims::new(subject, Role::Customer, Timestamp::now(), Role::Customer.lifetime_max())
    };
    let mut stranger = till.clients.of(customer(Uuid::now_v7()));
    refused(
        asked(&mut stranger, ask(&till, 100)).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    let mut elsewhere = till.clients.of(of(Role::Staff).in_chain(Uuid::now_v7()));
    refused(
        asked(&mut elsewhere, ask(&till, 100)).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    let mut staff = till.clients.of(of(Role::Staff));
    asked(&mut staff, ask(&till, 100)).await.unwrap();
    let mut payer = till.clients.of(customer(own));
    let answer = asked(&mut payer, ask(&till, 25_000)).await.unwrap();
    let refund_id = &answer.refunds[0].refund_id;
    for clients in [&mut payer, &mut staff] {
        let answer = clients.payment.approve_refund(approve(refund_id)).await;
        refused(answer, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    }
    let nothing = till
        .clients
        .payment
        .approve_refund(approve(&Uuid::now_v7().to_string()))
        .await;
    refused(nothing, Code::NotFound, "REFUND_NOT_FOUND");
}

#[tokio::test]
async fn a_refund_is_refused_with_what_can_be_had() {
    let mut till = topped_up().await;
    let request = ask(&till, 50_001);
    let details = refused(
        asked(&mut till.clients, request).await,
        Code::FailedPrecondition,
        "REFUND_AT_COUNTER",
    );
    assert_eq!(details.error_info().unwrap().metadata["refundable_fen"], "50000");
    let request = RequestPrincipalRefundRequest {
        amount_fen: 0,
        reason: "长".repeat(27),
        ..ask(&till, 1)
    };
    let details = refused(
        asked(&mut till.clients, request).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    let fields = &details.bad_request().unwrap().field_violations;
    let fields: Vec<_> = fields.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["amount_fen", "reason"]);
}

#[tokio::test]
async fn what_a_chain_sets_for_its_payments_holds_from_then_on() {
    let mut till = topped_up().await;
    let policy = PaymentPolicy {
        channels: vec![Named::WechatPay.into()],
        expiry_seconds: 600,
        declines_max: 2,
        review_seconds: 300,
        query_seconds_max: 30,
        refund_approval_above_fen: 0,
        top_up_max_fen: 10_000,
    };
    let change = |policy| ChangePaymentPolicyRequest {
        request_id: request_id(),
        chain_id: CHAIN.to_owned(),
        policy: Some(policy),
    };
    let mut owner = till.clients.of(of(Role::Owner));
    owner
        .payment
        .change_payment_policy(change(policy.clone()))
        .await
        .unwrap();
    let request = ask(&till, 1);
    assert!(asked(&mut till.clients, request).await.unwrap().needs_approval);
    let too_much = till.clients.payment.start_payment(till.top_up(10_001)).await;
    assert_eq!(too_much.unwrap_err().code(), Code::InvalidArgument);
    let wrong = PaymentPolicy {
        channels: vec![Named::Alipay.into(), Named::Alipay.into(), 7],
        expiry_seconds: 59,
        ..policy
    };
    let details = refused(
        owner.payment.change_payment_policy(change(wrong)).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    let fields = &details.bad_request().unwrap().field_violations;
    let fields: Vec<_> = fields.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["policy.channels", "policy.channels", "policy.expiry_seconds"]);
    let mut elsewhere = till.clients.of(of(Role::Owner).in_chain(Uuid::now_v7()));
    let answer = elsewhere.payment.change_payment_policy(change(PaymentPolicy {
        expiry_seconds: 60,
        declines_max: 1,
        review_seconds: 60,
        query_seconds_max: 2,
        top_up_max_fen: 1,
        ..PaymentPolicy::default()
    }));
    refused(answer.await, Code::PermissionDenied, "NOT_YOURS");
}
