//! A customer is not content: from the complaint to its answer, what is given back, the close, and once more.

use anyhow::Context as _;
use baize_domain::Event;
use baize_domain::complaint::ComplaintEvent;
use baize_journeys::clients::{new_id, timed};
use baize_journeys::hall::{Hall, plain_tariff};
use baize_journeys::world::World;
use baize_proto::access::{Badge, Bearing, Claims, Role, Signer};
use baize_proto::hall::complaint::v1 as complaint;
use baize_proto::hall::complaint::v1::complaint_service_client::ComplaintServiceClient;
use baize_proto::hall::view::v1 as view;
use baize_proto::hall::view::v1::complaint_queue_service_client::ComplaintQueueServiceClient;
use baize_proto::hall::view::v1::device_state_service_client::DeviceStateServiceClient;
use baize_proto::hall::view::v1::get_indicators_request::Of;
use baize_proto::hall::view::v1::indicator_service_client::IndicatorServiceClient;
use baize_proto::hall::view::v1::notice_service_client::NoticeServiceClient;
use complaint::file_complaint_request::About;
use jiff::Timestamp;
use tonic_types::StatusExt as _;
use uuid::Uuid;
use view::complaint::Status;
use view::{AlertKind, BillStatus, NoticeKind};

use crate::{all_is_well, patient_policy, recorded};

const WORDS: &str = "灯一直闪，打了一半就看不清了";
const ANSWER: &str = "非常抱歉，灯已更换，退您三元";

/// What one person can do with an own token.
struct Person {
    id: Uuid,
    complaints: ComplaintServiceClient<Bearing>,
    queue: ComplaintQueueServiceClient<Bearing>,
}

impl Person {
    fn with(world: &World, claims: &Claims) -> anyhow::Result<Self> {
        let badge = Badge::fixed(&Signer::new(world.keys.clone()).issue(claims)?);
        Ok(Self {
            id: claims.subject,
            complaints: ComplaintServiceClient::new(world.commands.with(badge.clone())),
            queue: ComplaintQueueServiceClient::new(world.queries.with(badge)),
        })
    }

    async fn read(&self, complaint_id: &str) -> Result<Vec<String>, tonic::Status> {
        let request = complaint::ReadComplaintRequest {
            complaint_id: complaint_id.to_owned(),
        };
        let said = self.complaints.clone().read_complaint(timed(request)).await?;
        Ok(said.into_inner().said.into_iter().map(|said| said.words).collect())
    }

    async fn close(&self, complaint_id: &str) -> Result<u64, tonic::Status> {
        let request = complaint::CloseComplaintRequest {
            request_id: new_id(),
            complaint_id: complaint_id.to_owned(),
        };
        let closed = self.complaints.clone().close_complaint(timed(request)).await?;
        Ok(closed.into_inner().position)
    }

    async fn reopen(&self, complaint_id: &str) -> Result<u64, tonic::Status> {
        let request = complaint::ReopenComplaintRequest {
            request_id: new_id(),
            complaint_id: complaint_id.to_owned(),
            words: "又闪了".to_owned(),
        };
        let reopened = self.complaints.clone().reopen_complaint(timed(request)).await?;
        Ok(reopened.into_inner().position)
    }

    async fn answer(&self, complaint_id: &str, give_back_fen: i64) -> Result<u64, tonic::Status> {
        let request = complaint::AnswerComplaintRequest {
            request_id: new_id(),
            complaint_id: complaint_id.to_owned(),
            words: ANSWER.to_owned(),
            give_back_fen,
        };
        let answered = self.complaints.clone().answer_complaint(timed(request)).await?;
        Ok(answered.into_inner().position)
    }
}

