//! Who somebody is: logins with WeChat, guests and their phones, merging, tokens; the providers are simulated beyond HTTP.

use std::time::Duration;

use baize_command_api::{Options, PeopleOptions, PersonalKeys, rewrap_keys};
use baize_domain::ids::{HallId, SessionId, TopUpId};
use baize_domain::member::MemberEvent;
use baize_domain::wallet::{Split, TopUpChannel, WalletEvent};
use baize_domain::{Event, Fen};
use baize_proto::access::{Bearing, Role, Signer, Verifier};
use baize_proto::hall::identity::v1::identity_service_client::IdentityServiceClient;
use baize_proto::hall::identity::v1::merge_guest_request::Proof;
use baize_proto::hall::identity::v1::{
    ActAs, LoginWithWechatRequest, LogoutRequest, MergeGuestRequest, QuickRegisterRequest, RefreshTokenRequest,
    RequestPhoneCodeRequest, RevokeSessionsRequest, Tokens, UpgradeGuestRequest,
};
use baize_proto::hall::member::v1::ErasePersonRequest;
use baize_proto::hall::staff::v1::{GrantStaffRequest, RevokeStaffRequest, StaffRole};
use jiff::Timestamp;
use tonic::{Code, Status};
use uuid::Uuid;

use super::entrance::{Entrance, mini_program};
use super::world::{World, decoded, refused, request_id, until};

const PHONE: &str = "+8613800138000";

/// Another code than this.
fn wrong(code: &str) -> String {
    let first = if code.starts_with('0') { "1" } else { "0" };
    format!("{first}{}", &code[1..])
}

#[tokio::test]
async fn a_new_wechat_user_becomes_a_member_and_a_returning_one_is_known() {
    let mut entrance = Entrance::open().await;
    let first = entrance.log_in("o-first").await;
    assert!(first.is_new);
    let again = entrance.log_in("o-first").await;
    assert_eq!(
        (again.member_id.as_str(), again.is_new),
        (first.member_id.as_str(), false)
    );
    assert_eq!(entrance.events("MemberRegistered").await, 1);
    assert_eq!(entrance.events("LoginRecorded").await, 1);

    let verifier = Verifier::new(entrance.keys.clone());
    let token = first.tokens.unwrap().access_token;
    let claims = verifier.verify(&token, Timestamp::now()).unwrap();
    assert_eq!(claims.subject.to_string(), first.member_id);
    assert_eq!((claims.role, claims.guest), (Role::Customer, false));
    assert_eq!(claims.chain.unwrap().to_string(), entrance.chain);
}

#[tokio::test]
async fn two_first_logins_at_once_make_one_member() {
    let entrance = Entrance::open().await;
    let logins = (0..16).map(|_| {
        let (mut identity, login) = (entrance.identity.clone(), entrance.login("o-twice"));
        async move { identity.login_with_wechat(login).await.unwrap().into_inner() }
    });
    let logins = futures::future::join_all(logins).await;
    assert!(logins.iter().all(|login| login.member_id == logins[0].member_id));
    assert_eq!(logins.iter().filter(|login| login.is_new).count(), 1);
    assert_eq!(entrance.events("MemberRegistered").await, 1);
}

#[tokio::test]
async fn a_login_sent_again_is_answered_without_asking_wechat_again() {
    let mut entrance = Entrance::open().await;
    let login = entrance.login("o-patient");
    let first = entrance
        .identity
        .login_with_wechat(login.clone())
        .await
        .unwrap()
        .into_inner();
    let calls = entrance.wechat.calls();
    let again = entrance.identity.login_with_wechat(login).await.unwrap().into_inner();
    assert_eq!(
        (again.member_id, again.is_new, again.position),
        (first.member_id, true, first.position)
    );
    assert_eq!(entrance.wechat.calls(), calls);
}

