//! A session over gRPC, from opening to settlement.

use baize_domain::Event;
use baize_domain::session::{CloseCause, TableSessionEvent};
use baize_domain::wallet::WalletEvent;
use baize_proto::hall::member::v1::SetLevelRequest;
use baize_proto::hall::table::v1::bill_line::Kind;
use baize_proto::hall::table::v1::open_table_request::Mode;
use baize_proto::hall::table::v1::{
    self as table, AddGoodsRequest, CancelOpeningRequest, CloseSessionByStaffRequest, CloseSessionRequest,
    ExtendSessionRequest, OpenTableRequest, OrderGoodsRequest, PauseSessionRequest, QuoteSessionRequest,
    RemoveGoodsRequest, ResumeSessionRequest, TransferSessionRequest,
};
use baize_proto::hall::venue::v1::package::Time;
use baize_proto::hall::venue::v1::{
    DefineGoodsRequest, DefineLevelsRequest, Goods, Level, Package, PublishTariffRequest,
};
use baize_proto::hall::wallet::v1::{CreditTopUpRequest, PayBillRequest, TopUpChannel};

use jiff::Timestamp;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::world::{FEN_PER_MINUTE, World, decoded, postpaid, prepaid, refused, request_id, tariff};

#[tokio::test]
async fn postpaid_play_is_held_extended_closed_and_paid() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;

    let opened = clients.open(&hall.tables[0], &member).await.unwrap();
    assert_eq!(opened.secured_fen, 60 * FEN_PER_MINUTE);
    let (from, until) = (opened.opened_at.unwrap(), opened.secured_until.unwrap());
    assert_eq!(until.seconds - from.seconds, 3_600);
    let extend = ExtendSessionRequest {
        request_id: request_id(),
        session_id: opened.session_id.clone(),
        minutes: 30,
    };
    let extended = clients.table.extend_session(extend).await.unwrap().into_inner();
    assert_eq!(extended.amount_fen, 30 * FEN_PER_MINUTE);
    assert_eq!(extended.secured_until.unwrap().seconds - until.seconds, 1_800);
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id: opened.session_id.clone(),
    };
    let closed = clients.table.close_session(close).await.unwrap().into_inner();
    let bill = closed.bill.unwrap();
    assert_eq!(
        bill.lines.iter().map(|line| line.amount_fen).sum::<i64>(),
        bill.total_fen
    );

    let mut history = world.history().await;
    let settled = history.until("SessionSettled", &opened.session_id).await;
    assert_eq!(
        settled.metadata.get("actor").map(String::as_str),
        Some("process:settling")
    );
    assert!(
        settled
            .metadata
            .get("causation_id")
            .is_some_and(|cause| cause.starts_with("event:"))
    );
    let positions = [opened.position, extended.position, closed.position, settled.position];
    assert!(positions.is_sorted_by(|one, other| one < other));
    world.settled(settled.position).await;
    assert_eq!(history.types_of(&opened.session_id).last(), Some(&"SessionSettled"));
    // The wallet has everything but the bill.
    let balance = CreditTopUpRequest {
        request_id: request_id(),
        member_id: member,
        channel: TopUpChannel::Counter.into(),
        principal_fen: 1,
        bonus_fen: 0,
    };
    let balance = clients.wallet.credit_top_up(balance).await.unwrap().into_inner();
    assert_eq!(
        (balance.balance_fen, balance.available_fen),
        (100_001 - bill.total_fen, 100_001 - bill.total_fen)
    );
}