fn reason(status: &tonic::Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

#[tokio::test]
async fn a_complaint_is_answered_with_something_given_back_closed_and_reopened_once_and_its_words_stay_sealed()
-> anyhow::Result<()> {
    let world = World::start(20.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let player = hall.member(5_000, 0).await?;
    let id = |text: &str| Uuid::try_parse(text).context("an id");
    let claims = |subject, role: Role| Claims::new(subject, role, Timestamp::now(), role.lifetime_max());
    let customer = Person::with(&world, &claims(id(&player)?, Role::Customer))?;
    let stranger = Person::with(&world, &claims(Uuid::now_v7(), Role::Customer))?;
    let staff = claims(Uuid::now_v7(), Role::Staff).in_halls([id(&hall.hall_id)?]);
    let staff = Person::with(&world, &staff.in_chain(id(&hall.chain_id)?))?;

    let opened = hall.open_prepaid(&table, &player, 30).await?;
    recorded(&world, "billing", |event| {
        matches!(
            event,
            Event::TableSession(baize_domain::session::TableSessionEvent::BillingStarted { .. })
        )
    })
    .await?;
    let closed = hall.close(&opened.session_id).await?;
    let (bill, paid) = hall
        .bill_until(&opened.session_id, closed.position, BillStatus::Paid)
        .await?;
    assert!(bill.paid_fen > 300, "enough to give ¥3 back: {bill:?}");
    let before = hall.wallet(&player, paid).await?.principal_fen;

    // The hall looks at its queue all the while.
    let watch = view::WatchComplaintsRequest {
        hall_id: hall.hall_id.clone(),
    };
    let mut queue = staff.queue.clone().watch_complaints(watch).await?.into_inner();
    let first = queue.message().await?.context("the queue")?;
    assert!(first.snapshot && first.complaints.is_empty());

    let file = complaint::FileComplaintRequest {
        request_id: new_id(),
        member_id: player.clone(),
        about: Some(About::SessionId(opened.session_id.clone())),
        category: complaint::Category::Device.into(),
        words: WORDS.to_owned(),
    };
    let theirs = stranger.complaints.clone().file_complaint(timed(file.clone())).await;
    assert_eq!(theirs.unwrap_err().code(), tonic::Code::PermissionDenied);
    let filed = customer.complaints.clone().file_complaint(timed(file.clone())).await?;
    let filed = filed.into_inner();
    let again = customer.complaints.clone().file_complaint(timed(file.clone())).await?;
    assert_eq!(again.into_inner(), filed, "a repeat gets the same answer");
    let second = complaint::FileComplaintRequest {
        request_id: new_id(),
        ..file
    };
    let second = customer.complaints.clone().file_complaint(timed(second)).await;
    assert_eq!(reason(&second.unwrap_err()), "COMPLAINT_EXISTS");

    let complaint_id = filed.complaint_id;
    let news = queue.message().await?.context("the complaint")?;
    let [waiting] = news.complaints.as_slice() else {
        anyhow::bail!("one complaint: {news:?}");
    };
    assert_eq!(
        (waiting.status(), waiting.session_id.as_str()),
        (Status::Open, opened.session_id.as_str())
    );
    let alerts = view::ListAlertsRequest {
        hall_id: hall.hall_id.clone(),
        page_size: 10,
        min_position: filed.position,
        ..view::ListAlertsRequest::default()
    };
    let alerts = DeviceStateServiceClient::new(world.queries.clone())
        .list_alerts(timed(alerts))
        .await?
        .into_inner()
        .alerts;
    assert_eq!(
        alerts.iter().map(|alert| alert.kind()).collect::<Vec<_>>(),
        [AlertKind::Complaint]
    );

    // Who it concerns reads it, and nobody else.
    assert_eq!(staff.read(&complaint_id).await?, [WORDS]);
    assert_eq!(
        stranger.read(&complaint_id).await.unwrap_err().code(),
        tonic::Code::PermissionDenied
    );
    assert_eq!(
        reason(&staff.close(&complaint_id).await.unwrap_err()),
        "COMPLAINT_NOT_ANSWERED"
    );
    let too_much = staff.answer(&complaint_id, bill.paid_fen + 1).await;
    assert_eq!(reason(&too_much.unwrap_err()), "COMPENSATION_TOO_MUCH");
    let answered = staff.answer(&complaint_id, 300).await?;
    assert_eq!(hall.wallet(&player, answered).await?.principal_fen, before + 300);
    let position = staff.close(&complaint_id).await?;
    customer.reopen(&complaint_id).await?;
    staff.answer(&complaint_id, 0).await?;
    let last = staff.close(&complaint_id).await?;
    let third = customer.reopen(&complaint_id).await;
    assert_eq!(reason(&third.unwrap_err()), "COMPLAINT_REOPENED_BEFORE");
    assert_eq!(customer.read(&complaint_id).await?, [WORDS, ANSWER, "又闪了", ANSWER]);

    // What everybody sees of it in the end.
    let mine = view::ListComplaintsRequest {
        member_id: player.clone(),
        status: Status::Closed.into(),
        min_position: last,
        ..view::ListComplaintsRequest::default()
    };
    let mine = customer.queue.clone().list_complaints(timed(mine)).await?.into_inner();
    let [seen] = mine.complaints.as_slice() else {
        anyhow::bail!("one complaint: {mine:?}");
    };
    assert_eq!((seen.answers, seen.promised_fen, seen.reopened), (2, 300, true));
    assert_eq!(seen.assigned_to, staff.id.to_string());
    let notices = view::ListNoticesRequest {
        member_id: player.clone(),
        page_size: 50,
        min_position: position,
        ..view::ListNoticesRequest::default()
    };
    let told = NoticeServiceClient::new(world.queries.clone())
        .list_notices(timed(notices))
        .await?
        .into_inner()
        .notices;
    let kinds: Vec<_> = told.iter().map(view::Notice::kind).collect();
    assert!(
        kinds.contains(&NoticeKind::ComplaintAnswered) && kinds.contains(&NoticeKind::ComplaintClosed),
        "{kinds:?}"
    );
    let figures = view::GetIndicatorsRequest {
        of: Some(Of::HallId(hall.hall_id.clone())),
        min_position: last,
        ..view::GetIndicatorsRequest::default()
    };
    let day = IndicatorServiceClient::new(world.queries.clone())
        .get_indicators(timed(figures))
        .await?
        .into_inner()
        .day
        .unwrap_or_default();
    let rate = day
        .indicators
        .iter()
        .find(|indicator| indicator.code == "complaint_rate");
    let rate = rate.context("the complaint rate")?;
    assert_eq!(
        (rate.value, rate.target, rate.met),
        (Some(10_000), Some(10), Some(false))
    );

    // The words are in no event.
    let log = world.log().await?;
    let complaints = log
        .entries
        .iter()
        .filter(|entry| matches!(entry.event, Event::Complaint(_)));
    assert_eq!(complaints.count(), 6);
    let clear: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events WHERE payload::text LIKE '%' || $1 || '%' OR payload::text LIKE '%' || $2 || '%'",
    )
    .bind(WORDS)
    .bind(ANSWER)
    .fetch_one(&world.pool)
    .await?;
    assert_eq!(clear, 0);
    assert!(
        log.entries
            .iter()
            .any(|entry| matches!(entry.event, Event::Complaint(ComplaintEvent::ComplaintReopened { .. })))
    );
    all_is_well(&world, &fleet).await
}
