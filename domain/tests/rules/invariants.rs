//! Invariants 4 and 6 of the architecture, under random commands at random times: every transaction of the journal sums to zero; a wallet
//! equals the sum of its entries and is never negative; principal and bonus are apart; at most one open session per table; no light is
//! desired on without an end.

use std::collections::{BTreeMap, BTreeSet};

use baize_domain::command::{Command, OpenMode};
use baize_domain::device::DeviceEvent;
use baize_domain::hall::{Goods, HallPolicy};
use baize_domain::ids::{MemberId, SessionId, TableId};
use baize_domain::journal::{Account, JournalEvent};
use baize_domain::session::{
    BillLine, BillingStartCause, CancelReason, CloseCause, LapseReason, Phase, ResumeCause, TableSessionEvent,
};
use baize_domain::table::TableEvent;
use baize_domain::tariff::pricing::seconds_after;
use baize_domain::tariff::{Package, PackageTime, Tariff};
use baize_domain::{Event, Fen};
use proptest::prelude::*;

use super::world::{HALL, World, at, balances, credit, member_id, open, session_id, table_id, yuan_a_minute};

const TABLES: u8 = 2;
const MEMBERS: u8 = 3;

/// The package of every tariff.
const PACKAGE: &str = "half_an_hour";

/// What every hall sells.
const GOODS: &str = "cola";

/// What somebody tries next. Sessions are named by their place among all sessions, counted from the newest.
#[derive(Clone, Debug)]
enum Action {
    TopUp(u8, i64, i64),
    Open(u8, u8, OpenMode),
    OpenOrWait(u8, u8, OpenMode),
    Pay(usize),
    Lapse(usize, LapseReason),
    StartBilling(usize, BillingStartCause),
    Extend(usize, u32),
    Renew(usize),
    Close(usize, CloseCause),
    /// By staff, when the money is used up and the light is about to go off.
    CloseLate(usize),
    Cancel(usize),
    Transfer(usize, u8),
    Pause(usize),
    Resume(usize, ResumeCause),
    Settle(usize),
    PayBill(usize),
    AddGoods(usize, u32),
    RemoveGoods(usize, u32),
    EndMaintenance(u8),
    /// A command of before, once more, counted from the newest.
    Again(usize),
}

fn actions() -> impl Strategy<Value = Action> {
    let session = prop_oneof![4 => 0usize..2, 1 => 2usize..6];
    let mode = prop_oneof![
        Just(OpenMode::Postpaid),
        Just(OpenMode::Deposit),
        (1u32..100).prop_map(|minutes| OpenMode::Prepaid { minutes }),
        Just(OpenMode::Package { code: PACKAGE.into() }),
    ];
    let cause = prop_oneof![
        Just(CloseCause::Customer),
        Just(CloseCause::Staff),
        Just(CloseCause::PrepaidEnd),
        Just(CloseCause::HoldExhausted),
    ];
    let start = prop_oneof![
        Just(BillingStartCause::LightConfirmed),
        Just(BillingStartCause::Deadline),
    ];
    let lapse = prop_oneof![
        Just(LapseReason::NotPaid),
        Just(LapseReason::Refused),
        Just(LapseReason::Cancelled)
    ];
    let resume = prop_oneof![Just(ResumeCause::Staff), Just(ResumeCause::Limit)];
    prop_oneof![
        1 => (1..=MEMBERS, 0i64..9_000, 0i64..2_000).prop_map(|(m, p, b)| Action::TopUp(m, p, b)),
        5 => (1..=TABLES, 1..=MEMBERS, mode.clone()).prop_map(|(t, m, mode)| Action::Open(t, m, mode)),
        3 => (1..=TABLES, 1..=MEMBERS, mode.clone()).prop_map(|(t, m, mode)| Action::OpenOrWait(t, m, mode)),
        3 => session.clone().prop_map(Action::Pay),
        2 => (session.clone(), lapse).prop_map(|(s, reason)| Action::Lapse(s, reason)),
        8 => (session.clone(), start).prop_map(|(s, cause)| Action::StartBilling(s, cause)),
        3 => (session.clone(), 1u32..60).prop_map(|(s, minutes)| Action::Extend(s, minutes)),
        3 => session.clone().prop_map(Action::Renew),
        5 => (session.clone(), cause).prop_map(|(s, cause)| Action::Close(s, cause)),
        3 => session.clone().prop_map(Action::CloseLate),
        1 => session.clone().prop_map(Action::Cancel),
        3 => (session.clone(), 1..=TABLES).prop_map(|(s, table)| Action::Transfer(s, table)),
        2 => session.clone().prop_map(Action::Pause),
        2 => (session.clone(), resume).prop_map(|(s, cause)| Action::Resume(s, cause)),
        4 => session.clone().prop_map(Action::Settle),
        2 => session.clone().prop_map(Action::PayBill),
        4 => (session.clone(), 1u32..4).prop_map(|(s, n)| Action::AddGoods(s, n)),
        2 => (session, 1u32..3).prop_map(|(s, n)| Action::RemoveGoods(s, n)),
        1 => (1..=TABLES).prop_map(Action::EndMaintenance),
        2 => (0usize..20).prop_map(Action::Again),
    ]
}