#[tokio::test]
async fn prepaid_play_is_paid_first_and_billed_whole() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let opened = clients
        .table
        .open_table(prepaid(&hall.tables[0], &member, 90))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(opened.secured_fen, 90 * FEN_PER_MINUTE);
    clients.confirm(&hall, 1, 1, true, Timestamp::now()).await.unwrap();
    let mut history = world.history().await;
    history.until("BillingStarted", &opened.session_id).await;
    let extend = ExtendSessionRequest {
        request_id: request_id(),
        session_id: opened.session_id.clone(),
        minutes: 30,
    };
    let extended = clients.table.extend_session(extend).await.unwrap().into_inner();
    assert_eq!(extended.amount_fen, 30 * FEN_PER_MINUTE);
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id: opened.session_id.clone(),
    };
    let bill = clients
        .table
        .close_session(close)
        .await
        .unwrap()
        .into_inner()
        .bill
        .unwrap();
    assert_eq!(bill.total_fen, 120 * FEN_PER_MINUTE);
    let lines: Vec<_> = bill
        .lines
        .iter()
        .map(|line| (line.kind(), line.minutes, line.amount_fen))
        .collect();
    assert_eq!(
        lines,
        [
            (Kind::Prepaid, 90, 90 * FEN_PER_MINUTE),
            (Kind::Prepaid, 30, 30 * FEN_PER_MINUTE)
        ]
    );
    history.until("SessionSettled", &opened.session_id).await;
    let charged: Vec<_> = history
        .events
        .iter()
        .filter(|event| event.stream.aggregate_id == member)
        .filter_map(|event| match decoded(event) {
            Event::Wallet(WalletEvent::PrepaidCharged { amount, .. }) => Some(amount.total().0),
            _ => None,
        })
        .collect();
    assert_eq!(charged, [90 * FEN_PER_MINUTE, 30 * FEN_PER_MINUTE]);
}

#[tokio::test]
async fn staff_close_a_session_and_say_why() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let session_id = clients.open(&hall.tables[0], &member).await.unwrap().session_id;
    let close = |reason: &str| CloseSessionByStaffRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
        reason: reason.to_owned(),
    };
    let refusal = clients.table.close_session_by_staff(close("")).await.unwrap_err();
    assert_eq!(refusal.message(), "reason is required");
    let closed = clients.table.close_session_by_staff(close("The guest has left.")).await;
    assert!(closed.unwrap().into_inner().closed_at.is_some());
    let closed = world.history().await.until("SessionClosed", &session_id).await;
    let Event::TableSession(TableSessionEvent::SessionClosed { cause, reason, .. }) = decoded(&closed) else {
        panic!("{closed:?}");
    };
    assert_eq!(
        (cause, reason.as_deref()),
        (CloseCause::Staff, Some("The guest has left."))
    );
}

#[tokio::test]
async fn a_session_moves_pauses_and_goes_on_over_grpc() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(2).await;
    let member = clients.member(100_000).await;
    let opened = clients.open(&hall.tables[0], &member).await.unwrap();
    let session_id = opened.session_id.clone();
    clients.confirm(&hall, 1, 1, true, Timestamp::now()).await.unwrap();
    world.history().await.until("BillingStarted", &session_id).await;

    let transfer = TransferSessionRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
        table_id: hall.tables[1].clone(),
    };
    let moved = clients.table.transfer_session(transfer).await.unwrap().into_inner();
    assert_eq!(moved.amount_fen, 0, "the same price, the same hold");
    let other = clients.member(100_000).await;
    clients.open(&hall.tables[0], &other).await.unwrap();

    let pause = PauseSessionRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
        reason: "Power cut".to_owned(),
    };
    let paused = clients.table.pause_session(pause).await.unwrap().into_inner();
    assert!(paused.paused_until.is_some());
    let extend = ExtendSessionRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
        minutes: 10,
    };
    let refusal = clients.table.extend_session(extend).await.unwrap_err();
    assert_eq!(refusal.get_details_error_info().unwrap().reason, "SESSION_PAUSED");
    let resume = ResumeSessionRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
    };
    let resumed = clients.table.resume_session(resume).await.unwrap().into_inner();
    assert!(resumed.secured_until.unwrap().seconds >= moved.secured_until.unwrap().seconds);
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
    };
    clients.table.close_session(close).await.unwrap();
    let mut history = world.history().await;
    history.until("SessionSettled", &session_id).await;
    let mine = history.types_of(&session_id);
    for expected in ["SessionTransferred", "SessionPaused", "SessionResumed"] {
        assert!(mine.contains(&expected), "{mine:?}");
    }
}

