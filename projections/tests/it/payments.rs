//! Payments, what of them waits for somebody, and the books, as clients meet them.

use baize_domain::compensation::{CompensationEvent, CompensationTerms};
use baize_domain::ids::{
    ChainId, CompensationId, HallId, MemberId, PaymentIntentId, RefundId, SessionId, TransactionId,
};
use baize_domain::journal::{Account, Entry, JournalEvent, Source};
use baize_domain::payment::{
    Channel, Intent, Order, OrderNo, Paid, PaymentEvent, PaymentPolicy, Presentation, Presented, Purpose, RefundNo,
    RefundOrder, Use,
};
use baize_domain::refund::{RefundBasis, RefundEvent, RefundFailure, RefundRequest};
use baize_domain::{Event, Fen};
use baize_proto::access::{Badge, Bearing, Claims, Role, Signer};
use baize_proto::hall::payment::v1::{Channel as Named, PaymentState};
use baize_proto::hall::view::v1::book_service_client::BookServiceClient;
use baize_proto::hall::view::v1::manual_review::{Action, Why};
use baize_proto::hall::view::v1::payment_service_client::PaymentServiceClient;
use baize_proto::hall::view::v1::{
    BookAccount, GetPaymentRequest, GetTrialBalanceRequest, GetTrialBalanceResponse, ListCompensationsRequest,
    ListManualReviewRequest, ListPaymentsRequest, PaymentPurpose, WatchPaymentRequest, WatchPaymentResponse,
    compensation as compensated, payment_attempt, payment_refund,
};
use jiff::Timestamp;
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

use crate::evening::{Happened, at, hall, joined};
use crate::queries::{Client, patient};
use crate::stage::{KEYS, Stage, in_time, reach};

/// The chain of every hall of an evening.
const CHAIN: Uuid = Uuid::from_u128(1);

/// A payment of 50 yuan.
#[derive(Clone, Copy)]
pub struct Paying {
    pub intent_id: Uuid,
    pub member_id: Uuid,
    /// For a bill there, or a top-up without one.
    pub hall_id: Option<Uuid>,
    pub channel: Channel,
}

impl Paying {
    pub fn new(member_id: Uuid, hall_id: Option<Uuid>) -> Self {
        Self {
            intent_id: Uuid::now_v7(),
            member_id,
            hall_id,
            channel: Channel::WechatPay,
        }
    }

    fn by_alipay(self) -> Self {
        Self {
            channel: Channel::Alipay,
            ..self
        }
    }

    fn order_no(self) -> OrderNo {
        OrderNo::new(PaymentIntentId(self.intent_id), 1).unwrap()
    }

    /// Begun, and presented to its payer.
    pub fn started(self, second: i64) -> Vec<Happened> {
        let session_id = SessionId(self.intent_id);
        let intent = Intent {
            intent_id: PaymentIntentId(self.intent_id),
            chain_id: ChainId(CHAIN),
            hall_id: self.hall_id.map(HallId),
            payer: MemberId(self.member_id),
            guest: false,
            purpose: match self.hall_id {
                Some(_) => Purpose::Bill { session_id },
                None => Purpose::TopUp { tier: None },
            },
            amount: Fen(5_000),
            description: "台费".to_owned(),
            policy: PaymentPolicy::default(),
            expires_at: at(second + 900),
        };
        let order = Order {
            channel: self.channel,
            order_no: self.order_no(),
            amount: Fen(5_000),
            description: "台费".to_owned(),
            presentation: Presentation::QrCode,
            payer: intent.payer,
            expires_at: intent.expires_at,
        };
        vec![
            self.happened(PaymentEvent::PaymentStarted {
                intent: Box::new(intent),
                at: at(second),
            }),
            self.happened(PaymentEvent::AttemptAsked {
                attempt: 1,
                order,
                at: at(second),
            }),
            self.happened(PaymentEvent::AttemptPresented {
                attempt: 1,
                presented: Presented::Code("weixin://wxpay/bizpayurl?pr=1".to_owned()),
                at: at(second + 1),
            }),
        ]
    }

    /// Paid and served, with the posting.
    pub fn paid(self, second: i64) -> Vec<Happened> {
        vec![
            self.taken(5_000, Use::Served, second),
            self.happened(PaymentEvent::PaymentSucceeded {
                attempt: 1,
                at: at(second),
            }),
            self.posted(Account::clearing(self.channel), Account::MemberPrincipal, 5_000, second),
        ]
    }

