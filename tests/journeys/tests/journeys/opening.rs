//! How a table is come by: what stands in the way, what is done about it, and what people are told.

use baize_domain::Event;
use baize_domain::device::{DeviceEvent, FailureKind};
use baize_domain::session::TableSessionEvent;
use baize_journeys::clients::{new_id, timed};
use baize_journeys::eventually::eventually;
use baize_journeys::hall::{Hall, Table, plain_tariff};
use baize_journeys::world::World;
use baize_proto::hall::member::v1::{BindPaymentMethodRequest, MarkNoticesReadRequest, PaymentMethod, SetLevelRequest};
use baize_proto::hall::table::v1::QuoteSessionRequest;
use baize_proto::hall::venue::v1::{DefineLevelsRequest, Level, StartMaintenanceRequest};
use baize_proto::hall::view::v1::notice_service_client::NoticeServiceClient;
use baize_proto::hall::view::v1::{BillStatus, GetReceiptRequest, LightStatus, ListNoticesRequest, Notice, NoticeKind};

use crate::{PATIENCE, all_is_well, lamp_is, patient_policy, recorded};

/// The newest notice of that kind, as soon as it is there.
async fn told(world: &World, member_id: &str, kind: NoticeKind) -> anyhow::Result<Notice> {
    let mut notices = NoticeServiceClient::new(world.queries.clone());
    let request = ListNoticesRequest {
        member_id: member_id.to_owned(),
        ..ListNoticesRequest::default()
    };
    let found = eventually("the notice", PATIENCE, async || {
        let page = notices.list_notices(timed(request.clone())).await.ok()?.into_inner();
        page.notices.into_iter().find(|notice| notice.kind() == kind)
    });
    found.await
}

async fn closed_and_paid(hall: &Hall, session_id: &str) -> anyhow::Result<u64> {
    let closed = hall.close(session_id).await?;
    let (_, position) = hall.bill_until(session_id, closed.position, BillStatus::Paid).await?;
    Ok(position)
}