#[tokio::test]
async fn a_vip_sees_the_price_of_the_level_before_opening_and_opens_at_it() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member_id = clients.member(100_000).await;
    let level = |code: &str, discount: &str| Level {
        code: code.to_owned(),
        name_zh: code.to_owned(),
        name_en: code.to_owned(),
        discount: discount.to_owned(),
        ..Level::default()
    };
    let levels = DefineLevelsRequest {
        request_id: request_id(),
        chain_id: hall.chain_id.clone(),
        levels: vec![level("guest", ""), level("member", "0.05"), level("vip", "0.12")],
        ..DefineLevelsRequest::default()
    };
    clients.venue.define_levels(levels).await.unwrap();
    let quote = |member_id: &str| QuoteSessionRequest {
        table_id: hall.tables[0].clone(),
        minutes: 60,
        member_id: member_id.to_owned(),
        ..QuoteSessionRequest::default()
    };
    let anybody = clients.table.quote_session(quote("")).await.unwrap().into_inner();
    assert_eq!(anybody.bill.unwrap().total_fen, 60 * FEN_PER_MINUTE);
    let vip = SetLevelRequest {
        request_id: request_id(),
        member_id: member_id.clone(),
        level: "vip".to_owned(),
    };
    clients.member.set_level(vip).await.unwrap();
    let quoted = clients
        .table
        .quote_session(quote(&member_id))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(quoted.hold_fen, 60 * FEN_PER_MINUTE - 720);
    let bill = quoted.bill.unwrap();
    let discount = bill.lines.iter().find(|line| line.kind() == Kind::Discount).unwrap();
    assert_eq!((discount.level.as_str(), discount.amount_fen), ("vip", -720));
    let opened = clients.open(&hall.tables[0], &member_id).await.unwrap();
    assert_eq!(opened.secured_fen, quoted.hold_fen);
}

#[tokio::test]
async fn a_package_opens_a_table_at_its_price_and_one_that_is_not_sold_is_refused() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let mut tariff = tariff();
    tariff.packages = vec![Package {
        code: "hours_3".to_owned(),
        name: "三小时".to_owned(),
        price_fen: 9_900,
        time: Some(Time::Minutes(180)),
        sold: None,
    }];
    let publish = PublishTariffRequest {
        request_id: request_id(),
        plan_id: hall.plan_id.clone(),
        hall_id: hall.hall_id.clone(),
        tariff: Some(tariff),
    };
    clients.venue.publish_tariff(publish).await.unwrap();
    let member = clients.member(20_000).await;
    let open = |code: &str| OpenTableRequest {
        mode: Some(Mode::Package(table::Package { code: code.to_owned() })),
        ..postpaid(&hall.tables[0], &member)
    };
    let unknown = clients.table.open_table(open("gold")).await;
    refused(unknown, Code::NotFound, "PACKAGE_NOT_FOUND");
    let request = open("hours_3");
    let opened = clients.table.open_table(request.clone()).await.unwrap().into_inner();
    assert_eq!(opened.secured_fen, 9_900);
    assert_eq!(
        opened.secured_until.unwrap().seconds - opened.opened_at.unwrap().seconds,
        180 * 60
    );
    let again = clients.table.open_table(request).await.unwrap().into_inner();
    assert_eq!(again, opened);
    clients.confirm(&hall, 1, 1, true, Timestamp::now()).await.unwrap();
    let mut history = world.history().await;
    history.until("BillingStarted", &opened.session_id).await;
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id: opened.session_id.clone(),
    };
    let bill = clients.table.close_session(close).await.unwrap().into_inner().bill;
    let lines = bill.unwrap().lines;
    assert_eq!((lines[0].kind(), &*lines[0].package_code), (Kind::Package, "hours_3"));
    history.until("SessionSettled", &opened.session_id).await;
}

