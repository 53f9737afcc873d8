//! What the views show.

use std::collections::BTreeSet;

use baize_domain::device::FailureKind;
use baize_domain::payment::Channel;
use baize_projections::{Options, Projections, VIEWS};
use baize_proto::hall::table::v1::bill_line;
use baize_proto::hall::view::v1::wallet_entry::Kind;
use baize_proto::hall::view::v1::{BillStatus, BoardTable, LightStatus, SessionBill, TableStatus};
use jiff::civil::date;
use uuid::Uuid;

use crate::evening::{Session, Table, at, bill, device, hall, topped_up, wallet_opened};
use crate::payments::{Paying, compensation_asked, compensation_decided};
use crate::queries::Client;
use crate::reconciliations;
use crate::stage::{NO_NATS, Stage, reach};

#[tokio::test(flavor = "multi_thread")]
async fn every_view_equals_the_fold_of_the_log_however_it_was_batched() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(1).await;
    let service = stage.serve().await;
    // Unit by unit while the service follows, then more than one batch at once.
    let position = stage.append_all(evening.events(600)).await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    let position = stage.append_bulk(evening.events(5_000)).await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_not_kept_in_memory_are_loaded_when_they_are_needed() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(9).await;
    let options = Options {
        rows_held_max: 0,
        ..stage.options(NO_NATS)
    };
    let service = Projections::start(options).await.unwrap();
    // Each event alone in its batch: nothing that it needs is there by luck.
    let mut position = 0;
    let paying = Paying::new(Uuid::now_v7(), None);
    let refund = paying.refund_asked(Uuid::now_v7(), Uuid::now_v7(), 2);
    let reconciled = reconciliations::day(Channel::Alipay, date(2026, 11, 20), 2);
    let (session_id, compensation_id) = (Uuid::now_v7(), Uuid::now_v7());
    let given = vec![
        refund,
        compensation_asked(session_id, compensation_id, true, 3),
        compensation_decided(session_id, compensation_id, 4),
    ];
    let paid = [paying.started(0), paying.paid(1), given, reconciled].concat();
    for event in evening.events(250).into_iter().flatten().chain(paid) {
        position = stage.append(vec![event]).await;
        reach(&service, position).await;
    }
    stage.verify_all(position).await;
    service.stop().await;
}

/// One table, one member, told step by step.
struct Story {
    stage: Stage,
    client: Client,
    service: baize_projections::Projections,
    table: Table,
    session: Session,
}

impl Story {
    async fn begin() -> Self {
        let stage = Stage::new().await;
        let service = stage.serve().await;
        let table = Table {
            hall_id: Uuid::new_v4(),
            table_id: Uuid::new_v4(),
            device_id: Uuid::new_v4(),
            channel: 2,
        };
        let session = Session {
            table,
            session_id: Uuid::new_v4(),
            member_id: Uuid::new_v4(),
        };
        stage
            .append(vec![
                hall(table.hall_id, "东门球厅"),
                device(table.hall_id, table.device_id),
                table.registered("A1"),
                // The same relay switches another table's light, which must not follow this one's.
                Table {
                    table_id: Uuid::new_v4(),
                    channel: 1,
                    ..table
                }
                .registered("A2"),
                wallet_opened(session.member_id, 0),
                topped_up(session.member_id, Uuid::new_v4(), 10_000, 500, 1),
            ])
            .await;
        let client = Client::connect(&service).await;
        Self {
            stage,
            client,
            service,
            table,
            session,
        }
    }

    async fn table_after(&mut self, happened: Vec<crate::evening::Happened>) -> BoardTable {
        let position = self.stage.append(happened).await;
        let board = self.client.board(self.table.hall_id, position).await.unwrap();
        assert!(board.position >= position);
        assert_eq!(board.tables.len(), 2);
        assert_eq!(board.tables[1].light(), LightStatus::Off, "the other table's light");
        board.tables[0].clone()
    }

    async fn bill(&mut self) -> SessionBill {
        let position = self.stage.log.head().await.unwrap();
        self.client
            .bill(self.session.session_id, position)
            .await
            .unwrap()
            .bill
            .unwrap()
    }