/// The command of an action, given how many sessions and top-ups there were and all commands so far.
fn command(action: Action, sessions: u16, now: jiff::Timestamp, past: &[Command]) -> Option<Command> {
    let nth = |back: usize| {
        let back = u16::try_from(back).expect("a small number");
        session_id(sessions.saturating_sub(back).max(1))
    };
    Some(match action {
        Action::TopUp(member, principal, bonus) => {
            let n = u16::try_from(past.len()).expect("a small number");
            credit(member, n, principal, bonus)
        }
        Action::Open(table, member, mode) => open(sessions + 1, table, member, mode),
        Action::OpenOrWait(table, member, mode) => Command::OpenTable {
            session_id: session_id(sessions + 1),
            table_id: table_id(table),
            member_id: member_id(member),
            mode,
            wait_for_payment: true,
        },
        Action::Pay(back) => Command::PayOpening { session_id: nth(back) },
        Action::Lapse(back, reason) => Command::LapseOpening {
            session_id: nth(back),
            reason,
        },
        Action::StartBilling(back, cause) => Command::StartBilling {
            session_id: nth(back),
            cause,
            at: now,
        },
        Action::Extend(back, minutes) => Command::ExtendSession {
            session_id: nth(back),
            minutes,
        },
        Action::Renew(back) => Command::RenewHold { session_id: nth(back) },
        Action::Close(back, cause) => Command::CloseSession {
            session_id: nth(back),
            cause,
        },
        Action::CloseLate(back) => Command::CloseSession {
            session_id: nth(back),
            cause: CloseCause::Staff,
        },
        Action::Cancel(back) => Command::CancelSession {
            session_id: nth(back),
            reason: CancelReason::LightNotConfirmed,
        },
        Action::Transfer(back, table) => Command::TransferSession {
            session_id: nth(back),
            table_id: table_id(table),
        },
        Action::Pause(back) => Command::PauseSession {
            session_id: nth(back),
            reason: "断电".into(),
        },
        Action::Resume(back, cause) => Command::ResumeSession {
            session_id: nth(back),
            cause,
        },
        Action::AddGoods(back, quantity) => Command::AddGoods {
            session_id: nth(back),
            code: GOODS.into(),
            quantity,
            by_customer: true,
        },
        Action::RemoveGoods(back, quantity) => Command::RemoveGoods {
            session_id: nth(back),
            code: GOODS.into(),
            quantity,
            reason: "not what was asked for".into(),
        },
        Action::PayBill(back) => Command::PayBill { session_id: nth(back) },
        Action::Settle(back) => Command::SettleSession { session_id: nth(back) },
        Action::EndMaintenance(table) => Command::EndMaintenance {
            table_id: table_id(table),
        },
        Action::Again(back) => past.iter().rev().nth(back)?.clone(),
    })
}

fn tariff() -> impl Strategy<Value = Tariff> {
    (
        1u32..=60,
        prop_oneof![Just(0i64), Just(3_000)],
        proptest::option::of(3_000i64..9_000),
        prop_oneof![Just(0u32), Just(180)],
        0i64..9_000,
    )
        .prop_map(|(step_minutes, minimum, cap, grace_seconds, price)| Tariff {
            price_per_hour: Fen(price),
            step_minutes,
            minimum: Fen(minimum),
            cap: cap.map(Fen),
            grace_seconds,
            packages: vec![Package {
                code: PACKAGE.into(),
                name: "半小时".into(),
                price: Fen(2_500),
                time: PackageTime::Minutes {
                    minutes: 30,
                    sold: None,
                },
            }],
            ..yuan_a_minute()
        })
}

/// What must hold after every command.
fn check(world: &World) {
    check_books(world);
    check_tables(world);
    check_members(world);
}