    /// Another amount was paid.
    pub fn conflicted(self, second: i64) -> Vec<Happened> {
        vec![
            self.taken(4_999, Use::Suspended, second),
            self.happened(PaymentEvent::PaymentConflicted {
                attempt: 1,
                at: at(second),
            }),
            self.posted(Account::clearing(self.channel), Account::Suspense, 4_999, second),
        ]
    }

    /// Two thirds of it are to go back.
    pub fn refund_asked(self, refund_id: Uuid, by: Uuid, second: i64) -> Happened {
        let request = RefundRequest {
            refund_id: RefundId(refund_id),
            chain_id: ChainId(CHAIN),
            member_id: MemberId(self.member_id),
            order: RefundOrder {
                channel: self.channel,
                order_no: self.order_no(),
                refund_no: RefundNo(RefundId(refund_id)),
                amount: Fen(3_000),
                paid: Fen(5_000),
                reason: "退款".to_owned(),
            },
            basis: RefundBasis::Unserved,
            requested_by: Some(by),
        };
        refunded(
            refund_id,
            RefundEvent::RefundRequested {
                request: Box::new(request),
                needs_approval: true,
                at: at(second),
            },
        )
    }

    fn taken(self, fen: i64, used: Use, second: i64) -> Happened {
        let paid = Paid {
            transaction_id: "4200001".to_owned(),
            amount: Fen(fen),
            paid_at: at(second),
        };
        self.happened(PaymentEvent::AttemptPaid {
            attempt: 1,
            paid,
            used,
            at: at(second),
        })
    }

    fn posted(self, debit: Account, credit: Account, fen: i64, second: i64) -> Happened {
        let entry = |account, amount| Entry {
            account,
            amount: Fen(amount),
        };
        let transaction_id = Uuid::now_v7();
        let event = JournalEvent::TransactionPosted {
            transaction_id: TransactionId(transaction_id),
            hall_id: self.hall_id.map(HallId),
            member_id: MemberId(self.member_id),
            source: Source::Order(self.order_no()),
            entries: vec![entry(debit, fen), entry(credit, -fen)],
            at: at(second),
        };
        Happened {
            id: transaction_id,
            event: Event::Journal(event),
        }
    }

    fn happened(self, event: PaymentEvent) -> Happened {
        Happened {
            id: self.intent_id,
            event: Event::Payment(event),
        }
    }
}

pub fn refunded(refund_id: Uuid, event: RefundEvent) -> Happened {
    Happened {
        id: refund_id,
        event: Event::Refund(event),
    }
}

/// Where the sessions were played for which something is given back.
const HALL: Uuid = Uuid::from_u128(5);

/// Five yuan are to be given back for a session.
pub fn compensation_asked(session_id: Uuid, compensation_id: Uuid, needs_approval: bool, second: i64) -> Happened {
    let terms = CompensationTerms {
        compensation_id: CompensationId(compensation_id),
        session_id: SessionId(session_id),
        hall_id: HallId(HALL),
        chain_id: ChainId(CHAIN),
        member_id: MemberId(Uuid::from_u128(6)),
        amount: Fen(500),
        reason: "球台不平".to_owned(),
        asked_by: Uuid::from_u128(7),
    };
    compensation(
        session_id,
        CompensationEvent::CompensationAsked {
            terms: Box::new(terms),
            needs_approval,
            at: at(second),
        },
    )
}

/// Somebody else approved it.
pub fn compensation_decided(session_id: Uuid, compensation_id: Uuid, second: i64) -> Happened {
    compensation(
        session_id,
        CompensationEvent::CompensationApproved {
            compensation_id: CompensationId(compensation_id),
            by: Uuid::from_u128(8),
            at: at(second),
        },
    )
}

fn compensation(session_id: Uuid, event: CompensationEvent) -> Happened {
    Happened {
        id: session_id,
        event: Event::Compensation(event),
    }
}

fn payments(client: &Client) -> PaymentServiceClient<Bearing> {
    PaymentServiceClient::new(client.channel.clone())
}

/// The same connection for somebody in particular.
fn shown_to(client: &Client, claims: Claims) -> PaymentServiceClient<Bearing> {
    let badge = Badge::signed(Signer::new(KEYS.clone()), claims);
    PaymentServiceClient::new(client.channel.with(badge))
}

fn of(role: Role, subject: Uuid) -> Claims {
    Claims::new(subject, role, Timestamp::now(), role.lifetime_max())
}

