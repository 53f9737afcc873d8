//! Members and notices, as clients meet them.

use baize_domain::Event;
use baize_domain::level::LevelCode;
use baize_domain::member::MemberEvent;
use baize_proto::access::{Badge, Bearing, Claims, Role, Signer};
use baize_proto::hall::view::v1::member_directory_service_client::MemberDirectoryServiceClient;
use baize_proto::hall::view::v1::notice_service_client::NoticeServiceClient;
use baize_proto::hall::view::v1::statement_service_client::StatementServiceClient;
use baize_proto::hall::view::v1::{
    GetMemberRequest, GetWalletRequest, ListMembersRequest, ListNoticesRequest, ListWalletEntriesRequest, MemberKind,
    NoticeKind, WatchNoticesRequest, WatchNoticesResponse,
};
use jiff::Timestamp;
use tonic::transport::Endpoint;
use tonic::{Code, Streaming};
use uuid::Uuid;

use crate::evening::{Happened, Session, Table, at, hall, joined, topped_up, wallet_opened};
use crate::queries::Client;
use crate::stage::{KEYS, Stage, in_time, reach};

fn person(member_id: Uuid, event: MemberEvent) -> Happened {
    Happened {
        id: member_id,
        event: Event::Member(event),
    }
}

fn table() -> Table {
    Table {
        hall_id: Uuid::new_v4(),
        table_id: Uuid::new_v4(),
        device_id: Uuid::new_v4(),
        channel: 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_page_by_page_by_level_and_by_blacklist() {
    let stage = Stage::new().await;
    let (chain, elsewhere) = (Uuid::new_v4(), Uuid::new_v4());
    let people: Vec<_> = (0..5).map(|_| Uuid::now_v7()).collect();
    let table = table();
    let mut happened = vec![hall(table.hall_id, "球厅"), table.registered("A1")];
    happened.extend(people.iter().map(|id| joined(*id, chain)));
    happened.push(joined(Uuid::now_v7(), elsewhere));
    let level = LevelCode::try_new("vip", "level").unwrap();
    for who in &people[3..] {
        let level = level.clone();
        happened.push(person(*who, MemberEvent::LevelChanged { level, at: at(1) }));
    }
    let reason = "unpaid".to_owned();
    happened.push(person(people[4], MemberEvent::MemberBlacklisted { reason, at: at(2) }));
    let session = Session {
        table,
        session_id: Uuid::new_v4(),
        member_id: people[4],
    };
    happened.push(session.opened_postpaid(100, 3));
    let head = stage.append(happened).await;
    let service = stage.serve().await;
    let mut client = MemberDirectoryServiceClient::new(Client::connect(&service).await.channel);

    let mut request = ListMembersRequest {
        chain_id: chain.to_string(),
        page_size: 2,
        min_position: head,
        ..ListMembersRequest::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = client.list_members(request.clone()).await.unwrap().into_inner();
        listed.extend(page.members.into_iter().map(|member| member.member_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let newest_first: Vec<_> = people.iter().rev().map(Uuid::to_string).collect();
    assert_eq!(listed, newest_first);

    let vips = ListMembersRequest {
        level: "vip".to_owned(),
        page_size: 1,
        page_token: String::new(),
        ..request.clone()
    };
    let first = client.list_members(vips.clone()).await.unwrap().into_inner();
    assert_eq!(first.members[0].member_id, people[4].to_string());
    let barred = ListMembersRequest {
        blacklisted_only: true,
        ..vips.clone()
    };
    let barred = client.list_members(barred).await.unwrap().into_inner();
    assert_eq!((barred.members.len(), &*barred.next_page_token), (1, ""));
    assert_eq!(barred.members[0].blacklist_reason, "unpaid");
    let misused = ListMembersRequest {
        page_token: first.next_page_token,
        ..request
    };
    assert_eq!(
        client.list_members(misused).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    let shouted = ListMembersRequest {
        level: "VIP".to_owned(),
        ..vips
    };
    assert_eq!(
        client.list_members(shouted).await.unwrap_err().code(),
        Code::InvalidArgument
    );

    let who = GetMemberRequest {
        member_id: people[4].to_string(),
        min_position: head,
    };
    let shown = client.get_member(who).await.unwrap().into_inner().member.unwrap();
    assert_eq!(
        (shown.kind(), &*shown.level, shown.sessions),
        (MemberKind::Member, "vip", 1)
    );
    assert_eq!(shown.last_hall_id, session.table.hall_id.to_string());
    reach(&service, head).await;
    stage.verify_all(head).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_and_owners_read_the_wallets_of_their_chain_and_no_others() {
    let stage = Stage::new().await;
    let (chain, elsewhere) = (Uuid::new_v4(), Uuid::new_v4());
    let (member, stranger) = (Uuid::now_v7(), Uuid::now_v7());
    let mut happened = vec![joined(member, chain), joined(stranger, elsewhere)];
    for who in [member, stranger] {
        happened.extend([wallet_opened(who, 0), topped_up(who, Uuid::new_v4(), 5_000, 500, 1)]);
    }
    let head = stage.append(happened).await;
    let service = stage.serve().await;
    let address = format!("http://{}", service.grpc_address());
    let channel = Endpoint::from_shared(address).unwrap().connect().await.unwrap();
    for role in [Role::Staff, Role::Owner] {
        let claims = Claims::new(Uuid::now_v7(), role, Timestamp::now(), role.lifetime_max());
        let badge = Badge::signed(Signer::new(KEYS.clone()), claims.in_chain(chain));
        let mut client = StatementServiceClient::new(Bearing::new(channel.clone(), badge));
        let wallet = |who: Uuid| GetWalletRequest {
            member_id: who.to_string(),
            min_position: head,
        };
        let entries = |who: Uuid| ListWalletEntriesRequest {
            member_id: who.to_string(),
            min_position: head,
            ..ListWalletEntriesRequest::default()
        };
        let shown = client
            .get_wallet(wallet(member))
            .await
            .unwrap()
            .into_inner()
            .wallet
            .unwrap();
        assert_eq!((shown.principal_fen, shown.bonus_fen), (5_000, 500));
        let listed = client.list_wallet_entries(entries(member)).await.unwrap().into_inner();
        assert_eq!(listed.entries.len(), 1);
        for other in [stranger, Uuid::now_v7()] {
            let denied = [
                client.get_wallet(wallet(other)).await.unwrap_err(),
                client.list_wallet_entries(entries(other)).await.unwrap_err(),
            ];
            for status in denied {
                assert_eq!(status.code(), Code::PermissionDenied, "{role}: {status}");
            }
        }
    }
    service.stop().await;
}

async fn next(updates: &mut Streaming<WatchNoticesResponse>) -> WatchNoticesResponse {
    in_time("an update", updates.message()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_what_happens_as_it_happens_until_it_is_read() {
    let stage = Stage::new().await;
    let session = Session {
        table: table(),
        session_id: Uuid::new_v4(),
        member_id: Uuid::now_v7(),
    };
    let who = session.member_id;
    let head = stage
        .append(vec![
            hall(session.table.hall_id, "球厅"),
            session.table.registered("A1"),
            joined(who, Uuid::new_v4()),
            wallet_opened(who, 0),
            topped_up(who, Uuid::new_v4(), 5_000, 0, 0),
        ])
        .await;
    let service = stage.serve().await;
    reach(&service, head).await;
    let mut client = NoticeServiceClient::new(Client::connect(&service).await.channel);
    let watch = WatchNoticesRequest {
        member_id: who.to_string(),
    };
    let mut updates = client.watch_notices(watch).await.unwrap().into_inner();
    let first = next(&mut updates).await;
    assert!(first.snapshot);
    assert_eq!((first.notices.len(), first.unread), (1, 1));
    assert_eq!(first.notices[0].kind(), NoticeKind::ToppedUp);
    assert_eq!(
        first.notices[0].en.as_ref().unwrap().body,
        "¥50.00 has come into your balance."
    );

    // What happens to others is not told.
    let other = Session {
        session_id: Uuid::new_v4(),
        member_id: Uuid::now_v7(),
        ..session
    };
    stage
        .append(vec![other.opened_postpaid(100, 5), other.cancelled(8)])
        .await;
    stage.append(vec![session.opened_postpaid(100, 10)]).await;
    stage.append(vec![session.table.lit_for(session.session_id, 11)]).await;
    let open = next(&mut updates).await;
    assert!(!open.snapshot);
    assert_eq!((open.notices.len(), open.unread), (1, 2));
    let notice = &open.notices[0];
    assert_eq!((notice.kind(), notice.read), (NoticeKind::TableOpen, false));
    assert_eq!(notice.zh.as_ref().unwrap().title, "开台成功");
    assert!(notice.zh.as_ref().unwrap().body.contains("A1"));

    let read = MemberEvent::NoticesRead {
        up_to: notice.position,
        at: at(12),
    };
    let head = stage.append(vec![person(who, read)]).await;
    let read = next(&mut updates).await;
    assert_eq!((read.notices.len(), read.unread), (0, 0));
    let list = ListNoticesRequest {
        member_id: who.to_string(),
        page_size: 1,
        min_position: head,
        ..ListNoticesRequest::default()
    };
    let page = client.list_notices(list.clone()).await.unwrap().into_inner();
    assert_eq!(
        (page.notices[0].kind(), page.notices[0].read),
        (NoticeKind::TableOpen, true)
    );
    let second = ListNoticesRequest {
        page_token: page.next_page_token,
        ..list
    };
    let page = client.list_notices(second).await.unwrap().into_inner();
    assert_eq!(
        (page.notices[0].kind(), &*page.next_page_token),
        (NoticeKind::ToppedUp, "")
    );
    reach(&service, head).await;
    stage.verify_all(head).await;
    service.stop().await;
}