fn check_books(world: &World) {
    let books = balances(world);
    for member in (1..=MEMBERS).map(member_id) {
        let of = |account| books.get(&(member, account)).copied().unwrap_or_default();
        let wallet = world.wallets.get(&member).cloned().unwrap_or_default();
        // Liabilities are credits: what the member has is what the hall owes.
        assert_eq!(-of(Account::MemberPrincipal), wallet.balance().principal);
        assert_eq!(-of(Account::MemberBonus), wallet.balance().bonus);
        let owed: Fen = wallet.debts.iter().map(|debt| debt.outstanding).sum();
        assert_eq!(of(Account::Receivable), owed);
        let prepaid: Fen = wallet
            .sessions
            .iter()
            .filter_map(|session| wallet.prepaid_for(session.session_id))
            .map(|amount| amount.total())
            .sum();
        assert_eq!(-of(Account::PrepaidDeferred), prepaid);
        assert!(wallet.held() <= wallet.balance().total());
        for lot in wallet.lots.iter() {
            let left = lot.remaining;
            assert!(left.principal >= Fen::ZERO && left.bonus >= Fen::ZERO);
            assert!(left.total() > Fen::ZERO, "spent lots are dropped");
        }
    }
    let all: Fen = books.values().copied().sum();
    assert_eq!(all, Fen::ZERO);
}

fn check_tables(world: &World) {
    for (id, table) in &world.tables {
        let open: Vec<SessionId> = world
            .sessions
            .iter()
            .filter(
                |(_, session)| match (session.phase, &session.opening, &session.awaited) {
                    (Phase::Open, Some(opening), _) => session.place(opening).table_id == *id,
                    (Phase::Awaiting, _, Some(awaited)) => awaited.asked.table_id == *id,
                    _ => false,
                },
            )
            .map(|(session_id, _)| *session_id)
            .collect();
        assert_eq!(open, Vec::from_iter(table.session_id));
    }
}

fn check_members(world: &World) {
    let mut unfinished: BTreeMap<MemberId, Vec<SessionId>> = BTreeMap::new();
    for (session_id, session) in &world.sessions {
        if let (Phase::Open | Phase::Closed, Some(opening)) = (session.phase, &session.opening) {
            unfinished.entry(opening.member_id).or_default().push(*session_id);
        }
        if let (Phase::Awaiting, Some(awaited)) = (session.phase, &session.awaited) {
            unfinished.entry(awaited.asked.member_id).or_default().push(*session_id);
        }
    }
    for (member, wallet) in &world.wallets {
        let stands_for: Vec<SessionId> = wallet.sessions.iter().map(|s| s.session_id).collect();
        assert_eq!(stands_for, unfinished.remove(member).unwrap_or_default());
        assert!(stands_for.len() <= 1);
    }
    assert!(unfinished.is_empty());
}

/// What must hold of the log as a whole.
fn check_log(world: &World) {
    let mut occupied: BTreeMap<String, SessionId> = BTreeMap::new();
    let mut closed = BTreeSet::new();
    let mut reaches: BTreeMap<(SessionId, u8), jiff::Timestamp> = BTreeMap::new();
    for (stream, event) in &world.log {
        match event {
            Event::Journal(JournalEvent::TransactionPosted { entries, .. }) => {
                let sum: Fen = entries.iter().map(|entry| entry.amount).sum();
                assert_eq!(sum, Fen::ZERO);
            }
            Event::Table(TableEvent::TableOccupied { session_id, .. }) => {
                assert_eq!(occupied.insert(stream.clone(), *session_id), None);
            }
            Event::Table(TableEvent::TableReleased { session_id, .. }) => {
                assert_eq!(occupied.remove(stream), Some(*session_id));
            }
            Event::TableSession(
                TableSessionEvent::SessionClosed { .. } | TableSessionEvent::SessionCancelled { .. },
            ) => assert!(closed.insert(stream.clone()), "one end for each session"),
            Event::Device(DeviceEvent::LightDesired {
                channel,
                on,
                session_id: Some(session_id),
                not_after,
                ..
            }) => {
                assert_eq!(*on, not_after.is_some(), "on has an end, off needs none");
                match not_after {
                    Some(not_after) => reaches.insert((*session_id, *channel), *not_after),
                    None => reaches.remove(&(*session_id, *channel)),
                };
            }
            _ => {}
        }
        if let Event::TableSession(TableSessionEvent::SessionClosed { bill, .. }) = event {
            let sum: Fen = bill.lines.iter().map(BillLine::amount).sum();
            assert_eq!(sum, bill.total);
        }
    }
    // A light's last end is that of play under it, and what the policy adds to it.
    for ((session_id, channel), not_after) in reaches {
        let session = &world.sessions[&session_id];
        let opening = session.opening.as_ref().expect("an opening");
        let policy = &opening.policy;
        let longest_pause = session.pause.map_or(0, |_| policy.pause_minutes_max * 60);
        let most = match (&session.closing, left_at(world, session_id, channel)) {
            (_, Some(left_at)) => seconds_after(left_at, policy.linger_seconds),
            (Some(closing), None) => seconds_after(closing.at, policy.linger_seconds),
            (None, None) => seconds_after(
                session.covered_until,
                policy.linger_seconds
                    + policy.billing_start_seconds_max
                    + longest_pause
                    + opening.courtesy_minutes() * 60,
            ),
        };
        assert!(not_after <= most, "{not_after} is after {most}");
    }
}