#[tokio::test]
async fn who_has_too_little_tops_up_what_is_missing_and_the_same_opening_goes_through() -> anyhow::Result<()> {
    let world = World::start(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(700, 0).await?;

    let refused = hall.open_prepaid(&table, &member, 60).await.unwrap_err();
    assert_eq!(refused.reason, "TOP_UP_REQUIRED");
    let shortfall: i64 = refused.facts["shortfall_fen"].parse()?;
    assert_eq!(shortfall, 500);
    hall.top_up(&member, shortfall, 0).await?;
    let opened = hall.open_prepaid(&table, &member, 60).await?;
    lamp_is(&fleet, "a1", true).await?;

    // The game can be shown, and the person is told that the table is open.
    let running = hall.bill(&opened.session_id, opened.position).await?;
    assert_eq!(running.status(), BillStatus::Running);
    let open = told(&world, &member, NoticeKind::TableOpen).await?;
    assert_eq!((&open.session_id, open.read), (&opened.session_id, false));
    assert_eq!(open.zh.map(|text| text.title).as_deref(), Some("开台成功"));
    let read = MarkNoticesReadRequest {
        request_id: new_id(),
        member_id: member.clone(),
        up_to_position: open.position,
    };
    let mut members = world.clients.members.clone();
    let marked = members.mark_notices_read(timed(read)).await?.into_inner();
    let list = ListNoticesRequest {
        member_id: member.clone(),
        min_position: marked.position,
        ..ListNoticesRequest::default()
    };
    let mut notices = NoticeServiceClient::new(world.queries.clone());
    assert_eq!(notices.list_notices(timed(list)).await?.into_inner().unread, 0);
    let beyond = MarkNoticesReadRequest {
        request_id: new_id(),
        member_id: member.clone(),
        up_to_position: u64::MAX,
    };
    let beyond = members.mark_notices_read(timed(beyond)).await.unwrap_err();
    assert_eq!(beyond.code(), tonic::Code::InvalidArgument);

    let position = closed_and_paid(&hall, &opened.session_id).await?;
    let receipt = GetReceiptRequest {
        session_id: opened.session_id.clone(),
        min_position: position,
    };
    let receipt = world
        .clients
        .bills
        .clone()
        .get_receipt(timed(receipt))
        .await?
        .into_inner();
    assert!(receipt.page_path.starts_with("/receipts/"), "{}", receipt.page_path);
    let payments = receipt.receipt.map(|receipt| receipt.payments).unwrap_or_default();
    let paid: i64 = payments.iter().map(|payment| payment.principal_fen).sum();
    assert_eq!(paid, 1_200);
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn who_has_no_way_to_pay_binds_one_and_the_table_opens_when_the_money_is_there() -> anyhow::Result<()> {
    let world = World::start(10.0).await?;
    let mut policy = patient_policy();
    policy.payment_wait_seconds = Some(3_600);
    let hall = Hall::open(&world.clients, policy, plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let newcomer = hall.newcomer().await?;

    let refused = hall.open_prepaid(&table, &newcomer, 60).await.unwrap_err();
    assert_eq!(refused.reason, "PAYMENT_METHOD_REQUIRED");
    let bind = BindPaymentMethodRequest {
        request_id: new_id(),
        member_id: newcomer.clone(),
        method: PaymentMethod::WechatPay.into(),
    };
    world.clients.members.clone().bind_payment_method(timed(bind)).await?;
    let short = hall.open_prepaid(&table, &newcomer, 60).await.unwrap_err();
    assert_eq!(
        (&*short.reason, &*short.facts["shortfall_fen"]),
        ("TOP_UP_REQUIRED", "1200"),
        "there is a way to pay now, and no money"
    );
    let waiting = hall.open_when_paid(&table, &newcomer, 60).await?;
    assert_eq!((waiting.due_fen, waiting.shortfall_fen), (1_200, 1_200));
    let kept = told(&world, &newcomer, NoticeKind::PaymentAwaited).await?;
    assert_eq!(kept.amount_fen, 1_200);
    hall.top_up(&newcomer, 1_200, 0).await?;
    lamp_is(&fleet, "a1", true).await?;
    told(&world, &newcomer, NoticeKind::TableOpen).await?;
    closed_and_paid(&hall, &waiting.session_id).await?;
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn who_scans_a_table_under_maintenance_reads_why_and_until_when() -> anyhow::Result<()> {
    let world = World::start(1.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(5_000, 0).await?;
    let end = world.clock.now().as_second() + 3_600;
    let maintenance = StartMaintenanceRequest {
        request_id: new_id(),
        table_id: table.table_id.clone(),
        reason: "换台呢".to_owned(),
        expected_end: Some(prost_types::Timestamp { seconds: end, nanos: 0 }),
    };
    world
        .clients
        .venue
        .clone()
        .start_maintenance(timed(maintenance))
        .await?;
    let refused = hall.open_postpaid(&table, &member).await.unwrap_err();
    assert_eq!(refused.reason, "TABLE_IN_MAINTENANCE");
    assert_eq!(refused.facts["maintenance_reason"], "换台呢");
    assert!(refused.facts.contains_key("expected_end"), "{refused}");
    all_is_well(&world, &fleet).await
}

async fn quoted(world: &World, table: &Table, member_id: &str) -> anyhow::Result<i64> {
    let request = QuoteSessionRequest {
        table_id: table.table_id.clone(),
        minutes: 60,
        member_id: member_id.to_owned(),
        ..QuoteSessionRequest::default()
    };
    let quote = world
        .clients
        .tables
        .clone()
        .quote_session(timed(request))
        .await?
        .into_inner();
    Ok(quote.bill.unwrap_or_default().total_fen)
}

#[tokio::test]
async fn vips_and_members_are_shown_their_price_and_pay_exactly_that() -> anyhow::Result<()> {
    let world = World::start(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let (first, second) = (hall.table("a1").await?, hall.table("a2").await?);
    let fleet = world.relays(&["a1", "a2"]).await?;
    let level = |code: &str, discount: &str| Level {
        code: code.to_owned(),
        name_zh: code.to_owned(),
        name_en: code.to_owned(),
        discount: discount.to_owned(),
        ..Level::default()
    };
    let levels = DefineLevelsRequest {
        request_id: new_id(),
        chain_id: hall.chain_id.clone(),
        levels: vec![level("guest", "0"), level("member", "0.05"), level("vip", "0.2")],
        ..DefineLevelsRequest::default()
    };
    world.clients.venue.clone().define_levels(timed(levels)).await?;
    let (vip, member) = (hall.member(5_000, 0).await?, hall.member(5_000, 0).await?);
    let promoted = SetLevelRequest {
        request_id: new_id(),
        member_id: vip.clone(),
        level: "vip".to_owned(),
    };
    world.clients.members.clone().set_level(timed(promoted)).await?;

    for (table, topic, who, price) in [(&first, "a1", &vip, 960), (&second, "a2", &member, 1_140)] {
        assert_eq!(quoted(&world, table, who).await?, price);
        let opened = hall.open_prepaid(table, who, 60).await?;
        assert_eq!(opened.secured_fen, price, "what was shown is what is paid");
        lamp_is(&fleet, topic, true).await?;
        closed_and_paid(&hall, &opened.session_id).await?;
        lamp_is(&fleet, topic, false).await?;
    }
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn a_session_closes_and_settles_while_the_bridge_is_dead() -> anyhow::Result<()> {
    let mut world = World::start(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let table = hall.table("a1").await?;
    let fleet = world.relays(&["a1"]).await?;
    let member = hall.member(5_000, 0).await?;
    let opened = hall.open_postpaid(&table, &member).await?;
    lamp_is(&fleet, "a1", true).await?;
    recorded(&world, "billing", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::BillingStarted { .. }))
    })
    .await?;
    world.device_bridge.kill();
    let closed = hall.close(&opened.session_id).await?;
    let (bill, position) = hall
        .bill_until(&opened.session_id, opened.position, BillStatus::Paid)
        .await?;
    assert_eq!(Some(bill.paid_fen), closed.bill.map(|bill| bill.total_fen));
    let wallet = hall.wallet(&member, position).await?;
    assert_eq!((wallet.principal_fen, wallet.held_fen), (5_000 - bill.paid_fen, 0));
    world.device_bridge.spawn()?;
    world.device_bridge.ready().await?;
    lamp_is(&fleet, "a1", false).await?;
    all_is_well(&world, &fleet).await
}

#[tokio::test]
async fn after_a_move_a_light_that_does_not_answer_is_reported_told_and_chased() -> anyhow::Result<()> {
    let world = World::start(10.0).await?;
    let hall = Hall::open(&world.clients, patient_policy(), plain_tariff()).await?;
    let (first, second) = (hall.table("a1").await?, hall.table("a2").await?);
    let fleet = world.relays(&["a1", "a2"]).await?;
    let member = hall.member(5_000, 0).await?;
    let opened = hall.open_postpaid(&first, &member).await?;
    lamp_is(&fleet, "a1", true).await?;
    recorded(&world, "billing", |event| {
        matches!(event, Event::TableSession(TableSessionEvent::BillingStarted { .. }))
    })
    .await?;
    let relay = fleet.relay("a2").ok_or_else(|| anyhow::anyhow!("no relay"))?;
    relay.set_offline(true);

    hall.transfer(&opened.session_id, &second).await?;
    let failed = recorded(&world, "the failure", |event| {
        matches!(
            event,
            Event::Device(DeviceEvent::LightFailed {
                kind: FailureKind::Unreachable,
                session_id: Some(_),
                ..
            })
        )
    })
    .await?;
    let board = hall.on_board(&second, failed.position).await?;
    assert_eq!(board.light(), LightStatus::Failed);
    let notice = told(&world, &member, NoticeKind::LightFailed).await?;
    assert_eq!((&notice.session_id, &*notice.table_label), (&opened.session_id, "a2"));

    // It is chased for as long as it is wanted: when the relay answers again, the lamp goes on.
    relay.set_offline(false);
    lamp_is(&fleet, "a2", true).await?;
    closed_and_paid(&hall, &opened.session_id).await?;
    lamp_is(&fleet, "a1", false).await?;
    lamp_is(&fleet, "a2", false).await?;
    all_is_well(&world, &fleet).await
}
