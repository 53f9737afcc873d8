//! Given what happens, then who is told what.

use std::sync::Arc;

use baize_domain::complaint::ComplaintEvent;
use baize_domain::device::{DeviceEvent, FailureKind, LightChannel};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{DeviceId, HallId, HoldId, MemberId, SessionId, TableId, TariffPlanId, TopUpId};
use baize_domain::level::LevelCode;
use baize_domain::member::MemberEvent;
use baize_domain::personal::Sealed;
use baize_domain::session::{CancelReason, SessionMode, TableSessionEvent, Warning};
use baize_domain::split::{OPENER, SplitEvent};
use baize_domain::table::TableEvent;
use baize_domain::tariff::{Days, PinnedTariff, Tariff};
use baize_domain::wallet::{Split, TopUpChannel, WalletEvent};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use super::{NoticeKind, Notices, NoticesState};
use crate::engine::fold_all;

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const WHO: Uuid = Uuid::from_u128(1);
const SESSION: Uuid = Uuid::from_u128(2);
const TABLE: Uuid = Uuid::from_u128(3);
const DEVICE: Uuid = Uuid::from_u128(4);

fn renamed(label: &str) -> (Uuid, Event) {
    let label = label.to_owned();
    (TABLE, Event::Table(TableEvent::TableRenamed { label }))
}

fn happened(event: TableSessionEvent) -> (Uuid, Event) {
    (SESSION, Event::TableSession(event))
}

fn opened() -> (Uuid, Event) {
    let tariff = PinnedTariff {
        plan_id: TariffPlanId::default(),
        version: 1,
        tariff: Tariff::default(),
        days: Days::default(),
    };
    happened(TableSessionEvent::SessionOpened {
        session_id: SessionId(SESSION),
        table_id: TableId(TABLE),
        hall_id: HallId::default(),
        member_id: MemberId(WHO),
        mode: SessionMode::Postpaid {
            hold_id: HoldId::default(),
            held: Fen::ZERO,
            covered_until: AT,
        },
        light: LightChannel {
            device_id: DeviceId(DEVICE),
            channel: 1,
        },
        tariff: Arc::new(tariff),
        discount: None,
        time_zone: "Asia/Shanghai".to_owned(),
        policy: HallPolicy::default(),
        opened_at: AT,
    })
}

fn lit(on: bool) -> (Uuid, Event) {
    let confirmed = DeviceEvent::LightConfirmed {
        channel: 1,
        rev: 1,
        session_id: Some(SessionId(SESSION)),
        on,
        latency_ms: 80,
        attempts: 1,
        at: AT,
    };
    (DEVICE, Event::Device(confirmed))
}

fn failed() -> (Uuid, Event) {
    let failed = DeviceEvent::LightFailed {
        channel: 1,
        rev: 1,
        session_id: Some(SessionId(SESSION)),
        kind: FailureKind::Unreachable,
        at: AT,
    };
    (DEVICE, Event::Device(failed))
}

fn told(events: Vec<(Uuid, Event)>) -> Vec<(NoticeKind, String, i64)> {
    let state: NoticesState = fold_all::<Notices>(events).unwrap();
    let mut notices: Vec<_> = state.notices.iter().cloned().collect();
    notices.sort_by_key(|notice| notice.position);
    assert!(notices.iter().all(|notice| notice.member_id == WHO));
    let shown = notices
        .into_iter()
        .map(|notice| (notice.kind, notice.table_label, notice.amount_fen));
    shown.collect()
}

#[test]
fn a_table_is_told_open_once_when_its_light_is_on() {
    let label = "A1".to_owned();
    let events = vec![renamed("A1"), opened(), lit(true), lit(true), renamed("B1"), lit(false)];
    assert_eq!(told(events), [(NoticeKind::TableOpen, label, 0)]);
}

#[test]
fn a_light_that_fails_before_it_was_on_is_told_as_the_cancelled_opening() {
    let cancelled = happened(TableSessionEvent::SessionCancelled {
        reason: CancelReason::LightNotConfirmed,
        at: AT,
    });
    let events = vec![opened(), failed(), cancelled, lit(true)];
    assert_eq!(told(events), [(NoticeKind::OpeningCancelled, String::new(), 0)]);
    let kinds = told(vec![opened(), lit(true), failed()])
        .into_iter()
        .map(|(kind, ..)| kind);
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [NoticeKind::TableOpen, NoticeKind::LightFailed]
    );
}