/// When a session left the table under a light for good.
fn left_at(world: &World, session_id: SessionId, channel: u8) -> Option<jiff::Timestamp> {
    let session = &world.sessions[&session_id];
    let place = session.place(session.opening.as_ref()?);
    let mut moves = world.log.iter().rev().filter_map(|(stream, event)| match event {
        Event::TableSession(TableSessionEvent::SessionTransferred { left_light, at, .. })
            if *stream == session_id.to_string() && left_light.channel == channel =>
        {
            Some(*at)
        }
        _ => None,
    });
    moves.next().filter(|_| place.light.channel != channel)
}

/// Everything that is still open is brought to its end; then nothing is held and nothing is deferred.
fn wind_up(world: &mut World, now: jiff::Timestamp) {
    let tables: Vec<TableId> = world.tables.keys().copied().collect();
    let sessions: Vec<SessionId> = world.sessions.keys().copied().collect();
    for session_id in sessions {
        let cause = CloseCause::Staff;
        let reason = LapseReason::Refused;
        let _ = world.execute(&Command::LapseOpening { session_id, reason }, now);
        let _ = world.execute(&Command::CloseSession { session_id, cause }, now);
        let _ = world.execute(&Command::SettleSession { session_id }, now);
    }
    check(world);
    for (id, wallet) in &world.wallets {
        assert!(wallet.sessions.is_empty(), "{id} still stands for a session");
        assert_eq!(wallet.held(), Fen::ZERO);
    }
    for table in tables {
        assert_eq!(world.tables[&table].session_id, None);
    }
    let deferred: Fen = balances(world)
        .iter()
        .filter(|((_, account), _)| *account == Account::PrepaidDeferred)
        .map(|(_, amount)| *amount)
        .sum();
    assert_eq!(deferred, Fen::ZERO);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn money_tables_and_lights_stay_in_order(
        tariff in tariff(),
        linger_seconds in prop_oneof![Just(0u32), Just(180)],
        auto_close_minutes in prop_oneof![Just(0u32), Just(5)],
        steps in proptest::collection::vec((prop_oneof![0u32..120, 0u32..4_000], actions()), 1..150),
    ) {
        let policy = HallPolicy { linger_seconds, auto_close_minutes, ..HallPolicy::default() };
        let mut world = World::new(tariff, policy, TABLES);
        let mut now = at("2026-03-02T10:00:00Z");
        let goods = vec![Goods {
            code: GOODS.into(),
            name_zh: "可乐".into(),
            name_en: "Cola".into(),
            price: Fen(600),
            retired: false,
        }];
        world.run(&Command::ListGoods { hall_id: HALL, goods }, now);
        for member in 1..=MEMBERS {
            world.top_up(member, 1_000 + u16::from(member), 9_000, 1_000, now);
        }
        let mut past = Vec::new();
        for (seconds, action) in steps {
            now = seconds_after(now, seconds);
            let sessions = u16::try_from(world.sessions.len()).expect("a small number");
            let Some(command) = command(action.clone(), sessions, now, &past) else {
                continue;
            };
            if let (Action::CloseLate(_), Command::CloseSession { session_id, .. }) = (&action, &command)
                && let Some(session) = world.sessions.get(session_id)
            {
                now = now.max(seconds_after(session.covered_until, 170));
            }
            let before = world.log.len();
            match world.execute(&command, now) {
                Ok(_) => {}
                Err(refusal) => {
                    prop_assert_eq!(world.log.len(), before);
                    prop_assert!(!refusal.reason.is_empty() && !refusal.next_step.is_empty());
                    // These would be faults of the program.
                    prop_assert!(!refusal.reason.starts_with("TRANSACTION_UN"), "{}", refusal);
                    prop_assert_ne!(refusal.reason.as_str(), "SESSION_NOT_SECURED");
                }
            }
            check(&world);
            past.push(command);
        }
        check_log(&world);
        wind_up(&mut world, seconds_after(now, 60));
        check_log(&world);
    }
}
