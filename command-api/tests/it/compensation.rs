//! What the staff give back for sessions, over gRPC.

use baize_proto::access::{Claims, Role};
use baize_proto::hall::payment::v1::{
    ApproveCompensationRequest, ChangePaymentPolicyRequest, Channel, CompensateSessionRequest, PaymentPolicy,
    RejectCompensationRequest,
};
use baize_proto::hall::table::v1::CloseSessionRequest;
use jiff::Timestamp;
use tonic::Code;
use uuid::Uuid;

use super::world::{CHAIN, FEN_PER_MINUTE, Hall, World, fast, patient, prepaid, refused, request_id};

/// Half an hour at a table, paid beforehand and settled.
struct Played {
    world: World,
    hall: Hall,
    session_id: String,
}

impl Played {
    async fn new() -> Self {
        let world = World::with(|options| options.clock = fast(600.0)).await;
        let mut clients = world.clients.clone();
        let hall = clients.hall_with(1, patient()).await;
        let member = clients.member(100_000).await;
        let open = prepaid(&hall.tables[0], &member, 30);
        let opened = clients.table.open_table(open).await.unwrap().into_inner();
        let session_id = opened.session_id;
        let mut history = world.history().await;
        history.until("BillingStarted", &session_id).await;
        let close = CloseSessionRequest {
            request_id: request_id(),
            session_id: session_id.clone(),
        };
        // The game may have ended by itself meanwhile.
        let _closed = clients.table.close_session(close).await;
        history.until("SessionSettled", &session_id).await;
        Self {
            world,
            hall,
            session_id,
        }
    }

    fn compensate(&self, amount_fen: i64) -> CompensateSessionRequest {
        CompensateSessionRequest {
            request_id: request_id(),
            session_id: self.session_id.clone(),
            amount_fen,
            reason: "球台不平，致歉".to_owned(),
            ..CompensateSessionRequest::default()
        }
    }

    fn staff(&self) -> Claims {
        let hall = Uuid::try_parse(&self.hall.hall_id).unwrap();
        of(Role::Staff).in_halls([hall])
    }

    async fn given(&self) -> i64 {
        let given = "SELECT coalesce(sum((payload::jsonb #>> '{TopUpCredited,amount,principal}')::bigint), 0)::bigint
             FROM events WHERE event_type = 'TopUpCredited' AND payload::text LIKE '%Compensation%'";
        self.world.count(given).await
    }
}

/// Somebody of the chain.
fn of(role: Role) -> Claims {
    let chain = Uuid::try_parse(CHAIN).unwrap();
    Claims::new(Uuid::now_v7(), role, Timestamp::now(), role.lifetime_max()).in_chain(chain)
}

#[tokio::test]
async fn staff_give_back_a_part_of_what_was_paid_and_never_more() {
    let played = Played::new().await;
    let paid = 30 * FEN_PER_MINUTE;
    let mut staff = played.world.clients.of(played.staff());
    let request = played.compensate(1_000);
    let answer = staff
        .payment
        .compensate_session(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert!(!answer.needs_approval);
    let again = staff.payment.compensate_session(request).await.unwrap().into_inner();
    assert_eq!(again, answer);
    assert_eq!(played.given().await, 1_000);
    let too_much = staff.payment.compensate_session(played.compensate(paid - 999)).await;
    let details = refused(too_much, Code::FailedPrecondition, "COMPENSATION_TOO_MUCH");
    assert_eq!(
        details.error_info().unwrap().metadata["left_fen"],
        (paid - 1_000).to_string()
    );
    let elsewhere = of(Role::Staff).in_halls([Uuid::now_v7()]);
    let mut elsewhere = played.world.clients.of(elsewhere);
    let answer = elsewhere.payment.compensate_session(played.compensate(1)).await;
    refused(answer, Code::PermissionDenied, "NOT_YOURS");
    let nothing = CompensateSessionRequest {
        reason: String::new(),
        ..played.compensate(0)
    };
    let details = refused(
        staff.payment.compensate_session(nothing).await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );
    let fields = &details.bad_request().unwrap().field_violations;
    let fields: Vec<_> = fields.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["amount_fen", "reason"]);
}

#[tokio::test]
async fn what_is_above_the_limit_is_given_when_somebody_else_has_approved_it() {
    let played = Played::new().await;
    let mut owner = played.world.clients.of(of(Role::Owner));
    let policy = PaymentPolicy {
        channels: vec![Channel::WechatPay.into()],
        expiry_seconds: 600,
        declines_max: 3,
        review_seconds: 600,
        query_seconds_max: 60,
        refund_approval_above_fen: 500,
        top_up_max_fen: 500_000,
    };
    let change = ChangePaymentPolicyRequest {
        request_id: request_id(),
        chain_id: CHAIN.to_owned(),
        policy: Some(policy),
    };
    owner.payment.change_payment_policy(change).await.unwrap();
    let approve = |compensation_id: &str| ApproveCompensationRequest {
        request_id: request_id(),
        session_id: played.session_id.clone(),
        compensation_id: compensation_id.to_owned(),
    };
    let asked = owner
        .payment
        .compensate_session(played.compensate(501))
        .await
        .unwrap()
        .into_inner();
    assert!(asked.needs_approval);
    let alone = owner
        .payment
        .approve_compensation(approve(&asked.compensation_id))
        .await;
    refused(alone, Code::FailedPrecondition, "SECOND_PERSON_REQUIRED");
    let mut staff = played.world.clients.of(played.staff());
    let not_theirs = staff
        .payment
        .approve_compensation(approve(&asked.compensation_id))
        .await;
    refused(not_theirs, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
    assert_eq!(played.given().await, 0);
    let mut another = played.world.clients.of(of(Role::Owner));
    another
        .payment
        .approve_compensation(approve(&asked.compensation_id))
        .await
        .unwrap();
    assert_eq!(played.given().await, 501);

    let asked = staff
        .payment
        .compensate_session(played.compensate(600))
        .await
        .unwrap()
        .into_inner();
    let reject = RejectCompensationRequest {
        request_id: request_id(),
        session_id: played.session_id.clone(),
        compensation_id: asked.compensation_id.clone(),
        reason: "nothing was wrong".to_owned(),
    };
    another.payment.reject_compensation(reject).await.unwrap();
    let late = owner
        .payment
        .approve_compensation(approve(&asked.compensation_id))
        .await;
    refused(late, Code::FailedPrecondition, "COMPENSATION_NOT_WAITING");
    assert_eq!(played.given().await, 501);
}