#[test]
fn warnings_bills_and_money_are_told_with_their_amounts() {
    let warned = happened(TableSessionEvent::CustomerWarned {
        warning: Warning::PrepaidEnding { minutes: 5 },
        at: AT,
    });
    let settled = happened(TableSessionEvent::SessionSettled {
        paid: Fen(900),
        outstanding: Fen(100),
        at: AT,
    });
    let split = |fen| Split {
        principal: Fen(fen),
        bonus: Fen(20),
    };
    let topped_up = Event::Wallet(WalletEvent::TopUpCredited {
        top_up_id: TopUpId::default(),
        channel: TopUpChannel::Counter,
        amount: split(500),
        at: AT,
    });
    let given_back = Event::Wallet(WalletEvent::TopUpCredited {
        top_up_id: TopUpId::default(),
        channel: TopUpChannel::Compensation {
            session_id: SessionId(SESSION),
        },
        amount: split(300),
        at: AT,
    });
    let paid = |fen, outstanding| {
        Event::Wallet(WalletEvent::DebtPaid {
            session_id: SessionId(SESSION),
            paid: split(fen),
            outstanding: Fen(outstanding),
            at: AT,
        })
    };
    let events = vec![
        opened(),
        warned,
        settled,
        (WHO, topped_up),
        (WHO, paid(10, 70)),
        (WHO, paid(50, 0)),
        (WHO, given_back),
    ];
    let expected = [
        (NoticeKind::TimeEnding, 0),
        (NoticeKind::BillDue, 100),
        (NoticeKind::ToppedUp, 520),
        (NoticeKind::BillPaid, 70),
        (NoticeKind::Compensated, 320),
    ];
    let told: Vec<_> = told(events)
        .into_iter()
        .map(|(kind, _, amount)| (kind, amount))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn levels_are_told_when_they_are_reached_and_when_they_are_lost() {
    let level = |code: &str| LevelCode::try_new(code, "level").unwrap();
    let reached = MemberEvent::LevelReached {
        from: level("member"),
        level: level("gold"),
        spent: Fen(1),
        packs: vec![level("gold")],
        gift_points: 200,
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
    let events = [reached, lost].map(|event| (WHO, Event::Member(event)));
    let state = fold_all::<Notices>(events.to_vec()).unwrap();
    let told: Vec<_> = state
        .notices
        .changed()
        .map(|notice| (notice.kind, notice.level.clone().unwrap_or_default(), notice.points))
        .collect();
    let expected = [
        (NoticeKind::LevelReached, "gold".to_owned(), 200),
        (NoticeKind::LevelLost, "member".to_owned(), 0),
    ];
    assert!(
        told.len() == 2 && expected.iter().all(|notice| told.contains(notice)),
        "{told:?}"
    );
}

#[test]
fn nobody_reads_what_is_not_there_yet() {
    let read = |up_to| {
        let read = MemberEvent::NoticesRead { up_to, at: AT };
        (WHO, Event::Member(read))
    };
    let marked = |events| {
        let state: NoticesState = fold_all::<Notices>(events).unwrap();
        state.marks.get(WHO).map(|mark| mark.read_to)
    };
    assert_eq!(marked(vec![opened(), lit(true), read(1)]), Some(1));
    assert_eq!(marked(vec![opened(), lit(true), read(u64::MAX)]), Some(3));
}

#[test]
fn of_a_split_each_person_is_told_what_it_means_for_them() {
    let (opener, payer) = (MemberId(WHO), MemberId(Uuid::from_u128(9)));
    let amount = Split {
        principal: Fen(200),
        bonus: Fen(100),
    };
    let paid = |ordinal, member_id| SplitEvent::SharePaid {
        round: 1,
        ordinal,
        member_id,
        amount,
        at: AT,
    };
    let events = [
        SplitEvent::ChargingBegan {
            round: 1,
            opener,
            bill: Fen(600),
            ordinals: vec![0, 1],
            ends_at: AT,
            at: AT,
        },
        paid(OPENER, opener),
        paid(1, payer),
        SplitEvent::SplitCompleted {
            round: 1,
            opener,
            bill: Fen(600),
            ordinals: vec![1],
            people: vec![payer],
            at: AT,
        },
        SplitEvent::ShareDelivered {
            round: 1,
            ordinal: 1,
            member_id: payer,
            amount,
            at: AT,
        },
    ];
    let events = events.map(|event| (Uuid::from_u128(5), Event::BillSplit(event)));
    let state = fold_all::<Notices>(events.into()).unwrap();
    let mut told: Vec<_> = state
        .notices
        .iter()
        .map(|notice| (notice.position, notice.member_id, notice.kind, notice.amount_fen))
        .collect();
    told.sort_unstable_by_key(|(position, ..)| *position);
    let told: Vec<_> = told
        .into_iter()
        .map(|(_, who, kind, amount)| (who, kind, amount))
        .collect();
    assert_eq!(
        told,
        [
            (WHO, NoticeKind::SplitCharging, 600),
            (payer.0, NoticeKind::ShareTaken, 300),
            (WHO, NoticeKind::SplitDone, 600),
            (payer.0, NoticeKind::ShareDone, 300),
        ],
        "of the opener nothing is taken"
    );
}

#[test]
fn who_complains_is_told_of_the_answer_and_the_close_and_who_is_to_see_to_it_that_they_are() {
    let (staff, owner) = (Uuid::from_u128(8), Uuid::from_u128(9));
    let events = [
        ComplaintEvent::ComplaintAssigned {
            to: staff,
            by: owner,
            at: AT,
        },
        // Who takes it knows.
        ComplaintEvent::ComplaintAssigned {
            to: owner,
            by: owner,
            at: AT,
        },
        ComplaintEvent::ComplaintAnswered {
            member_id: MemberId(WHO),
            words: Sealed(String::new()),
            promised: None,
            by: staff,
            at: AT,
        },
        ComplaintEvent::ComplaintClosed {
            member_id: MemberId(WHO),
            by: staff,
            at: AT,
        },
    ];
    let events = events.map(|event| (SESSION, Event::Complaint(event)));
    let state = fold_all::<Notices>(events.to_vec()).unwrap();
    let mut told: Vec<_> = state
        .notices
        .changed()
        .map(|notice| (notice.position, notice.member_id, notice.kind))
        .collect();
    told.sort_unstable_by_key(|(position, ..)| *position);
    let told: Vec<_> = told.into_iter().map(|(_, who, kind)| (who, kind)).collect();
    let expected = [
        (staff, NoticeKind::ComplaintAssigned),
        (WHO, NoticeKind::ComplaintAnswered),
        (WHO, NoticeKind::ComplaintClosed),
    ];
    assert_eq!(told, expected);
}