#[tokio::test]
async fn each_refusal_of_wechat_has_its_own_answer() {
    let mut entrance = Entrance::open().await;
    let login = |code: String, chain: &str| LoginWithWechatRequest {
        request_id: request_id(),
        chain_id: chain.to_owned(),
        code,
        ..LoginWithWechatRequest::default()
    };
    let chain = entrance.chain.clone();
    let unknown = entrance
        .identity
        .login_with_wechat(login("nonsense".to_owned(), &chain))
        .await;
    refused(unknown, Code::InvalidArgument, "WECHAT_CODE_INVALID");
    let code = entrance.wechat.login("o-once");
    entrance
        .identity
        .login_with_wechat(login(code.clone(), &chain))
        .await
        .unwrap();
    let used = entrance.identity.login_with_wechat(login(code, &chain)).await;
    refused(used, Code::InvalidArgument, "WECHAT_CODE_USED");
    let code = entrance.wechat.login("o-late");
    entrance.wechat.expire_codes();
    let late = entrance.identity.login_with_wechat(login(code, &chain)).await;
    refused(late, Code::InvalidArgument, "WECHAT_CODE_INVALID");
    entrance.wechat.block("o-blocked");
    let code = entrance.wechat.login("o-blocked");
    let blocked = entrance.identity.login_with_wechat(login(code, &chain)).await;
    refused(blocked, Code::PermissionDenied, "WECHAT_ACCOUNT_BLOCKED");
    entrance.wechat.be_busy(1);
    assert!(entrance.log_in("o-busy").await.is_new, "busy once is tried again");
    entrance.wechat.be_busy(100);
    let code = entrance.wechat.login("o-busy");
    let busy = entrance.identity.login_with_wechat(login(code, &chain)).await;
    let details = refused(busy, Code::Unavailable, "PROVIDER_UNAVAILABLE");
    assert!(details.retry_info().is_some());
}

#[tokio::test]
async fn quick_registration_takes_login_and_phone_in_one_step() {
    let mut entrance = Entrance::open().await;
    let request = |entrance: &Entrance, openid: &str, number: &str| QuickRegisterRequest {
        request_id: request_id(),
        chain_id: entrance.chain.clone(),
        code: entrance.wechat.login(openid),
        phone_code: entrance.wechat.phone(number),
        nickname: "小白".to_owned(),
    };
    let registration = request(&entrance, "o-quick", "13800138000");
    let first = entrance
        .identity
        .quick_register(registration)
        .await
        .unwrap()
        .into_inner();
    assert!(first.is_new);
    assert_eq!(entrance.events("IdentityClaimed").await, 2, "openid and phone");
    assert_eq!(entrance.events("PhoneVerified").await, 0, "in one step");

    // Who logged in before without a number has it noted now, also when WeChat wants a new access token.
    let known = entrance.log_in("o-known").await;
    entrance.wechat.revoke_token();
    let registration = request(&entrance, "o-known", "13900139000");
    let second = entrance
        .identity
        .quick_register(registration)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((second.member_id, second.is_new), (known.member_id, false));
    assert_eq!(entrance.events("PhoneVerified").await, 1);

    let taken = request(&entrance, "o-third", "13800138000");
    let taken = entrance.identity.quick_register(taken).await;
    refused(taken, Code::FailedPrecondition, "PHONE_BELONGS_TO_MEMBER");
}

#[tokio::test]
async fn a_guest_verifies_a_phone_becomes_a_member_and_plays() {
    let mut entrance = Entrance::open().await;
    let hall = entrance.clients.hall(1).await;
    let (guest, tokens) = entrance.guest().await;
    let verifier = Verifier::new(entrance.keys.clone());
    assert!(verifier.verify(&tokens.access_token, Timestamp::now()).unwrap().guest);
    let unverified = entrance.clients.open(&hall.tables[0], &guest).await;
    refused(unverified, Code::FailedPrecondition, "PHONE_NOT_VERIFIED");
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    entrance.enter(&guest, PHONE, &code).await.unwrap();
    let unpaid = entrance.clients.open(&hall.tables[0], &guest).await;
    refused(unpaid, Code::FailedPrecondition, "PAYMENT_METHOD_REQUIRED");

    let upgrade = UpgradeGuestRequest {
        request_id: request_id(),
        member_id: guest.clone(),
        wechat_code: entrance.wechat.login("o-upgraded"),
        nickname: "小白".to_owned(),
    };
    let upgraded = entrance.identity.upgrade_guest(upgrade).await.unwrap().into_inner();
    let access = upgraded.tokens.unwrap().access_token;
    assert!(!verifier.verify(&access, Timestamp::now()).unwrap().guest);
    refused(
        entrance.refresh(&tokens).await,
        Code::Unauthenticated,
        "REFRESH_TOKEN_INVALID",
    );
    entrance.clients.top_up(&guest, 100_000).await;
    entrance.clients.open(&hall.tables[0], &guest).await.unwrap();
    assert_eq!(entrance.log_in("o-upgraded").await.member_id, guest, "the id stays");
}