    async fn end(self) {
        let position = self.stage.log.head().await.unwrap();
        reach(&self.service, position).await;
        self.stage.verify_all(position).await;
        self.service.stop().await;
    }
}

fn seconds(timestamp: Option<prost_types::Timestamp>) -> Option<(i64, i32)> {
    timestamp.map(|timestamp| (timestamp.seconds, timestamp.nanos))
}

fn stored(second: i64) -> Option<(i64, i32)> {
    // Microseconds are kept.
    Some((at(second).as_second(), 123_456_000))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_a_session_from_opening_to_close() {
    let mut story = Story::begin().await;
    let (table, session) = (story.table, story.session);

    let idle = story.table_after(vec![]).await;
    assert_eq!(
        (idle.label.as_str(), idle.status(), idle.light()),
        ("A1", TableStatus::Idle, LightStatus::Off)
    );
    assert_eq!(idle.session_id, "");

    let opened = story
        .table_after(vec![
            table.occupied(session.session_id, 10),
            session.opened_postpaid(4_000, 10),
            session.held(4_000, 10),
            table.light_desired(1, true, 10),
        ])
        .await;
    assert_eq!(
        (opened.status(), opened.light()),
        (TableStatus::Occupied, LightStatus::TurningOn)
    );
    assert_eq!(opened.session_id, session.session_id.to_string());
    assert_eq!((seconds(opened.opened_at), opened.prepaid), (stored(10), false));
    assert_eq!(
        (opened.billing_started_at, seconds(opened.secured_until)),
        (None, stored(3_610))
    );
    assert_eq!(story.bill().await.status(), BillStatus::Running);

    let lit = story
        .table_after(vec![table.light_confirmed(1, true, 11), session.billing_started(11)])
        .await;
    assert_eq!(lit.light(), LightStatus::On);
    assert_eq!(
        (seconds(lit.billing_started_at), seconds(lit.secured_until)),
        (stored(11), stored(3_611))
    );

    // Lighting longer is asked for with a new number; the light is on all the while.
    let prolonged = story.table_after(vec![table.light_desired(2, true, 600)]).await;
    assert_eq!(prolonged.light(), LightStatus::On);

    // Maintenance waits for the end of play.
    let waiting = story.table_after(vec![table.maintenance("换台呢", 700)]).await;
    assert_eq!(
        (waiting.status(), waiting.maintenance_reason.as_str()),
        (TableStatus::Occupied, "换台呢")
    );

    let closed = story
        .table_after(vec![
            session.closed(bill(30, 2_000), 1_811),
            table.released(session.session_id, 1_811),
            table.light_desired(3, false, 1_811),
        ])
        .await;
    assert_eq!(
        (closed.status(), closed.light()),
        (TableStatus::Maintenance, LightStatus::TurningOff)
    );
    assert_eq!(
        (closed.session_id.as_str(), closed.opened_at, closed.secured_until),
        ("", None, None)
    );
    let settled = story.bill().await;
    assert_eq!(
        (settled.status(), seconds(settled.closed_at)),
        (BillStatus::Closed, stored(1_811))
    );

    let off = story
        .table_after(vec![table.light_confirmed(3, false, 1_812), table.repaired(1_900)])
        .await;
    assert_eq!((off.status(), off.light()), (TableStatus::Idle, LightStatus::Off));
    assert_eq!(
        (off.maintenance_reason.as_str(), off.maintenance_expected_end),
        ("", None)
    );
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_prepaid_time_and_its_extension() {
    let mut story = Story::begin().await;
    let (table, session) = (story.table, story.session);
    // The session's event before the table's: within a unit the order is not the board's business.
    let opened = story
        .table_after(vec![
            session.opened_prepaid(60, 0),
            table.occupied(session.session_id, 0),
        ])
        .await;
    assert_eq!((opened.status(), opened.prepaid), (TableStatus::Occupied, true));
    assert_eq!(seconds(opened.secured_until), stored(3_600));
    let extended = story.table_after(vec![session.extended(90, 100)]).await;
    assert_eq!(seconds(extended.secured_until), stored(100 + 5_400));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_a_light_that_fails_and_one_that_ran_out() {
    let mut story = Story::begin().await;
    let table = story.table;
    let late = story
        .table_after(vec![
            table.light_desired(1, true, 0),
            table.light_failed(1, FailureKind::Late, 2),
        ])
        .await;
    assert_eq!(late.light(), LightStatus::TurningOn, "the bridge goes on trying");
    let failed = story
        .table_after(vec![table.light_failed(1, FailureKind::Unreachable, 30)])
        .await;
    assert_eq!(failed.light(), LightStatus::Failed);
    let again = story.table_after(vec![table.light_desired(2, true, 40)]).await;
    assert_eq!(again.light(), LightStatus::TurningOn, "a new wish is not yet missed");
    let stale = story
        .table_after(vec![table.light_failed(1, FailureKind::Mismatch, 41)])
        .await;
    assert_eq!(stale.light(), LightStatus::TurningOn, "news of an old wish");
    let on = story.table_after(vec![table.light_confirmed(2, true, 42)]).await;
    assert_eq!(on.light(), LightStatus::On);
    let out = story.table_after(vec![table.light_expired(2, 7_300)]).await;
    assert_eq!(out.light(), LightStatus::Off);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_has_its_lines_and_shows_what_is_paid_later() {
    let mut story = Story::begin().await;
    let (table, session) = (story.table, story.session);
    story
        .stage
        .append(vec![
            table.occupied(session.session_id, 0),
            session.opened_postpaid(4_000, 0),
            session.held(4_000, 0),
            session.billing_started(5),
            session.closed(bill(180, 12_000), 10_805),
            table.released(session.session_id, 10_805),
            session.captured(10_000, 500, 0, 10_805),
            session.settled(10_500, 1_500, 10_805),
            session.owes(1_500, 10_805),
        ])
        .await;
    let outstanding = story.bill().await;
    assert_eq!(outstanding.status(), BillStatus::Outstanding);
    assert_eq!((outstanding.paid_fen, outstanding.outstanding_fen), (10_500, 1_500));
    assert_eq!(outstanding.tariff_version, 3);
    let lines = outstanding.bill.unwrap();
    assert_eq!((lines.total_fen, lines.lines.len()), (12_000, 1));
    let line = &lines.lines[0];
    assert_eq!(
        (line.kind(), line.band.as_str(), line.minutes),
        (bill_line::Kind::Time, "夜场 <late>", 180)
    );
    assert_eq!((line.amount_fen, line.price_per_hour_fen), (12_000, 4_000));

    story
        .stage
        .append(vec![
            topped_up(session.member_id, Uuid::new_v4(), 5_000, 0, 20_000),
            session.debt_paid(1_500, 0, 20_000),
        ])
        .await;
    let paid = story.bill().await;
    assert_eq!(
        (paid.status(), paid.paid_fen, paid.outstanding_fen),
        (BillStatus::Paid, 12_000, 0)
    );
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_session_has_no_bill() {
    let mut story = Story::begin().await;
    let session = story.session;
    story
        .stage
        .append(vec![
            story.table.occupied(session.session_id, 0),
            session.opened_postpaid(4_000, 0),
            session.held(4_000, 0),
        ])
        .await;
    let cancelled = story
        .table_after(vec![
            session.cancelled(30),
            story.table.released(session.session_id, 30),
            story.table.maintenance("灯不亮", 30),
            session.hold_released(4_000, 30),
        ])
        .await;
    assert_eq!(cancelled.status(), TableStatus::Maintenance);
    let bill = story.bill().await;
    assert_eq!(
        (bill.status(), bill.bill, bill.paid_fen),
        (BillStatus::Cancelled, None, 0)
    );
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_is_the_sum_of_its_statement() {
    let mut story = Story::begin().await;
    let (table, session) = (story.table, story.session);
    let member_id = session.member_id;
    let other = Session {
        session_id: Uuid::new_v4(),
        ..session
    };
    let position = story
        .stage
        .append(vec![
            table.occupied(session.session_id, 0),
            session.opened_postpaid(4_000, 0),
            session.held(4_000, 0),
            session.held(2_000, 1),
            // Captures more than it held: what is no longer held is the hold, not the capture.
            session.captured(7_000, 500, 0, 2),
            other.held(1_000, 3),
            other.hold_released(1_000, 4),
            session.owes(300, 5),
            session.debt_paid(100, 200, 6),
            other.held(900, 7),
        ])
        .await;
    let wallet = story.client.wallet(member_id, position).await.unwrap().wallet.unwrap();
    assert_eq!((wallet.principal_fen, wallet.bonus_fen), (10_000 - 7_000 - 100, 0));
    assert_eq!((wallet.held_fen, wallet.owed_fen), (900, 200));
    assert_eq!(wallet.available_fen, 2_900 - 900);

    let entries = story
        .client
        .entries(member_id, 200, "", position)
        .await
        .unwrap()
        .entries;
    let sum = |field: fn(&baize_proto::hall::view::v1::WalletEntry) -> i64| entries.iter().map(field).sum::<i64>();
    assert_eq!(sum(|entry| entry.principal_fen), wallet.principal_fen);
    assert_eq!(sum(|entry| entry.bonus_fen), wallet.bonus_fen);
    assert_eq!(sum(|entry| entry.held_fen), wallet.held_fen);
    assert_eq!(sum(|entry| entry.owed_fen), wallet.owed_fen);
    let kinds: Vec<_> = entries.iter().rev().map(|entry| entry.kind()).collect();
    let expected = [
        Kind::TopUp,
        Kind::Hold,
        Kind::Hold,
        Kind::Capture,
        Kind::Hold,
        Kind::Release,
        Kind::Debt,
        Kind::DebtPaid,
        Kind::Hold,
    ];
    assert_eq!(kinds, expected);
    let capture = &entries[entries.len() - 4];
    assert_eq!(
        (capture.principal_fen, capture.bonus_fen, capture.held_fen),
        (-7_000, -500, -6_000)
    );
    assert_eq!(capture.reference, session.session_id.to_string());
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verification_finds_every_kind_of_altered_row() {
    let stage = Stage::new().await;
    let (mut evening, _) = stage.furnished(2).await;
    let service = stage.serve().await;
    stage.append_all(evening.events(300)).await;
    let position = stage.the_rare().await;
    reach(&service, position).await;
    stage.verify_all(position).await;
    service.stop().await;

    let some = |table: &str, key: &str| {
        format!(
            "{key} = (SELECT min({key}::text)::{} FROM {table})",
            if key == "position" { "bigint" } else { "uuid" }
        )
    };
    let alterations = [
        (
            "board",
            "views.board_tables_g1",
            "table_id",
            "UPDATE {t} SET label = 'B9' WHERE {w}",
        ),
        ("board", "views.board_halls_g1", "hall_id", "DELETE FROM {t} WHERE {w}"),
        (
            "bills",
            "views.bills_sessions_g1",
            "session_id",
            "UPDATE {t} SET total_fen = total_fen + 1 WHERE {w}",
        ),
        (
            "bills",
            "views.bills_sessions_g1",
            "session_id",
            "UPDATE {t} SET lines = lines || '[]'::jsonb || '[{\"Cap\":{\"amount\":0}}]' WHERE {w}",
        ),
        (
            "wallets",
            "views.wallets_accounts_g1",
            "member_id",
            "UPDATE {t} SET bonus_fen = 0 WHERE {w}",
        ),
        (
            "wallets",
            "views.wallets_entries_g1",
            "position",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "wallets",
            "views.wallets_entries_g1",
            "position",
            "UPDATE {t} SET principal_fen = principal_fen + 1 WHERE {w}",
        ),
        (
            "wallets",
            "views.wallets_entries_g1",
            "position",
            "INSERT INTO {t} SELECT 1000000, member_id, kind, principal_fen, bonus_fen, held_fen, owed_fen, reference, at FROM {t} WHERE {w}",
        ),
        (
            "directory",
            "views.directory_halls_g1",
            "hall_id",
            "UPDATE {t} SET name = 'x' WHERE {w}",
        ),
        (
            "directory",
            "views.directory_tables_g1",
            "table_id",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "directory",
            "views.directory_codes_g1",
            "code_id",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "directory",
            "views.directory_devices_g1",
            "device_id",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "devices",
            "views.devices_devices_g1",
            "device_id",
            "UPDATE {t} SET topic = 'x' WHERE {w}",
        ),
        (
            "devices",
            "views.devices_history_g1",
            "position",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "devices",
            "views.devices_repairs_g1",
            "repair_id",
            "UPDATE {t} SET tests = tests + 1 WHERE {w}",
        ),
        (
            "devices",
            "views.devices_alerts_g1",
            "position",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "members",
            "views.members_people_g1",
            "member_id",
            "UPDATE {t} SET sessions = sessions + 1 WHERE {w}",
        ),
        (
            "notices",
            "views.notices_notices_g1",
            "position",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "notices",
            "views.notices_labels_g1",
            "table_id",
            "UPDATE {t} SET label = 'B9' WHERE {w}",
        ),
        (
            "loyalty",
            "views.loyalty_points_g1",
            "member_id",
            "UPDATE {t} SET points = points + 1 WHERE {w}",
        ),
        (
            "loyalty",
            "views.loyalty_points_entries_g1",
            "position",
            "UPDATE {t} SET points = points + 1 WHERE {w}",
        ),
        (
            "payments",
            "views.payments_intents_g1",
            "intent_id",
            "UPDATE {t} SET status = 'failed' WHERE {w}",
        ),
        (
            "payments",
            "views.payments_intents_g1",
            "intent_id",
            "UPDATE {t} SET refunds = '{}' WHERE {w}",
        ),
        (
            "payments",
            "views.payments_refunds_g1",
            "refund_id",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "payments",
            "views.payments_reviews_g1",
            "review_id",
            "UPDATE {t} SET open = NOT open WHERE {w}",
        ),
        (
            "indicators",
            "views.indicators_halls_g1",
            "hall_id",
            "UPDATE {t} SET name = 'x' WHERE {w}",
        ),
        (
            "indicators",
            "views.indicators_tables_g1",
            "table_id",
            "DELETE FROM {t} WHERE {w}",
        ),
        (
            "complaints",
            "views.complaints_complaints_g1",
            "complaint_id",
            "UPDATE {t} SET status = 'closed' WHERE {w}",
        ),
        (
            "splits",
            "views.splits_splits_g1",
            "split_id",
            "UPDATE {t} SET split = jsonb_set(split, '{phase}', '\"Completed\"') WHERE {w}",
        ),
        (
            "timelines",
            "views.timelines_stretches_g1",
            "stretch_id",
            "UPDATE {t} SET last = last + 1 WHERE {w}",
        ),
        (
            "reconciliations",
            "views.reconciliations_days_g1",
            "reconciliation_id",
            "UPDATE {t} SET open = open + 1 WHERE {w}",
        ),
        (
            "reconciliations",
            "views.reconciliations_differences_g1",
            "difference_id",
            "UPDATE {t} SET status = 'vanished' WHERE {w}",
        ),
        (
            "payments",
            "views.payments_compensations_g1",
            "compensation_id",
            "UPDATE {t} SET status = 'rejected' WHERE {w}",
        ),
        (
            "trial_balance",
            "views.trial_balance_accounts_g1",
            "account_id",
            "UPDATE {t} SET debit_fen = debit_fen + 1 WHERE {w}",
        ),
        (
            "trial_balance",
            "views.trial_balance_members_g1",
            "member_id",
            "DELETE FROM {t} WHERE {w}",
        ),
    ];
    let altered: BTreeSet<_> = alterations.iter().map(|(view, ..)| *view).collect();
    assert_eq!(altered, VIEWS.iter().copied().collect(), "every view is tried");
    for (view, table, key, change) in alterations {
        stage.execute(&format!("CREATE TABLE kept AS TABLE {table}")).await;
        stage
            .execute(&change.replace("{t}", table).replace("{w}", &some(table, key)))
            .await;
        let comparison = stage.verify(view).await;
        assert_eq!(comparison.different, 1, "{change}: {comparison}");
        assert!(table.contains(comparison.differences[0].table), "{comparison}");
        stage
            .execute(&format!(
                "TRUNCATE {table}; INSERT INTO {table} TABLE kept; DROP TABLE kept"
            ))
            .await;
        let comparison = stage.verify(view).await;
        assert!(comparison.is_equal(), "{comparison}");
    }
}
