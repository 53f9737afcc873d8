//! Given events of people, then what is shown of them.

use std::sync::Arc;

use baize_domain::device::LightChannel;
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{ChainId, DeviceId, HallId, HoldId, MemberId, SessionId, TableId, TariffPlanId};
use baize_domain::level::LevelCode;
use baize_domain::member::MemberEvent;
use baize_domain::session::{SessionMode, TableSessionEvent};
use baize_domain::tariff::{Days, PinnedTariff, Tariff};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{MemberKind, Members};
use crate::engine::fold_all;

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const WHO: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
const CHAIN: Uuid = Uuid::from_u128(3);
const HALL: Uuid = Uuid::from_u128(4);

fn guest() -> Event {
    Event::Member(MemberEvent::GuestStarted {
        member_id: MemberId(WHO),
        chain_id: ChainId(CHAIN),
        at: AT,
    })
}

fn visit(session: u128) -> (Uuid, Event) {
    let tariff = PinnedTariff {
        plan_id: TariffPlanId::default(),
        version: 1,
        tariff: Tariff::default(),
        days: Days::default(),
    };
    let opened = TableSessionEvent::SessionOpened {
        session_id: SessionId(Uuid::from_u128(session)),
        table_id: TableId::default(),
        hall_id: HallId(HALL),
        member_id: MemberId(WHO),
        mode: SessionMode::Postpaid {
            hold_id: HoldId::default(),
            held: Fen::ZERO,
            covered_until: AT,
        },
        light: LightChannel {
            device_id: DeviceId::default(),
            channel: 1,
        },
        tariff: Arc::new(tariff),
        discount: None,
        time_zone: "Asia/Shanghai".to_owned(),
        policy: HallPolicy::default(),
        opened_at: AT,
    };
    (Uuid::from_u128(session), Event::TableSession(opened))
}

#[test]
fn a_guest_who_becomes_a_member_keeps_the_visits() {
    let upgraded = Event::Member(MemberEvent::GuestUpgraded {
        openid: None,
        nickname: None,
        at: AT,
    });
    let vip = Event::Member(MemberEvent::LevelChanged {
        level: LevelCode::try_new("vip", "level").unwrap(),
        at: AT,
    });
    let barred = Event::Member(MemberEvent::MemberBlacklisted {
        reason: "unpaid".to_owned(),
        at: AT,
    });
    let happened = vec![
        (WHO, guest()),
        visit(10),
        (WHO, upgraded),
        (WHO, vip),
        visit(11),
        (WHO, barred),
    ];
    let state = fold_all::<Members>(happened).unwrap();
    let row = state.members.get(WHO).unwrap();
    assert_eq!((row.kind, &*row.level, row.sessions), (MemberKind::Member, "vip", 2));
    assert_eq!(row.blacklisted.as_deref(), Some("unpaid"));
    assert_eq!((row.last_hall_id, row.joined, row.position), (Some(HALL), 1, 6));
}

#[test]
fn a_level_by_spending_shows_its_end_and_one_by_hand_has_none() {
    let level = |code: &str| LevelCode::try_new(code, "level").unwrap();
    let reached = MemberEvent::LevelReached {
        from: level("member"),
        level: level("gold"),
        spent: Fen(1),
        packs: Vec::new(),
        gift_points: 0,
        until: AT,
        at: AT,
    };
    let lost = MemberEvent::LevelLost {
        from: level("gold"),
        level: level("member"),
        spent: Fen(0),
        until: None,
        at: AT,
    };
    let by_hand = MemberEvent::LevelChanged {
        level: level("vip"),
        at: AT,
    };
    let shown = |events: Vec<MemberEvent>| {
        let events = events.into_iter().map(|event| (WHO, Event::Member(event)));
        let happened = std::iter::once((WHO, guest())).chain(events).collect();
        let state = fold_all::<Members>(happened).unwrap();
        let row = state.members.get(WHO).unwrap();
        (row.level.clone(), row.level_until.is_some())
    };
    assert_eq!(shown(vec![reached.clone()]), ("gold".to_owned(), true));
    assert_eq!(shown(vec![reached.clone(), lost]), ("member".to_owned(), false));
    assert_eq!(shown(vec![reached, by_hand]), ("vip".to_owned(), false));
}

#[test]
fn a_merged_guest_says_into_whom() {
    let merged = Event::Member(MemberEvent::GuestMerged {
        target_id: MemberId(OTHER),
        at: AT,
    });
    let state = fold_all::<Members>(vec![(WHO, guest()), (WHO, merged)]).unwrap();
    assert_eq!(state.members.get(WHO).unwrap().merged_into, Some(OTHER));
}

#[test]
fn nobody_changes_who_never_joined() {
    let login = Event::Member(MemberEvent::LoginRecorded { at: AT });
    assert!(fold_all::<Members>(vec![(WHO, login)]).is_err());
    assert!(fold_all::<Members>(vec![visit(10)]).unwrap().members.get(WHO).is_none());
}
