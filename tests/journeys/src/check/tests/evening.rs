//! A sound evening, and how to number a spoilt one as if it were sound.

use std::collections::BTreeMap;

use baize_domain::device::{DesireReason, DeviceEvent, LightChannel};
use baize_domain::hall::HallPolicy;
use baize_domain::ids::{HoldId, MemberId, SessionId, TableId, TransactionId};
use baize_domain::journal::{Account, Entry as Side, JournalEvent, Source};
use baize_domain::session::{Bill, BillLine, CloseCause, SessionMode, TableSessionEvent};
use baize_domain::table::TableEvent;
use baize_domain::tariff::{Days, PinnedTariff, Tariff};
use baize_domain::wallet::{Split, TopUpChannel, WalletEvent};
use baize_domain::{Event, Fen};
use jiff::Timestamp;
use uuid::Uuid;

use crate::log::{Entry, Log, StoredResult};

/// One member, one table, one session of ¥12, paid from ¥10 of principal and ¥2 of bonus.
pub(super) fn evening() -> Log {
    let at = Timestamp::UNIX_EPOCH;
    let (table_id, session_id, member_id) = (TableId(id(1)), SessionId(id(2)), MemberId(id(3)));
    let (light, hold_id) = (
        LightChannel {
            device_id: id(4).into(),
            channel: 1,
        },
        HoldId(id(5)),
    );
    let posted = |source, entries: &[(Account, i64)], number| {
        let entries = entries
            .iter()
            .map(|(account, amount)| Side {
                account: *account,
                amount: Fen(*amount),
            })
            .collect();
        let transaction_id = TransactionId(id(number));
        Event::Journal(JournalEvent::TransactionPosted {
            transaction_id,
            hall_id: None,
            member_id,
            source,
            entries,
            at,
        })
    };
    let bill = Bill {
        lines: vec![BillLine::Prepaid {
            minutes: 60,
            amount: Fen(1200),
        }],
        total: Fen(1200),
    };
    let tariff = Tariff {
        name: "standard".to_owned(),
        price_per_hour: Fen(1200),
        bands: Vec::new(),
        step_minutes: 1,
        minimum: Fen(0),
        cap: None,
        grace_seconds: 0,
        ..Tariff::default()
    };
    let mut events = [
        (
            1,
            id(1),
            Event::Table(TableEvent::TableRegistered {
                table_id,
                hall_id: id(6).into(),
                label: "A1".to_owned(),
                class: Default::default(),
                tariff_plan_id: id(7).into(),
                light,
                qr_token: "token".to_owned(),
            }),
        ),
        (2, id(3), Event::Wallet(WalletEvent::WalletOpened { member_id, at })),
        (
            2,
            id(3),
            Event::Wallet(WalletEvent::TopUpCredited {
                top_up_id: id(8).into(),
                channel: TopUpChannel::Counter,
                amount: Split {
                    principal: Fen(1000),
                    bonus: Fen(300),
                },
                at,
            }),
        ),
        (
            2,
            id(11),
            posted(
                Source::TopUp(id(8).into()),
                &[
                    (Account::CounterClearing, 1000),
                    (Account::MemberPrincipal, -1000),
                    (Account::BonusCost, 300),
                    (Account::MemberBonus, -300),
                ],
                11,
            ),
        ),
        (
            3,
            id(2),
            Event::TableSession(TableSessionEvent::SessionOpened {
                session_id,
                table_id,
                hall_id: id(6).into(),
                member_id,
                mode: SessionMode::Postpaid {
                    hold_id,
                    held: Fen(1200),
                    covered_until: at,
                },
                light,
                tariff: PinnedTariff {
                    plan_id: id(7).into(),
                    version: 1,
                    tariff,
                    days: Days::default(),
                }
                .into(),
                discount: None,
                time_zone: "Asia/Shanghai".to_owned(),
                policy: HallPolicy::default(),
                opened_at: at,
            }),
        ),
        (3, id(1), Event::Table(TableEvent::TableOccupied { session_id, at })),
        (
            3,
            id(3),
            Event::Wallet(WalletEvent::FundsHeld {
                hold_id,
                session_id,
                amount: Fen(1200),
                at,
            }),
        ),
        (
            3,
            id(4),
            Event::Device(DeviceEvent::LightDesired {
                channel: 1,
                rev: 1,
                on: true,
                session_id: Some(session_id),
                not_after: Some(at),
                reason: DesireReason::SessionOpened,
                issued_at: at,
            }),
        ),
        (
            4,
            id(2),
            Event::TableSession(TableSessionEvent::SessionClosed {
                at,
                cause: CloseCause::Customer,
                reason: None,
                bill,
                light,
                light_until: at,
            }),
        ),
        (4, id(1), Event::Table(TableEvent::TableReleased { session_id, at })),
        (
            5,
            id(3),
            Event::Wallet(WalletEvent::HoldCaptured {
                hold_id,
                session_id,
                captured: Split {
                    principal: Fen(1000),
                    bonus: Fen(200),
                },
                released: Fen(0),
                at,
            }),
        ),
        (
            5,
            id(2),
            Event::TableSession(TableSessionEvent::SessionSettled {
                paid: Fen(1200),
                outstanding: Fen(0),
                at,
            }),
        ),
        (
            5,
            id(12),
            posted(
                Source::Settlement(session_id),
                &[
                    (Account::MemberPrincipal, 1000),
                    (Account::MemberBonus, 200),
                    (Account::Revenue, -1200),
                ],
                12,
            ),
        ),
    ];
    // Of what one request wrote, the session comes last.
    events.sort_by_key(|(request, _, event)| (*request, matches!(event, Event::TableSession(_))));
    let entries = events.into_iter().map(|(number, stream, event)| Entry {
        position: 0,
        aggregate_type: event.aggregate_type().to_owned(),
        aggregate_id: stream.to_string(),
        sequence: 0,
        event_type: event.event_type().to_owned(),
        payload: String::new(),
        metadata: BTreeMap::from([("request_id".to_owned(), request(number))]),
        event,
    });
    renumbered(Log {
        entries: entries.collect(),
        results: Vec::new(),
    })
}

/// The same events as a log that counts as it should, and answers that agree with it.
pub(super) fn renumbered(mut log: Log) -> Log {
    let mut sequences: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut answers: BTreeMap<Uuid, u64> = BTreeMap::new();
    for (entry, position) in log.entries.iter_mut().zip(1..) {
        let sequence = sequences
            .entry((entry.aggregate_type.clone(), entry.aggregate_id.clone()))
            .or_default();
        *sequence += 1;
        (entry.position, entry.sequence) = (position, *sequence);
        answers.insert(entry.request_id().unwrap(), position);
    }
    log.results = answers
        .into_iter()
        .map(|(request_id, position)| StoredResult { request_id, position })
        .collect();
    log
}

pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(super) fn request(number: u128) -> String {
    id(1000 + number).to_string()
}