#[tokio::test]
async fn a_guest_who_turns_out_to_be_a_member_is_merged_when_asked_and_not_before() {
    let mut entrance = Entrance::open().await;
    let member = entrance.log_in("o-member").await.member_id;
    let (guest, tokens) = entrance.guest().await;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    entrance.enter(&guest, PHONE, &code).await.unwrap();

    let merge = MergeGuestRequest {
        request_id: request_id(),
        member_id: guest.clone(),
        proof: Some(Proof::WechatCode(entrance.wechat.login("o-member"))),
    };
    let merged = entrance.identity.merge_guest(merge.clone()).await.unwrap().into_inner();
    assert_eq!(merged.member_id, member);
    refused(
        entrance.refresh(&tokens).await,
        Code::Unauthenticated,
        "REFRESH_TOKEN_INVALID",
    );
    let again = entrance.identity.merge_guest(merge).await.unwrap().into_inner();
    assert_eq!((again.member_id, again.position), (member.clone(), merged.position));

    // The number went over: another guest who has it is told so, and may become the member by it.
    let (other, _) = entrance.guest().await;
    let request = MergeGuestRequest {
        request_id: request_id(),
        member_id: other.clone(),
        proof: Some(Proof::Phone("13900139000".to_owned())),
    };
    refused(
        entrance.identity.merge_guest(request).await,
        Code::FailedPrecondition,
        "PHONE_NOT_PROVED",
    );
    let opened = entrance.clients.hall(1).await;
    refused(
        entrance.clients.open(&opened.tables[0], &guest).await,
        Code::FailedPrecondition,
        "MEMBER_MERGED",
    );
}

#[tokio::test]
async fn a_phone_that_belongs_to_a_member_is_refused_and_proves_the_member() {
    let mut entrance = Entrance::with(|options| options.people.as_mut().unwrap().codes.per_phone = [9; 3]).await;
    let (first, _) = entrance.guest().await;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    entrance.enter(&first, PHONE, &code).await.unwrap();
    let (second, _) = entrance.guest().await;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    let taken = entrance.enter(&second, PHONE, &code).await;
    refused(taken, Code::FailedPrecondition, "PHONE_BELONGS_TO_MEMBER");

    let merge = MergeGuestRequest {
        request_id: request_id(),
        member_id: second,
        proof: Some(Proof::Phone(PHONE.to_owned())),
    };
    let merged = entrance.identity.merge_guest(merge).await.unwrap().into_inner();
    assert_eq!(merged.member_id, first);
}

#[tokio::test]
async fn three_wrong_codes_lock_the_phone_and_the_right_one_comes_too_late() {
    let mut entrance = Entrance::open().await;
    let (guest, _) = entrance.guest().await;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    for left in ["2", "1"] {
        let answer = entrance.enter(&guest, PHONE, &wrong(&code)).await;
        let details = refused(answer, Code::InvalidArgument, "PHONE_CODE_WRONG");
        assert_eq!(details.error_info().unwrap().metadata["tries_left"], left);
    }
    let locked = entrance.enter(&guest, PHONE, &wrong(&code)).await;
    let details = refused(locked, Code::ResourceExhausted, "PHONE_LOCKED");
    let wait = details.retry_info().unwrap().retry_delay.unwrap();
    assert!(
        wait > Duration::from_secs(240) && wait <= Duration::from_secs(300),
        "{wait:?}"
    );
    let right = entrance.enter(&guest, PHONE, &code).await;
    refused(right, Code::ResourceExhausted, "PHONE_LOCKED");
    let another = entrance.ask_for_code(PHONE).await;
    refused(another, Code::ResourceExhausted, "PHONE_LOCKED");
    assert_eq!(entrance.events("PhoneVerified").await, 0);
}

#[tokio::test]
async fn a_code_is_good_once() {
    let mut entrance = Entrance::open().await;
    let ((first, _), (second, _)) = (entrance.guest().await, entrance.guest().await);
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    entrance.enter(&first, PHONE, &code).await.unwrap();
    let used = entrance.enter(&second, PHONE, &code).await;
    refused(used, Code::FailedPrecondition, "PHONE_CODE_EXPIRED");
}

