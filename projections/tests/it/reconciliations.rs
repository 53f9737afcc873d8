//! Reconciliations as operators and auditors meet them.

use baize_domain::ids::reconciliation_id;
use baize_domain::payment::Channel;
use baize_domain::reconciliation::{
    BookLine, Closing, FeeRate, Reconciliation, ReconciliationEvent, RowKind, Standing, compare, decide,
};
use baize_domain::{Event, Fen};
use baize_proto::access::{Badge, Claims, Role, Signer};
use baize_proto::hall::payment::v1::Channel as Named;
use baize_proto::hall::view::v1::reconciliation_service_client::ReconciliationServiceClient;
use baize_proto::hall::view::v1::{
    DifferenceKind, DifferenceStatus, GetReconciliationRequest, ListReconciliationsRequest,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use tonic::Code;
use uuid::Uuid;

use crate::evening::{Happened, at};
use crate::queries::{Client, patient};
use crate::stage::{KEYS, Stage};

const BY: Uuid = Uuid::from_u128(7);

/// A day whose bill lacks so many payments of ours; the first is explained and closed.
pub fn day(channel: Channel, date: Date, missing: i64) -> Vec<Happened> {
    let book: Vec<_> = (0..missing)
        .map(|number| BookLine {
            kind: RowKind::Payment,
            number: format!("{number:04}"),
            amount: Fen(100 + number),
            standing: Standing::Done,
            due: true,
        })
        .collect();
    let mut state = Reconciliation::default();
    let mut happened = Vec::new();
    let mut take = |state: &mut Reconciliation, events: Vec<ReconciliationEvent>| {
        for event in events {
            state.evolve(&event);
            happened.push(Happened {
                id: reconciliation_id(channel, date).0,
                event: Event::Reconciliation(event),
            });
        }
    };
    let found = compare("00".to_owned(), &[], &book, FeeRate(Decimal::ZERO));
    let events = decide::record(&state, channel, date, found, at(1)).unwrap();
    take(&mut state, events);
    if missing > 0 {
        let events = decide::explain(&state, 1, BY, "looked into".to_owned(), at(2)).unwrap();
        take(&mut state, events);
        let events = decide::close(&state, 1, Closing::Explained, BY, at(3)).unwrap();
        take(&mut state, events);
    }
    happened
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_listed_newest_first_and_a_days_differences_come_by_number_in_pages() {
    let stage = Stage::new().await;
    stage.append(day(Channel::WechatPay, date(2026, 11, 19), 0)).await;
    stage.append(day(Channel::Alipay, date(2026, 11, 19), 0)).await;
    let head = stage.append(day(Channel::WechatPay, date(2026, 11, 20), 5)).await;
    let service = stage.serve().await;
    let client = Client::connect(&service).await;
    let mut reconciliations = ReconciliationServiceClient::new(client.channel.clone());

    let list = |channel: Named, unfinished_only| ListReconciliationsRequest {
        channel: channel.into(),
        unfinished_only,
        min_position: head,
        ..ListReconciliationsRequest::default()
    };
    let mut days = Vec::new();
    for request in [
        list(Named::Unspecified, false),
        list(Named::WechatPay, false),
        list(Named::Unspecified, true),
    ] {
        let answer = reconciliations
            .list_reconciliations(patient(request))
            .await
            .unwrap()
            .into_inner();
        let told = answer.reconciliations.iter();
        days.push(
            told.map(|day| (day.channel(), day.date.clone(), day.open))
                .collect::<Vec<_>>(),
        );
    }
    let newest = (Named::WechatPay, "2026-11-20".to_owned(), 4);
    let others = [Named::Alipay, Named::WechatPay].map(|channel| (channel, "2026-11-19".to_owned(), 0));
    assert_eq!(days[0], [newest.clone(), others[0].clone(), others[1].clone()]);
    assert_eq!(days[1], [newest.clone(), others[1].clone()]);
    assert_eq!(days[2], [newest]);

    let id = reconciliation_id(Channel::WechatPay, date(2026, 11, 20));
    let (mut numbers, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = GetReconciliationRequest {
            reconciliation_id: id.to_string(),
            page_size: 2,
            page_token,
            ..GetReconciliationRequest::default()
        };
        let answer = reconciliations
            .get_reconciliation(patient(request))
            .await
            .unwrap()
            .into_inner();
        for told in &answer.differences {
            assert_eq!((told.kind(), told.theirs_fen), (DifferenceKind::MissingThere, None));
            numbers.push((told.number, told.status(), told.ours_fen));
        }
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(numbers[0], (1, DifferenceStatus::ClosedAsExplained, Some(100)));
    let open = |number: u32| (number, DifferenceStatus::Open, Some(99 + i64::from(number)));
    assert_eq!(numbers[1..], [open(2), open(3), open(4), open(5)]);

    let request = GetReconciliationRequest {
        reconciliation_id: id.to_string(),
        open_only: true,
        ..GetReconciliationRequest::default()
    };
    let answer = reconciliations
        .get_reconciliation(patient(request))
        .await
        .unwrap()
        .into_inner();
    let told = answer.reconciliation.unwrap();
    assert_eq!((told.finished, told.run, told.book.unwrap().rows), (false, 1, 5));
    assert_eq!(answer.differences.len(), 4);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_one_chain_reads_what_is_of_all_of_them() {
    let stage = Stage::new().await;
    let head = stage.append(day(Channel::Alipay, date(2026, 11, 20), 0)).await;
    let service = stage.serve().await;
    let client = Client::connect(&service).await;
    for (role, expected) in [
        (Role::Customer, Code::PermissionDenied),
        (Role::Owner, Code::PermissionDenied),
        (Role::Auditor, Code::NotFound),
    ] {
        let claims = Claims::new(Uuid::now_v7(), role, Timestamp::now(), role.lifetime_max());
        let claims = claims.in_chain(Uuid::from_u128(1));
        let channel = client.channel.with(Badge::signed(Signer::new(KEYS.clone()), claims));
        let request = GetReconciliationRequest {
            reconciliation_id: Uuid::now_v7().to_string(),
            min_position: head,
            ..GetReconciliationRequest::default()
        };
        let answer = ReconciliationServiceClient::new(channel)
            .get_reconciliation(patient(request))
            .await;
        assert_eq!(answer.unwrap_err().code(), expected, "{role:?}");
    }
    service.stop().await;
}