#[tokio::test]
async fn an_opening_that_waits_is_cancelled_and_the_table_is_free_again() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(1_000).await;
    let waiting = OpenTableRequest {
        wait_for_payment: true,
        ..prepaid(&hall.tables[0], &member, 90)
    };
    let waiting = clients.table.open_table(waiting).await.unwrap().into_inner();
    assert!(waiting.shortfall_fen > 0);
    let cancel = CancelOpeningRequest {
        request_id: request_id(),
        session_id: waiting.session_id.clone(),
    };
    let cancelled = clients.table.cancel_opening(cancel.clone()).await.unwrap().into_inner();
    assert!(cancelled.position > waiting.position);
    let repeated = clients.table.cancel_opening(cancel).await.unwrap().into_inner();
    assert_eq!(repeated, cancelled);
    let other = clients.member(100_000).await;
    let opened = clients.open(&hall.tables[0], &other).await.unwrap();
    // Nothing is owed for it, and what was never opened has no bill.
    let pay = |session_id: &str| PayBillRequest {
        request_id: request_id(),
        session_id: session_id.to_owned(),
    };
    let open = clients.wallet.pay_bill(pay(&opened.session_id)).await;
    refused(open, Code::FailedPrecondition, "SESSION_STILL_OPEN");
    let lapsed = clients.wallet.pay_bill(pay(&waiting.session_id)).await;
    refused(lapsed, Code::FailedPrecondition, "OPENING_LAPSED");
}

#[tokio::test]
async fn goods_are_ordered_from_the_halls_list_and_paid_with_the_bill() {
    let world = World::start().await;
    let mut clients = world.clients.clone();
    let hall = clients.hall(1).await;
    let member = clients.member(100_000).await;
    let goods = |code: &str, price_fen| Goods {
        code: code.to_owned(),
        name_zh: "可乐".to_owned(),
        name_en: "Cola".to_owned(),
        price_fen,
        retired: false,
    };
    let define = |goods| DefineGoodsRequest {
        request_id: request_id(),
        hall_id: hall.hall_id.clone(),
        goods,
    };
    let wrong = clients
        .venue
        .define_goods(define(vec![goods("cola", 600), goods("", -1)]))
        .await;
    let wrong = wrong.unwrap_err().get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = wrong.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["goods[1].code", "goods[1].price_fen"]);
    let defined = clients.venue.define_goods(define(vec![goods("cola", 600)])).await;
    assert_eq!(defined.unwrap().into_inner().version, 1);

    let session_id = clients.open(&hall.tables[0], &member).await.unwrap().session_id;
    clients.confirm(&hall, 1, 1, true, Timestamp::now()).await.unwrap();
    let mut history = world.history().await;
    history.until("BillingStarted", &session_id).await;
    let order = OrderGoodsRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
        code: "cola".to_owned(),
        quantity: 2,
    };
    let ordered = clients.table.order_goods(order.clone()).await.unwrap().into_inner();
    assert_eq!((ordered.total_fen, ordered.goods[0].quantity), (1_200, 2));
    let repeated = clients.table.order_goods(order).await.unwrap().into_inner();
    assert_eq!(repeated, ordered, "ordered once");
    let add = AddGoodsRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
        code: "cola".to_owned(),
        quantity: 1,
    };
    assert_eq!(
        clients.table.add_goods(add).await.unwrap().into_inner().total_fen,
        1_800
    );
    let remove = RemoveGoodsRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
        code: "cola".to_owned(),
        quantity: 1,
        reason: "拿错了".to_owned(),
    };
    assert_eq!(
        clients.table.remove_goods(remove).await.unwrap().into_inner().total_fen,
        1_200
    );
    let close = CloseSessionRequest {
        request_id: request_id(),
        session_id: session_id.clone(),
    };
    let bill = clients
        .table
        .close_session(close)
        .await
        .unwrap()
        .into_inner()
        .bill
        .unwrap();
    let line = bill.lines.last().unwrap();
    assert_eq!((line.kind(), line.amount_fen), (Kind::Goods, 1_200));
    let settled = history.until("SessionSettled", &session_id).await;
    let Event::TableSession(TableSessionEvent::SessionSettled { paid, .. }) = decoded(&settled) else {
        panic!("{settled:?}");
    };
    assert_eq!(paid.0, bill.total_fen);
}