#[tokio::test]
async fn one_code_a_minute_however_many_ask_at_once_and_whichever_process_is_asked() {
    let mut entrance = Entrance::open().await;
    let ask = |mut identity: IdentityServiceClient<Bearing>| async move {
        let phone = PHONE.to_owned();
        identity.request_phone_code(RequestPhoneCodeRequest { phone }).await
    };
    let asked = futures::future::join_all((0..12).map(|_| ask(entrance.identity.clone()))).await;
    assert_eq!(asked.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(entrance.sms.outbox().len(), 1);
    for refusal in asked.into_iter().filter(Result::is_err) {
        let details = refused(refusal, Code::ResourceExhausted, "TOO_MANY_CODES");
        assert!(details.retry_info().unwrap().retry_delay.unwrap() <= Duration::from_secs(60));
    }
    // Another number is not in the way, until the address is.
    for last in 1..10 {
        entrance.ask_for_code(&format!("+861380013800{last}")).await.unwrap();
    }
    let crowded = entrance.ask_for_code("+8613800138010").await;
    refused(crowded, Code::ResourceExhausted, "TOO_MANY_CODES");
}

#[tokio::test]
async fn a_provider_that_refuses_messages_is_told_apart_from_a_fault_of_the_caller() {
    let mut entrance = Entrance::open().await;
    entrance.sms.refuse(Some("InternalError.Timeout"));
    let away = entrance.ask_for_code(PHONE).await;
    refused(away, Code::Unavailable, "PROVIDER_UNAVAILABLE");
    entrance.sms.refuse(Some("LimitExceeded.PhoneNumberDailyLimit"));
    let limited = entrance.ask_for_code("+8613800138001").await;
    refused(limited, Code::ResourceExhausted, "PROVIDER_RATE_LIMITED");
    let request = RequestPhoneCodeRequest {
        phone: "12345".to_owned(),
    };
    let wrong = entrance.identity.request_phone_code(request).await;
    refused(wrong, Code::InvalidArgument, "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_shown_again_it_ends_the_login() {
    let mut entrance = Entrance::open().await;
    let first = entrance.log_in("o-refresh").await.tokens.unwrap();
    let other_login = entrance.log_in("o-refresh").await.tokens.unwrap();
    let second = entrance.refresh(&first).await.unwrap();
    let third = entrance.refresh(&second).await.unwrap();
    refused(
        entrance.refresh(&first).await,
        Code::Unauthenticated,
        "REFRESH_TOKEN_REUSED",
    );
    refused(
        entrance.refresh(&third).await,
        Code::Unauthenticated,
        "REFRESH_TOKEN_INVALID",
    );
    let kept = entrance.refresh(&other_login).await.unwrap();

    let logout = LogoutRequest {
        refresh_token: kept.refresh_token.clone(),
    };
    entrance.identity.logout(logout).await.unwrap();
    refused(
        entrance.refresh(&kept).await,
        Code::Unauthenticated,
        "REFRESH_TOKEN_INVALID",
    );
    let stored = "SELECT count(*) FROM refresh_tokens WHERE octet_length(token) <> 32";
    assert_eq!(entrance.world.count(stored).await, 0, "only hashes");
}

#[tokio::test]
async fn all_logins_of_a_person_can_be_ended() {
    let mut entrance = Entrance::open().await;
    let login = entrance.log_in("o-all").await;
    entrance.log_in("o-all").await;
    let revoke = RevokeSessionsRequest {
        member_id: login.member_id,
    };
    let revoked = entrance.identity.revoke_sessions(revoke).await.unwrap().into_inner();
    assert_eq!(revoked.revoked, 2);
    let refused_now = entrance.refresh(&login.tokens.unwrap()).await;
    refused(refused_now, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
}

#[tokio::test]
async fn the_log_holds_no_openid_and_no_phone_number_and_erasure_destroys_the_key() {
    let mut entrance = Entrance::open().await;
    let request = QuickRegisterRequest {
        request_id: request_id(),
        chain_id: entrance.chain.clone(),
        code: entrance.wechat.login("o-private-person"),
        phone_code: entrance.wechat.phone("13800138000"),
        nickname: "小白".to_owned(),
    };
    let member = entrance.identity.quick_register(request).await.unwrap().into_inner();
    let telling = "SELECT count(*) FROM events e WHERE concat(e.payload, e.metadata) ~ 'o-private|13800138000|小白'";
    assert_eq!(entrance.world.count(telling).await, 0);
    let answers =
        "SELECT count(*) FROM command_results WHERE convert_from(response, 'UTF8') ~ 'o-private|13800138000|小白'";
    assert_eq!(entrance.world.count(answers).await, 0);

    let erase = ErasePersonRequest {
        request_id: request_id(),
        member_id: member.member_id.clone(),
        reason: "on request".to_owned(),
    };
    let erased = entrance
        .clients
        .member
        .erase_person(erase.clone())
        .await
        .unwrap()
        .into_inner();
    let keys = "SELECT count(*) FROM person_keys WHERE wrapped IS NOT NULL";
    assert_eq!(entrance.world.count(keys).await, 0);
    let again = entrance.clients.member.erase_person(erase).await.unwrap().into_inner();
    assert_eq!(again, erased);
    let gone = entrance.refresh(&member.tokens.unwrap()).await;
    refused(gone, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    let back = entrance.log_in("o-private-person").await;
    assert!(back.is_new, "who comes back is somebody new");
    assert_ne!(back.member_id, member.member_id);

    let mut history = entrance.world.history().await;
    let event = history.until("PersonErased", &member.member_id).await;
    assert!(matches!(
        decoded(&event),
        Event::Member(MemberEvent::PersonErased { .. })
    ));
}

#[tokio::test]
async fn a_login_is_good_now_whatever_time_it_is_in_the_hall() {
    let mut entrance = Entrance::open().await;
    let (_, guest) = entrance.guest().await;
    let member = entrance.log_in("o-clock").await.tokens.unwrap();
    let verifier = Verifier::new(entrance.keys.clone());
    for tokens in [guest, member] {
        verifier.verify(&tokens.access_token, Timestamp::now()).unwrap();
    }
}

#[tokio::test]
async fn who_was_taken_in_at_the_counter_comes_with_wechat_and_is_the_same_member() {
    let mut entrance = Entrance::open().await;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    let wrong = entrance.at_the_counter(PHONE, &wrong(&code)).await;
    refused(wrong, Code::InvalidArgument, "PHONE_CODE_WRONG");
    let member = entrance.at_the_counter(PHONE, &code).await.unwrap();

    let quick = entrance.quick("o-counter", "13800138000");
    let first = entrance.identity.quick_register(quick).await.unwrap().into_inner();
    assert_eq!((first.member_id.as_str(), first.is_new), (member.as_str(), false));
    assert!(first.tokens.is_some());
    let again = entrance.log_in("o-counter").await;
    assert_eq!((again.member_id.as_str(), again.is_new), (member.as_str(), false));
    assert_eq!(entrance.events("MemberRegistered").await, 1);
    assert_eq!(entrance.events("OpenidAttached").await, 1);
}

#[tokio::test]
async fn a_phone_number_at_the_counter_needs_its_code_and_a_code_its_number() {
    let mut entrance = Entrance::open().await;
    let fields = |answer: Result<String, Status>| {
        let details = refused(answer, Code::InvalidArgument, "INVALID_ARGUMENT");
        let violations = details.bad_request().unwrap().field_violations.clone();
        violations
            .into_iter()
            .map(|violation| violation.field)
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(entrance.at_the_counter(PHONE, "").await), ["code"]);
    assert_eq!(fields(entrance.at_the_counter("12345", "123456").await), ["phone"]);
    assert_eq!(fields(entrance.at_the_counter("", "123456").await), ["code"]);
    assert_eq!(entrance.events("MemberRegistered").await, 0);
}

#[tokio::test]
async fn of_many_wechat_accounts_with_one_phone_number_at_once_one_is_the_member() {
    let mut entrance = Entrance::open().await;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    let member = entrance.at_the_counter(PHONE, &code).await.unwrap();
    let attempts = (0..8).map(|n| {
        let (mut identity, quick) = (
            entrance.identity.clone(),
            entrance.quick(&format!("o-{n}"), "13800138000"),
        );
        async move { identity.quick_register(quick).await }
    });
    let answers = futures::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers {
        match answer {
            Ok(admitted) => assert_eq!(admitted.into_inner().member_id, member),
            refusal => {
                refused(refusal, Code::FailedPrecondition, "PHONE_BELONGS_TO_MEMBER");
            }
        }
    }
    assert_eq!(entrance.events("OpenidAttached").await, 1);
    assert_eq!(entrance.events("MemberRegistered").await, 1);
}

#[tokio::test]
async fn one_wechat_account_many_times_at_once_is_attached_once_and_the_members_key_stays() {
    let mut entrance = Entrance::open().await;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    let member = entrance.at_the_counter(PHONE, &code).await.unwrap();
    let attempts = (0..8).map(|_| {
        let (mut identity, quick) = (entrance.identity.clone(), entrance.quick("o-twice", "13800138000"));
        async move { identity.quick_register(quick).await.unwrap().into_inner() }
    });
    for admitted in futures::future::join_all(attempts).await {
        assert_eq!((admitted.member_id.as_str(), admitted.is_new), (member.as_str(), false));
    }
    assert_eq!(entrance.events("OpenidAttached").await, 1);

    // Somebody else's account comes as a newcomer and with the member's number at once: whoever is first, no member loses the key of their data.
    let (mut login, mut quick) = (entrance.identity.clone(), entrance.identity.clone());
    let (newcomer, attached) = tokio::join!(
        login.login_with_wechat(entrance.login("o-other")),
        quick.quick_register(entrance.quick("o-other", "13800138000")),
    );
    assert_ne!(newcomer.unwrap().into_inner().member_id, member);
    refused(attached, Code::FailedPrecondition, "PHONE_BELONGS_TO_MEMBER");
    let keys = format!("SELECT count(*) FROM person_keys WHERE wrapped IS NOT NULL AND person = '{member}'");
    assert_eq!(entrance.world.count(&keys).await, 1);
}

#[tokio::test]
async fn an_account_that_is_bound_to_a_member_is_not_attached_to_another() {
    let mut entrance = Entrance::open().await;
    let bound = entrance.log_in("o-bound").await.member_id;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    let member = entrance.at_the_counter(PHONE, &code).await.unwrap();
    let quick = entrance.quick("o-bound", "13800138000");
    let refusal = entrance.identity.quick_register(quick).await;
    refused(refusal, Code::FailedPrecondition, "PHONE_BELONGS_TO_MEMBER");
    assert_eq!(entrance.log_in("o-bound").await.member_id, bound);
    let quick = entrance.quick("o-own", "13800138000");
    let own = entrance.identity.quick_register(quick).await.unwrap().into_inner();
    assert_eq!(own.member_id, member, "the account of their own is");
}

#[tokio::test]
async fn logins_that_are_over_are_deleted_and_those_that_are_good_stay() {
    let soon = |options: &mut Options| {
        options.limits.logins_kept = Duration::ZERO;
        options.limits.upkeep_interval = Duration::from_millis(20);
    };
    let mut entrance = Entrance::with(soon).await;
    let first = entrance.log_in("o-kept").await.tokens.unwrap();
    let kept = entrance.refresh(&first).await.unwrap();
    let out = entrance.log_in("o-kept").await.tokens.unwrap();
    let refresh_token = out.refresh_token.clone();
    entrance.identity.logout(LogoutRequest { refresh_token }).await.unwrap();
    // More than one batch of a login that was over long ago.
    let pool = sqlx::PgPool::connect(&entrance.world.url).await.unwrap();
    let expired = "WITH family AS (INSERT INTO refresh_families (family, member, created_at)
             VALUES (gen_random_uuid(), gen_random_uuid(), '2026-01-01') RETURNING family)
         INSERT INTO refresh_tokens (token, family, expires_at)
         SELECT decode(lpad(to_hex(n), 64, '0'), 'hex'), family, '2026-02-01' FROM family, generate_series(1, 11000) n";
    sqlx::query(expired).execute(&pool).await.unwrap();
    pool.close().await;

    until(&entrance.world.url, "SELECT count(*) FROM refresh_tokens", |left| {
        left == 2
    })
    .await;
    assert_eq!(entrance.world.count("SELECT count(*) FROM refresh_families").await, 1);
    let gone = entrance.refresh(&out).await;
    refused(gone, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
    let next = entrance.refresh(&kept).await.unwrap();
    let stolen = entrance.refresh(&first).await;
    refused(stolen, Code::Unauthenticated, "REFRESH_TOKEN_REUSED");
    let ended = entrance.refresh(&next).await;
    refused(ended, Code::Unauthenticated, "REFRESH_TOKEN_INVALID");
}

#[tokio::test]
async fn the_keys_of_people_are_wrapped_anew_and_then_the_old_key_can_go() {
    let old = PersonalKeys::generate().unwrap();
    let text = old.to_text();
    let newest = format!("wrap second {}\n", "5a".repeat(32));
    let (identify, first) = text.split_at(text.find("wrap").unwrap());
    let both = PersonalKeys::read(&format!("{identify}{newest}{first}")).unwrap();
    let only = PersonalKeys::read(&format!("{identify}{newest}")).unwrap();
    let mut entrance = Entrance::with(|options| options.people.as_mut().unwrap().keys = old).await;
    let member = entrance.log_in("o-member").await.member_id;
    let (guest, _) = entrance.guest().await;
    let code = entrance.ask_for_code(PHONE).await.unwrap();
    entrance.enter(&guest, PHONE, &code).await.unwrap();
    entrance.log_in("o-erased").await;
    let pool = sqlx::PgPool::connect(&entrance.world.url).await.unwrap();
    let destroy = "UPDATE person_keys SET wrapped = NULL, destroyed_at = now() WHERE person =
         (SELECT max(person::text)::uuid FROM person_keys)";
    sqlx::query(destroy).execute(&pool).await.unwrap();

    let without = rewrap_keys(&pool, only.clone(), |_| {}).await.unwrap();
    assert_eq!((without.people, without.rewrapped, without.unreadable), (2, 0, 2));
    let mut told = Vec::new();
    let done = rewrap_keys(&pool, both.clone(), |so_far| told.push(so_far))
        .await
        .unwrap();
    assert_eq!((done.people, done.seen, done.rewrapped, done.unreadable), (2, 2, 2, 0));
    assert_eq!(told.last(), Some(&done));
    let again = rewrap_keys(&pool, both, |_| {}).await.unwrap();
    assert_eq!((again.seen, again.rewrapped), (2, 0), "what is done is passed over");
    let destroyed = "SELECT count(*) FROM person_keys WHERE wrapped IS NULL";
    assert_eq!(entrance.world.count(destroyed).await, 1, "what is destroyed stays so");
    pool.close().await;

    // A service that has the new key alone reads the guest's number and seals it for the member.
    let (url, keys) = (entrance.world.url.clone(), entrance.keys.clone());
    let mut options = Options::new(url);
    let mut people = PeopleOptions::new(only, Signer::new(keys));
    people.wechat = Some(mini_program(&entrance.wechat));
    options.people = Some(people);
    let second = World::on(options).await;
    let merge = MergeGuestRequest {
        request_id: request_id(),
        member_id: guest,
        proof: Some(Proof::WechatCode(entrance.wechat.login("o-member"))),
    };
    let merged = IdentityServiceClient::new(second.clients.channel.clone())
        .merge_guest(merge)
        .await;
    assert_eq!(merged.unwrap().into_inner().member_id, member);
}

#[tokio::test]
async fn a_guest_who_has_money_brings_it_into_the_members_wallet_and_it_pays_what_is_owed() {
    let mut entrance = Entrance::open().await;
    let member = entrance.log_in("o-member").await.member_id;
    let (guest, _) = entrance.guest().await;
    let at = Timestamp::UNIX_EPOCH;
    let paid_in = WalletEvent::TopUpCredited {
        top_up_id: TopUpId(Uuid::now_v7()),
        channel: TopUpChannel::Counter,
        amount: Split {
            principal: Fen(10_000),
            bonus: Fen(500),
        },
        at,
    };
    let owes = WalletEvent::DebtIncurred {
        session_id: SessionId(Uuid::now_v7()),
        hall_id: HallId(Uuid::now_v7()),
        amount: Fen(1_500),
        at,
    };
    let happened = [(&*guest, Event::Wallet(paid_in)), (&*member, Event::Wallet(owes))];
    entrance.world.happened(&happened).await;

    let merge = MergeGuestRequest {
        request_id: request_id(),
        member_id: guest.clone(),
        proof: Some(Proof::WechatCode(entrance.wechat.login("o-member"))),
    };
    let merged = entrance.identity.merge_guest(merge).await.unwrap().into_inner();
    assert_eq!(merged.member_id, member);
    let mut history = entrance.world.history().await;
    let given = decoded(&history.until("WalletHandedOver", &guest).await);
    let Event::Wallet(WalletEvent::WalletHandedOver { to, balance, owed, .. }) = given else {
        panic!("{given:?}");
    };
    assert_eq!(
        (to.to_string(), balance.total(), owed),
        (member.clone(), Fen(10_500), Fen::ZERO)
    );
    let paid = decoded(&history.until("DebtPaid", &member).await);
    let Event::Wallet(WalletEvent::DebtPaid { paid, outstanding, .. }) = paid else {
        panic!("{paid:?}");
    };
    assert_eq!((paid.total(), outstanding), (Fen(1_500), Fen::ZERO));
    let posted =
        "SELECT count(*) FROM events WHERE event_type = 'TransactionPosted' AND payload::text LIKE '%GuestMerged%'";
    assert_eq!(entrance.world.count(posted).await, 2);
}

#[tokio::test]
async fn who_holds_a_role_chooses_it_at_login_and_at_each_refresh_until_it_is_revoked() {
    let mut entrance = Entrance::open().await;
    let hall = entrance.clients.hall(0).await;
    let act_as = ActAs {
        chain_id: entrance.chain.clone(),
        role: StaffRole::Staff.into(),
    };
    let as_staff = |entrance: &Entrance, openid: &str| LoginWithWechatRequest {
        act_as: Some(act_as.clone()),
        ..entrance.login(openid)
    };
    let stranger = as_staff(&entrance, "o-stranger");
    let stranger = entrance.identity.login_with_wechat(stranger).await;
    refused(stranger, Code::FailedPrecondition, "ROLE_NOT_GRANTED");
    assert_eq!(
        entrance.events("MemberRegistered").await,
        0,
        "nobody is taken in for that"
    );

    let member = entrance.log_in("o-staff").await.member_id;
    let early = as_staff(&entrance, "o-staff");
    let early = entrance.identity.login_with_wechat(early).await;
    refused(early, Code::FailedPrecondition, "ROLE_NOT_GRANTED");
    let grant = GrantStaffRequest {
        request_id: request_id(),
        member_id: member.clone(),
        chain_id: entrance.chain.clone(),
        hall_ids: vec![hall.hall_id.clone()],
    };
    entrance.clients.staff.grant_staff(grant).await.unwrap();

    let verifier = Verifier::new(entrance.keys.clone());
    let claims = |tokens: &Tokens| verifier.verify(&tokens.access_token, Timestamp::now()).unwrap();
    let login = as_staff(&entrance, "o-staff");
    let login = entrance.identity.login_with_wechat(login).await.unwrap().into_inner();
    let tokens = login.tokens.unwrap();
    let shown = claims(&tokens);
    assert_eq!((shown.role, shown.subject.to_string()), (Role::Staff, member.clone()));
    assert_eq!(
        shown.halls.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [hall.hall_id]
    );
    assert_eq!(shown.chain.unwrap().to_string(), entrance.chain);

    let refresh = |tokens: &Tokens, role: Option<StaffRole>| RefreshTokenRequest {
        refresh_token: tokens.refresh_token.clone(),
        act_as: role.map(|role| ActAs {
            role: role.into(),
            ..act_as.clone()
        }),
    };
    let mut identity = entrance.identity.clone();
    let plain = identity.refresh_token(refresh(&tokens, None)).await.unwrap();
    let plain = plain.into_inner().tokens.unwrap();
    assert_eq!(
        claims(&plain).role,
        Role::Customer,
        "it is said again with each refresh"
    );
    let owner = identity.refresh_token(refresh(&plain, Some(StaffRole::Owner))).await;
    refused(owner, Code::FailedPrecondition, "ROLE_NOT_GRANTED");
    let staff = identity
        .refresh_token(refresh(&plain, Some(StaffRole::Staff)))
        .await
        .unwrap();
    let staff = staff.into_inner().tokens.unwrap();
    assert_eq!(claims(&staff).role, Role::Staff, "a refusal leaves the token good");

    let revoke = RevokeStaffRequest {
        request_id: request_id(),
        member_id: member,
        chain_id: entrance.chain.clone(),
        reason: "left".to_owned(),
    };
    entrance.clients.staff.revoke_staff(revoke).await.unwrap();
    let revoked = identity.refresh_token(refresh(&staff, Some(StaffRole::Staff))).await;
    refused(revoked, Code::FailedPrecondition, "ROLE_NOT_GRANTED");
    let customer = identity.refresh_token(refresh(&staff, None)).await.unwrap();
    assert_eq!(claims(&customer.into_inner().tokens.unwrap()).role, Role::Customer);
    let used = identity.refresh_token(refresh(&staff, Some(StaffRole::Staff))).await;
    refused(used, Code::Unauthenticated, "REFRESH_TOKEN_REUSED");
}
