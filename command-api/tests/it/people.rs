//! Members at the counter: what they may do, and what staff changes.

use baize_proto::hall::member::v1::{
    BindPaymentMethodRequest, BlacklistRequest, PaymentMethod, RegisterMemberRequest, SetLevelRequest,
    UnblacklistRequest,
};
use baize_proto::hall::wallet::v1::{CreditTopUpRequest, TopUpChannel};
use tonic::Code;
use uuid::Uuid;

use super::world::{World, refused, request_id};

#[tokio::test]
async fn who_is_on_the_blacklist_is_refused_with_the_reason_until_it_is_lifted() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member_id = clients.member(100_000).await;
    let blacklist = BlacklistRequest {
        request_id: request_id(),
        member_id: member_id.clone(),
        reason: "broke a cue".to_owned(),
    };
    clients.member.blacklist(blacklist).await.unwrap();
    let answer = clients.open(&hall.tables[0], &member_id).await;
    let details = refused(answer, Code::FailedPrecondition, "MEMBER_BLACKLISTED");
    let facts = &details.error_info().unwrap().metadata;
    assert_eq!(facts["blacklist_reason"], "broke a cue");

    let unblacklist = UnblacklistRequest {
        request_id: request_id(),
        member_id: member_id.clone(),
    };
    clients.member.unblacklist(unblacklist).await.unwrap();
    clients.open(&hall.tables[0], &member_id).await.unwrap();
}

#[tokio::test]
async fn nobody_plays_or_pays_in_who_is_not_known() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let stranger = Uuid::new_v4().to_string();
    let answer = clients.open(&hall.tables[0], &stranger).await;
    refused(answer, Code::NotFound, "MEMBER_NOT_FOUND");
    let top_up = CreditTopUpRequest {
        request_id: request_id(),
        member_id: stranger,
        channel: TopUpChannel::Counter.into(),
        principal_fen: 100,
        bonus_fen: 0,
    };
    let answer = clients.wallet.credit_top_up(top_up).await;
    refused(answer, Code::NotFound, "MEMBER_NOT_FOUND");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_about_a_member_is_named() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let named = |status: tonic::Status| {
        let details = refused::<()>(Err(status), Code::InvalidArgument, "INVALID_ARGUMENT");
        let violations = details.bad_request().unwrap().field_violations.clone();
        violations
            .into_iter()
            .map(|violation| violation.field)
            .collect::<Vec<_>>()
    };
    let registration = clients.member.register_member(RegisterMemberRequest::default()).await;
    assert_eq!(named(registration.unwrap_err()), ["request_id", "chain_id"]);
    let binding = clients
        .member
        .bind_payment_method(BindPaymentMethodRequest::default())
        .await;
    assert_eq!(named(binding.unwrap_err()), ["request_id", "member_id", "method"]);
    let level = SetLevelRequest {
        request_id: request_id(),
        member_id: clients.newcomer().await,
        level: "VIP".to_owned(),
    };
    assert_eq!(named(clients.member.set_level(level).await.unwrap_err()), ["level"]);
    let blacklisting = clients.member.blacklist(BlacklistRequest::default()).await;
    assert_eq!(named(blacklisting.unwrap_err()), ["request_id", "member_id", "reason"]);
}

#[tokio::test]
async fn binding_a_way_to_pay_twice_is_one_event() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let member_id = clients.newcomer().await;
    let bind = || BindPaymentMethodRequest {
        request_id: request_id(),
        member_id: member_id.clone(),
        method: PaymentMethod::WechatPay.into(),
    };
    clients.member.bind_payment_method(bind()).await.unwrap();
    clients.member.bind_payment_method(bind()).await.unwrap();
    let bound = "SELECT count(*) FROM events WHERE event_type = 'PaymentMethodBound'";
    assert_eq!(world.count(bound).await, 1);
}