fn denied<T: std::fmt::Debug>(answer: Result<T, Status>) {
    assert_eq!(answer.unwrap_err().code(), Code::PermissionDenied);
}

async fn listed(client: &mut PaymentServiceClient<Bearing>, request: ListPaymentsRequest) -> Vec<String> {
    let page = client.list_payments(patient(request)).await.unwrap().into_inner();
    page.payments.into_iter().map(|payment| payment.intent_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_shown_with_its_attempts_and_its_refunds() {
    let stage = Stage::new().await;
    let hall_id = Uuid::now_v7();
    let paying = Paying::new(Uuid::now_v7(), Some(hall_id));
    let refund_id = Uuid::now_v7();
    stage.append(vec![hall(hall_id, "球厅")]).await;
    stage.append(paying.started(0)).await;
    stage.append(paying.paid(10)).await;
    stage
        .append(vec![paying.refund_asked(refund_id, Uuid::now_v7(), 20)])
        .await;
    let (by, after) = (Uuid::now_v7(), at(30));
    let head = stage
        .append(vec![
            refunded(refund_id, RefundEvent::RefundApproved { by, at: after }),
            refunded(
                refund_id,
                RefundEvent::RefundSucceeded {
                    refunded_at: after,
                    at: after,
                },
            ),
        ])
        .await;
    let service = stage.serve().await;
    let client = Client::connect(&service).await;
    let request = GetPaymentRequest {
        intent_id: paying.intent_id.to_string(),
        min_position: head,
    };
    let answer = payments(&client)
        .get_payment(patient(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.position, head);
    let payment = answer.payment.unwrap();
    assert_eq!(
        (payment.state(), payment.purpose()),
        (PaymentState::Succeeded, PaymentPurpose::Bill)
    );
    assert_eq!(
        (payment.amount_fen, payment.paid_fen, payment.refunded_fen),
        (5_000, 5_000, 3_000)
    );
    let attempt = &payment.attempts[0];
    assert_eq!(
        (attempt.attempt, attempt.channel(), attempt.state(), attempt.r#use()),
        (
            1,
            Named::WechatPay,
            payment_attempt::State::Paid,
            payment_attempt::Use::Served
        )
    );
    assert_eq!(attempt.order_no, paying.order_no().to_string());
    let refund = &payment.refunds[0];
    assert_eq!(
        (refund.refund_id.as_str(), refund.state(), refund.amount_fen),
        (refund_id.to_string().as_str(), payment_refund::State::Succeeded, 3_000)
    );
    stage.verify_all(head).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_are_listed_newest_first_by_whose_they_are_how_they_stand_and_the_halls_day() {
    let stage = Stage::new().await;
    let (here, member_id) = (Uuid::now_v7(), Uuid::now_v7());
    stage.append(vec![hall(here, "东")]).await;
    let first = Paying::new(member_id, Some(here));
    let second = Paying::new(member_id, Some(here)).by_alipay();
    let top_up = Paying::new(member_id, None);
    let elsewhere = Paying::new(Uuid::now_v7(), Some(Uuid::now_v7()));
    // Eleven hours after the beginning it is six in the morning in Shanghai: the next business day.
    let next_day = 11 * 3_600;
    stage.append(first.started(0)).await;
    stage.append(first.paid(5)).await;
    stage.append(elsewhere.started(6)).await;
    stage.append(top_up.started(7)).await;
    let head = stage.append(second.started(next_day)).await;
    let service = stage.serve().await;
    let mut client = payments(&Client::connect(&service).await);
    let all = ListPaymentsRequest {
        hall_id: here.to_string(),
        min_position: head,
        ..ListPaymentsRequest::default()
    };
    let id = |paying: Paying| paying.intent_id.to_string();
    assert_eq!(listed(&mut client, all.clone()).await, [id(second), id(first)]);
    let of_member = ListPaymentsRequest {
        hall_id: String::new(),
        member_id: member_id.to_string(),
        ..all.clone()
    };
    assert_eq!(
        listed(&mut client, of_member.clone()).await,
        [id(second), id(top_up), id(first)]
    );
    let succeeded = ListPaymentsRequest {
        state: PaymentState::Succeeded.into(),
        ..of_member.clone()
    };
    assert_eq!(listed(&mut client, succeeded).await, [id(first)]);
    let alipay = ListPaymentsRequest {
        channel: Named::Alipay.into(),
        ..of_member.clone()
    };
    assert_eq!(listed(&mut client, alipay).await, [id(second)]);
    for (date, expected) in [("2026-11-20", id(first)), ("2026-11-21", id(second))] {
        let day = ListPaymentsRequest {
            business_date: date.to_owned(),
            ..all.clone()
        };
        assert_eq!(listed(&mut client, day).await, [expected], "{date}");
    }
    let dayless = ListPaymentsRequest {
        business_date: "2026-11-20".to_owned(),
        ..of_member.clone()
    };
    let answer = client.list_payments(patient(dayless)).await;
    assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);

    let mut pages = Vec::new();
    let mut request = ListPaymentsRequest {
        page_size: 2,
        ..of_member
    };
    loop {
        let page = client
            .list_payments(patient(request.clone()))
            .await
            .unwrap()
            .into_inner();
        pages.push(page.payments.len());
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages, [2, 1]);
    request.page_token = "not a token".to_owned();
    let answer = client.list_payments(patient(request)).await;
    assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_somebody_is_listed_with_why_and_what_can_be_done_the_oldest_first() {
    let stage = Stage::new().await;
    let (asks, refund_id) = (Uuid::now_v7(), Uuid::now_v7());
    let conflicted = Paying::new(Uuid::now_v7(), None);
    let refunding = Paying::new(Uuid::now_v7(), None);
    stage.append(conflicted.started(0)).await;
    stage.append(refunding.started(0)).await;
    stage.append(refunding.paid(5)).await;
    stage.append(vec![refunding.refund_asked(refund_id, asks, 6)]).await;
    let head = stage.append(conflicted.conflicted(7)).await;
    let service = stage.serve().await;
    let mut client = payments(&Client::connect(&service).await);
    let request = |min_position| ListManualReviewRequest {
        chain_id: CHAIN.to_string(),
        min_position,
        ..ListManualReviewRequest::default()
    };
    let reviews = client.list_manual_review(patient(request(head))).await.unwrap();
    let reviews = reviews.into_inner().reviews;
    let told: Vec<_> = reviews
        .iter()
        .map(|review| (review.why(), review.actions().collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        told,
        [
            (
                Why::RefundNeedsApproval,
                vec![Action::ApproveRefund, Action::RejectRefund]
            ),
            (Why::OtherAmountPaid, vec![Action::TakeIn, Action::GiveBack]),
        ]
    );
    assert_eq!(
        (&reviews[0].refund_id, &reviews[0].requested_by, &reviews[1].refund_id),
        (&refund_id.to_string(), &asks.to_string(), &String::new())
    );
    assert_eq!(
        reviews[1].payment.as_ref().unwrap().intent_id,
        conflicted.intent_id.to_string()
    );

    let failure = RefundFailure::Closed;
    let (by, after) = (Uuid::now_v7(), at(9));
    let head = stage
        .append(vec![
            refunded(refund_id, RefundEvent::RefundApproved { by, at: after }),
            refunded(refund_id, RefundEvent::RefundFailed { failure, at: after }),
        ])
        .await;
    let page = |page_token, min_position| ListManualReviewRequest {
        page_size: 1,
        page_token,
        ..request(min_position)
    };
    let first = client
        .list_manual_review(patient(page(String::new(), head)))
        .await
        .unwrap();
    let first = first.into_inner();
    assert_eq!(
        first.reviews[0].why(),
        Why::OtherAmountPaid,
        "it has waited for longer now"
    );
    let second = client
        .list_manual_review(patient(page(first.next_page_token, head)))
        .await
        .unwrap();
    let second = second.into_inner();
    assert_eq!(
        (second.reviews[0].why(), second.next_page_token.as_str()),
        (Why::RefundClosed, "")
    );
    assert!(
        second.reviews[0]
            .actions()
            .any(|action| action == Action::ReplaceRefund)
    );
    let elsewhere = ListManualReviewRequest {
        chain_id: Uuid::now_v7().to_string(),
        ..request(head)
    };
    let none = client
        .list_manual_review(patient(elsewhere))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(none.reviews, []);
}

async fn next(stream: &mut Streaming<WatchPaymentResponse>) -> Option<PaymentState> {
    let update = in_time("the next update", stream.message()).await.unwrap();
    update.map(|update| update.payment.unwrap().state())
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_a_payment_tells_its_outcome_and_ends() {
    let stage = Stage::new().await;
    let (paying, other) = (Paying::new(Uuid::now_v7(), None), Paying::new(Uuid::now_v7(), None));
    let service = stage.serve().await;
    let head = stage.append([paying.started(0), other.started(0)].concat()).await;
    let mut client = payments(&Client::connect(&service).await);
    let request = WatchPaymentRequest {
        intent_id: paying.intent_id.to_string(),
        min_position: head,
    };
    let mut updates = client.watch_payment(request.clone()).await.unwrap().into_inner();
    assert_eq!(next(&mut updates).await, Some(PaymentState::Processing));
    stage.append(other.paid(1)).await;
    let head = stage.append(paying.paid(2)).await;
    assert_eq!(next(&mut updates).await, Some(PaymentState::Succeeded));
    assert_eq!(next(&mut updates).await, None, "that was the outcome");

    reach(&service, head).await;
    let mut late = client.watch_payment(request).await.unwrap().into_inner();
    assert_eq!(next(&mut late).await, Some(PaymentState::Succeeded));
    assert_eq!(next(&mut late).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_looked_into_is_watched_until_somebody_has_decided() {
    let stage = Stage::new().await;
    let paying = Paying::new(Uuid::now_v7(), None);
    let head = stage.append([paying.started(0), paying.conflicted(1)].concat()).await;
    let service = stage.serve().await;
    let mut client = payments(&Client::connect(&service).await);
    let request = WatchPaymentRequest {
        intent_id: paying.intent_id.to_string(),
        min_position: head,
    };
    let mut updates = client.watch_payment(request).await.unwrap().into_inner();
    assert_eq!(next(&mut updates).await, Some(PaymentState::Conflicted));
    stage
        .append(vec![paying.happened(PaymentEvent::PaymentResolved {
            resolution: baize_domain::payment::PaymentResolution::Refund,
            by: Uuid::now_v7(),
            reason: "told the customer".to_owned(),
            at: at(9),
        })])
        .await;
    assert_eq!(next(&mut updates).await, Some(PaymentState::Resolved));
    assert_eq!(next(&mut updates).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_shown_to_its_payer_its_hall_and_its_chain_and_to_nobody_else() {
    let stage = Stage::new().await;
    let (here, member_id) = (Uuid::now_v7(), Uuid::now_v7());
    let (in_hall, top_up) = (Paying::new(member_id, Some(here)), Paying::new(member_id, None));
    stage.append(vec![hall(here, "东")]).await;
    let head = stage.append([in_hall.started(0), top_up.started(0)].concat()).await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let client = Client::connect(&service).await;
    let stranger = Uuid::now_v7();
    let staff = of(Role::Staff, stranger);
    for (claims, sees_bill, sees_top_up) in [
        (of(Role::Customer, member_id), true, true),
        (of(Role::Customer, stranger), false, false),
        (staff.clone().in_halls([here]).in_chain(CHAIN), true, false),
        (staff.in_halls([stranger]).in_chain(CHAIN), false, false),
        (of(Role::Owner, stranger).in_chain(CHAIN), true, true),
        (of(Role::Owner, stranger).in_chain(stranger), false, false),
        (of(Role::Auditor, stranger), true, true),
    ] {
        let mut theirs = shown_to(&client, claims.clone());
        for (paying, sees) in [(in_hall, sees_bill), (top_up, sees_top_up)] {
            let request = GetPaymentRequest {
                intent_id: paying.intent_id.to_string(),
                min_position: 0,
            };
            let got = theirs.get_payment(patient(request)).await;
            assert_eq!(got.is_ok(), sees, "{claims:?}");
            let request = WatchPaymentRequest {
                intent_id: paying.intent_id.to_string(),
                min_position: 0,
            };
            assert_eq!(theirs.watch_payment(patient(request)).await.is_ok(), sees, "{claims:?}");
        }
    }
    let mut stranger = shown_to(&client, of(Role::Customer, stranger));
    denied(stranger.list_payments(patient(ListPaymentsRequest::default())).await);
    let foreign = ListPaymentsRequest {
        member_id: member_id.to_string(),
        ..ListPaymentsRequest::default()
    };
    denied(stranger.list_payments(patient(foreign)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trial_balance_is_the_sum_of_the_journal_and_is_even_in_every_chain_and_hall() {
    let stage = Stage::new().await;
    let (here, member_id) = (Uuid::now_v7(), Uuid::now_v7());
    stage.append(vec![hall(here, "东"), joined(member_id, CHAIN)]).await;
    let in_hall = Paying::new(member_id, Some(here));
    let top_up = Paying::new(member_id, None).by_alipay();
    let odd = Paying::new(member_id, None);
    let mut head = 0;
    for paying in [in_hall, top_up, odd] {
        stage.append(paying.started(0)).await;
        let paid = if paying.intent_id == odd.intent_id {
            paying.conflicted(1)
        } else {
            paying.paid(1)
        };
        head = stage.append(paid).await;
    }
    let service = stage.serve().await;
    let client = Client::connect(&service).await;
    let books = BookServiceClient::new(client.channel.clone());
    let ask = |chain_id: String, hall_id: String| {
        let mut books = books.clone();
        async move {
            let request = GetTrialBalanceRequest {
                chain_id,
                hall_id,
                min_position: head,
            };
            let answer = books.get_trial_balance(patient(request)).await.unwrap().into_inner();
            assert_eq!((answer.debit_fen, answer.position), (answer.credit_fen, head));
            answer
        }
    };
    let shown = |answer: &GetTrialBalanceResponse| {
        let accounts = answer.accounts.iter();
        accounts
            .map(|account| (account.account(), account.balance_fen))
            .collect::<Vec<_>>()
    };
    let whole = ask(CHAIN.to_string(), String::new()).await;
    assert_eq!(
        shown(&whole),
        [
            (BookAccount::WechatPayClearing, 9_999),
            (BookAccount::AlipayClearing, 5_000),
            (BookAccount::Suspense, -4_999),
            (BookAccount::MemberPrincipal, -10_000),
        ]
    );
    assert_eq!(shown(&ask(String::new(), String::new()).await), shown(&whole));
    let of_hall = ask(CHAIN.to_string(), here.to_string()).await;
    assert_eq!(
        shown(&of_hall),
        [
            (BookAccount::WechatPayClearing, 5_000),
            (BookAccount::MemberPrincipal, -5_000)
        ]
    );
    assert_eq!(shown(&ask(Uuid::now_v7().to_string(), String::new()).await), []);
    stage.verify_all(head).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_staff_give_back_is_listed_newest_first_and_what_waits_alone() {
    let stage = Stage::new().await;
    let sessions = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let ids = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    stage
        .append(vec![compensation_asked(sessions[0], ids[0], false, 0)])
        .await;
    stage
        .append(vec![compensation_asked(sessions[1], ids[1], true, 1)])
        .await;
    stage
        .append(vec![compensation_asked(sessions[2], ids[2], true, 2)])
        .await;
    let head = stage.append(vec![compensation_decided(sessions[1], ids[1], 3)]).await;
    let service = stage.serve().await;
    let client = Client::connect(&service).await;
    let all = ListCompensationsRequest {
        hall_id: HALL.to_string(),
        min_position: head,
        ..ListCompensationsRequest::default()
    };
    let mut house = payments(&client);
    let listed = house
        .list_compensations(patient(all.clone()))
        .await
        .unwrap()
        .into_inner();
    let told: Vec<_> = listed
        .compensations
        .iter()
        .map(|row| (row.compensation_id.clone(), row.state()))
        .collect();
    assert_eq!(
        told,
        [
            (ids[2].to_string(), compensated::State::Waiting),
            (ids[1].to_string(), compensated::State::Given),
            (ids[0].to_string(), compensated::State::Given),
        ]
    );
    assert_eq!(listed.compensations[1].decided_by, Uuid::from_u128(8).to_string());
    let waiting = ListCompensationsRequest {
        waiting_only: true,
        ..all.clone()
    };
    let waiting = house.list_compensations(patient(waiting)).await.unwrap().into_inner();
    assert_eq!(waiting.compensations.len(), 1);
    let first = ListCompensationsRequest {
        page_size: 2,
        ..all.clone()
    };
    let first = house.list_compensations(patient(first)).await.unwrap().into_inner();
    let second = ListCompensationsRequest {
        page_size: 2,
        page_token: first.next_page_token,
        ..all.clone()
    };
    let second = house.list_compensations(patient(second)).await.unwrap().into_inner();
    assert_eq!(second.compensations[0].compensation_id, ids[0].to_string());
    assert_eq!(second.next_page_token, "");
    let mut elsewhere = shown_to(&client, of(Role::Staff, Uuid::now_v7()).in_halls([Uuid::now_v7()]));
    denied(elsewhere.list_compensations(patient(all)).await);
    stage.verify_all(head).await;
}
